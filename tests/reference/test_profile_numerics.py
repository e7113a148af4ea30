"""The numbers of the profile against scikit-learn, scipy, pandas, textbook formulas and plain permutation."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ks_2samp, mannwhitneyu, spearmanr
from scipy.stats.contingency import crosstab
from sklearn.metrics import mutual_info_score

from core.numerics import apart, information, levels, ties

RNG = np.random.default_rng(0)
N = 600
CODES = (RNG.random(N) < 0.2).astype(int)
VALUES = np.round(RNG.normal(size=N) + 0.7 * CODES, 1)
TEXT, OTHER = RNG.integers(0, 5, N), RNG.integers(0, 3, N)
OTHER = np.where(RNG.random(N) < 0.4, TEXT % 3, OTHER)


def table(level, codes):
    return crosstab(level, codes)[1]


def test_information_is_that_of_scikit_learn():
    for level in (TEXT, np.digitize(VALUES, [-1, 0, 1])):
        expected = mutual_info_score(level, CODES) / np.log(2)
        assert information.information(table(level, CODES), np.ones(2)) == pytest.approx(expected, abs=1e-12)


def test_dealt_tables_are_permuted_labels():
    """Same mean and deviation as 1,500 permutations of the rows, both margins kept; many rows per cell give the G test's chi-square."""
    level, codes = RNG.integers(0, 7, N), RNG.integers(0, 3, N)
    sizes, classes = np.bincount(level), np.bincount(codes)
    dealt = information.null_counts(sizes[None], classes, 1000, 0)[0]
    assert (dealt.sum(axis=2) == sizes).all() and (dealt.sum(axis=1) == classes).all()
    told = information.information(dealt, np.ones(3))
    flat = level * 3
    permuted = [np.bincount(flat + RNG.permutation(codes), minlength=21).reshape(7, 3) for _ in range(1500)]
    permuted = information.information(np.array(permuted), np.ones(3))
    assert told.mean() == pytest.approx(permuted.mean(), rel=0.05) and told.std() == pytest.approx(
        permuted.std(), rel=0.12
    )
    for q in (0.5, 0.95, 0.99):
        value = np.quantile(permuted, q)
        tail = information.gamma_tail(np.array([value]), told.mean(keepdims=True), told.std(keepdims=True))[0]
        assert tail == pytest.approx(1 - q, abs=0.015 + 0.1 * (1 - q))
        assert tail == pytest.approx(chi2.sf(2 * np.log(2) * N * value, 12), abs=0.02)
    mean, deviation = told.mean(keepdims=True), told.std(keepdims=True)
    limit = information.gamma_limit(0.01, mean, deviation)
    assert information.gamma_tail(limit, mean, deviation)[0] == pytest.approx(0.01)


def test_the_interval_of_information_holds_the_truth():
    """Two classes of 900 and 100 rows over four levels, drawn 300 times: at least 92 % of the intervals hold the true information."""
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    sizes, standing = np.array([900, 100]), np.ones(2)
    truth = float(information.information(shares.T * sizes, standing))
    held = []
    for _ in range(300):
        counts = np.stack([RNG.multinomial(n, p) for n, p in zip(sizes, shares, strict=True)], axis=1)
        value = float(information.information(counts, standing)) - 3 / (2 * 1000 * np.log(2))
        held.append(abs(value - truth) <= 1.96 * information.information_error(counts, standing))
    assert np.mean(held) >= 0.92


def test_ranks_and_gaps_are_those_of_scipy():
    level, distinct, order = levels.dense_levels(np.append(VALUES, np.nan))
    assert distinct.tolist() == sorted(set(VALUES)) and level[-1] == -1 and np.all(np.diff(VALUES[order]) >= 0)
    expected = (pd.Series(VALUES).rank() - 0.5) / N
    np.testing.assert_allclose(levels.mid_ranks(level, len(distinct))[:-1], expected)
    own, rest = (np.bincount(level[:-1][c == CODES], minlength=len(distinct)) for c in (1, 0))
    at, share, other = apart.largest_gap(own, rest)
    found = ks_2samp(VALUES[CODES == 1], VALUES[CODES == 0])
    assert abs(share - other) == pytest.approx(found.statistic) and distinct[at] == pytest.approx(
        found.statistic_location
    )
    tail = apart.gap_tail(found.statistic, own.sum(), rest.sum())
    assert np.log10(tail) == pytest.approx(np.log10(found.pvalue), abs=0.6)
    mean, limit = apart.gap_by_chance(0.05, own.sum(), rest.sum())
    assert apart.gap_tail(limit, own.sum(), rest.sum()) == pytest.approx(0.05)
    chance = [ks_2samp(*np.split(RNG.permutation(N), [own.sum()]), method="asymp").statistic for _ in range(200)]
    assert mean == pytest.approx(np.mean(chance), rel=0.06) and np.mean(np.array(chance) > limit) < 0.1
    area, error = apart.ordered_area(own, rest, own.sum(), rest.sum())
    u = mannwhitneyu(VALUES[CODES == 1], VALUES[CODES == 0]).statistic
    assert area == pytest.approx(u / own.sum() / rest.sum())
    wins = (np.sign(VALUES[CODES == 1][:, None] - VALUES[CODES == 0][None, :]) + 1) / 2
    placed = wins.mean(axis=1).var() / own.sum() + wins.mean(axis=0).var() / rest.sum()
    assert error == pytest.approx(np.sqrt(placed))


