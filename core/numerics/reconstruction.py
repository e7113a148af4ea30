"""Records found again from rows made between them: lines through made rows, and where the lines meet.

All lengths are in units of the columns' spread, so that a tolerance means the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.numerics.exposure import POINTS

TOLERANCE = 1e-9
"""How far from a line a row may lie, for values in double precision."""

WIDER = 100
"""How much farther apart the meeting points of several lines may lie: an end is farther from the rows than they are from each other."""

BLOCK_CELLS = 2_000_000


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight lines through at least three rows.

    Parameters
    ----------
    origin, direction : ndarray (n_lines, n_columns)
        A row at one end, and the unit vector to the row at the other end.
    length : ndarray (n_lines,)
        From one to the other.
    """

    origin: np.ndarray
    direction: np.ndarray
    length: np.ndarray

    def __len__(self) -> int:
        return len(self.origin)


def standardised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns less their mean over their standard deviation; also both."""
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return (rows - middle) / spread, middle, spread


def reconstruct(made: np.ndarray, n_near: int, *, lines: int = POINTS, tolerance: float = TOLERANCE) -> np.ndarray:
    """Find records from rows that were made between pairs of them, and from nothing else.

    Rows made between two records lie on a straight line; three rows on a line show it, since rows made elsewhere never fall on it by chance
    when columns hold fractions. Records are where at least ``lines`` such lines meet beyond the rows that show them. A row that is there twice
    is a copy of a record.

    Parameters
    ----------
    made : ndarray (n_made, n_columns)
        Numbers without gaps.
    n_near : int
        Among how many nearest rows the other rows of a line are looked for: 2 k r + 1 for k neighbours and r rows per record.
    lines : int
        Lines that must meet: 3, or 2 for two neighbours.
    tolerance : float
        In standard deviations.

    Returns
    -------
    ndarray (n_found, n_columns)

    References
    ----------
    "SMOTE and Mirrors" (ReconSMOTE). Lines are grouped by direction here and all pairs of lines are tried, which finds the same points.
    """
    if len(made) < 2 or made.shape[1] == 0:
        return np.empty((0, made.shape[1]))
    Z, middle, spread = standardised(made)
    Z, copied = _distinct(Z, tolerance)
    found = copied
    if made.shape[1] > 1 and len(Z) >= POINTS:
        shown = find_lines(Z, min(n_near, len(Z) - 1), tolerance)
        met = meeting_points(shown, lines, tolerance)
        found = _distinct(np.vstack([copied, met]), WIDER * tolerance)[0]
    return found * spread + middle


def find_lines(Z: np.ndarray, n_near: int, tolerance: float = TOLERANCE) -> Lines:
    """Find straight lines through at least three rows.

    Parameters
    ----------
    Z : ndarray (n_rows, n_columns)
        No two rows are equal.
    n_near : int
        Among how many nearest rows of each row the others are looked for.
    tolerance : float
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    i, j, m = aligned(Z, n_near, tolerance)
    if not len(i):
        return Lines(*(np.empty((0, Z.shape[1])),) * 2, np.empty(0))
    ends = np.concatenate([i, i]), np.concatenate([j, m])
    label = connected_components(coo_array((np.ones(2 * len(i)), ends), shape=(len(Z),) * 2), directed=False)[1]
    order = np.argsort(label, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(label))[:-1])
    kept = [line for rows in parts if len(rows) >= POINTS and (line := _line(Z[rows], tolerance)) is not None]
    if not kept:
        return Lines(*(np.empty((0, Z.shape[1])),) * 2, np.empty(0))
    return Lines(*(np.array(column) for column in zip(*kept, strict=True)))


