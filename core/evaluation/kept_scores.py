"""Recipes scored fold by fold: what is in a store is taken from there, the rest runs where the caller says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from core.errors import UserError
from core.evaluation.kept_work import completed
from core.evaluation.scoring import AT_HALF, AT_OWN, COST, FoldOutcome, score_fold
from core.recipe import Recipe
from core.store import Store, digest_of
from core.study import Study
from core.wording import quoted


def scored(study: Study, recipes: Iterable[Recipe], **how: Any) -> dict[Recipe, list[FoldOutcome]]:
    """Score recipes on every fold.

    Parameters
    ----------
    study : Study
        Not changed.
    recipes : iterable of Recipe
    **how
        ``store``, ``progress``, ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.evaluation.kept_work.completed``.

    Returns
    -------
    dict of Recipe to list of FoldOutcome
        In the order of the folds; of a study that was cancelled or ran out of time, the folds that have arrived.
    """
    places = [(recipe, fold) for recipe in recipes for fold in range(len(study.folds))]
    found = completed(
        places,
        lambda place: (score_named, (study, *place)),
        lambda held, place: known(held, study, *place),
        lambda held, _, outcome: keep(held, study, outcome),
        **how,
    )
    outcomes: dict[Recipe, list[FoldOutcome]] = {recipe: [] for recipe, _ in places}
    for place in places:
        if place in found:
            outcomes[place[0]].append(found[place])
    return outcomes


def tasks_of(study: Study, recipe: Recipe, path: str, *, elsewhere: bool) -> tuple[list[tuple], dict[str, Any]]:
    """The tasks that score a recipe, for a runner.

    Parameters
    ----------
    study : Study
    recipe : Recipe
    path : str
        Of the store; empty for none.
    elsewhere : bool
        Whether the tasks run on machines that do not have the store: then it is read before and filled from here.

    Returns
    -------
    tasks : list of (callable, arguments)
    told : dict
        ``known`` and ``keep`` of ``core.run_cluster.ClusterRunner.start``; empty unless the tasks run elsewhere.
    """
    folds = range(len(study.folds))
    if not elsewhere:
        return [(score_kept, (study, recipe, fold, path)) for fold in folds], {}
    tasks = [(score_fold, (study, recipe, fold)) for fold in folds]
    if not path:
        return tasks, {}
    try:
        held = Store(path)
        found = {fold: outcome for fold in folds if (outcome := known(held, study, recipe, fold)) is not None}
    except UserError:  # it cannot be used, or is damaged
        return tasks, {}
    return tasks, {"known": found, "keep": partial(_keep_if_possible, held, study)}


def _keep_if_possible(held: Store, study: Study, outcome: FoldOutcome) -> None:
    with suppress(UserError):  # deleted meanwhile, or the disk is full
        keep(held, study, outcome)


def scored_enough(study: Study, recipes: Sequence[Recipe], **scoring: Any) -> dict[Recipe, list[FoldOutcome]]:
    """Score recipes on every fold, as ``scored`` does.

    Raises
    ------
    UserError
        Time ran out before the first recipe, doing nothing, was scored on two folds.
    """
    outcomes = scored(study, recipes, **scoring)
    if len(outcomes[recipes[0]]) < 2:
        problem = "Time ran out before doing nothing was scored on two folds."
        raise UserError(problem, "Allow more time, or keep finished folds in a store and start again.")
    return outcomes


def score_named(study: Study, recipe: Recipe, fold: int) -> FoldOutcome:
    """A fold scored; what is wrong with the recipe is said with its name.

    Raises
    ------
    UserError
        The recipe cannot be fitted or cannot decide here.
    """
    try:
        return score_fold(study, recipe, fold)
    except UserError as error:
        if recipe == Recipe():
            raise
        raise UserError(f"{quoted(recipe.title)}: {error.problem}", error.remedy) from error


def score_kept(study: Study, recipe: Recipe, fold: int, path: str) -> FoldOutcome:
    """A fold from the store at a path, or else scored and kept there; without a path, or a store that can be used, only scored."""
    if not path:
        return score_fold(study, recipe, fold)
    try:
        held = Store(path)
        outcome = known(held, study, recipe, fold)
    except UserError:
        return score_fold(study, recipe, fold)
    if outcome is None:
        outcome = score_fold(study, recipe, fold)
        _keep_if_possible(held, study, outcome)
    return outcome


def known(held: Store, study: Study, recipe: Recipe, fold: int) -> FoldOutcome | None:
    """What a store holds of a recipe on a fold; what does not fit the study counts as absent."""
    value = held.get(_key(study, recipe, fold))
    try:
        outcome = None if value is None else unpacked(recipe, fold, *value)
    except NOT_OURS:
        return None
    return outcome if outcome is not None and fits(study, outcome) else None


def fits(study: Study, outcome: FoldOutcome) -> bool:
    """Whether scores are those of a study by their names, and matrices and rows by their shapes, whatever the key says under which they were kept."""
    n_rows, n_classes, odds = len(study.folds[outcome.fold][1]), len(study.classes), outcome.log_odds
    wanted = {
        ("average precision", ""),
        *((name, cut) for cut in CUTS for name in ("F1", *[COST] * (study.miss_cost > 0))),
    }
    square = [matrix.shape == (n_classes, n_classes) for matrix in outcome.matrices.values()]
    rows = odds is None or (odds.shape == (n_rows,) and odds.dtype.kind == "f")
    return rows and all(square) and set(CUTS) <= set(outcome.matrices) and wanted <= set(outcome.scores)


def keep(held: Store, study: Study, outcome: FoldOutcome) -> None:
    """Keep what a recipe did on a fold."""
    held.put(_key(study, outcome.recipe, outcome.fold), *packed(outcome))


def packed(outcome: FoldOutcome) -> tuple[dict[str, Any], dict[str, Any]]:
    """An outcome as plain values and arrays, see ``unpacked``."""
    plain = {
        "scores": [(*key, float(value)) for key, value in outcome.scores.items()],
        "cuts": list(outcome.matrices),
        "numbers": [float(getattr(outcome, name)) for name in NUMBERS],
    }
    arrays = {f"matrix {n}": matrix for n, matrix in enumerate(outcome.matrices.values())}
    arrays |= {} if outcome.log_odds is None else {"log odds": outcome.log_odds}
    return plain, arrays


NUMBERS, CUTS = ("threshold", "test_share", "seconds"), (AT_OWN, AT_HALF)
NOT_OURS = (KeyError, TypeError, ValueError, OverflowError, AttributeError)
"""What unpacking ends with where a value was not packed by this version."""


def unpacked(recipe: Recipe, fold: int, plain: Mapping[str, Any], arrays: Mapping[str, Any]) -> FoldOutcome:
    """The outcome again.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError, AttributeError
        It was not packed by this version.
    """
    scores = {(metric, cut): float(value) for metric, cut, value in plain["scores"]}
    matrices = {cut: arrays[f"matrix {n}"] for n, cut in enumerate(plain["cuts"])}
    threshold, share, seconds = map(float, plain["numbers"])
    return FoldOutcome(recipe, fold, scores, threshold, matrices, share, seconds, arrays.get("log odds"))


def _key(study: Study, recipe: Recipe, fold: int) -> str:
    """All that decides the outcome; which recipe of the study is explained does not."""
    return digest_of("fold", [part for part in study.key if part is not study.recipe], recipe.steps, fold)
