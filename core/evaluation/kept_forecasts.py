"""Out-of-fold probabilities of recipes, made where the caller says and kept in a store: what costs, curves and calibration rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np

from core.errors import UserError
from core.evaluation.kept_work import Place, completed
from core.recipe import Recipe
from core.result import Result
from core.store import Store, digest_of
from core.study import Study


def forecast(study: Study, recipes: Iterable[Recipe], **how: Any) -> tuple[Recipe, ...]:
    """Make the probabilities of ``Study.out_of_fold`` beforehand, fold by fold, and give them to the study.

    Parameters
    ----------
    study : Study
        Its memory holds them afterwards.
    recipes : iterable of Recipe
        A decision in them is left out: it leaves probabilities as they are.
    **how
        ``store``, ``progress``, ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.evaluation.kept_work.completed``.

    Returns
    -------
    tuple of Recipe
        Those whose folds are all there, without their decisions.
    """
    study = study.whole
    wanted = list(dict.fromkeys(recipe.without("decision") for recipe in recipes))
    made = {recipe for recipe in wanted if _name(recipe) in study._memory}
    places = [(recipe, fold) for recipe in wanted if recipe not in made for fold in range(study.n_folds)]
    found = completed(
        places,
        lambda place: (fold_forecast, (study, *place)),
        lambda held, place: known(held, study, place),
        lambda held, place, proba: keep(held, study, place, proba),
        **how,
    )
    for recipe in wanted:
        if recipe not in made and _put_together(study, recipe, found):
            made.add(recipe)
    return tuple(recipe for recipe in wanted if recipe in made)


def through_store(path: str, made: Callable[..., Result], study: Study, *arguments: Any, **options: Any) -> Result:
    """Compute something about recipes: forecasts of doing nothing and of recipes among the arguments are taken from a store, and new ones are kept there.

    Parameters
    ----------
    path : str
        Empty for no store; one that cannot be used counts as none.
    made : callable
        Given the study, the arguments and the options.
    study : Study
    *arguments, **options
        Recipes are looked for in them, also in tuples.
    """
    held = None
    with suppress(UserError):
        held = Store(path) if path else None
    if held is None:
        return made(study, *arguments, **options)
    asked = [Recipe(), Recipe.of("calibrated_probabilities"), *_recipes((arguments, tuple(options.values())))]
    for recipe in dict.fromkeys(one.without("decision") for one in asked):
        if _name(recipe) not in study._memory:
            places = [(recipe, fold) for fold in range(study.n_folds)]
            found = {}
            with suppress(UserError):  # damaged meanwhile
                found = {place: proba for place in places if (proba := known(held, study, place)) is not None}
            _put_together(study, recipe, found)
    before = set(study._memory)
    result = made(study, *arguments, **options)
    for name in [name for name in study._memory if name not in before and name[:1] == ("out_of_fold",)]:
        with suppress(UserError):  # deleted meanwhile, or the disk is full
            for fold, (_, test) in enumerate(study.folds[: study.n_folds]):
                keep(held, study, (name[1], fold), study._memory[name][test])
    return result


def fold_forecast(study: Study, recipe: Recipe, fold: int) -> np.ndarray:
    """The probabilities (n_test, n_classes) of the test rows of a fold."""
    return study.fit_predict_proba(recipe, *study.folds[fold])


def known(held: Store, study: Study, place: Place) -> np.ndarray | None:
    """What a store holds of a recipe on a fold."""
    value = held.get(_key(study, place))
    proba = None if value is None else value[1].get("proba")
    size = (len(study.folds[place[1]][1]), len(study.classes))
    return proba if proba is not None and proba.shape == size else None


def keep(held: Store, study: Study, place: Place, proba: np.ndarray) -> None:
    """Keep the probabilities of a recipe on a fold."""
    held.put(_key(study, place), None, {"proba": proba})


def _put_together(study: Study, recipe: Recipe, found: dict[Place, np.ndarray]) -> bool:
    """Give the study the probabilities of a recipe when all folds are there."""
    if any((recipe, fold) not in found for fold in range(study.n_folds)):
        return False
    proba = np.full((len(study.codes), len(study.classes)), np.nan)
    for fold, (_, test) in enumerate(study.folds[: study.n_folds]):
        proba[test] = found[recipe, fold]
    study._memory[_name(recipe)] = proba
    return True


def _recipes(value: Any) -> list[Recipe]:
    if isinstance(value, Recipe):
        return [value]
    return [recipe for part in value for recipe in _recipes(part)] if isinstance(value, tuple | list) else []


def _name(recipe: Recipe) -> tuple[str, Recipe]:
    return "out_of_fold", recipe


def _key(study: Study, place: Place) -> str:
    """All that decides the probabilities; which recipe of the study is explained does not."""
    return digest_of("forecast", [part for part in study.key if part is not study.recipe], place[0].steps, place[1])
