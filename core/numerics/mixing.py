"""Mixing of two classes among nearest neighbours, at equal class sizes."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from core.numerics.neighbours import squared_distances


def foreign_share(order: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The foreign share among the nearest rows of the rows of two classes, for several labellings.

    Parameters
    ----------
    order : ndarray (n_samples, k)
        Nearest rows of each row, itself left out.
    first : ndarray of bool (n_labellings, n_samples)
        Membership of the first class, once per labelling.

    Returns
    -------
    ndarray (n_labellings,)

    Examples
    --------
    >>> foreign_share(np.array([[1], [0], [1]]), np.array([[True, True, False]])).round(3)
    array([0.333])
    """
    return (first[:, order] != first[:, :, None]).mean(axis=(1, 2))


def balanced_mixing(
    Z: np.ndarray,
    rows_a: np.ndarray,
    rows_b: np.ndarray,
    k: int,
    *,
    n: int,
    n_draws: int,
    n_null: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Foreign shares of two classes on balanced subsamples, and the same with shuffled labels.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        NaN is missing.
    rows_a, rows_b : ndarray
        Rows of the two classes.
    k : int
        Neighbours; at most one fewer than the rows that are drawn.
    n : int
        Rows per class in one draw.
    n_draws : int
        Draws.
    n_null : int
        Shuffled labellings per draw.
    rng : numpy.random.Generator

    Returns
    -------
    shares : ndarray (n_draws,)
    null : ndarray (n_draws · n_null,)
        The null of complete mixing, about ``n / (2 n − 1)`` for n rows per class.
    """
    shares, null = np.empty(n_draws), np.empty(n_draws * n_null)
    labels = np.arange(2 * n) < n
    for draw in range(n_draws):
        chosen = np.concatenate([rng.choice(rows, n, replace=False) for rows in (rows_a, rows_b)])
        place = rng.permutation(2 * n)  # rows of text columns have many neighbours at one distance; no order may choose
        distances = np.round(squared_distances(Z[chosen[place]], Z[chosen[place]]), 9)
        np.fill_diagonal(distances, np.nan)
        order = np.argpartition(distances, min(k, 2 * n - 1) - 1, axis=1)[:, : min(k, 2 * n - 1)]
        shuffled = rng.permuted(np.repeat(labels[None, :], n_null, axis=0), axis=1)
        shares[draw] = foreign_share(order, labels[None, place])[0]
        null[draw * n_null : (draw + 1) * n_null] = foreign_share(order, shuffled)
    return shares, null


def overlap_of_scores(first: np.ndarray, second: np.ndarray) -> float:
    """The mixing ``4 e (1 − e)`` that belongs to two sets of scores with balanced error ``e = Φ(−Φ⁻¹(AUC) / √2)``.

    Parameters
    ----------
    first, second : ndarray
        Scores of two classes; the first should be larger. Any scale.

    Returns
    -------
    float
        0 for scores that separate the classes, 1 for scores that tell nothing (or the reverse).

    Examples
    --------
    >>> overlap_of_scores(np.array([2.0, 3.0]), np.array([0.0, 1.0]))
    0.0
    """
    ranks = rankdata(np.concatenate([first, second]))[: len(first)].sum()
    auc = (ranks / len(first) - (len(first) + 1) / 2) / len(second)
    error = min(0.5, float(ndtr(-ndtri(auc) / np.sqrt(2))))
    return 4 * error * (1 - error)
