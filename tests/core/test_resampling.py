"""Samplers on real tables: exact counts, types, gaps, and rows that are kept as they are."""

import numpy as np
import pandas as pd
import pytest

import core
from core.learners.resampling import targets
from core.learners.sampling import space
from core.learners.sampling.draw import Draw
from core.learners.sampling.space import UNITS_FROM, Space

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], [300, 60, 8])
NUMBERS = pd.DataFrame({"a": RNG.normal(size=368), "b": RNG.integers(0, 5, 368).astype(float)})
WORDS = pd.DataFrame(
    {"w": pd.Categorical(RNG.choice(["x", "y", "z"], 368)), "v": pd.Categorical(RNG.choice(["p", "q"], 368))}
)
TABLES = {"numbers": NUMBERS, "words": WORDS, "mixed": NUMBERS.join(WORDS)}
FAMILY = ("smote", "adasyn", "borderline_smote", "rose")
GROWING = (*FAMILY, "random_oversampling")


def counts(y):
    return np.bincount(y).tolist()


def made(slug, X, y, **options):
    """The new rows alone, their labels and the notes."""
    sampler = core.sampler(slug, random_state=options.pop("random_state", 0)).set_params(**options)
    X_new, y_new = sampler.fit_resample(X, y)
    return X_new[len(X) :], y_new[len(y) :], sampler.notes_


def drawn(X, y, code=1, n=10):
    """What a sampler is asked for, on a table."""
    y = np.asarray(y)
    return Draw(Space(X), y, code, np.flatnonzero(y == code), n, np.random.default_rng(0), [])


@pytest.mark.parametrize(
    ("balance", "expected"), [(1.0, [300, 300, 300]), (0.5, [300, 180, 154]), (0.1, [300, 84, 37])]
)
def test_counts_are_exact(balance, expected):
    assert list(targets(Y, balance).values()) == expected
    for X in TABLES.values():
        for slug in GROWING:
            X_new, y_new = core.sampler(slug, balance=balance).fit_resample(X, Y)
            assert counts(y_new) == expected and len(X_new) == len(y_new)


def test_random_samplers_copy_and_leave_out_rows_evenly():
    sampler = core.sampler("random_undersampling")
    X_new, y_new = sampler.fit_resample(TABLES["mixed"], Y)
    assert counts(y_new) == [8, 8, 8]
    pd.testing.assert_frame_equal(X_new, TABLES["mixed"].iloc[sampler.sample_indices_].reset_index(drop=True))
    sampler = core.sampler("random_oversampling")
    sampler.fit_resample(NUMBERS.replace(NUMBERS.iloc[305, 0], np.inf), Y)
    times = np.bincount(sampler.sample_indices_)
    assert set(times[:300]) == {1} and set(times[300:360]) == {5} and set(times[360:]) == {37, 38}


def test_synthetic_rows_lie_inside_their_class_and_whole_numbers_stay_whole():
    X_new, y_new = core.sampler("smote").fit_resample(NUMBERS, Y)
    for label in (1, 2):
        real, new = NUMBERS[label == Y], X_new.iloc[len(Y) :][y_new[len(Y) :] == label]
        assert new["a"].between(real["a"].min(), real["a"].max()).all()
        assert (new["b"] == new["b"].round()).all()


def test_a_new_row_lies_between_its_seed_and_one_of_the_nearest_rows():
    """On a line, at most one step away; two at its ends. Every row is the seed of three."""
    X, y = np.r_[np.full(40, 50.5), np.arange(10) + 0.25][:, None], np.repeat([0, 1], [40, 10])
    new, _, _ = made("smote", X, y, k=2)
    seeds, reach = np.repeat(X[40:, 0], 3), np.repeat([2, *[1] * 8, 2], 3)
    assert (np.abs(new[:, 0] - seeds) < reach).all() and (new[:, 0] != seeds).all()


def laws():
    """Cells missing at random with probability 0.3, numbers and text; every other row of the class may be the partner."""
    rng, n, p = np.random.default_rng(4), 200, 0.3
    numbers = pd.DataFrame(rng.normal(size=(1000, 20)).round(2) + 0.001, columns=[f"n{j}" for j in range(20)])
    texts = pd.DataFrame({f"t{j}": pd.Categorical(rng.choice(list("abcd"), 1000)) for j in range(20)})
    X = numbers.join(texts)
    return X.mask(rng.random(X.shape) < p), np.repeat([0, 1], [1000 - n, n])


@pytest.mark.parametrize("slug", ["smote", "rose"])
@pytest.mark.parametrize(
    ("gaps", "law"),
    [
        ("seed", lambda p: p),
        ("donor", lambda p: p),
        ("random", lambda p: p),
        ("preserve", lambda p: 2 * p - p**2),
        ("interpolate", lambda p: p**2),
    ],
)
def test_the_share_of_gaps_follows_its_law(slug, gaps, law):
    """The laws hold where the partner is any other row; among few neighbours a distance over shared cells prefers rows with more gaps."""
    X, y = laws()
    new, _, _ = made(slug, X, y, gaps=gaps, **({"k": 199} if slug == "smote" else {}))
    for columns in ([c for c in X if c[0] == "n"], [c for c in X if c[0] == "t"]):
        p = X.loc[y == 1, columns].isna().to_numpy().mean()
        assert new[columns].isna().to_numpy().mean() == pytest.approx(law(p), abs=0.012)


