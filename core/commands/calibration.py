"""``calibration TABLE --target COLUMN --recipes RECIPE …``: whether probabilities come true, and how frequent classes are at use."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import pandas as pd

from core.commands.findings import print_findings
from core.commands.forecasts import forecasted
from core.commands.options import (
    add_command,
    add_engine_options,
    add_study_options,
    add_table_options,
    print_head,
    study_of,
    table_of,
    where_of,
)
from core.errors import NotApplicable
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from core.wording import clip, number, share, with_interval


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "calibration", run, "whether the probabilities of recipes come true, out of fold")
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    text = "rows from where decisions will be made, labels not needed: how frequent the classes are there"
    parser.add_argument("--at-use", metavar="FILE", default="", help=text)


def run(given: argparse.Namespace) -> None:
    """Judge the probabilities of the recipes; with rows at use, or a test file, estimate the class shares there without labels."""
    from core.evaluation.calibration import calibration_of
    from core.held_out import rows_at_use

    where = where_of(given)
    study, recipes = study_of(given)
    X, notes = rows_at_use(study.dataset, table_of(given, given.at_use)) if given.at_use else (None, ())
    recipes = forecasted(study, (Recipe(), *recipes), where)
    result = calibration_of(study, recipes, progress=_progress)
    print_head(study)
    print()
    print_findings(result)
    _print_tables(result)
    if study.dataset.test is not None:
        print("\nClass shares in the test file, its labels left aside")
        _print_shares(study, study.dataset.test.X)
    if X is not None:
        print("\nClass shares among the rows at use")
        print("".join(f"  Note: {note}\n" for note in notes), end="")
        _print_shares(study, X)


def _print_tables(result: Result) -> None:
    for recipe, rows in result.tables["totals"].groupby("recipe", sort=False) if "totals" in result.tables else ():
        print(f"\n{recipe}")
        for row in rows.itertuples():
            print(f"  {row.measure:28} {with_interval(row.value, row.low, row.high)}")
        for row in result.tables["errors"].query("recipe == @recipe").itertuples():
            chance = with_interval(row.chance, row.chance_low, row.chance_high)
            print(f"  calibration error of {clip(row[2])}: {number(row.error)}, by chance {chance}")
        print("  probability   came true")
        for row in result.tables["reliability"].query("recipe == @recipe").itertuples():
            print(
                f"  {share(row.mean_probability):>11}   {share(row.observed)} ({share(row.low)} to {share(row.high)})"
            )


def _print_shares(study: Study, X: pd.DataFrame) -> None:
    from core.evaluation.prior_at_use import prior_at_use

    try:
        result = prior_at_use(study, X)
    except NotApplicable as reason:
        print(f"  NOT APPLICABLE: {reason}")
        return
    print_findings(result)
    for label, rows in result.tables["shares"].groupby("class", sort=False):
        print(f"\n  {clip(label)}")
        for row in rows.itertuples():
            print(f"    {row.method:24} {share(row.share)} ({share(row.low)} to {share(row.high)})")


def _progress(done: int, total: int) -> None:
    print(f"{done} of {total} recipes", file=sys.stderr)
