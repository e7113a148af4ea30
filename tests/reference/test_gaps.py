"""Little's test against its value in another program, against the slope of the likelihood, and over many tables."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import kstest, multivariate_normal

from core.numerics.gap_association import ranks_by_column
from core.numerics.mask import gram, nested_order, packed, patterns
from core.numerics.mcar import fit_normal, little_test, normal_scores, pattern_sums
from core.numerics.multiplicity import holm
from core.numerics.tied_areas import tied_areas

DAYS = ((5, 31), (6, 30), (7, 31), (8, 31), (9, 30))
"""Months and their days, of the air quality of New York from May to September 1973 (Chambers et al., 1983)."""

OZONE = """
41 36 12 18 - 28 23 19 8 - 7 16 11 14 18 14 34 6 30 11 1 11 4 32 - - - 23 45 115 37 - - - - - - 29 - 71 39 - - 23 - -
21 37 20 12 13 - - - - - - - - - - 135 49 32 - 64 40 77 97 97 85 - 10 27 - 7 48 35 61 79 63 16 - - 80 108 20 52 82 50
64 59 39 9 16 78 35 66 122 89 110 - - 44 28 65 - 22 59 23 31 44 21 9 - 45 168 73 - 76 118 84 85 96 78 73 91 47 32 20
23 21 24 44 21 28 9 13 46 18 13 24 16 13 23 36 7 14 30 - 14 18 20
"""
SOLAR = """
190 118 149 313 - - 299 99 19 194 - 256 290 274 65 334 307 78 322 44 8 320 25 92 66 266 - 13 252 223 279 286 287 242
186 220 264 127 273 291 323 259 250 148 332 322 191 284 37 120 137 150 59 91 250 135 127 47 98 31 138 269 248 236 101
175 314 276 267 272 175 139 264 175 291 48 260 274 285 187 220 7 258 295 294 223 81 82 213 275 253 254 83 24 77 - - -
255 229 207 222 137 192 273 157 64 71 51 115 244 190 259 36 255 212 238 215 153 203 225 237 188 167 197 183 189 95 92
252 220 230 259 236 259 238 24 112 237 224 27 238 201 238 14 139 49 20 193 145 191 131 223
"""
WIND = """
7.4 8 12.6 11.5 14.3 14.9 8.6 13.8 20.1 8.6 6.9 9.7 9.2 10.9 13.2 11.5 12 18.4 11.5 9.7 9.7 16.6 9.7 12 16.6 14.9 8 12
14.9 5.7 7.4 8.6 9.7 16.1 9.2 8.6 14.3 9.7 6.9 13.8 11.5 10.9 9.2 8 13.8 11.5 14.9 20.7 9.2 11.5 10.3 6.3 1.7 4.6 6.3
8 8 10.3 11.5 14.9 8 4.1 9.2 9.2 10.9 4.6 10.9 5.1 6.3 5.7 7.4 8.6 14.3 14.9 14.9 14.3 6.9 10.3 6.3 5.1 11.5 6.9 9.7
11.5 8.6 8 8.6 12 7.4 7.4 7.4 9.2 6.9 13.8 7.4 6.9 7.4 4.6 4 10.3 8 8.6 11.5 11.5 11.5 9.7 11.5 10.3 6.3 7.4 10.9 10.3
15.5 14.3 12.6 9.7 3.4 8 5.7 9.7 2.3 6.3 6.3 6.9 5.1 2.8 4.6 7.4 15.5 10.9 10.3 10.9 9.7 14.9 15.5 6.3 10.9 11.5 6.9
13.8 10.3 10.3 8 12.6 9.2 10.3 10.3 16.6 6.9 13.2 14.3 8 11.5
"""
TEMPERATURE = """
67 72 74 62 56 66 65 59 61 69 74 69 66 68 58 64 66 57 68 62 59 73 61 61 57 58 57 67 81 79 76 78 74 67 84 85 79 82 87
90 87 93 92 82 80 79 77 72 65 73 76 77 76 76 76 75 78 73 80 77 83 84 85 81 84 83 83 88 92 92 89 82 73 81 91 80 81 82
84 87 85 74 81 82 86 85 82 86 88 86 83 81 81 81 82 86 85 87 89 90 90 92 86 86 82 80 79 77 79 76 78 78 77 72 75 79 81
86 88 97 94 96 94 91 92 93 93 87 84 80 78 75 73 81 76 77 71 71 78 67 76 68 82 64 71 81 69 63 70 77 75 76 68
"""


def standardised(values):
    return (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)


def sums_of(values):
    return pattern_sums(values, patterns(list(np.isnan(values).T))[0])


def test_little_is_what_naniar_prints_for_the_air_of_new_york():
    """R's naniar 1.0 keeps 35.1061288689702 with 14 degrees of freedom and p 0.00141778113856683 in its own tests; its fit stops earlier."""
    columns = [[np.nan if v == "-" else float(v) for v in c.split()] for c in (OZONE, SOLAR, WIND, TEMPERATURE)]
    columns += [[m for m, n in DAYS for _ in range(n)], [d for _, n in DAYS for d in range(1, n + 1)]]
    found = little_test(sums_of(standardised(np.array(columns).T)), 1e-10, 2000)
    assert found.df == 14 and found.statistic == pytest.approx(35.1061288689702, rel=1e-5)
    assert found.p == pytest.approx(0.00141778113856683, rel=1e-4)


