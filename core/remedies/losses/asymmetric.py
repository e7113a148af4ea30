"""The common class is focused harder than the others, and its easiest rows do not count at all."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.focal import focal_curve, focal_pull
from core.numerics.loss_terms import Known, Terms, carried_back, log_and_softmax, of_own, of_own_probability
from core.params import Range
from core.registry import About

ABOUT = About("Asymmetric loss", "What if only easy rows of the common class counted less?", maturity="emerging")


def asymmetric(
    classifier: Any,
    *,
    gamma_rare: Annotated[float, Range(0, 5, 0.5)] = 0.0,
    gamma_common: Annotated[float, Range(0, 5, 0.5)] = 2.0,
    margin: Annotated[float, Range(0, 0.3, 0.05)] = 0.05,
    calibrated: bool = False,
) -> Any:
    """Focus with one strength on rows of the most common class and with another on all others; ignore common rows that are right within a margin.

    With s the probability of all classes but the own one, ``−s^γ log(1 − s)``; for rows of the most common class s is ``max(1 − p_y − m, 0)`` and γ is
    ``gamma_common``, for others ``1 − p_y`` and ``gamma_rare``. With both γ and the margin 0 this is cross-entropy. For two classes it is the paper's loss with the rare class
    as its positive label. The paper treats rows with many labels at once; that with several classes only the most common one is "negative" is our reading, and inferred.

    Why it matters
    --------------
    Plain focal loss also takes rare rows out once they are half right. Here they keep their full say, while the many easy common rows lose theirs: that raises the
    probabilities of rare classes a good deal, more than focal loss does, and no threshold of before holds.

    What to do
    ----------
    It helps, if at all, where common rows are very many and nearly all easy. Its probabilities are not those of the table unless ``calibrated`` is on; compare it with
    plain cross-entropy at the right threshold. It needs class sizes, to tell which class is the most common one; classes of equal size count as common together.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was −0.004 and −0.006 apart from cross-entropy's in
    the mean, and balanced accuracy −0.037 and −0.064 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    gamma_rare : float
        Focus for rows of all classes but the most common; 0 lets them count in full.
    gamma_common : float
        Focus for rows of the most common class; the paper's larger of the two, up to 4.
    margin : float
        Rows of the most common class count as right when so much is left for all others.
    calibrated : bool
        Carry the probabilities back: ``p_c ∝ q_c / g_c(q_c)`` with the pull g of each class. Off, decisions at the largest probability lean to rare classes.

    References
    ----------
    Ridnik et al. (2021), International Conference on Computer Vision. The single-label form and the map back are ours.
    """
    from core.learners.loss import with_loss

    options = {"gamma_rare": gamma_rare, "gamma_common": gamma_common, "margin": margin}
    return with_loss(classifier, _loss, probabilities=_undone if calibrated else None, **options)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, **options: float) -> Terms:
    log_proba, proba = log_and_softmax(scores)
    gamma, margin = (of_own(setting, own) for setting in _settings(known, scores.dtype, **options))
    curve = focal_curve(of_own(log_proba, own), gamma, margin)
    return of_own_probability(log_proba, own, *curve, proba=proba)


def _settings(
    known: Known, dtype: np.dtype, *, gamma_rare: float, gamma_common: float, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    common = known.counts >= known.counts.max(axis=-2, keepdims=True)
    return np.where(common, gamma_common, gamma_rare).astype(dtype), np.where(common, margin, 0).astype(dtype)


def _undone(proba: np.ndarray, known: Known, **options: float) -> np.ndarray:
    return carried_back(proba, focal_pull(proba, *_settings(known, proba.dtype, **options)))
