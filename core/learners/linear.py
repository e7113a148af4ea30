"""The linear learner: scikit-learn's logistic regression on scaled, imputed and one-hot columns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from core.learners.encoding import as_frame
from core.learners.linear_input import LinearInput
from core.learners.linear_loss import descended
from core.learners.loss import Loss
from core.learners.scored_rows import class_mass, probabilities


class LinearModel(ClassifierMixin, BaseEstimator):
    """Logistic regression that takes a table with gaps and text columns.

    Numeric columns are scaled robustly, gaps are filled with the median and marked by an indicator column,
    text columns become 0/1 columns. All of it is learned from the rows given to ``fit``.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty, as in scikit-learn.
    max_iter : int
        Largest number of iterations of the solver.
    random_state : int
        Kept for a common signature; the solver draws nothing at random.
    loss : Loss or None
        What the coefficients are fitted by, with the same penalty; None is cross-entropy.
    """

    in_steps = False
    """All rows are one batch, at the end of every schedule, and nothing is remembered."""

    def __init__(self, C: float = 1.0, max_iter: int = 200, random_state: int = 0, loss: Loss | None = None) -> None:
        self.C = C
        self.max_iter = max_iter
        self.random_state = random_state
        self.loss = loss

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> LinearModel:
        """Fit on a table (n_samples, n_features) with labels (n_samples,)."""
        X = as_frame(X)
        self.encoder_ = LinearInput(X)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        Z = self.encoder_(X)
        self.classes_ = np.unique(y)
        solver = "newton-cholesky" if Z.shape[1] * len(self.classes_) <= 600 else "lbfgs"
        self.model_ = LogisticRegression(C=self.C, max_iter=self.max_iter, solver=solver, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "The number of unique classes")  # a sampler may leave two rows of each
            if len(self.classes_) > 1:  # the only row of a class may be in the fold that is held out
                self.model_.fit(Z, y, sample_weight)
        if self.loss is not None and len(self.classes_) > 1:
            self._descend(Z, np.searchsorted(self.classes_, y), sample_weight)
        return self

    def _descend(self, Z: np.ndarray, codes: np.ndarray, weight: np.ndarray | None) -> None:
        """Go on from the plain coefficients by the loss."""
        start = np.column_stack([self.model_.coef_, self.model_.intercept_]).T
        given = {"weight": weight, "penalty": 1 / self.C, "max_iter": self.max_iter}
        B = descended(start, Z, codes, self.loss, **given)
        self.model_.coef_, self.model_.intercept_ = np.ascontiguousarray(B[:-1].T), B[-1].copy()
        self.mass_ = class_mass(codes, weight)

    def encode(self, X: Any) -> np.ndarray:
        """The matrix (n_samples, n_encoded) that the regression sees."""
        check_is_fitted(self)
        return self.encoder_(as_frame(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), in the order of ``classes_``."""
        Z = self.encode(X)
        if len(self.classes_) == 1:
            return np.ones((len(Z), 1))
        if self.loss is None:
            return self.model_.predict_proba(Z)
        return probabilities(self.loss, self.model_.decision_function(Z).reshape(len(Z), -1), self.mass_)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def encoded_columns(self) -> np.ndarray:
        """For each encoded column, the position of the column of ``X`` that it comes from."""
        check_is_fitted(self)
        return self.encoder_.owners()