def likelihood(free, values):
    """Minus the log likelihood of a normal model in three columns, row by row over what each row has."""
    factor = np.zeros((3, 3))
    factor[np.tril_indices(3)] = free[3:]
    covariance, total = factor @ factor.T + 1e-9 * np.eye(3), 0.0
    for row in values:
        seen = ~np.isnan(row)
        total -= multivariate_normal.logpdf(row[seen], free[:3][seen], covariance[np.ix_(seen, seen)])
    return total


def test_the_fit_is_the_largest_likelihood():
    rng = np.random.default_rng(0)
    values = rng.multivariate_normal([0, 1, -1], [[1, 0.6, 0.2], [0.6, 1, -0.3], [0.2, -0.3, 1]], size=60)
    values[rng.random(values.shape) < 0.2] = np.nan
    values = values[~np.isnan(values).all(axis=1)]
    mean, covariance, _ = fit_normal(sums_of(values), 1e-10, 2000)
    fitted = np.concatenate([mean, np.linalg.cholesky(covariance)[np.tril_indices(3)]])
    assert np.abs(approx_fprime(fitted, likelihood, 1e-6, values)).max() < 1e-3 * len(values)
    away = np.concatenate([np.nanmean(values, axis=0), np.linalg.cholesky(covariance)[np.tril_indices(3)]])
    assert np.abs(approx_fprime(away, likelihood, 1e-6, values)).max() > 1e-2 * len(values)


def tables(kind, n_tables, rng):
    """Tables of 400 rows and 4 columns that go together, with long tails, and gaps by chance or by the second column."""
    factor = np.linalg.cholesky(0.5 * np.eye(4) + 0.5)
    for _ in range(n_tables):
        values = np.exp(rng.normal(size=(400, 4)) @ factor.T)
        share = 0.2 if kind == "chance" else np.where(values[:, [1]] > 1, 0.35, 0.05)
        gaps = rng.random(values.shape) < share
        gaps[:, 1] = False
        yield np.where(gaps, np.nan, values)


def test_p_is_uniform_where_gaps_are_by_chance_and_small_where_they_are_not():
    rng = np.random.default_rng(0)
    chance = [little_test(sums_of(normal_scores(ranks_by_column(t)[0]))).p for t in tables("chance", 200, rng)]
    assert kstest(chance, "uniform").pvalue > 0.01 and np.mean(np.array(chance) <= 0.05) <= 0.09
    follows = [little_test(sums_of(normal_scores(ranks_by_column(t)[0]))).p for t in tables("follows", 40, rng)]
    assert np.mean(np.array(follows) <= 0.01) >= 0.95


@pytest.mark.parametrize("n_columns", [3, 31, 40, 130])
def test_patterns_are_the_distinct_rows(n_columns):
    rng = np.random.default_rng(n_columns)
    mask = rng.random((500, n_columns)) < 2 / n_columns
    pattern, shapes = patterns(list(mask.T))
    assert np.array_equal(shapes[pattern], mask) and len(shapes) == len(np.unique(mask, axis=0))
    assert not shapes[0].any() or mask.any(axis=1).all()
    assert packed(list(mask.T)).shape == (-(-n_columns // 64), 500)
    assert np.array_equal(gram(shapes, np.bincount(pattern)), mask.T.astype(int) @ mask.astype(int))


def test_the_errors_against_a_nested_order_are_counted_and_have_their_null():
    rng = np.random.default_rng(0)
    z, h = [], []
    for _ in range(300):
        mask = rng.random((300, 4)) < np.array([0.05, 0.1, 0.2, 0.4])
        mask = mask[:, np.argsort(mask.sum(axis=0), kind="stable")]
        pattern, shapes = patterns(list(mask.T))
        found = nested_order(shapes, np.bincount(pattern), gram(shapes, np.bincount(pattern)))
        z, h = [*z, found["z"]], [*h, found["h"]]
    by_hand = sum((mask[:, i] & ~mask[:, j]).sum() for i in range(4) for j in range(i + 1, 4))
    assert found["errors"].sum() == by_hand
    assert abs(np.mean(z)) < 0.2 and 0.85 < np.std(z) < 1.15 and found["error"] == pytest.approx(np.std(h), rel=0.3)


def test_holm_is_the_textbook_example():
    """Holm's own steps: .01, .04, .03, .005 give .03, .06, .06, .02; a test that was not made does not count."""
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.01, np.nan, 0.04])) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_areas_of_many_labellings_are_those_of_scikit_learn():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    scores, own, rest = rng.integers(0, 4, (5, 30)), rng.integers(0, 4, (5, 30)), rng.integers(0, 4, (5, 30))
    rows = [np.concatenate([np.repeat(s, o), np.repeat(s, r)]) for s, o, r in zip(scores, own, rest, strict=True)]
    expected = [roc_auc_score(np.arange(len(r)) < o.sum(), r) for r, o in zip(rows, own, strict=True)]
    assert tied_areas(scores.astype(float), own, rest) == pytest.approx(expected)
