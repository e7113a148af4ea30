"""``curves TABLE --target COLUMN --recipes RECIPE …``: what recipes find at every threshold, beside chance."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.findings import print_findings
from core.commands.forecasts import forecasted
from core.commands.options import (
    add_command,
    add_engine_options,
    add_study_options,
    add_table_options,
    between,
    print_head,
    study_of,
    where_of,
)
from core.errors import UserError
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from core.wording import count, number, with_interval


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "curves", run, "what recipes find at every threshold, beside chance")
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    text = "one cut-off for all recipes; each recipe's own when left out"
    parser.add_argument("--threshold", type=float, default=None, help=text)
    parser.add_argument(
        "--cutoff",
        default="",
        metavar="WAY:VALUE",
        help="the same as probability:0.02, top:50 (cases), per1000:5 or cost:20",
    )
    text = "share of the class where the model will be used; that of the table when left out"
    parser.add_argument("--prevalence", type=float, default=None, help=text)


def run(given: argparse.Namespace) -> None:
    """Print what the curves say, the measures, the people, and how far thresholds move."""
    from core.evaluation.curves import curves_of
    from core.evaluation.cutoff import Cutoff

    for name in ("threshold", "prevalence"):
        if getattr(given, name) is not None:
            between(name, getattr(given, name), 1e-9, 1 - 1e-9)
    if given.cutoff and given.threshold is not None:
        raise UserError("--cutoff and --threshold are both given.", "Give one of them.")
    cutoff = Cutoff.parse(given.cutoff) if given.cutoff else given.threshold
    where = where_of(given)
    study, recipes = study_of(given)
    recipes = forecasted(study, (Recipe(), *recipes), where)
    result = curves_of(study, recipes, threshold=cutoff, prevalence=given.prevalence)
    print_head(study)
    print()
    print_findings(result)
    _print_measures(result)
    _print_people(result)
    if cutoff is None:
        _print_bands(study, recipes)


def _print_measures(result: Result) -> None:
    for recipe, rows in result.tables["measures"].groupby("recipe", sort=False):
        print(f"\n{recipe}")
        for row in rows.itertuples():
            value = with_interval(row.value, row.low, row.high)
            print(f"  {row.measure:42} {value}; by chance {with_interval(row.chance, row.chance_low, row.chance_high)}")
        shown = result.tables["decisions"]
        for row in shown[shown["recipe"] == recipe].itertuples():
            chance = f"; at random {with_interval(row.chance, row.chance_low, row.chance_high)}" * (
                row.chance == row.chance
            )
            print(f"  {f'{row.metric} {row.cut}':42} {with_interval(row.value, row.low, row.high)}{chance}")


def _print_people(result: Result) -> None:
    print(f"\nOf {count(result.tables['people']['of'].iloc[0])} cases")
    for (recipe, cut), rows in result.tables["people"].groupby(["recipe", "cut"], sort=False):
        counts = ", ".join(f"{count(row.n_cases)} {row.outcome}" for row in rows.itertuples())
        print(f"  {f'{recipe} {cut}':60} {counts}")


def _print_bands(study: Study, recipes: tuple[Recipe, ...]) -> None:
    """How far the threshold of each recipe moves; those that do not decide by one threshold have none."""
    from core.evaluation.threshold_band import threshold_band

    print("\nThresholds, and their 5 to 95 % band on rows drawn anew")
    for recipe in dict.fromkeys(recipes):
        try:
            band = threshold_band(study, recipe)
        except UserError as error:
            print(f"  {error.problem}")
            continue
        for row in band.tables["band"].itertuples():
            print(
                f"  {f'{recipe.title}: {row.measure}':60} {number(row.value)} ({number(row.low)} to {number(row.high)})"
            )
