"""Samplers where a table leaves them little: tiny classes, infinite cells, odd labels, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

import core
from core.learners.wrapping import Resampled

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], [300, 60, 8])
NUMBERS = pd.DataFrame({"a": RNG.normal(size=368), "b": RNG.integers(0, 5, 368).astype(float)})
FAMILY = ("smote", "adasyn", "borderline_smote", "rose")
GROWING = (*FAMILY, "random_oversampling")


def made(slug, X, y, **options):
    """The new rows alone, their labels and the notes."""
    sampler = core.sampler(slug).set_params(**options)
    X_new, y_new = sampler.fit_resample(X, y)
    return X_new[len(X) :], y_new[len(y) :], sampler.notes_


def thin(n_rare, alike=False):
    """Twenty common rows and a few rare ones."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(20 + n_rare, 3))
    X[20:] = X[20] if alike else X[20:]
    return X, np.repeat([0, 1], [20, n_rare])


@pytest.mark.parametrize("slug", FAMILY)
@pytest.mark.parametrize(
    ("table", "note"),
    [
        (thin(1), "A class has 1 row; it was copied."),
        (thin(6, alike=True), "All 6 rows of a class are alike; they were copied."),
        (thin(3), "A class has 3 rows: 2 and not 5 neighbours were used."),
    ],
)
def test_small_and_uniform_classes_grow_all_the_same(slug, table, note):
    X, y = table
    new, labels, notes = made(slug, X, y)
    assert len(new) == 40 - len(y) and (labels == 1).all()
    assert note in notes or (slug == "rose" and "neighbours" in note)
    if "copied" in note:
        assert (new == X[20]).all()


def test_rows_that_share_no_column_are_copied_and_not_emptied():
    X = np.vstack([np.random.default_rng(0).normal(size=(20, 4)), np.where(np.eye(4) > 0, 7.5, np.nan)])
    new, _, notes = made("smote", X, np.repeat([0, 1], [20, 4]), gaps="seed")
    assert (np.isfinite(new).sum(axis=1) == 1).all() and np.nanmin(new) == np.nanmax(new) == np.nanmax(X)
    assert notes[-1] == (
        "Rows that share too few filled columns with others of their class: 4 of 4 rows (100 %). They were copied."
    )


