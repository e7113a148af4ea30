"""Exact nearest neighbours between rows with missing values."""

from __future__ import annotations

import numpy as np

BLOCK_CELLS = 4_000_000


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
        Rows of B, nearest first; ties in the order of the rows.
    distances : ndarray (n_a, k)

    Raises
    ------
    ValueError
        There are fewer than k rows to choose from.
    """
    if k > len(B) - itself:
        raise ValueError(f"{k} neighbours asked for among {len(B) - itself} rows")
    indices, distances = np.empty((len(A), k), dtype=np.intp), np.empty((len(A), k))
    step = max(1, BLOCK_CELLS // max(1, len(B)))
    for start in range(0, len(A), step):
        rows = slice(start, min(start + step, len(A)))
        d = squared_distances(A[rows], B)
        if itself:
            d[np.arange(d.shape[0]), np.arange(rows.start, rows.stop)] = np.nan
        indices[rows], distances[rows] = _smallest(d, k)
    return indices, np.sqrt(distances)


def _smallest(d: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    d = np.where(np.isnan(d), np.inf, d) if k < d.shape[1] else d
    part = np.argpartition(d, k - 1, axis=1)[:, :k]
    order = np.lexsort((part, np.take_along_axis(d, part, axis=1)), axis=1)
    best = np.take_along_axis(part, order, axis=1)
    return best, np.take_along_axis(d, best, axis=1)


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
        distances[:, c] = _kth_distance(Z, rows, min(k, len(rows) - 1))
    return distances


def _kth_distance(Z: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    kth = np.empty(len(Z))
    step = max(1, BLOCK_CELLS // len(rows))
    for start in range(0, len(Z), step):
        d = squared_distances(Z[start : start + step], Z[rows])
        itself = np.flatnonzero((rows >= start) & (rows < start + step))
        d[rows[itself] - start, itself] = np.inf
        d.partition(k - 1, axis=1)
        kth[start : start + step] = d[:, k - 1]
    return np.sqrt(kth)
