"""Average precision of a ranking, its bootstrap within classes and its null of shuffled labels."""

from __future__ import annotations

import numpy as np


def average_precision(scores: np.ndarray, positive: np.ndarray, weight: np.ndarray | None = None) -> float:
    """``Σ (R_i − R_{i−1}) P_i`` over the different scores, the largest first; rows of equal score count together.

    Parameters
    ----------
    scores : ndarray (n_samples,)
    positive : ndarray of bool (n_samples,)
        At least one is true.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    Returns
    -------
    float

    Examples
    --------
    >>> round(average_precision(np.array([0.9, 0.8, 0.1]), np.array([True, False, True])), 3)
    0.833
    """
    order, last = _ranking(scores)
    counts = np.ones(len(scores)) if weight is None else weight[order]
    return float(_along(counts * positive[order], counts, last))


def bootstrap_average_precision(
    scores: np.ndarray,
    positive: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Average precision over rows drawn anew within each class.

    Parameters
    ----------
    scores, positive, weight : ndarray (n_samples,)
        As ``average_precision``; a row keeps its weight when it is drawn.
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
        counts = np.zeros(len(scores))
        for rows in groups:
            counts[rows] = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
        if weight is not None:
            counts *= weight[order]
        draws[draw] = _along(counts * ranked, counts, last)
    return draws


def permuted_average_precision(
    scores: np.ndarray,
    positive: np.ndarray,
    n_draws: int,
    rng: np.random.Generator,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Average precision with shuffled labels: the same class sizes, no relation to the scores.

    Parameters
    ----------
    scores, positive, weight : ndarray (n_samples,)
        As ``average_precision``; each side has the mean weight of its rows.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_draws,)
    """
    _, last = _ranking(scores)
    n_positive = int(positive.sum())
    own, other = (1.0, 1.0) if weight is None else (weight[positive].mean(), weight[~positive].mean())
    draws = np.empty(n_draws)
    for draw in range(n_draws):
        labels = np.zeros(len(scores))
        labels[rng.choice(len(scores), n_positive, replace=False)] = 1
        draws[draw] = _along(own * labels, np.where(labels > 0, own, other), last)
    return draws


def _ranking(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of falling scores, and the last position of each group of equal scores."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def _along(found: np.ndarray, weight: np.ndarray, last: np.ndarray) -> float:
    hits, seen = np.cumsum(found)[last], np.cumsum(weight)[last]
    return float((np.diff(hits, prepend=0.0) * hits / np.maximum(seen, 1e-12)).sum() / hits[-1])
