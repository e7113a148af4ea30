"""Neighbourhoods of rows by class: types of examples, disagreeing neighbours, and the border along a spanning tree."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from core.numerics.neighbours import neighbour_table, squared_distances

TYPES = ("safe", "borderline", "rare", "outlier")
"""Of examples, by how many of the five nearest rows share the class."""

K = 5
"""Neighbours that the types look at."""

MEASURES = (*TYPES, "kdn", "n3", "n1")
"""Of a class: shares of the types, mean foreign share of five, foreign nearest row, row on the border."""

FULL, N_SPANNED = 1000, 5000
"""Rows up to which a spanning tree is built from all distances; rows of the tree where only a sample is looked up."""


def example_types(labels: np.ndarray, rows: np.ndarray, indices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sort rows by how many of their five nearest rows carry another label.

    0 safe: none or one; 1 borderline: two or three, or four when the one own neighbour has further own neighbours; 2 rare: four
    otherwise; 3 outlier: all five.

    Parameters
    ----------
    labels : ndarray of int (n_samples,)
        Classes of all rows.
    rows : ndarray (n_queries,)
        The rows that are sorted.
    indices : ndarray (n_queries, at least 5)
        Their nearest rows, nearest first.
    rng : numpy.random.Generator
        Where the one own neighbour was not looked up itself, rare and borderline are drawn as often as among the others.

    Returns
    -------
    ndarray of int (n_queries,)
        Positions in ``TYPES``.

    References
    ----------
    Napierala and Stefanowski (2016), Journal of Intelligent Information Systems 46.
    """
    indices = indices[:, :K]
    own = labels[indices] == labels[rows][:, None]
    n_own = own.sum(axis=1)
    kind = np.select([n_own >= 4, n_own >= 2], [0, 1], 3)
    lone = np.flatnonzero(n_own == 1)
    if len(lone):
        place = np.full(len(labels), -1)
        place[rows] = np.arange(len(rows))
        at = place[indices[lone, own[lone].argmax(axis=1)]]
        beyond = indices[at]
        further = (labels[beyond] == labels[rows[lone]][:, None]) & (beyond != rows[lone][:, None])
        alone, known = ~further.any(axis=1), at >= 0
        usual = alone[known].mean() if known.any() else 1.0
        alone[~known] = rng.random((~known).sum()) < usual
        kind[lone] = np.where(alone, 2, 1)
    return kind


def spanning_edges(distances: np.ndarray) -> np.ndarray:
    """Edges (n − 1, 2) of the minimum spanning tree of a symmetric matrix of finite distances (Prim's algorithm).

    Examples
    --------
    >>> spanning_edges(np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 2.0], [5.0, 2.0, 0.0]])).tolist()
    [[0, 1], [1, 2]]
    """
    n = len(distances)
    edges = np.empty((n - 1, 2), dtype=np.intp)
    reach, origin = distances[0].copy(), np.zeros(n, dtype=np.intp)
    reach[0] = np.inf
    inside = np.zeros(n, dtype=bool)
    inside[0] = True
    for step in range(n - 1):
        nearest_row = int(reach.argmin())
        edges[step] = origin[nearest_row], nearest_row
        inside[nearest_row] = True
        closer = distances[nearest_row] < reach
        closer &= ~inside
        reach[closer] = distances[nearest_row][closer]
        origin[closer] = nearest_row
        reach[nearest_row] = np.inf
    return edges


