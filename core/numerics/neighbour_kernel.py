"""The search for nearest rows of large tables, compiled: queries pass over tiles of rows, and each keeps the nearest so far.

Numbers are compared in single precision, the kept rows are measured again in double precision. One thread: a process that
ran a kernel of several threads could not be forked.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numba.extending import intrinsic

from core.numerics import neighbour_tiles as tiles
from core.numerics.neighbour_tiles import TILE

QUERIES = 512
"""Queries that pass over a tile in turn."""

EPS, EQUAL, MORE, MOST = float(np.finfo(np.float32).eps), 1e13, 2, 100
"""Rounding of single precision; squared distances are equal that agree when multiplied by this and rounded; rows kept beyond k; the
largest k that is worth the way."""

REACH, COLUMNS, N_KEPT, FIRST = 0, 1, 2, 3
"""What the first columns of ``keys`` hold: how far rounding moves a distance of 1, the number of columns, how many rows are kept."""

PLACE, COUNT, OWN = 0, 1, 2
"""What the first columns of ``rows`` hold: which row of ``words`` a query is, how many rows are noted, and which row it may not find."""

ONE, NONE = np.float32(1), np.float32(0)


_inner = numba.njit(nogil=True, fastmath={"contract", "reassoc"}, no_cpython_wrapper=True)


def _compiled(function: Callable) -> Callable:
    """Compile at the first call, or take what an earlier process left; where nothing can be left, compile in each process."""
    try:
        return numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})(function)
    except RuntimeError:
        return numba.njit(nogil=True, fastmath={"contract", "reassoc"})(function)


def search(
    A: np.ndarray, B: np.ndarray, k: int, own: np.ndarray, levels: tuple[np.ndarray, np.ndarray], seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the k nearest rows of B for each row of A, see ``core.numerics.neighbour_search.search``.

    Returns
    -------
    indices, squared : ndarray (n_a, k)
    unclear : ndarray of bool (n_a,)
        Rows for which rounding may have hidden a nearer row, or that share a column with too few rows.
    """
    order = np.random.default_rng(seed).permutation(len(B))
    back = np.argsort(order)
    same = len(A) == len(B) and np.array_equal(own, np.arange(len(B)))
    same = same and all(a is b or np.array_equal(a, b, equal_nan=True) for a, b in ((A, B), levels))
    unit, centre = tiles.unit(A, B)
    right = tiles.values((B[order] - centre) / unit, levels[1][order])
    left = right if same else tiles.values((A - centre) / unit, levels[0])
    words = tiles.words(right)
    n_kept = min(k + MORE, len(B) - bool((own >= 0).any()))
    room = FIRST + n_kept + max(4, n_kept // 3)
    n = len(A)
    keys, rows = np.empty((n + 2, room), dtype=np.float32), np.zeros((n + 2, room), dtype=np.int32)
    reach = tiles.reach(left, A.shape[1])
    keys[:n, REACH], keys[:n, COLUMNS], keys[:n, N_KEPT] = reach, left.shape[1], n_kept
    rows[:n, PLACE] = np.arange(n) + (0 if same else words.shape[1])
    rows[:n, OWN] = np.arange(n) if same else np.append(back, -1)[own]
    words = words if same else np.hstack([words, tiles.words(left)])
    limits, measure = np.full(n + TILE, np.inf, dtype=np.float32), np.array([A.shape[1], 1 / unit**2])
    _sweep(left, tiles.tiled(right), measure, limits, keys, rows, words)
    squared = np.full((n, n_kept), np.inf)
    _settle(left, right, measure, keys, rows, words, squared)
    unclear = np.isinf(squared[:, -1])
    if n_kept > k:
        last, gap = np.where(unclear, 0.0, squared[:, [-1, k - 1]].T)
        gap = last - gap
        unclear |= (gap > 0) & (gap < 3 * (EPS * (reach * np.sqrt(last) + (left.shape[1] + 8) * last) + 1 / EQUAL))
    rows, squared = order[rows[:n, FIRST : FIRST + k]], squared[:, :k] * unit**2
    return (rows[back], squared[back], unclear[back]) if same else (rows, squared, unclear)


@_compiled
def _sweep(left, tiles, measure, limits, keys, rows, words):
    """Let every query pass over every tile.

    ``words`` holds the rows of the tiles, then the queries; the rows alone when both are the same. Each pair is measured once
    then, and offered to both.
    """
    n, p, same, n_numeric = len(left), left.shape[1], rows[0, PLACE] == 0, int(measure[0])
    columns, values = np.empty((2, QUERIES, p + 4), np.int64), np.empty((2, QUERIES, p + 4), np.float32)
    counts, near = np.empty((QUERIES, 2), np.int64), np.empty(TILE, np.bool_)
    eights, sums = near.view(np.uint64), np.empty((2, TILE), np.float32)
    total, shared, differing = sums[0], sums[1], np.float32(measure[1])
    for first in range(0, n, QUERIES):
        last = min(first + QUERIES, n)
        for q in range(first, last):
            counts[q - first, 0] = _filled(left, q, 0, n_numeric, columns[0], values[0], q - first)
            counts[q - first, 1] = _filled(left, q, n_numeric, p, columns[1], values[1], q - first)
        for tile in range(len(tiles)):
            start = tile * TILE
            for q in range(first, last):
                if same and start + TILE <= q + 1:
                    continue
                i = q - first
                for t in range(TILE):
                    total[t] = NONE
                _add_differing(tiles, tile, columns[1], values[1], i, counts[i, 1], total)
                for t in range(TILE):
                    total[t] *= differing
                _add_squares(tiles, tile, columns[0], values[0], i, counts[i, 0], total)
                if same:
                    total[: max(0, q + 1 - start)] = np.inf
                elif 0 <= rows[q, OWN] - start < TILE:
                    total[rows[q, OWN] - start] = np.inf
                _count(words, rows[q, PLACE], start, shared)
                _mark(total, shared, limits, q, start if same else -1, near)
                _scan(q, start, sums, eights, limits, keys, rows)


@_inner
def _filled(left, q, first, last, columns, values, i):
    """Note which columns of a query are filled and with what; the four after them are the empty column of the tiles."""
    n = 0
    for j in range(first, last):
        if left[q, j] == left[q, j]:
            columns[i, n], values[i, n] = j, np.float32(left[q, j])
            n += 1
    for j in range(n, n + 4):
        columns[i, j], values[i, j] = left.shape[1], NONE
    return n


@_inner
def _add_squares(tiles, tile, columns, values, i, n, total):
    """Add the squared differences of four columns at a time; a missing cell of the tile adds nothing."""
    for c in range(0, n, 4):
        j, k, m, o = columns[i, c], columns[i, c + 1], columns[i, c + 2], columns[i, c + 3]
        a, b, d, e = values[i, c], values[i, c + 1], values[i, c + 2], values[i, c + 3]
        for t in range(TILE):
            s, u, v, w = tiles[tile, j, t] - a, tiles[tile, k, t] - b, tiles[tile, m, t] - d, tiles[tile, o, t] - e
            s = s if s == s else NONE
            u = u if u == u else NONE
            v = v if v == v else NONE
            w = w if w == w else NONE
            total[t] = total[t] + s * s + u * u + v * v + w * w


@_inner
def _add_differing(tiles, tile, columns, values, i, n, total):
    """Add 1 for each text column whose level differs, two columns at a time."""
    for c in range(0, n, 2):
        j, k, a, b = columns[i, c], columns[i, c + 1], values[i, c], values[i, c + 1]
        for t in range(TILE):
            u, v = tiles[tile, j, t] - a, tiles[tile, k, t] - b
            total[t] = total[t] + ((ONE if u * u > NONE else NONE) + (ONE if v * v > NONE else NONE))


@_inner
def _count(words, place, start, shared):
    """How many columns each row of a tile shares with a query."""
    for t in range(TILE):
        shared[t] = NONE
    for w in range(len(words)):
        row = words[w]
        word, here = row[place], row[start : start + TILE]
        for t in range(TILE):
            shared[t] += np.float32(_ones(word & here[t]))


@intrinsic
def _ones(typing, x):
    """How many bits of a whole number are set."""
    return x(x), lambda context, builder, signature, arguments: builder.ctpop(arguments[0])


@_inner
def _mark(total, shared, limits, q, start, near):
    """Mark the rows of a tile that may be near enough to a query or, in a tile of queries, the query to them."""
    limit = limits[q]
    if start < 0:
        for t in range(TILE):
            near[t] = total[t] < limit * shared[t]
    else:
        there = limits[start : start + TILE]
        for t in range(TILE):
            near[t] = total[t] < max(limit, there[t]) * shared[t]


@_inner
def _scan(q, start, sums, eights, limits, keys, rows):
    """Note the marked rows of a tile, eight of which are looked at in one."""
    same = rows[q, PLACE] == q
    for c in range(TILE // 8):
        if not eights[c]:
            continue
        for t in range(8 * c, 8 * c + 8):
            total, shared = sums[0, t], sums[1, t]
            if total < limits[q] * shared:
                _note(q, start + t, total / shared, limits, keys, rows)
            if same and total < limits[start + t] * shared:
                _note(start + t, q, total / shared, limits, keys, rows)


@_inner
def _note(q, b, share, limits, keys, rows):
    """Note a row that is nearer than the farthest kept one; when there is no more room, keep the nearest."""
    n = rows[q, COUNT]
    keys[q, FIRST + n], rows[q, FIRST + n] = share * keys[q, COLUMNS], b
    rows[q, COUNT] = n + 1
    if FIRST + n + 1 == keys.shape[1]:
        _choose(q, limits, keys, rows)


@_inner
def _choose(q, limits, keys, rows):
    """Of the noted rows keep the nearest, in order, with a toss between rows at one distance, and draw the limit there.

    The rows of ``keys`` and ``rows`` after those of the queries are room to sort in.
    """
    n, n_kept, plain, blurred = rows[q, COUNT], int(keys[q, N_KEPT]), len(keys) - 2, len(keys) - 1
    for i in range(FIRST, FIRST + n):
        d = np.float64(keys[q, i])
        keys[plain, i], rows[plain, i] = keys[q, i], rows[q, i]
        keys[blurred, i] = d + (_toss(q, rows[q, i]) - 0.5) * _blur(d, keys[q, REACH], keys[q, COLUMNS])
    for i in range(FIRST, FIRST + n):
        key, place = keys[blurred, i], FIRST
        for j in range(FIRST, FIRST + n):
            place += (keys[blurred, j] < key) | ((keys[blurred, j] == key) & (j < i))
        if place < FIRST + n_kept:
            keys[q, place], rows[q, place] = keys[plain, i], rows[plain, i]
    rows[q, COUNT] = min(n, n_kept)
    if n >= n_kept:
        d = np.float64(keys[q, FIRST + n_kept - 1])
        limit = d + 2 * _blur(d, keys[q, REACH], keys[q, COLUMNS])
        limits[q] = np.float32(limit / keys[q, COLUMNS] * (1 + 4 * EPS))


@_inner
def _toss(q, b):
    """A random number in [0, 1) that two rows always get."""
    x = np.uint64(q) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    x = (x ^ (x >> np.uint64(29))) * np.uint64(0xD6E8FEB86659FD93)
    return np.float64((x ^ (x >> np.uint64(32))) >> np.uint64(11)) / 9007199254740992.0


@_inner
def _blur(d, reach, p):
    """How far rounding to single precision may move a squared distance."""
    return EPS * (reach * np.sqrt(d) + (p + 8) * d) + 1 / EQUAL


@_compiled
def _settle(left, right, measure, keys, rows, words, squared):
    """Measure the kept rows again in double precision and sort them, ties by the same toss."""
    limits, p = np.empty(len(left), np.float32), left.shape[1]
    for q in range(len(left)):
        _choose(q, limits, keys, rows)
        if rows[q, COUNT] < squared.shape[1]:
            continue
        for i in range(squared.shape[1]):
            b, place = rows[q, FIRST + i], i
            n_shared = 0
            for w in range(len(words)):
                n_shared += np.int64(_ones(words[w, rows[q, PLACE]] & words[w, b]))
            d = np.round(_measured(left, q, right, b, measure) * p / n_shared * EQUAL) / EQUAL
            while place:
                before, other = squared[q, place - 1], rows[q, FIRST + place - 1]
                if before < d or (before == d and _toss(q, other) <= _toss(q, b)):
                    break
                squared[q, place], rows[q, FIRST + place] = before, other
                place -= 1
            squared[q, place], rows[q, FIRST + place] = d, b


@_inner
def _measured(left, a, right, b, measure):
    """The sum of squares over the columns that two rows share."""
    d, n_numeric = 0.0, int(measure[0])
    for j in range(n_numeric):
        gap = left[a, j] - right[b, j]
        if gap == gap:
            d += gap * gap
    for j in range(n_numeric, left.shape[1]):
        gap = left[a, j] - right[b, j]
        if gap == gap and gap != 0:
            d += measure[1]
    return d
