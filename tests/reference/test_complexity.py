"""Complexity measures against pymfe and problexity where definitions agree, and the stated difference where they do not."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.numerics import complexity


def table(seed, sizes=(150, 50), n_features=5, distance=1.5):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = rng.normal(size=(len(codes), n_features)) * [1, 2, 0.5, 1, 1]
    X[:, 0] += distance * codes
    X[:, 3] += 0.5 * distance * (codes == 1)
    return X, codes


@pytest.fixture(scope="module")
def problexity():
    return pytest.importorskip("problexity")


@pytest.fixture(scope="module")
def pymfe():
    return pytest.importorskip("pymfe.complexity").MFEComplexity


@pytest.mark.parametrize("sizes", [(150, 50), (90, 60, 20)])
def test_f1_is_pymfes_and_problexity_counts_the_numerator_twice(pymfe, problexity, sizes):
    X, codes = table(0, sizes)
    overall, per_class = complexity.fisher(X, codes, len(sizes))
    assert overall == pytest.approx(pymfe.ft_f1(X, codes).min())
    for c in range(len(sizes)):
        own = (codes == c).astype(int)
        assert per_class[c] == pytest.approx(pymfe.ft_f1(X, own).min())
        assert problexity.f1(X, own) == pytest.approx(1 / (1 + 2 * (1 / per_class[c] - 1)))


def test_f1_of_a_column_with_gaps_uses_the_rows_that_have_it(pymfe):
    X, codes = table(1)
    X[::3, 0] = np.nan
    seen = ~np.isnan(X[:, 0])
    expected = min(pymfe.ft_f1(X[seen][:, :1], codes[seen]).min(), pymfe.ft_f1(X[:, 1:], codes).min())
    assert complexity.fisher(X, codes, 2)[0] == pytest.approx(expected)


def test_f1_of_columns_that_tell_nothing_or_everything():
    codes = np.arange(20) % 2
    assert complexity.fisher(np.ones((20, 2)), codes, 2)[0] == 1
    assert complexity.fisher(codes[:, None].astype(float), codes, 2)[0] == pytest.approx(0)
    assert complexity.directional_fisher(np.ones((20, 2)), codes, 2)[0] == 1
    assert complexity.directional_fisher(codes[:, None].astype(float), codes, 2)[0] == pytest.approx(0)


@pytest.mark.parametrize("sizes", [(150, 50), (90, 60, 20)])
def test_f1v_is_problexitys_for_each_class_against_the_others(problexity, sizes):
    X, codes = table(2, sizes)
    overall, per_class = complexity.directional_fisher(X, codes, len(sizes))
    theirs = [problexity.f1v(X, (codes == c).astype(int)) for c in range(len(sizes))]
    assert per_class == pytest.approx(theirs) and overall == pytest.approx(np.mean(theirs))


def test_the_linear_classifier_is_scikit_learns():
    from sklearn.svm import LinearSVC

    X, codes = table(3)
    theirs = LinearSVC(dual=False, tol=1e-10, max_iter=10_000).fit(X, codes)
    ours = complexity.linear_classifier(X, np.where(codes, 1.0, -1.0), np.ones(len(X)))
    assert ours == pytest.approx(np.append(theirs.coef_[0], theirs.intercept_), rel=1e-4, abs=1e-6)
    weight = np.where(codes, 5.0, 1.0)
    theirs = LinearSVC(dual=False, tol=1e-10, max_iter=10_000).fit(X, codes, sample_weight=weight)
    ours = complexity.linear_classifier(X, np.where(codes, 1.0, -1.0), weight)
    assert ours == pytest.approx(np.append(theirs.coef_[0], theirs.intercept_), rel=1e-4, abs=1e-6)


def test_l1_and_l2_are_problexitys_for_two_classes(problexity):
    X, codes = table(4)
    overall, per_class = complexity.linear(X, codes, 2, np.ones(len(X)))
    assert overall[0] == pytest.approx(problexity.l1(X, codes), rel=1e-2)
    assert overall[1] == pytest.approx(problexity.l2(X, codes), abs=1 / len(X))
    assert np.bincount(codes) / len(codes) @ per_class[:, 1] == pytest.approx(overall[1])


def test_l1_and_l2_of_three_classes_are_means_of_each_against_the_others():
    X, codes = table(5, (90, 60, 20))
    weight = np.ones(len(X))
    overall, per_class = complexity.linear(X, codes, 3, weight)
    each = [complexity.linear(X, (codes == c).astype(int), 2, weight) for c in range(3)]
    assert overall == pytest.approx(np.mean([o for o, _ in each], axis=0))
    assert per_class == pytest.approx(np.stack([p[1] for _, p in each]))


def test_n2_is_the_ratio_of_two_sums(pymfe):
    X, codes = table(6)
    overall, per_class, error = complexity.nearest_ratio(X, codes, 2, np.arange(len(X)))
    D = cdist(X, X)
    np.fill_diagonal(D, np.inf)
    same = codes[:, None] == codes
    own, other = np.where(same, D, np.inf).min(axis=1), np.where(same, np.inf, D).min(axis=1)
    assert overall == pytest.approx(own.sum() / (own.sum() + other.sum()))
    for c in (0, 1):
        sums = own[codes == c].sum(), other[codes == c].sum()
        assert per_class[c] == pytest.approx(sums[0] / sum(sums))
    theirs = pymfe.ft_n2(X, codes, norm_dist_mat=cdist(X, X))
    assert np.sort(theirs) == pytest.approx(np.sort(own / (own + other)))
    assert (error == 0).all()


def test_problexitys_n2_skips_the_nearest_other_row(problexity):
    X, codes = table(6)
    D = cdist(X, X)
    np.fill_diagonal(D, np.inf)
    same = codes[:, None] == codes
    own, second = np.where(same, D, np.inf).min(axis=1), np.sort(np.where(same, np.inf, D), axis=1)[:, 1]
    assert problexity.n2(X, codes) == pytest.approx(own.sum() / (own.sum() + second.sum()))


@pytest.mark.parametrize("n_features", [5, 20])
def test_a_sample_estimates_n2(n_features):
    rng = np.random.default_rng(7)
    codes = (np.arange(3000) < 600).astype(int)
    X = rng.normal(size=(3000, n_features)) + 0.5 * codes[:, None]
    X[rng.random(X.shape) < 0.1] = np.nan
    whole = complexity.nearest_ratio(X, codes, 2, np.arange(3000))
    rows = np.concatenate([rng.choice(np.flatnonzero(codes == c), 300, replace=False) for c in (0, 1)])
    part = complexity.nearest_ratio(X, codes, 2, rows)
    assert (part[2] > 0).all() and (np.abs(part[1] - whole[1]) < 4 * part[2]).all()
    assert part[0] == pytest.approx(whole[0], abs=0.02)


def test_imbalance_degree_of_the_paper():
    """Between m − 1 and m for m short classes: extreme sizes reach m, equal ones 0."""
    assert complexity.imbalance_degree(np.array([100, 100, 100])) == 0
    assert complexity.imbalance_degree(np.array([1_000_000, 1])) == pytest.approx(1, abs=0.01)
    assert complexity.imbalance_degree(np.array([2, 1, 0]) * 100) == pytest.approx(1)
    assert 1 < complexity.imbalance_degree(np.array([80, 10, 10])) < 2
    p, e = np.sqrt([0.9, 0.1]), np.sqrt([0.5, 0.5])
    expected = np.linalg.norm(p - e) / np.linalg.norm([1 - e[0], -e[1]])
    assert complexity.imbalance_degree(np.array([90, 10])) == pytest.approx(expected)


def test_lrid_is_the_likelihood_ratio_statistic():
    from scipy.stats import power_divergence

    sizes = np.array([700, 200, 90, 10])
    expected = power_divergence(sizes, lambda_="log-likelihood").statistic
    assert complexity.likelihood_ratio_imbalance(sizes) == pytest.approx(expected)
    assert complexity.likelihood_ratio_imbalance(np.array([5, 5])) == 0


def test_many_classes_give_the_same_sums():
    rng = np.random.default_rng(8)
    codes, X = rng.integers(0, 40, 500), rng.normal(size=(500, 3))
    _, per_class = complexity.fisher(X, codes, 41)
    _, directional = complexity.directional_fisher(X, codes, 41)
    for c in (0, 17, 39):
        own = (codes == c).astype(int)
        assert per_class[c] == pytest.approx(complexity.fisher(X, own, 2)[0])
        assert directional[c] == pytest.approx(complexity.directional_fisher(X, own, 2)[0])
    assert per_class[40] == directional[40] == 1
