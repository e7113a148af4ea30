"""Rows of rare classes count more."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Range
from core.registry import About

ABOUT = About("Class weights", "What if a rare row counted more?")


def class_weights(classifier: Any, *, power: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0) -> Any:
    """Weight each row by how rare its class is.

    A row of class c gets the weight (n_largest / n_c) ^ power, scaled to mean 1. Power 1 makes all classes equally
    heavy ("balanced"), power 0.5 is the square-root rule.

    Why it matters
    --------------
    A learner that counts every row alike can ignore a rare class at little loss. But power 1 states that a miss costs
    as many false alarms as the class is rare, and it raises every probability of the rare class: they are no longer true.

    What to do
    ----------
    Try a threshold first. Use weights when the ranking itself gets better, and calibrate afterwards.

    Parameters
    ----------
    power : float
        0.1 is a gentle correction, 1 makes all classes equally heavy.

    References
    ----------
    King and Zeng (2001), Political Analysis 9. Elkan (2001), IJCAI, for what weights say about costs.
    """
    from core.learners.wrapping import Weighted

    return Weighted(classifier, power)
