"""Rows near the usual confidence count most."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.focal import focal_curve
from core.numerics.loss_terms import Known, Terms, log_and_softmax, of_own, of_own_probability
from core.params import Range
from core.registry import About

ABOUT = About("Slide-focal loss", "What if rows near the boundary counted most?", maturity="emerging")

BEFORE = 0.1


def slide_focal(
    classifier: Any,
    *,
    gamma: Annotated[float, Range(0, 5, 0.5)] = 2.0,
    memory: Annotated[float, Range(0, 0.99, 0.01)] = 0.9,
) -> Any:
    """Multiply focal loss by a weight that is largest for rows whose own probability lies at its running mean.

    ``−h(p_y) (1 − p_y)^γ log p_y`` with ``h(p) = 1`` for ``p ≤ μ − 0.1``, ``e^{1 − μ}`` up to μ, and ``e^{1 − p}`` from μ on. μ is the mean of p_y over the batches before:
    ``μ ← memory μ + (1 − memory) mean(p_y)``, at first 1 / n_classes. The published work gives no formula; this one is inferred from its name, as slide weight times
    focal loss. The derivative counts h from μ on, where it changes with p, and does not see its jump at ``μ − 0.1``.

    Why it matters
    --------------
    Rows far below the mean may be wrongly labelled or hopeless, rows far above are learned; those between are where a boundary can still move. As rare rows often lie
    below the mean, the weight can also pass them by.

    What to do
    ----------
    Nothing is known of it on tables: treat it as a trial beside focal loss. Its probabilities are pulled to the middle, as those of focal loss are, and by h besides; there is no
    exact way back, so calibrate before a threshold, and compare with plain cross-entropy at the right one. It needs a training that hands its memory on.

    Measured on 5 tables (neural network and boosted trees), macro-F1 with right thresholds was −0.004 and −0.012 apart from cross-entropy's in
    the mean, and balanced accuracy −0.083 and −0.099 from that of logit adjustment after training: no gain beyond its interval.

    Parameters
    ----------
    gamma : float
        Focus on rows that are not yet right; 0 leaves the slide weight alone.
    memory : float
        How much of the running mean stays with each batch; 0 takes the batch before as it is.

    References
    ----------
    Yu et al. (2022), arXiv 2208.02019, for the slide weight. Lin et al. (2017), International Conference on Computer Vision, for focal loss. That the two are
    multiplied is inferred.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, gamma=gamma, memory=memory)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, gamma: float, memory: float) -> Terms:
    log_proba, proba = log_and_softmax(scores)
    log_p = of_own(log_proba, own)
    p = np.exp(log_p)
    mean = np.full((*p.shape[:-1], 1), 1 / own.shape[-2], p.dtype) if known.state is None else known.state
    value, slope, bend = focal_curve(log_p, gamma)
    weight, falls = _slide(p, mean)
    drop = -p * weight * falls

    def bent() -> np.ndarray:
        return weight * bend() + 2 * drop * slope + (1 - p) * drop * value

    terms = of_own_probability(log_proba, own, weight * value, weight * slope + drop * value, bent, proba=proba)
    return Terms(terms.value, terms.gradient, lambda: terms.hessian, _moved(mean, p, known, memory))


def _slide(p: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weight, and where it falls with p."""
    falls = p >= mean
    return np.where(p <= mean - BEFORE, 1, np.exp(1 - np.maximum(p, mean))).astype(p.dtype, copy=False), falls


def _moved(mean: np.ndarray, p: np.ndarray, known: Known, memory: float) -> np.ndarray:
    """The running mean after this batch."""
    weight = np.ones_like(p) if known.weight is None else known.weight
    here = (weight * p).sum(axis=-1, keepdims=True) / np.maximum(weight.sum(axis=-1, keepdims=True), 1e-12)
    return (memory * mean + (1 - memory) * here).astype(p.dtype, copy=False)
