"""The overlap of predicted and true rows, with misses and false alarms weighed apart."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, cross_entropy, softmax
from core.numerics.set_terms import overlap_terms, row_weights
from core.params import Range
from core.registry import About

ABOUT = About("Tversky loss", "What if a missed row took more from the overlap than a false alarm?")


def tversky(
    classifier: Any,
    *,
    miss: Annotated[float, Range(0.1, 0.9, 0.1)] = 0.7,
    cross_entropy_share: Annotated[float, Range(0, 1, 0.05)] = 0.25,
) -> Any:
    """Train by an overlap in which a missed row and a false alarm weigh differently.

    ``(1 − c) · mean_k [1 − (TP + s) / (TP + (1 − m) FP + m FN + s)] + c · cross-entropy`` over the classes in the batch, with TP, FP and FN the
    weighted sums of ``p y``, ``p (1 − y)`` and ``(1 − p) y`` and s half a row, so that m = ½ is soft Dice with its smoothing of one row. The second
    derivative handed to boosted trees is a bound from above.

    Why it matters
    --------------
    m above one half asks for recall, m below it for precision, in every class at once: what one class wins by m, its neighbours pay. Like soft Dice
    it makes probabilities too sure; m is a cost that is stated inside the training, where it cannot be changed later.

    What to do
    ----------
    Where misses cost more than false alarms, a threshold says so after the training and can be moved again. Use this where the ranking itself gets
    better, in large batches, and calibrate before probabilities are read.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was 0.000 and −0.006 apart from cross-entropy's in the
    mean, and balanced accuracy −0.036 and −0.093 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    miss : float
        What a miss weighs, m; a false alarm weighs 1 − m.
    cross_entropy_share : float
        Share c of cross-entropy, which keeps the training going where the overlap is flat.

    References
    ----------
    Salehi, Erdogmus and Gholipour (2017), Machine Learning in Medical Imaging. Tversky (1977), Psychological Review 84.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, exact=False, miss=miss, cross_entropy_share=cross_entropy_share)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, miss: float, cross_entropy_share: float) -> Terms:
    overlap = overlap_terms(softmax(scores), own, row_weights(known, scores), miss=miss)
    return cross_entropy(scores, own, weight=cross_entropy_share).plus(overlap, 1 - cross_entropy_share)
