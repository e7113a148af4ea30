"""What each column of a row adds to a fitted learner's score: exact Shapley values of trees and of linear models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotApplicable
from core.learners.boosted import BoostedTrees
from core.learners.linear import LinearModel


def innermost(fitted: Any) -> Any:
    """The fitted learner inside remedies: wrappers keep it as ``classifier_``."""
    while hasattr(fitted, "classifier_"):
        fitted = fitted.classifier_
    return fitted


def contributions(learner: Any, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split the scores of rows into a constant and one part per column.

    Boosted trees: TreeSHAP as LightGBM itself computes it (``pred_contrib``), with native categories and gaps. Linear
    model: coefficient times encoded value, summed over the encoded columns that come from one column of the table.

    Parameters
    ----------
    learner : BoostedTrees or LinearModel
        Fitted on at least two classes.
    X : pandas.DataFrame (n_samples, n_features)

    Returns
    -------
    parts : ndarray (n_samples, n_features, n_classes)
        In log-odds, before any calibration or threshold; with two classes the parts of the first are minus those of the second.
    constant : ndarray (n_classes,)
    output : ndarray (n_samples, n_classes)
        The score as the model itself computes it, for checking the sums.

    Raises
    ------
    NotApplicable
        The learner is of another kind, or knows only one class.

    References
    ----------
    Lundberg et al. (2020), Nature Machine Intelligence 2, for TreeSHAP.
    """
    if len(getattr(learner, "classes_", ())) < 2:
        raise NotApplicable("The model was fitted on rows of one class only; there is no score to explain.")
    if isinstance(learner, BoostedTrees):
        parts, constant, output = _trees(learner, X)
    elif isinstance(learner, LinearModel):
        parts, constant, output = _linear(learner, X)
    else:
        raise NotApplicable(f"A model of the kind {type(learner).__name__} cannot be explained exactly.")
    if output.shape[1] == 1:
        return _both(parts), _both(constant), _both(output)
    return parts, constant, output


def _trees(learner: BoostedTrees, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Z, booster = learner.encode(X), learner.model_.booster_
    output = booster.predict(Z, raw_score=True, num_threads=1).reshape(len(Z), -1)
    blocks = booster.predict(Z, pred_contrib=True, num_threads=1).reshape(len(Z), output.shape[1], Z.shape[1] + 1)
    blocks = blocks.transpose(0, 2, 1)
    return blocks[:, :-1], blocks[0, -1], output


def _linear(learner: LinearModel, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Z, model = learner.encode(X), learner.model_
    owners = np.zeros((X.shape[1], Z.shape[1]))
    owners[learner.encoded_columns(), np.arange(Z.shape[1])] = 1
    parts = np.stack([(Z * weights) @ owners.T for weights in model.coef_], axis=2)
    return parts, model.intercept_, model.decision_function(Z).reshape(len(Z), -1)


def _both(second: np.ndarray) -> np.ndarray:
    return np.concatenate([-second, second], axis=-1)
