"""Samplers on real tables: counts, types, gaps, and rows that are kept as they are."""

import numpy as np
import pandas as pd
import pytest

from core.learners.resampling import CopyingSampler, InterpolatingSampler, targets

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 2], [300, 60, 8])
NUMBERS = pd.DataFrame({"a": RNG.normal(size=368), "b": RNG.integers(0, 5, 368).astype(float)})
WORDS = pd.DataFrame(
    {"w": pd.Categorical(RNG.choice(["x", "y", "z"], 368)), "v": pd.Categorical(RNG.choice(["p", "q"], 368))}
)
TABLES = {"numbers": NUMBERS, "words": WORDS, "mixed": NUMBERS.join(WORDS)}


def counts(y):
    return np.bincount(y).tolist()


@pytest.mark.parametrize(
    ("balance", "expected"), [(1.0, [300, 300, 300]), (0.5, [300, 180, 154]), (0.1, [300, 84, 37])]
)
def test_counts_are_exact(balance, expected):
    assert list(targets(Y, balance).values()) == expected
    for X in TABLES.values():
        for sampler in (CopyingSampler(balance), InterpolatingSampler(5, balance)):
            X_new, y_new = sampler.fit_resample(X, Y)
            assert counts(y_new) == expected
            assert len(X_new) == len(y_new)


def test_undersampling_keeps_only_real_rows():
    X_new, y_new = CopyingSampler(1.0, down=True).fit_resample(TABLES["mixed"], Y)
    assert counts(y_new) == [8, 8, 8]
    pd.testing.assert_frame_equal(X_new, TABLES["mixed"].loc[X_new.index])


@pytest.mark.parametrize("name", TABLES)
def test_real_rows_come_first_and_unchanged(name):
    X = TABLES[name].copy()
    if "a" in X:
        X.loc[::7, "a"] = np.nan
    X_new, y_new = InterpolatingSampler().fit_resample(X, Y)
    pd.testing.assert_frame_equal(X_new.iloc[: len(X)], X)
    assert np.array_equal(y_new[: len(Y)], Y)
    assert X_new.dtypes.equals(X.dtypes)


def test_synthetic_rows_lie_inside_their_class_and_whole_numbers_stay_whole():
    X_new, y_new = InterpolatingSampler().fit_resample(NUMBERS, Y)
    for label in (1, 2):
        real, made = NUMBERS[label == Y], X_new.iloc[len(Y) :][y_new[len(Y) :] == label]
        assert (made["a"].between(real["a"].min(), real["a"].max())).all()
        assert (made["b"] == made["b"].round()).all()


def test_gaps_stay_as_frequent_as_they_were():
    """Half of the cells of the rare class are missing before and after; the published default would give three quarters."""
    X = pd.DataFrame(RNG.normal(size=(600, 4)), columns=list("abcd"))
    y = np.repeat([0, 1], [500, 100])
    X = X.mask(np.where(y[:, None] == 1, RNG.random(X.shape) < 0.5, False))
    X_new, y_new = InterpolatingSampler().fit_resample(X, y)
    before, after = X[y == 1].isna().to_numpy().mean(), X_new.iloc[600:][y_new[600:] == 1].isna().to_numpy().mean()
    assert abs(before - after) < 0.03


def test_a_class_of_one_row_is_copied():
    X, y = NUMBERS.iloc[:21], np.array([0] * 20 + [1])
    X_new, y_new = InterpolatingSampler().fit_resample(X, y)
    assert counts(y_new) == [20, 20]
    assert (X_new.iloc[21:] == X.iloc[20]).all(axis=None)


def test_same_seed_same_rows():
    first, again = (InterpolatingSampler(random_state=3).fit_resample(TABLES["mixed"], Y)[0] for _ in range(2))
    other = InterpolatingSampler(random_state=4).fit_resample(TABLES["mixed"], Y)[0]
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("down", [False, True])
def test_rows_of_one_class_are_kept_as_they_are(down):
    X_new, y_new = CopyingSampler(down=down).fit_resample(NUMBERS, np.zeros(len(NUMBERS), dtype=int))
    assert counts(y_new) == [len(NUMBERS)]
    pd.testing.assert_frame_equal(X_new, NUMBERS)
