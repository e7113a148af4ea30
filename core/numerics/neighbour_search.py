"""The search for nearest rows: candidates in single precision, distances in double precision.

Candidates come from blocks of matrix products and are measured again. Rows at one distance are chosen at random, for each
row anew: rows of text columns have many neighbours at one distance, and the order of the file must not choose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BLOCK_CELLS, PART, N_GROUPS = 1_000_000, 16_384, 256
"""Cells of one block of products; columns of it at most; groups of columns whose minima are looked at first."""

MORE, DIRECTIONS, DECIMALS = 3, 4, 13
"""Candidates beyond k; columns of the random tie-break; decimals (of the square of the
largest value) within which two squared distances are equal."""

COMPILED_FROM, COMPILED_K = 30_000_000, 100
"""Pairs from which, and neighbours up to which, the compiled search pays: loading it costs half a second."""

EXACT_BELOW, WIDE_TIES = 9, 64
"""Columns below which candidates are found in double precision; the tie-break in units of rounding."""


def search(
    A: np.ndarray,
    B: np.ndarray,
    k: int,
    own: np.ndarray,
    seed: int = 0,
    levels: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k nearest rows of B for each row of A; what ``core.numerics.neighbours`` is made of.

    Parameters
    ----------
    A : ndarray (n_a, n_features)
    B : ndarray (n_b, n_features)
        NaN is missing.
    k : int
        At most the rows of B that every row of A may find.
    own : ndarray of int (n_a,)
        The row of B that a row of A may not find, or −1.
    seed : int
        Of the choice among rows at one distance.
    levels : (ndarray (n_a, n_text), ndarray (n_b, n_text)) or None
        Level codes of text columns, -1 where missing; two different levels are 1 apart.

    Returns
    -------
    indices, distances : ndarray (n_a, k)
        Nearest first.
    """
    if levels is None:
        levels = tuple(np.empty((len(side), 0), dtype=np.int32) for side in (A, B))
    compiled = _compiled() if len(A) * len(B) >= COMPILED_FROM and k <= COMPILED_K else None
    quick = A.shape[1] >= EXACT_BELOW or levels[0].shape[1] > 0
    if compiled and A.shape[1] + levels[0].shape[1] > 0:
        indices, squared, unclear = compiled.search(A, B, k, own, levels, seed)
    else:
        indices, squared, unclear = _one_pass((A, B), levels, k, own, seed, np.float32 if quick else np.float64)
        unclear &= quick
    if unclear.any():
        some = (A[unclear], B), (levels[0][unclear], levels[1])
        indices[unclear], squared[unclear] = _one_pass(*some, k, own[unclear], seed, np.float64)[:2]
    return indices, np.sqrt(squared)


def _compiled() -> Any:
    """The compiled search, where numba is installed and takes the options that are asked for."""
    try:
        from core.numerics import neighbour_compiled
    except (ImportError, KeyError):
        return None
    return neighbour_compiled


