"""New rows of a rare class along its border with the others."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import MASKS
from core.params import Choice, Range
from core.registry import About
from core.wording import of

ABOUT = About("Borderline-SMOTE", "What if there were more rare rows along the border?")


def borderline_smote(
    classifier: Any,
    *,
    k: Annotated[int, Range(1, 20)] = 5,
    border: Annotated[int, Range(2, 40)] = 10,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    gaps: Annotated[str, Choice(*MASKS)] = "seed",
    random_state: int = 0,
) -> Any:
    """Add rows between neighbouring rows of the smaller classes, from rows in danger only, in the training part of each fold only.

    A row is in danger when at least half of the ``border`` rows of the table nearest to it are of other classes, but not all of them: those
    with all are taken for noise, those with fewer for safe. New rows start from rows in danger, each equally often, and go towards one of
    the k nearest rows of the class, in danger or not (the first of the two published forms). They are made as SMOTE makes them, with the same
    distance, gaps, text and whole numbers. Where no row is in danger, all rows are starting points, and a note says so.

    Why it matters
    --------------
    Rows deep inside a class teach little. But with a rare class that overlaps others, "danger" is where its labels are least certain, and
    rows that are called noise may be all that there is of a small group. The probabilities of the rare class become too high.

    What to do
    ----------
    Look at how many rows are in danger: from a handful, hundreds of near copies are made. Compare it with doing nothing and the right
    threshold, which is the thing to beat. Calibrate afterwards.

    Parameters
    ----------
    k : int
        Neighbours within the class; fewer where the class is small.
    border : int
        Neighbours of all classes that say whether a row is in danger.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.
    gaps : str
        Where a new row has missing cells: "seed" as the row it starts from, "donor" as a random row of the class, "preserve" where either
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has.

    References
    ----------
    Han, Wang and Mao (2005), International Conference on Intelligent Computing. The treatment of gaps, text and whole numbers is our own.
    """
    from core.learners.sampling.sampler import oversampled

    options = {"k": k, "border": border, "gaps": gaps}
    return oversampled(classifier, _from_the_border, balance=balance, random_state=random_state, **options)


def _from_the_border(draw: Any, *, k: int, border: int, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.rows_between import rows_between_neighbours

    strange = draw.strangers(border)
    danger = (strange >= 0.5) & (strange < 1)
    size = len(draw.members)
    if danger.any():
        draw.note(f"Of a class, in danger are {of(int(danger.sum()), size)}.")
    else:
        draw.note(f"None of the {size} rows of a class is in danger; new rows start from all of them.")
    return rows_between_neighbours(draw, draw.seeds(danger.astype(float)), k, gaps)
