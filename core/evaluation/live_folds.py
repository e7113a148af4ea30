"""The neural learner by several recipes on the folds of the first draw, trained side by side; what was trained once is kept with the study."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.evaluation.scoring import FoldOutcome, decided, fold_outcome
from core.numerics.case_control import at_shares
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
        Those that ``core.evaluation.scoring.score_fold`` gives.
    adjusted : tuple of FoldOutcome
        The same networks with logit adjustment after training; only of the baseline.
    curves : ndarray (n_folds, n_epochs, 2, n_classes, 3)
        As in ``Curves``.
    epochs : ndarray of int (n_folds,)
        Epochs until the training stopped.
    seconds : float
        Of the training that it was part of, divided by the recipes in it.
    n_together : int
        Recipes in that training.
    """

    outcomes: tuple[FoldOutcome, ...]
    adjusted: tuple[FoldOutcome, ...]
    curves: np.ndarray
    epochs: np.ndarray
    seconds: float
    n_together: int


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that one network is trained on, and rows that tell what it has learned: of a fold, or of an inner fold of its training rows.

    Parameters
    ----------
    fold : int
        Position in ``study.folds``.
    train, test : ndarray of int
        Positions in the table.
    X : pandas.DataFrame
        The training rows, the same object for every recipe.
    inner : bool
        Whether the part lies within the training rows of the fold.
    """

    fold: int
    train: np.ndarray
    test: np.ndarray
    X: Any
    inner: bool


def known(study: Study, recipe: Recipe) -> Trained | None:
    """What was trained already."""
    return study._memory.get(("live", recipe))


def train(study: Study, recipes: Sequence[Recipe]) -> Iterator[Callable[[], Curves] | None]:
    """Train recipes on every fold of the first draw and on its inner folds as one batched product, and keep with the study what came out.

    Parameters
    ----------
    study : Study
        Its learner is the neural one.
    recipes : sequence of Recipe
        Their steps change optimiser, batches, weights, loss or decision only.

    Yields
    ------
    callable or None
        After each epoch what gives, when asked before the next one, the curves of all epochs so far; None where there is nothing new.
    """
    from core.learners.together import training_together

    start, parts = time.perf_counter(), _parts(study)
    tasks: list[Any] = []
    for recipe in recipes:
        classifier = study.classifier(recipe.without("decision"))
        tasks += [_task(study, classifier, part) for part in parts]
        yield None
    watched = [(study.dataset.X.iloc[part.test], study.codes[part.test]) if part.inner else None for part in parts]
    given = [(task.learner, task.X, task.y, task.sample_weight) for task in tasks]
    learners: list[Any] = []
    own = {recipe: range(k * len(parts), (k + 1) * len(parts)) for k, recipe in enumerate(recipes)}
    for epoch, learners in training_together(given, watched=watched * len(recipes)):
        yield partial(_all_curves, study, parts, learners, own) if epoch else None
    found = {}
    for recipe, at in own.items():
        found[recipe] = _trained(study, recipe, parts, [tasks[i] for i in at], [learners[i] for i in at])
        yield None
    seconds = (time.perf_counter() - start) / len(recipes)
    for recipe, values in found.items():
        study._memory["live", recipe] = Trained(*values, seconds, len(recipes))


def _parts(study: Study) -> list[Part]:
    """The folds of the first draw, and the inner folds of each, on which its threshold is chosen."""
    from core.learners.cross_fitting import inner_folds

    X, parts = study.dataset.X, []
    for fold, (train, test) in enumerate(study.folds[: study.n_folds]):
        rows = None if study.rows is None else study.rows.take(train)
        parts.append(Part(fold, train, test, X.iloc[train], False))
        for learned, left in inner_folds(study.codes[train], study.random_state, rows):
            parts.append(Part(fold, train[learned], train[left], X.iloc[train[learned]], True))
    return parts


def _task(study: Study, classifier: Any, part: Part) -> Any:
    """What a recipe's wrappers give the network of a part to learn from."""
    from core.learners.loss import prepared

    rows = None if study.rows is None else study.rows.take(part.train)
    return prepared(classifier, part.X, study.codes[part.train], rows)


