"""The class shares that a recipe asserts, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.numerics.asserted_costs import at_costs, at_threshold, implied_costs
from core.recipe import Recipe
from core.registry import method
from core.study import Study

BEFORE, AFTER = ("ensembles", "sampling", "weighting", "batches", "losses"), "calibration"
"""Stages in the order in which rows pass them, and the one that works on probabilities."""

SAMPLED = BEFORE[:2]
SCHEDULED = frozenset({"batches", "losses"})
"""Stages whose steps may change while training goes on."""

STEPS = (*BEFORE, AFTER, "decision")


@dataclass(frozen=True, eq=False)
class Asserted:
    """The class shares (n_classes,) after each step of a recipe, by stage, and the threshold; None where it is tuned.

    ``restores`` says that the step on probabilities takes back what came before it, ``in_training`` that batches are composed by the losses of rows;
    ``begins`` are the shares before the step on probabilities where the schedules of losses and batches stand at their beginning, None without either.
    """

    study: Study
    recipe: Recipe
    after: dict[str, np.ndarray]
    n_fitted: int
    threshold: float | None
    restores: bool = False
    in_training: bool = False
    begins: np.ndarray | None = None

    def until(self, *stages: str) -> np.ndarray:
        """The shares after the last of some stages."""
        return next((self.after[stage] for stage in reversed(self.after) if stage in stages), self.study.class_shares)

    @property
    def optimal(self) -> np.ndarray:
        """The shares by which the stated costs are least; those of the table without costs."""
        costs = np.ones(len(self.study.classes))
        costs[self.study.positive_code] = self.study.miss_cost or 1.0
        return at_costs(self.study.class_shares, costs)

    def cost(self, *stages: str) -> float:
        """How many false alarms one miss is worth after some stages."""
        return float(implied_costs(self.study.class_shares, self.until(*stages))[self.study.positive_code])


def asserted(study: Study, recipe: Recipe, threshold: float | None = None) -> Asserted:
    """Run the steps of a recipe, one stage more each time, on a learner that sees no columns.

    Parameters
    ----------
    study : Study
    recipe : Recipe
    threshold : float or None
        The threshold that a tuned one came to, if it was measured and the rule is one threshold.
    """
    after, n_fitted, taken, restores = {}, 0, set(), False
    for stage in (*BEFORE, AFTER):
        if not recipe.stage(stage):
            continue
        taken.add(stage)
        part = Recipe(tuple(step for step in recipe.steps if method(step[0]).group in taken))
        classifier = study.classifier(part)
        restores = getattr(classifier, "restores_prior", False)
        after[stage], n_rows = (study.class_shares, 0) if restores else _shares(study, classifier)
        n_fitted = n_rows if stage == "sampling" else n_fitted
    whole, begins = study.classifier(recipe), None
    if SCHEDULED & taken:
        part = Recipe(tuple(step for step in recipe.steps if method(step[0]).group in BEFORE))
        begins = _shares(study, study.classifier(part), 0.0)[0]
    threshold = None if threshold is None or np.isnan(threshold) else threshold
    found = Asserted(study, recipe, after, n_fitted, threshold, restores, _in_training(whole, study.codes), begins)
    if threshold is None:
        found = replace(found, threshold=getattr(whole, "threshold_of_costs", 0.5))
    if recipe.stage("decision") and found.threshold is not None:
        after["decision"] = at_threshold(found.until(*STEPS), study.positive_code, found.threshold)
    return found


def _shares(study: Study, classifier: Any, progress: float = 1.0) -> tuple[np.ndarray, int]:
    from core.learners.blind import asserted_shares

    return asserted_shares(classifier, study.dataset.X, study.codes, study.rows, progress)


def _in_training(classifier: Any, codes: np.ndarray) -> bool:
    while hasattr(classifier, "classifier"):
        classifier = classifier.classifier
    batches = getattr(classifier, "batches", None)
    if batches is None:
        return False
    from core.learners.shown import follows_losses

    return follows_losses(batches, codes)
