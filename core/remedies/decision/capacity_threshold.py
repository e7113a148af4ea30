"""The threshold that raises as many alarms as can be checked."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Range
from core.registry import About

ABOUT = About("Capacity threshold", "Which rows should be checked when only so many can be?")


def capacity_threshold(
    classifier: Any,
    *,
    capacity: Annotated[float, Range(0.1, 999.0, 0.1)] = 50.0,
    positive: Any = None,
    random_state: int = 0,
) -> Any:
    """Say "yes" to the most probable rows, as many of 1,000 as can be checked.

    The training rows are scored by three inner folds; the threshold is the lowest above which no more than the given number of 1,000 rows
    lie. Rows of equal probability are taken together or not at all. The threshold is locked before the test rows are looked at, so on new rows the number
    of alarms differs a little, and it follows when the class becomes more frequent. The probabilities do not change.

    Why it matters
    --------------
    Often neither the costs nor a score are known, but how many cases somebody can look at is: 50 of the 2,000 rows of a day are 25 in 1,000.
    The labels are not used to choose this threshold, so a rare class does not make it uncertain.

    What to do
    ----------
    Compare recipes by precision and recall at this threshold: they are about the rows that would be checked. Where the number must never be exceeded, take
    the highest rows of each day instead of a threshold.

    Parameters
    ----------
    capacity : float
        How many of 1,000 rows can be checked.

    References
    ----------
    Precision among the first k of a ranking: Manning, Raghavan and Schütze (2008), Introduction to Information Retrieval, chapter 8.
    """
    from core.learners.deciding import Thresholded

    return Thresholded(classifier, "capacity", positive, 1.0, random_state, capacity)
