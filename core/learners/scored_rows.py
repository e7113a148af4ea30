"""Rows whose scores are being trained by a loss: the one place where trees and linear models meet it."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.learners.loss import Loss
from core.numerics.freed_memory import keep_freed
from core.numerics.loss_terms import Terms, indicator

SMALLEST = 1e-12
"""The least rows of a class that a loss is told of; weights of 0 may leave none."""


class ScoredRows:
    """What a loss says of rows as their scores move.

    With two classes only the score of the second against the first is trained, and the first has the score 0: losses
    do not change when a constant is added to all scores of a row. With more classes each has a score.

    Parameters
    ----------
    loss : Loss
        Told what it asks for.
    codes : ndarray of int (n_samples,)
        Classes 0 … n_classes − 1, at least two.
    weight : ndarray (n_samples,) or None
    dtype : type
        In which floats the loss is computed.

    Attributes
    ----------
    mass : ndarray (n_classes,)
        Rows of each class, weighted where rows are.
    n_scores : int
        1 with two classes, else their number.
    """

    def __init__(self, loss: Loss, codes: np.ndarray, weight: np.ndarray | None, dtype: type) -> None:
        keep_freed()
        self.loss, self.mass = loss, class_mass(codes, weight)
        self.n_scores = len(self.mass) if len(self.mass) > 2 else 1
        self._own = indicator(codes, len(self.mass), dtype)
        self._scores = np.zeros_like(self._own)
        self._known: dict[str, Any] = {}
        if weight is not None:
            self._known["weight"] = np.asarray(weight / np.mean(weight), dtype=dtype)[None]
        groups = loss.told.get("groups")
        if groups is not None and len(groups) == len(codes):
            self._known["groups"] = np.asarray(groups)

    def terms(self, raw: np.ndarray, loss: Loss | None = None, **now: Any) -> Terms:
        """The loss at scores (n_scores, n_samples), in an array that the next call uses again; read the second derivative before it.

        Parameters
        ----------
        raw : ndarray (n_scores, n_samples)
        loss : Loss or None
            Another one in its place.
        **now
            Fields of ``Known`` that change while training goes on.
        """
        np.copyto(self._scores[-self.n_scores :], raw, casting="same_kind")
        loss = self.loss if loss is None else loss
        found = loss(self._scores, self._own, loss.known(self.mass, **self._known, **now))
        kept = slice(-self.n_scores, None)
        return Terms(found.value, found.gradient[kept], lambda: found.hessian[kept], found.state)


def class_mass(codes: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Rows of each class (n_classes,), weighted where rows are; above 0."""
    return np.maximum(np.bincount(codes, weight).astype(float), SMALLEST)


def probabilities(loss: Loss, raw: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The class probabilities (n_samples, n_classes) that a loss reads from scores.

    Parameters
    ----------
    loss : Loss
    raw : ndarray (n_samples, n_scores)
        With two classes one column, the score of the second against the first.
    mass : ndarray (n_classes,)
        Rows of each class that the scores were learned from.
    """
    scores = raw.T
    if len(scores) == 1:
        scores = np.concatenate([np.zeros_like(scores), scores])
    return np.ascontiguousarray(loss.proba(np.ascontiguousarray(scores), loss.known(mass)).T)
