"""``dose TABLE --target COLUMN --recipe RECIPE``: try doses of synthetic rows on real ones."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from core.commands.findings import print_findings
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
from core.result import Result
from core.wording import number, with_interval


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "dose", run, "average precision against synthetic rows per real row")
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    parser.add_argument(
        "--doses", nargs="+", type=float, metavar="RATIO", default=[], help="synthetic rows per real row to try"
    )
    parser.add_argument("--beyond-parity", action="store_true", help="let the class outgrow the largest one")


def run(given: argparse.Namespace) -> None:
    """Try all doses of every recipe's sampler, and print the curves."""
    from core.evaluation import dose
    from core.evaluation.dose_response import dose_response

    where = where_of(given)
    study, recipes = study_of(given)
    if not recipes:
        raise UserError("No recipe is given.", "Add --recipe with a sampler that adds rows, such as --recipe smote.")
    study = dose.repeated(study)
    choices = {"doses": given.doses or dose.DOSES, "beyond_parity": given.beyond_parity}
    results = {}
    for recipe in recipes:
        outcomes = dose.run(study, recipe, progress=_progress, **choices, **where)
        results[recipe] = dose_response(study, recipe, outcomes, **choices)
    print_head(study)
    for recipe, result in results.items():
        print(f"\n{recipe.title}")
        print_findings(result)
        _print_curves(result)


def _print_curves(result: Result) -> None:
    curve = result.tables.get("curve")
    for size, rows in () if curve is None else curve.groupby("size", sort=False):
        print(f"\n  Average precision with {size}")
        marks = result.tables["marks"].query("size == @size").set_index("dose")["mark"]
        for row in rows.itertuples():
            mark = f"  {marks[row.dose]}" if row.dose in marks.index else ""
            print(f"    dose {number(row.dose):6} {with_interval(row.average_precision, row.low, row.high)}{mark}")


def _progress(done: int, total: int) -> None:
    if done == total or done % 50 == 0:
        print(f"{done} of {total} fits", file=sys.stderr)
