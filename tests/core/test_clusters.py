"""Clusters within one class: one cloud is one cluster, groups that lie apart are found with their rows."""

import numpy as np
import pytest

from core.numerics.clusters import sub_clusters


def cloud(name, n, n_features, rng):
    """One cloud of rows."""
    normal = rng.normal(size=(n, n_features))
    return {
        "normal": normal,
        "uniform": 4 * rng.random((n, n_features)),
        "skewed": np.minimum(rng.exponential(2, (n, n_features)), 8),
        "heavy tails": np.clip(rng.standard_t(3, (n, n_features)), -8, 8),
        "whole numbers": rng.poisson(3, (n, n_features)).astype(float),
        "gaps": np.where(rng.random((n, n_features)) < 0.3, np.nan, normal),
    }[name]


@pytest.mark.parametrize("name", ["normal", "uniform", "skewed", "heavy tails", "whole numbers", "gaps"])
@pytest.mark.parametrize("n_features", [1, 6, 20])
def test_one_cloud_is_one_cluster(name, n_features):
    rng = np.random.default_rng(0)
    split = [sub_clusters(cloud(name, n, n_features, rng)).max() > 0 for n in (10, 30, 100) for _ in range(20)]
    assert np.mean(split) <= 0.05


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_small_groups_far_apart_are_found_with_their_rows(gaps):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(10):
        group = rng.permutation(np.repeat(np.arange(6), [50, 10, 10, 10, 10, 10]))
        centres = np.vstack([np.zeros(6), 10 * np.linalg.qr(rng.normal(size=(6, 6)))[0][:5]])
        Z = rng.normal(size=(100, 6)) * np.where(group == 0, 1, 0.5)[:, None] + centres[group]
        Z[rng.random(Z.shape) < gaps] = np.nan
        labels = sub_clusters(Z)
        found.append(np.mean((labels == 0) == (group == 0)))
        if gaps == 0:
            assert labels.max() == 5
            assert all(len(np.unique(labels[group == g])) == 1 for g in range(6))
    assert np.mean(found) > 0.9


def test_two_groups_of_five_and_fewer_rows():
    rng = np.random.default_rng(2)
    Z = np.vstack([rng.normal(size=(5, 2)) * 0.2, rng.normal(size=(5, 2)) * 0.2 + 9])
    assert sub_clusters(Z).tolist() == [0] * 5 + [1] * 5
    assert sub_clusters(Z[:9]).tolist() == [0] * 9
    assert sub_clusters(np.empty((30, 0))).tolist() == [0] * 30
    assert sub_clusters(np.full((30, 2), np.nan)).tolist() == [0] * 30


def test_the_rows_of_a_large_class_follow_its_sample():
    rng = np.random.default_rng(3)
    far = rng.random(6000) < 0.2
    labels = sub_clusters(rng.normal(size=(6000, 5)) + 20.0 * far[:, None])
    assert np.array_equal(labels, far.astype(int))


def test_a_column_of_two_values_makes_no_clusters():
    """Also when its values lie far apart in units of its spread, as a rare flag's do."""
    rng = np.random.default_rng(4)
    Z = np.column_stack([rng.normal(size=(200, 2)), np.where(rng.random(200) < 0.1, 5.0, 0.0)])
    assert sub_clusters(Z).max() == 0
    assert np.array_equal(sub_clusters(Z), sub_clusters(Z))
