"""Decisions on out-of-fold probabilities: each fold by a threshold that was chosen on the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.scoring import decided
from core.recipe import Recipe
from core.study import Study


@dataclass(frozen=True, eq=False)
class Locked:
    """What a recipe says of rows that it had not seen, for the class of interest.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Out-of-fold probability of the class.
    found : ndarray of bool (n_samples,)
        Whether the row belongs to it.
    weight : ndarray (n_samples,) or None
        How many rows of the whole table each one stands for.
    taken : ndarray of bool (n_samples,)
        Whether the rule, chosen on the other folds, takes the row.
    at_half : ndarray of bool (n_samples,)
        Whether the class is the most probable one; with two classes, whether its probability reaches .5.
    thresholds : ndarray (n_folds,)
        One per fold; NaN where the rule is not one threshold.
    threshold : float
        Chosen on all rows, likewise.
    rule : Thresholded
        It chooses thresholds.
    """

    score: np.ndarray
    found: np.ndarray
    weight: np.ndarray | None
    taken: np.ndarray
    at_half: np.ndarray
    thresholds: np.ndarray
    threshold: float
    rule: Any

    @property
    def mass(self) -> np.ndarray:
        """How many rows each one counts as (n_samples,)."""
        return np.ones(len(self.score)) if self.weight is None else self.weight

    @property
    def prevalence(self) -> float:
        """The share of the class in the whole table."""
        return float(np.average(self.found, weights=self.weight))


def locked(study: Study, recipe: Recipe) -> Locked:
    """Choose the threshold of each fold of the first draw on the out-of-fold probabilities of the others.

    The rows of a fold have no say in its threshold, though models of other folds have learned from them. With folds that follow time,
    later folds have a say in the threshold of earlier ones.

    Parameters
    ----------
    study : Study
        Rows that no fold tests are left out.
    recipe : Recipe
        Its decision, or the one that ``core.evaluation.scoring.decided`` adds.
    """
    study = study.judged
    proba, rule = study.out_of_fold(recipe.without("decision")), study.classifier(decided(study, recipe))
    own, codes, X = study.positive_code, study.codes, study.dataset.X
    taken, thresholds = np.zeros(len(codes), dtype=bool), []
    for fold in np.unique(study.fold):
        inside = study.fold == fold
        _choose(rule, study, proba, np.flatnonzero(~inside))
        known = rule.order_
        taken[inside] = known[rule.decide(proba[np.ix_(inside, known)], X[inside])] == own
        thresholds.append(rule.threshold_ if rule.single else np.nan)
    _choose(rule, study, proba, np.arange(len(codes)))
    at = float(rule.threshold_) if rule.single else np.nan
    at_half = proba.argmax(axis=1) == own if proba.shape[1] > 2 else proba[:, own] >= 0.5
    return Locked(
        proba[:, own], codes == own, study.represents, taken, at_half, np.array(thresholds), at, rule
    )  # fmt: skip


def _choose(rule: Any, study: Study, proba: np.ndarray, rows: np.ndarray) -> None:
    known = np.unique(study.codes[rows])
    stands = None if study.represents is None else study.represents[rows]
    rule.choose(study.codes[rows], known, stands, lambda: proba[np.ix_(rows, known)], study.dataset.X.iloc[rows])