def test_quantiles_by_class_are_nearest_ranks():
    order = levels.dense_levels(VALUES)[2]
    found, sizes = levels.quantiles_by_class(order, VALUES, CODES, 3, np.array([0.0, 0.25, 0.5, 1.0]))
    for c in (0, 1):
        expected = np.quantile(VALUES[c == CODES], [0, 0.25, 0.5, 1], method="closest_observation")
        assert np.abs(found[c] - expected).max() <= 0.11 and found[c][0] == expected[0] and found[c][-1] == expected[-1]
    assert np.isnan(found[2]).all() and sizes.tolist() == [*np.bincount(CODES), 0]


def bergsma(a, b):
    """Cramér's V without its bias, written out."""
    counts = table(a, b).astype(float)
    n, (k, r) = counts.sum(), counts.shape
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    phi = max(((counts - expected) ** 2 / expected).sum() / n - (k - 1) * (r - 1) / (n - 1), 0)
    return np.sqrt(phi / (min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1))


def test_ties_are_spearman_cramer_and_the_correlation_ratio():
    X = pd.DataFrame({"a": VALUES, "b": VALUES + RNG.normal(size=N), "c": RNG.normal(size=N)})
    ranks, even = ((X.rank() - 0.5) / N).to_numpy(), np.ones(N)
    np.testing.assert_allclose(ties.rank_correlation(ranks, ranks, even)[0], spearmanr(X).statistic, atol=1e-12)
    gaps = np.where(RNG.random(ranks.shape) < 0.2, np.nan, ranks)
    found, weight = ties.rank_correlation(gaps, gaps, even)
    np.testing.assert_allclose(found, pd.DataFrame(gaps).corr(), atol=1e-12)
    assert weight[0, 1] == (~np.isnan(gaps[:, :2])).all(axis=1).sum()
    T, starts = ties.one_hot([np.where(np.arange(N) < 50, -1, TEXT), OTHER])
    assert ties.cramer(T, starts, even)[0][0, 1] == pytest.approx(bergsma(TEXT[50:], OTHER[50:]))
    T, starts = ties.one_hot([TEXT])
    group = pd.Series(ranks[:, 1]).groupby(TEXT).transform("mean")
    eta = ((group - 0.5) ** 2).sum() / ((ranks[:, 1] - 0.5) ** 2).sum()
    expected = np.sqrt(max(1 - (1 - eta) * (N - 1) / (N - 5), 0))
    assert ties.correlation_ratio(T, starts, ranks, even)[0][0, 1] == pytest.approx(expected)


def test_a_weight_counts_as_that_many_rows():
    heavy = RNG.integers(1, 4, N)
    each, even = np.repeat(np.arange(N), heavy), np.ones(heavy.sum())
    gaps = np.where(RNG.random((N, 3)) < 0.2, np.nan, RNG.normal(size=(N, 3)))
    T, starts = ties.one_hot([TEXT, OTHER])
    weights = heavy.astype(float)
    for measured, repeated in (
        (ties.rank_correlation(gaps, gaps, weights), ties.rank_correlation(gaps[each], gaps[each], even)),
        (ties.cramer(T, starts, weights), ties.cramer(T[each], starts, even)),
        (ties.correlation_ratio(T, starts, gaps, weights), ties.correlation_ratio(T[each], starts, gaps[each], even)),
    ):
        for left, right in zip(measured, repeated, strict=True):
            np.testing.assert_allclose(left, right, atol=1e-10)


def test_two_correlations_differ_as_often_as_chance_has_it():
    """No difference between two samples of normal pairs: p below .05 in about 5 % of 1,000 tries; a real one is seen."""
    tries, n_own, n_rest = 1000, 80, 400
    X = RNG.normal(size=(tries, n_own + n_rest, 2))
    X[:, :, 1] += X[:, :, 0]
    rho = [
        np.array([np.corrcoef(part.argsort(0).argsort(0).T)[0, 1] for part in X[:, rows]])
        for rows in (slice(n_own), slice(n_own, None))
    ]
    errors = [ties.fisher_error(np.full(tries, n)) for n in (n_own, n_rest)]
    p = ties.correlations_differ(rho[0], errors[0], rho[1], errors[1])[1]
    assert 0.02 <= np.mean(p <= 0.05) <= 0.08
    low, high = ties.correlation_interval(rho[0], errors[0])
    truth = 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= 0.98
    assert ties.correlations_differ(0.8, ties.fisher_error(100), 0.1, ties.fisher_error(900))[1] < 1e-6


@pytest.mark.parametrize("cloud", ["independent", "line", "fan", "steps"])
def test_the_error_of_a_rank_correlation_is_that_of_many_tables(cloud):
    """The deviation of ρ over 400 tables of 200 rows, for clouds that are far from normal as well."""
    n, found, errors = 200, [], []
    for _ in range(400):
        x = RNG.lognormal(size=n)
        noise = RNG.normal(size=n)
        y = {"independent": noise, "line": x + noise, "fan": x * (1 + 2 * noise), "steps": np.floor(x + noise)}[cloud]
        (a, size_a), (b, size_b) = ((levels.dense_levels(v)[0], len(set(v))) for v in (x, y))
        ranks = levels.mid_ranks(a, size_a), levels.mid_ranks(b, size_b)
        found.append(np.corrcoef(*ranks)[0, 1])
        errors.append(ties.rank_error(*ranks, a, b, np.ones(n)))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.12)
