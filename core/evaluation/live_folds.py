"""The neural learner by several recipes on the folds of the first draw, trained side by side; what was trained once is kept with the study."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from core.errors import UserError
from core.evaluation.live_parts import Part, kept_parts
from core.evaluation.scoring import FoldOutcome, decided, fold_outcome
from core.numerics.case_control import at_shares
from core.recipe import Recipe
from core.study import Study

BASELINE = Recipe()

SIDES = ("training", "held out")
WATCHED = ("loss", "recall", "gradient_norm")

Place = tuple[Recipe, int]
"""A recipe and the position of a fold in ``study.folds``."""

Curves = Mapping[Place, np.ndarray]
"""For each place (n_epochs, side, n_classes, what is watched); NaN for classes that the fold does not have."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What one recipe did on one fold of the first draw.

    Parameters
    ----------
    outcome : FoldOutcome
        As ``core.evaluation.scoring.score_fold`` gives it.
    adjusted : FoldOutcome or None
        The same networks with logit adjustment after training; only of the baseline.
    curves : ndarray (n_epochs, 2, n_classes, 3)
        As in ``Curves``.
    epochs : int
        Epochs until the training stopped.
    seconds : float
        Of the training that it was part of, divided by the recipes and folds in it.
    n_together : int
        Recipes in that training.
    """

    outcome: FoldOutcome
    adjusted: FoldOutcome | None
    curves: np.ndarray
    epochs: int
    seconds: float
    n_together: int


@dataclass(frozen=True, eq=False)
class Seen:
    """How far recipes are on some folds.

    Parameters
    ----------
    done : mapping of Place to Trained
    curves : Curves
        Of what is still in training.
    epochs : int
        Epochs of that training so far.
    refused : mapping of Recipe to str
        Recipes that cannot be trained or cannot decide here, with the reason.
    """

    done: Mapping[Place, Trained]
    curves: Curves
    epochs: int = 0
    refused: Mapping[Recipe, str] = field(default_factory=dict)


def known(study: Study, recipe: Recipe, fold: int) -> Trained | None:
    """What was trained already."""
    return study._memory.get(("live", recipe, fold))


def refused(study: Study, recipe: Recipe) -> str:
    """Why a recipe cannot be trained or cannot decide here; empty unless that was seen."""
    return study._memory.get(("refused", recipe), "")


def train(
    study: Study, recipes: Sequence[Recipe], folds: Sequence[int]
) -> Iterator[tuple[int, Callable[[], Curves]] | None]:
    """Train recipes on folds of the first draw and on their inner folds as one batched product, and keep with the study what came out.

    Parameters
    ----------
    study : Study
        Its learner is the neural one.
    recipes : sequence of Recipe
        Their steps change optimiser, batches, weights, loss or decision only.
    folds : sequence of int
        Positions in ``study.folds``.

    Yields
    ------
    epoch, callable
        After each epoch its number from 1, and what gives, when asked before the next one, the curves of all epochs so far; None where there is nothing new.
    """
    from core.learners.together import training_together

    start, parts = time.perf_counter(), kept_parts(study, folds)
    tasks: list[Any] = []
    for recipe in recipes:
        tasks += _or_refused(study, recipe, partial(_tasks, study, recipe, parts)) or ()
        yield None
    recipes = [recipe for recipe in recipes if not refused(study, recipe)]
    if not recipes:
        return
    watched = [(part.X_test, study.codes[part.test]) if part.inner else None for part in parts]
    given = [(task.learner, task.X, task.y, task.sample_weight) for task in tasks]
    learners: list[Any] = []
    places = _places(recipes, parts)
    for epoch, learners in training_together(given, watched=watched * len(recipes), encoded=parts.encoded):
        yield (epoch, partial(_all_curves, study, parts, learners, places)) if epoch else None
    parts.trim()
    found = {}
    for fold in folds:
        _look_ahead(parts, learners, fold)
        for recipe in recipes:
            own = [[each[i] for i in places[recipe, fold]] for each in (parts * len(recipes), tasks, learners)]
            values = _or_refused(study, recipe, partial(_trained, study, recipe, *own))
            if values is not None:
                found[recipe, fold] = values
            yield None
    seconds = (time.perf_counter() - start) / len(places)
    for place, values in found.items():
        study._memory["live", *place] = Trained(*values, seconds, len(recipes))


def _or_refused(study: Study, recipe: Recipe, make: Callable[[], Any]) -> Any:
    """What is made of a recipe; None where it cannot be, which is kept with the study so that the others go on."""
    try:
        return make()
    except UserError as error:
        if recipe == BASELINE:
            raise
        study._memory["refused", recipe] = str(error)
        return None


def _look_ahead(parts: Sequence[Part], learners: Sequence[Any], fold: int) -> None:
    """Encode the test rows of a fold's parts once for all recipes."""
    from core.learners.together import look_ahead

    for k, part in enumerate(parts):
        if part.fold == fold:
            look_ahead(learners[k :: len(parts)], part.X_test)