def _all_curves(
    study: Study, parts: Sequence[Part], learners: Sequence[Any], own: Mapping[Recipe, Sequence[int]]
) -> dict[Recipe, np.ndarray]:
    return {recipe: _curves(study, parts, [learners[i] for i in at]) for recipe, at in own.items()}


def _curves(study: Study, parts: Sequence[Part], learners: Sequence[Any]) -> np.ndarray:
    """Training rows are those of the folds, held-out rows those that inner folds left out, averaged over the inner folds."""
    pairs = list(zip(parts, learners, strict=True))
    epochs = max(learner.n_epochs_ for learner in learners)
    size = (study.n_folds, epochs, len(SIDES), len(study.classes), len(WATCHED))
    total, count = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    for part, learner in pairs:
        side = int(part.inner)
        values = learner.class_means(held_out=part.inner)[..., : len(WATCHED)]
        at = (part.fold, slice(0, len(values)), side, learner.classes_)
        seen = np.moveaxis(~np.isnan(values), 1, 0)
        total[at] += np.where(seen, np.moveaxis(values, 1, 0), 0)
        count[at] += seen
    return np.divide(total, count, out=np.full(size, np.nan, dtype=np.float32), where=count > 0)


def _trained(
    study: Study, recipe: Recipe, parts: Sequence[Part], tasks: Sequence[Any], learners: Sequence[Any]
) -> tuple:
    """Outcomes, adjusted outcomes, curves and epochs of one recipe."""
    probas = [_proba(study, part, *one) for part, *one in zip(parts, tasks, learners, strict=True)]
    outcomes = _outcomes(study, recipe, parts, probas)
    adjusted: tuple[FoldOutcome, ...] = ()
    if recipe == BASELINE:
        moved = [at_shares(proba, _share_factor(study, part)) for part, proba in zip(parts, probas, strict=True)]
        adjusted = _outcomes(study, recipe, parts, moved)
    epochs = np.array([learner.n_epochs_ for part, learner in zip(parts, learners, strict=True) if not part.inner])
    return outcomes, adjusted, _curves(study, parts, learners), epochs


def _proba(study: Study, part: Part, task: Any, learner: Any) -> np.ndarray:
    """Probabilities (n_test, n_classes) of the test rows of a part."""
    fitted = task.completed(learner)
    proba = np.zeros((len(part.test), len(study.classes)))
    proba[:, fitted.classes_] = fitted.predict_proba(study.dataset.X.iloc[part.test])
    return proba


def _share_factor(study: Study, part: Part) -> np.ndarray:
    """What logit adjustment multiplies probabilities by (n_classes,): one over the shares of the rows that were learned from."""
    stands = None if study.represents is None else study.represents[part.train]
    mass = np.bincount(study.codes[part.train], stands, minlength=len(study.classes))
    return np.divide(mass.sum(), mass, out=np.zeros(len(mass)), where=mass > 0)


def _outcomes(
    study: Study, recipe: Recipe, parts: Sequence[Part], probas: Sequence[np.ndarray]
) -> tuple[FoldOutcome, ...]:
    """Choose the threshold of each fold on its inner folds, and score its test rows."""
    outcomes = []
    for part, proba in zip(parts, probas, strict=True):
        if not part.inner:
            left_out = [(p.test, q) for p, q in zip(parts, probas, strict=True) if p.inner and p.fold == part.fold]
            rule = study.classifier(decided(study, recipe))
            stands = None if study.represents is None else study.represents[part.train]
            classes = np.unique(study.codes[part.train])
            inner = partial(_together, part, left_out, classes)
            rule.choose(study.codes[part.train], classes, stands, inner, part.X)
            own = classes[rule.decide(proba[:, classes], study.dataset.X.iloc[part.test])]
            outcomes.append(fold_outcome(study, recipe, part.fold, proba, float(rule.threshold_), own))
    return tuple(outcomes)


def _together(part: Part, left_out: Sequence[tuple[np.ndarray, np.ndarray]], classes: np.ndarray) -> np.ndarray:
    """Probabilities (n_train, n_classes of the part) of the training rows of a fold from its inner folds; NaN for rows that none tested."""
    proba = np.full((len(part.train), len(classes)), np.nan)
    for rows, values in left_out:
        proba[np.searchsorted(part.train, rows)] = values[:, classes]
    return proba
