"""Classes are weighed by the number of rows that they are really worth."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.class_weighting import inverse_effective, of_rows
from core.numerics.focal import focal_pull, focal_terms
from core.numerics.loss_terms import Known, Terms, carried_back, log_and_softmax
from core.params import Range
from core.registry import About

ABOUT = About("Class-balanced loss", "What if a class counted by the rows that add something new?")


def class_balanced(
    classifier: Any,
    *,
    beta: Annotated[float, Range(0, 0.9999, 0.0001)] = 0.999,
    gamma: Annotated[float, Range(0, 5, 0.5)] = 0.0,
    calibrated: bool = False,
) -> Any:
    """Weigh each class by one over its effective number of rows, with or without focal loss.

    ``−w_y (1 − p_y)^γ log p_y`` with ``w_c ∝ (1 − β) / (1 − β^{n_c})``: when every new row overlaps with those before it, n rows are worth
    ``(1 − β^n) / (1 − β)``, at most ``1 / (1 − β)``. β 0 weighs all classes alike, β near 1 is the inverse of the class size. The paper scales weights to a
    sum of n_classes, here they have mean 1 over the rows, which only changes the length of a step. Its minimum is at
    ``q_c / g(q_c) ∝ w_c p_c`` with the g of focal loss, 1 for γ 0.

    Why it matters
    --------------
    The inverse of the size overstates a class of few rows where large classes repeat themselves. β sets from which size on more rows no longer
    count: about 1,000 for 0.999. Below that size it is the inverse rule, with all that this does to probabilities.

    What to do
    ----------
    It helps, if at all, where common classes hold many nearly equal rows. It raises the probabilities of rare classes, so compare it with plain
    cross-entropy at the right threshold, and put ``calibrated`` on wherever probabilities are read as probabilities.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was −0.009 and +0.002 apart from cross-entropy's in
    the mean, and balanced accuracy −0.008 and −0.024 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    beta : float
        0 weighs all classes alike; 0.999 levels off at about 1,000 rows, 0.9999 at 10,000.
    gamma : float
        Focus on rows that are not yet right; 0 is weighted cross-entropy.
    calibrated : bool
        Carry the probabilities back: ``p_c ∝ q_c / (w_c g(q_c))``. Off, decisions at the largest probability lean to the rare class.

    References
    ----------
    Cui et al. (2019), Computer Vision and Pattern Recognition. The map back is our derivation.
    """
    from core.learners.loss import with_loss

    undone = _undone if calibrated else None
    return with_loss(classifier, _loss, probabilities=undone, beta=beta, gamma=gamma)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, beta: float, gamma: float) -> Terms:
    log_proba, proba = log_and_softmax(scores)
    weight = of_rows(inverse_effective(known.counts, beta), own)
    return focal_terms(log_proba, own, gamma, weight, proba=proba)


def _undone(proba: np.ndarray, known: Known, *, beta: float, gamma: float) -> np.ndarray:
    weight = inverse_effective(known.counts, beta).astype(proba.dtype)
    return carried_back(proba, weight * focal_pull(proba, gamma))
