"""How far classes spread along columns: moments per class, Brown–Forsythe tests, logarithms of variance ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

FEWEST = 5
"""Values of a class in a column that a spread needs."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Moments per class and column, each (n_classes, n_features).

    Parameters
    ----------
    n : ndarray
        Values that are there.
    variance : ndarray
        With n − 1; NaN for fewer than five values.
    error : ndarray
        Standard error of the logarithm of the variance, ``√((kurtosis − (n − 3) / (n − 1)) / n)``; NaN where the variance is 0.
    deviation, deviation_squares : ndarray
        Mean distance from the class median, and the sum of squares around it.
    """

    n: np.ndarray
    variance: np.ndarray
    error: np.ndarray
    deviation: np.ndarray
    deviation_squares: np.ndarray


def spread(X: np.ndarray, codes: np.ndarray, n_classes: int) -> Spread:
    """Measure the spread of each column within each class.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        NaN is missing.
    codes : ndarray of int (n_samples,)
    n_classes : int
    """
    shape = (n_classes, X.shape[1])
    n, variance, error = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
    deviation, squares = np.full(shape, np.nan), np.full(shape, np.nan)
    for c in range(n_classes):
        rows = X[codes == c]
        n[c] = (~np.isnan(rows)).sum(axis=0)
        kept = np.flatnonzero(n[c] >= FEWEST)
        if not len(kept):
            continue
        rows, m = rows[:, kept], n[c, kept]
        whole = m.min() == len(rows)
        centred = rows - (rows.mean(axis=0) if whole else np.nanmean(rows, axis=0))
        sums = np.nansum(centred**2, axis=0)
        variance[c, kept] = sums / (m - 1)
        fourth = np.nansum(centred**4, axis=0)
        kurtosis = np.divide(m * fourth, sums**2, out=np.full(len(kept), np.nan), where=sums > 0)
        error[c, kept] = np.sqrt(np.maximum(kurtosis - (m - 3) / (m - 1), 0) / m)
        away = np.abs(rows - (np.median(rows, axis=0) if whole else np.nanmedian(rows, axis=0)))
        deviation[c, kept] = np.nansum(away, axis=0) / m
        squares[c, kept] = np.nansum((away - deviation[c, kept]) ** 2, axis=0)
    return Spread(n, variance, error, deviation, squares)


def brown_forsythe(s: Spread, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Test pairs of classes for equal spread: the F statistic of distances from the class medians.

    Parameters
    ----------
    s : Spread
    a, b : ndarray of int (n_pairs,)
        The classes of each pair.

    Returns
    -------
    statistic, p : ndarray (n_pairs, n_features)
        NaN where a class has fewer than five values; where no value deviates, the statistic is 0.

    References
    ----------
    Brown and Forsythe (1974), Journal of the American Statistical Association 69.
    """
    n = s.n[a] + s.n[b]
    within = s.deviation_squares[a] + s.deviation_squares[b]
    between = s.n[a] * s.n[b] / np.maximum(n, 1) * (s.deviation[a] - s.deviation[b]) ** 2
    flat = ~(within > 0)
    statistic = np.where(between > 1e-12, np.inf, 0.0)
    np.divide((n - 2) * between, within, out=statistic, where=~flat)
    statistic[np.isnan(within)] = np.nan
    p = np.where(np.isinf(statistic), 0.0, fdtrc(1, np.maximum(n - 2, 1), np.minimum(np.nan_to_num(statistic), 1e12)))
    return statistic, np.where(np.isnan(statistic), np.nan, p)


def holm(p: np.ndarray) -> np.ndarray:
    """Probabilities corrected for how many were looked at (Holm); NaN stays and does not count.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    flat = p.ravel()
    seen = np.flatnonzero(~np.isnan(flat))
    order = seen[np.argsort(flat[seen], kind="stable")]
    steps = np.maximum.accumulate(flat[order] * np.arange(len(order), 0, -1))
    corrected = np.full(len(flat), np.nan)
    corrected[order] = np.minimum(steps, 1.0)
    return corrected.reshape(p.shape)


def against_others(s: Spread) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of each class's variance over the mean variance within the other classes, and its standard error.

    Returns
    -------
    ratio, error : ndarray (n_classes, n_features)
        NaN where either variance is missing or 0.
    """
    degrees = np.where(np.isnan(s.variance), 0.0, np.maximum(s.n - 1, 0))
    sums = degrees * np.nan_to_num(s.variance)
    noise = (degrees * np.nan_to_num(s.variance) * np.nan_to_num(s.error)) ** 2
    others, left = sums.sum(axis=0) - sums, degrees.sum(axis=0) - degrees
    there = (others > 1e-300) & (np.nan_to_num(s.variance) > 0) & (left > 0)
    mean = np.divide(others, left, out=np.full(others.shape, np.nan), where=there)
    ratio = np.log(np.where(there, s.variance, 1.0) / np.where(there, mean, 1.0))
    square = np.divide(noise.sum(axis=0) - noise, others**2, out=np.zeros(others.shape), where=there)
    error = np.sqrt(np.nan_to_num(s.error) ** 2 + np.maximum(square, 0))
    return np.where(there, ratio, np.nan), np.where(there, error, np.nan)
