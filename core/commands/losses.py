"""``losses TABLE --target COLUMN``: train a learner by several losses, and see which earns its keep."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.findings import compared_with_nothing, print_findings, print_scores, progress
from core.commands.options import (
    add_command,
    add_engine_options,
    add_study_options,
    add_table_options,
    print_head,
    study_of,
    where_of,
)
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from core.wording import number, plural, seconds, with_interval


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "losses", run, "losses, batches and optimisers side by side")
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    parser.set_defaults(learner="neural")


def run(given: argparse.Namespace) -> None:
    """Train by the recipes that were named, or by every loss, and print what came out."""
    from core.evaluation.kept_training import trained

    where = where_of(given)
    study, recipes = study_of(given)
    recipes = recipes or every_loss(study)
    neural = study.learner == "neural"
    result = (
        trained(study, recipes, progress=progress, **where)
        if neural
        else compared_with_nothing(study, recipes, **where)
    )
    print_head(study)
    print()
    print_findings(result)
    if "training" in result.tables:
        _print_training(result)
    print_scores(result)
    _print_differences(result)


def every_loss(study: Study) -> tuple[Recipe, ...]:
    """Each loss that serves the learner, with its usual parameters."""
    from core.registry import methods

    return tuple(Recipe.of(item.slug) for item in methods("remedy", "losses") if item.serves(study.learner))


def _print_training(result: Result) -> None:
    print("\nTraining")
    for row in result.tables["training"].itertuples():
        print(f"  {row.recipe:42} {plural(round(row.epochs), 'epoch')}, {seconds(row.seconds)}")


def _print_differences(result: Result) -> None:
    table = result.tables["differences"]
    against = table.get("against", "Do nothing")
    for (recipe, other), rows in table.assign(against=against).groupby(["recipe", "against"], sort=False):
        print(f"\n{recipe}, less {other}")
        for row in rows.itertuples():
            value = number(row.difference) if row.low != row.low else with_interval(row.difference, row.low, row.high)
            print(f"  {f'{row.metric} {row.cut}':42} {value}")
