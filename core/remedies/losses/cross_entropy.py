"""The usual loss, with labels that may be smoothed."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, log_and_softmax
from core.numerics.loss_terms import cross_entropy as plain
from core.params import Range
from core.registry import About

ABOUT = About("Cross-entropy", "What does the usual loss do, with labels that are a little unsure?")

KEPT = 1e-3
"""Share of a probability that is kept where the way back would make it less, so that the order of rows stays."""


def cross_entropy(
    classifier: Any, *, smoothing: Annotated[float, Range(0, 0.3, 0.05)] = 0.0, calibrated: bool = False
) -> Any:
    """Train by the logarithm of the probability of the own class, the loss to compare others with.

    ``−Σ_k t_k log p_k`` with ``t_k = (1 − s) 1[k = y] + s / n_classes`` for a smoothing s. With s = 0 its minimum is at the true probabilities p,
    so that a threshold that follows from the costs is the right one. Otherwise it lies at ``q = (1 − s) p + s / n_classes``.

    Why it matters
    --------------
    It is what every learner here uses unasked, and without smoothing its probabilities need no correction. Smoothing keeps
    probabilities away from 0 and 1, and so raises those of a rare class: with two classes and s = 0.1 none should fall below 5 %.

    What to do
    ----------
    Take it as the measure: another loss earns its place only if it does better than this one with the right threshold. It needs nothing
    but classes. Smoothing may help a learner that grows too sure of itself, or a table with wrong labels.

    Parameters
    ----------
    smoothing : float
        Share of each label that is spread over all classes; 0 is the plain loss.
    calibrated : bool
        Take the spread out of the probabilities again: ``p ∝ q − s / n_classes``. Off, they stay away from 0 and 1.

    References
    ----------
    Good (1952), Journal of the Royal Statistical Society B 14. Szegedy et al. (2016), Computer Vision and Pattern Recognition, for smoothing.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, probabilities=_undone if calibrated else None, smoothing=smoothing)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, smoothing: float) -> Terms:
    if not smoothing:
        return plain(scores, own)
    log_proba, proba = log_and_softmax(scores)
    target = (1 - smoothing) * own + smoothing / own.shape[-2]
    return Terms(-(target * log_proba).sum(axis=-2), proba - target, lambda: proba * (1 - proba))


def _undone(proba: np.ndarray, known: Known, *, smoothing: float) -> np.ndarray:
    found = np.maximum((proba - smoothing / proba.shape[-2]) / (1 - smoothing), KEPT * proba)
    return found / found.sum(axis=-2, keepdims=True)
