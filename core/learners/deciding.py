"""Wrappers that look at inner folds: probabilities that come true, and the threshold where one becomes a yes."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from core.learners.cross_fitting import GivenProbabilities, GivenScores, cross_fitted
from core.learners.encoding import as_frame
from core.learners.probability_maps import LEARNED, Maps, learned_maps
from core.learners.rows import Rows, represented
from core.learners.wrapping import Wrapped, fit_on
from core.numerics.calibration_maps import FEWEST
from core.numerics.decisions import best_threshold, decide
from core.numerics.platt import platt_line, raw_threshold
from core.wording import plural

WHOLE = "temperature"
"""The method that maps all classes at once, by one number."""


class Calibrated(Wrapped):
    """Maps scores to probabilities by what happened to rows that the inner classifier had not seen.

    The inner classifier is fitted on all rows; the map is learned from its cross-fitted probabilities of the same rows, at their natural
    class sizes: a row of a working sample weighs as many rows as it stands for. Each class is mapped against the rest and the
    results are scaled to sum 1; temperature divides the logarithms of all probabilities by one number. Where inner folds leave a class untested,
    as folds in the order of time may, the probabilities stay as they are.

    Parameters
    ----------
    classifier : scikit-learn classifier
    method : str
        "sigmoid", "isotonic" or "temperature", as in scikit-learn, or "beta" or "venn_abers", see ``core.numerics.calibration_maps``.
        With fewer than ``FEWEST`` rows of a class those of more than two numbers give way to "sigmoid".
    random_state : int
        Seed of the inner folds.

    Attributes
    ----------
    out_of_fold_proba_ : ndarray (n_samples, n_classes)
        Calibrated probabilities of the rows given to ``fit``, from inner folds that did not train on them; NaN for rows
        that no inner fold tested.
    method_ : str
        The method that was used; empty where the probabilities stay as they are.
    sentence_ : str
        Why another method was used than was asked for; empty where none was.
    """

    def __init__(self, classifier: Any, method: str = "sigmoid", random_state: int = 0) -> None:
        super().__init__(classifier)
        self.method = method
        self.random_state = random_state

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Calibrated:
        """Fit the inner classifier and the map."""
        X, y = as_frame(X), np.asarray(y)
        self._keep(fit_on(clone(self.classifier), X, y, rows))
        self.map_, self.method_ = None, ""
        self.sentence_ = "Inner folds leave a class untested, so the probabilities stay as they are."
        proba = cross_fitted(self.classifier, X, y, self.classes_, self.random_state, rows)
        tested = ~np.isnan(proba[:, 0])
        if len(np.unique(y[tested])) == len(self.classes_):
            self.method_, self.sentence_ = self._method(int(np.unique(y[tested], return_counts=True)[1].min()))
            self.map_ = self._learned(proba[tested], y[tested], None if rows is None else rows.take(tested))
        self.out_of_fold_proba_ = np.full_like(proba, np.nan)
        self.out_of_fold_proba_[tested] = self._mapped(proba[tested])
        return self

    @property
    def restores_prior(self) -> bool:
        """Whether what comes out is meant to speak of the shares of the rows given to ``fit``; one temperature cannot move them."""
        return self.method != WHOLE

    def probability_interval(self, X: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Lower and upper probabilities (n_samples, n_classes) of each class against the rest, where the method gives them."""
        return self.map_.interval(super().predict_proba(X)) if isinstance(self.map_, Maps) else None

    def _method(self, fewest: int) -> tuple[str, str]:
        """The method that so many rows of the rarest class allow, and what is said of it."""
        if fewest >= FEWEST or self.method in ("sigmoid", WHOLE):
            return self.method, ""
        text = f"Inner folds test {plural(fewest, 'row')} of a class. Below {FEWEST}, the sigmoid of two numbers is learned instead."
        return "sigmoid", text

    def _learned(self, proba: np.ndarray, y: np.ndarray, rows: Rows | None) -> CalibratedClassifierCV | Maps:
        if self.method_ in LEARNED:
            return learned_maps(self.method_, proba, y, self.classes_, represented(rows))
        kind = GivenProbabilities if self.method_ == WHOLE else GivenScores
        given, each = FrozenEstimator(kind().fit(proba, y)), np.arange(len(proba))
        learned = CalibratedClassifierCV(given, method=self.method_, cv=[(each, each)], ensemble=False)
        with warnings.catch_warnings():  # a class with a single row has no score of its own in the inner folds
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)  # the scores are given, so only the map takes weights
            return learned.fit(proba, y, represented(rows))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities (n_samples, n_classes)."""
        return self._mapped(super().predict_proba(X))

    def _mapped(self, proba: np.ndarray) -> np.ndarray:
        if self.map_ is None or not len(proba):
            return proba
        mapped = np.nan_to_num(self.map_.predict_proba(proba))
        total = mapped.sum(axis=1, keepdims=True)
        return np.where(total > 0, mapped / np.where(total > 0, total, 1), proba)


class Thresholded(Wrapped):
    """Says "yes" to the class of interest when its probability reaches a threshold.

    The probabilities are left alone. The threshold is chosen on cross-fitted probabilities of the rows given to
    ``fit``, or computed from the costs, and then locked. A row of a working sample counts as many rows as it stands for.
    Where no inner fold tests the class of interest, the threshold is .5.

    Parameters
    ----------
    classifier : scikit-learn classifier
    criterion : str
        One of ``core.numerics.decisions.CRITERIA``, or "theory" for ``1 / (1 + miss_cost)``, or "calibrated theory" for the
        score at which a line through the cross-fitted log-odds reaches that probability.
    positive : label or None
        The class of interest; None takes the rarest class given to ``fit``.
    miss_cost : float
        How many false alarms one miss costs.
    random_state : int
        Seed of the inner folds.
    setting : float
        What a criterion other than the costs needs, as ``best_threshold`` takes it.

    Attributes
    ----------
    threshold_ : float
    order_ : ndarray (n_classes,)
        The classes in the order of the columns of the probabilities that ``decide`` takes.
    """

    def __init__(
        self,
        classifier: Any,
        criterion: str = "F1",
        positive: Any = None,
        miss_cost: float = 1.0,
        random_state: int = 0,
        setting: float = 1.0,
    ) -> None:
        super().__init__(classifier)
        self.criterion = criterion
        self.positive = positive
        self.miss_cost = miss_cost
        self.random_state = random_state
        self.setting = setting

    def fit(self, X: Any, y: Any, rows: Rows | None = None) -> Thresholded:
        """Fit the inner classifier and choose the threshold."""
        X, y, stands = as_frame(X), np.asarray(y), represented(rows)
        self._keep(fit_on(clone(self.classifier), X, y, rows))

        def out_of_fold() -> np.ndarray:
            proba = getattr(self.classifier_, "out_of_fold_proba_", None)
            seed = self.random_state
            return cross_fitted(self.classifier, X, y, self.classes_, seed, rows) if proba is None else proba

        return self.choose(y, self.classes_, stands, out_of_fold, X)

    def choose(
        self,
        y: np.ndarray,
        classes: np.ndarray,
        stands: np.ndarray | None,
        out_of_fold: Callable[[], np.ndarray],
        X: Any = None,
    ) -> Thresholded:
        """Choose the threshold alone.

        Parameters
        ----------
        y : ndarray (n_samples,)
        classes : ndarray (n_classes,)
            The order of the columns of the probabilities.
        stands : ndarray (n_samples,) or None
            How many rows of the whole table each row stands for.
        out_of_fold : callable
            Gives, where they are needed, probabilities (n_samples, n_classes) of rows that were not trained on; NaN for rows that no fold tested.
        X : pandas.DataFrame (n_samples, n_features) or None
            The features, for rules that ask for them; a threshold asks for none.
        """
        self.order_ = np.asarray(classes)
        self.positive_ = self._positive(y, stands)
        if self.criterion == "theory":
            self.threshold_ = self.threshold_of_costs
        elif not (y == self.positive_).any():
            self.threshold_ = 0.5
        else:
            score = out_of_fold()[:, int(np.flatnonzero(classes == self.positive_)[0])]
            tested = ~np.isnan(score)
            weight = None if stands is None else stands[tested]
            self.threshold_ = self.best(score[tested], y[tested] == self.positive_, weight)
        return self

    def _positive(self, y: np.ndarray, stands: np.ndarray | None) -> Any:
        """The class of interest, or the rarest of the rows."""
        labels, positions = np.unique(y, return_inverse=True)
        return labels[np.bincount(positions, stands).argmin()] if self.positive is None else self.positive

    def best(self, score: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> float:
        """The threshold for rows that were not trained on; their own one where it follows from the costs alone.

        Parameters
        ----------
        score : ndarray (n_samples,)
            Probability of the class of interest.
        found : ndarray of bool (n_samples,)
        weight : ndarray (n_samples,) or None
            How many rows each one counts as.
        """
        if self.threshold_of_costs is not None:
            return self.threshold_of_costs
        setting = self.miss_cost if self.criterion == "expected cost" else self.setting
        if self.criterion == "calibrated theory":
            share = 1 / (1 + self.miss_cost)
            return share if found.all() or not found.any() else raw_threshold(share, *platt_line(score, found, weight))
        return best_threshold(score, found, self.criterion, setting, weight)

    @property
    def threshold_of_costs(self) -> float | None:
        """The threshold where it follows from the costs alone; None where it is tuned."""
        return 1 / (1 + self.miss_cost) if self.criterion == "theory" else None

    @property
    def single(self) -> bool:
        """Whether the decision is one threshold for all rows."""
        return not np.isnan(self.threshold_)

    def decide(self, proba: np.ndarray, X: Any = None) -> np.ndarray:
        """Positions (n_samples,) in ``order_``: the class of interest where its probability reaches the threshold, else the most probable other class.

        Parameters
        ----------
        proba : ndarray (n_samples, n_classes)
            In the order of ``order_``.
        X : pandas.DataFrame (n_samples, n_features) or None
            The features of the rows, for rules that ask for them.
        """
        column = np.flatnonzero(self.order_ == self.positive_)
        if not len(column):
            return proba.argmax(axis=1)
        return decide(proba, int(column[0]), self.threshold_)

    def predict(self, X: Any) -> np.ndarray:
        """What ``decide`` says of each row."""
        X = as_frame(X)
        return self.classes_[self.decide(self.predict_proba(X), X)]
