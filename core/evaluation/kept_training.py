"""Losses side by side, fold by fold where the caller says; what was trained is kept in a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.errors import UserError
from core.evaluation.kept_scores import NOT_OURS, fits, packed, unpacked
from core.evaluation.kept_work import completed
from core.evaluation.live_folds import SIDES, WATCHED, Seen, Trained, known
from core.evaluation.live_training import BASELINE, live_result, train_folds, tried_together
from core.recipe import Recipe
from core.result import Result
from core.store import Store, digest_of
from core.study import Study

TOLD = ("epochs", "seconds", "n_together")


def trained(study: Study, recipes: Sequence[Recipe], **how: Any) -> Result:
    """Train the neural learner by several recipes.

    Parameters
    ----------
    study : Study
        What was trained is kept in its memory.
    recipes : sequence of Recipe
    **how
        ``store``, ``progress``, ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.evaluation.kept_work.completed``.

    Returns
    -------
    Result
        The complete one of ``core.evaluation.live_training.live_training``.

    Raises
    ------
    UserError
        Time ran out before every fold was trained.
    """
    live_result(study, recipes, [])  # says what is wrong before the work begins
    wanted = (BASELINE, *tried_together(recipes)[0])
    found = completed(
        range(study.n_folds),
        lambda fold: (train_fold, (study, wanted, fold)),
        lambda held, fold: _from_store(held, study, wanted, fold),
        lambda held, fold, seen: _to_store(held, study, seen),
        **how,
    )
    if len(found) < study.n_folds:
        problem = f"Time ran out after {len(found)} of {study.n_folds} folds were trained."
        raise UserError(problem, "Allow more time, or keep finished folds in a store and start again.")
    return live_result(study, recipes, list(found.values()))


def train_fold(study: Study, recipes: Sequence[Recipe], fold: int) -> Seen:
    """All that was seen of one fold."""
    return [seen for seen in train_folds(study, recipes, [fold]) if seen is not None][-1]


def _from_store(held: Store, study: Study, recipes: Iterable[Recipe], fold: int) -> Seen | None:
    """A fold of which the store holds every recipe; those that it holds are given to the study in any case."""
    done = {}
    for recipe in recipes:
        one = known(study, recipe, fold) or _unpacked(study, held.get(_key(study, recipe, fold)), recipe, fold)
        if one is None:
            continue
        study._memory["live", recipe, fold] = done[recipe, fold] = one
    return Seen(done, {}) if len(done) == len(tuple(recipes)) else None


def _to_store(held: Store, study: Study, seen: Seen) -> None:
    for (recipe, fold), one in seen.done.items():
        plain, arrays = {name: float(getattr(one, name)) for name in TOLD}, {"curves": one.curves}
        for name in ("outcome", "adjusted"):
            if getattr(one, name) is not None:
                plain[name], own = packed(getattr(one, name))
                arrays |= {f"{name} {key}": value for key, value in own.items()}
        held.put(_key(study, recipe, fold), plain, arrays)


def _unpacked(study: Study, value: Any, recipe: Recipe, fold: int) -> Trained | None:
    """What was trained; None where it is not there, or does not fit the study."""
    if value is None:
        return None
    plain, arrays = value
    try:
        parts = []
        for name in ("outcome", "adjusted"):
            own = {key.removeprefix(f"{name} "): array for key, array in arrays.items() if key.startswith(f"{name} ")}
            parts.append(unpacked(recipe, fold, plain[name], own) if name in plain else None)
        epochs, seconds, n_together = (plain[name] for name in TOLD)
        found = Trained(*parts, arrays["curves"], int(epochs), float(seconds), int(n_together))
    except NOT_OURS:
        return None
    ours = found.outcome is not None and all(fits(study, one) for one in parts if one is not None)
    shape = found.curves.shape
    return (
        found
        if ours and len(shape) == 4 and shape[0] and shape[1:] == (len(SIDES), len(study.classes), len(WATCHED))
        else None
    )


def _key(study: Study, recipe: Recipe, fold: int) -> str:
    return digest_of("trained", [part for part in study.key if part is not study.recipe], recipe.steps, fold)
