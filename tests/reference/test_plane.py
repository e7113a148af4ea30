"""The plane of the classes against scikit-learn, scipy and closed forms."""

import numpy as np
import pytest
from scipy.linalg import eigh
from scipy.spatial.distance import mahalanobis as scipy_mahalanobis
from scipy.special import ndtr
from sklearn.covariance import OAS
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from core.numerics import pair_areas, plane


def clouds(sizes, centres, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    return rng.normal(size=(len(codes), np.shape(centres)[1])) + np.asarray(centres, dtype=float)[codes], codes


def test_discriminant_axes_are_those_of_scikit_learn():
    """For equal sizes; for unequal ones scikit-learn weighs the means by frequency, whatever the priors."""
    X, codes = clouds((200, 200, 200, 200), np.random.default_rng(1).normal(size=(4, 6)))
    X = X @ np.random.default_rng(2).normal(size=(6, 6))
    peer = LinearDiscriminantAnalysis(solver="eigen").fit(X, codes)
    _, axes = plane.discriminant_axes(X, codes, 4, shrink=False)
    for ours, theirs in zip(axes.T, peer.scalings_.T, strict=False):
        assert abs(ours @ theirs) == pytest.approx(np.linalg.norm(ours) * np.linalg.norm(theirs), rel=1e-9)


def test_discriminant_axes_solve_the_eigenproblem_of_equally_weighted_classes():
    X, codes = clouds((900, 90, 60, 30), np.random.default_rng(1).normal(size=(4, 6)))
    _, means, covariances = plane.class_moments(X, codes, 4)
    _, vectors = eigh(np.cov(means.T, bias=True), covariances.mean(axis=0))
    _, axes = plane.discriminant_axes(X, codes, 4, shrink=False)
    np.testing.assert_allclose(np.abs(axes), np.abs(vectors[:, [-1, -2]]), rtol=1e-6, atol=1e-8)


def test_places_are_in_units_of_the_spread_within_classes():
    X, codes = clouds((500, 200, 100), [[0, 0, 0], [3, 0, 0], [0, 2, 1]])
    centre, axes = plane.discriminant_axes(X * [1, 10, 100], codes, 3, shrink=False)
    sizes, _, covariances = plane.class_moments((X * [1, 10, 100] - centre) @ axes, codes, 3)
    np.testing.assert_allclose(plane.within_covariance(sizes, covariances, shrink=False), np.eye(2), atol=1e-6)


def test_two_classes_have_a_second_axis_that_is_uncorrelated_with_the_first():
    X, codes = clouds((400, 50), [[0, 0, 0], [2, 0, 0]])
    X = X @ np.array([[1, 0.5, 0], [0, 1, 0.8], [0, 0, 3]])
    centre, axes = plane.discriminant_axes(X, codes, 2, shrink=False)
    sizes, means, covariances = plane.class_moments((X - centre) @ axes, codes, 2)
    np.testing.assert_allclose(plane.within_covariance(sizes, covariances, shrink=False), np.eye(2), atol=1e-6)
    np.testing.assert_allclose(means[:, 1], 0, atol=1e-9)


def test_the_shrinkage_of_one_class_is_that_of_scikit_learn():
    X = np.random.default_rng(0).normal(size=(31, 8)) @ np.random.default_rng(1).normal(size=(8, 8))
    sizes, _, covariances = plane.class_moments(X, np.zeros(31, dtype=int), 1)
    ours = plane.within_covariance(sizes, covariances)
    kept = ours[0, 1] / covariances[0][0, 1]
    assert 1 - kept == pytest.approx(OAS().fit(X).shrinkage_, abs=0.01)
    assert np.trace(ours) == pytest.approx(np.trace(covariances[0]))


def test_mahalanobis_is_that_of_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    S = np.array([[2.0, 0.3], [0.3, 0.5]])
    theirs = [scipy_mahalanobis(a, b, np.linalg.inv(S)) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(plane.mahalanobis(first, second, S), theirs)


def test_bhattacharyya_is_the_integral_of_two_normal_densities():
    """In one dimension, −ln ∫ √(p q)."""
    x = np.linspace(-30, 30, 200_001)
    p = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    q = np.exp(-((x - 1.5) ** 2) / (2 * 4)) / np.sqrt(2 * np.pi * 4)
    numeric = -np.log(np.trapezoid(np.sqrt(p * q), x))
    ours = plane.bhattacharyya(np.zeros((1, 1)), np.full((1, 1), 1.5), np.ones((1, 1, 1)), np.full((1, 1, 1), 4.0))
    assert ours[0] == pytest.approx(numeric, rel=1e-6)


def test_pair_area_is_the_area_of_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    first, second = rng.integers(2, 9, 70), rng.integers(0, 8, 40)
    theirs = roc_auc_score(np.r_[np.ones(70), np.zeros(40)], np.r_[first, second])
    assert pair_areas.pair_area(first, second) == pytest.approx(theirs)


@pytest.mark.parametrize(("distance", "sizes"), [(1.0, (4000, 4000)), (2.0, (4000, 400)), (3.0, (4000, 400))])
def test_the_balanced_area_of_two_normal_clouds_is_that_of_the_closed_form(distance, sizes):
    """Φ(d / √2), whatever the class sizes."""
    X, codes = clouds(sizes, [[0, 0, 0], [distance, 0, 0]])
    fold = np.arange(len(codes)) % 5
    area = pair_areas.linear_areas(X, codes, 2, fold, [(0, 1)], np.random.default_rng(0), n_draws=3)[0]
    assert area == pytest.approx(ndtr(distance / np.sqrt(2)), abs=0.02)


def test_the_balanced_area_does_not_depend_on_the_larger_class():
    """Forty rows against 40, or against 2,000: the same on average over draws."""
    means = []
    for larger in (40, 2000):
        areas = []
        for seed in range(60):
            X, codes = clouds((larger, 40), np.array([[0] * 10, [0.5] * 10]), seed)
            fold = np.empty(len(codes), dtype=int)
            for c in (0, 1):
                fold[codes == c] = np.arange((codes == c).sum()) % 5
            areas.append(pair_areas.linear_areas(X, codes, 2, fold, [(0, 1)], np.random.default_rng(seed))[0])
        means.append((np.mean(areas), np.std(areas) / np.sqrt(60)))
    (few, few_error), (many, many_error) = means
    assert abs(few - many) < 3 * np.hypot(few_error, many_error)


def test_shuffled_labels_give_an_area_of_a_half():
    """Out of fold, also with many columns: no bias from fitting, up or down."""
    areas = []
    for seed in range(40):
        X, codes = clouds((30, 30), np.zeros((2, 40)), seed)
        fold = np.empty(60, dtype=int)
        for c in (0, 1):
            fold[codes == c] = np.arange(30) % 5
        areas.append(pair_areas.linear_areas(X, codes, 2, fold, [(0, 1)], np.random.default_rng(0))[0])
    assert np.mean(areas) == pytest.approx(0.5, abs=3 * np.std(areas) / np.sqrt(40))


@pytest.mark.parametrize(("distance", "n"), [(0.5, 30), (1.5, 30), (2.5, 15)])
def test_the_interval_covers_the_true_area(distance, n):
    rng = np.random.default_rng(0)
    areas = np.array([pair_areas.pair_area(rng.normal(distance, 1, n), rng.normal(0, 1, 3 * n)) for _ in range(1500)])
    low, high = pair_areas.area_interval(areas, np.full(1500, n), np.full(1500, 3 * n))
    covered = np.mean((low <= ndtr(distance / np.sqrt(2))) & (ndtr(distance / np.sqrt(2)) <= high))
    assert 0.93 <= covered <= 0.99
    assert (low >= 0).all()
    assert (high <= 1).all()


def test_the_interval_of_a_perfect_area_is_not_empty():
    low, high = pair_areas.area_interval(np.array([1.0, 0.0]), np.array([10, 10]), np.array([10, 10]))
    assert high.tolist() == pytest.approx([1.0, 1 - low[0]])
    assert 0.6 < low[0] < 0.95


def test_the_least_error_bounds_the_bayes_error_of_two_normal_clouds():
    """With 4,000 rows the nearest neighbour's bound lies below the true least error, and not far below."""
    X, codes = clouds((2000, 2000), [[0.0], [2.0]])
    order = np.argsort(X[:, 0])
    x, own = X[order, 0], codes[order]
    left, right = np.r_[np.inf, np.diff(x)], np.r_[np.diff(x), np.inf]
    nearest = np.where(left < right, np.arange(4000) - 1, np.arange(4000) + 1)
    bound = pair_areas.least_error(np.array([np.mean(own != own[nearest])]))[0]
    bayes = ndtr(-1.0)
    assert 0.6 * bayes < bound < bayes
