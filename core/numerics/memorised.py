"""What a learner that memorises would score when rows are copied before they are split."""

from __future__ import annotations

import numpy as np

FINE, CHANGING = 20, 0.8


def scores_of_copies(
    distances: np.ndarray, positive: np.ndarray, copies: int, n_folds: int, together: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold scores of a nearest-neighbour learner on a table whose positive rows were copied first.

    With the distances to the nearest training row of each class, the score is ``d_negative / (d_negative + d_positive)``; above
    0.5 the nearest row is positive. Copies lie at distance 0 from each other.

    Parameters
    ----------
    distances : ndarray (n_samples, n_samples)
        Finite, with zeros on the diagonal.
    positive : ndarray of bool (n_samples,)
        At least two rows of each kind.
    copies : int
        How often a positive row stands in the copied table; 1 copies nothing.
    n_folds : int
    together : bool
        Whether all copies of a row are put into one fold.
    rng : numpy.random.Generator

    Returns
    -------
    scores : ndarray (n_copied,)
    labels : ndarray of bool (n_copied,)
        Whether each row of the copied table is positive.
    """
    source = np.repeat(np.arange(len(positive)), np.where(positive, copies, 1))
    fold = np.empty(len(source), dtype=int)
    for kind in (False, True):
        dealt = np.flatnonzero(positive == kind) if together else np.flatnonzero(positive[source] == kind)
        place = rng.permutation(len(dealt)) % n_folds
        if together:
            of_source = np.zeros(len(positive), dtype=int)
            of_source[dealt] = place
            rows = positive[source] == kind
            fold[rows] = of_source[source[rows]]
        else:
            fold[dealt] = place
    inside = np.zeros((len(positive), n_folds), dtype=int)
    np.add.at(inside, (source, fold), 1)
    trained = inside < np.where(positive, copies, 1)[:, None]
    score = np.empty((len(positive), n_folds))
    for f in range(n_folds):
        rows = np.flatnonzero(inside[:, f])
        to = [
            distances[np.ix_(rows, np.flatnonzero(trained[:, f] & (positive == kind)))].min(axis=1)
            for kind in (True, False)
        ]
        total = to[0] + to[1]
        score[rows, f] = np.where(total > 0, to[1] / np.where(total > 0, total, 1.0), 0.5)
    return score[source, fold], positive[source]


def between_others(Z: np.ndarray, rows: np.ndarray, neighbours: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """Whether a row lies exactly on the line between two of its neighbours, as interpolated rows do.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        Without missing cells.
    rows : ndarray (n_rows,)
        The rows to look at.
    neighbours : ndarray (n_rows, k)
        Rows of Z, the row itself left out.
    tolerance : float
        Largest distance from the line, as a share of the length between the two neighbours.

    Returns
    -------
    ndarray of bool (n_rows,)
        Lines count only if at least three columns change along them, and ``CHANGING`` of the columns with more than
        ``FINE`` different values: on a grid, or where some columns are computed from others, many rows lie on other lines.

    Examples
    --------
    >>> Z = np.array([[0.0, 0, 0], [1, 2, 3], [0.3, 0.6, 0.9], [5, 1, 1]])
    >>> between_others(Z, np.array([2, 3]), np.array([[0, 1, 3], [0, 1, 2]]))
    array([ True, False])
    """
    fine = np.array([len(np.unique(column)) > FINE for column in Z.T], dtype=bool)
    enough = max(3.0, CHANGING * fine.sum())
    compared = fine if fine.sum() >= 3 else np.ones(len(fine), dtype=bool)
    found = np.zeros(len(rows), dtype=bool)
    first, second = np.triu_indices(neighbours.shape[1], 1)
    for i, row in enumerate(rows):
        away = Z[neighbours[i]] - Z[row]
        size = np.linalg.norm(away, axis=1)
        product = away @ away.T
        cosine = product[first, second] / np.maximum(size[first] * size[second], 1e-300)
        opposite = np.flatnonzero((cosine < -1 + tolerance) & (size[first] > 1e-9) & (size[second] > 1e-9))
        changes = np.abs(away[second[opposite]] - away[first[opposite]])[:, compared] > 1e-9
        found[i] = bool((changes.sum(axis=1) >= enough).any())
    return found
