"""Bivariate normal probabilities and tetrachoric correlations against scipy's slow ones, on a grid."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from scipy.stats import multivariate_normal

from core.numerics.latent_correlation import latent_correlation, nearest_correlation, normal_scores, series
from core.numerics.tetrachoric import bivariate_normal, tetrachoric

CORRELATIONS = (-0.9, -0.5, 0.0, 0.3, 0.9)
SHARES = (0.02, 0.2, 0.5, 0.9)


def slow(h, k, rho):
    return multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf([h, k])


@pytest.mark.parametrize("rho", CORRELATIONS)
def test_probabilities_and_correlations_are_scipys(rho):
    pairs = [(first, second) for first in SHARES for second in SHARES]
    first, second = np.array(pairs).T
    expected = np.array([slow(*ndtri(pair), rho) for pair in pairs])
    assert np.allclose(bivariate_normal(ndtri(first), ndtri(second), rho), expected, atol=1e-12)
    inside = (expected > np.maximum(0, first + second - 1) + 1e-6) & (expected < np.minimum(first, second) - 1e-6)
    assert inside.sum() >= 5
    assert np.allclose(tetrachoric(first, second, expected)[inside], rho, atol=1e-6)


def test_a_slow_root_is_the_same_root():
    first, second, both = 0.13, 0.4, 0.1
    root = brentq(lambda rho: slow(ndtri(first), ndtri(second), rho) - both, -0.99, 0.99)
    assert tetrachoric(np.array([first]), np.array([second]), np.array([both]))[0] == pytest.approx(root, abs=1e-8)


def test_the_ends_of_what_shares_allow():
    """All or none together: ±1; a column that does not vary: 0; within 1e-6 of the ends: still a number that solves the equation."""
    first, second = np.array([0.2, 0.2, 0.7, 0.0, 1.0]), np.array([0.5, 0.5, 0.6, 0.5, 0.5])
    assert tetrachoric(first, second, np.array([0.2, 0.0, 0.3, 0.0, 0.5])).tolist() == [1, -1, -1, 0, 0]
    near = np.array([0.2 - 1e-6, 1e-6])
    found = tetrachoric(first[:2], second[:2], near)
    assert found[0] > 0.97 and found[1] < -0.97
    assert np.allclose(bivariate_normal(ndtri(first[:2]), ndtri(second[:2]), found), near, atol=1e-12)


def test_a_step_functions_series_gives_its_moments():
    """Σ a_k² is the variance 1 of the scores; of two cuts at 0, Σ a_k² ρ^k is the arcsine law 2 asin(ρ) / π."""
    ends = np.array([0.1, 0.35, 0.8, 1.0])
    assert 0.9 < (series(ends, normal_scores(ends)) ** 2).sum() < 1
    half = series(np.array([0.5, 1.0]), np.array([0.0, 1.0]))
    assert half**2 @ 0.7 ** np.arange(1, 101) == pytest.approx(2 * np.arcsin(0.7) / np.pi, abs=1e-9)


def test_each_kind_of_pair_gives_back_its_correlation():
    """40,000 rows of four normal variables: two cut in two, one in four steps, one left; a fifth of the cells missing."""
    R = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    R[0, 3] = R[3, 0] = -0.1
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((40_000, 4)) @ np.linalg.cholesky(R).T
    ends = np.array([0.5, 0.7, 0.9, 1.0])
    step = normal_scores(ends)[np.searchsorted(ends, ndtr(Z[:, 2]))]
    scores = np.column_stack([Z[:, 0] > 1, Z[:, 1] > -0.3, step, Z[:, 3]])
    scores[rng.random(scores.shape) < 0.2] = np.nan
    coefficients = np.zeros((4, 100))
    for column, share in ((0, ndtr(1)), (1, ndtr(-0.3))):
        coefficients[column] = series(np.array([share, 1.0]), np.array([0.0, 1.0]))
    coefficients[2], coefficients[3, 0] = series(ends, normal_scores(ends)), 1
    found = latent_correlation(scores, np.array([True, True, False, False]), coefficients)
    assert np.abs(found - R).max() < 0.02


def test_the_nearest_correlation_matrix_is_one():
    rng = np.random.default_rng(0)
    wild = np.clip(rng.normal(0, 0.8, (12, 12)), -1, 1)
    wild = np.triu(wild, 1) + np.triu(wild, 1).T + np.eye(12)
    found = nearest_correlation(wild)
    assert np.linalg.eigvalsh(wild)[0] < -0.5 and np.linalg.eigvalsh(found)[0] > -1e-12
    assert np.array_equal(np.diag(found), np.ones(12)) and np.allclose(found, found.T)
    assert nearest_correlation(found + 0).tolist() == pytest.approx(found)
