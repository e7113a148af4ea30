"""Judge a number: exact intervals, nulls at the same class sizes, paired differences over repeated folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Judged:
    """A statistic beside its null.

    Parameters
    ----------
    value : float
        The statistic on the table.
    null : float
        Its mean where nothing but chance is at work, at the same class sizes.
    null_low, null_high : float
        The central 95 % of the null.
    p : float
        The share of null draws at least as large as the value, with one added to both counts.
    """

    value: float
    null: float
    null_low: float
    null_high: float
    p: float


def proportion_interval(
    k: np.ndarray | float, n: np.ndarray | float, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Exact (Clopper–Pearson) interval of a proportion.

    Parameters
    ----------
    k, n : int or ndarray
        Successes and trials, of the same shape. With no trials the interval is 0 to 1.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26.
    """
    from scipy.special import betaincinv

    k, n = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, 1e-9), n - k + 1, tail), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1e-9), 1 - tail), 1.0)
    return low, high


def difference_interval(
    k: np.ndarray | float, n: np.ndarray | float, other_k: np.ndarray | float, other_n: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the difference of two independent proportions, ``k / n − other_k / other_n``.

    Newcombe's hybrid: with the Wilson limits l and u of each proportion p, the limits are
    ``d − √((p − l)² + (u′ − p′)²)`` and ``d + √((u − p)² + (p′ − l′)²)``, at ``LEVEL``.

    Parameters
    ----------
    k, n : int or ndarray
        Successes and trials, at least one.
    other_k, other_n : int or ndarray
        Those of the other proportion.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, method 10.
    """
    first, second = (
        (np.asarray(k, float), np.asarray(n, float)),
        (np.asarray(other_k, float), np.asarray(other_n, float)),
    )
    (p, low, high), (other, other_low, other_high) = _wilson(*first), _wilson(*second)
    below = np.sqrt((p - low) ** 2 + (other_high - other) ** 2)
    return p - other - below, p - other + np.sqrt((high - p) ** 2 + (other - other_low) ** 2)


def wilson_interval(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of a proportion at ``LEVEL``: quick for many proportions; ``n`` is at least 1.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22.
    """
    return _wilson(np.asarray(k, dtype=float), np.asarray(n, dtype=float))[1:]


def _wilson(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.special import ndtri

    z = -float(ndtri((1 - LEVEL) / 2))
    p, middle = k / n, (k + z**2 / 2) / (n + z**2)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return p, middle - reach, middle + reach


def weighted_count_interval(weight: np.ndarray, largest: float) -> tuple[float, float]:
    """Interval of a number of rows of a table that a sample of them stands for.

    With v the sum of the squared weights, y that of the weights and w the largest, the limits of Fay and Feuer for a sum of
    weighted Poisson counts: ``v / (2 y) · χ²(α/2; 2 y² / v)`` and ``(v + w²) / (2 (y + w)) · χ²(1 − α/2; 2 (y + w)² / (v + w²))``. Rows
    of weight 1 were not sampled: they are counted, and nothing about them is uncertain.

    Parameters
    ----------
    weight : ndarray (n_found,)
        How many rows of the table each row that was found stands for.
    largest : float
        The largest weight that a row of the sample has, found or not; 1 when the sample is the table.

    Returns
    -------
    low, high : float

    References
    ----------
    Fay and Feuer (1997), Statistics in Medicine 16.
    """
    from scipy.stats import chi2

    drawn, counted, tail = weight[weight > 1], float((weight <= 1).sum()), (1 - LEVEL) / 2
    if largest <= 1:
        return counted, counted
    y, v = float(drawn.sum()), float((drawn**2).sum())
    low = v / (2 * y) * chi2.ppf(tail, 2 * y**2 / v) if y else 0.0
    more, spread = y + largest, v + largest**2
    return counted + float(low), counted + float(spread / (2 * more) * chi2.isf(tail, 2 * more**2 / spread))


def fold_interval(
    values: np.ndarray, test_share: float, level: float = LEVEL, n_comparisons: int = 1
) -> tuple[float, float, float]:
    """Mean over repeated folds with the corrected resampled t interval.

    The variance of the mean is ``(1/J + n_test/n_train) · s²`` over J folds: folds share training rows, and the
    plain ``s²/J`` would be too small.

    Parameters
    ----------
    values : ndarray (n_folds_in_all,)
        One score, or one paired difference, per fold; NaN folds are left out.
    test_share : float
        ``n_test / n_train``.
    level : float
        Coverage of all intervals together.
    n_comparisons : int
        How many intervals are read together; the level of each is raised accordingly (Bonferroni).

    Returns
    -------
    mean, low, high : float
        ``low`` and ``high`` are NaN with fewer than two folds.

    References
    ----------
    Nadeau and Bengio (2003), Machine Learning 52.
    """
    from scipy.special import stdtrit

    values = values[~np.isnan(values)]
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) < 2:
        return mean, np.nan, np.nan
    error = np.sqrt((1 / len(values) + test_share) * values.var(ddof=1))
    reach = float(stdtrit(len(values) - 1, 1 - (1 - level) / 2 / n_comparisons) * error)
    return mean, mean - reach, mean + reach


def against_null(value: float, draws: np.ndarray) -> Judged:
    """Compare a statistic with draws of its null; large values count as evidence."""
    draws = np.asarray(draws, dtype=float)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    p = (1 + np.sum(draws >= value)) / (1 + len(draws))
    return Judged(float(value), float(draws.mean()), float(low), float(high), float(p))


def area_null(n_class: int, n_rest: int, n_comparisons: int = 1) -> float:
    """The area under the ROC curve that chance stays below, by the null variance of the rank sum.

    ``1/2 + z √((n_class + n_rest + 1) / (12 n_class n_rest))`` with z for ``LEVEL`` over all comparisons (Bonferroni);
    at most 1.

    Parameters
    ----------
    n_class, n_rest : int
        Rows of the class and of the rest, at least 1.
    n_comparisons : int
        How many areas are read together.

    References
    ----------
    Mann and Whitney (1947), Annals of Mathematical Statistics 18.
    """
    from scipy.special import ndtri

    z = -float(ndtri((1 - LEVEL) / 2 / n_comparisons))
    return min(0.5 + z * float(np.sqrt((n_class + n_rest + 1) / (12 * n_class * n_rest))), 1.0)
