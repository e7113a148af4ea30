"""Rows of rare classes are drawn several times."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.params import Range
from core.registry import About

ABOUT = About("Random oversampling", "What if rare rows were seen several times?")


def random_oversampling(
    classifier: Any, *, balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0, random_state: int = 0
) -> Any:
    """Copy random rows of the smaller classes, in the training part of each fold only.

    A class with n rows grows to n + balance · (n_largest − n). Each row is copied equally often; what is left over falls to random rows. It
    changes the learner much as class weights do.

    Why it matters
    --------------
    Copies add no information. They tell the learner that misses cost more, and they raise every probability of the rare class. Copies made
    before the split would stand on both sides of it and make every score look perfect; here that cannot happen.

    What to do
    ----------
    Prefer a threshold or class weights, which do the same with less work. Calibrate afterwards.

    Parameters
    ----------
    balance : float
        0.1 closes a tenth of the gap to the largest class, 1 all of it.

    References
    ----------
    Batista, Prati and Monard (2004), SIGKDD Explorations 6. imbalanced-learn, RandomOverSampler.
    """
    from core.learners.sampling.sampler import copied

    return copied(classifier, _again, balance=balance, random_state=random_state)


def _again(draw: Any) -> np.ndarray:
    return draw.members[draw.seeds()]
