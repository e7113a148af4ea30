"""Wrappers that move the scores of whole classes after training, by class shares or by what rows that were left out say."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from core.learners.cross_fitting import cross_fitted
from core.learners.encoding import as_frame
from core.learners.rows import Rows, represented
from core.learners.wrapping import Wrapped, fit_on
from core.numerics.case_control import at_shares
from core.numerics.class_offsets import learned_offsets

SMALLEST = 1e-7


class Offset(Wrapped):
    """Probabilities ``p_c · f_c``, scaled to sum 1, with factors f that ``fit`` finds; log f is what is added to the scores.

    Parameters
    ----------
    classifier : scikit-learn classifier
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    factor_ : ndarray (n_classes,)
    out_of_fold_proba_ : ndarray (n_samples, n_classes)
        Only where inner folds were asked: moved probabilities of the rows given to ``fit``; NaN for rows that no fold tested.
    """

    def __init__(self, classifier: Any, random_state: int = 0) -> None:
        super().__init__(classifier)
        self.random_state = random_state

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Offset:
        """Fit the inner classifier and find the factors."""
        X, y, stands = as_frame(X), np.asarray(y), represented(rows)
        self._keep(fit_on(clone(self.classifier), X, y, rows))
        codes = np.unique(y, return_inverse=True)[1]
        proba = cross_fitted(self.classifier, X, y, self.classes_, self.random_state, rows) if self._asks else None
        factor = self._factor(proba, codes, np.ones(len(y)) if stands is None else stands)
        self.factor_ = factor / np.exp(np.log(factor).mean())
        if proba is not None:
            self.out_of_fold_proba_ = at_shares(proba, self.factor_)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Moved probabilities (n_samples, n_classes)."""
        return at_shares(super().predict_proba(X), self.factor_)

    @property
    def _asks(self) -> bool:
        """Whether inner folds are needed."""
        return True

    def _factor(self, proba: np.ndarray | None, codes: np.ndarray, stands: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class PriorOffset(Offset):
    """Divides probabilities by ``π^τ``.

    Parameters
    ----------
    classifier : scikit-learn classifier
    tau : float
        Power of the prior; 0 changes nothing.
    prior : str
        "frequency": π are the shares of the rows given to ``fit``, each counted as many times as it stands for. "confidence": the mean probability of
        each class over those rows, from inner folds that did not train on them.
    random_state : int
        Seed of the inner folds.
    """

    def __init__(self, classifier: Any, tau: float = 1.0, prior: str = "frequency", random_state: int = 0) -> None:
        super().__init__(classifier, random_state)
        self.tau = tau
        self.prior = prior

    @property
    def _asks(self) -> bool:
        return self.prior == "confidence"

    def _factor(self, proba: np.ndarray | None, codes: np.ndarray, stands: np.ndarray) -> np.ndarray:
        prior = np.bincount(codes, stands) / stands.sum()
        if proba is not None and len(tested := np.flatnonzero(~np.isnan(proba[:, 0]))):
            prior = np.maximum(np.average(proba[tested], axis=0, weights=stands[tested]), SMALLEST)
        return prior**-self.tau


class LearnedOffset(Offset):
    """Adds offsets to the scores that are learned on rows which inner folds left out, see ``core.numerics.class_offsets``."""

    def _factor(self, proba: np.ndarray | None, codes: np.ndarray, stands: np.ndarray) -> np.ndarray:
        tested, prior = np.flatnonzero(~np.isnan(proba[:, 0])), np.bincount(codes, stands) / stands.sum()
        log_proba = np.log(np.maximum(proba[tested], SMALLEST))
        return np.exp(learned_offsets(log_proba, codes[tested], prior, stands[tested]))