def aligned(
    Z: np.ndarray, n_near: int, tolerance: float = TOLERANCE, rows: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triples of rows on one line: each row, or each of some rows, with two of its nearest that lie in one direction or in opposite ones.

    Returns
    -------
    i, j, m : ndarray of int (n_triples,)
    """
    rng = np.random.default_rng(0)
    side, key = rng.normal(size=(2, Z.shape[1]))
    length, triples, rows = (Z**2).sum(axis=1), [], np.arange(len(Z)) if rows is None else rows
    step = max(1, BLOCK_CELLS // (len(Z) + n_near * Z.shape[1]))
    for start in range(0, len(rows), step):
        own = rows[start : start + step]
        d = length[own][:, None] + length - 2 * Z[own] @ Z.T
        d[np.arange(len(own)), own] = np.inf
        near = np.argpartition(d, n_near - 1, axis=1)[:, :n_near] if n_near < len(Z) - 1 else _others(own, len(Z))
        way = Z[near] - Z[own][:, None]
        reach = np.sqrt(np.einsum("ikd,ikd->ik", way, way))
        way *= (np.sign(way @ side) / np.maximum(reach, 1e-300))[:, :, None]
        at = way @ key
        order = np.argsort(at, axis=1)
        sort = [np.take_along_axis(values, order, axis=1) for values in (at, reach, near)]
        blur = tolerance * (1 / np.maximum(sort[1][:, 1:], tolerance) + 1 / np.maximum(sort[1][:, :-1], tolerance))
        row, place = np.nonzero(np.diff(sort[0], axis=1) <= blur * np.abs(key).sum())
        triples.append(np.array([own[row], sort[2][row, place], sort[2][row, place + 1]]).astype(np.intp))
    i, j, m = np.hstack(triples)
    flat = _offset(Z[i], Z[j], Z[m]) <= tolerance
    return i[flat], j[flat], m[flat]


def between_others(Z: np.ndarray, n_near: int, tolerance: float = TOLERANCE) -> np.ndarray:
    """Which rows lie between two others on a straight line: made rows do, records do not.

    Parameters
    ----------
    Z : ndarray (n_rows, n_columns)
        Records and made rows of one class; no two are equal.
    n_near : int
        Among how many nearest rows the others are looked for at first; among all for rows that lie between none of these.

    Returns
    -------
    ndarray of bool (n_rows,)

    References
    ----------
    "SMOTE and Mirrors" (DistinSMOTE), which walks from the hull of the rows inwards; here each row is looked at by itself.
    """
    between = np.zeros(len(Z), dtype=bool)
    for reach in (min(n_near, len(Z) - 1), len(Z) - 1):
        i, j, m = aligned(Z, reach, tolerance, np.flatnonzero(~between))
        for a, b, c in ((i, j, m), (j, i, m), (m, i, j)):
            between[a[np.einsum("nd,nd->n", Z[b] - Z[a], Z[c] - Z[a]) < 0]] = True
    return between


def meeting_points(shown: Lines, fewest: int, tolerance: float = TOLERANCE) -> np.ndarray:
    """Points (n_points, n_columns) beyond the ends of at least ``fewest`` lines, where they meet."""
    first, second = np.triu_indices(len(shown), 1)
    points, members = [np.empty((0, shown.origin.shape[1]))], [np.empty((0, 2), dtype=np.intp)]
    for start in range(0, len(first), step := max(1, BLOCK_CELLS // max(1, shown.origin.shape[1]))):
        pair = first[start : start + step], second[start : start + step]
        at, met = _met(shown, *pair, WIDER * tolerance)
        points.append(at)
        members.append(np.column_stack(pair)[met])
    where, lines = np.vstack(points), np.vstack(members)
    group = _grouped(where, 10 * WIDER * tolerance)
    found = []
    for rows in np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1]) if len(where) else ():
        if len(np.unique(lines[rows])) >= fewest:
            found.append(np.median(where[rows], axis=0))
    return np.array(found).reshape(-1, where.shape[1])


def _met(shown: Lines, first: np.ndarray, second: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Where pairs of lines meet, beyond the rows of both; and which pairs do."""
    p, q, v, w = shown.origin[first], shown.origin[second], shown.direction[first], shown.direction[second]
    cosine, gap = np.einsum("nd,nd->n", v, w), q - p
    sine = np.maximum(1 - cosine**2, 1e-18)
    along, across = np.einsum("nd,nd->n", gap, v), np.einsum("nd,nd->n", gap, w)
    a, b = (along - cosine * across) / sine, (cosine * along - across) / sine
    here, there = p + a[:, None] * v, q + b[:, None] * w
    apart = np.linalg.norm(here - there, axis=1)
    beyond = np.ones(len(a), dtype=bool)
    for place, lines in ((a, first), (b, second)):
        beyond &= (place < tolerance) | (place > shown.length[lines] - tolerance)
    met = beyond & (apart <= tolerance) & (sine > 1e-8)
    return ((here + there) / 2)[met], met


def _line(rows: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray, float] | None:
    """The line through the two rows farthest from each other, or None when another row lies off it."""
    start = rows[((rows - rows[0]) ** 2).sum(axis=1).argmax()]
    far = ((rows - start) ** 2).sum(axis=1)
    way, length = rows[far.argmax()] - start, float(np.sqrt(far.max()))
    direction = way / length
    off = rows - start
    off = off - (off @ direction)[:, None] * direction
    return (start, direction, length) if np.sqrt((off**2).sum(axis=1)).max() <= 10 * tolerance else None


def _offset(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """How far the middle one of three rows lies from the line through the outer two: height over the longest side."""
    sides = np.array([np.linalg.norm(x - y, axis=1) for x, y in ((b, c), (a, c), (a, b))])
    longest, tops, starts, ends = sides.argmax(axis=0), (a, b, c), (b, a, a), (c, c, b)
    off = np.empty(len(a))
    for side in range(3):
        rows = longest == side
        way = (ends[side][rows] - starts[side][rows]) / np.maximum(sides[side][rows], 1e-300)[:, None]
        top = tops[side][rows] - starts[side][rows]
        off[rows] = np.linalg.norm(top - np.einsum("nd,nd->n", top, way)[:, None] * way, axis=1)
    return off


def _distinct(Z: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows that differ, and those that were there more than once."""
    group = _grouped(Z, tolerance)
    _, place, sizes = np.unique(group, return_index=True, return_counts=True)
    return Z[np.sort(place)], Z[place[sizes > 1]]


def _grouped(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Number groups of points that lie next to each other on a random line and within the tolerance in every column."""
    if not len(points):
        return np.empty(0, dtype=np.intp)
    order = np.argsort(points @ np.random.default_rng(1).normal(size=points.shape[1]), kind="stable")
    step = np.abs(np.diff(points[order], axis=0)).max(axis=1) > tolerance
    group = np.empty(len(points), dtype=np.intp)
    group[order] = np.concatenate([[0], np.cumsum(step)])
    return group


def _others(own: np.ndarray, n: int) -> np.ndarray:
    every = np.arange(n - 1)
    return every + (every >= own[:, None])
