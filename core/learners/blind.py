"""What a recipe says of a row about which nothing is known: the class shares that it asserts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from core.learners.loss import settled
from core.learners.rows import Rows
from core.learners.shown import times_shown
from core.learners.wrapping import fit_on

SMALLEST = 1e-12


class Blind(ClassifierMixin, BaseEstimator):
    """A learner that sees no columns: every row gets the same probabilities.

    They are the class shares of the weighted rows that it was fitted on, as its batches show them; with a loss, what makes the loss smallest on
    these rows, read as the loss says.

    Parameters
    ----------
    loss : core.learners.loss.Loss or None
        None is cross-entropy.
    batches : core.numerics.batching.Batches or None
        None shows every row once.
    progress : float
        Where schedules stand: 0 is the beginning of training, 1 its end.
    in_steps : bool
        Whether the learner that it stands for is trained step by step; otherwise schedules stand at their end, and a loss remembers nothing.
    """

    def __init__(self, loss: Any = None, batches: Any = None, progress: float = 1.0, in_steps: bool = True) -> None:
        self.loss = loss
        self.batches = batches
        self.progress = progress
        self.in_steps = in_steps

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Blind:
        """Note the classes, their shares and the number of rows."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        weight = np.ones(len(codes)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        counts = np.bincount(codes, weight)

        def hardness(times: np.ndarray) -> np.ndarray:
            shares, value = self._told(np.bincount(codes, weight * times), counts)
            return (-np.log(np.maximum(shares, SMALLEST)) if value is None else value)[codes]

        times = 1.0 if self.batches is None else times_shown(self.batches, codes, hardness, self.progress)
        self.shares_ = self._told(np.bincount(codes, weight * times), counts)[0]
        self.n_features_in_, self.n_samples_fit_ = np.shape(X)[1], len(codes)
        return self

    def _told(self, mass: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The shares that rows of so much weight per class assert, and what the loss of a row of each class then is."""
        mass = np.maximum(mass, SMALLEST * mass.sum())
        if self.loss is None or len(mass) == 1:
            return mass / mass.sum(), None
        progress = self.progress if self.in_steps else 1.0
        scores, state = settled(self.loss, mass, counts, progress, remembers=self.in_steps)
        known = self.loss.known(counts, weight=mass[None, :], state=state, progress=progress)
        each = self.loss(np.repeat(scores[:, None], len(mass), axis=1), np.eye(len(mass)), known)
        return self.loss.proba(scores[:, None], self.loss.known(counts))[:, 0], each.value

    def predict_proba(self, X: Any) -> np.ndarray:
        """The shares, once for each row."""
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X: Any) -> np.ndarray:
        """The most frequent label."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def blinded(classifier: Any, progress: float = 1.0) -> Any:
    """The same wrappers, unfitted, around a ``Blind`` learner with the loss and the batches of the learner that it stands for.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not changed. A wrapper holds what it wraps as ``classifier``; what holds none is the learner.
    progress : float
        Where schedules stand.
    """
    if not hasattr(classifier, "classifier"):
        return _blind(classifier, progress)
    outer = inner = clone(classifier)
    while hasattr(inner.classifier, "classifier"):
        inner = inner.classifier
    inner.classifier = _blind(inner.classifier, progress)
    return outer


def _blind(learner: Any, progress: float) -> Blind:
    given = (getattr(learner, name, None) for name in ("loss", "batches"))
    return Blind(*given, progress, getattr(learner, "in_steps", True))


def asserted_shares(
    classifier: Any, X: Any, y: Any, rows: Rows | None = None, progress: float = 1.0
) -> tuple[np.ndarray, int]:
    """The class shares that a wrapped classifier asserts, whatever its wrappers do to rows, weights, batches, the loss and probabilities.

    All wrappers are fitted as they are, so that a sampler really draws; only the learner is exchanged for one that sees no columns. What
    then comes out as the probabilities of any row are shares that nothing but the wrappers can have moved. A learner that bends
    to every row does not take all of it on.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Unfitted, and not changed.
    X, y, rows
        As for ``core.learners.wrapping.fit_on``.
    progress : float
        Where the schedules of losses and batches stand, 0 to 1.

    Returns
    -------
    shares : ndarray (n_classes,)
        Of the classes in ``y``, in their order; they sum to 1.
    n_samples : int
        How many rows the learner was fitted on; 0 where there are several learners, as in an ensemble.
    """
    fitted = fit_on(blinded(classifier, progress), X, y, rows)
    shares = fitted.predict_proba(X[:1])[0]
    while hasattr(fitted, "classifier_"):
        fitted = fitted.classifier_
    return shares, int(getattr(fitted, "n_samples_fit_", 0) if isinstance(fitted, Blind) else 0)
