"""Types of examples by hand, the spanning tree against scipy, N1 and N3 against pymfe and problexity, kDN by its definition."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from core.numerics.neighbourhoods import (
    border_edges,
    class_means,
    example_types,
    measures,
    measures_at_equal_sizes,
    measures_of_classes,
    on_the_border,
    spanning_edges,
)
from core.numerics.neighbours import neighbour_table


def table(seed, n=200, distance=1.5, n_features=4):
    rng = np.random.default_rng(seed)
    codes = (np.arange(n) < n // 4).astype(int)
    return rng.normal(size=(n, n_features)) + distance * codes[:, None] / np.sqrt(n_features), codes


def looked_up(Z, codes, k=10):
    found = neighbour_table(Z, codes, k)
    return found.rows, found.indices, found.distances


def test_types_follow_the_definition():
    """Rows 0 and 1 are each other's only own neighbour; row 2 has one own neighbour (3), which has further ones."""
    labels = np.array([1, 1, 1, 1, 1, 1, 1, *[0] * 13])
    zeros = np.arange(7, 12)
    near = np.tile(zeros, (7, 1))
    near[0, 4], near[1, 4], near[2, 4] = 1, 0, 3
    near[3, :3], near[4, :2], near[5, :4] = [4, 5, 6], [3, 5], [3, 4, 6, 0]
    kinds = example_types(labels, np.arange(7), near, np.random.default_rng(0))
    assert kinds.tolist() == [2, 2, 1, 1, 1, 0, 3]


def test_the_spanning_tree_is_scipys():
    Z = np.random.default_rng(0).normal(size=(120, 3))
    D = cdist(Z, Z)
    ours = spanning_edges(D)
    assert D[ours[:, 0], ours[:, 1]].sum() == pytest.approx(minimum_spanning_tree(D).sum())


def test_the_tree_within_the_graph_of_neighbours_is_the_tree():
    Z, codes = table(1, n=2500)
    rng = np.random.default_rng(0)
    forest = border_edges(Z, looked_up(Z, codes), rng)
    exact = spanning_edges(cdist(Z, Z))
    assert len(forest) == len(exact) == 2499
    assert np.array_equal(on_the_border(forest, codes), on_the_border(exact, codes))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_n1_and_n3_equal_the_packages(seed):
    """pymfe counts rows on the border, as Ho and Basu do; problexity counts half of the edges, so only its N3 is equal."""
    pymfe, problexity = pytest.importorskip("pymfe.complexity"), pytest.importorskip("problexity")
    Z, codes = table(seed)
    own, _ = measures_of_classes(Z, codes, looked_up(Z, codes), sampled=False, random_state=0)
    weights = np.bincount(codes) / len(codes)
    assert weights @ own[:, 5] == pytest.approx(problexity.n3(Z, codes))
    assert weights @ own[:, 6] == pytest.approx(pymfe.MFEComplexity.ft_n1(Z, codes, norm_dist_mat=cdist(Z, Z)))
    crossing = spanning_edges(cdist(Z, Z))
    crossing = (codes[crossing[:, 0]] != codes[crossing[:, 1]]).sum()
    assert problexity.n1(Z, codes) == pytest.approx(crossing / 2 / len(codes))


def test_kdn_is_the_mean_foreign_share_and_its_null_the_base_rate():
    Z, codes = table(3, n=400)
    found = looked_up(Z, codes)
    own, null = measures_of_classes(Z, codes, found, sampled=False, random_state=0, n_null=60)
    foreign = (codes[found[1][:, :5]] != codes[:, None]).mean(axis=1)
    assert own[:, 4] == pytest.approx(class_means(foreign[:, None], codes, 2)[:, 0])
    assert own[:, :4].sum(axis=1) == pytest.approx(1)
    base = 1 - (np.bincount(codes) - 1) / 399
    assert null[:, 4] == pytest.approx(base, abs=0.01) and null[:, 5] == pytest.approx(base, abs=0.03)


def test_rarity_alone_goes_away_at_equal_sizes():
    rng = np.random.default_rng(4)
    Z, own = rng.normal(size=(3030, 2)), np.arange(3030) < 30
    Z[own] += 2.5
    natural = measures(own.astype(int), looked_up(Z, own.astype(int)), (np.array([[0, 1]]), np.arange(3030)), rng)[1]
    equal, null = measures_at_equal_sizes(Z, own, 30, n_draws=10, rng=rng)
    assert natural[0] < 0.4 < 0.8 < equal[0]
    assert null[4] == pytest.approx(30 / 59, abs=0.03)


def test_above_the_limit_a_sample_is_looked_up():
    rng = np.random.default_rng(5)
    codes = (np.arange(31_000) < 300).astype(int)
    Z = rng.normal(size=(31_000, 3)) + 2.0 * codes[:, None]
    found = looked_up(Z, codes)
    own, _ = measures_of_classes(Z, codes, found, sampled=True, random_state=0, n_null=2)
    assert len(found[0]) == 5000 and np.isfinite(own).all()
    assert own[0, 4] < 0.05 < own[1, 4]
