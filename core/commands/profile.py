"""``profile TABLE --target COLUMN``: class counts, missing cells and the profile of columns, from all rows."""

from __future__ import annotations

import argparse
from typing import Any

import pandas as pd

from core.commands.options import add_command, add_table_options, table_of
from core.errors import unknown
from core.population import Population
from core.reading.all_rows import population_of
from core.wording import MISSING, clip, count, number, of, plural, quoted, share


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "profile", run, "describe all rows of a table, of any size, in one pass")
    add_table_options(parser).add_argument("--target", metavar="COLUMN", default="", help="the column with the classes")


def run(given: argparse.Namespace) -> None:
    """Print what is in all rows."""
    table = table_of(given)
    if given.target and given.target not in table.frame.columns:
        raise unknown("column", given.target, table.frame.columns)
    whole = population_of(table, given.target)
    notes = "".join(f"\nNote: {note}" for note in table.reading.notes)
    print(
        f"{clip(table.name)}: {plural(whole.n_rows, 'row')}, {plural(len(whole.columns), 'column')}{notes}\n{whole.sentence}"
    )
    if given.target:
        _print_classes(whole)
    _print_columns(whole)
    if len(whole.missing):
        print("\nMissing cells by class")
        for row in whole.missing.itertuples():
            label = quoted(row[2], 40)
            print(f"  {clip(row.column, 30):30} {label:30} {of(row.n_missing, row.n_samples, 'cell')}")


def _print_classes(whole: Population) -> None:
    print(f"\nClasses of {quoted(whole.target)}")
    for label, n in whole.counts.items():
        print(f"  {quoted(label, 40):30} {of(n, int(whole.counts.sum()))}")
    if whole.n_unlabelled:
        print(f"  without a label                {of(whole.n_unlabelled, whole.n_rows)}")


def _print_columns(whole: Population) -> None:
    different = "different about" if whole.approximate else "different"
    print(
        f"\n{'Column':30} {'missing':>9} {different:>15} {'mean':>10} {'sd':>10} {'low':>10} {'median':>10} {'high':>10}"
    )
    for row in whole.columns.itertuples():
        numbers = " ".join(f"{_plain(value):>10}" for value in (row.mean, row.sd, row.low, row.p50, row.high))
        print(
            f"{clip(row.column, 30):30} {share(row.n_missing / max(whole.n_rows, 1)):>9} {count(row.n_different):>15} {numbers}"
        )


def _plain(value: float) -> str:
    return MISSING if pd.isna(value) else number(value)
