"""A threshold for each value of a column."""

from __future__ import annotations

from typing import Annotated, Any

from core.params import Choice, Range, Text
from core.registry import About

ABOUT = About("Group thresholds", "Should the threshold differ from group to group?", maturity="emerging")


def group_thresholds(
    classifier: Any,
    *,
    column: Annotated[str, Text(200, "region")] = "",
    criterion: Annotated[str, Choice("F1", "balanced accuracy", "expected cost")] = "F1",
    pull: Annotated[float, Range(0.0, 1000.0, 10.0)] = 50.0,
    positive: Any = None,
    miss_cost: float = 0.0,
    random_state: int = 0,
    sensitive: Any = (),
) -> Any:
    """Say "yes" at a threshold that depends on the value of one column, drawn towards the common threshold.

    The training rows are scored by three inner folds. On log-odds the threshold of a group is ``w t̂_g + (1 − w) t`` with ``w = n_g / (n_g + pull)``: t̂_g
    is what does best on the group's own rows, n_g its rows of the class of interest, t the common threshold. A group with fewer than 10 such rows
    keeps t, as does a value that was not seen; where no group has 10 the remedy is refused. The weight w is our inference. Rows that belong
    together by the role "group" are never in a fold that has learned from them, so they have no threshold of their own. The
    probabilities do not change.

    Why it matters
    --------------
    Where a score means different things in different places, one threshold is too high in some of them and too low in others. But a threshold of
    its own is chosen on the few rows of a group: below some tens of the class of interest most of the difference is chance.

    What to do
    ----------
    Look first whether the probabilities are true in each group; with true probabilities and the same costs, one threshold is right for all. Where
    the column describes people, such as sex or origin, different thresholds may be unlawful: ask before using them.

    Parameters
    ----------
    column : str
        The column whose values are the groups, at most 30. Empty takes the first column with the role "sensitive"; without one all rows are one group.
    criterion : str
        What the thresholds should make best. "expected cost" needs the cost of a miss.
    pull : float
        Rows of the class of interest at which a group's own threshold and the common one count the same; 0 takes its own alone.

    References
    ----------
    Hardt, Price and Srebro (2016), NeurIPS, on thresholds by group. Efron and Morris (1975), Journal of the American Statistical Association 70, on drawing
    estimates together.
    """
    from core.learners.decision_rules import GroupThresholded

    chosen = column or (sensitive[0] if len(sensitive) else "")
    return GroupThresholded(classifier, criterion, positive, miss_cost or 1.0, random_state, chosen, pull)
