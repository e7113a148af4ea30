"""New rows between neighbouring rows of a rare class."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import MASKS
from core.params import Choice, Range
from core.registry import About

ABOUT = About("SMOTE", "What if there were more rows like the rare ones?")


def smote(
    classifier: Any,
    *,
    k: Annotated[int, Range(1, 20)] = 5,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    gaps: Annotated[str, Choice(*MASKS)] = "seed",
    random_state: int = 0,
) -> Any:
    """Add rows between neighbouring rows of the smaller classes, in the training part of each fold only.

    A synthetic row is x + u · (neighbour − x) with u uniform between 0 and 1, the neighbour being one of the k nearest rows of the class
    by a distance over the cells that both rows have, columns in robust units and two different levels at distance 1. A
    neighbour shares at least a quarter of the columns, filled, with x. Whole-number columns stay whole and columns of two
    values keep to these. Text comes from the nearer of the two rows, whole, so that levels stay as frequent as they were; SMOTE-NC, which takes the
    most frequent level of the neighbours, makes rare levels rarer. A row x comes as often as any other, to one row.

    Why it matters
    --------------
    In published comparisons it helps weak learners at the cut of 0.5; with boosted trees and a tuned threshold the gain mostly vanishes. The
    probabilities of the rare class become too high. Where classes overlap, synthetic rows land among rows of other classes.

    What to do
    ----------
    Compare it with doing nothing and the right threshold. Calibrate afterwards.

    Parameters
    ----------
    k : int
        Neighbours within the class; fewer where the class is small.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.
    gaps : str
        Where a new row has missing cells: "seed" as the row it starts from, "donor" as a random row of the class, "preserve" where either
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has. The first two make gaps as frequent, and
        together, as they were; "preserve" makes them more frequent, "interpolate" rarer.

    References
    ----------
    Chawla et al. (2002), Journal of Artificial Intelligence Research 16. The treatment of gaps, text and whole numbers is
    our own; "preserve", "interpolate" and "random" are those of OverNaN (2026, arXiv 2605.11525), and imbalanced-learn has SMOTENC for text.
    """
    from core.learners.sampling.sampler import oversampled

    return oversampled(classifier, _between, balance=balance, random_state=random_state, k=k, gaps=gaps)


def _between(draw: Any, *, k: int, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.rows_between import rows_between_neighbours

    return rows_between_neighbours(draw, draw.seeds(), k, gaps)
