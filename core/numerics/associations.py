"""How columns of numbers and of levels go together, all pairs at once."""

from __future__ import annotations

import numpy as np

FEWEST = 3
"""Rows in which both cells are filled, below which nothing is said of a pair."""


def associations(numbers: np.ndarray, levels: np.ndarray, n_levels: int) -> np.ndarray:
    """The association of every pair of columns: correlations of numbers, Cramér's V of levels, the correlation ratio of both.

    Each over the rows in which both cells are filled. φ of two 0/1 columns of numbers is their correlation.

    Parameters
    ----------
    numbers : ndarray (n, p)
        NaN is missing.
    levels : ndarray of int (n, q)
        From 0 to ``n_levels − 1``; −1 is missing.
    n_levels : int

    Returns
    -------
    ndarray (p + q, p + q)
        Numbers come first; NaN where it is not known.

    References
    ----------
    Cramér (1946), Mathematical Methods of Statistics. Pearson (1905), for the correlation ratio.
    """
    p, q = numbers.shape[1], levels.shape[1]
    seen = ~np.isnan(numbers)
    filled = np.where(seen, np.clip(numbers, -1e100, 1e100), 0.0)
    n = np.maximum(seen.sum(axis=0), 1)
    filled = np.where(seen, filled - filled.sum(axis=0) / n, 0.0)
    unit = np.abs(filled).max(axis=0, initial=0.0)
    filled /= np.where(unit > 0, unit, 1.0)
    marks = (levels[:, :, None] == np.arange(n_levels)).reshape(len(levels), -1).astype(float)
    found = np.full((p + q, p + q), np.nan)
    found[:p, :p] = _correlations(filled, seen.astype(float))
    found[p:, :p] = _ratios(filled, seen.astype(float), marks, (q, n_levels, p))
    found[:p, p:] = found[p:, :p].T
    found[p:, p:] = _cramer(marks.T @ marks, q, n_levels)
    return found


def _correlations(filled: np.ndarray, seen: np.ndarray) -> np.ndarray:
    n, sums, squares = seen.T @ seen, filled.T @ seen, (filled**2).T @ seen
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / n
        spread = np.sqrt(np.maximum(squares / n - mean**2, 0))
        found = (filled.T @ filled / n - mean * mean.T) / (spread * spread.T)
    return np.where((n >= FEWEST) & (spread * spread.T > 1e-12), np.clip(found, -1, 1), np.nan)


def _ratios(filled: np.ndarray, seen: np.ndarray, marks: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Correlation ratios (q, p): the root of the share of a number's variance that lies between levels."""
    sizes, sums, squares = ((marks.T @ side).reshape(shape) for side in (seen, filled, filled**2))
    n = sizes.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = sums.sum(axis=1) ** 2 / n
        between = np.where(sizes > 0, sums**2 / sizes, 0.0).sum(axis=1) - middle
        total = squares.sum(axis=1) - middle
        found = np.sqrt(np.clip(between / total, 0, 1))
    return np.where((n >= FEWEST) & ((sizes > 0).sum(axis=1) > 1) & (total > 1e-12), found, np.nan)


def _cramer(counts: np.ndarray, q: int, n_levels: int) -> np.ndarray:
    """Cramér's V (q, q) from the counts (q n_levels, q n_levels) of all pairs of levels."""
    table = counts.reshape(q, n_levels, q, n_levels).transpose(0, 2, 1, 3)
    rows, columns, n = table.sum(axis=3), table.sum(axis=2), table.sum(axis=(2, 3))
    expected = rows[..., None] * columns[..., None, :] / np.maximum(n, 1)[..., None, None]
    chi = np.where(expected > 0, (table - expected) ** 2 / np.where(expected > 0, expected, 1), 0.0).sum(axis=(2, 3))
    smaller = np.minimum((rows > 0).sum(axis=2), (columns > 0).sum(axis=2)) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((n > 0) & (smaller > 0), np.sqrt(chi / n / np.maximum(smaller, 1)), np.nan)
