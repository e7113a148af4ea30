"""What a recipe says of a row about which nothing is known: the class shares that it asserts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from core.learners.rows import Rows
from core.learners.wrapping import fit_on


class Blind(ClassifierMixin, BaseEstimator):
    """A learner that sees no columns: every row gets the weighted class shares of the rows that it was fitted on."""

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Blind:
        """Note the classes, their shares and the number of rows."""
        self.classes_, positions = np.unique(y, return_inverse=True)
        mass = np.bincount(positions, sample_weight)
        self.shares_, self.n_features_in_, self.n_samples_fit_ = mass / mass.sum(), np.shape(X)[1], len(positions)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The shares, once for each row."""
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X: Any) -> np.ndarray:
        """The most frequent label."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def blinded(classifier: Any) -> Any:
    """The same wrappers, unfitted, around a ``Blind`` learner.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not changed. A wrapper holds what it wraps as ``classifier``; what holds none is the learner.
    """
    if not hasattr(classifier, "classifier"):
        return Blind()
    outer = inner = clone(classifier)
    while hasattr(inner.classifier, "classifier"):
        inner = inner.classifier
    inner.classifier = Blind()
    return outer


def asserted_shares(classifier: Any, X: Any, y: Any, rows: Rows | None = None) -> tuple[np.ndarray, int]:
    """The class shares that a wrapped classifier asserts, whatever its wrappers do to rows, weights and probabilities.

    All wrappers are fitted as they are, so that a sampler really draws; only the learner is exchanged for one that sees no columns. What
    then comes out as the probabilities of any row are shares that nothing but the wrappers can have moved. A learner that bends
    to every row does not take all of it on.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Unfitted, and not changed.
    X, y, rows
        As for ``core.learners.wrapping.fit_on``.

    Returns
    -------
    shares : ndarray (n_classes,)
        Of the classes in ``y``, in their order; they sum to 1.
    n_samples : int
        How many rows the learner was fitted on; 0 where there are several learners, as in an ensemble.
    """
    fitted = fit_on(blinded(classifier), X, y, rows)
    shares = fitted.predict_proba(X[:1])[0]
    while hasattr(fitted, "classifier_"):
        fitted = fitted.classifier_
    return shares, int(getattr(fitted, "n_samples_fit_", 0) if isinstance(fitted, Blind) else 0)
