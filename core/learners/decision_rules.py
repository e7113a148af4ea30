"""Decisions that are more than one threshold: one factor or threshold per class, one threshold per group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from core.errors import UserError
from core.learners.deciding import Thresholded
from core.numerics.class_rules import accepted_thresholds, class_factors, first_accepted
from core.numerics.decisions import decide
from core.wording import count, plural, quoted

FEWEST = 10
"""Rows of the class of interest that a group needs for a threshold of its own."""

MOST_GROUPS = 30
SMALLEST = 1e-9


class ClassRule(Thresholded):
    """Takes the class with the largest product of probability and factor, or the most probable one that is accepted.

    Parameters
    ----------
    classifier : scikit-learn classifier
    criterion : str
        "macro-F1" or "balanced accuracy" for factors, "accepted accuracy" for a threshold per class.
    positive : label or None
        The class of interest; None takes the rarest.
    random_state : int
        Seed of the inner folds.
    setting : float
        The accuracy that accepted predictions should have.

    Attributes
    ----------
    factors_ : ndarray (n_classes,)
        1 for every class with "accepted accuracy".
    thresholds_ : ndarray (n_classes,)
        0 for every class with factors.
    threshold_ : float
        With two classes and factors the one that says the same, otherwise NaN.
    """

    def choose(
        self,
        y: np.ndarray,
        classes: np.ndarray,
        stands: np.ndarray | None,
        out_of_fold: Callable[[], np.ndarray],
        X: Any = None,
    ) -> ClassRule:
        """Choose factors or thresholds, as ``Thresholded.choose`` does."""
        self.order_ = np.asarray(classes)
        self.positive_ = self._positive(y, stands)
        proba = out_of_fold()
        tested = ~np.isnan(proba[:, 0])
        codes = np.searchsorted(self.order_, y[tested])
        weight = None if stands is None else stands[tested]
        self.factors_, self.thresholds_ = np.ones(len(classes)), np.zeros(len(classes))
        if self.criterion == "accepted accuracy":
            self.thresholds_ = accepted_thresholds(proba[tested], codes, self.setting, weight)
        elif tested.any():
            self.factors_ = class_factors(proba[tested], codes, self.criterion, weight)
        self.threshold_ = np.nan
        if len(classes) == 2 and self.positive_ in self.order_ and self.criterion != "accepted accuracy":
            own = int(np.flatnonzero(self.order_ == self.positive_)[0])
            self.threshold_ = float(self.factors_[1 - own] / self.factors_.sum())
        return self

    def best(self, score: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> float:
        """The threshold that factors of two classes come to."""
        if self.criterion == "accepted accuracy":
            return np.nan
        factors = class_factors(np.column_stack([1 - score, score]), found.astype(np.intp), self.criterion, weight)
        return float(factors[0] / factors.sum())

    def decide(self, proba: np.ndarray, X: Any = None) -> np.ndarray:
        """Positions (n_samples,) in ``order_``."""
        if self.thresholds_.any():
            return first_accepted(proba, self.thresholds_)
        return (proba * self.factors_).argmax(axis=1)


class GroupThresholded(Thresholded):
    """Says "yes" at a threshold that depends on the value of one column.

    ``logit t_g = w logit t̂_g + (1 − w) logit t`` with ``w = n_g / (n_g + pull)``, where t̂_g is the best threshold of the group's own rows, n_g
    its rows of the class of interest and t the common threshold. A group with fewer than ``FEWEST`` such rows keeps t.

    Parameters
    ----------
    classifier : scikit-learn classifier
    criterion, positive, miss_cost, random_state
        As ``Thresholded`` takes them.
    column : str
        The column whose values are the groups; empty for none.
    pull : float
        Rows of the class of interest at which a group's own threshold and the common one count the same.

    Attributes
    ----------
    threshold_ : float
        The common one.
    thresholds_ : dict of str to float
        Those of the groups that have one of their own.
    """

    def __init__(
        self,
        classifier: Any,
        criterion: str = "F1",
        positive: Any = None,
        miss_cost: float = 1.0,
        random_state: int = 0,
        column: str = "",
        pull: float = 50.0,
    ) -> None:
        super().__init__(classifier, criterion, positive, miss_cost, random_state)
        self.column = column
        self.pull = pull

    def choose(
        self,
        y: np.ndarray,
        classes: np.ndarray,
        stands: np.ndarray | None,
        out_of_fold: Callable[[], np.ndarray],
        X: Any = None,
    ) -> GroupThresholded:
        """Choose the common threshold and those of the groups.

        Raises
        ------
        UserError
            There is no such column, it has too many values, or no value has enough rows of the class of interest.
        """
        groups = None if not self.column else self._groups(X)
        proba = out_of_fold()
        super().choose(y, classes, stands, lambda: proba)
        self.thresholds_: dict[str, float] = {}
        own = np.flatnonzero(self.order_ == self.positive_)
        if groups is None or not len(own):
            return self
        score, common = proba[:, own[0]], _log_odds(self.threshold_)
        for name in np.unique(groups):
            rows = (groups == name) & ~np.isnan(score)
            found = y[rows] == self.positive_
            if found.sum() >= FEWEST and not found.all():
                best = self.best(score[rows], found, None if stands is None else stands[rows])
                part = found.sum() / (found.sum() + self.pull)
                self.thresholds_[str(name)] = _share(part * _log_odds(best) + (1 - part) * common)
        if not self.thresholds_:
            problem = f"No value of column {quoted(self.column)} has {FEWEST} rows of the class of interest among the training rows of a fold."
            raise UserError(problem, "Use one threshold for all rows, or a column with fewer values.")
        return self

    @property
    def single(self) -> bool:
        """Whether no group has a threshold of its own."""
        return not self.thresholds_

    def decide(self, proba: np.ndarray, X: Any = None) -> np.ndarray:
        """Positions (n_samples,) in ``order_``; a value that was not seen has the common threshold."""
        if not self.thresholds_:
            return super().decide(proba, X)
        each = pd.Series(self._groups(X)).map(self.thresholds_).fillna(self.threshold_).to_numpy(dtype=float)
        return decide(proba, int(np.flatnonzero(self.order_ == self.positive_)[0]), each)

    def _groups(self, X: pd.DataFrame) -> np.ndarray:
        if self.column not in X:
            problem = f"{quoted(self.column)} is no column that the learner sees."
            raise UserError(problem, "Name a column with few values that is not left out.")
        column = X[self.column]
        if column.nunique() > MOST_GROUPS:
            problem = f"Column {quoted(self.column)} has {plural(column.nunique(), 'value')}; at most {count(MOST_GROUPS)} can be groups."
            raise UserError(problem, "Name a column with fewer values.")
        return np.array([str(value) for value in column.astype(object).where(column.notna(), "missing")], dtype=object)


def _log_odds(threshold: float) -> float:
    kept = np.clip(threshold, SMALLEST, 1 - SMALLEST)
    return float(np.log(kept) - np.log1p(-kept))


def _share(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))
