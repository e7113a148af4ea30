"""The threshold that does best on rows held back inside the training part."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice, Range
from core.registry import About

ABOUT = About("Tuned threshold", "From which probability on should the answer be yes?")


def tuned_threshold(
    classifier: Any,
    *,
    criterion: Annotated[str, Choice("F1", "balanced accuracy", "expected cost", "F-beta")] = "F1",
    beta: Annotated[float, Range(0.1, 10.0, 0.1)] = 2.0,
    positive: Any = None,
    miss_cost: float = 0.0,
    random_state: int = 0,
) -> Any:
    """Say "yes" from the probability on that did best on rows the learner had not seen.

    The training rows are scored by three inner folds; every threshold that divides them differently is tried, and the best one
    is locked before the test rows are looked at. With more than two classes, the class of interest is predicted when
    its probability reaches the threshold, and the most probable other class elsewhere. The probabilities do not change.

    Why it matters
    --------------
    The usual cut at 0.5 asks whether a rare class is more probable than not. It seldom is, even where it is ten times
    as probable as usual. Much of what resampling is praised for is this threshold, moved without saying so.

    What to do
    ----------
    Do this before anything else. With fewer than 50 rows of the class of interest the chosen threshold is itself uncertain: state what
    a miss costs and use the cost threshold on calibrated probabilities.

    Parameters
    ----------
    criterion : str
        What the threshold should make best. "expected cost" needs the cost of a miss.
    beta : float
        For "F-beta" only, ``(1 + β²) precision · recall / (β² precision + recall)``: how many times recall matters as much as precision.

    References
    ----------
    Esposito et al. (2021), Journal of Chemical Information and Modeling 61. Lipton et al. (2014), ECML PKDD, for F1.
    """
    from core.learners.deciding import Thresholded

    return Thresholded(classifier, criterion, positive, miss_cost or 1.0, random_state, beta)
