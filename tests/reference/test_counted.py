"""Counts, tails and quantiles that are computed at once, against scipy, numpy and the plain product."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from core.numerics.hypergeometric import two_sided
from core.numerics.ties import joint_weights, one_hot
from core.numerics.value_runs import value_runs, weighted_runs

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [5, 60, 3000, 100_000])
def test_the_exact_test_is_that_of_scipy(n):
    """To eight digits: the logarithms of large factorials take the others."""
    n_class, drawn = RNG.integers(1, n, 60), RNG.integers(0, n + 1, 60)
    k = RNG.hypergeometric(n_class, n - n_class, drawn)
    far = np.clip(
        k + RNG.integers(-4, 5, 60) * (1 + n // 2000), np.maximum(0, drawn + n_class - n), np.minimum(drawn, n_class)
    )
    for count in (k, far):
        known = (count, n, drawn, n_class)
        smaller = np.minimum(hypergeom.cdf(*known), hypergeom.sf(count - 1, *known[1:]))
        assert two_sided(count, n, drawn, n_class) == pytest.approx(np.minimum(2 * smaller, 1), rel=2e-9, abs=1e-200)


COLUMNS = {
    "measured": RNG.normal(size=401),
    "rounded": RNG.normal(size=401).round(1),
    "counted": RNG.poisson(3, 401) - 1.0,
    "huge": RNG.normal(size=401) * 1e300,
    "one value": np.full(401, 7.0),
    "sparse whole": RNG.integers(-(10**9), 10**9, 401) * 1.0,
}


@pytest.mark.parametrize("name", COLUMNS)
def test_values_are_counted_as_by_sorting(name):
    values = COLUMNS[name].copy()
    values[::7] = np.nan
    filled, runs, at = values[~np.isnan(values)], value_runs(values), np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    distinct, counts = np.unique(filled, return_counts=True)
    assert (runs.n_filled, runs.n_distinct, runs.largest) == (len(filled), len(distinct), counts.max())
    assert runs.median == np.median(filled) and runs.quantiles(at) == pytest.approx(np.quantile(filled, at), rel=1e-14)
    weights = np.where(np.arange(401) % 3, 1.0, 4.5)
    mass = np.array([weights[values == x].sum() for x in distinct])
    middle = distinct[np.searchsorted(np.cumsum(mass), mass.sum() / 2)]
    assert weighted_runs(values, weights, runs) == pytest.approx((mass.sum(), mass.max(), middle))


def test_a_column_without_values_has_no_middle():
    runs = value_runs(np.full(5, np.nan))
    assert (runs.n_distinct, runs.largest, runs.n_filled) == (0, 0, 0) and np.isnan(runs.median)


def test_levels_are_counted_as_by_the_product():
    places = [RNG.integers(-1, n, 500) for n in (3, 1, 6)]
    T, starts = one_hot(places)
    weights = RNG.random(500)
    assert joint_weights(places, starts, T.shape[1], weights) == pytest.approx((T * weights[:, None]).T @ T, abs=1e-12)