def _tasks(study: Study, recipe: Recipe, parts: Sequence[Part]) -> list[Any]:
    classifier = study.classifier(recipe.without("decision"))
    return [_task(study, classifier, part) for part in parts]


def _task(study: Study, classifier: Any, part: Part) -> Any:
    """What a recipe's wrappers give the network of a part to learn from."""
    from core.learners.loss import prepared

    rows = None if study.rows is None else study.rows.take(part.train)
    return prepared(classifier, part.X, study.codes[part.train], rows)


def _places(recipes: Sequence[Recipe], parts: Sequence[Part]) -> dict[Place, list[int]]:
    """For each recipe and fold the networks that belong to it, that of the fold first."""
    places: dict[Place, list[int]] = {}
    for k, (recipe, part) in enumerate((recipe, part) for recipe in recipes for part in parts):
        places.setdefault((recipe, part.fold), []).append(k)
    return places


def _all_curves(
    study: Study, parts: Sequence[Part], learners: Sequence[Any], places: Mapping[Place, Sequence[int]]
) -> dict[Place, np.ndarray]:
    return {place: _curves(study, [learners[i] for i in at]) for place, at in places.items()}


def _curves(study: Study, learners: Sequence[Any]) -> np.ndarray:
    """Training rows are those of the fold, held-out rows those that its inner folds left out, averaged over these."""
    epochs = max(learner.n_epochs_ for learner in learners)
    size = (epochs, len(SIDES), len(study.classes), len(WATCHED))
    total, count = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    for k, learner in enumerate(learners):
        side = int(k > 0)
        values = learner.class_means(held_out=bool(side))[..., : len(WATCHED)]
        seen = ~np.isnan(values)
        total[: len(values), side, learner.classes_] += np.where(seen, values, 0)
        count[: len(values), side, learner.classes_] += seen
    return np.divide(total, count, out=np.full(size, np.nan, dtype=np.float32), where=count > 0)


def _trained(
    study: Study, recipe: Recipe, parts: Sequence[Part], tasks: Sequence[Any], learners: Sequence[Any]
) -> tuple:
    """Outcome, adjusted outcome, curves and epochs of one recipe on one fold."""
    probas = [_proba(study, part, *one) for part, *one in zip(parts, tasks, learners, strict=True)]
    adjusted = None
    if recipe == BASELINE:
        moved = [at_shares(proba, _share_factor(study, part)) for part, proba in zip(parts, probas, strict=True)]
        adjusted = _outcome(study, recipe, parts, moved)
    return _outcome(study, recipe, parts, probas), adjusted, _curves(study, learners), int(learners[0].n_epochs_)


def _proba(study: Study, part: Part, task: Any, learner: Any) -> np.ndarray:
    """Probabilities (n_test, n_classes) of the test rows of a part."""
    fitted = task.completed(learner)
    proba = np.zeros((len(part.test), len(study.classes)))
    proba[:, fitted.classes_] = fitted.predict_proba(part.X_test)
    return proba


def _share_factor(study: Study, part: Part) -> np.ndarray:
    """What logit adjustment multiplies probabilities by (n_classes,): one over the shares of the rows that were learned from."""
    stands = None if study.represents is None else study.represents[part.train]
    mass = np.bincount(study.codes[part.train], stands, minlength=len(study.classes))
    return np.divide(mass.sum(), mass, out=np.zeros(len(mass)), where=mass > 0)


def _outcome(study: Study, recipe: Recipe, parts: Sequence[Part], probas: Sequence[np.ndarray]) -> FoldOutcome:
    """Choose how a fold decides on its inner folds, and score its test rows."""
    part, rule = parts[0], study.classifier(decided(study, recipe))
    stands = None if study.represents is None else study.represents[part.train]
    classes, left_out = np.unique(study.codes[part.train]), list(zip(parts, probas, strict=True))[1:]
    rule.choose(study.codes[part.train], classes, stands, partial(_together, part, left_out, classes), part.X)
    own = classes[rule.decide(probas[0][:, classes], part.X_test)]
    return fold_outcome(study, recipe, part.fold, probas[0], float(rule.threshold_), own)


def _together(part: Part, left_out: Sequence[tuple[Part, np.ndarray]], classes: np.ndarray) -> np.ndarray:
    """Probabilities (n_train, n_classes of the part) of the training rows of a fold from its inner folds; NaN for rows that none tested."""
    proba = np.full((len(part.train), len(classes)), np.nan)
    for inner, values in left_out:
        proba[np.searchsorted(part.train, inner.test)] = values[:, classes]
    return proba
