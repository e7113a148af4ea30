"""The boosted learner: LightGBM trees with native missing values and native categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from core.learners.boosted_loss import grown, plainly_grown
from core.learners.encoding import as_frame, categorical_columns
from core.learners.loss import Loss


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Gradient-boosted trees that take a table with gaps and text columns as it is.

    Text levels become codes; a level that was not seen in ``fit`` counts as missing. One thread and fixed
    seeds: the same rows give the same numbers on any machine. A loss takes the place of LightGBM's cross-entropy.

    Parameters
    ----------
    n_estimators : int
        Rounds of boosting.
    num_leaves : int
        Leaves per tree.
    learning_rate : float
        Shrinkage per round.
    min_child_samples : int
        Fewest rows in a leaf.
    random_state : int
        Seed.
    max_bin : int
        Steps into which the values of a column are put.
    loss : Loss or None
        What the trees are grown by; None is LightGBM's own cross-entropy.
    """

    def __init__(
        self,
        n_estimators: int = 50,
        num_leaves: int = 15,
        learning_rate: float = 0.1,
        min_child_samples: int = 5,
        random_state: int = 0,
        max_bin: int = 255,
        loss: Loss | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_child_samples = min_child_samples
        self.random_state = random_state
        self.max_bin = max_bin
        self.loss = loss

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> BoostedTrees:
        """Fit on a table (n_samples, n_features) with labels (n_samples,)."""
        X = as_frame(X)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.levels_ = {column: X[column].cat.categories for column in categorical_columns(X)}
        self.classes_ = np.unique(y)
        positions = [i for i, column in enumerate(X.columns) if column in self.levels_]
        codes = np.searchsorted(self.classes_, y)
        given = {"n_rounds": self.n_estimators, "categorical": positions, "settings": self._settings()}
        if self.loss is not None and len(self.classes_) > 1:
            self.model_ = grown(self.encode(X), codes, self.loss, sample_weight, **given)
        else:
            self.model_ = plainly_grown(self.encode(X), codes, sample_weight, **given)
        return self

    def _settings(self) -> dict[str, Any]:
        """Parameters of LightGBM."""
        return {
            "num_leaves": self.num_leaves,
            "learning_rate": self.learning_rate,
            "min_child_samples": self.min_child_samples,
            "min_child_weight": 0.1,  # with the penalty below: a leaf of a few certain rows of a rare class would diverge
            "reg_lambda": 1.0,
            "random_state": self.random_state,
            "max_bin": self.max_bin,
            "n_jobs": 1,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }

    def encode(self, X: Any) -> np.ndarray:
        """The matrix (n_samples, n_features) that the trees see: codes for text, NaN for missing."""
        X = as_frame(X)
        if len(X.columns) and not self.levels_:
            return np.array(X.to_numpy(dtype="float64"), order="C")
        columns = [
            _codes(X[name], self.levels_[name]) if name in self.levels_ else X[name].to_numpy("float64")
            for name in X.columns
        ]
        return np.column_stack(columns)

    def raw_scores(self, X: Any) -> np.ndarray:
        """The scores (n_samples, n_scores) in log-odds: one per class, or with two classes that of the second against the first."""
        check_is_fitted(self)
        return self.model_.raw(self.encode(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities (n_samples, n_classes), in the order of ``classes_``."""
        check_is_fitted(self)
        if len(self.classes_) == 1:
            return np.ones((len(X), 1))
        return self.model_.predict_proba(self.encode(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _codes(column: pd.Series, levels: pd.Index) -> np.ndarray:
    codes = (
        levels.get_indexer(column.astype(object))
        if not levels.equals(column.cat.categories)
        else column.cat.codes.to_numpy()
    )
    return np.where(codes < 0, np.nan, codes.astype("float64"))
