"""``synthetic TABLE --target COLUMN --recipe RECIPE``: what made rows give away, and how they compare with real ones."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.findings import print_findings
from core.commands.options import add_command, add_study_options, add_table_options, print_head, study_of
from core.errors import UserError
from core.wording import clip, with_interval


def add(commands: Any) -> None:
    """Declare the command and its options."""
    text = "say what the rows that a recipe makes give away, and compare them with real rows"
    parser = add_study_options(add_table_options(add_command(commands, "synthetic", run, text)))
    parser.add_argument("--attack", action="store_true", help="also look for records in the made rows")
    parser.add_argument("--rules", default="", help="what must hold in every row, such as 'age >= 18; weight > 0'")


def run(given: argparse.Namespace) -> None:
    """Print the forecast, the attack when asked for, and the audit of each recipe."""
    from core.evaluation.attack import attack
    from core.evaluation.exposure import exposure
    from core.evaluation.synthetic_rows import fidelity

    if given.report:
        raise UserError("This command writes no report.", "Leave --report out.")
    study, recipes = study_of(given)
    if not recipes:
        raise UserError("No recipe is given.", "Add --recipe with a sampler, such as --recipe smote:k=3.")
    print_head(study)
    for recipe in recipes:
        print(f"\n{recipe.title}: what made rows would give away")
        print_findings(exposure(study, recipe))
        if given.attack:
            print(f"\n{recipe.title}: records looked for in made rows")
            print_findings(attack(study, recipe))
        print(f"\n{recipe.title}: made rows beside real ones")
        audit = fidelity(study, recipe, rules=given.rules)
        print_findings(audit)
        for row in audit.tables["measures"].itertuples() if "measures" in audit.tables else ():
            beside = with_interval(row.null, row.null_low, row.null_high)
            print(
                f"  {clip(row[1], 20):20} {row.measure:42} {with_interval(row.value, row.low, row.high)}; real rows {beside}"
            )
