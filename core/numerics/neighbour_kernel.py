"""The search for nearest rows of large tables, compiled: queries pass over tiles of rows, and each keeps the nearest so far.

Numbers are compared in single precision, the kept rows are measured again in double precision. One thread: a process that
ran a kernel of several threads could not be forked.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from core.numerics.neighbour_tiles import TILE

QUERIES, HALVINGS = 512, 30
"""Queries that pass over a tile in turn; tries at the first limit of one."""

EPS, EQUAL = float(np.finfo(np.float32).eps), 1e13
"""Rounding of single precision; squared distances are equal that agree when multiplied by this and rounded."""

REACH, COLUMNS, N_KEPT, TAIL = -3, -2, -1, 3
"""What the last columns of ``keys`` hold: how far rounding moves a distance of 1, the number of columns, how many rows are kept."""

PLACE, COUNT, OWN = -3, -2, -1
"""What the last columns of ``rows`` hold: which row of ``words`` a query is, how many rows are noted, and which row it may not find."""

ONE, NONE, TINY = np.float32(1), np.float32(0), np.float32(1e-6)
OPTIONS = {"nogil": True, "fastmath": {"contract", "reassoc"}, "error_model": "numpy"}
_inner = numba.njit(**OPTIONS, no_cpython_wrapper=True, forceinline=True, _nrt=False)
"""Functions that become part of their caller. None makes an array, so none counts references: that took a tenth of the time."""


def _compiled(function: Callable) -> Callable:
    """Compile at the first call, or take what an earlier process left; where nothing can be left, compile in each process."""
    try:
        return numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return numba.njit(**OPTIONS)(function)


@_compiled
def sweep(left, tiles, measure, limits, keys, rows, words):
    """Let every query pass over every tile.

    ``words`` holds the rows of the tiles, then the queries; the rows alone when both are the same. Beyond the first tile each
    pair is measured once then, and offered to both: by that time either has a limit.
    """
    n, p, same, n_numeric = len(left), left.shape[1], rows[0, PLACE] == 0, int(measure[0])
    columns, values = np.empty((2, QUERIES, p + 4), np.int64), np.empty((2, QUERIES, p + 4), np.float32)
    counts, marks = np.empty((QUERIES, 2), np.int64), np.empty((2, TILE // 8), np.int64)
    near, sums = marks[0].view(np.bool_), np.empty((2, TILE), np.float32)
    total, shared, differing, level = sums[0], sums[1], np.float32(measure[1]), ONE
    for first in range(0, n, QUERIES):
        last = min(first + QUERIES, n)
        for q in range(first, last):
            counts[q - first, 0] = _filled(left, q, 0, n_numeric, columns[0], values[0], q - first)
            counts[q - first, 1] = _filled(left, q, n_numeric, p, columns[1], values[1], q - first)
        for tile in range(len(tiles)):
            start, cells = tile * TILE, tiles[tile]
            for q in range(first, last):
                if same and tile and q <= start:
                    continue
                i = q - first
                _put_differing(cells, columns[1], values[1], i, counts[i, 1], total, differing)
                _add_squares(cells, columns[0], values[0], i, counts[i, 0], total, counts[i, 1] > 0)
                if same and tile:
                    total[min(TILE, q - start) :] = np.inf
                elif 0 <= rows[q, OWN] - start < TILE:
                    total[rows[q, OWN] - start] = np.inf
                _count(words, rows[q, PLACE], start, shared)
                if tile == 0:
                    level = _begin(total, shared, limits, q, keys, level)
                _mark(total, shared, limits, q, start if same and (tile or q >= TILE) else -1, near)
                _scan(q, start, sums, marks, limits, keys, rows)


@_inner
def _begin(total, shared, limits, q, keys, level):
    """Draw the first limit of a query: by halving, a level below which lie enough rows, and few more; the next begins there."""
    n_kept, low, high = keys[q, N_KEPT], NONE, np.float32(np.inf)
    for _ in range(HALVINGS):
        n = NONE
        for t in range(TILE):
            n += ONE if total[t] < level * shared[t] else NONE
        if n < n_kept:
            low = level
        else:
            high = level
            if n < n_kept + n_kept // 2 + 3:
                break
        level = level + level if high == np.inf else (low + high) / np.float32(2)
    if high < np.inf:
        limits[q] = _limit(np.float64(high * keys[q, COLUMNS]), keys, q)
    return high if TINY < high < np.inf else ONE


@_inner
def _limit(d, keys, q):
    """What a total, divided by the shared columns, must be below to come before ``d`` but for rounding."""
    return np.float32((d + 2 * _blur(d, keys[q, REACH], keys[q, COLUMNS])) / keys[q, COLUMNS] * (1 + 4 * EPS))


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
def _add_squares(cells, columns, values, i, n, total, begun):
    """Add the squared differences of four columns at a time, or begin with them; a missing cell of the tile adds nothing."""
    for c in range(0, max(n, 1), 4):
        j, k, m, o = columns[i, c], columns[i, c + 1], columns[i, c + 2], columns[i, c + 3]
        a, b, d, e = values[i, c], values[i, c + 1], values[i, c + 2], values[i, c + 3]
        for t in range(TILE):
            s, u, v, w = cells[j, t] - a, cells[k, t] - b, cells[m, t] - d, cells[o, t] - e
            s = s if s == s else NONE
            u = u if u == u else NONE
            v = v if v == v else NONE
            w = w if w == w else NONE
            total[t] = (total[t] if c or begun else NONE) + s * s + u * u + v * v + w * w


@_inner
def _put_differing(cells, columns, values, i, n, total, differing):
    """Begin with what each text column adds whose level differs, two columns at a time."""
    for c in range(0, n, 2):
        j, k, a, b = columns[i, c], columns[i, c + 1], values[i, c], values[i, c + 1]
        for t in range(TILE):
            u, v = cells[j, t] - a, cells[k, t] - b
            u, v = differing if u * u > NONE else NONE, differing if v * v > NONE else NONE
            total[t] = (total[t] if c else NONE) + u + v


@_inner
def _count(words, place, start, shared):
    """How many columns each row of a tile shares with a query."""
    for w in range(len(words)):
        word, here = words[w, place], words[w, start : start + TILE]
        for t in range(TILE):
            shared[t] = (shared[t] if w else NONE) + np.float32(_ones(word & here[t]))


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
def _scan(q, start, sums, marks, limits, keys, rows):
    """Note the marked rows of a tile, eight of which are looked at in one; the eights with a mark are listed first, without a branch."""
    both, n = rows[q, PLACE] == q and (start > 0 or q >= TILE), 0
    eights, listed = marks[0], marks[1]
    for c in range(TILE // 8):
        listed[n] = c
        n += eights[c] != 0
    for i in range(n):
        left = eights[listed[i]]
        while left:
            t = 8 * listed[i] + (_zeros(left) >> 3)
            left &= left - 1
            total, shared = sums[0, t], sums[1, t]
            if total < limits[q] * shared:
                _note(q, start + t, total / shared, limits, keys, rows)
            if both and total < limits[start + t] * shared:
                _note(start + t, q, total / shared, limits, keys, rows)


@intrinsic
def _zeros(typing, x):
    """How many of the low bits of a whole number are zero."""

    def counted(context, builder, signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, 1))

    return types.int64(x), counted


@_inner
def _note(q, b, share, limits, keys, rows):
    """Note a row that is nearer than the farthest kept one; when there is no more room, keep the nearest."""
    n = rows[q, COUNT]
    keys[q, n], rows[q, n], rows[q, COUNT] = share * keys[q, COLUMNS], b, n + 1
    if n + 1 + TAIL == keys.shape[1]:
        _keep(q, limits, keys, rows)


@_inner
def _keep(q, limits, keys, rows):
    """Of the noted rows keep the nearest, in order, and draw the limit there; after the queries there is room to sort in."""
    n, n_kept, room = rows[q, COUNT], int(keys[q, N_KEPT]), keys.shape[1] - TAIL
    if n < n_kept:
        return
    noted, found, key, row = keys[q], rows[q], keys[len(keys) - 2], rows[len(keys) - 2]
    for t in range(n, room):
        noted[t] = np.inf
    for i in range(n):
        d, place = noted[i], NONE
        for t in range(room):
            place += ONE if (noted[t] < d) | ((noted[t] == d) & (t < i)) else NONE
        key[int(place)], row[int(place)] = d, found[i]
    last = np.float64(key[n_kept - 1])
    limits[q] = min(limits[q], _limit(last, keys, q))
    rows[q, COUNT] = n_kept
    if n > n_kept and key[n_kept] - last <= _blur(np.float64(key[n_kept]), keys[q, REACH], keys[q, COLUMNS]):
        _choose(q, n, keys, rows)
    else:
        for i in range(n_kept):
            noted[i], found[i] = key[i], row[i]


@_inner
def _choose(q, n, keys, rows):
    """Put the nearest of the sorted rows first, with a toss between rows at one distance."""
    n_kept, plain, blurred = int(keys[q, N_KEPT]), len(keys) - 2, len(keys) - 1
    for i in range(n):
        d = np.float64(keys[plain, i])
        keys[blurred, i] = d + (_toss(q, rows[plain, i]) - 0.5) * _blur(d, keys[q, REACH], keys[q, COLUMNS])
    for i in range(n):
        key, place = keys[blurred, i], 0
        for j in range(n):
            place += (keys[blurred, j] < key) | ((keys[blurred, j] == key) & (j < i))
        if place < n_kept:
            keys[q, place], rows[q, place] = keys[plain, i], rows[plain, i]


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
def settle(left, right, measure, keys, rows, words, squared):
    """Measure the kept rows again in double precision and sort them, ties by the same toss."""
    limits, p = np.empty(len(left), np.float32), left.shape[1]
    for q in range(len(left)):
        _keep(q, limits, keys, rows)
        if rows[q, COUNT] < squared.shape[1]:
            continue
        for i in range(squared.shape[1]):
            b, place, n_shared = rows[q, i], i, 0
            for w in range(len(words)):
                n_shared += np.int64(_ones(words[w, rows[q, PLACE]] & words[w, b]))
            d = np.round(_measured(left, q, right, b, measure) * p / n_shared * EQUAL) / EQUAL
            while place:
                before, other = squared[q, place - 1], rows[q, place - 1]
                if before < d or (before == d and _toss(q, other) <= _toss(q, b)):
                    break
                squared[q, place], rows[q, place] = before, other
                place -= 1
            squared[q, place], rows[q, place] = d, b


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
