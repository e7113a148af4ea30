"""The usual loss, with labels that may be smoothed."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.loss_terms import Known, Terms, log_softmax
from core.params import Range
from core.registry import About

ABOUT = About("Cross-entropy", "What does the usual loss do, with labels that are a little unsure?")


def cross_entropy(classifier: Any, *, smoothing: Annotated[float, Range(0, 0.3, 0.05)] = 0.0) -> Any:
    """Train by the logarithm of the probability of the own class, the loss to compare others with.

    ``−Σ_k t_k log p_k`` with ``t_k = (1 − s) 1[k = y] + s / n_classes`` for a smoothing s. With s = 0 its minimum is at the true probabilities,
    so that a threshold that follows from the costs is the right one.

    Why it matters
    --------------
    It is what every learner here uses unasked, and the only loss of this shelf whose probabilities need no correction. Smoothing keeps
    probabilities away from 0 and 1, and so raises those of a rare class.

    What to do
    ----------
    Take it as the measure: another loss earns its place only if it does better than this one with the right threshold.

    Parameters
    ----------
    smoothing : float
        Share of each label that is spread over all classes; 0 is the plain loss.

    References
    ----------
    Good (1952), Journal of the Royal Statistical Society B 14. Szegedy et al. (2016), Computer Vision and Pattern Recognition, for smoothing.
    """
    from core.learners.loss import with_loss

    return with_loss(classifier, _loss, smoothing=smoothing)


def _loss(scores: np.ndarray, own: np.ndarray, known: Known, *, smoothing: float) -> Terms:
    log_proba = log_softmax(scores)
    proba, target = np.exp(log_proba), (1 - smoothing) * own + smoothing / own.shape[-2]
    return Terms(-(target * log_proba).sum(axis=-2), proba - target, proba * (1 - proba))
