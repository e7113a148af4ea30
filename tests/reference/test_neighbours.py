"""Distances and neighbours against scikit-learn, also with missing cells."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.neighbors import NearestNeighbors

from core.numerics.neighbours import class_distances, nearest, squared_distances


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
