"""What each column of a row adds to a fitted learner's score: exact Shapley values of trees, of linear models and, along a line, of networks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotApplicable
from core.learners.boosted import BoostedTrees
from core.learners.ensembles import UnderSampledEnsemble
from core.learners.linear import LinearModel
from core.learners.neural import NeuralNetwork
from core.numerics.network import Networks


def innermost(fitted: Any) -> Any:
    """The fitted learner inside remedies: wrappers keep it as ``classifier_``."""
    while hasattr(fitted, "classifier_"):
        fitted = fitted.classifier_
    return fitted


def prior_shift(fitted: Any) -> np.ndarray | float:
    """What is added to the scores (n_classes,) of the innermost learner because it learned from a working sample; else 0."""
    while hasattr(fitted, "classifier_"):
        if hasattr(fitted, "log_shift_"):
            return fitted.log_shift_
        fitted = fitted.classifier_
    return 0.0


def contributions(learner: Any, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split the scores of rows into a constant and one part per column.

    Boosted trees: ``shap.TreeExplainer``, with native categories and gaps. Linear model: ``shap.LinearExplainer`` on the
    encoded columns, summed over those that come from one column of the table. Neural network: Aumann-Shapley values, the Shapley values of a row that is
    reached from the average row in ever smaller parts of all columns at once; without a hidden layer they are Shapley values themselves. With one hidden layer each
    unit opens or closes at most once on the way, so that the integral ``x_j ∫ ∂f/∂x_j (t x) dt`` is a closed form (our derivation). An ensemble that adds up scores: the mean over its members.

    Parameters
    ----------
    learner : BoostedTrees, LinearModel, NeuralNetwork or UnderSampledEnsemble
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
    Lundberg et al. (2020), Nature Machine Intelligence 2, for TreeSHAP. Aumann and Shapley (1974), Values of Non-Atomic Games. Sundararajan, Taly and
    Yan (2017), International Conference on Machine Learning, for networks.
    """
    if len(getattr(learner, "classes_", ())) < 2:
        raise NotApplicable("The model was fitted on rows of one class only; there is no score to explain.")
    if isinstance(learner, UnderSampledEnsemble):
        return _voted(learner, X)
    if isinstance(learner, BoostedTrees):
        parts, constant, output = _trees(learner, X)
    elif isinstance(learner, LinearModel):
        parts, constant, output = _linear(learner, X)
    elif isinstance(learner, NeuralNetwork):
        parts, constant, output = _network(learner, X)
    else:
        raise NotApplicable(f"A model of the kind {type(learner).__name__} cannot be explained exactly.")
    if output.shape[1] == 1:
        return _both(parts), _both(constant), _both(output)
    return parts, constant, output


def _voted(ensemble: UnderSampledEnsemble, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if ensemble.vote != "scores":
        problem = "The members of this ensemble vote by the mean of their probabilities, which cannot be split among columns exactly."
        raise NotApplicable(f"{problem} EasyEnsemble adds up scores instead, and can be explained.")
    if any(len(member.classes_) < len(ensemble.classes_) for member in ensemble.members_):
        raise NotApplicable("A member of the ensemble has seen no row of one class; its score cannot be added up.")
    found = [contributions(innermost(member), X) for member in ensemble.members_]
    shift = np.mean([np.zeros(len(ensemble.classes_)) + prior_shift(member) for member in ensemble.members_], axis=0)
    parts, constant, output = (np.mean(values, axis=0) for values in zip(*found, strict=True))
    shift = shift + ensemble.log_shift_
    return parts, constant + shift, output + shift


def _trees(learner: BoostedTrees, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Z, booster, output = learner.encode(X), learner.model_.booster_, learner.raw_scores(X)
    with warnings.catch_warnings():  # shap and what it imports announce changes of their own
        warnings.simplefilter("ignore")
        import shap

        explainer = shap.TreeExplainer(booster)
        parts = np.asarray(explainer.shap_values(Z)).reshape(*Z.shape, output.shape[1])
    return parts, np.atleast_1d(explainer.expected_value) + getattr(learner.model_, "start", 0.0), output


def _linear(learner: LinearModel, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    Z, model = learner.encode(X), learner.model_
    owners = np.zeros((X.shape[1], Z.shape[1]))
    owners[learner.encoded_columns(), np.arange(Z.shape[1])] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        centre = np.zeros((1, Z.shape[1]))
        explainer = shap.LinearExplainer((model.coef_, model.intercept_), shap.maskers.Independent(centre))
        encoded = np.asarray(explainer.shap_values(Z)).reshape(*Z.shape, len(model.coef_))
    parts = np.einsum("nek,je->njk", encoded, owners)
    return parts, np.atleast_1d(explainer.expected_value), model.decision_function(Z).reshape(len(Z), -1)


def _network(learner: NeuralNetwork, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if learner.shape_.branches > 1:
        problem = "The gates of a network with several branches multiply what columns say, which cannot be split among them exactly."
        raise NotApplicable(f"{problem} A network of one branch can be explained, and so can boosted trees.")
    networks, Z, owners = Networks(learner.shape_, learner.flat_), learner.encode(X), learner.encoded_columns()
    inward, n_columns = networks.W1[0], X.shape[1]
    reached = [Z[:, owners == j] @ inward[owners == j] for j in range(n_columns)]
    constant, output = networks.scores(np.zeros((1, 1, Z.shape[1])))[0, :, 0], learner.scores(X)
    if learner.shape_.hidden:
        start, moved = networks.b1[0], Z @ inward
        gained = np.maximum(start + moved, 0) - np.maximum(start, 0)
        still = np.abs(moved) < 1e-12
        is_open = np.where(still, start > 0, gained / np.where(still, 1.0, moved))
        reached = [(is_open * part) @ networks.W2[0] for part in reached]
    parts = np.stack(reached, axis=1)
    if len(constant) == 2:
        parts, constant, output = (np.diff(values, axis=-1) for values in (parts, constant, output))
    return parts, constant, output


def _both(second: np.ndarray) -> np.ndarray:
    return np.concatenate([-second, second], axis=-1)
