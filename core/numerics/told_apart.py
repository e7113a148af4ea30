"""How well scores tell several labels apart: mean areas under the ROC curve, their error and their null."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def mean_area(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean over labels of the area under the ROC curve of the label's own score, one label against the rest.

    Parameters
    ----------
    scores : ndarray (n_samples, n_labels)
    labels : ndarray of int (n_samples,)
        Every label occurs, and none fills all rows.

    Returns
    -------
    float

    Examples
    --------
    >>> mean_area(np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]]), np.array([0, 1, 0]))
    1.0
    """
    return float(_areas(np.stack([rankdata(column) for column in scores.T]), labels).mean())


def mean_area_error(scores: np.ndarray, labels: np.ndarray) -> float:
    """Standard error of ``mean_area``, as if the areas of all labels moved together (DeLong's variance for each).

    Parameters
    ----------
    scores : ndarray (n_samples, n_labels)
    labels : ndarray of int (n_samples,)
        Every label occurs at least twice, and so does the rest.

    Returns
    -------
    float

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44.
    """
    errors = []
    for label, score in enumerate(scores.T):
        own, rest = score[labels == label], score[labels != label]
        ranks = rankdata(np.concatenate([own, rest]))
        of_own = (ranks[: len(own)] - rankdata(own)) / len(rest)
        of_rest = 1 - (ranks[len(own) :] - rankdata(rest)) / len(own)
        errors.append(np.sqrt(of_own.var(ddof=1) / len(own) + of_rest.var(ddof=1) / len(rest)))
    return float(np.mean(errors))


def shuffled_mean_areas(scores: np.ndarray, labels: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """``mean_area`` with shuffled labels: the same numbers of each label, no relation to the scores.

    Parameters
    ----------
    scores : ndarray (n_samples, n_labels)
    labels : ndarray of int (n_samples,)
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray (n_draws,)
    """
    ranks = np.stack([rankdata(column) for column in scores.T])
    return np.array([_areas(ranks, rng.permutation(labels)).mean() for _ in range(n_draws)])


def _areas(ranks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    n = np.bincount(labels, minlength=len(ranks))
    total = np.array([np.bincount(labels, row, minlength=len(ranks))[i] for i, row in enumerate(ranks)])
    return (total / n - (n + 1) / 2) / (len(labels) - n)
