"""Brown–Forsythe against scipy, also with gaps; standard errors of log variances against simulation."""

import numpy as np
import pytest
from scipy.stats import levene

from core.diagnostics.geometry.variance_homogeneity import healthy, sick, variance_homogeneity
from core.numerics.spread import against_others, brown_forsythe, holm, spread
from core.study import Study


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_brown_forsythe_is_scipys(gaps):
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [80, 40, 15])
    X = rng.standard_t(4, (135, 6)) * (1 + codes[:, None])
    X[rng.random(X.shape) < gaps] = np.nan
    a, b = np.array([0, 0, 1]), np.array([1, 2, 2])
    statistic, p = brown_forsythe(spread(X, codes, 3), a, b)
    for i in range(3):
        for j in range(6):
            values = [X[codes == c, j] for c in (a[i], b[i])]
            theirs = levene(*(v[~np.isnan(v)] for v in values), center="median")
            assert (statistic[i, j], p[i, j]) == pytest.approx(tuple(theirs))


def test_columns_without_spread_or_values():
    codes = np.repeat([0, 1], [10, 10])
    X = np.column_stack([np.ones(20), np.where(codes, np.arange(20), 1.0), np.where(codes, np.nan, 1.0)])
    statistic, p = brown_forsythe(spread(X, codes, 2), np.array([0]), np.array([1]))
    assert statistic[0, 0] == 0 and p[0, 0] == 1 and p[0, 1] < 0.01 and np.isnan(p[0, 2])
    ratio, _ = against_others(spread(X, codes, 2))
    assert np.isnan(ratio).all()
    assert np.isnan(holm(p)[0, 2]) and holm(p)[0, 1] == pytest.approx(2 * p[0, 1])


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_standard_errors_of_log_variances_cover(draw):
    """Of a class of 40 beside one of 1,000; skewed values cover less often than stated, as a small kurtosis is underestimated."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], [1000, 40])
    X = getattr(rng, draw)(size=(1040, 400))
    ratio, error = against_others(spread(X, codes, 2))
    covered = np.mean(np.abs(ratio[1]) < 1.96 * error[1])
    assert 0.93 < covered < 0.97 if draw == "normal" else 0.8 < covered < 0.97


def test_a_spread_that_is_sampling_error_is_said_to_be():
    result = variance_homogeneity(Study(healthy(0)))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert rare["n_unequal"] == 0 and rare["mostly_noise"] and rare["noise_share"] > 0.5
    assert "Sampling error alone" in result.findings[-1].text


def test_a_class_that_spreads_farther_is_named():
    result = variance_homogeneity(Study(sick(0)))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert rare["n_unequal"] == 6 and rare["other_class"] == "common" and not rare["mostly_noise"]
    assert rare["mean_log_ratio"] == pytest.approx(2 * np.log(2.5), abs=0.3)
    pairs = result.tables["pairs"]
    assert pairs["sd_ratio"].to_numpy() == pytest.approx(1 / 2.5, abs=0.1)
    assert (pairs["low"] < pairs["sd_ratio"]).all() and (pairs["high"] > pairs["sd_ratio"]).all()
    assert "6 of 6 numeric columns" in result.findings[0].text


def test_equal_spreads_are_seldom_named():
    """200 tables of two classes that spread alike, heavy tails included."""
    rng = np.random.default_rng(2)
    named = 0
    for _ in range(100):
        codes = np.repeat([0, 1], [300, 30])
        for X in (rng.normal(size=(330, 10)), rng.standard_t(3, (330, 10))):
            named += holm(brown_forsythe(spread(X, codes, 2), np.array([0]), np.array([1]))[1]).min() < 0.01
    assert named <= 8
