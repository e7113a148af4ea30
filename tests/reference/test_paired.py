"""Paired tests against baycomp's printed numbers and statsmodels; errors, power and the winner's curse by simulation."""

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from core.evaluation.nested import choices, selection
from core.evaluation.scoring import FoldOutcome
from core.judge import fold_interval
from core.numerics.multiplicity import holm
from core.numerics.paired import Paired, growth, p_value, paired, practical
from core.numerics.paired_ranking import weighted_average_precision
from core.recipe import Recipe
from core.validation import folds


def test_the_printed_example_of_baycomp():
    """Naive Bayes against J48 in 10 folds: .585 and .415, and with a margin of .5 points .286, .269 and .445."""
    values = np.random.default_rng(0).normal(size=10)
    values = 0.3049 + (values - values.mean()) / values.std(ddof=1) * 1.3714145905362825 / np.sqrt(1 / 10 + 1 / 9)
    one = paired(values, 1 / 9)
    assert practical(one, 0)[0] == pytest.approx(0.5854880024938538, abs=1e-9)
    printed = (0.44500348657406508, 0.2691518716880249, 0.28584464173791002)
    assert practical(one, 0.5) == pytest.approx(printed, abs=1e-9)


def test_by_hand_and_where_all_folds_agree():
    one = paired(np.array([0.1, 0.2, np.nan, 0.3, 0.4]), 1 / 3)
    error = np.sqrt((1 / 4 + 1 / 3) / 60)
    assert (one.mean, one.error, one.df) == pytest.approx((0.25, error, 3))
    assert p_value(one) == pytest.approx(2 * t.sf(0.25 / error, 3))
    assert p_value(paired(np.array([0.1, 0.2, 0.3, 0.4]), 0)) == pytest.approx(
        ttest_1samp([0.1, 0.2, 0.3, 0.4], 0).pvalue
    )
    assert practical(Paired(0.02, 0.0, 9), 0.01) == (1, 0, 0) and practical(Paired(0.01, 0.0, 9), 0.01) == (0, 1, 0)
    assert np.isnan(p_value(paired(np.array([0.1]), 1 / 3))) and np.isnan(practical(paired(np.array([]), 1), 0)).all()


def test_a_p_value_below_5_percent_is_an_interval_without_zero():
    rng = np.random.default_rng(0)
    for values in rng.normal(0.8, 1, (200, 10)):
        _, low, high = fold_interval(values, 0.25, n_comparisons=3)
        assert (low > 0 or high < 0) == (3 * p_value(paired(values, 0.25)) < 0.05)


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(0).random(12) ** 3
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_differences_that_hang_together_as_folds_do_keep_their_level_and_their_power():
    """With equal correlation of n_test / n all is exact: 5 % false alarms, and power .8 with as many more rows as are asked for."""
    rng, n, share = np.random.default_rng(0), 8_000, 0.2
    common, own = rng.normal(size=(n, 1)) * np.sqrt(share), rng.normal(size=(n, 10)) * np.sqrt(1 - share)
    null = common + own
    alarms = np.mean([p_value(paired(values, 0.25)) < 0.05 for values in null])
    plain = np.mean(ttest_1samp(null, 0, axis=1).pvalue < 0.05)
    assert alarms == pytest.approx(0.05, abs=0.008)
    assert plain == pytest.approx(2 * t.sf(t.ppf(0.975, 9) * np.sqrt(0.1 / 0.35), 9), abs=0.02)  # 26 %
    error = np.sqrt(0.1 + 0.25) * np.sqrt(1 - share)  # the true one, of all rows in hand
    times = growth(Paired(0.0, error, 9), 0.7)
    told = [p_value(paired(values / np.sqrt(times) + 0.7, 0.25)) < 0.05 for values in null[:2000]]
    assert np.mean(told) == pytest.approx(0.8, abs=0.05)
    assert growth(Paired(0.0, error, 9), 0.7, n_together=5) > times and np.isinf(growth(Paired(0.0, 0.1, 9), 0.0))


def scored(rng, n_rare, n_recipes=2, n_folds=5, n_repeats=2):
    """Average precision (n_recipes, n_folds_in_all) of discriminants that are equally good: each has a column of its own, moved as far as those of the others."""
    n = 10 * n_rare
    codes = (np.arange(n) < n_rare).astype(int)
    X = rng.normal(size=(n, n_recipes, 2)) + codes[:, None, None] * np.array([0.9, 0.0])
    values = []
    for train, test in folds(codes, n_folds=n_folds, n_repeats=n_repeats, random_state=int(rng.integers(2**31))):
        own = codes[train] == 1
        weight = X[train][own].mean(axis=0) - X[train][~own].mean(axis=0)
        scores, ones = (X[test] * weight).sum(axis=2), np.ones((1, len(test)), dtype=int)
        values.append([weighted_average_precision(column, codes[test] == 1, ones)[0] for column in scores.T])
    return np.array(values).T


def test_equal_recipes_are_called_different_on_at_most_5_percent_of_tables():
    """Of 200 tables on which two real learners are equally good (2 % of 1,000); the plain t-test calls one better on 18 %."""
    rng = np.random.default_rng(0)
    changes = [np.subtract(*scored(rng, 30)) for _ in range(200)]
    alarms = np.mean([p_value(paired(change, 0.25)) < 0.05 for change in changes])
    plain = np.mean([ttest_1samp(change, 0).pvalue < 0.05 for change in changes])
    assert alarms <= 0.05 and plain > 0.12


def test_the_variance_of_a_difference_falls_as_one_over_the_rows():
    """What the rows that would be needed rest on: four times the rows, a quarter of the variance."""
    rng = np.random.default_rng(0)
    few, many = (np.mean([paired(np.subtract(*scored(rng, n)), 0.25).error ** 2 for _ in range(40)]) for n in (30, 120))
    assert few / many == pytest.approx(4, rel=0.25)


def test_the_best_of_equal_recipes_looks_better_than_it_is_and_a_nested_choice_does_not():
    """Of eight equally good recipes the best gains .10 over the first on average, and .01 ± .01 where it was not chosen (200 tables)."""
    rng, key = np.random.default_rng(0), ("average precision", "")
    recipes, told = [Recipe(), *(Recipe.of(smote={"k": k}) for k in range(1, 8))], []
    for _ in range(30):
        values = scored(rng, 30, n_recipes=8)
        outcomes = {
            recipe: [FoldOutcome(recipe, fold, {key: x}, 0.5, {}, 0.25, 0.0) for fold, x in enumerate(row)]
            for recipe, row in zip(recipes, values, strict=True)
        }
        told.append(selection(outcomes, choices(outcomes, key, 5), key).iloc[0])
    naive, nested = (np.mean([row[name] for row in told]) for name in ("naive", "difference"))
    assert naive > 0.07 and abs(nested) < 0.35 * naive
    assert np.mean([row["low"] > 0 for row in told]) <= 0.06
