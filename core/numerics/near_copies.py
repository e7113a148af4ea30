"""Rows that lie far closer to another row than independent rows of their class do."""

from __future__ import annotations

import numpy as np

from core.numerics.neighbours import nearest

CELLS = 4_000_000
CLOSE = 0.25
SURE = 0.001
EQUAL = 1e-6
MANY = 0.2


def distance_dimension(distances: np.ndarray) -> float:
    """The dimension in which rows seem to be spread, from their three farthest looked-at neighbours.

    For independent rows of a smooth density in m dimensions, ``l · m · ln(d_{l+1} / d_l)`` is exponential with mean 1 for
    every l, independently. The two last of k distances give a Gamma(2) variable per row, whose median is 1.678.

    Parameters
    ----------
    distances : ndarray (n_samples, k)
        Ascending and above zero, k at least 3.

    Returns
    -------
    float
        Infinite where most rows have equal distances, as on a grid.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.random((2000, 3))
    >>> round(distance_dimension(nearest(rows, rows, 10, itself=True)[1]))
    3
    """
    k = distances.shape[1]
    steps = np.log(distances[:, -2:] / distances[:, -3:-1])
    middle = float(np.median(steps @ np.array([k - 2.0, k - 1.0])))
    return 1.678347 / middle if middle > 0 else np.inf


def columns_apart(differences: np.ndarray) -> np.ndarray:
    """How many columns share in a difference between two rows: ``(Σ |δ_j|)² / Σ δ_j²``.

    Parameters
    ----------
    differences : ndarray (…, n_features)
        NaN counts as no difference.

    Returns
    -------
    ndarray (…)
        1 when one column differs, n_features when all differ alike; 1 where none does.

    Examples
    --------
    >>> columns_apart(np.array([[0.0, 3.0, 0.0, 0.0], [1.0, -1.0, 1.0, 1.0]]))
    array([1., 4.])
    """
    size = np.abs(np.nan_to_num(differences))
    largest = size.max(axis=-1, keepdims=True)
    size = size / np.where(largest > 0, largest, 1.0)
    return np.maximum(size.sum(axis=-1) ** 2 / np.maximum((size**2).sum(axis=-1), 1e-300), 1.0)


def different_rows(Z: np.ndarray) -> np.ndarray:
    """The first row of each group of rows that are equal to nine digits, in the order of the rows.

    Rows are compared by one random combination of their columns, which equal rows share and different rows do not.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing, and equals NaN.

    Returns
    -------
    ndarray of int

    Examples
    --------
    >>> different_rows(np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan]]))
    array([0, 1])
    """
    weights = np.random.default_rng(0).normal(size=Z.shape[1])
    mixed = np.empty(len(Z))
    step = max(1, CELLS // Z.shape[1])
    for start in range(0, len(Z), step):
        part = Z[start : start + step].round(9)
        mixed[start : start + step] = (np.where(np.isnan(part), 1e3, part) * weights).sum(axis=1)
    return np.sort(np.unique(mixed, return_index=True)[1])


def near_copies(Z: np.ndarray, rows: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """Find pairs of different rows that chance would hardly put so close.

    For neighbours at distances d_1 ≤ … ≤ d_k of a row among independent rows, the chance that d_l is at most r times d_k is
    at most ``(k − 1) r^m`` in m dimensions. Here m is the smaller of the dimension of the whole (``distance_dimension``) and of
    the columns that share in the difference of the pair (``columns_apart``): rows that differ in one column only are
    never said to be close by more than that column can tell. Where many rows are suspect by the second alone, the dimension
    of the whole is taken from one row of each suspect group: copies would hide it.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        Different rows; NaN is missing.
    rows : ndarray (n_rows,)
        The rows to look at.
    k : int
        Neighbours, fewer than n_samples and at least 3.

    Returns
    -------
    dict of str to ndarray
        One entry per pair: ``row``, ``other`` (both rows of Z), ``distance``, ``typical`` (d_k), ``chance``. Pairs with distance
        at most ``CLOSE · d_k`` and chance at most ``SURE``.
    """
    indices, distances = _others(Z, rows, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(distances > EQUAL, distances / distances[:, -1:], np.inf)
    row, place = np.nonzero(ratio[:, :-1] <= CLOSE)
    ratio, other, apart = ratio[row, place], indices[row, place], np.empty(len(row))
    step = max(1, CELLS // Z.shape[1])
    for start in range(0, len(row), step):
        part = slice(start, start + step)
        apart[part] = columns_apart(Z[rows[row[part]]] - Z[other[part]])
    suspect = (k - 1) * ratio**apart <= SURE
    dimension = _dimension(distances)
    if len(np.unique(row[suspect])) >= MANY * len(rows):
        kept = _one_of_each(len(Z), rows[row[suspect]], other[suspect])
        fewer = min(k, len(kept) - 1)
        dimension = (
            _dimension(_others(Z[kept], np.flatnonzero(np.isin(kept, rows)), fewer)[1]) if fewer >= 3 else np.inf
        )
    chance = np.minimum((k - 1) * ratio ** np.minimum(apart, dimension), 1.0)
    sure = chance <= SURE
    row, place = row[sure], place[sure]
    found = {"row": rows[row], "other": other[sure], "distance": distances[row, place]}
    return found | {"typical": distances[row, -1], "chance": chance[sure]}


def _others(Z: np.ndarray, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest rows of Z to some of its rows, which are not their own neighbours."""
    indices, distances = nearest(Z[rows], Z, k + 1)
    itself = indices == rows[:, None]
    itself[~itself.any(axis=1), -1] = True
    return indices[~itself].reshape(-1, k), distances[~itself].reshape(-1, k)


def _dimension(distances: np.ndarray) -> float:
    usable = (distances[:, 0] > EQUAL) & np.isfinite(distances[:, -1])
    return distance_dimension(distances[usable]) if usable.any() else 1.0


def _one_of_each(n: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The first row of each group of rows that chains of pairs join; rows without a pair stay."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    group = connected_components(coo_array((np.ones(len(first)), (first, second)), shape=(n, n)), directed=False)[1]
    return np.sort(np.unique(group, return_index=True)[1])
