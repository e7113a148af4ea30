"""Common rows that lie far from every rare row are left out."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.params import Range
from core.registry import About

ABOUT = About("Pruning by relevance", "What if the learner saw only common rows that resemble rare ones?", "emerging")

LARGEST = 30_000
"""Rows of a class above which distances are taken to a random sample of ``POOL`` rarer rows."""

POOL = 3_000


def majority_pruning(
    classifier: Any, *, balance: Annotated[float, Range(0.1, 1.0, 0.1)] = 0.5, random_state: int = 0
) -> Any:
    """Leave out the common rows that are farthest from any rarer row.

    The relevance of a row of a larger class is minus its distance to the nearest row of any smaller class, on numbers in robust units, missing
    cells left out and text columns at distance 1 where they differ. A class with n rows keeps the most relevant n − balance · (n − n_smallest).
    Rows at the same distance are taken at random. For a class with more than 30,000 rows, distances are taken to 3,000 random rarer rows.
    The paper crops images to the region around a tumour; that this is what it means for a table is our inference.

    Why it matters
    --------------
    What lies far from every rare row is easy and may waste the learner's effort. But this bends probabilities, and not by one number:
    close to rare rows the common ones stay as frequent as they were, and far away there are none, so nothing teaches the learner
    that the rare class does not occur there. Rare rows with wrong labels decide which common rows are kept.

    What to do
    ----------
    Use it to find out whether far rows matter. Do not read the probabilities without calibration, and prefer random or prototype undersampling when
    rows are to be saved. Doing nothing with the right threshold is the thing to beat.

    Parameters
    ----------
    balance : float
        0.1 closes a tenth of the gap to the smallest class, 1 all of it.

    References
    ----------
    After Gad et al., attention 3-D U-Net for brain tumours, known to us from a summary only. Close to NearMiss-1 with one neighbour: Mani and Zhang
    (2003), ICML workshop on imbalanced data.
    """
    from core.learners.sampling.sampler import undersampled

    return undersampled(classifier, _choose, balance=balance, random_state=random_state)


def _choose(draw: Any) -> np.ndarray:
    sizes = np.bincount(draw.codes)
    rarer = sizes[draw.codes] < sizes[draw.code]
    pool = np.flatnonzero(rarer if rarer.any() else draw.codes != draw.code)
    if len(draw.members) > LARGEST and len(pool) > POOL:
        pool = np.sort(draw.rng.choice(pool, POOL, replace=False))
    distance = draw.space.nearest(draw.members, pool, 1)[1][:, 0]
    order = np.lexsort((draw.rng.random(len(distance)), distance))
    return draw.members[order[: draw.n]]
