"""The threshold that finds most while enough of the alarms are right."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Range
from core.registry import About

ABOUT = About("Precision floor", "How many can be found when a given share of the alarms must be right?")


def precision_floor(
    classifier: Any,
    *,
    precision: Annotated[float, Range(0.01, 0.99, 0.01)] = 0.5,
    positive: Any = None,
    random_state: int = 0,
) -> Any:
    """Say "yes" from the lowest threshold at which, on rows the learner had not seen, enough alarms were right.

    The training rows are scored by three inner folds. Of all thresholds whose precision there reaches the floor, the one with the highest recall is
    locked before the test rows are looked at. Where none reaches it, the threshold of the highest precision is taken. The probabilities do not change.

    Why it matters
    --------------
    Whoever follows up alarms stops doing so when most are wrong. A floor under the precision says how many wrong ones are borne, without a
    price for either mistake.

    What to do
    ----------
    Read the precision on test rows with its interval: the threshold was the lowest that passed on held-back rows. On generated tables with true
    probabilities the precision on new rows lay below a floor of .5 in 38 to 43 % of 400 tables each; 9 in 10 times it was .42 to .68 with 20 rows of the
    class of interest, and .46 to .55 with 200. Ask for a little more than you need.

    Parameters
    ----------
    precision : float
        The share of alarms that should be right.

    References
    ----------
    Provost and Fawcett (2001), Machine Learning 42, on choosing a point of a curve by a constraint.
    """
    from core.learners.deciding import Thresholded

    return Thresholded(classifier, "precision floor", positive, 1.0, random_state, precision)