@pytest.mark.parametrize(
    ("slug", "gaps"), [("smote", "seed"), ("smote", "donor"), ("adasyn", "seed"), ("rose", "seed")]
)
def test_gaps_fall_together_as_they_did(slug, gaps):
    """Each made row has exactly the gaps of a real row of its class, five neighbours or not."""
    X, y = laws()
    X = X.iloc[:, :6].join(X.iloc[:, 36:])
    new, _, _ = made(slug, X, y, gaps=gaps)
    real = {row.tobytes() for row in X[y == 1].isna().to_numpy()}
    assert {row.tobytes() for row in new.isna().to_numpy()} <= real


def test_text_keeps_its_pairs_of_levels_and_their_shares():
    rng = np.random.default_rng(1)
    town = rng.choice(["Bern", "Nice", "Graz"], 400, p=[0.8, 0.15, 0.05])
    X = pd.DataFrame(
        {"x": rng.normal(size=400), "town": town, "land": [{"B": "CH", "N": "FR", "G": "AT"}[t[0]] for t in town]}
    )
    y = np.repeat([0, 1], [300, 100])
    new, _, _ = made("smote", X, y)
    assert set(zip(new["town"], new["land"], strict=True)) <= set(zip(X["town"], X["land"], strict=True))
    for level in ("Bern", "Nice"):
        assert np.mean(new["town"] == level) == pytest.approx(np.mean(X["town"][300:] == level), abs=0.08)


def test_one_column_in_other_units_changes_no_neighbour():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(UNITS_FROM + 500, 6))
    X[rng.random(X.shape) < 0.2] = np.nan
    y = (np.arange(len(X)) % 10 == 0).astype(int)
    near, _ = drawn(X, y).neighbours(5)
    assert np.array_equal(drawn(X * [1e4, 1, 1, 1, 1, 1], y).neighbours(5)[0], near)
    assert (near != np.arange(y.sum())[:, None]).all()


def test_neighbours_share_a_quarter_of_the_columns():
    """Of eight columns two must be filled in both rows, however near the one that is shared."""
    X = np.full((7, 8), np.nan)
    X[:3, :2], X[3, 1:3], X[4:, 2:4] = [[0, 0], [9, 9], [10, 9]], [0, 0], [[0, 0], [1, 0], [5, 5]]
    draw = drawn(np.vstack([np.zeros((3, 8)), X]), [0] * 3 + [1] * 7)
    near, enough = draw.neighbours(4)
    assert enough.tolist() == [2, 2, 2, 0, 2, 2, 2]
    assert set(near[0, :2]) == {1, 2} and set(near[5, :2]) == {4, 6}


def test_adasyn_starts_where_the_others_are():
    """Ten rare rows of which two stand among common ones: with weights 1 : 0, these two are all the seeds, equally often."""
    X = np.r_[np.linspace(0, 1, 40), np.linspace(10, 11, 8), 0.31, 0.71][:, None]
    y = np.repeat([0, 1], [40, 10])
    draw = drawn(X, y, n=31)
    strange = draw.strangers(3)
    assert strange[:8].tolist() == [0.0] * 8 and strange[8:].tolist() == [1.0, 1.0]
    assert sorted(np.bincount(draw.seeds(strange), minlength=10)[8:]) == [15, 16]
    assert len(made("adasyn", X, y)[0]) == 30
    stands = drawn(X, y)
    stands.space.represents = np.where(y == 0, 9.0, 1.0)
    assert stands.strangers(40)[0] == pytest.approx(31 * 9 / (31 * 9 + 9))


def test_borderline_smote_starts_from_rows_in_danger_only():
    """Rows around 0 have rare and common neighbours; those around 9 only rare ones, the one at 5 only common ones."""
    X = np.r_[
        np.linspace(-1, 1, 30), np.linspace(5, 5.2, 12), np.linspace(-1, 1, 9) + 0.01, np.linspace(9, 10, 12), 5.1
    ][:, None]
    y = np.repeat([0, 1], [42, 22])
    new, _, notes = made("borderline_smote", X, y, k=3)
    assert len(new) == 20 and (np.abs(new) < 1.1).all()
    assert notes == ["Of a class, in danger are 9 of 22 rows (41 %)."]
    assert made("borderline_smote", np.r_[X[:42], X[51:63]], y[:54])[2] == [
        "None of the 12 rows of a class is in danger; new rows start from all of them."
    ]


def test_rose_is_a_smoothed_bootstrap_of_silverman_s_width():
    """Far within the range of the table, the noise around the seeds has the standard deviation of the closed form."""
    rng = np.random.default_rng(3)
    X, y = np.vstack([rng.normal(0, 50, (4200, 2)), rng.normal(0, [1, 10], (200, 2))]), np.repeat([0, 1], [4200, 200])
    new, _, _ = made("rose", X, y)
    noise = (new - np.repeat(X[4200:], 20, axis=0)) / X[4200:].std(axis=0, ddof=1)
    assert noise.std(axis=0) == pytest.approx(np.full(2, (4 / (4 * 200)) ** (1 / 6)), rel=0.04)
    assert np.array_equal(np.unique(made("rose", X, y, shrinkage=0.0)[0], axis=0), np.unique(X[4200:], axis=0))


def test_a_large_frame_of_columns_that_lie_apart_becomes_one_array_once(monkeypatch):
    X = NUMBERS.copy()
    X["c"] = np.arange(len(X)) / 7
    expected, _ = core.sampler("smote").fit_resample(X.copy(), Y)
    monkeypatch.setattr(space, "LARGE", 0)
    found, _ = core.sampler("smote").fit_resample(X, Y)
    pd.testing.assert_frame_equal(found, expected)
    assert not np.shares_memory(found.to_numpy(), X["a"].to_numpy())
