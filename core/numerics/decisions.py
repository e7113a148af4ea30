"""Thresholds and what follows from them: pure array functions."""

from __future__ import annotations

import numpy as np

CRITERIA = ("F1", "balanced accuracy", "expected cost", "F-beta", "precision floor", "capacity")
ROUNDING = 1e-12
"""The part of itself by which a limit may be missed for the rounding of numbers."""


def decide(proba: np.ndarray, positive: int, threshold: float | np.ndarray) -> np.ndarray:
    """Predict the class of interest where its probability reaches the threshold, and the most probable other class elsewhere.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    positive : int
        Column of the class of interest.
    threshold : float or ndarray (n_samples,)

    Returns
    -------
    ndarray (n_samples,)
        Column indices. With two classes and threshold .5 this is the most probable class.
    """
    others = proba.copy()
    others[:, positive] = -np.inf
    return np.where(proba[:, positive] >= threshold, positive, others.argmax(axis=1))


def best_threshold(
    scores: np.ndarray,
    is_positive: np.ndarray,
    criterion: str,
    setting: float = 1.0,
    weight: np.ndarray | None = None,
) -> float:
    """The threshold that is best on the given rows, over all thresholds that divide them differently.

    Parameters
    ----------
    scores : ndarray (n_samples,)
        Probability of the class of interest.
    is_positive : ndarray of bool (n_samples,)
    criterion : str
        One of ``CRITERIA``, see ``cut_values``.
    setting : float
        What the criterion needs: the cost of a miss in false alarms, β, the precision asked for, or the most alarms per 1,000 rows.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    Returns
    -------
    float
        Halfway between the two neighbouring scores; the highest one among equals, so that ties raise fewer alarms.
        .5 when there are no positive or no negative rows.
    """
    if not is_positive.any() or is_positive.all():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, counts = scores[order], np.ones(len(scores)) if weight is None else weight[order]
    found, alarms = (
        np.concatenate([[0], np.cumsum(np.where(own, counts, 0))]) for own in (is_positive[order], ~is_positive[order])
    )
    edges = np.concatenate([[True], ranked[1:] < ranked[:-1], [True]])  # only between different scores
    cut = int(np.argmax(np.where(edges, cut_values(found, alarms, criterion, setting), -np.inf)))
    above = ranked[cut - 1] if cut > 0 else 1.0
    below = ranked[cut] if cut < len(ranked) else 0.0
    return float((above + below) / 2)


def cut_values(found: np.ndarray, alarms: np.ndarray, criterion: str, setting: float = 1.0) -> np.ndarray:
    """How good each cut of a ranking is; the largest value is the best.

    Parameters
    ----------
    found, alarms : ndarray (..., n_cuts)
        Rows of the class of interest, and other rows, above each cut; the last cut has all rows above it.
    criterion : str
        "F1" and "F-beta", ``(1 + β²) found / (β² positives + rows above the cut)`` with β = ``setting``; "balanced accuracy"; "expected cost",
        ``−(setting · misses + alarms)``; "precision floor", the recall where the precision reaches ``setting``, and where no cut
        reaches it the precision less 1; "capacity", the share of rows above the cut where it is at most ``setting`` in 1,000.
    setting : float

    Returns
    -------
    ndarray (..., n_cuts)
    """
    n_positive, n_negative, taken = found[..., -1:], alarms[..., -1:], found + alarms
    if criterion in ("F1", "F-beta"):
        square = 1.0 if criterion == "F1" else setting**2
        return (1 + square) * found / (square * n_positive + taken)
    if criterion == "balanced accuracy":
        return found / n_positive - alarms / n_negative
    if criterion == "expected cost":
        return -(setting * (n_positive - found) + alarms)
    if criterion == "capacity":
        share = taken / taken[..., -1:]
        return np.where(share <= setting / 1000 * (1 + ROUNDING), share, -np.inf)
    if criterion != "precision floor":
        raise ValueError(f"unknown criterion {criterion!r}")
    precision = np.divide(found, taken, out=np.zeros(np.shape(found)), where=taken > 0)
    return np.where((precision >= setting * (1 - ROUNDING)) & (found > 0), found / n_positive, precision - 1)


def confusion(codes: np.ndarray, pred: np.ndarray, n_classes: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Rows of each class (first axis) by predicted class (second axis); each counts as many rows as its weight."""
    return np.bincount(codes * n_classes + pred, weight, minlength=n_classes**2).reshape(n_classes, n_classes)


def decision_scores(matrix: np.ndarray, positive: int) -> dict[str, float]:
    """Scores of decisions from a confusion matrix.

    Parameters
    ----------
    matrix : ndarray (n_classes, n_classes)
        As ``confusion`` returns it.
    positive : int
        The class that recall, precision and F1 are about.

    Returns
    -------
    dict of str to float
        recall, precision, F1 (0 when the class is never predicted, NaN when it has no rows), macro-F1 and balanced
        accuracy over the classes with rows, and the Matthews correlation (0 when only one class is predicted).
    """
    hits, actual, predicted = np.diag(matrix).astype(float), matrix.sum(axis=1), matrix.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / actual
        f1 = np.where(actual > 0, 2 * hits / (actual + predicted), np.nan)
    n, seen = float(matrix.sum()), actual > 0
    spread = np.sqrt((n**2 - (predicted.astype(float) ** 2).sum()) * (n**2 - (actual.astype(float) ** 2).sum()))
    return {
        "recall": recall[positive],
        "precision": hits[positive] / max(predicted[positive], 1) if seen[positive] else np.nan,
        "F1": f1[positive],
        "macro-F1": float(f1[seen].mean()) if seen.any() else np.nan,
        "balanced accuracy": float(recall[seen].mean()) if seen.any() else np.nan,
        "Matthews correlation": float((hits.sum() * n - predicted.astype(float) @ actual) / spread)
        if spread > 0
        else 0.0,
    }
