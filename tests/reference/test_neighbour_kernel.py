"""The compiled search and the plain one find the rows that scikit-learn and a naive loop find, with gaps and text columns."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import nan_euclidean_distances

from core.numerics import neighbour_search
from core.numerics.mixed_neighbours import nearest

N_ROWS, K = 700, 6


def table(seed, n_numeric, n_text, gaps, n=N_ROWS):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, n_numeric)) * rng.lognormal(size=n_numeric)
    numbers[rng.random(numbers.shape) < gaps] = np.nan
    levels = rng.integers(-(gaps > 0), 40, (n, n_text)).astype(np.int32)
    return numbers, levels


def naive(query, level, B, levels):
    """Squared distances from one row to all rows of B, column by column."""
    distances = []
    for row, there in zip(B, levels, strict=True):
        total, shared = 0.0, 0
        for a, b in zip(query, row, strict=True):
            if not np.isnan(a) and not np.isnan(b):
                total, shared = total + (a - b) ** 2, shared + 1
        for a, b in zip(level, there, strict=True):
            if a >= 0 and b >= 0:
                total, shared = total + (a != b), shared + 1
        distances.append(total * (len(query) + len(level)) / shared if shared else np.inf)
    return np.array(distances)


@pytest.fixture(params=[True, False], ids=["compiled", "plain"])
def way(request, monkeypatch):
    if request.param:
        pytest.importorskip("numba")
    monkeypatch.setattr(neighbour_search, "COMPILED_FROM", 0 if request.param else np.inf)


@pytest.mark.parametrize("itself", [True, False])
@pytest.mark.parametrize(("n_features", "gaps"), [(1, 0.0), (5, 0.2), (20, 0.2), (70, 0.5), (20, 0.9)])
def test_the_same_sets_as_scikit_learn(way, n_features, gaps, itself):
    B, A = table(0, n_features, 0, gaps)[0], table(1, n_features, 0, gaps, n=300)[0]
    A = B if itself else A
    own = np.arange(len(A)) if itself else np.full(len(A), -1)
    indices, distances = nearest(A, B, K, own)
    theirs = nan_euclidean_distances(A, B)
    theirs[np.isnan(theirs)] = np.inf
    if itself:
        np.fill_diagonal(theirs, np.nan)
    lowest = np.sort(theirs, axis=1)[:, : K + 1]
    assert np.allclose(distances, lowest[:, :K], rtol=1e-6, atol=2e-5)
    lowest[np.isinf(lowest)] = 1e9
    alone = lowest[:, K] - lowest[:, K - 1] > 1e-5
    expected = np.argsort(theirs, axis=1)[:, :K]
    assert np.array_equal(np.sort(indices, axis=1)[alone], np.sort(expected, axis=1)[alone])
    assert all(len(set(row)) == K for row in indices.tolist()) and not (indices == own[:, None]).any()


@pytest.mark.parametrize(("n_numeric", "n_text", "gaps"), [(3, 4, 0.2), (12, 5, 0.0), (0, 6, 0.3), (30, 35, 0.4)])
def test_a_text_column_counts_once(way, n_numeric, n_text, gaps):
    numbers, levels = table(2, n_numeric, n_text, gaps)
    asked = np.arange(0, N_ROWS, 60)
    indices, distances = nearest(numbers, numbers, K, np.arange(N_ROWS), levels, levels)
    for q in asked:
        squared = naive(numbers[q], levels[q], numbers, levels)
        squared[q] = np.nan
        assert np.allclose(distances[q] ** 2, np.sort(squared)[:K], atol=1e-9)
        assert np.allclose(squared[indices[q]], distances[q] ** 2, atol=1e-9)


def test_equal_distances_are_chosen_at_random(way):
    levels = np.random.default_rng(2).integers(0, 12, (3000, 1)).astype(np.int32)
    nothing = np.empty((3000, 0))
    indices, distances = nearest(nothing, nothing, 10, np.arange(3000), levels, levels)
    chosen = np.bincount(indices.ravel(), minlength=3000)
    assert (distances == 0).all() and chosen.mean() == 10 and chosen.var() < 20 and (chosen == 0).sum() < 10


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_a_far_cloud_keeps_its_neighbours(way, scale):
    rng = np.random.default_rng(1)
    Z = np.vstack([rng.normal(size=(300, 12)), 1e4 + rng.normal(size=(300, 12))])
    _, distances = nearest(Z * scale, Z * scale, 5, np.arange(600))
    theirs = np.sort(nan_euclidean_distances(Z) + np.diag(np.full(600, np.inf)), axis=1)[:, :5]
    assert np.allclose(distances / scale, theirs, atol=1e-4)
