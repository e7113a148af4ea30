"""Exact nearest neighbours between rows with missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.numerics.neighbour_search import search

LIMIT, N_QUERIES, N_PAIRS = 30_000, (2_000, 5_000), 300_000_000
"""Rows up to which every row is looked up; fewest and most rows that are looked up beyond, for so many pairs."""


@dataclass(frozen=True, eq=False)
class NeighbourTable:
    """The nearest rows of the rows that are looked up.

    Parameters
    ----------
    rows : ndarray (n_queries,)
        The rows that are looked up, ascending: all rows, or a sample within each class that keeps rare classes whole.
    indices : ndarray (n_queries, k)
        Their nearest rows among all rows, nearest first, themselves left out.
    distances : ndarray (n_queries, k)
        Infinite for rows that share no column.
    sampled : bool
        Whether ``rows`` is a sample.
    """

    rows: np.ndarray
    indices: np.ndarray
    distances: np.ndarray
    sampled: bool


def neighbour_table(Z: np.ndarray, codes: np.ndarray, k: int, *, random_state: int = 0) -> NeighbourTable:
    """Look up the k nearest rows of every row, or of a sample of each class when there are more than ``LIMIT`` rows.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing.
    codes : ndarray (n_samples,)
        The class of each row.
    k : int
        Neighbours; at most one fewer than the rows.
    random_state : int
        Seed of the sample and of the choice among neighbours at one distance.
    """
    rows = np.arange(len(Z))
    if sampled := len(Z) > LIMIT:
        rows = even_sample(codes, int(np.clip(N_PAIRS // len(Z), *N_QUERIES)), np.random.default_rng(random_state))
    found = search(Z[rows], Z, min(k, len(Z) - 1), rows, random_state)
    return NeighbourTable(rows, *found, sampled)


def even_sample(codes: np.ndarray, n_rows: int, rng: np.random.Generator) -> np.ndarray:
    """Draw about ``n_rows`` rows, the same number from every class that has enough and all rows of the others; ascending.

    Examples
    --------
    >>> even_sample(np.array([0] * 90 + [1] * 4), 10, np.random.default_rng(0)).tolist()[-4:]
    [90, 91, 92, 93]
    """
    sizes = np.bincount(codes)
    ascending = np.sort(sizes[sizes > 0])
    taken = np.concatenate([[0], np.cumsum(ascending)[:-1]]) + ascending * np.arange(len(ascending), 0, -1)
    enough = np.flatnonzero(taken >= n_rows)
    if not len(enough):
        return np.arange(len(codes))
    first = enough[0]
    quota = max(1, int((n_rows - ascending[:first].sum()) // (len(ascending) - first)))
    by_class = np.split(np.argsort(codes, kind="stable"), np.cumsum(sizes)[:-1])
    return np.sort(np.concatenate([r if len(r) <= quota else rng.choice(r, quota, replace=False) for r in by_class]))


def squared_distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances that skip missing cells and scale up for them.

    For rows a and b, ``d²(a, b) = n_features / n_shared · Σ_shared (a_j − b_j)²``, as scikit-learn's
    ``nan_euclidean_distances``. Two rows that share no column lie at infinite distance.

    Parameters
    ----------
    A : ndarray (n_a, n_features)
    B : ndarray (n_b, n_features)
        NaN is missing.

    Returns
    -------
    ndarray (n_a, n_b)
    """
    seen_a, seen_b = ~np.isnan(A), ~np.isnan(B)
    a, b = np.where(seen_a, A, 0.0), np.where(seen_b, B, 0.0)
    if seen_a.all() and seen_b.all():
        d = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T
        return np.maximum(d, 0.0)
    ma, mb = seen_a.astype(float), seen_b.astype(float)
    d = np.maximum((a**2) @ mb.T + ma @ (b**2).T - 2 * a @ b.T, 0.0)
    shared = ma @ mb.T
    return np.where(shared > 0, d * A.shape[1] / np.maximum(shared, 1.0), np.inf)


def nearest(A: np.ndarray, B: np.ndarray, k: int, *, itself: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Find the k nearest rows of B for each row of A.

    Parameters
    ----------
    A : ndarray (n_a, n_features)
    B : ndarray (n_b, n_features)
        NaN is missing.
    k : int
        At most ``n_b``, or ``n_b − 1`` with ``itself``.
    itself : bool
        A and B are the same rows, and a row is not its own neighbour.

    Returns
    -------
    indices : ndarray (n_a, k)
        Rows of B, nearest first; among rows at one distance chosen at random, the same ones every time.
    distances : ndarray (n_a, k)

    Raises
    ------
    ValueError
        There are fewer than k rows to choose from.
    """
    if k > len(B) - itself:
        raise ValueError(f"{k} neighbours asked for among {len(B) - itself} rows")
    return search(A, B, k, np.arange(len(A)) if itself else np.full(len(A), -1))


def class_distances(
    Z: np.ndarray, codes: np.ndarray, k: int, *, max_rows: int = 500, random_state: int = 0
) -> np.ndarray:
    """Distance of each row to the k-th nearest row of every class, itself left out.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing.
    codes : ndarray (n_samples,)
        Classes 0 … K−1.
    k : int
        Which neighbour; in a class of fewer rows the farthest one.
    max_rows : int
        Rows drawn from a class that has more; distances to it are those to the sample.
    random_state : int
        Seed of the draw.

    Returns
    -------
    ndarray (n_samples, n_classes)
        NaN for a class of fewer than two rows.
    """
    rng = np.random.default_rng(random_state)
    distances = np.full((len(Z), int(codes.max()) + 1), np.nan)
    for c in range(distances.shape[1]):
        rows = np.flatnonzero(codes == c)
        if len(rows) < 2:
            continue
        if len(rows) > max_rows:
            rows = np.sort(rng.choice(rows, max_rows, replace=False))
        own = np.full(len(Z), -1)
        own[rows] = np.arange(len(rows))
        distances[:, c] = search(Z, Z[rows], min(k, len(rows) - 1), own)[1][:, -1]
    return distances
