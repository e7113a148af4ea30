"""Intervals and nulls against scipy and against hand computations."""

import numpy as np
import pytest
from scipy.stats import binomtest, t

from core.judge import against_null, difference_interval, fold_interval, proportion_interval


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (10, 10), (7, 249), (0, 1), (500, 1000)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_proportions_equal_the_exact_interval_of_scipy(k, n, level):
    theirs = binomtest(k, n).proportion_ci(level, method="exact")
    assert np.allclose(proportion_interval(k, n, level), (theirs.low, theirs.high))


def test_no_trials_say_nothing():
    assert tuple(map(float, proportion_interval(0, 0))) == (0.0, 1.0)


def test_fold_interval_by_hand():
    values = np.array([0.1, 0.2, 0.3, 0.4])  # mean .25, variance 1/60
    error = np.sqrt((1 / 4 + 1 / 3) / 60)
    mean, low, high = fold_interval(values, 1 / 3)
    assert (mean, low, high) == pytest.approx((0.25, 0.25 - t.ppf(0.975, 3) * error, 0.25 + t.ppf(0.975, 3) * error))
    assert t.ppf(0.975, 3) == pytest.approx(3.18245, abs=1e-5)


def test_fold_interval_leaves_out_empty_folds_and_widens_for_several_comparisons():
    values = np.array([0.1, np.nan, 0.3, 0.2])
    assert fold_interval(values, 0.25) == fold_interval(values[[0, 2, 3]], 0.25)
    assert fold_interval(values, 0.25, n_comparisons=10)[1] < fold_interval(values, 0.25)[1]
    assert np.isnan(fold_interval(np.array([np.nan]), 0.25)).all()
    assert fold_interval(np.array([0.5]), 0.25)[0] == 0.5
    assert np.isnan(fold_interval(np.array([0.5]), 0.25)[1:]).all()


def test_the_null_counts_its_own_value():
    judged = against_null(3.0, np.array([1.0, 2.0, 3.0, 4.0]))
    assert (judged.value, judged.null, judged.p) == (3.0, 2.5, 3 / 5)


@pytest.mark.parametrize(
    ("k1", "n1", "k2", "n2"), [(15, 20, 3, 40), (0, 10, 10, 10), (7, 9, 7, 9), (300, 1000, 250, 1000)]
)
def test_the_difference_of_proportions_is_that_of_statsmodels(k1, n1, k2, n2):
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = difference_interval(k1, n1, k2, n2)
    assert (float(low), float(high)) == pytest.approx(
        confint_proportions_2indep(k1, n1, k2, n2, method="newcomb"), abs=1e-9
    )
