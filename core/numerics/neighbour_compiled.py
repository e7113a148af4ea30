"""The search for nearest rows of large tables by the compiled kernel: rows are laid out for it, and its finds are put in order."""

from __future__ import annotations

import numpy as np

from core.numerics import neighbour_kernel as kernel
from core.numerics import neighbour_tiles as tiles
from core.numerics.neighbour_tiles import TILE

MORE, SPARE, LANES = 2, 20, 16
"""Rows kept beyond k; further rows that are noted before the nearest are chosen; the room is a multiple of the last."""


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
    room = -(-(n_kept + max(SPARE, n_kept // 3)) // LANES) * LANES + kernel.TAIL
    n = len(A)
    keys, rows = np.empty((n + 2, room), dtype=np.float32), np.zeros((n + 2, room), dtype=np.int32)
    reach = tiles.reach(left, A.shape[1])
    keys[:n, kernel.REACH], keys[:n, kernel.COLUMNS], keys[:n, kernel.N_KEPT] = reach, left.shape[1], n_kept
    rows[:n, kernel.PLACE] = np.arange(n) + (0 if same else words.shape[1])
    rows[:n, kernel.OWN] = np.arange(n) if same else np.append(back, -1)[own]
    words = words if same else np.hstack([words, tiles.words(left)])
    limits, measure = np.full(n + TILE, np.inf, dtype=np.float32), np.array([A.shape[1], 1 / unit**2])
    kernel.sweep(left, tiles.tiled(right), measure, limits, keys, rows, words)
    squared = np.full((n, n_kept), np.inf)
    kernel.settle(left, right, measure, keys, rows, words, squared)
    unclear = np.isinf(squared[:, -1])
    if n_kept > k:
        last, gap = np.where(unclear, 0.0, squared[:, [-1, k - 1]].T)
        gap = last - gap
        blur = kernel.EPS * (reach * np.sqrt(last) + (left.shape[1] + 8) * last) + 1 / kernel.EQUAL
        unclear |= (gap > 0) & (gap < 3 * blur)
    rows, squared = order[rows[:n, :k]], squared[:, :k] * unit**2
    return (rows[back], squared[back], unclear[back]) if same else (rows, squared, unclear)
