"""The softmax of the training knows how large the classes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, carried_back, log_shares
from core.numerics.loss_terms import cross_entropy as plain
from core.registry import About

ABOUT = About("Balanced softmax", "What if training itself accounted for class sizes?")


def balanced_softmax(classifier: Any, *, calibrated: bool = False) -> Any:
    """Let the loss add the logarithm of its size to the score of each class, so that the scores themselves need not hold it.

    ``−log (n_y e^{z_y} / Σ_k n_k e^{z_k})``. Its minimum is where ``n_k e^{z_k}`` is proportional to the true probabilities: the softmax of the bare scores is what
    the probabilities would be if all classes were equally common. It equals logit adjustment in training with τ 1.

    Why it matters
    --------------
    The largest probability then aims at the mean of all recalls, not at the share of right rows. A learner whose scores have a free constant takes the shift up
    in it: the linear model and the trees here give the same numbers as plain cross-entropy whose probabilities are divided by the class shares afterwards. Only
    where the constant is held back, or the training begins far away and stops early, can the two differ.

    What to do
    ----------
    Use it when all classes matter equally and are equally common where the model will be used. It needs class sizes that are those of the training
    rows. Compare it with the same division after plain cross-entropy, which costs nothing.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was +0.001 and −0.003 apart from cross-entropy's in
    the mean, and balanced accuracy 0.000 and −0.003 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    calibrated : bool
        Multiply by the class shares again: probabilities are then those of this table, as with plain cross-entropy. Off, they are those of a table
        with equal classes, and too high for rare classes.

    References
    ----------
    Ren et al. (2020), Advances in Neural Information Processing Systems 33.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, probabilities=_with_shares if calibrated else None)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known) -> Terms:
    return plain(scores + log_shares(known, scores.dtype), own)


def _with_shares(proba: np.ndarray, known: Known) -> np.ndarray:
    return carried_back(proba, np.exp(-log_shares(known, proba.dtype)))
