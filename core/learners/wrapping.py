"""The shapes that remedies give to a classifier: unfitted in, unfitted out, refitted inside every fold."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from core.learners.encoding import as_frame
from core.numerics.decisions import best_threshold, decide

N_INNER_FOLDS = 3
SMALLEST = 1e-7


class Wrapped(ClassifierMixin, BaseEstimator):
    """A classifier around another: ``classifier`` is unfitted, ``classifier_`` is its fitted clone.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Takes a table; may itself be wrapped.
    """

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), in the order of ``classes_``."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict_proba(as_frame(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _keep(self, fitted: Any) -> Any:
        self.classifier_, self.classes_, self.n_features_in_ = fitted, fitted.classes_, fitted.n_features_in_
        return self


class Weighted(Wrapped):
    """Gives each row a weight by its class, computed from the rows given to ``fit``.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Its ``fit`` takes ``sample_weight``.
    power : float
        Weights are ``(n_largest / n_class) ** power``, scaled to mean 1.
    """

    def __init__(self, classifier: Any, power: float = 1.0) -> None:
        super().__init__(classifier)
        self.power = power

    def fit(self, X: Any, y: Any) -> Weighted:
        """Fit the inner classifier with weights."""
        _, positions, sizes = np.unique(y, return_inverse=True, return_counts=True)
        weight = ((sizes.max() / sizes) ** self.power)[positions]
        return self._keep(clone(self.classifier).fit(as_frame(X), y, sample_weight=weight / weight.mean()))


class Resampled(Wrapped):
    """Fits on resampled rows and predicts on untouched ones.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Sees only the resampled rows.
    sampler : imbalanced-learn sampler
        Its ``fit_resample`` takes a table and labels.
    """

    def __init__(self, classifier: Any, sampler: Any) -> None:
        super().__init__(classifier)
        self.sampler = sampler

    def fit(self, X: Any, y: Any) -> Resampled:
        """Resample, then fit the inner classifier."""
        X_new, y_new = clone(self.sampler).fit_resample(as_frame(X), np.asarray(y))
        self.n_samples_fit_ = len(y_new)
        return self._keep(clone(self.classifier).fit(X_new, y_new))


class Calibrated(Wrapped):
    """Maps scores to probabilities by what happened to rows that the inner classifier had not seen.

    The inner classifier is fitted on all rows; the map is learned by scikit-learn's calibrators from its
    cross-fitted log-odds on the same rows, at their natural class sizes.

    Parameters
    ----------
    classifier : scikit-learn classifier
    method : str
        "sigmoid", "isotonic" or "temperature", as in scikit-learn.
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    out_of_fold_proba_ : ndarray (n_samples, n_classes)
        Calibrated probabilities of the rows given to ``fit``, from inner folds that did not train on them.
    """

    def __init__(self, classifier: Any, method: str = "sigmoid", random_state: int = 0) -> None:
        super().__init__(classifier)
        self.method = method
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Calibrated:
        """Fit the inner classifier and the map."""
        X = as_frame(X)
        self._keep(clone(self.classifier).fit(X, y))
        proba = cross_fitted(self.classifier, X, y, self.classes_, self.random_state)
        rows = np.arange(len(proba))
        given = FrozenEstimator(GivenScores().fit(proba, y))
        self.map_ = CalibratedClassifierCV(given, method=self.method, cv=[(rows, rows)], ensemble=False)
        with warnings.catch_warnings():  # a class with a single row has no score of its own in the inner folds
            warnings.simplefilter("ignore", RuntimeWarning)
            self.map_.fit(proba, y)
        self.out_of_fold_proba_ = self._mapped(proba)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities (n_samples, n_classes)."""
        return self._mapped(super().predict_proba(X))

    def _mapped(self, proba: np.ndarray) -> np.ndarray:
        mapped = np.nan_to_num(self.map_.predict_proba(proba))
        total = mapped.sum(axis=1, keepdims=True)
        return np.where(total > 0, mapped / np.where(total > 0, total, 1), proba)


