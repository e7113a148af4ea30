"""New rows between neighbouring rows of a rare class."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.interpolation import MASKS, between
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

    A synthetic row is x + u · (neighbour − x) with u uniform between 0 and 1. Tables with text columns use SMOTE-NC, tables
    with text columns only SMOTE-N: text takes the level that most neighbours have. Whole-number columns stay whole, and a synthetic row
    takes the gaps of a random row of its class.

    Why it matters
    --------------
    It helps weak learners at the cut of 0.5. With boosted trees and a tuned threshold the gain mostly vanishes, and the probabilities of the rare
    class become too high. Where classes overlap, synthetic rows land among rows of other classes.

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
        parent has, "interpolate" where both have, "random" by the toss of a coin where one has.

    References
    ----------
    Chawla et al. (2002), Journal of Artificial Intelligence Research 16. imbalanced-learn: SMOTE, SMOTENC, SMOTEN. The treatment of gaps and whole
    numbers is our own.
    """
    from core.learners.sampling.sampler import oversampled

    return oversampled(classifier, _between, balance=balance, random_state=random_state, k=k, gaps=gaps)


def _between(draw: Any, *, k: int, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    space, members = draw.space, draw.members
    seeds = draw.seeds()
    near, _ = space.nearest(members, members, min(k, len(members) - 1))
    partners = near[seeds, draw.rng.integers(0, near.shape[1], draw.n)]
    rows = members[seeds]
    donor = np.isnan(space.numbers[draw.rng.choice(members, draw.n)]) if gaps == "donor" else None
    way = draw.rng.random((draw.n, 1))
    numbers = between(space.numbers[rows], space.numbers[partners], way, gaps, draw.rng, donor)
    levels = np.where(
        draw.rng.random((draw.n, space.levels.shape[1])) < 0.5, space.levels[rows], space.levels[partners]
    )
    return numbers, levels
