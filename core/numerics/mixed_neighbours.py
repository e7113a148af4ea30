"""Exact nearest neighbours between rows of numbers with gaps and levels of text columns."""

from __future__ import annotations

import numpy as np

from core.numerics.neighbour_search import search


def nearest(
    Q: np.ndarray,
    B: np.ndarray,
    k: int,
    own: np.ndarray,
    levels_Q: np.ndarray | None = None,
    levels_B: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows of B nearest to each row of Q.

    The squared distance is ``p / p_shared · (Σ_shared numbers (q − b)² + number of shared text columns whose levels differ)``,
    where p counts all columns and a column is shared where both cells are filled: scikit-learn's ``nan_euclidean_distances``
    with each text column as 0/1 columns over the square root of 2.

    Parameters
    ----------
    Q, B : ndarray (n_queries, n_numeric), (n_rows, n_numeric)
        Scaled numbers; NaN is missing.
    k : int
        Neighbours; at most one fewer than the rows of B where a query is itself one of them.
    own : ndarray of int (n_queries,)
        The row of B that a query is, and that is left out; -1 for none.
    levels_Q, levels_B : ndarray of int or None (n_queries, n_text), (n_rows, n_text)
        -1 is missing.

    Returns
    -------
    indices : ndarray of int (n_queries, k)
        Nearest first.
    distances : ndarray (n_queries, k)
        Infinite for rows that share no column.
    """
    if levels_Q is not None and levels_Q.shape[1]:
        Q, B = (
            np.hstack([Q, *both])
            for Q, both in ((Q, _indicators(levels_Q, levels_B)), (B, _indicators(levels_B, levels_Q)))
        )
    return search(Q, B, k, own, 0)


def _indicators(levels: np.ndarray, others: np.ndarray) -> list[np.ndarray]:
    blocks = []
    for j in range(levels.shape[1]):
        n_levels = 1 + max(levels[:, j].max(initial=-1), others[:, j].max(initial=-1))
        block = (levels[:, j, None] == np.arange(n_levels)) / np.sqrt(2)
        block[levels[:, j] < 0] = np.nan
        blocks.append(block)
    return blocks
