"""Exact nearest neighbours between rows with missing values.

Candidates are found in blocks of single-precision matrix products and measured again in double precision. Neighbours at one
distance are chosen at random, for each row anew: rows of text columns have many, and the order of the file must not choose.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK_CELLS = 1_000_000
MORE, DIRECTIONS, DECIMALS = 6, 4, 13
"""Candidates beyond k; columns of the random tie-break; decimals (of the square of the
largest value) within which two squared distances are equal."""

EXACT_BELOW, WIDE_TIES = 9, 64
"""Columns below which candidates are found in double precision; the tie-break in units of rounding."""

LIMIT, N_QUERIES = 30_000, 5_000
"""Rows up to which every row is looked up; rows that are looked up beyond."""


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
        rows = even_sample(codes, N_QUERIES, np.random.default_rng(random_state))
    found = _search(Z[rows], Z, min(k, len(Z) - 1), rows, random_state)
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
    return _search(A, B, k, np.arange(len(A)) if itself else np.full(len(A), -1))


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
        distances[:, c] = _search(Z, Z[rows], min(k, len(rows) - 1), own)[1][:, -1]
    return distances


def _search(A: np.ndarray, B: np.ndarray, k: int, own: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest rows of B; ``own`` is the row of B that a row of A may not find, or −1."""
    quick = A.shape[1] >= EXACT_BELOW
    indices, squared, unclear = _one_pass(A, B, k, own, seed, np.float32 if quick else np.float64)
    if quick and unclear.any():
        again = _one_pass(A[unclear], B, k, own[unclear], seed, np.float64)
        indices[unclear], squared[unclear] = again[:2]
    return indices, np.sqrt(squared)


