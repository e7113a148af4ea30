"""How much is enough: average precision against the number of synthetic rows, and which dose helps or harms."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import UserError
from core.evaluation.kept_work import completed
from core.numerics.ranking import average_precision
from core.recipe import Recipe
from core.store import Store, digest_of
from core.study import Study

DOSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0)
"""Synthetic rows per real row of the class of interest."""

FEWEST = 10
"""Rows of the class of interest that the smallest training part keeps."""

MOST_SIZES = 5

REPEATS, REPEATED_ROWS = 4, 20_000
"""How often folds are drawn anew at least, on tables of at most so many rows: doses differ by little, and fits are quick."""


@dataclass(frozen=True)
class DoseOutcome:
    """What one dose did on one fold.

    Parameters
    ----------
    rows : int
        Rows of the class of interest that the training part was to keep.
    dose : float
        Synthetic rows per real one.
    fold : int
        Position in ``study.folds``.
    n_made : int
        Rows that the sampler has added; some samplers hit the number that they are asked for only about.
    average_precision : float
        On the untouched rows of the fold; NaN where it holds no row of the class of interest.
    test_share : float
        Test rows over training rows.
    seconds : float
    """

    rows: int
    dose: float
    fold: int
    n_made: int
    average_precision: float
    test_share: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """Which sizes, doses and folds are tried.

    Parameters
    ----------
    rows : tuple of int
        Rows of the class of interest in a training part, the most first.
    doses : mapping of int to tuple of float
        The doses for each of these; 0 is the first.
    n_folds : int
        All folds of all repeats.
    """

    rows: tuple[int, ...]
    doses: dict[int, tuple[float, ...]]
    n_folds: int

    @property
    def cells(self) -> list[tuple[int, float]]:
        """Each size with each of its doses."""
        return [(rows, dose) for rows in self.rows for dose in self.doses[rows]]

    @property
    def tasks(self) -> list[tuple[int, float, int]]:
        """All of (rows, dose, fold), fold by fold, so that every curve grows at once."""
        return [(rows, dose, fold) for fold in range(self.n_folds) for rows, dose in self.cells]


def repeated(study: Study) -> Study:
    """The study with folds drawn anew ``REPEATS`` times at least where the table is small; everything here takes it in place of the study."""
    if len(study.codes) > REPEATED_ROWS or study.n_repeats >= REPEATS:
        return study
    return study.with_(n_repeats=REPEATS)


def plan(study: Study, *, doses: Sequence[float] = DOSES, beyond_parity: bool = False) -> Plan:
    """Choose sizes and doses: all rows of the class of interest in a training part, a half, a quarter and so on, down to ten.

    Where there would be more than ``MOST_SIZES``, as many are spread evenly on a scale of ratios instead.

    Parameters
    ----------
    study : Study
    doses : sequence of float
        Synthetic rows per real one; 0 is added.
    beyond_parity : bool
        Also doses that make the class larger than the largest one; otherwise these are replaced by the one that makes it as large.

    Raises
    ------
    UserError
        A dose is negative, or no dose can be given.
    """
    if any(not 0 <= dose <= 1000 for dose in doses):
        raise UserError("A dose lies outside of 0 to 1,000.", "Give synthetic rows per real row, such as 0.5 1 2 4.")
    counts = np.array([np.bincount(study.codes[train], minlength=len(study.classes)) for train, _ in study.folds])
    n = int(counts[:, study.positive_code].min())
    others = np.delete(counts, study.positive_code, axis=1).max(axis=1).min()
    sizes, found = _sizes(n), {}
    for rows in sizes:
        parity = np.floor(10 * (others - rows) / rows) / 10 if rows else 0
        most = np.inf if beyond_parity else max(parity, 0.0)
        found[rows] = tuple(sorted({0.0, *(float(min(dose, most)) for dose in doses)}))
    if sizes and len(found[sizes[0]]) == 1:  # the class is as large as the largest one already
        sizes, found = [], {}
    return Plan(tuple(sizes), found, len(study.folds))


def _sizes(n: int) -> list[int]:
    if n < FEWEST:
        return []
    steps = int(np.log2(n / FEWEST)) + 1
    if steps <= MOST_SIZES:
        return [n // 2**step for step in range(steps)]
    return np.unique(np.geomspace(FEWEST, n, MOST_SIZES).round().astype(int))[::-1].tolist()


def dose_fold(study: Study, recipe: Recipe, rows: int, dose: float, fold: int) -> DoseOutcome:
    """Thin the class of interest in the training rows of a fold, add synthetic rows to it, and rank the test rows.

    The rows that are kept are the same for every dose, and those of a smaller size are among those of a larger one. Rows of other
    classes stay as they are. Calibration and threshold do not change a ranking and are left out. Of a working sample the rows in
    hand are learned from as they are, and the test rows count as many as they stand for.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        With a sampler that adds rows.
    rows : int
        Rows of the class of interest to keep.
    dose : float
        Synthetic rows per kept row; 0 leaves the sampler out.
    fold : int
        Position in ``study.folds``.
    """
    start = time.perf_counter()
    train, test = study.folds[fold]
    positive, made = study.positive_code, int(round(rows * dose))
    own = study.codes[train] == positive
    kept = np.random.default_rng([study.random_state, fold]).permutation(train[own])[:rows]
    index = np.sort(np.concatenate([train[~own], kept]))
    classifier = _dosed(study, recipe, len(kept) + made if made else 0)
    with (
        warnings.catch_warnings()
    ):  # imbalanced-learn warns of a class that outgrows the largest one, which was asked for
        warnings.filterwarnings("ignore", "After over-sampling", UserWarning)
        fitted = classifier.fit(study.dataset.X.iloc[index], study.codes[index])
    score = np.zeros(len(test))
    if positive in fitted.classes_:
        score = fitted.predict_proba(study.dataset.X.iloc[test])[:, list(fitted.classes_).index(positive)]
    found, value = study.codes[test] == positive, np.nan
    if found.any() and not found.all():
        value = average_precision(score, found, None if study.represents is None else study.represents[test])
    made = _made(fitted, len(index)) if made else 0
    return DoseOutcome(rows, dose, fold, made, value, len(test) / len(train), time.perf_counter() - start)


def _made(fitted: Any, n_given: int) -> int:
    """How many rows the sampler inside of a fitted classifier has added."""
    while not hasattr(fitted, "n_samples_fit_"):
        fitted = fitted.classifier_
    return int(fitted.n_samples_fit_) - n_given


def _dosed(study: Study, recipe: Recipe, wanted: int) -> Any:
    """The recipe as a classifier whose sampler makes so many rows of the class of interest; 0 leaves the sampler out."""
    ranking = recipe.without("calibration").without("decision")
    if not wanted:
        return study.classifier(ranking.without("sampling"))
    classifier = study.classifier(ranking)
    sampler = sampler_of(classifier)
    sampler.set_params(sampling_strategy={study.positive_code: wanted})
    return classifier


def sampler_of(classifier: Any) -> Any:
    """The sampler inside of a wrapped classifier, if it takes the number of rows to add.

    Raises
    ------
    UserError
        There is none, or it takes rows away, or it decides on the number itself, or an ensemble draws other rows for each of its members.
    """
    inner = classifier
    while hasattr(inner, "classifier") and not hasattr(inner, "sampler"):
        if hasattr(inner, "n_members"):
            raise UserError(
                "Each member of an ensemble is given other rows, so there is no dose.", "Leave the ensemble out."
            )
        inner = inner.classifier
    remedy = "Choose a recipe with a sampler that adds rows, such as smote."
    if not hasattr(inner, "sampler"):
        raise UserError("The recipe has no sampler, so there is no dose.", remedy)
    sampler = inner.sampler
    adds = getattr(sampler, "_sampling_type", "") == "over-sampling" and not getattr(sampler, "cleans", False)
    if not adds or "sampling_strategy" not in sampler.get_params():
        raise UserError("The sampler of this recipe does not add a given number of rows.", remedy)
    return sampler


def run(
    study: Study,
    recipe: Recipe,
    *,
    doses: Sequence[float] = DOSES,
    beyond_parity: bool = False,
    **how: Any,
) -> list[DoseOutcome]:
    """Do all tasks of the plan, or those that are reached in time.

    Parameters
    ----------
    study : Study
        As ``repeated`` returns it, or with folds of one's own.
    recipe : Recipe
        With a sampler that adds rows.
    doses, beyond_parity
        As for ``plan``.
    **how
        ``store``, ``progress``, ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.evaluation.kept_work.completed``.

    Raises
    ------
    UserError
        No task was reached in time.
    """
    sampler_of(study.classifier(recipe))
    key = [part for part in study.key if part is not study.recipe]
    planned = plan(study, doses=doses, beyond_parity=beyond_parity).tasks
    found = completed(
        planned,
        lambda task: (dose_fold, (study, recipe, *task)),
        lambda held, task: _known(held, digest_of("dose", key, recipe.steps, task), task),
        lambda held, task, one: held.put(digest_of("dose", key, recipe.steps, task), vars(one), {}),
        **how,
    )
    if planned and not found:
        raise UserError("Time ran out before a dose was tried.", "Allow more time.")
    return list(found.values())


def _known(held: Store, key: str, task: tuple) -> DoseOutcome | None:
    """What a store holds of a task; what does not speak of it counts as absent."""
    value = held.get(key)
    try:
        found = None if value is None else DoseOutcome(**value[0])
    except TypeError:
        return None
    numbers = found is not None and all(isinstance(part, int | float) for part in vars(found).values())
    return found if numbers and (found.rows, found.dose, found.fold) == tuple(task) else None