REFUSED = {
    "a policy that is none": (
        {"gaps": "xyz"},
        "gaps is 'xyz'; it must be one of 'seed', 'donor', 'preserve', 'interpolate', 'random'",
    ),
    "no neighbours": ({"k": 0}, "k is 0; it must be a whole number from 1"),
    "half a neighbour": ({"k": 2.5}, "k is 2.5"),
    "too much balance": ({"balance": 1.5}, "balance is 1.5; it must lie between 0 and 1"),
    "a class that is not there": (
        {"sampling_strategy": {7: 400}},
        "sampling_strategy names the class '7'; no row has it",
    ),
    "fewer rows than there are": ({"sampling_strategy": {1: 10}}, "greater or equal"),
    "another option": ({"neighbours": 2}, "Invalid parameter 'neighbours'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_in_a_sentence(case):
    options, sentence = REFUSED[case]
    with pytest.raises(ValueError, match=sentence):
        core.sampler("smote").set_params(**options).fit_resample(NUMBERS, Y)


@pytest.mark.parametrize(
    ("X", "y", "sentence"),
    [
        (NUMBERS, Y[10:], "X has 368 rows and y has 358"),
        (NUMBERS, np.zeros(368), "y holds 1 class; at least 2 classes are needed"),
        (NUMBERS, [None, *map(str, Y[1:])], "1 rows of y have no label"),
        (NUMBERS["a"].to_numpy(), Y, "X has 1 dimensions"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_in_a_sentence(X, y, sentence):
    with pytest.raises(ValueError, match=sentence):
        core.sampler("smote").fit_resample(X, y)


@pytest.mark.parametrize("slug", GROWING)
def test_infinite_and_huge_cells_neither_warn_nor_spread(slug):
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(90, 4)), np.repeat([0, 1], [70, 20])
    X[70, 0], X[75, 0], X[3, 1] = np.inf, -np.inf, np.inf
    X[80:82, 2] = 1.7e308, -1.7e308
    X[:, 3] = np.where(rng.random(90) < 0.5, np.inf, np.nan)
    new, _, _ = made(slug, X, y)
    assert len(new) == 50
    if slug != "random_oversampling":
        assert np.isfinite(new[:, :3]).all() and (new[:, 0] <= X[np.isfinite(X[:, 0]), 0].max()).all()


def test_large_whole_numbers_stay_within_their_type():
    X = pd.DataFrame({"id": np.arange(40) + (2**63 - 40), "n": np.arange(40.0)})
    new, _, _ = made("smote", X, np.repeat([0, 1], [30, 10]))
    assert new["id"].dtype == np.int64 and (new["id"] > 2**62).all()


def test_parameters_are_set_by_name_and_kept_by_clones():
    sampler = core.sampler("smote", k=3, gaps="donor")
    assert sampler.get_params()["k"] == 3 and "k" not in sampler.get_params(deep=False)
    other = clone(sampler).set_params(k=2, balance=0.5)
    assert other.get_params()["k"] == 2 and sampler.get_params()["k"] == 3
    assert repr(other) == "OverSampler(smote, k=2, gaps='donor', balance=0.5, random_state=0)"
    pipeline = make_pipeline(sampler, DummyClassifier()).set_params(oversampler__k=1)
    assert pipeline.fit(NUMBERS, Y).named_steps["oversampler"].get_params()["k"] == 1
    assert not np.array_equal(
        sampler.fit_resample(NUMBERS, Y)[0], other.set_params(balance=1.0).fit_resample(NUMBERS, Y)[0]
    )
    for slug, sentence in (
        ("smot", "Did you mean 'smote'"),
        ("class_weights", "changes no rows"),
        ("class_overlap", "diagnostic"),
    ):
        with pytest.raises(core.UserError, match=sentence):
            core.sampler(slug)
    with pytest.raises(core.UserError, match="no parameter named 'neighbours'"):
        core.sampler("smote", neighbours=3)


def test_labels_come_back_as_they_were_given():
    words = pd.Series(np.array(["no", "maybe", "yes"])[Y], name="answer")
    for y in (
        words,
        words.astype("category"),
        words.to_numpy(),
        words.tolist(),
        Y == 1,
        Y.astype("int8"),
        words.to_frame(),
    ):
        _, labels = core.sampler("smote").fit_resample(NUMBERS, y)
        assert type(labels) is type(y)
        if isinstance(y, pd.Series):
            assert labels.dtype == y.dtype and labels.name == "answer"
        elif isinstance(y, np.ndarray):
            assert labels.dtype == y.dtype


def test_a_frame_of_floats_is_returned_as_one_block_and_in_its_order():
    for X in (NUMBERS, pd.DataFrame(NUMBERS.to_numpy().copy(order="C"), columns=NUMBERS.columns)):
        X_new, _ = core.sampler("smote").fit_resample(X, Y)
        assert X_new.to_numpy().flags.f_contiguous == X.to_numpy().flags.f_contiguous
        assert np.shares_memory(X_new.to_numpy(), X_new["a"].to_numpy())


def test_rows_of_one_class_are_fitted_as_they_are():
    """The only row of the other class may be in the fold that is held out."""
    wrapped = Resampled(DummyClassifier(), core.sampler("smote"))
    assert wrapped.fit(NUMBERS, np.zeros(len(NUMBERS), dtype=int)).classes_.tolist() == [0]


@pytest.mark.parametrize("slug", ["smote", "tiered_upsampling", "imbalanced_learn", "random_undersampling"])
@pytest.mark.parametrize("kind", ["naive", "zoned", "lasting", "days of years", "plain days", "nullable", "spans"])
def test_labels_of_any_type_with_an_order_come_back_as_they_were(slug, kind):
    days = pd.Timestamp("2024-02-28") + pd.to_timedelta(Y, unit="D")
    y = {
        "naive": days, "zoned": days.tz_localize("Europe/Berlin"), "lasting": days - days[0], "days of years": days.to_period("D"),
        "plain days": np.asarray(days.date, dtype=object), "nullable": pd.array(Y, "Int64"), "spans": pd.cut(Y, [-1, 0, 1, 2]),
    }[kind]  # fmt: skip
    y = pd.Series(y, name="when")
    sampler = core.sampler(slug)
    _, found = sampler.fit_resample(NUMBERS, y)
    assert found.dtype == y.dtype and found.name == "when" and set(found) == set(y)
    rows = getattr(sampler, "sample_indices_", np.arange(len(y)))
    assert (found.iloc[: len(rows)].to_numpy() == y.iloc[rows].to_numpy()).all()


@pytest.mark.parametrize(("gap", "whole"), [(None, True), (np.nan, False), (pd.NA, True)])
def test_numbers_that_are_objects_are_numbers(gap, whole):
    """As a table has them that was put together cell by cell; text among them makes them text."""
    cells = [gap if i % 7 == 0 else (int if whole else float)(value) for i, value in enumerate(100 * NUMBERS["a"])]
    X = NUMBERS.assign(cells=pd.Series(cells, dtype=object), words=pd.Series(["b", *cells[1:]], dtype=object).map(str))
    new, _, _ = made("smote", X, Y, random_state=1)
    there = new["cells"].dropna()
    assert new["cells"].dtype == object and len(set(there) - set(cells[1:])) > 50, "made between rows, not copied"
    assert {type(cell) for cell in there} == {int if whole else float} and set(new["words"]) <= set(X["words"])
    assert (
        all(cell is gap or cell is np.nan is gap for cell in new["cells"] if pd.isna(cell))
        and new["cells"].isna().any()
    )
    flags = pd.Series([gap if i % 3 == 0 else i % 3 == 1 for i in range(len(Y))], dtype=object)
    new, _, _ = made("smote", NUMBERS.assign(flags=flags), Y, random_state=1)
    assert {type(cell) for cell in new["flags"]} == {bool, type(gap)}, "levels have the same gaps"


@pytest.mark.parametrize("slug", ["smote", "tiered_upsampling", "imbalanced_learn", "random_undersampling"])
@pytest.mark.parametrize("odd", [(0, "0"), ((1, "a"), (0, "b")), ("x", True)])
def test_labels_without_an_order_are_refused_in_one_sentence(slug, odd):
    y = np.empty(len(Y), dtype=object)
    y[:] = [odd[int(code > 0)] for code in Y]
    with pytest.raises(
        ValueError, match=r"^y holds labels of the types .*; make all of them numbers or all of them text\.$"
    ):
        core.sampler(slug).fit_resample(NUMBERS, y)


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (NUMBERS.iloc[:, :0], "0 feature"),
        (NUMBERS.assign(c=1j), "Complex data not supported"),
        (np.ma.masked_array(NUMBERS.to_numpy(), NUMBERS.to_numpy() > 1), "A masked array is not taken"),
    ],
)
def test_tables_that_would_be_read_wrongly_are_refused(X, says):
    for slug in ("smote", "random_undersampling", "imbalanced_learn"):
        with pytest.raises((ValueError, TypeError), match=says):
            core.sampler(slug).fit_resample(X, Y)
