"""Rows of common classes are left out."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.params import Range
from core.registry import About

ABOUT = About("Random undersampling", "What if fewer common rows were seen?")


def random_undersampling(
    classifier: Any, *, balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 1.0, random_state: int = 0
) -> Any:
    """Leave random rows of the larger classes out, in the training part of each fold only.

    A class with n rows shrinks to n − balance · (n − n_smallest).

    Why it matters
    --------------
    It is fast, and it throws information away: on published comparisons a single undersampled model is usually the worst choice.
    Its probabilities of the rare class are far too high.

    What to do
    ----------
    Use it when there are so many common rows that time matters, with a balance below 1. Calibrate afterwards.

    Parameters
    ----------
    balance : float
        0.1 closes a tenth of the gap to the smallest class, 1 all of it.

    References
    ----------
    Dal Pozzolo et al. (2015), IEEE SSCI, for what it does to probabilities. imbalanced-learn, RandomUnderSampler.
    """
    from core.learners.sampling.sampler import undersampled

    return undersampled(classifier, _some, balance=balance, random_state=random_state)


def _some(draw: Any) -> np.ndarray:
    return draw.rng.choice(draw.members, draw.n, replace=False)