def forest_edges(rows: np.ndarray, indices: np.ndarray, distances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Edges (n_edges, 2) of the minimum spanning forest of a graph of nearest rows; equal distances are ordered at random."""
    weight = distances + 1e-9 * max(float(distances[:, -1].min(initial=1.0)), 1e-9) * (1 + rng.random(distances.shape))
    kept = np.isfinite(weight)
    n = int(max(rows.max(initial=0), indices.max(initial=0))) + 1
    edges = np.repeat(rows, kept.sum(axis=1)), indices[kept]
    tree = minimum_spanning_tree(coo_matrix((weight[kept], edges), shape=(n, n)).tocsr()).tocoo()
    return np.column_stack([tree.row, tree.col])


def on_the_border(edges: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether an edge joins a row (n_samples,) to a row of another class: the share of such rows is N1."""
    border = np.zeros(len(labels), dtype=bool)
    border[edges[labels[edges[:, 0]] != labels[edges[:, 1]]].ravel()] = True
    return border


def border_edges(Z: np.ndarray, found: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    """Edges of a spanning tree of all rows: exact up to ``FULL`` rows, beyond that within the graph of nearest rows.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
    found : tuple of ndarray
        Rows (n_samples,), nearest rows and distances (n_samples, k) of all of them.
    rng : numpy.random.Generator
    """
    if len(Z) > FULL:
        return forest_edges(*found, rng)
    place = rng.permutation(len(Z))
    return place[spanning_edges(_finite(squared_distances(Z[place], Z[place])))]


def measures(
    labels: np.ndarray, found: tuple[np.ndarray, ...], edges: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """What ``MEASURES`` names, per class.

    Parameters
    ----------
    labels : ndarray of int (n_samples,)
    found : tuple of ndarray
        The rows that were looked up, and their nearest rows.
    edges : tuple of ndarray
        Edges of a spanning tree, and the rows (n_spanned,) that they count along.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_classes, 7)
        NaN for a class without rows.
    """
    rows, indices = found[:2]
    n_classes, own = int(labels.max()) + 1, labels[rows]
    kind = example_types(labels, rows, indices, rng)
    foreign = labels[indices[:, :K]] != own[:, None]
    table = np.column_stack([kind[:, None] == np.arange(4), foreign.mean(axis=1), foreign[:, 0]])
    spanned = labels[edges[1]]
    border = on_the_border(edges[0], spanned)
    return np.column_stack([class_means(table, own, n_classes), class_means(border[:, None], spanned, n_classes)])


def class_means(table: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Means of columns (n_rows, n_columns) per class (n_classes, n_columns); NaN for a class without rows."""
    sums = np.stack([np.bincount(codes, column, n_classes) for column in table.T.astype(float)], axis=1)
    sizes = np.bincount(codes, minlength=n_classes)[:, None]
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)


def shuffled_measures(
    labels: np.ndarray,
    found: tuple[np.ndarray, ...],
    edges: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
    n_null: int,
) -> np.ndarray:
    """The mean of ``measures`` (n_classes, 7) over shuffled labels."""
    return np.mean([measures(rng.permutation(labels), found, edges, rng) for _ in range(n_null)], axis=0)


def measures_at_equal_sizes(
    Z: np.ndarray, own: np.ndarray, n: int, *, n_draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What ``MEASURES`` names for one class beside as many rows of the others, and the same with shuffled labels.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
    own : ndarray of bool (n_samples,)
        Membership of the class.
    n : int
        Rows per side and draw.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    measured, null : ndarray (7,)
    """
    sides = np.flatnonzero(own), np.flatnonzero(~own)
    measured, null = [], []
    for _ in range(n_draws):
        chosen = rng.permutation(np.concatenate([rng.choice(side, n, replace=False) for side in sides]))
        distances = _finite(np.round(squared_distances(Z[chosen], Z[chosen]), 9))
        np.fill_diagonal(distances, np.inf)
        indices = np.argpartition(distances, K - 1, axis=1)[:, :K]
        indices = np.take_along_axis(indices, np.take_along_axis(distances, indices, axis=1).argsort(axis=1), axis=1)
        everyone = np.arange(2 * n)
        found, edges = (everyone, indices), (spanning_edges(distances), everyone)
        labels = own[chosen].astype(int)
        measured.append(measures(labels, found, edges, rng)[1])
        null.append(shuffled_measures(labels, found, edges, rng, 3).mean(axis=0))
    return np.mean(measured, axis=0), np.mean(null, axis=0)


def measures_of_classes(
    Z: np.ndarray,
    codes: np.ndarray,
    found: tuple[np.ndarray, ...],
    *,
    sampled: bool,
    random_state: int,
    n_null: int = 8,
) -> tuple[np.ndarray, np.ndarray]:
    """What ``MEASURES`` names per class (n_classes, 7), and its mean over shuffled labels.

    The border is that of all rows, or of a sample that keeps class frequencies when the rows are only a sample.
    """
    rng = np.random.default_rng(random_state)
    spanned, inside = np.arange(len(Z)), found
    if sampled:
        spanned = np.sort(rng.choice(len(Z), N_SPANNED, replace=False))
        table = neighbour_table(Z[spanned], codes[spanned], K, random_state=random_state)
        inside = table.rows, table.indices, table.distances
    edges = border_edges(Z[spanned], inside, rng), spanned
    return measures(codes, found, edges, rng), shuffled_measures(codes, found, edges, rng, n_null)


def _finite(distances: np.ndarray) -> np.ndarray:
    """Distances with those of rows that share no column a long way off."""
    finite = np.isfinite(distances)
    return (
        distances if finite.all() else np.where(finite, distances, 1e6 * max(distances[finite].max(initial=1.0), 1.0))
    )
