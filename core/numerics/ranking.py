"""Average precision of a ranking, its bootstrap within classes and its null of shuffled labels."""

from __future__ import annotations

import numpy as np


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """``Σ (R_i − R_{i−1}) P_i`` over the different scores, the largest first; rows of equal score count together.

    Parameters
    ----------
    scores : ndarray (n_samples,)
    positive : ndarray of bool (n_samples,)
        At least one is true.

    Returns
    -------
    float

    Examples
    --------
    >>> round(average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, True])), 3)
    0.833
    """
    order, last = _ranking(scores)
    return float(_along(positive[order].astype(float), np.ones(len(scores)), last))


def bootstrap_average_precision(
    scores: np.ndarray, positive: np.ndarray, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Average precision over rows drawn anew within each class.

    Parameters
    ----------
    scores, positive : ndarray (n_samples,)
        As ``average_precision``.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_draws,)
    """
    order, last = _ranking(scores)
    ranked = positive[order]
    groups = [np.flatnonzero(ranked), np.flatnonzero(~ranked)]
    draws = np.empty(n_draws)
    for draw in range(n_draws):
        weight = np.zeros(len(scores))
        for rows in groups:
            weight[rows] = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
        draws[draw] = _along(weight * ranked, weight, last)
    return draws


def permuted_average_precision(
    scores: np.ndarray, positive: np.ndarray, n_draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Average precision with shuffled labels: the same class sizes, no relation to the scores.

    Parameters
    ----------
    scores, positive : ndarray (n_samples,)
        As ``average_precision``.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_draws,)
    """
    _, last = _ranking(scores)
    weight, n_positive = np.ones(len(scores)), int(positive.sum())
    draws = np.empty(n_draws)
    for draw in range(n_draws):
        labels = np.zeros(len(scores))
        labels[rng.choice(len(scores), n_positive, replace=False)] = 1
        draws[draw] = _along(labels, weight, last)
    return draws


def _ranking(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of falling scores, and the last position of each group of equal scores."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def _along(found: np.ndarray, weight: np.ndarray, last: np.ndarray) -> float:
    hits, seen = np.cumsum(found)[last], np.cumsum(weight)[last]
    return float((np.diff(hits, prepend=0.0) * hits / np.maximum(seen, 1e-12)).sum() / hits[-1])
