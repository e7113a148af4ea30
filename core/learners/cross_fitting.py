"""Probabilities of training rows from inner folds that did not train on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from core.errors import UserError
from core.learners.rows import Rows
from core.learners.wrapping import fit_on
from core.validation import Folds, folds

N_INNER_FOLDS = 3
SMALLEST = 1e-7


class GivenProbabilities(ClassifierMixin, BaseEstimator):
    """Takes probabilities for features and returns them, so that a calibrator can learn from them."""

    def fit(self, X: np.ndarray, y: Any) -> GivenProbabilities:
        """Note the labels; nothing is learned."""
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """The probabilities themselves, none of them 0."""
        proba = np.clip(X, SMALLEST, 1)
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[X.argmax(axis=1)]


class GivenScores(GivenProbabilities):
    """Gives log-odds as well, one column for each class against the rest."""

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n_samples,) of the second of two classes, or (n_samples, n_classes)."""
        proba = np.clip(X, SMALLEST, 1 - SMALLEST)
        odds = np.log(proba) - np.log1p(-proba)
        return odds[:, 1] if odds.shape[1] == 2 else odds


def cross_fitted(
    classifier: Any, X: pd.DataFrame, y: Any, classes: np.ndarray, random_state: int, rows: Rows | None = None
) -> np.ndarray:
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
    rows : Rows or None
        Its groups stay whole and its order is kept, as ``core.validation.folds`` does it.

    Returns
    -------
    ndarray (n_samples, n_classes)
        NaN in rows that no inner fold tests: the earliest ones where rows have an order.
    """
    y = np.asarray(y)
    splits = inner_folds(y, random_state, rows)
    proba = np.full((len(y), len(classes)), np.nan)
    for train, test in splits:
        part = None if rows is None else rows.take(train)
        fitted = fit_on(clone(classifier), X.iloc[train], y[train], part)
        proba[test] = 0
        proba[np.ix_(test, np.searchsorted(classes, fitted.classes_))] = fitted.predict_proba(X.iloc[test])
    return proba


def inner_folds(y: np.ndarray, random_state: int, rows: Rows | None = None) -> Folds:
    """The inner folds of training rows: ``N_INNER_FOLDS``, or as many as groups and order allow, perhaps none.

    Parameters
    ----------
    y : ndarray (n_samples,)
    random_state : int
    rows : Rows or None
    """
    known = rows or Rows()
    if known.groups is None and known.order is None:
        return folds(y, n_folds=N_INNER_FOLDS, random_state=random_state)
    fewest = (
        2 if known.order is None else 1
    )  # one fold in the order of time trains on the first half, and tests on the second
    for n_folds in range(N_INNER_FOLDS, fewest - 1, -1):
        try:
            return folds(y, n_folds=n_folds, random_state=random_state, groups=known.groups, order=known.order)
        except UserError:
            continue
    return ()
