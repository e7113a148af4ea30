"""Minority collapse: the closed threshold, tabulated cosines, and what is measured on points of known place."""

import numpy as np
import pytest
from scipy.optimize import minimize

from core.numerics.collapse import (
    centred_cosines,
    class_means,
    collapse_threshold,
    drawn_means,
    prototype_cosines,
    repulsion,
    repulsion_slope,
    step_cosines,
    within_over_between,
)


def of_step(ratio, m, tau):
    """Cosine of two minorities by the general programme: one majority, m equal minorities."""
    shares = np.r_[ratio, np.full(m, 1 / m)]
    return prototype_cosines(shares / shares.sum(), tau)


@pytest.mark.parametrize("tau", [1.0, 0.5])
@pytest.mark.parametrize("m", [2, 4])
def test_bisecting_the_general_programme_finds_the_threshold(tau, m):
    low, high = 1.0, 4 * collapse_threshold(tau)
    for _ in range(14):
        ratio = np.sqrt(low * high)
        low, high = (low, ratio) if of_step(ratio, m, tau)[1, 2] > 0.999 else (ratio, high)
    assert ratio == pytest.approx((1 + np.exp(2 / tau)) / 2, rel=0.05)


def test_printed_thresholds():
    assert collapse_threshold(1.0) == pytest.approx(4.195, abs=0.0006)
    assert collapse_threshold(0.5) == pytest.approx(27.80, abs=0.006)


@pytest.mark.parametrize(
    ("tau", "ratio", "b"),
    [
        (1, 1 / 3, -0.333),
        (1, 1, 0.045),
        (1, 2, 0.435),
        (1, 3, 0.723),
        (1, 3.78, 0.909),
        (1, 4.40, 1.0),
        (1, 8.39, 1.0),
        (0.5, 25.0, 0.948),
        (0.5, 29.2, 1.0),
    ],
)
def test_printed_cosines(tau, ratio, b):
    """The printed ratios are rounded, hence .0015."""
    closed = step_cosines(ratio, 3, tau)
    assert closed[1] == pytest.approx(b, abs=0.0015)
    general = of_step(ratio, 3, tau)
    assert general[1, 2] == pytest.approx(closed[1], abs=1e-3)
    assert general[0, 1] == pytest.approx(closed[0], abs=1e-3)


def test_general_sizes_give_a_matrix_of_cosines_that_nothing_close_beats():
    shares = np.array([463, 429, 244, 163, 51, 44, 35]) / 1429
    G = prototype_cosines(shares, 1.0)
    assert np.diag(G) == pytest.approx(np.ones(7)) and np.linalg.eigvalsh(G).min() > -1e-8

    def loss(cosines):
        return sum(shares[a] * shares[b] * repulsion(cosines[a, b], 1.0) for a in range(7) for b in range(7) if a != b)

    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(G + 1e-10 * np.eye(7))
    for _ in range(50):
        other = root + 0.02 * rng.normal(size=root.shape)
        other /= np.linalg.norm(other, axis=1, keepdims=True)
        assert loss(other @ other.T) > loss(G)


def test_equal_classes_are_a_simplex():
    off = prototype_cosines(np.full(5, 0.2), 0.7)[np.triu_indices(5, 1)]
    assert off == pytest.approx(np.full(10, -0.25), abs=1e-5)


def test_the_slope_is_that_of_the_price():
    t = np.linspace(-1, 1, 9)
    numeric = (repulsion(t + 1e-6, 0.4) - repulsion(t - 1e-6, 0.4)) / 2e-6
    np.testing.assert_allclose(repulsion_slope(t, 0.4), numeric, rtol=1e-6)


@pytest.mark.parametrize("sizes", [(10, 10, 10, 10), (1000, 100, 30, 10)])
def test_soft_targets_bring_every_pair_to_one_cosine_whatever_the_sizes(sizes):
    """Soft supervised contrastive loss of prototypes: cos = 1 + τ ln ε for ε ≥ e^{−K / ((K − 1) τ)}."""
    tau, eps, n = 0.5, 0.4, np.array(sizes) / np.sum(sizes)
    target = n * np.where(np.eye(4, dtype=bool), 1, eps)
    target /= target.sum(axis=1, keepdims=True)

    def cosines(flat):
        U = flat.reshape(4, 4) / np.linalg.norm(flat.reshape(4, 4), axis=1, keepdims=True)
        return U @ U.T

    def loss(flat):
        logits = cosines(flat) / tau + np.log(n)
        return -(n[:, None] * target * (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))).sum()

    start = np.eye(4).ravel() + 0.1 * np.random.default_rng(0).normal(size=16)
    found = cosines(minimize(loss, start, method="BFGS", options={"gtol": 1e-7}).x)[np.triu_indices(4, 1)]
    assert found == pytest.approx(np.full(6, 1 + tau * np.log(eps)), abs=0.01)
    assert 1 + tau * np.log(eps) == pytest.approx(0.542, abs=0.0005)


def points(spread, n=300):
    """Three classes around the corners of a triangle, in five dimensions."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], n)
    corners = np.zeros((3, 5))
    corners[:, :2] = [[0, 1], [-np.sqrt(3) / 2, -0.5], [np.sqrt(3) / 2, -0.5]]
    return corners[codes] + spread * rng.normal(size=(len(codes), 5)), codes


def test_collapsed_classes_have_no_spread_and_a_simplex_of_means():
    X, codes = points(0.0)
    assert within_over_between(X, codes, 3) == pytest.approx(0, abs=1e-12)
    assert centred_cosines(class_means(X, codes, 3))[np.triu_indices(3, 1)] == pytest.approx(np.full(3, -0.5))


def test_spread_over_distance_is_what_was_drawn():
    """Σ_B is 1/2 in two directions, Σ_W is σ² there: tr(Σ_W Σ_B†) / 3 = 4 σ² / 3."""
    X, codes = points(0.3, n=20_000)
    assert within_over_between(X, codes, 3) == pytest.approx(4 * 0.09 / 3, rel=0.03)


def test_every_class_weighs_the_same():
    X, codes = points(0.3)
    kept = np.r_[np.arange(30), np.arange(300, 900)]
    again = np.r_[np.tile(np.arange(30), 10), np.arange(300, 900)]
    assert within_over_between(X[kept], codes[kept], 3) == pytest.approx(within_over_between(X[again], codes[again], 3))


def test_means_at_one_place_have_no_cosine():
    assert np.isnan(centred_cosines(np.ones((3, 2)))).all()
    assert np.isnan(within_over_between(np.ones((6, 2)), np.repeat([0, 1, 2], 2), 3))


def test_drawn_means_vary_as_means_do():
    X, codes = points(0.5)
    drawn = drawn_means(X, codes, 3, 2000, np.random.default_rng(1))
    assert drawn.std(axis=0).mean() == pytest.approx(0.5 / np.sqrt(300), rel=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0), class_means(X, codes, 3), atol=0.004)
