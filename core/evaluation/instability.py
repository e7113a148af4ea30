"""How much a model hangs on the very rows it has learned from: refits on rows drawn anew, fit by fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.scoring import FoldOutcome, answers, decided, log_odds
from core.learners.rows import Rows
from core.recipe import Recipe
from core.run_tasks import in_order
from core.study import Study
from core.validation import alone_numbered
from core.wording import plural, seconds

N_REFITS = 20


@dataclass(frozen=True, eq=False)
class Refit:
    """What one fit says of the tested rows.

    Parameters
    ----------
    recipe : Recipe
    draw : int
        0 for the rows as they are, 1 and more for rows drawn anew.
    log_odds : ndarray of float32 (n_test,)
        Of the class of interest.
    found : ndarray of bool (n_test,)
        Whether the row is taken for the class of interest, at the fit's own threshold.
    seconds : float
    """

    recipe: Recipe
    draw: int
    log_odds: np.ndarray
    found: np.ndarray
    seconds: float


def tasks(recipes: Iterable[Recipe], n_refits: int = N_REFITS) -> list[tuple[Recipe, int]]:
    """All of (recipe, draw), draw by draw; doing nothing is added, and comes first."""
    chosen = tuple(dict.fromkeys((Recipe(), *recipes)))
    return [(recipe, draw) for draw in range(n_refits + 1) for recipe in chosen]


def planned(recipes: Iterable[Recipe], scored: Sequence[FoldOutcome] = (), n_refits: int = N_REFITS) -> str:
    """What it costs, in words.

    Parameters
    ----------
    recipes : iterable of Recipe
    scored : sequence of FoldOutcome
        Of some recipes; a refit takes about as long as one of these folds on average.
    n_refits : int
    """
    n = len(tasks(recipes, n_refits))
    text = f"{plural(n, 'fit')}: {n_refits + 1} of each of {plural(n // (n_refits + 1), 'recipe')}"
    if not scored:
        return f"{text}."
    return f"{text}, about {seconds(n * float(np.mean([one.seconds for one in scored])))} on one core."


def refit(study: Study, recipe: Recipe, draw: int) -> Refit:
    """Fit a recipe on drawn training rows of one fold, and ask it about the test rows, which no fit learns from.

    The fold is the last one of the first draw of folds. Training rows are drawn with replacement within each class, so that the class sizes stay what
    they are; whole groups where rows belong together. Copies of a row stand on one side of every inner fold, so that
    thresholds and calibration are learned from rows that the inner fits have not seen. Every recipe is given the same draws.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
    draw : int
        0 for the rows as they are.
    """
    from core.learners.wrapping import fit_on

    start = time.perf_counter()
    train, test = study.folds[study.n_folds - 1]
    known, data = study.rows or Rows(), study.dataset
    groups = alone_numbered(np.full(len(study.codes), -1) if known.groups is None else known.groups)
    rows = train
    if draw:
        rows = _drawn(groups[train], study.codes[train], train, np.random.default_rng([study.random_state, 1, draw]))
        known = Rows(groups, known.order, known.represents)
    X, y = data.X.iloc[rows].reset_index(drop=True), study.codes[rows]
    told = known.take(rows) if any(values is not None for values in vars(known).values()) else None
    fitted = fit_on(study.classifier(decided(study, recipe)), X, y, told)
    proba, taken = answers(study, fitted, data.X.iloc[test])
    odds = log_odds(proba[:, study.positive_code], most=np.inf).astype(np.float32)
    return Refit(recipe, draw, odds, taken == study.positive_code, time.perf_counter() - start)


def run(
    study: Study,
    recipes: Iterable[Recipe],
    *,
    n_refits: int = N_REFITS,
    progress: Callable[[int, int], None] | None = None,
    **where: Any,
) -> list[Refit]:
    """Do all tasks.

    Parameters
    ----------
    study : Study
    recipes : iterable of Recipe
    n_refits : int
    progress : callable or None
        Called with the number of tasks done and of all.
    **where
        ``engine`` and ``workers`` of ``core.run_tasks.run_tasks``.
    """
    asked = [(refit, (study, *task)) for task in tasks(recipes, n_refits)]
    return in_order(asked, progress, **where)


def _drawn(groups: np.ndarray, codes: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Groups drawn with replacement within the rarest class that they hold, as rows; rows alone are their own groups."""
    place = np.unique(groups, return_inverse=True)[1].ravel()
    rarest = np.zeros(place.max() + 1, dtype=np.intp)
    np.maximum.at(rarest, place, codes)  # codes count from the most frequent class
    counts = np.zeros(len(rarest), dtype=np.intp)
    for code in np.unique(rarest):
        own = np.flatnonzero(rarest == code)
        counts[own] = np.bincount(rng.integers(0, len(own), len(own)), minlength=len(own))
    return np.repeat(rows, counts[place])
