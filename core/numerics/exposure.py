"""Which records interpolation gives away: chances from the graph of neighbours alone, before any row is made."""

from __future__ import annotations

import numpy as np

POINTS = 3
"""Made rows that show a line, and lines that show a record."""


def edges(near: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The undirected edges of a graph of nearest neighbours.

    Parameters
    ----------
    near : ndarray of int (n_records, k)
        The neighbours of each record, numbered as the records; the record itself stands for none.

    Returns
    -------
    first, second : ndarray of int (n_edges,)
        The ends of each edge, ``first < second``.
    forth, back : ndarray of bool (n_edges,)
        Whether ``second`` is a neighbour of ``first``, and the other way round; both are true for a mutual edge.

    Examples
    --------
    >>> [ends.tolist() for ends in edges(np.array([[1], [0], [1]]))]
    [[0, 1], [1, 2], [True, False], [True, True]]
    """
    n, k = near.shape
    seed, partner = np.repeat(np.arange(n), k), near.ravel()
    seed, partner = seed[seed != partner], partner[seed != partner]
    key, place = np.unique(np.minimum(seed, partner) * n + np.maximum(seed, partner), return_inverse=True)
    forth, back = np.zeros(len(key), dtype=bool), np.zeros(len(key), dtype=bool)
    forth[place[seed < partner]] = True
    back[place[seed > partner]] = True
    return key // n, key % n, forth, back


def rows_on_edges(
    expected: np.ndarray,
    k: np.ndarray | int,
    graph: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    *,
    even: bool = True,
) -> np.ndarray:
    """Chances that 0, 1 or 2 rows are made on each edge.

    A record that starts N rows gives each of its k edges a binomial number of them, ``Binomial(N, 1/k)``; a mutual edge gets those of both
    ends. With ``even`` seeds, N is the expected number rounded down or up; with random seeds the number on an edge is ``Poisson(expected / k)``.

    Parameters
    ----------
    expected : ndarray (n_records,)
        Rows that each record is expected to start.
    k : int or ndarray of int (n_records,)
        Neighbours that a partner is drawn from.
    graph : tuple
        See ``edges``.
    even : bool
        Records start their rows evenly, as the samplers of this package do, and not at random.

    Returns
    -------
    ndarray (n_edges, 3)
    """
    each = _even(expected, 1 / k) if even else _poisson(expected / k)
    first, second, forth, back = graph
    nothing = np.array([1.0, 0.0, 0.0])
    left, right = np.where(forth[:, None], each[first], nothing), np.where(back[:, None], each[second], nothing)
    return np.column_stack(
        [
            left[:, 0] * right[:, 0],
            left[:, 0] * right[:, 1] + left[:, 1] * right[:, 0],
            left[:, 0] * right[:, 2] + left[:, 1] * right[:, 1] + left[:, 2] * right[:, 0],
        ]
    )


def at_least(
    chance: np.ndarray, first: np.ndarray, second: np.ndarray, n: int, fewest: tuple[int, ...] = (POINTS,)
) -> np.ndarray:
    """Chances that at least so many edges of each record are lines: the upper tail of a Poisson-binomial number, exact.

    Parameters
    ----------
    chance : ndarray (n_edges,)
        That an edge is a line; edges count as independent.
    first, second : ndarray of int (n_edges,)
        Their ends.
    n : int
        Records.
    fewest : tuple of int
        Numbers of lines, at least 1.

    Returns
    -------
    ndarray (len(fewest), n)
    """
    record, own = np.concatenate([first, second]), np.concatenate([chance, chance])
    order = np.argsort(record, kind="stable")
    record, own = record[order], own[order]
    starts = np.searchsorted(record, np.arange(n + 1))
    degree, most = np.diff(starts), max(fewest)
    fewer = np.zeros((n, most))
    fewer[:, 0] = 1.0
    for step in range(int(degree.max(initial=0))):
        rows = np.flatnonzero(degree > step)
        p, before = own[starts[rows] + step][:, None], fewer[rows]
        fewer[rows] = before * (1 - p)
        fewer[rows, 1:] += before[:, :-1] * p
    return np.array([np.clip(1 - fewer[:, :lines].sum(axis=1), 0, 1) for lines in fewest])


def exposed(
    near: np.ndarray,
    expected: np.ndarray,
    apart: np.ndarray | None = None,
    *,
    enough: np.ndarray | None = None,
    even: bool = True,
    lines: int = POINTS,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chance of each record to be revealed by rows made between neighbours.

    An edge is a recoverable line when at least three rows are made on it, and a record is exposed when at least ``lines`` of its edges are. An
    edge between two equal records holds copies of them; two copies reveal the record.

    Parameters
    ----------
    near : ndarray of int (n_records, k)
        The neighbours that partners are drawn from.
    expected : ndarray (n_records,)
        Rows that each record starts.
    apart : ndarray of bool (n_records, k) or None
        Whether a record differs from its neighbour.
    enough : ndarray of int (n_records,) or None
        How many of its neighbours, the first ones, a record may be joined with; all when left out. One that may be joined with none is copied.
    even : bool
        See ``rows_on_edges``.
    lines : int

    Returns
    -------
    chance, bold, n_lines : ndarray (n_records,)
        The chance; the same when two lines are enough; and the expected number of lines.
    """
    n, k = near.shape
    enough = np.full(n, k) if enough is None else enough
    near = np.where(np.arange(k) < enough[:, None], near, np.arange(n)[:, None])
    graph = edges(near)
    first, second = graph[:2]
    few = rows_on_edges(expected, np.maximum(enough, 1), graph, even=even)
    line, copied = np.clip(1 - few.sum(axis=1), 0, 1), np.zeros(len(first))
    if apart is not None and not apart.all():
        seed, partner = np.nonzero(~apart)[0], near[~apart]
        key = np.unique(np.minimum(seed, partner) * n + np.maximum(seed, partner))
        equal = np.isin(first * n + second, key)
        copied[equal] = np.clip(1 - few[equal, :2].sum(axis=1), 0, 1)
        line[equal] = 0.0
    chance, bold = at_least(line, first, second, n, (lines, 2))
    kept = 1 - at_least(copied, first, second, n, (1,))[0]
    kept = np.where(enough > 0, kept, 1 - np.minimum(expected, 1))
    n_lines = np.bincount(first, line, n) + np.bincount(second, line, n)
    return 1 - (1 - chance) * kept, 1 - (1 - bold) * kept, n_lines


def _even(expected: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Chances of 0, 1 and 2 rows (n, 3) on one edge when rounding down or up decides how many rows there are."""
    low = np.floor(expected)
    more = (expected - low)[:, None]
    return (1 - more) * _binomial(low, share) + more * _binomial(low + 1, share)


def _binomial(n: np.ndarray, p: np.ndarray | float) -> np.ndarray:
    none, one, two = ((1 - p) ** np.maximum(n - drawn, 0) for drawn in range(3))
    return np.column_stack([none, n * p * one, n * (n - 1) / 2 * p**2 * two])


def _poisson(mean: np.ndarray) -> np.ndarray:
    none = np.exp(-mean)
    return np.column_stack([none, mean * none, mean**2 / 2 * none])
