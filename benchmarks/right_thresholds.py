"""Factors for classes, chosen so that the most probable class after them has the best macro-F1 on the given rows: one for each class, or one power of their shares."""

from __future__ import annotations

import numpy as np

SMALLEST = 1e-12
SWEEPS = 20
STRENGTHS = np.arange(-10, 21) / 10


def right_thresholds(proba: np.ndarray, codes: np.ndarray, starts: list[np.ndarray]) -> np.ndarray:
    """Logarithms of the factors (n_classes,).

    From each start one class after the other is moved to the place that is best with all others kept, over all places that decide differently,
    until a sweep over the classes gains nothing. The better end is taken, the first one among equals. A class is moved only where that gains, and of
    equal places to the nearest one; it comes to stand in the middle between two rows.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
    starts : list of ndarray (n_classes,)

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> moved = right_thresholds(proba, np.array([0, 0, 1, 1]), [np.zeros(2)])
    >>> (np.log(proba) + moved).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    log_proba = np.log(np.maximum(proba, SMALLEST))
    ends = [_searched(log_proba, codes, start) for start in starts]
    return max(ends, key=lambda end: end[1])[0]


def right_strength(proba: np.ndarray, codes: np.ndarray, shares: np.ndarray) -> float:
    """The τ of ``STRENGTHS`` with which ``p_c · π_c^−τ`` decides best, the nearest to 0 among equals.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
    shares : ndarray (n_classes,)
        π of the training rows.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]])
    >>> right_strength(proba, np.array([0, 0, 1, 1]), np.array([0.8, 0.2]))
    0.7
    """
    log_proba = np.log(np.maximum(proba, SMALLEST))
    found = [macro_f1(codes, (log_proba - t * np.log(shares)).argmax(axis=1), len(shares)) for t in STRENGTHS]
    equal = STRENGTHS[np.array(found) >= max(found) - 1e-12]
    return float(equal[np.abs(equal).argmin()])


def macro_f1(codes: np.ndarray, pred: np.ndarray, n_classes: int) -> float:
    """Mean of F1 over the classes that have rows."""
    hits = np.bincount(codes[codes == pred], minlength=n_classes)
    actual = np.bincount(codes, minlength=n_classes)
    return _mean_f1(hits, np.bincount(pred, minlength=n_classes), actual)


def _mean_f1(hits: np.ndarray, given: np.ndarray, actual: np.ndarray) -> np.ndarray:
    own = actual > 0
    return (2 * hits[..., own] / (actual[own] + given[..., own])).mean(axis=-1)


def _searched(log_proba: np.ndarray, codes: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
    offsets, n_classes = start.astype(float), log_proba.shape[1]
    best = macro_f1(codes, (log_proba + offsets).argmax(axis=1), n_classes)
    for _ in range(SWEEPS):
        before = best
        for c in range(n_classes):
            place, value = _best_place(log_proba, codes, offsets, c)
            if value > best + 1e-12:
                offsets[c], best = place, value
        if best <= before:
            break
    return offsets, best


def _best_place(log_proba: np.ndarray, codes: np.ndarray, offsets: np.ndarray, c: int) -> tuple[float, float]:
    """The offset of one class that is best with all others kept: rows go over to it one by one as it rises."""
    n, n_classes = log_proba.shape
    scores = log_proba + offsets
    scores[:, c] = -np.inf
    other = scores.argmax(axis=1)
    goes_over = scores[np.arange(n), other] - log_proba[:, c]
    order = np.argsort(goes_over, kind="stable")
    at, other, own = goes_over[order], other[order], codes[order]
    leaves = np.eye(n_classes)[other]
    gone, lost = (
        np.vstack([np.zeros(n_classes), np.cumsum(part, axis=0)]) for part in (leaves, leaves * (own == other)[:, None])
    )
    given, hits = gone[-1] - gone, lost[-1] - lost
    given[:, c] = np.arange(n + 1)
    hits[1:, c] = np.cumsum(own == c)
    value = _mean_f1(hits, given, np.bincount(codes, minlength=n_classes))
    value[1:-1][at[1:] <= at[:-1]] = -1
    places = np.concatenate([[at[0] - 1], (at[1:] + at[:-1]) / 2, [at[-1] + 1]])
    equal = np.flatnonzero(value >= value.max() - 1e-12)
    chosen = equal[np.abs(places[equal] - offsets[c]).argmin()]
    return float(places[chosen]), float(value[chosen])
