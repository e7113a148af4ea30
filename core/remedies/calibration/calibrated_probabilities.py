"""Probabilities that come true as often as they say."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice
from core.registry import About

ABOUT = About("Calibrated probabilities", "Do 20 % of the rows with probability 0.2 belong to the class?")


def calibrated_probabilities(
    classifier: Any,
    *,
    method: Annotated[str, Choice("sigmoid", "isotonic", "temperature")] = "sigmoid",
    random_state: int = 0,
) -> Any:
    """Correct the probabilities by what happened to rows that the learner had not seen.

    Three inner folds score the training rows at their natural class sizes, without resampled rows; scikit-learn's calibrator
    learns the map from the log-odds to the outcome. "sigmoid" fits two numbers, "temperature" one, "isotonic" any rising
    staircase, which needs many rows of every class.

    Why it matters
    --------------
    Weights and resampling break probabilities: a 2 % risk may read 30 %. A cost threshold needs true ones.

    What to do
    ----------
    Use it after every resampling and weighting, and look whether the Brier score and the log loss recovered; they may not fully.

    Parameters
    ----------
    method : str
        The shape of the map.

    References
    ----------
    Platt (1999). Zadrozny and Elkan (2002), KDD. Guo et al. (2017), ICML, for temperature.
    """
    from core.learners.deciding import Calibrated

    return Calibrated(classifier, method, random_state)
