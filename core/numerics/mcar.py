"""Whether gaps are completely at random: the normal model fitted to rows with gaps, and Little's test on it.

All steps work on sums by pattern of gaps: rows with the same gaps need the same regression of what they lack on what they have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri


@dataclass(frozen=True, eq=False)
class PatternSums:
    """What the normal model needs of the rows of each pattern.

    Parameters
    ----------
    seen : ndarray of bool (n_patterns, n_columns)
        Which columns the rows of a pattern have; at least one.
    sizes : ndarray (n_patterns,)
        Rows.
    sums : ndarray (n_patterns, n_columns)
        Sums of the values, 0 where missing.
    products : ndarray (n_patterns, n_columns, n_columns)
        Sums of products of two values, 0 where either is missing.
    """

    seen: np.ndarray
    sizes: np.ndarray
    sums: np.ndarray
    products: np.ndarray


@dataclass(frozen=True)
class LittleTest:
    """The outcome of Little's test.

    Parameters
    ----------
    statistic : float
        d², the distance of the patterns' means from the common mean.
    df : int
        Degrees of freedom.
    p : float
        The chance of a d² this large when gaps are completely at random.
    n_steps : int
        Steps of the fit.
    """

    statistic: float
    df: int
    p: float
    n_steps: int


def pattern_sums(values: np.ndarray, pattern: np.ndarray) -> PatternSums:
    """Sum rows by pattern.

    Parameters
    ----------
    values : ndarray (n_samples, n_columns)
        NaN where missing, in the same columns for all rows of a pattern.
    pattern : ndarray of int (n_samples,)
        From 0, none left out.
    """
    order = np.argsort(pattern.astype(np.uint16) if pattern.max(initial=0) < 1 << 16 else pattern, kind="stable")
    filled = np.nan_to_num(values[order])
    sizes = np.bincount(pattern)
    start = np.cumsum(sizes) - sizes
    products = np.stack([part.T @ part for part in np.split(filled, start[1:])])
    seen = ~np.isnan(values[order[start]])
    return PatternSums(seen, sizes.astype(float), np.add.reduceat(filled, start, axis=0), products)


def fit_normal(rows: PatternSums, tolerance: float = 1e-5, n_steps: int = 200) -> tuple[np.ndarray, np.ndarray, int]:
    """Mean and covariance of the normal model by maximum likelihood, from rows with gaps (EM).

    Parameters
    ----------
    rows : PatternSums
        Of columns that are roughly of unit scale.
    tolerance : float
        The fit stands when no entry moves by more.
    n_steps : int
        Most steps.

    Returns
    -------
    mean : ndarray (n_columns,)
    covariance : ndarray (n_columns, n_columns)
        Divided by the number of rows.
    n_steps : int
        Steps taken; ``n_steps`` when it did not come to stand.

    References
    ----------
    Dempster, Laird and Rubin (1977), Journal of the Royal Statistical Society B 39. Little and Rubin (2019), section 11.2.
    """
    counts = rows.sizes @ rows.seen
    mean = rows.sums.sum(axis=0) / counts
    spread = np.einsum("kii->i", rows.products) / counts - mean**2
    covariance = np.diag(np.maximum(spread, 1e-12))
    change, taken = np.inf, 0
    while change >= tolerance and taken < n_steps:
        moved_mean, moved = _step(rows, mean, covariance)
        change = max(np.abs(moved_mean - mean).max(), np.abs(moved - covariance).max())
        mean, covariance, taken = moved_mean, moved, taken + 1
    return mean, covariance, taken


def _step(rows: PatternSums, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step: fill each pattern by its regression on what it has, with the variance that remains."""
    n, at = rows.sizes.sum(), mean * rows.seen
    regression = covariance @ _inverse(rows.seen, covariance)
    crossed = rows.sums[:, :, None] * at[:, None, :]
    scatter = rows.products - crossed - crossed.transpose(0, 2, 1)
    scatter += rows.sizes[:, None, None] * at[:, :, None] * at[:, None, :]
    moved = (regression @ (rows.sums - rows.sizes[:, None] * at)[:, :, None])[:, :, 0].sum(axis=0) / n
    total = (regression @ scatter @ regression.transpose(0, 2, 1)).sum(axis=0) / n
    left = covariance - np.tensordot(rows.sizes, regression, axes=1) @ covariance / n
    covariance = total + (left + left.T) / 2 - np.outer(moved, moved)
    return mean + moved, (covariance + covariance.T) / 2


def _inverse(seen: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Inverse of the seen part of the covariance for each pattern, 0 elsewhere (n_patterns, n_columns, n_columns)."""
    both = seen[:, :, None] & seen[:, None, :]
    lacking = np.eye(len(covariance)) * ~seen[:, None, :]
    return np.linalg.inv(np.where(both, covariance, 0.0) + lacking) * both


def little_test(rows: PatternSums, tolerance: float = 1e-5, n_steps: int = 200) -> LittleTest:
    """Little's test of gaps that are completely at random.

    With n_k rows of pattern k, their mean ȳ_k over the p_k columns that they have, and the maximum likelihood mean μ and covariance Σ of
    the normal model: ``d² = Σ_k n_k (ȳ_k − μ_k)ᵀ Σ_k⁻¹ (ȳ_k − μ_k)``, χ² with Σ_k p_k − p degrees of freedom.

    Parameters
    ----------
    rows : PatternSums
        At least two patterns.
    tolerance, n_steps
        See ``fit_normal``.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83.
    """
    mean, covariance, steps = fit_normal(rows, tolerance, n_steps)
    apart = (rows.sums / rows.sizes[:, None] - mean) * rows.seen
    inverse = _inverse(rows.seen, covariance)
    statistic = float(np.einsum("k,ki,kij,kj->", rows.sizes, apart, inverse, apart, optimize=True))
    df = int(rows.seen.sum()) - rows.seen.shape[1]
    return LittleTest(statistic, df, float(chdtrc(df, statistic)), steps)


def normal_scores(ranks: np.ndarray) -> np.ndarray:
    """The normal quantiles of the ranks of each column (n_samples, n_columns).

    Parameters
    ----------
    ranks : ndarray (n_samples, n_columns)
        Mid-ranks from 1; 0 where missing, which gives NaN.

    References
    ----------
    van der Waerden (1952), Proceedings of the Koninklijke Nederlandse Akademie van Wetenschappen A 55.
    """
    return np.where(ranks > 0, ndtri(ranks / ((ranks > 0).sum(axis=0) + 1)), np.nan)


def independent_columns(values: np.ndarray, left: float = 1e-3) -> np.ndarray:
    """The columns that do not follow from those before them.

    Parameters
    ----------
    values : ndarray (n_samples, n_columns)
        NaN where missing; columns are standardised, and gaps count as the mean.
    left : float
        The share of a column's variance that must not follow from the columns kept so far.

    Returns
    -------
    ndarray of int (n_kept,)
    """
    filled = np.nan_to_num(values - np.nanmean(values, axis=0))
    products, kept = filled.T @ filled, []
    rest = products.copy()  # products of what does not follow from the columns kept so far
    for j, size in enumerate(np.diag(products)):
        if size > 0 and rest[j, j] > left * size:
            kept.append(j)
            rest = rest - np.outer(rest[j], rest[j]) / rest[j, j]
    return np.array(kept, dtype=int)
