"""The correlation of two normal variables behind two 0/1 columns."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri, owens_t

N_STEPS = 60
PRECISION = 1e-12
EDGE = 1e-9
"""A share so near to the most or the least that its margins allow counts as reaching it."""


def bivariate_normal(h: np.ndarray, k: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Probability that two standard normal variables with a correlation stay below two limits.

    Owen's formula ``Φ₂ = (Φ(h) + Φ(k)) / 2 − T(h, (k/h − ρ)/s) − T(k, (h/k − ρ)/s) − β`` with ``s = √(1 − ρ²)``; β is 1/2 where the limits
    have different signs.

    Parameters
    ----------
    h, k : ndarray
        Finite limits.
    rho : ndarray
        Between −1 and 1, both included.

    References
    ----------
    Owen (1956), Annals of Mathematical Statistics 27.

    Examples
    --------
    >>> round(float(bivariate_normal(0.0, 0.0, 0.5)), 12)  # 1/4 + asin(ρ) / 2π
    0.333333333333
    """
    h, k, rho = np.broadcast_arrays(np.asarray(h, dtype=float), k, rho)
    h, k = np.where(h == 0, 1e-300, h), np.where(k == 0, 1e-300, k)
    s = np.sqrt((1 - rho) * (1 + rho))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        both = (ndtr(h) + ndtr(k)) / 2 - owens_t(h, (k / h - rho) / s) - owens_t(k, (h / k - rho) / s)
    both = both - np.where((h < 0) == (k < 0), 0.0, 0.5)
    both = np.where(rho == 1, ndtr(np.minimum(h, k)), both)
    both = np.where(rho == -1, ndtr(h) + ndtr(k) - 1, both)
    return np.clip(both, 0, 1)


def tetrachoric(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Correlations ρ that solve ``Φ₂(z₁, z₂; ρ) = both``, with ``z = Φ⁻¹(share)``.

    Newton's method on the angle asin(ρ), kept between two bounds that are halved where a step would leave them.

    Parameters
    ----------
    first, second : ndarray (n_pairs,)
        Share of ones in each column.
    both : ndarray (n_pairs,)
        Share of rows that hold a one in both.

    Returns
    -------
    ndarray (n_pairs,)
        1 or −1 where ``both`` is as large or as small as the shares allow; 0 where a column does not vary.

    References
    ----------
    Pearson (1900), Philosophical Transactions A 195. Emrich and Piedmonte (1991), The American Statistician 45.

    Examples
    --------
    >>> tetrachoric(np.array([0.5, 0.3]), np.array([0.5, 0.3]), np.array([1 / 3, 0.3])).round(6).tolist()
    [0.5, 1.0]
    """
    first, second, both = (np.asarray(share, dtype=float) for share in (first, second, both))
    least, most = np.maximum(0, first + second - 1), np.minimum(first, second)
    varies = (first > 0) & (first < 1) & (second > 0) & (second < 1)
    rho = np.where(both >= most - EDGE, 1.0, np.where(both <= least + EDGE, -1.0, 0.0)) * varies
    inside = np.flatnonzero(varies & (rho == 0))
    if len(inside):
        rho[inside] = np.sin(_angle(ndtri(first[inside]), ndtri(second[inside]), both[inside]))
    return rho


def _angle(h: np.ndarray, k: np.ndarray, both: np.ndarray) -> np.ndarray:
    low, high = np.full(len(h), -np.pi / 2), np.full(len(h), np.pi / 2)
    angle, left = np.zeros(len(h)), np.arange(len(h))
    for _ in range(N_STEPS):
        x, y, at = h[left], k[left], angle[left]
        rho, squared = np.sin(at), np.cos(at) ** 2
        miss = bivariate_normal(x, y, rho) - both[left]
        low[left], high[left] = np.where(miss < 0, at, low[left]), np.where(miss < 0, high[left], at)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            slope = np.exp(-(x * x - 2 * rho * x * y + y * y) / (2 * squared)) / (2 * np.pi)
            step = at - miss / slope
        middle = (low[left] + high[left]) / 2
        fits = (step >= low[left]) & (step <= high[left])
        angle[left] = np.where(fits, step, middle)
        moving = (np.abs(angle[left] - at) > PRECISION) & (np.abs(miss) > 1e-15)
        left = left[moving]
        if not len(left):
            break
    return angle
