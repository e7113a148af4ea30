"""One cut-off said in four ways: as a probability, as log-odds, as alarms per 1,000 rows, and as the cost of a miss."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from core.numerics.decisions import best_threshold

WAYS = ("probability", "log-odds", "times usual odds", "alarms per 1,000", "cost of a miss")
SMALLEST = 1e-9


def threshold_of(
    way: str, value: float, scores: np.ndarray, prevalence: float, weight: np.ndarray | None = None
) -> float:
    """The probability from which on rows are taken.

    Parameters
    ----------
    way : str
        One of ``WAYS``. "log-odds" spread out what is rare: −4.6 is 1 %. "times usual odds" says how many times the odds of a row are those of the
        class as a whole, so that 1 is the prevalence, however rare the class is. "alarms per 1,000" takes the rows with the highest
        scores, no more than that. "cost of a miss" counts in false alarms, ``1 / (1 + value)``.
    value : float
    scores : ndarray (n_samples,)
        Probabilities of the class; needed for alarms per 1,000 rows.
    prevalence : float
        Between 0 and 1; needed for times usual odds.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as.

    Returns
    -------
    float
    """
    if way == "probability":
        return float(value)
    if way == "log-odds":
        return float(expit(value))
    if way == "times usual odds":
        return float(expit(np.log(max(value, SMALLEST)) + _odds(prevalence)))
    if way == "cost of a miss":
        return float(1 / (1 + value))
    if way != "alarms per 1,000":
        raise ValueError(f"unknown way {way!r}")
    either = np.arange(len(scores)) == 0  # labels do not matter for a capacity, but both must be there
    return best_threshold(scores, either, "capacity", value, weight) if len(scores) > 1 else 0.5


def value_of(
    way: str, threshold: float, scores: np.ndarray, prevalence: float, weight: np.ndarray | None = None
) -> float:
    """What a threshold is called in another way; ``threshold_of`` gives a threshold back that takes the same rows.

    Parameters
    ----------
    way, scores, prevalence, weight
        As for ``threshold_of``.
    threshold : float
        Between 0 and 1.

    Returns
    -------
    float
    """
    if way == "probability":
        return float(threshold)
    if way == "log-odds":
        return _odds(threshold)
    if way == "times usual odds":
        return float(np.exp(_odds(threshold) - _odds(prevalence)))
    if way == "cost of a miss":
        return float(1 / max(threshold, SMALLEST) - 1)
    if way != "alarms per 1,000":
        raise ValueError(f"unknown way {way!r}")
    return float(1000 * np.average(scores >= threshold, weights=weight)) if len(scores) else 0.0


def threshold_at_use(
    threshold: np.ndarray | float, prevalence: float, at_use: float, *, back: bool = False
) -> np.ndarray | float:
    """The threshold that takes the same rows once probabilities are carried to another prevalence, if rows within a class look the same.

    Its odds are those of the threshold times ``π' (1 − π) / (π (1 − π'))``, where π is the prevalence that the probabilities were learned
    at and π' the one at use.

    Parameters
    ----------
    threshold : ndarray or float
        From 0 to 1.
    prevalence, at_use : float
        Between 0 and 1.
    back : bool
        Give the threshold on the probabilities as they were learned for one at use.

    References
    ----------
    Elkan (2001), IJCAI. Saerens, Latinne and Decaestecker (2002), Neural Computation 14.

    Examples
    --------
    >>> round(threshold_at_use(0.5, 0.5, 0.05), 3), round(threshold_at_use(0.05, 0.5, 0.05, back=True), 3)
    (0.05, 0.5)
    """
    first, second = (at_use, prevalence) if back else (prevalence, at_use)
    own, others = threshold * second / first, (1 - threshold) * (1 - second) / (1 - first)
    return own / (own + others)


def _odds(share: float) -> float:
    return float(logit(np.clip(share, SMALLEST, 1 - SMALLEST)))
