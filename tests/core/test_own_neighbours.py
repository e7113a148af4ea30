"""The quick search among the rows of one class finds the rows that scikit-learn's distances name, ties and gaps or not."""

import sys

import numpy as np
import pytest
from sklearn.metrics import nan_euclidean_distances

from core import numerics
from core.numerics import neighbour_search
from core.numerics.own_neighbours import nearest_others, nearest_sharing

NOWHERE = 1e9


def rows(kind, seed):
    """Numbers of 2 to 300 rows: any, with gaps in all columns or in some, or rounded so that many lie at one distance."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(int(rng.integers(2, 300)), int(rng.integers(1, 24))))
    if "rounded" in kind:
        Z = np.round(2 * Z)
    some = Z[:, : Z.shape[1] // 2] if "some" in kind else Z
    if "gaps" in kind:
        some[rng.random(some.shape) < 0.6 * rng.random()] = np.nan
    return Z, int(rng.integers(1, min(len(Z), 30)))


def distances(Z):
    d = np.nan_to_num(nan_euclidean_distances(Z), nan=NOWHERE)
    d[np.arange(len(Z)), np.arange(len(Z))] = np.inf
    return d


@pytest.mark.parametrize("kind", ["any", "gaps", "gaps in some", "rounded", "rounded with gaps"])
def test_the_nearest_others_are_those_of_all_distances(kind):
    told = 0
    for seed in range(8):
        Z, k = rows(kind, seed)
        found = nearest_others(Z, k, seed=seed)
        if found is None:
            continue
        near, _ = found
        told += 1
        d = distances(Z)
        assert all(len(set(row)) == k for row in near.tolist()) and (near != np.arange(len(Z))[:, None]).all()
        found = np.sort(np.take_along_axis(d, near, axis=1), axis=1)
        assert found == pytest.approx(np.sort(d, axis=1)[:, :k], rel=1e-9)
    assert told >= 6


def test_the_nearest_that_share_enough_columns_come_first():
    for seed in range(8):
        Z, k = rows("gaps", seed)
        fewest, there = Z.shape[1] / 2, ~np.isnan(Z)
        d = np.where(there.astype(int) @ there.T >= fewest, distances(Z), NOWHERE)
        d[np.arange(len(Z)), np.arange(len(Z))] = np.inf
        nearest, some = np.sort(d, axis=1)[:, :k], np.arange(0, len(Z), 3)
        for asked, found in (
            (some, nearest_sharing(Z, some, k, fewest, seed)),
            (np.arange(len(Z)), nearest_others(Z, k, max(1.0, fewest), seed)),
        ):
            assert np.take_along_axis(d[asked], found[0], axis=1) == pytest.approx(nearest[asked], rel=1e-6)
            assert (found[1] == (nearest[asked] < NOWHERE).sum(axis=1)).all()


def test_among_rows_at_one_distance_each_is_as_likely():
    """Eight rows around each of forty: every one of them is chosen sometimes, and not the first ones for all."""
    Z = np.repeat(np.arange(40.0), 9)[:, None] * 100
    near = np.vstack([nearest_others(Z, 2, seed=seed)[0] for seed in range(10)])
    times = np.bincount((near % 9).ravel(), minlength=9)
    assert (near // 9 == np.tile(np.repeat(np.arange(40), 9), 10)[:, None]).all()
    assert times / times.sum() == pytest.approx(np.full(9, 1 / 9), abs=0.03)


def test_the_compiled_search_names_the_same_rows(monkeypatch):
    pytest.importorskip("numba")
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(300, 12))
    Z[rng.random(Z.shape) < 0.2] = np.nan
    plain, _ = nearest_others(Z, 5, 4)
    monkeypatch.setattr("core.numerics.own_neighbours.COMPILED_FROM", 0)
    assert np.array_equal(np.sort(nearest_others(Z, 5, 4)[0], axis=1), np.sort(plain, axis=1))


def test_a_numba_that_does_not_know_an_option_is_left_alone(monkeypatch):
    numba = pytest.importorskip("numba")

    def refused(**options):
        raise KeyError("Unrecognized options")

    for name in ("neighbour_compiled", "neighbour_kernel"):
        monkeypatch.delitem(sys.modules, f"core.numerics.{name}", raising=False)
        monkeypatch.delattr(numerics, name, raising=False)
    monkeypatch.setattr(numba, "njit", refused)
    assert neighbour_search._compiled() is None
