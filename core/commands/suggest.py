"""``suggest TABLE``: suggest target columns, and columns to leave out."""

from __future__ import annotations

import argparse
from typing import Any

from core.commands.options import add_command, add_table_options, table_of
from core.wording import quoted


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "suggest", run, "suggest target columns, and columns to leave out")
    add_table_options(parser).add_argument("--target", metavar="COLUMN", help="the column with the classes")


def run(given: argparse.Namespace) -> None:
    """Print the suggestions with their reasons."""
    from core.reading.suggest import suggest_leave_out, suggest_targets

    table = table_of(given)
    found = suggest_targets(table)
    print("Target" if found else f"No column of {quoted(table.name)} looks like a target.")
    for suggestion in found:
        print(f"  {quoted(suggestion.column)}: {suggestion.reason}")
    if given.target or found:
        print("Leave out")
        for column, reason in suggest_leave_out(table, given.target or found[0].column).items():
            print(f"  {quoted(column)}: {reason}")