def _one_pass(
    sides: tuple, levels: tuple, k: int, own: np.ndarray, seed: int, dtype: type
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbours, their squared distances, and the rows for which rounding may have hidden a nearer one."""
    rng = np.random.default_rng(seed)
    A, B = sides
    order = rng.permutation(len(B))
    place = np.append(np.argsort(order), -1)[own]
    B, kept = B[order], min(k + MORE, len(B) - bool((own >= 0).any()))
    levels = levels[0], levels[1][order]
    factors, ties, blur, unit = _factors(A, B, rng, dtype, levels)
    n_columns = A.shape[1] + levels[0].shape[1]
    indices, squared = np.empty((len(A), k), dtype=np.intp), np.empty((len(A), k))
    unclear = np.zeros(len(A), dtype=bool)
    step = max(1, min(BLOCK_CELLS // min(len(B), PART), 4 * BLOCK_CELLS // (kept * max(1, n_columns))))
    room = np.empty((1 + (factors[2] is not None), min(step, len(A)) * min(len(B), PART)), dtype=dtype)
    for start in range(0, len(A), step):
        rows = slice(start, start + step)
        found = _candidates(factors, rows, place[rows], kept, room)
        d, shared = _measured(A[rows], B, found, unit, (levels[0][rows], levels[1]))
        sort = np.lexsort((np.einsum("qd,qkd->qk", ties[0][rows], ties[1][found]), d), axis=1)
        indices[rows] = order[np.take_along_axis(found, sort[:, :k], axis=1)]
        d = np.take_along_axis(d, sort, axis=1)
        squared[rows] = d[:, :k]
        last = np.where(np.isinf(d[:, -1]), d[:, k - 1], d[:, -1]) if kept > k else d[:, k - 1]
        with np.errstate(invalid="ignore"):  # rows that share no column: infinity less infinity
            gap = last - d[:, k - 1]
        unclear[rows] = (gap > 0) & (gap < 2 * blur[rows] * n_columns / np.maximum(shared, 1))
    return indices, squared, unclear


def _factors(A: np.ndarray, B: np.ndarray, rng: np.random.Generator, dtype: type, levels: tuple | None = None) -> tuple:
    """Matrices whose products are squared distances plus a random tie-break, how far it reaches, and the largest value.

    The tie-break of two rows is the product of two random directions: for each row of A every row of B is as likely to come first.
    What differing levels add cannot be a small product: the levels come along with what one of them adds.
    """
    seen_a, seen_b = ~np.isnan(A), ~np.isnan(B)
    b = np.where(seen_b, B, 0.0)
    centre = b.sum(axis=0) / np.maximum(seen_b.sum(axis=0), 1)
    a, b = np.where(seen_a, A - centre, 0.0), np.where(seen_b, b - centre, 0.0)
    unit = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0)) or 1.0
    a, b = a / unit, b / unit
    whole = seen_a.all(axis=0) & seen_b.all(axis=0)
    gaps = ~whole
    n_text = levels[0].shape[1] if levels else 0
    blur = (
        WIDE_TIES
        * np.finfo(dtype).eps
        * ((a**2).sum(axis=1) + np.median((b**2).sum(axis=1)) + n_text / unit**2 + 1e-12)
    )
    ties = tuple(rng.normal(size=(len(side), DIRECTIONS)) for side in (a, b))
    ties = tuple(side / np.linalg.norm(side, axis=1, keepdims=True) for side in ties)
    length = [(side[:, whole] ** 2).sum(axis=1)[:, None] for side in (a, b)]
    left = [-2 * a[:, whole], np.ones((len(a), 1)), blur[:, None] / 2 * ties[0]]
    right = [b[:, whole], length[1], ties[1]]
    masks, seen_text = (
        None,
        [side >= 0 for side in levels] if levels else [np.empty((len(side), 0), bool) for side in (a, b)],
    )
    text_gaps = ~(seen_text[0].all(axis=0) & seen_text[1].all(axis=0))
    if gaps.any() or text_gaps.any():
        left += [length[0], a[:, gaps] ** 2, seen_a[:, gaps], -2 * a[:, gaps]]
        right += [np.ones((len(b), 1)), seen_b[:, gaps], b[:, gaps] ** 2, b[:, gaps]]
        both = (
            np.hstack([n[:, gaps], t[:, text_gaps]]).astype(dtype)
            for n, t in zip((seen_a, seen_b), seen_text, strict=True)
        )
        masks = (*both, int(whole.sum()) + int((~text_gaps).sum()))
    products = tuple(np.hstack(side).astype(dtype) for side in (left, right))
    return (*products, masks, (levels, dtype(unit**-2)) if n_text else None), ties, blur * unit**2, unit


def _candidates(factors: tuple, rows: slice, place: np.ndarray, k: int, room: np.ndarray) -> np.ndarray:
    """Rows of B with the k lowest keys, from one part of B after the other."""
    n = len(factors[1])
    ends = np.linspace(0, n, -(-n // PART) + 1).astype(int)
    found, keys = [], []
    for start, stop in np.column_stack([ends[:-1], ends[1:]]):
        part = _keys(factors, rows, (start, stop), place, room)
        lowest = _lowest(part, min(k, stop - start))
        found.append(lowest + start)
        keys.append(np.take_along_axis(part, lowest, axis=1))
    if len(found) == 1:
        return found[0]
    best = np.argpartition(np.hstack(keys), k - 1, axis=1)[:, :k]
    return np.take_along_axis(np.hstack(found), best, axis=1)


def _keys(factors: tuple, rows: slice, part: tuple[int, int], place: np.ndarray, room: np.ndarray) -> np.ndarray:
    """What rows are ranked by: squared distances up to a constant of the row; infinite for the row itself."""
    left, right, masks, text = factors
    columns, shape = slice(*part), (len(place), part[1] - part[0])
    keys = np.matmul(left[rows], right[columns].T, out=room[0, : shape[0] * shape[1]].reshape(shape))
    for j in range(text[0][0].shape[1] if text else 0):
        here, there = text[0][0][rows, j, None], text[0][1][columns, j]
        keys += ((here != there) & (here >= 0) & (there >= 0)) * text[1]
    if masks:
        out = room[1, : shape[0] * shape[1]].reshape(shape)
        shared = np.matmul(masks[0][rows], masks[1][columns].T, out=out)
        shared += masks[2]
        if shared.min() == 0:
            keys[shared == 0] = 1e30
            np.maximum(shared, 1, out=shared)
        keys /= shared
    own = np.flatnonzero((place >= part[0]) & (place < part[1]))
    keys[own, place[own] - part[0]] = np.inf
    return keys


def _lowest(keys: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k lowest keys of each row, in any order.

    The minima of groups of columns give a level that at least k keys do not exceed, and few more do not.
    """
    n_rows, n = keys.shape
    n_groups = min(max(N_GROUPS, 16 * k), max(4 * k, n // 8))
    if n < 4 * n_groups:
        return np.argpartition(keys, k - 1, axis=1)[:, :k]
    body = keys[:, : n // n_groups * n_groups].reshape(n_rows, -1, n_groups)
    level = np.partition(body.min(axis=1), k - 1, axis=1)[:, k - 1]
    row, column = np.divmod(np.flatnonzero(keys <= level[:, None]), n)
    crowded = np.bincount(row, minlength=n_rows) > 3 * k
    found = np.empty((n_rows, k), dtype=np.intp)
    if crowded.any():
        found[crowded] = np.argpartition(keys[crowded], k - 1, axis=1)[:, :k]
        row, column = row[~crowded[row]], column[~crowded[row]]
    column = column[np.lexsort((keys[row, column], row))]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    found[~crowded] = column[place < k].reshape(-1, k)
    return found


def _measured(
    A: np.ndarray, B: np.ndarray, found: np.ndarray, unit: float, levels: tuple | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances to the found rows in double precision, and the fewest columns that a row shares with one of them."""
    gap = B[found]
    gap -= A[:, None, :]
    gap /= unit
    seen, n_columns = ~np.isnan(gap), A.shape[1]
    shared = np.full(found.shape, A.shape[1])
    if not seen.all():
        shared = seen.sum(axis=2)
        gap[~seen] = 0.0
    d = np.einsum("qkp,qkp->qk", gap, gap)
    if levels and levels[0].shape[1]:
        here, there = levels[0][:, None, :], levels[1][found]
        seen = (here >= 0) & (there >= 0)
        shared, n_columns = shared + seen.sum(axis=2), n_columns + here.shape[2]
        d += ((here != there) & seen).sum(axis=2) / unit**2
    d *= n_columns / np.maximum(shared, 1)
    return np.where(shared > 0, np.round(d, DECIMALS) * unit**2, np.inf if n_columns else 0.0), shared.min(axis=1)


def own_and_other(Z: np.ndarray, codes: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the distances from some rows to the nearest row of their own class and to the nearest row of any other.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing.
    codes : ndarray of int (n_samples,)
    rows : ndarray (n_queries,)

    Returns
    -------
    own, other : ndarray (n_queries,)
        Infinite where there is none; found in single precision when there are many columns.
    """
    order, asked = np.argsort(codes, kind="stable"), np.argsort(codes[rows], kind="stable")
    B, starts = Z[order], np.searchsorted(codes[order], np.arange(int(codes.max()) + 2))
    place = np.argsort(order)[rows[asked]]
    dtype = np.float64 if Z.shape[1] < EXACT_BELOW else np.float32
    factors, _, _, unit = _factors(Z[rows[asked]], B, np.random.default_rng(0), dtype)
    step = max(1, BLOCK_CELLS // len(B))
    room = np.empty((1 + (factors[2] is not None), step * len(B)), dtype=dtype)
    found = np.empty((len(rows), 2), dtype=np.intp)
    ends = np.searchsorted(codes[rows[asked]], np.arange(len(starts)))
    for c in np.flatnonzero(np.diff(ends)):
        own = slice(starts[c], starts[c + 1])
        for start in range(ends[c], ends[c + 1], step):
            block = slice(start, min(start + step, ends[c + 1]))
            keys = _keys(factors, block, (0, len(B)), place[block], room)
            found[block, 0] = starts[c] + keys[:, own].argmin(axis=1)
            keys[:, own] = np.inf
            found[block, 1] = keys.argmin(axis=1)
    squared = np.empty((len(rows), 2))
    for start in range(0, len(rows), step := max(1, BLOCK_CELLS // max(1, Z.shape[1]))):
        block = slice(start, start + step)
        squared[asked[block]] = _measured(Z[rows[asked[block]]], B, found[block], unit)[0]
    sizes = np.diff(starts)[codes[rows]]
    squared[sizes < 2, 0], squared[sizes == len(Z), 1] = np.inf, np.inf
    return np.sqrt(squared[:, 0]), np.sqrt(squared[:, 1])
