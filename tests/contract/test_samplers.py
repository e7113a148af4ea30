"""What every sampler keeps: the contracts of scikit-learn and imbalanced-learn, any table in, the same kind of table out."""

import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.utils import estimator_checks as theirs
from sklearn.base import clone
from sklearn.utils import estimator_checks

import core
from core import learners
from core.registry import methods

SLUGS = [remedy.slug for remedy in methods("remedy", "sampling")]
EACH = pytest.mark.parametrize("slug", SLUGS)
ROWS = theirs.sample_dataset_generator()

OF_SCIKIT_LEARN = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_fit_score_takes_y",
    "check_estimators_overwrite_params",
    "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self",
    "check_readonly_memmap_input",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_n_features_in_after_fitting",
    "check_mixin_order",
    "check_get_params_invariance",
    "check_set_params",
    "check_dict_unchanged",
    "check_parameters_default_constructible",
    "check_estimators_pickle",
    "check_complex_data",
    "check_estimators_empty_data_messages",
    "check_dtype_object",
    "check_fit2d_1sample",
    "check_fit2d_1feature",
    "check_fit1d",
    "check_fit_idempotent",
    "check_fit_check_is_fitted",
    "check_pipeline_consistency",
    "check_estimators_dtypes",
    "check_estimator_sparse_array",
    "check_requires_y_none",
    "check_supervised_y_no_nan",
    "check_f_contiguous_array_estimator",
    "check_dataframe_column_names_consistency",
    "check_n_features_in",
)
"""The checks of scikit-learn that ask for no ``predict`` and ``transform``. Left out: those that want gaps and infinite cells refused."""


def anything(seed=0):
    """Columns of every type, with gaps where the type has them; three classes of 90, 20 and 6 rows, with words for names."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(["often", "seldom", "rare"], [90, 20, 6]))
    n, shift = len(y), (y != "often") * 1.0
    gap = rng.random((n, 4)) < 0.2
    X = pd.DataFrame(
        {
            "float": rng.normal(size=n) + shift,
            "gaps": np.where(gap[:, 0], np.nan, rng.normal(size=n) + shift),
            "small float": rng.normal(size=n).astype("float32"),
            "whole": rng.integers(-5, 90, n),
            "small whole": rng.integers(0, 200, n).astype("uint8"),
            "flag": rng.random(n) < 0.3,
            "zero or one": (rng.random(n) < 0.3).astype(float),
            "two or seven": np.where(rng.random(n) < 0.4, 2.0, 7.0),
            "Int64": pd.array(np.where(gap[:, 1], None, rng.integers(0, 9, n)), dtype="Int64"),
            "boolean": pd.array(np.where(gap[:, 2], None, rng.random(n) < 0.5), dtype="boolean"),
            "category": pd.Categorical(
                np.where(gap[:, 3], None, rng.choice(["b", "a", "c"], n)), list("bacd"), ordered=True
            ),
            "text": rng.choice(["here", "there"], n),
            "day": pd.Timestamp("2024-02-28") + pd.to_timedelta(rng.integers(0, 4, n), unit="D"),
        }
    )
    return X, pd.Series(y, name="how often", dtype="category")


@EACH
@pytest.mark.filterwarnings("ignore")
def test_checks_of_imbalanced_learn(slug, monkeypatch):
    """With class sizes as they are by convention: samplers that set others are told to make them equal. Six columns do, of their twenty."""
    X, y = ROWS
    monkeypatch.setattr(theirs, "sample_dataset_generator", lambda: (X[:, :6], y))
    sampler = core.sampler(slug).set_params(balance=1.0, sampling_strategy="auto")
    checks = list(theirs.estimator_checks_generator(sampler))
    for checked, check in checks:
        check(checked)
    assert len(checks) >= 15


@EACH
@pytest.mark.filterwarnings("ignore")
def test_checks_of_scikit_learn(slug):
    sampler = core.sampler(slug)
    for name in OF_SCIKIT_LEARN:
        getattr(estimator_checks, name)(type(sampler).__name__, sampler)


@EACH
def test_any_table_keeps_its_types_values_and_rows(slug):
    X, y = anything()
    before, labels, sampler = X.copy(), y.copy(), core.sampler(slug)
    X_new, y_new = sampler.fit_resample(X, y)
    pd.testing.assert_frame_equal(X, before)
    pd.testing.assert_series_equal(y, labels)
    pd.testing.assert_series_equal(X_new.dtypes, X.dtypes)
    assert y_new.dtype == y.dtype and y_new.name == y.name and len(X_new) == len(y_new) and set(y_new) == set(y)
    assert all(isinstance(note, str) and note.endswith(".") for note in sampler.notes_)
    for column in X:
        if pd.api.types.is_numeric_dtype(X[column]):
            assert X_new[column].min() >= X[column].min() and X_new[column].max() <= X[column].max()
        else:
            assert set(X_new[column].dropna()) <= set(X[column].dropna())
        assert X[column].isna().any() or not X_new[column].isna().any(), column
    assert set(X_new["zero or one"]) <= {0.0, 1.0} and set(X_new["two or seven"]) <= {2.0, 7.0}
    if hasattr(sampler, "sample_indices_"):
        rows = sampler.sample_indices_
        pd.testing.assert_frame_equal(X_new.iloc[: len(rows)], X.iloc[rows].reset_index(drop=True))
    else:
        pd.testing.assert_frame_equal(X_new.iloc[: len(X)], X)
        assert (y_new.iloc[: len(y)] == y).all()


@EACH
def test_the_same_seed_gives_the_same_rows(slug):
    X, y = anything()
    sampler = core.sampler(slug, random_state=3)
    first, labels = sampler.fit_resample(X, y)
    for again in (sampler, clone(sampler), pickle.loads(pickle.dumps(sampler))):
        found, found_labels = again.fit_resample(X, y)
        pd.testing.assert_frame_equal(found, first)
        pd.testing.assert_series_equal(found_labels, labels)
    states = [core.sampler(slug, random_state=np.random.RandomState(5)).fit_resample(X, y)[0] for _ in range(2)]
    pd.testing.assert_frame_equal(*states)
    assert repr(sampler) == repr(clone(sampler)) and " at 0x" not in repr(sampler)


@EACH
def test_it_fits_in_a_pipeline_and_refuses_rows_without_labels(slug):
    X, y = anything()
    X = X[["float", "gaps", "category"]]
    model = make_pipeline(core.sampler(slug), learners.make("linear")).fit(X, y)
    assert list(model.classes_) == ["often", "rare", "seldom"] and np.isfinite(model.predict_proba(X)).all()
    with pytest.raises(ValueError, match="116 rows and y has 100"):
        core.sampler(slug).fit_resample(X, y[:100])
