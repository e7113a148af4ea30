"""What several commands share: their options, and the table and the study made of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from core.dataset import Dataset
from core.errors import UserError
from core.learners import LEARNERS
from core.population import WORKING_ROWS
from core.recipe import Recipe, recipes
from core.roles import ROLES, SYNTHETIC
from core.study import Study
from core.table import Table
from core.target_rule import FORMS
from core.wording import clip, listing, of, plain, quoted

WRITTEN = ("delimiter", "quote", "encoding", "decimal", "thousands", "header", "skip", "footer", "units")
"""How a text file is written, as ``read`` takes it."""


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    """Add a command of this name that does ``run``; its parser is returned."""
    parser = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".", allow_abbrev=False)
    parser.set_defaults(command=run)
    return parser


def add_table_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the table and how it is to be read."""
    parser.add_argument(
        "table", metavar="TABLE", help="CSV and its relatives, ARFF, Parquet, Excel or ODS, also packed"
    )
    for name in WRITTEN:
        parser.add_argument(f"--{name}", default="", help="found out when left out")
    parser.add_argument("--sheet", default="", help="of a workbook; the first when left out")
    parser.add_argument("--missing", nargs="+", metavar="WORD", default=[], help="words that stand for a missing cell")
    return parser


def add_study_options(parser: argparse.ArgumentParser, *, report: bool = True) -> argparse.ArgumentParser:
    """Add what a study is made of besides its table, and where a report goes."""
    add = parser.add_argument
    add("--target", metavar="COLUMN", help="the column with the classes")
    add("--class", metavar="LABEL", default="", help="the class of interest; a rare one when left out")
    add("--leave-out", nargs="+", metavar="COLUMN", default=[], help="columns that no method may see")
    add("--test", metavar="FILE", default="", help="rows kept apart; evaluate scores the first recipe on them once")
    add("--role", action="append", metavar="COLUMN=ROLE", default=[], help="one of " + ", ".join(ROLES))
    add(
        "--synthetic", nargs="+", metavar="VALUE", default=[], help="what marks synthetic rows; found out when left out"
    )
    add("--category", nargs="+", metavar="COLUMN", default=[], help="numeric columns whose numbers are codes")
    add("--target-rule", metavar="RULE", default="", help=f"how the target becomes classes: {FORMS}")
    add("--learner", default="boosted", help="one of " + ", ".join(LEARNERS))
    add("--recipe", action="append", default=[], help="such as smote:k=3+tuned_threshold; may be given several times")
    add("--recipes", nargs="+", action="extend", dest="recipe", metavar="RECIPE", default=[], help="several at once")
    add("--cost", type=float, default=0.0, help="how many false alarms one miss costs")
    add("--folds", type=int, default=5, help="folds of the cross-validation")
    add("--repeats", type=int, default=2, help="how often the folds are drawn anew")
    add("--seed", type=int, default=0, help="the only source of randomness")
    add("--rows", type=int, default=WORKING_ROWS, help="rows of the working sample of a larger table; 0 for all")
    if report:
        add("--report", metavar="FILE", help="write a report: .html, .md or .json")
    return parser


