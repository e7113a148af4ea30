"""``evaluate TABLE --target COLUMN --recipe RECIPE``, or ``compare``: compare recipes with doing nothing."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from core.commands.findings import (
    check_report,
    print_cutoff,
    print_findings,
    print_scores,
    print_verdicts,
    progress,
    write_report,
)
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
from core.wording import number, share, with_interval

CUTOFF = "also one cut-off for all recipes: probability:0.02, top:50 (cases), per1000:5 or cost:20; exploratory where it was chosen after looking"


def add(commands: Any) -> None:
    """Declare the command and its options."""
    for name in ("evaluate", "compare"):
        parser = add_command(commands, name, run, "compare recipes with doing nothing, out of fold")
        add_engine_options(add_study_options(add_table_options(parser)))
        margin = "a difference of the score that is too small to matter; of costs, this share of the baseline's"
        parser.add_argument("--margin", type=float, default=0.01, help=margin)
        parser.add_argument("--cutoff", default="", metavar="WAY:VALUE", help=CUTOFF)
        use = "the share of the class where decisions will be used; total cost and weighted accuracies speak of it"
        parser.add_argument("--prevalence", type=float, metavar="SHARE", help=use)
        parser.add_argument(
            "--refits", type=int, default=0, help="also fit each recipe so often again, on rows drawn anew; 20 will do"
        )


def run(given: argparse.Namespace) -> None:
    """Compare the recipes and print the verdicts and scores."""
    from core.evaluation.at_cutoff import at_cutoff
    from core.evaluation.compare import compare, with_baseline
    from core.evaluation.cost_scores import prices
    from core.evaluation.cutoff import Cutoff
    from core.evaluation.kept_scores import scored_enough

    check_report(given.report)
    cutoff = Cutoff.parse(given.cutoff)
    where = where_of(given)
    study, compared = study_of(given)
    if not compared:
        raise UserError("No recipe is given.", "Add --recipe, such as --recipe tuned_threshold or --recipe smote:k=3.")
    n_refits = between("refits", given.refits, 0, 1000)
    prices(study, prevalence_at_use=given.prevalence)  # says what is wrong before the work begins
    margin = between("margin", given.margin, 0, 1)
    outcomes = scored_enough(study, with_baseline(compared), progress=progress, **where)
    result = compare(study, outcomes, margin=margin, prevalence_at_use=given.prevalence)
    print_head(study)
    print()
    print_findings(result)
    print_verdicts(result)
    print_scores(result)
    if n_refits:
        _print_instability(study, compared, n_refits, given.engine)
    _print_asserted(study, compared, result)
    if study.dataset.test is not None:
        print("\nThe final score on the test rows")
        _print_final(study, given.prevalence)
    laid = at_cutoff(study, outcomes, cutoff, given.prevalence) if given.cutoff else None
    if laid is not None:
        print_cutoff(laid)
    write_report(given.report, study, [], result, laid)


def _print_instability(study: Study, compared: tuple[Recipe, ...], n_refits: int, engine: str) -> None:
    from core.evaluation import instability, moved_rows

    told = partial(progress, what="refits")
    refits = instability.run(study, compared, n_refits=n_refits, progress=told, engine=engine)
    result = moved_rows.instability(study, refits, n_refits=n_refits)
    print("\nHow far rows move when the model is fitted again")
    print_findings(result)
    summary = result.tables.get("summary")
    for row in () if summary is None else summary.itertuples():
        moved = with_interval(row.moved, row.low, row.high)
        print(f"  {row.recipe}, {row.rows}: {moved}, decided otherwise {share(row.turned)}")


def _print_final(study: Study, prevalence: float | None) -> None:
    from core.evaluation.final import final_score

    final = final_score(study, study.recipe, prevalence_at_use=prevalence)
    for note in study.dataset.test.notes:
        print(f"  Note: {note}")
    print_findings(final)
    print_scores(final)


def _print_asserted(study: Study, compared: tuple[Recipe, ...], result: Result) -> None:
    """By which class shares each recipe decides, with the threshold that its folds came to."""
    from core.evaluation.effective_prior import effective_prior
    from core.evaluation.scoring import decided

    thresholds = result.tables["thresholds"].set_index("recipe")["median"]
    print("\nClass shares and costs that the recipes assert")
    for recipe in (recipe for recipe in compared if recipe.title in thresholds):
        print(f"\n{recipe.title}, threshold {number(thresholds[recipe.title])}")
        print_findings(effective_prior(study, decided(study, recipe), threshold=float(thresholds[recipe.title])))
