"""The neural learner by several recipes on the folds of the first draw, trained side by side; what was trained once is kept with the study."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.scoring import FoldOutcome, decided, fold_outcome
from core.numerics.case_control import at_shares
from core.numerics.decisions import best_threshold
from core.recipe import Recipe
from core.study import Study

BASELINE = Recipe()
SIDES = ("training", "held out")
WATCHED = ("loss", "recall", "gradient_norm")

Curves = Mapping[Recipe, np.ndarray]
"""For each recipe (n_folds, n_epochs, side, n_classes, what is watched); NaN after a fold has stopped, and for classes that it does not have."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What one recipe did on the folds of the first draw.

    Parameters
    ----------
    outcomes : tuple of FoldOutcome
    adjusted : tuple of FoldOutcome
        The same networks with logit adjustment after training; only of the baseline.
    curves : ndarray (n_folds, n_epochs, 2, n_classes, 3)
        As in ``Curves``.
    epochs : ndarray of int (n_folds,)
        Epochs until the training stopped.
    held_out : ndarray of int (n_folds,)
        Rows of the class of interest that the training held out.
    seconds : float
        Of the training that it was part of, divided by the recipes in it.
    n_together : int
        Recipes in that training.
    """

    outcomes: tuple[FoldOutcome, ...]
    adjusted: tuple[FoldOutcome, ...]
    curves: np.ndarray
    epochs: np.ndarray
    held_out: np.ndarray
    seconds: float
    n_together: int


def known(study: Study, recipe: Recipe) -> Trained | None:
    """What was trained already."""
    return study._memory.get(("live", recipe))


def train(study: Study, recipes: Sequence[Recipe]) -> Iterator[Curves]:
    """Train recipes on every fold of the first draw as one batched product, and keep with the study what came out.

    Parameters
    ----------
    study : Study
        Its learner is the neural one.
    recipes : sequence of Recipe
        Their steps change optimiser, batches, weights, loss or decision only.

    Yields
    ------
    Curves
        After each epoch, of all epochs so far.
    """
    from core.learners.loss import prepared
    from core.learners.together import training_together

    start, folds = time.perf_counter(), study.folds[: study.n_folds]
    tables = [study.dataset.X.iloc[train] for train, _ in folds]
    rows = [None if study.rows is None else study.rows.take(train) for train, _ in folds]
    tasks = []
    for recipe in recipes:
        inner = study.classifier(recipe.without("decision"))
        tasks += [prepared(inner, X, study.codes[f[0]], r) for X, f, r in zip(tables, folds, rows, strict=True)]
    learners: Sequence[Any] = ()
    for learners in training_together([(task.learner, task.X, task.y, task.sample_weight) for task in tasks]):
        parts = np.split(np.arange(len(learners)), len(recipes))
        yield {recipe: _stacked(study, [learners[i] for i in own]) for recipe, own in zip(recipes, parts, strict=True)}
    seconds = (time.perf_counter() - start) / len(recipes)
    for k, recipe in enumerate(recipes):
        own = range(k * len(folds), (k + 1) * len(folds))
        scored = [_scored(study, recipe, i - own.start, tasks[i], learners[i]) for i in own]
        curves = _stacked(study, [learners[i] for i in own])
        epochs = np.array([len(learners[i].history_) for i in own])
        outcomes, adjusted, held_out = zip(*scored, strict=True)
        kept = Trained(
            outcomes, tuple(filter(None, adjusted)), curves, epochs, np.array(held_out), seconds, len(recipes)
        )
        study._memory["live", recipe] = kept


def _stacked(study: Study, learners: Sequence[Any]) -> np.ndarray:
    """The curves of one recipe's folds."""
    n_epochs = max(len(learner.history_) for learner in learners)
    found = np.full((len(learners), n_epochs, len(SIDES), len(study.classes), len(WATCHED)), np.nan, dtype=np.float32)
    for f, learner in enumerate(learners):
        found[f, : len(learner.history_), :, learner.classes_] = np.moveaxis(learner.history_, 2, 0)
    return found


def _scored(
    study: Study, recipe: Recipe, fold: int, task: Any, learner: Any
) -> tuple[FoldOutcome, FoldOutcome | None, int]:
    """The outcome of a fold, the same after logit adjustment for the baseline, and how many rows of the class of interest were held out."""
    train, test = study.folds[fold]
    fitted, held = task.completed(learner), train[learner.held_out_]
    both = np.concatenate([held, test])
    proba = np.zeros((len(both), len(study.classes)))
    proba[:, fitted.classes_] = fitted.predict_proba(study.dataset.X.iloc[both])
    found = study.codes[held] == study.positive_code
    outcome = _at_threshold(study, recipe, fold, proba, held)
    if recipe != BASELINE:
        return outcome, None, int(found.sum())
    stands = None if study.represents is None else study.represents[train]
    mass = np.bincount(study.codes[train], stands, minlength=proba.shape[1])
    factor = np.divide(mass.sum(), mass, out=np.zeros(len(mass)), where=mass > 0)
    return outcome, _at_threshold(study, recipe, fold, at_shares(proba, factor), held), int(found.sum())


def _at_threshold(study: Study, recipe: Recipe, fold: int, proba: np.ndarray, held: np.ndarray) -> FoldOutcome:
    """Choose a threshold on the held-out rows, which come first, and score the test rows."""
    rule, positive = study.classifier(decided(study, recipe)), study.positive_code
    threshold = rule.threshold_of_costs
    if threshold is None:
        weight = None if study.represents is None else study.represents[held]
        score, found = proba[: len(held), positive], study.codes[held] == positive
        threshold = best_threshold(score, found, rule.criterion, rule.miss_cost, weight)
    return fold_outcome(study, recipe, fold, proba[len(held) :], float(threshold))
