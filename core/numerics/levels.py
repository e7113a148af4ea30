"""A column as levels: the rank of each cell among the different values, and what follows from counting them."""

from __future__ import annotations

import numpy as np

MISSING = -1


def dense_levels(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number the different values of a column in their order.

    Parameters
    ----------
    values : ndarray of float (n_samples,)
        NaN is missing.

    Returns
    -------
    levels : ndarray of int (n_samples,)
        From 0; ``MISSING`` where the cell is missing.
    distinct : ndarray (n_levels,)
        The values, ascending.
    order : ndarray of int (n_filled,)
        The filled cells, ascending.

    Examples
    --------
    >>> dense_levels(np.array([5.0, 2.0, np.nan, 5.0]))[0].tolist()
    [1, 0, -1, 1]
    """
    order = np.argsort(values)
    order = order[: len(values) - int(np.isnan(values).sum())].astype(np.int32)
    ordered = values[order]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    levels = np.full(len(values), MISSING, dtype=np.int32)
    levels[order] = np.cumsum(new, dtype=np.int32) - 1
    return levels, ordered[new], order


def weight_by_level(levels: np.ndarray, n_levels: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Rows, or their weight, at each level (n_levels,); missing cells do not count.

    Parameters
    ----------
    levels : ndarray of int (n_samples,)
        From 0; ``MISSING`` is missing.
    n_levels : int
    weights : ndarray (n_samples,), optional
        How many rows each one stands for; 0 leaves it out.
    """
    return np.bincount(levels + 1, weights, minlength=n_levels + 1)[1:]


def mid_ranks(levels: np.ndarray, n_levels: int, weights: np.ndarray | None = None) -> np.ndarray:
    """The share of the filled rows below each row, with half of those that are equal to it.

    Parameters
    ----------
    levels : ndarray of int (n_samples,)
        From 0; ``MISSING`` is missing.
    n_levels : int
    weights : ndarray (n_samples,), optional
        How many rows each one stands for; 0 leaves it out of the count.

    Returns
    -------
    ndarray (n_samples,)
        Between 0 and 1, 0.5 on average; NaN where the cell is missing.

    Examples
    --------
    >>> mid_ranks(np.array([1, 0, -1, 1]), 2).round(3).tolist()
    [0.667, 0.167, nan, 0.667]
    """
    size = weight_by_level(levels, n_levels, weights)
    total = size.sum()
    middle = (np.cumsum(size) - size / 2) / total if total else np.full(n_levels, np.nan)
    return np.append(middle, np.nan)[levels]


def quantile_bins(size: np.ndarray, n_bins: int) -> np.ndarray:
    """The bin of each level (n_levels,): the levels themselves when there are few, else about equally full bins.

    Parameters
    ----------
    size : ndarray (n_levels,)
        Rows at each level, in the order of the values.
    n_bins : int
        The most bins.

    Returns
    -------
    ndarray of int (n_levels,)
        From 0, without empty bins.
    """
    if len(size) <= n_bins:
        return np.arange(len(size))
    middle = (np.cumsum(size) - size / 2) / max(size.sum(), 1)
    bins = np.floor(middle * n_bins)
    return np.append(0, np.cumsum(bins[1:] != bins[:-1]))


def frequent_levels(size: np.ndarray, n_kept: int) -> np.ndarray:
    """The place of each level (n_levels,) by frequency; the rarer ones share the place after the last, ``n_kept``."""
    rank = np.empty(len(size), dtype=int)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.minimum(rank, n_kept)


def quantiles_by_class(
    order: np.ndarray, values: np.ndarray, codes: np.ndarray, n_classes: int, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of a column in each class, by the nearest rank.

    Parameters
    ----------
    order : ndarray of int (n_filled,)
        The filled cells, ascending.
    values : ndarray (n_samples,)
    codes : ndarray of int (n_samples,)
        The class of each row.
    n_classes : int
    at : ndarray (n_quantiles,) or (n_classes, n_quantiles)
        Between 0 and 1.

    Returns
    -------
    quantiles : ndarray (n_classes, n_quantiles)
        NaN for a class without a filled cell.
    sizes : ndarray of int (n_classes,)
        Filled cells.
    """
    own = codes[order]
    grouped = values[order[np.argsort(own.astype(np.uint8), kind="stable")]]
    sizes = np.bincount(own, minlength=n_classes)
    start = np.cumsum(sizes) - sizes
    place = np.floor(np.atleast_2d(at) * (sizes[:, None] - 1) + 0.5).astype(int)
    picked = np.append(grouped, np.nan)[
        np.where(sizes[:, None] > 0, start[:, None] + np.maximum(place, 0), len(grouped))
    ]
    return picked, sizes


def median_ranks(sizes: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Between which shares of the ordered values the median lies, by the sign test: (n_classes, 2), near 0.5 for many rows.

    Parameters
    ----------
    sizes : ndarray of int (n_classes,)
        Values in each class.
    level : float
        Coverage.
    """
    from scipy.special import ndtri

    reach = ndtri((1 + level) / 2) / 2 / np.sqrt(np.maximum(sizes, 1))
    return np.clip(np.column_stack([0.5 - reach, 0.5 + reach]), 0, 1)