def _one_pass(
    A: np.ndarray, B: np.ndarray, k: int, own: np.ndarray, seed: int, dtype: type
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbours, their squared distances, and the rows for which rounding may have hidden a nearer one."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(B))
    place = np.append(np.argsort(order), -1)[own]
    B, kept = B[order], min(k + MORE, len(B) - bool((own >= 0).any()))
    factors, ties, blur, unit = _factors(A, B, rng, dtype)
    indices, squared = np.empty((len(A), k), dtype=np.intp), np.empty((len(A), k))
    unclear = np.zeros(len(A), dtype=bool)
    step = max(1, min(BLOCK_CELLS // len(B), 2 * BLOCK_CELLS // (kept * max(1, A.shape[1]))))
    room = np.empty((1 + (factors[2] is not None), min(step, len(A)), len(B)), dtype=dtype)
    for start in range(0, len(A), step):
        rows = slice(start, start + step)
        found = _lowest(_keys(factors, rows, place[rows], room), kept)
        d, shared = _measured(A[rows], B, found, unit)
        sort = np.lexsort((np.einsum("qd,qkd->qk", ties[0][rows], ties[1][found]), d), axis=1)
        indices[rows] = order[np.take_along_axis(found, sort[:, :k], axis=1)]
        d = np.take_along_axis(d, sort, axis=1)
        squared[rows] = d[:, :k]
        last = np.where(np.isinf(d[:, -1]), d[:, k - 1], d[:, -1]) if kept > k else d[:, k - 1]
        with np.errstate(invalid="ignore"):  # rows that share no column: infinity less infinity
            gap = last - d[:, k - 1]
        unclear[rows] = (gap > 0) & (gap < 2 * blur[rows] * A.shape[1] / np.maximum(shared, 1))
    return indices, squared, unclear


def _factors(A: np.ndarray, B: np.ndarray, rng: np.random.Generator, dtype: type) -> tuple:
    """Matrices whose products are squared distances plus a random tie-break, how far it reaches, and the largest value.

    The tie-break of two rows is the product of two random directions: for each row of A every row of B is as likely to come first.
    """
    seen_a, seen_b = ~np.isnan(A), ~np.isnan(B)
    b = np.where(seen_b, B, 0.0)
    centre = b.sum(axis=0) / np.maximum(seen_b.sum(axis=0), 1)
    a, b = np.where(seen_a, A - centre, 0.0), np.where(seen_b, b - centre, 0.0)
    unit = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0)) or 1.0
    a, b = a / unit, b / unit
    whole = seen_a.all(axis=0) & seen_b.all(axis=0)
    gaps = ~whole
    blur = WIDE_TIES * np.finfo(dtype).eps * ((a**2).sum(axis=1) + np.median((b**2).sum(axis=1)) + 1e-12)
    ties = tuple(rng.normal(size=(len(side), DIRECTIONS)) for side in (a, b))
    ties = tuple(side / np.linalg.norm(side, axis=1, keepdims=True) for side in ties)
    length = [(side[:, whole] ** 2).sum(axis=1)[:, None] for side in (a, b)]
    left = [-2 * a[:, whole], np.ones((len(a), 1)), blur[:, None] / 2 * ties[0]]
    right = [b[:, whole], length[1], ties[1]]
    masks = None
    if gaps.any():
        left += [length[0], a[:, gaps] ** 2, seen_a[:, gaps], -2 * a[:, gaps]]
        right += [np.ones((len(b), 1)), seen_b[:, gaps], b[:, gaps] ** 2, b[:, gaps]]
        masks = (seen_a[:, gaps].astype(dtype), seen_b[:, gaps].astype(dtype), int(whole.sum()))
    products = tuple(np.hstack(side).astype(dtype) for side in (left, right))
    return (*products, masks), ties, blur * unit**2, unit


def _keys(factors: tuple, rows: slice, place: np.ndarray, room: np.ndarray) -> np.ndarray:
    """What rows are ranked by: squared distances up to a constant of the row; infinite for the row itself."""
    left, right, masks = factors
    keys = np.matmul(left[rows], right.T, out=room[0, : len(place)])
    if masks:
        shared = np.matmul(masks[0][rows], masks[1].T, out=room[1, : len(place)])
        shared += masks[2]
        if shared.min() == 0:
            keys[shared == 0] = 1e30
            np.maximum(shared, 1, out=shared)
        keys /= shared
    own = np.flatnonzero(place >= 0)
    keys[own, place[own]] = np.inf
    return keys


def _lowest(keys: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k lowest keys of each row: they lie in the k groups of columns with the lowest minima."""
    n_rows, n = keys.shape
    size = int(np.sqrt(n / k))
    if size < 4:
        return np.argpartition(keys, k - 1, axis=1)[:, :k]
    n_groups = n // size
    body = keys[:, : n_groups * size].reshape(n_rows, size, n_groups)
    groups = np.argpartition(body.min(axis=1), k - 1, axis=1)[:, :k]
    inside = (groups[:, None, :] + n_groups * np.arange(size)[:, None]).reshape(n_rows, -1)
    rest = np.broadcast_to(np.arange(n_groups * size, n), (n_rows, n - n_groups * size))
    inside = np.hstack([inside, rest])
    part = np.argpartition(np.take_along_axis(keys, inside, axis=1), k - 1, axis=1)[:, :k]
    return np.take_along_axis(inside, part, axis=1)


def _measured(A: np.ndarray, B: np.ndarray, found: np.ndarray, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances to the found rows in double precision, and the fewest columns that a row shares with one of them."""
    gap = B[found]
    gap -= A[:, None, :]
    gap /= unit
    seen = ~np.isnan(gap)
    shared = np.full(found.shape, A.shape[1])
    if not seen.all():
        shared = seen.sum(axis=2)
        gap[~seen] = 0.0
    d = np.einsum("qkp,qkp->qk", gap, gap) * A.shape[1] / np.maximum(shared, 1)
    return np.where(shared > 0, np.round(d, DECIMALS) * unit**2, np.inf if A.shape[1] else 0.0), shared.min(axis=1)
