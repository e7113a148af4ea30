"""The nearest other rows of each of some thousand rows with gaps, quickly: which rows they are is exact, distances are not told."""

from __future__ import annotations

import numpy as np

from core.numerics import neighbour_search

BLOCK, CROWDED, DECIMALS = 200_000, 16, 13
"""Cells of a block of pairs, so that it stays in the processor's own memory; times as many rows as are looked for at which looking more
closely is left to another search; decimals (of the square of the largest value) within which two squared distances are equal."""

GROUPS, GROUP = 8, 16
"""Groups of columns per row that is looked for, at least; columns of a group otherwise. Their minima are looked at first."""

HALF, FAR = float(np.finfo(np.float32).eps) / 2, 1e30
"""Rounding of single precision; the key of rows that share no column."""


COMPILED_FROM, MOST = 20_000_000, 50_000_000
"""Pairs from which rows with gaps are left to the compiled search, as loading it costs half a second; and from which all rows are left to
another search."""


def nearest_others(Z: np.ndarray, k: int, fewest: float = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the k nearest other rows of each row, among those that share so many filled columns with it.

    The squared distance is the mean of ``(a − b)²`` over the columns that are filled in both rows. Pairs are ranked in single precision;
    where its rounding, bounded from above, may decide which rows are among the nearest, the rows in question are measured in
    double precision, with a toss between rows at one distance.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        Scaled, so that no cell is huge; NaN is missing. One column at least.
    k : int
        Below ``n_samples``.
    fewest : float
        Columns that must be filled in both rows; 1 at least.
    seed : int
        Of the toss.

    Returns
    -------
    near : ndarray of int (n_samples, k)
        Nearest first, to single precision; rows that share too few columns come last.
    enough : ndarray of int (n_samples,)
        How many share so many. Instead of both, None where there are so many rows, or so many at one distance, that this is not the
        way to find them.

    Examples
    --------
    >>> nearest_others(np.array([[0.0], [1.0], [3.0], [np.nan]]), 1)[0][:3].ravel().tolist()
    [1, 0, 1]
    """
    n, near, enough = len(Z), np.empty((len(Z), k), dtype=np.intp), np.full(len(Z), k)
    if n**2 >= COMPILED_FROM and (n**2 >= MOST or np.isnan(Z).any()):
        return _compiled(Z, k, fewest, seed) if n**2 < MOST else None
    left, right, masks, length = _factors(Z)
    step, reach = -(-n // -(-n * n // BLOCK)), (left.shape[1] + 8) * HALF
    room = np.empty((2, min(step, n) * n), dtype=np.float32)
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        keys = room[0].reshape(-1, n)[: part.stop - start]
        np.matmul(left[part], right, out=keys)
        if masks is not None:
            _per_column(keys, masks[0][part], masks[1], fewest, room[1])
        keys.reshape(-1)[start :: n + 1][: len(keys)] = np.inf
        columns, last, beyond = _lowest(keys, k)
        near[part] = columns
        size = length[part]
        blur = (
            2
            * reach
            * (6 * size / (1 if masks is None else fewest) + 4 * np.abs(last + (size if masks is None else 0.0)))
        )
        unclear = np.flatnonzero((beyond - last < blur) & (last < FAR / 2))
        if masks is not None:
            few = np.flatnonzero(last >= FAR / 2)
            enough[start + few] = (np.take_along_axis(keys[few], columns[few], axis=1) < FAR / 2).sum(axis=1)
        if len(unclear):
            row, column = np.nonzero(keys[unclear] <= (last + blur)[unclear, None])
            if len(row) > CROWDED * (k + 1) * max(64, part.stop - start):
                return None
            near[start + unclear] = _settled(Z, start + unclear, row, column, k, seed + start)
    return near, enough


def _compiled(Z: np.ndarray, k: int, fewest: float, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The same by the compiled search, where numba is installed."""
    compiled = neighbour_search._compiled()
    if compiled is None:
        return None
    own, none = np.arange(len(Z)), np.empty((len(Z), 0), dtype=np.int32)
    near, _, unclear = compiled.search(Z, Z, k, own, (none, none), seed)
    seen, enough = ~np.isnan(Z), np.full(len(Z), k)
    filled = seen.sum(axis=1)
    row, column = np.nonzero(filled[near] < (fewest + Z.shape[1] - filled)[:, None])  # the rest must share enough
    unclear[row[(seen[near[row, column]] & seen[row]).sum(axis=1) < fewest]] = True
    unclear = np.flatnonzero(unclear)
    if len(unclear) * len(Z) > 5 * BLOCK:
        return None
    near[unclear], enough[unclear] = nearest_sharing(Z, unclear, k, fewest, seed)
    return near, enough


def _factors(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None, np.ndarray]:
    """Matrices whose product is the sum of squares, of gappy columns and of whole ones up to a constant of the row where none is gappy;
    matrices whose product is the number of shared columns; squared lengths of rows."""
    missing = np.isnan(Z)
    gappy, n = missing.any(axis=0), len(Z)
    if not gappy.any():
        a = Z - Z.mean(axis=0)
        length = np.einsum("ij,ij->i", a, a)
        left = np.hstack([a, np.ones((n, 1))]).astype(np.float32)
        right = np.vstack([-2 * a.T, length]).astype(np.float32)
        return left, right, None, length
    order = np.argsort(gappy, kind="stable")
    seen = ~missing[:, order]
    a = np.where(seen, Z[:, order], 0.0)
    a -= a.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    a *= seen
    length, n_whole = np.einsum("ij,ij->i", a, a), int((~gappy).sum())
    a, part, ones = a.astype(np.float32), slice(n_whole, None), np.ones((n, 1), dtype=np.float32)
    square, there = a[:, part] ** 2, seen[:, part].astype(np.float32)
    size = (a[:, :n_whole] ** 2).sum(axis=1, keepdims=True)
    left = np.hstack([a, square, there, size, ones][: 5 if n_whole else 3])
    right = np.hstack([-2 * a, there, square, ones, size][: 5 if n_whole else 3])
    masks = [there, there] if not n_whole else [np.hstack([there, n_whole * ones]), np.hstack([there, ones])]
    return left, np.ascontiguousarray(right.T), (masks[0], np.ascontiguousarray(masks[1].T)), length


def _per_column(keys: np.ndarray, left: np.ndarray, right: np.ndarray, fewest: float, room: np.ndarray) -> None:
    """Divide sums by the number of shared columns, in place; rows that share too few are far away."""
    shared = room.reshape(-1, right.shape[1])[: len(keys)]
    np.matmul(left, right, out=shared)
    few = np.flatnonzero(shared < fewest)
    cells, counts = keys.reshape(-1), shared.reshape(-1)
    cells[few], counts[few] = FAR, 1
    keys /= shared


def _lowest(keys: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of the k lowest keys of each row, in order, the last of these keys, and the one after it.

    The minima of groups of columns give a level that more than k keys do not exceed, and few more do not.
    """
    n_rows, n = keys.shape
    n_groups = max(GROUPS * (k + 1), n // GROUP)
    if n >= 4 * n_groups:
        body = keys[:, : n // n_groups * n_groups].reshape(n_rows, -1, n_groups)
        level = np.partition(body.min(axis=1), k, axis=1)[:, k]
        flat = np.flatnonzero(keys <= level[:, None])
        row = flat // n
        counts = np.bincount(row, minlength=n_rows)
        width = counts.max()
        if width <= 4 * (k + 1):
            place = np.arange(len(flat)) + np.repeat(width * np.arange(n_rows) - np.cumsum(counts) + counts, counts)
            columns, low = np.empty(n_rows * width, dtype=np.intp), np.full(n_rows * width, np.inf, dtype=keys.dtype)
            columns[place], low[place] = flat - row * n, keys.ravel()[flat]
            return _ordered(columns.reshape(n_rows, width), low.reshape(n_rows, width), k)
    columns = np.argpartition(keys, min(k, n - 1), axis=1)[:, : k + 1]
    return _ordered(columns, np.take_along_axis(keys, columns, axis=1), k)


def _ordered(columns: np.ndarray, keys: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.argsort(keys, axis=1)[:, : k + 1]
    order += (keys.shape[1] * np.arange(len(keys)))[:, None]
    low = keys.ravel()[order[:, k - 1 :]].astype(np.float64)
    return columns.ravel()[order[:, :k]], low[:, 0], low[:, 1]


def _settled(Z: np.ndarray, rows: np.ndarray, row: np.ndarray, column: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The k nearest of the pairs of each row, measured in double precision."""
    gap = Z[column] - Z[rows[row]]
    seen = ~np.isnan(gap)
    gap[~seen] = 0.0
    shared, unit = seen.sum(axis=1), np.nanmax(np.abs(Z), initial=0.0) or 1.0
    d = np.einsum("ij,ij->i", gap, gap) / np.maximum(shared, 1) / unit**2
    toss = np.random.default_rng(seed).random(len(row))
    order = np.lexsort((toss, np.where(shared > 0, np.round(d, DECIMALS), np.inf), row))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    return column[order[place < k]].reshape(-1, k)


def nearest_sharing(
    Z: np.ndarray, rows: np.ndarray, k: int, fewest: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Find, for a few rows, the k nearest others of those that share so many filled columns; measured in double precision.

    Parameters
    ----------
    Z, k, seed
        As in ``nearest_others``.
    rows : ndarray of int (n_asked,)
        Which rows; their products with all others are held in memory.
    fewest : float
        Columns that must be filled in both rows.

    Returns
    -------
    near : ndarray of int (n_asked, k)
        Nearest first; rows that share too few columns come last.
    enough : ndarray of int (n_asked,)
        How many share so many.

    Examples
    --------
    >>> Z = np.array([[0.0, 0.0], [9.0, 9.0], [0.1, np.nan]])
    >>> [found.tolist() for found in nearest_sharing(Z, np.array([0]), 2, 2)]
    [[[1, 2]], [1]]
    """
    missing, n = np.isnan(Z), len(Z)
    seen, filled = (~missing).astype(np.float32), np.where(missing, 0.0, Z)
    filled /= np.abs(filled).max(initial=0.0) or 1.0
    own, here, rng = filled[rows], seen[rows], np.random.default_rng(seed)
    d = np.hstack([own**2, here, -2 * own]) @ np.hstack([seen, filled**2, filled]).T
    shared = here @ seen.T
    few = shared < fewest
    d /= np.maximum(shared, 1, out=shared)
    toss = np.lib.stride_tricks.sliding_window_view(10.0**-DECIMALS * rng.random(2 * n), n)
    d += toss[rng.integers(0, n, len(rows))]
    d[few] = FAR
    d[np.arange(len(rows)), rows] = np.inf
    near, _, _ = _lowest(d, k)
    return near, (np.take_along_axis(d, near, axis=1) < FAR).sum(axis=1)
