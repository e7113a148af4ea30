"""Slices of the common rows in rotation, each with all rare rows."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.batching import BatchRows
from core.params import Range
from core.registry import About

ABOUT = About(
    "Rotating batches",
    "What if all rare rows went with every slice of the others?",
    maturity="emerging",
    learners=("neural",),
)


def rotating_batches(classifier: Any, *, ratio: Annotated[float, Range(1, 10, 1)] = 1.0) -> Any:
    """Cut the common rows into slices and show all rare rows with every slice.

    Common rows are put in random order and cut into ``S = ⌈n_common / (m n_rare)⌉`` slices, m being the ratio. A slice and all rare rows make a stream, in
    which rare rows stand at even distances; streams are cut into batches. So an epoch sees every common row once and every rare row S times, and each batch has
    the share ``S n_rare / (n_common + S n_rare)`` of rare rows, up to one. The last batch is filled from the first. Only a description of the method could be
    had: the formula is inferred. For more than two classes the rule is ours: rare is a class with fewer rows than the average class.

    Why it matters
    --------------
    No common row is left out, as under-sampling would, and no batch is without rare rows. An epoch takes ``1 + 1 / m`` times as many steps or a little more. With equal
    parts the probabilities of rare classes are raised as by class weights; among the rare classes, and among the common ones, shares stay.

    What to do
    ----------
    It may help where batches often hold no rare row. Rare rows come S times in an epoch and may be learned by heart: look at the held-out curve of the class. Carry
    probabilities back or choose the threshold anew, and compare with doing nothing at the right threshold.

    Parameters
    ----------
    ratio : float
        Common rows per rare row in a batch; 1 gives both half of the places.

    References
    ----------
    BRIQA (2025), arXiv 2510.26661; the formula is our inference.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    return with_inner(classifier, batches=Batches(_compose, {"ratio": ratio}))


def _compose(rows: BatchRows, rng: np.random.Generator, *, ratio: float) -> np.ndarray:
    size = np.bincount(rows.codes)
    rare = (size < size[size > 0].mean())[rows.codes]
    common, few = rng.permutation(np.flatnonzero(~rare)), np.flatnonzero(rare)
    n_slices = max(1, int(np.ceil(len(common) / (ratio * max(1, len(few))))))
    turns = rng.permuted(np.tile(few, (n_slices, 1)), axis=1).ravel()
    n = len(common) + len(turns)
    order, theirs = np.empty(n, dtype=int), np.zeros(n, dtype=bool)
    theirs[(2 * np.arange(len(turns)) + 1) * n // max(1, 2 * len(turns))] = True
    order[theirs], order[~theirs] = turns, common
    return np.resize(order, (-(-n // rows.batch_size), rows.batch_size))