class Thresholded(Wrapped):
    """Says "yes" to the class of interest when its probability reaches a threshold.

    The probabilities are left alone. The threshold is chosen on cross-fitted probabilities of the rows given to
    ``fit``, or computed from the costs, and then locked.

    Parameters
    ----------
    classifier : scikit-learn classifier
    criterion : str
        One of ``core.numerics.decisions.CRITERIA``, or "theory" for ``1 / (1 + miss_cost)``.
    positive : label or None
        The class of interest; None takes the rarest class given to ``fit``.
    miss_cost : float
        How many false alarms one miss costs.
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    threshold_ : float
    """

    def __init__(
        self,
        classifier: Any,
        criterion: str = "F1",
        positive: Any = None,
        miss_cost: float = 1.0,
        random_state: int = 0,
    ) -> None:
        super().__init__(classifier)
        self.criterion = criterion
        self.positive = positive
        self.miss_cost = miss_cost
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Thresholded:
        """Fit the inner classifier and choose the threshold."""
        X, y = as_frame(X), np.asarray(y)
        self._keep(clone(self.classifier).fit(X, y))
        labels, sizes = np.unique(y, return_counts=True)
        self.positive_ = labels[sizes.argmin()] if self.positive is None else self.positive
        if self.criterion == "theory":
            self.threshold_ = 1 / (1 + self.miss_cost)
        elif self.positive_ not in labels:
            self.threshold_ = 0.5
        else:
            proba = getattr(self.classifier_, "out_of_fold_proba_", None)
            if proba is None:
                proba = cross_fitted(self.classifier, X, y, self.classes_, self.random_state)
            column = int(np.flatnonzero(self.classes_ == self.positive_)[0])
            self.threshold_ = best_threshold(proba[:, column], y == self.positive_, self.criterion, self.miss_cost)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The class of interest where its probability reaches the threshold, else the most probable other class."""
        proba = self.predict_proba(X)
        column = np.flatnonzero(self.classes_ == self.positive_)
        if not len(column):
            return self.classes_[proba.argmax(axis=1)]
        return self.classes_[decide(proba, int(column[0]), self.threshold_)]


class GivenScores(ClassifierMixin, BaseEstimator):
    """Takes probabilities for features and returns their log-odds, so that a calibrator can learn from them."""

    def fit(self, X: np.ndarray, y: Any) -> GivenScores:
        """Note the labels; nothing is learned."""
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n_samples,) of the second of two classes, or (n_samples, n_classes)."""
        proba = np.clip(X, SMALLEST, 1 - SMALLEST)
        odds = np.log(proba) - np.log1p(-proba)
        return odds[:, 1] if odds.shape[1] == 2 else odds

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """The probabilities themselves."""
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[X.argmax(axis=1)]


def cross_fitted(classifier: Any, X: pd.DataFrame, y: Any, classes: np.ndarray, random_state: int) -> np.ndarray:
    """Probabilities of rows from inner folds that did not train on them.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Not changed.
    X : pandas.DataFrame (n_samples, n_features)
    y : array (n_samples,)
    classes : ndarray (n_classes,)
        The order of the columns of the result; a class absent from an inner training fold has probability 0 there.
    random_state : int
        Seed of the inner folds.

    Returns
    -------
    ndarray (n_samples, n_classes)
    """
    y = np.asarray(y)
    proba = np.zeros((len(y), len(classes)))
    folds = StratifiedKFold(N_INNER_FOLDS, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():  # a rare class may have fewer rows than there are inner folds
        warnings.simplefilter("ignore", UserWarning)
        splits = list(folds.split(np.zeros(len(y)), y))
    for train, test in splits:
        fitted = clone(classifier).fit(X.iloc[train], y[train])
        proba[np.ix_(test, np.searchsorted(classes, fitted.classes_))] = fitted.predict_proba(X.iloc[test])
    return proba
