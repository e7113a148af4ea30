"""Forecasts that a command needs, made where its options say."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from core.commands.findings import progress
from core.errors import UserError
from core.recipe import Recipe
from core.study import Study
from core.wording import listing


def forecasted(study: Study, recipes: Iterable[Recipe], where: dict[str, Any]) -> tuple[Recipe, ...]:
    """Make the forecasts of recipes beforehand; those that were not reached in time are named on stderr and left out.

    Raises
    ------
    UserError
        The first recipe was not reached.
    """
    from core.evaluation.kept_forecasts import forecast

    wanted = tuple(recipes)
    made = forecast(study, wanted, progress=progress, **where)
    left = [recipe for recipe in wanted if recipe.without("decision") not in made]
    if wanted[0] in left:
        problem = f"Time ran out before the forecasts of '{wanted[0].title}' were made."
        raise UserError(problem, "Allow more time, or keep finished folds in a store and start again.")
    if left:
        print(f"Time ran out: {listing(recipe.title for recipe in left)} left out.", file=sys.stderr)
    return tuple(recipe for recipe in wanted if recipe not in left)
