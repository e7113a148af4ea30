"""The smallest and the largest cell of each column, and cutting columns at them, without a loop over short rows."""

from __future__ import annotations

import numpy as np

FOLD = 16
"""Rows that are treated as one long row where rows lie one after the other in memory."""


def column_ends(values: np.ndarray) -> np.ndarray:
    """Smallest and largest cell of each column.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
        NaN is missing.

    Returns
    -------
    ndarray (2, n_features)
        NaN where a column is empty.

    Examples
    --------
    >>> column_ends(np.array([[1.0, np.nan], [np.nan, 3.0], [2.0, 4.0]])).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    n, p = values.shape
    ends = np.full((2, p), np.nan)
    if not values.size:
        return ends
    body = n // FOLD * FOLD if p and values.flags.c_contiguous else 0
    for end, least in zip(ends, (np.fmin, np.fmax), strict=True):
        if body:
            end[:] = least.reduce(least.reduce(values[:body].reshape(-1, FOLD * p), axis=0).reshape(FOLD, p), axis=0)
        if body < n:
            end[:] = least(end, least.reduce(values[body:], axis=0))
    return ends


def cut(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Cut each column at a smallest and a largest value, in place; NaN stays.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
    low, high : ndarray (n_features,)

    Examples
    --------
    >>> cells = np.array([[0.0, 5.0], [2.0, np.nan]])
    >>> cut(cells, np.array([1.0, 1.0]), np.array([3.0, 3.0]))
    >>> cells.tolist()
    [[1.0, 3.0], [2.0, nan]]
    """
    n, p = values.shape
    body = n // FOLD * FOLD if p and values.flags.c_contiguous else 0
    if body:
        folded = values[:body].reshape(-1, FOLD * p)
        np.maximum(folded, np.tile(low, FOLD), out=folded)
        np.minimum(folded, np.tile(high, FOLD), out=folded)
    rest = values[body:]
    np.maximum(rest, low, out=rest)
    np.minimum(rest, high, out=rest)
