"""imbalanced-learn's samplers behind the adapter: real rows stay real, made ones fit the table, and failures are sentences."""

import numpy as np
import pandas as pd
import pytest
from imblearn import combine, over_sampling, under_sampling

from core.learners.sampling.adapted import Adapted
from core.learners.sampling.filled import Filled
from core.learners.sampling.forms import FORMS
from core.learners.sampling.space import Space
from core.remedies.sampling.imbalanced_learn import SAMPLERS

EACH = pytest.mark.parametrize("name", SAMPLERS)
INEXACT = {"ADASYN", "KMeansSMOTE", "SVMSMOTE", "BorderlineSMOTE", "SMOTEENN", "SMOTETomek", "NearMiss3"}


def mixed(sizes, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = pd.DataFrame({"a": rng.normal(size=len(y)) + y, "visits": rng.integers(0, 9, len(y))})
    X["old"] = rng.random(len(y)) < 0.4
    X["word"] = pd.Categorical(rng.choice(["x", "y", "z"], len(y)), categories=["z", "y", "x", "never"])
    X["long"] = pd.Categorical(rng.integers(0, 45, len(y)).astype(str))
    X.loc[rng.random(len(y)) < 0.2, "a"] = np.nan
    X.loc[rng.random(len(y)) < 0.2, "word"] = np.nan
    return X, y


def numbers(n=300, rare=40, seed=0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < rare).astype(int)
    return rng.normal(size=(n, 4)) + y[:, None], y


def test_every_form_is_offered():
    assert set(SAMPLERS) == set(FORMS)


@EACH
@pytest.mark.parametrize("sizes", [(120, 40, 12), (30, 2, 1)], ids=["usual", "tiny"])
def test_mixed_tables_keep_their_types_rows_and_classes(name, sizes):
    X, y = mixed(sizes)
    sampler = Adapted(name, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    kept = sampler.sample_indices_
    assert X_new.dtypes.equals(X.dtypes) and set(y_new) == set(y)
    pd.testing.assert_frame_equal(X_new.iloc[: len(kept)], X.iloc[kept].reset_index(drop=True))
    assert (y_new[: len(kept)] == y[kept]).all() and len(set(kept)) == len(kept)
    made = X_new.iloc[len(kept) :]
    assert "never" not in set(made["word"].dropna()) and made["visits"].between(0, 8).all()
    assert made["a"].isna().sum() <= 0.6 * len(made)
    form = FORMS[name]
    if form.kind in ("under", "centres") and name not in INEXACT | {"InstanceHardnessThreshold"}:
        assert np.bincount(y_new).tolist() == [sizes[-1]] * 3
    if form.kind in ("copies", "over") and (name not in INEXACT):
        assert np.bincount(y_new).tolist() == [sizes[0]] * 3
    assert all(note.endswith(".") and "Error" not in note for note in sampler.notes_)
    again, _ = Adapted(name, random_state=0).fit_resample(X, y)
    pd.testing.assert_frame_equal(again, X_new)


@EACH
def test_a_working_sample_stands_for_what_sampling_the_table_would_give(name):
    X, y = numbers()
    represents = np.where(y == 0, 10.0, 1.0)
    sampler = Adapted(name, balance=0.5, random_state=0)
    _, y_new = sampler.fit_resample(X, y, represents)
    total, kept = np.bincount(y_new, sampler.represents_), sampler.sample_indices_
    table = np.bincount(y, represents)
    assert len(sampler.represents_) == len(y_new) and (sampler.represents_ > 0).all()
    if name in ("RandomOverSampler", "SMOTE", "BorderlineSMOTE", "SVMSMOTE", "ADASYN"):
        assert total[0] == table[0] and total[1] == pytest.approx(table.mean(), rel=0.05)
    elif FORMS[name].kind in ("under", "centres"):
        assert total == pytest.approx([table[0] - 0.5 * (table[0] - table[1]), table[1]])
    elif FORMS[name].kind == "clean":
        assert total == pytest.approx(np.bincount(y[kept], represents[kept]))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("TomekLinks", under_sampling.TomekLinks()),
        ("EditedNearestNeighbours", under_sampling.EditedNearestNeighbours()),
        ("AllKNN", under_sampling.AllKNN()),
        ("NeighbourhoodCleaningRule", under_sampling.NeighbourhoodCleaningRule()),
        ("NearMiss1", under_sampling.NearMiss(version=1)),
        ("NearMiss2", under_sampling.NearMiss(version=2)),
        ("NearMiss3", under_sampling.NearMiss(version=3)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_on_complete_numbers_the_rows_are_those_of_imbalanced_learn(name, theirs):
    X, y = numbers()
    theirs.fit_resample(Filled(Space(X)).matrix(np.arange(len(X))), y)
    ours = Adapted(name)
    ours.fit_resample(X, y)
    assert (ours.sample_indices_ == np.sort(theirs.sample_indices_)).all()


@pytest.mark.parametrize("name", ["SMOTE", "BorderlineSMOTE", "ADASYN", "SMOTEENN", "SMOTETomek"])
def test_on_complete_numbers_made_rows_are_those_of_imbalanced_learn(name, monkeypatch):
    X, y = numbers()
    space = Space(X)
    monkeypatch.setattr("core.learners.sampling.adapted._state", lambda rng: 7)
    ours, _ = Adapted(name).fit_resample(X, y)
    home = combine if name in ("SMOTEENN", "SMOTETomek") else over_sampling
    theirs, _ = getattr(home, name)(random_state=7).fit_resample(Filled(space).matrix(np.arange(len(X))), y)
    theirs = np.clip(theirs * space.units[1] + space.units[0], X.min(axis=0), X.max(axis=0))
    np.testing.assert_allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0), atol=1e-9)


def test_text_only_and_one_column_tables_work():
    X, y = mixed((60, 20, 8))
    for part in (X[["word", "long"]], X[["word"]], X[["a"]]):
        for name in ("SMOTE", "ADASYN", "TomekLinks", "ClusterCentroids", "SMOTEENN"):
            X_new, y_new = Adapted(name).fit_resample(part, y)
            assert list(X_new.columns) == list(part.columns) and set(y_new) == {0, 1, 2}


def test_gaps_come_as_often_as_in_the_class():
    X, y = mixed((900, 300))
    for name in ("SMOTE", "BorderlineSMOTE"):
        X_new, _ = Adapted(name).fit_resample(X, y)
        made, real = X_new.iloc[1200:], X[y == 1]
        for column in ("a", "word"):
            share = real[column].isna().mean()
            assert abs(made[column].isna().mean() - share) < 4 * np.sqrt(share * (1 - share) / len(made))


def test_what_cannot_be_done_is_a_sentence_and_rows_stay():
    rng = np.random.default_rng(0)
    apart = np.vstack([rng.normal(size=(60, 2)), rng.normal(50, 1, size=(20, 2))])
    y = np.repeat([0, 1], [60, 20])
    sampler = Adapted("ADASYN")
    X_new, _ = sampler.fit_resample(apart, y)
    assert (X_new == apart).all()
    assert sampler.notes_ == [
        "ADASYN made nothing of a class with 20 rows: no row of it has a row of another class among its neighbours."
    ]
    spread = np.vstack([rng.normal(size=(400, 2)), rng.normal(size=(2, 2)) * 9])
    sampler = Adapted("KMeansSMOTE")
    X_new, _ = sampler.fit_resample(spread, np.repeat([0, 1], [400, 2]))
    assert len(X_new) == 402
    assert "no cluster holds enough rows of it" in sampler.notes_[-1]
    sampler = Adapted("SMOTE")
    sampler.fit_resample(spread, np.repeat([0, 1], [398, 4]))
    assert sampler.notes_ == ["A class has 4 rows: 3 and not 5 neighbours were used."]


def test_of_large_classes_random_rows_are_shown(monkeypatch):
    X, y = numbers()
    for name, most in (("NearMiss2", 30), ("TomekLinks", 100)):
        form = FORMS[name]
        monkeypatch.setitem(FORMS, name, type(form)(**{**vars(form), "most": most}))
        sampler = Adapted(name)
        _, y_new = sampler.fit_resample(X, y)
        assert sampler.notes_[0].startswith("The sampler saw ")
        sizes = np.bincount(y_new)
        assert sizes[1] == 40 and (sizes[0] == 40 if name == "NearMiss2" else 240 < sizes[0] < 260)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="it must be one of"):
        Adapted("SMOOTH").fit(*numbers())
