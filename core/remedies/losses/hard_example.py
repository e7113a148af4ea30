"""The hardest rows of each class, with classes between equal and as they are."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, cross_entropy
from core.numerics.set_terms import hardest, row_weights
from core.params import Range
from core.registry import About

ABOUT = About("Hard-example loss", "What if only the hardest rows of each class counted?", "emerging")


def hard_example(
    classifier: Any,
    *,
    hardest_share: Annotated[float, Range(5, 100, 5)] = 10.0,
    power: Annotated[float, Range(0, 1, 0.1)] = 0.5,
) -> Any:
    """Train by the cross-entropy of the hardest rows of each class, divided by a mean of class size and batch size.

    ``Σ_c (1 / v_c) Σ cross-entropy`` over the hardest k % of the rows of class c in the batch, at least one, with ``v_c = n_c^{1−g} (n k / 100)^g``:
    n_c kept rows of the class among n rows. g = 0 makes all classes equally heavy, g = 1 leaves them as they are. That the hardest rows are
    taken within each class is our reading. Which rows are kept counts as given when the loss is differentiated.

    Why it matters
    --------------
    Easy rows no longer dilute a class, and g says how far rare classes are lifted: halfway, as with square-root weights, by default. It combines
    two risks: wrong labels are among the hardest rows of every class, and lifted classes come out with probabilities that are too high.

    What to do
    ----------
    It needs clean labels and batches with several rows of each class. Raise k where training jumps. Calibrate before probabilities are
    read, and compare with cross-entropy at the right threshold.

    Parameters
    ----------
    hardest_share : float
        k, the percentage of the rows of each class that is kept.
    power : float
        g: 0 makes classes equally heavy, 1 leaves them as they are.

    References
    ----------
    After the losses GACE and GADice that are released with SCDL (2026); read from their description.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, hardest_share=hardest_share, power=power)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, hardest_share: float, power: float) -> Terms:
    plain, weight = cross_entropy(scores, own), row_weights(known, scores)
    kept = hardest(plain.value[..., None, :], weight * own, hardest_share / 100)
    size = (weight * kept).sum(axis=-1, keepdims=True)
    rows = weight.sum(axis=-1, keepdims=True)
    divisor = np.where(size > 0, size, 1) ** (1 - power) * (rows * (hardest_share / 100)) ** power
    share = (kept * (rows / divisor)).sum(axis=-2, keepdims=True)
    return Terms(plain.value * share[..., 0, :], plain.gradient * share, plain.hessian * share)