def add_engine_options(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add where folds are fitted, what is kept of them, and how long that may take; for every command that fits recipes."""
    add = parser.add_argument
    add("--engine", default="threads", help="where folds are fitted: threads, processes, here, or dask://HOST:PORT")
    kept = "keeps finished folds, so that a study that was stopped goes on where it was; made when it does not exist"
    add("--store", metavar="FILE", default="", help=kept)
    late = "seconds of fitting after which what has arrived is shown; 0 for none"
    add("--limit", type=float, default=0.0, metavar="SECONDS", help=late)
    return parser


def where_of(given: argparse.Namespace) -> dict[str, Any]:
    """What was chosen of these options, checked before the work begins."""
    from core.run_tasks import check_engine
    from core.store import Store

    check_engine(given.engine)
    if given.store:
        Store(given.store)
    return {"engine": given.engine, "store": given.store, "limit": between("limit", given.limit, 0, 1e7)}


def table_of(given: argparse.Namespace, path: str = "") -> Table:
    """Read the table that was named, or another file in the same way."""
    from core.reading.read import read

    choices = {name: getattr(given, name) for name in (*WRITTEN, "sheet")}
    if choices["delimiter"] in ("tab", "\\t"):
        choices["delimiter"] = "\t"
    return read(path or given.table, missing_tokens=tuple(given.missing), **choices)


def study_of(given: argparse.Namespace) -> tuple[Study, tuple[Recipe, ...]]:
    """Read the table and choose what the options say; also the recipes that were named."""
    from core.reading.suggest import suggest_targets

    compared = recipes(given.recipe)
    for recipe in compared:
        recipe.check_serves(given.learner)
    table = table_of(given)
    if given.target is None:
        likely = [suggestion.column for suggestion in suggest_targets(table)] or list(table.frame.columns)
        raise UserError("No target column is given.", f"Add --target with a column; likely ones are {listing(likely)}.")
    choices = {"roles": dict(map(_role, given.role)), "as_category": given.category, "rule": given.target_rule}
    if given.synthetic and SYNTHETIC not in choices["roles"].values():
        raise UserError("--synthetic names values of no column.", f"Add --role 'COLUMN={SYNTHETIC}'.")
    choices["synthetic_values"] = given.synthetic
    choices["working_rows"] = between("rows", given.rows, 0, 10**9)
    dataset = Dataset.from_table(table, given.target, given.leave_out, **choices)
    if given.test:
        from core.held_out import with_test

        dataset = with_test(dataset, table_of(given, given.test), training=table, rule=given.target_rule)
    _advise(given, table, dataset)
    study = Study(
        dataset,
        positive=getattr(given, "class"),
        learner=given.learner,
        recipe=compared[0] if compared else Recipe(),
        n_folds=between("folds", given.folds, 2, 20),
        n_repeats=between("repeats", given.repeats, 1, 20),
        miss_cost=between("cost", given.cost, 0, 1e6),
        random_state=between("seed", given.seed, 0, 2**31 - 1),
    )
    return study, compared


def _role(text: str) -> tuple[str, str]:
    column, sign, role = text.rpartition("=")
    if not sign:
        raise UserError(
            f"{quoted(text)} gives no role to a column.", "Write --role COLUMN=ROLE, as in --role patient_id=group."
        )
    return column, role


def _advise(given: argparse.Namespace, table: Table, dataset: Dataset) -> None:
    """Print, beside the output, the roles and codes that the table suggests and the options do not choose."""
    from core.reading.roles import suggest_categories, suggest_roles

    chosen = {_role(text)[0] for text in given.role} | set(given.leave_out)
    for column, found in suggest_roles(table, given.target, given.target_rule).items():
        if column not in chosen and found.role != "sensitive":
            out = found.role in ("identifier", "leave out")
            advice = f"--leave-out {quoted(column)}" if out else f"--role {quoted(f'{column}={found.role}')}"
            print(f"Consider {advice}: {found.reason}", file=sys.stderr)
    for column, reason in suggest_categories(table, given.target).items():
        if column in dataset.numeric:
            print(f"Consider --category {quoted(column)}: {reason}", file=sys.stderr)


def between(name: str, value: float, low: float, high: float) -> Any:
    """The value of an option, or an error when it lies outside of its limits."""
    if not low <= value <= high:
        raise UserError(f"--{name} is {plain(value)}.", f"Choose a value from {plain(low)} to {plain(high)}.")
    return value


def print_head(study: Study) -> None:
    """Print the table, the class of interest and what was changed while reading."""
    data, rows = study.dataset, study.dataset.table_counts
    notes = "".join(f"\nNote: {note}" for note in (*data.reading.notes, *data.notes, data.sampled) if note)
    interest = f"{quoted(study.positive)}: {of(rows[study.positive], rows.sum())}"
    plain = data.group_codes is None and data.order is None and data.synthetic is None
    plan = "" if plain else f"\n{study.plan}"
    print(f"{clip(data.name)}: {clip(data.target)}\nClass of interest {interest}{plan}{notes}")
