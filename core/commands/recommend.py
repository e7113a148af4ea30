"""``recommend TABLE --target COLUMN``: search recipes and learners within a time, and recommend one where it beats doing nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from core.commands.findings import print_findings
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
from core.recipe import Recipe
from core.result import Result
from core.study import Study
from core.wording import number, plural, seconds


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "recommend", run, "search recipes and learners within a time, and recommend one")
    add_engine_options(add_study_options(add_table_options(parser), report=False))
    parser.add_argument("--miss-cost", type=float, dest="cost", default=argparse.SUPPRESS, help="the same as --cost")
    parser.add_argument("--seconds", type=float, default=60.0, help="the time that the search may take")


def run(given: argparse.Namespace) -> None:
    """Print candidates on stderr as they arrive, then the recommendation and the recipe."""
    from core.evaluation.recommend import recommended
    from core.run_tasks import run_tasks

    where = where_of(given)
    study, named = study_of(given)
    most = between("seconds", given.seconds, 1, 86_400)
    asked = (study, min(most, where["limit"] or most), named, where["store"])
    if where["engine"] in ("here", "threads"):
        told: dict[str, int] = {}
        for result in search(*asked):
            if result is not None:
                _print_news(result, told)
    else:  # the search is one task, which waits for nobody
        (result,) = run_tasks([(searched, asked)], where["engine"]).values()
    print_head(study)
    print()
    print_findings(result)
    if "choice" in result.tables:
        learner, recipe = recommended(result)
        print(f"\nLearner: {learner}\nRecipe: {recipe.text}")


def search(study: Study, most: float, recipes: tuple[Recipe, ...], store: str) -> Iterator[Result | None]:
    """Search for some seconds; folds that a store holds take no time, so that a search goes deeper when it is started again."""
    from core.evaluation.kept_scores import score_kept
    from core.evaluation.recommend import recommend

    return recommend(study, most, recipes=recipes, score=partial(score_kept, path=store))


def searched(*asked: Any) -> Result:
    """The last word of a search."""
    return [result for result in search(*asked) if result is not None][-1]


def _print_news(result: Result, told: dict[str, int]) -> None:
    """Print the candidates that have more folds than when they were last printed."""
    table = result.tables.get("candidates")
    for row in () if table is None else table.itertuples():
        if row.n_folds > told.get(row.candidate, 0):
            told[row.candidate] = row.n_folds
            score = f"{row.metric} {number(row.score)}, Brier score {number(row.brier)}"
            print(
                f"{row.candidate}: {score}, {plural(row.n_folds, 'fold')}, {seconds(row.seconds)} each, {row.state}",
                file=sys.stderr,
            )
