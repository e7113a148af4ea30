"""``costs TABLE --target COLUMN --miss-cost 20``: the threshold that costs imply, and what decisions cost."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.commands.findings import print_findings
from core.commands.forecasts import forecasted
from core.commands.options import (
    add_command,
    add_engine_options,
    add_study_options,
    add_table_options,
    print_head,
    study_of,
    where_of,
)
from core.errors import UserError
from core.recipe import Recipe
from core.result import Result
from core.roles import COST
from core.study import Study
from core.wording import clip, number, with_interval

USUAL = (Recipe(), Recipe.of("calibrated_probabilities"))
"""What is looked at where no recipe is named."""

RANKED = "'call all' bad 'call none' 'bad on others' 'bad on class'"


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(
        commands, "costs", run, "the threshold that costs imply, what decisions cost, and what rebalancing asserts"
    )
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    option = parser.add_argument
    option(
        "--miss-cost", type=float, metavar="RATIO", help="how many false alarms one miss is worth; --cost says the same"
    )
    option("--between", nargs=2, type=float, metavar="RATIO", help="the least and the greatest that it may be")
    option("--prevalence", type=float, metavar="SHARE", help="the share of the class where decisions will be used")
    priced = "numbers that say what a miss of each row costs; the same as --role COLUMN=cost, and no feature"
    option("--cost-column", default="", metavar="COLUMN", help=priced)
    option("--alarm-cost", type=float, metavar="COST", help="what a false alarm costs, in the unit of the cost column")
    option("--cost-matrix", default="", metavar="COSTS", help="such as 'miss a as b = 3; miss b as * = 20'")
    option(
        "--rank",
        nargs="+",
        default=[],
        metavar="DECISION",
        help="decisions, the worst first, to find out what a miss is worth",
    )


def run(given: argparse.Namespace) -> None:
    """Print what follows from the costs that were stated, or what a ranking says about them."""
    from core.evaluation.cost_decisions import ratio_of_column

    if given.cost_column:
        given.role = [*given.role, f"{given.cost_column}={COST}"]
    where = where_of(given)
    study, recipes = study_of(given)
    ratio = given.miss_cost if given.miss_cost is not None else study.miss_cost or None
    if given.alarm_cost is not None:
        ratio = ratio_of_column(study, given.alarm_cost)
    if given.cost_matrix and ratio is not None:
        study = study.with_(miss_cost=ratio)
    if not given.rank:
        if ratio is None and not (given.between or given.cost_matrix):
            raise UserError("No cost is stated.", f"Add --miss-cost 20, or say --rank {RANKED}, the worst first.")
        recipes = forecasted(study, recipes or USUAL, where)
    print_head(study)
    print()
    if given.rank:
        _print_ranking(study, given)
    elif given.cost_matrix:
        _print_matrix(study, recipes, given)
    else:
        _print_panel(study, recipes, given, ratio)


def _print_ranking(study: Study, given: argparse.Namespace) -> None:
    from core.evaluation.elicitation import elicited, outcomes

    for row in outcomes(study, prevalence_at_use=given.prevalence).itertuples():
        print(f"  {row.decision:14} {row.text}")
    print()
    print_findings(elicited(study, given.rank, prevalence_at_use=given.prevalence))


def _print_panel(study: Study, recipes: Sequence[Recipe], given: argparse.Namespace, ratio: float | None) -> None:
    from core.evaluation.cost_map import percent
    from core.evaluation.costs import cost_panel

    choices = {"miss_cost": ratio, "between": given.between, "prevalence_at_use": given.prevalence}
    result = cost_panel(study, recipes=recipes, **choices)
    print_findings(result)
    _print_decisions(result, "threshold")
    grid = result.tables["map"].pivot(index="miss_cost", columns="prevalence", values="cheapest").iloc[::-1]
    print("\nThe cheapest decision, by what a miss is worth (down) and by the prevalence at use (across)")
    print(" " * 8 + "".join(f"{percent(prevalence):>11}" for prevalence in grid.columns))
    for worth, row in grid.iterrows():
        print(f"{number(worth):>8}" + "".join(f"{cell:>11}" for cell in row))


def _print_matrix(study: Study, recipes: Sequence[Recipe], given: argparse.Namespace) -> None:
    from core.evaluation.cost_matrix import matrix_panel

    result = matrix_panel(study, given.cost_matrix, prevalence_at_use=given.prevalence, recipes=recipes)
    print_findings(result)
    _print_decisions(result)


def _print_decisions(result: Result, *more: str) -> None:
    for (recipe, decision), rows in result.tables["decisions"].groupby(["recipe", "decision"], sort=False):
        cut = "".join(f", {name} {number(rows[name].iloc[0])}" for name in more if rows[name].notna().all() and recipe)
        print(f"\n{clip(f'{recipe}: {decision}' if recipe else decision, 200)}{cut}")
        for row in rows.itertuples():
            print(f"  {row.metric:52} {with_interval(row.value, row.low, row.high)}")
