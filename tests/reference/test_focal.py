"""The optimum of focal loss: identities, direct minimisation, and tabulated values to their printed digits."""

import numpy as np
import pytest
from scipy.optimize import minimize

from core.numerics.focal import focal_optimum, gain, peak, undo_focal

LONG_TAIL = np.array([5000 * 100 ** (-i / 9) for i in range(10)])


def shares(*sizes):
    return np.array(sizes, dtype=float) / np.sum(sizes)


def random_shares(n=60):
    rng = np.random.default_rng(0)
    for _ in range(n):
        p = rng.dirichlet(np.full(rng.integers(2, 12), 0.5)) + 1e-5
        yield p / p.sum(), rng.uniform(0.05, 5)


def test_identities_hold_to_twelve_digits():
    for p, gamma in random_shares():
        q, lam = focal_optimum(p, gamma)
        assert q.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(q / p, gain(q, gamma) / lam, rtol=1e-12)
        assert 1 / lam == pytest.approx((q / gain(q, gamma)).sum(), rel=1e-12)
        np.testing.assert_allclose(undo_focal(q, gamma), p, rtol=0, atol=1e-12)


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("p", [shares(900, 100), shares(50, 30, 15, 5), shares(9, 9, 9, 9, 1)])
def test_direct_minimisation_finds_the_same(p, gamma):
    def loss(z):
        q = np.exp(z - np.logaddexp.reduce(z))
        return -(p * (1 - q) ** gamma * np.log(q)).sum()

    z = minimize(loss, np.log(p), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(np.exp(z - np.logaddexp.reduce(z)), focal_optimum(p, gamma)[0], atol=2e-6)


@pytest.mark.parametrize(
    ("gamma", "at", "height", "back"),
    [
        (0.5, 0.161, 1.077, 0.421),
        (1, 0.135, 1.135, 0.368),
        (2, 0.104, 1.225, 0.298),
        (3, 0.086, 1.292, 0.253),
        (5, 0.064, 1.394, 0.197),
    ],
)
def test_the_table_of_peaks(gamma, at, height, back):
    found = peak(gamma)
    assert [found.at, found.height, found.back] == pytest.approx([at, height, back], abs=0.0006)
    assert gain(0.0, gamma) == 1 and gain(1.0, gamma) == 0
    assert gain(found.back, gamma) == pytest.approx(1, abs=1e-10)


def test_gamma_one_comes_back_at_one_over_e():
    assert peak(1).back == pytest.approx(1 / np.e, abs=1e-10)


@pytest.mark.parametrize(("p", "q"), [(0.001, 0.073), (0.01, 0.154), (0.05, 0.250), (0.1, 0.306), (0.3, 0.422)])
def test_two_classes_at_gamma_two(p, q):
    assert focal_optimum(np.array([1 - p, p]), 2.0)[0][1] == pytest.approx(q, abs=0.0005)


@pytest.mark.parametrize("gamma", [0.01, 0.1, 0.5, 1, 2, 5, 10])
def test_the_rarer_of_two_is_always_inflated(gamma):
    for p in np.geomspace(1e-4, 0.49, 12):
        q, lam = focal_optimum(np.array([1 - p, p]), gamma)
        assert q[1] > p and lam < 1


def test_printed_examples():
    p = LONG_TAIL / LONG_TAIL.sum()
    q, lam = focal_optimum(p, 2.0)
    assert lam == pytest.approx(1.048, abs=0.0005)
    assert (q / p)[[0, 3, 9]] == pytest.approx([0.863, 1.169, 0.989], abs=0.0005)
    q, lam = focal_optimum(p, 5.0)
    assert [lam, (q / p)[9]] == pytest.approx([0.902, 1.224], abs=0.0005)
    p = shares(1531, 72, 83)
    q, lam = focal_optimum(p, 2.0)
    assert lam == pytest.approx(0.349, abs=0.0005)
    assert sorted(q / p) == pytest.approx([0.754, 3.41, 3.46], abs=0.005)


@pytest.mark.parametrize(("heads", "lam"), [(3, 0.93), (4, 1.08), (9, 1.22)])
def test_several_equal_heads_suppress_the_tail(heads, lam):
    q, found = focal_optimum(np.r_[np.full(heads, 0.9999 / heads), 0.0001], 2.0)
    assert found == pytest.approx(lam, abs=0.006)
    assert q[-1] / 0.0001 == pytest.approx(1 / found, rel=0.01)
    if heads == 9:
        assert q[-1] / 0.0001 == pytest.approx(0.82, abs=0.006)


def test_gamma_zero_changes_nothing():
    p = shares(70, 20, 10)
    assert focal_optimum(p, 0.0)[0] == pytest.approx(p, abs=1e-14)
    assert undo_focal(p, 0.0) == pytest.approx(p, abs=1e-15)
