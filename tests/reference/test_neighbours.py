"""Distances and neighbours against scikit-learn, also with missing cells."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.neighbors import NearestNeighbors

from core.numerics.neighbours import class_distances, even_sample, nearest, neighbour_table, squared_distances


def table(seed, n=80, gaps=0.0):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n, 5))
    Z[rng.random(Z.shape) < gaps] = np.nan
    return Z


@pytest.mark.parametrize("gaps", [0.0, 0.1, 0.6])
def test_distances_equal_scikit_learn(gaps):
    A, B = table(0, gaps=gaps), table(1, n=60, gaps=gaps)
    theirs = nan_euclidean_distances(A, B)
    ours = np.sqrt(squared_distances(A, B))
    assert np.array_equal(np.isinf(ours), np.isnan(theirs))
    assert np.allclose(ours[np.isfinite(ours)], theirs[~np.isnan(theirs)])


@pytest.mark.parametrize("k", [1, 5, 59])
def test_neighbours_equal_scikit_learn(k):
    A, B = table(2), table(3, n=60)
    distances, indices = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(B).kneighbors(A)
    ours = nearest(A, B, k)
    assert np.array_equal(ours[0], indices)
    assert np.allclose(ours[1], distances)


def test_a_row_is_not_its_own_neighbour_even_when_it_has_a_copy():
    Z = np.vstack([table(4, n=30), table(4, n=30)])
    indices, distances = nearest(Z, Z, 3, itself=True)
    assert not (indices == np.arange(60)[:, None]).any()
    assert np.array_equal(indices[:, 0], (np.arange(60) + 30) % 60)
    assert np.allclose(distances[:, 0], 0, atol=1e-6)


def test_more_neighbours_than_rows_is_refused():
    with pytest.raises(ValueError, match="5 neighbours asked for among 4 rows"):
        nearest(table(0, n=5), table(0, n=5), 5, itself=True)


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_class_distances_equal_brute_force(gaps):
    Z, codes = table(5, gaps=gaps), np.random.default_rng(5).integers(0, 3, 80)
    d = nan_euclidean_distances(Z)
    d[np.isnan(d)] = np.inf
    np.fill_diagonal(d, np.inf)
    ours = class_distances(Z, codes, 4)
    for c in range(3):
        assert np.allclose(ours[:, c], np.sort(d[:, codes == c], axis=1)[:, 3])


def test_class_distances_of_a_single_row_are_missing():
    ours = class_distances(table(6, n=10), np.array([0] * 9 + [1]), 4)
    assert np.isnan(ours[:, 1]).all()
    assert np.isfinite(ours[:, 0]).all()


@pytest.mark.parametrize("gaps", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("n_features", [2, 5, 12, 40])
def test_the_table_of_neighbours_equals_scikit_learns_distances(gaps, n_features):
    """Also with rows that share no column with any other: their neighbours lie infinitely far away."""
    rng = np.random.default_rng(n_features)
    Z = rng.normal(size=(900, n_features)) * rng.lognormal(sigma=2, size=n_features)
    Z[rng.random(Z.shape) < gaps] = np.nan
    Z[7] = np.nan
    found = neighbour_table(Z, np.zeros(900, dtype=int), 10)
    theirs = nan_euclidean_distances(Z)
    theirs[np.isnan(theirs)] = np.inf
    np.fill_diagonal(theirs, np.nan)
    sorted_distances = np.sort(theirs, axis=1)[:, :10]
    assert np.allclose(found.distances, sorted_distances, rtol=1e-6, atol=2e-5)
    assert np.allclose(np.take_along_axis(theirs, found.indices, axis=1), sorted_distances, rtol=1e-6, atol=2e-5)
    assert not (found.indices == np.arange(900)[:, None]).any() and not found.sampled
    assert np.isinf(found.distances[7]).all()


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_a_far_cloud_keeps_its_neighbours(scale):
    """Two tight clouds far from each other: single precision alone would lose the order within them."""
    rng = np.random.default_rng(1)
    Z = np.vstack([rng.normal(size=(300, 12)), 1e4 + rng.normal(size=(300, 12))])
    found = neighbour_table(Z * scale, np.zeros(600, dtype=int), 10)
    ours = np.linalg.norm(Z[found.indices] - Z[:, None, :], axis=2)
    theirs = np.sort(nan_euclidean_distances(Z) + np.diag(np.full(600, np.inf)), axis=1)[:, :10]
    assert np.allclose(ours, theirs, atol=1e-4)


def test_equal_distances_are_chosen_at_random():
    """Rows of two text columns have hundreds of neighbours at one distance: all are chosen about as often."""
    rng = np.random.default_rng(2)
    Z = np.eye(12)[rng.integers(0, 12, 3000)] / np.sqrt(2)
    chosen = np.bincount(neighbour_table(Z, np.zeros(3000, dtype=int), 10).indices.ravel(), minlength=3000)
    assert chosen.mean() == 10 and chosen.var() < 20 and (chosen == 0).sum() < 10
    first = np.arange(3000) < 1500
    assert abs(chosen[first].mean() - 10) < 0.3


def test_above_the_limit_rare_classes_stay_whole():
    codes = np.repeat([0, 1, 2], [34_000, 900, 40])
    Z = np.random.default_rng(3).normal(size=(len(codes), 3))
    found = neighbour_table(Z, codes, 10)
    assert found.sampled and np.bincount(codes[found.rows]).tolist() == [4060, 900, 40]
    assert (np.diff(found.rows) > 0).all() and found.indices.shape == (5000, 10)
    assert even_sample(codes, 10, np.random.default_rng(0)).shape == (9,)
