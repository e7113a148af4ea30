"""New rows of a rare class, most of them where it is hardest."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import MASKS
from core.params import Choice, Range
from core.registry import About

ABOUT = About("ADASYN", "What if there were more rare rows where they are hardest to tell?")


def adasyn(
    classifier: Any,
    *,
    k: Annotated[int, Range(1, 20)] = 5,
    balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0,
    gaps: Annotated[str, Choice(*MASKS)] = "seed",
    random_state: int = 0,
) -> Any:
    """Add rows between neighbouring rows of the smaller classes, mostly near rows of other classes, in the training part of each fold only.

    Row x of the class is the start of a share r(x) / Σ r of the new rows, where r(x) is the share of other classes among the k rows of the
    table nearest to x. The numbers of new rows are rounded by largest remainder, so that the class gets exactly the rows that
    were asked for; where no row has a neighbour of another class, each is the start of equally many. The rows
    themselves are made as SMOTE makes them, with the same distance, gaps, text and whole numbers. In a working sample a neighbour counts
    as many times as rows of the table it stands for.

    Why it matters
    --------------
    It spends new rows on the border. Where rare rows lie among others because of noise or wrong labels, it multiplies exactly
    these, and recall is bought with false alarms. The probabilities of the rare class become too high.

    What to do
    ----------
    Look at label quality and class overlap first. Compare it with doing nothing and the right threshold, which is the thing to beat.
    Calibrate afterwards.

    Parameters
    ----------
    k : int
        Neighbours, for the shares and within the class; fewer where there are fewer rows.
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.
    gaps : str
        Where a new row has missing cells: "seed" as the row it starts from, "donor" as a random row of the class, "preserve" where either
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has.

    References
    ----------
    He, Bai, Garcia and Li (2008), IEEE International Joint Conference on Neural Networks. The treatment of gaps, text and whole numbers, and
    the exact counts, are our own.
    """
    from core.learners.sampling.sampler import oversampled

    return oversampled(classifier, _adaptive, balance=balance, random_state=random_state, k=k, gaps=gaps)


def _adaptive(draw: Any, *, k: int, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    from core.learners.sampling.rows_between import rows_between_neighbours

    return rows_between_neighbours(draw, draw.seeds(draw.strangers(k)), k, gaps)
