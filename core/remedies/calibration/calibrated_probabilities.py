"""Probabilities that come true as often as they say."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice
from core.registry import About

ABOUT = About("Calibrated probabilities", "Do 20 % of the rows with probability 0.2 belong to the class?")


def calibrated_probabilities(
    classifier: Any,
    *,
    method: Annotated[str, Choice("sigmoid", "isotonic", "beta", "temperature")] = "sigmoid",
    random_state: int = 0,
) -> Any:
    """Correct the probabilities by what happened to rows that the learner had not seen.

    Three inner folds score the training rows at their natural class sizes, without resampled rows, and a map from the probability p to
    the outcome is learned from them. "sigmoid" (Platt) fits two numbers, ``σ(a · ln(p / (1 − p)) + c)``; "beta" three, ``σ(a ln p − b ln(1 − p) + c)`` with
    a and b at least 0, so that it may bend differently at its two ends and may also change nothing; "isotonic" any rising
    staircase, which needs many rows of every class; "temperature" one number for all classes, ``p_c^(1/T)`` scaled to sum 1. With more than two
    classes the other three map each class against the rest, and the results are scaled to sum 1. Where inner folds test fewer than 10 rows
    of a class, "isotonic" and "beta" give way to "sigmoid".

    Why it matters
    --------------
    Weights and resampling break probabilities: a 2 % risk may read 30 %. A cost threshold needs true ones.

    What to do
    ----------
    Use it after every resampling and weighting, and look whether the Brier score and the log loss recovered; they may not fully. The ranking, and
    with it average precision, gains nothing: two classes keep their order but for ties, which "isotonic" makes. Temperature takes back
    no resampling: it leaves a probability of one half where it is. Doing nothing is often as true, and then this changes little.

    Parameters
    ----------
    method : str
        The shape of the map.

    References
    ----------
    Platt (1999). Zadrozny and Elkan (2002), KDD. Guo et al. (2017), ICML, for temperature. Kull, Silva Filho and Flach (2017), AISTATS, for beta.
    """
    from core.learners.deciding import Calibrated

    return Calibrated(classifier, method, random_state)
