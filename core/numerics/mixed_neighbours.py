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
    where p counts all columns, a text column once, and a column is shared where both cells are filled. Without text it is scikit-learn's
    ``nan_euclidean_distances``; with two levels in every text column it is that of the table with those columns as 0 and 1.

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
    levels = None if levels_Q is None else (levels_Q, levels_B)
    return search(Q, B, k, own, 0, levels)
