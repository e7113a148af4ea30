"""``suggest TABLE``: suggest target columns, and a role for each column."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from core.commands.options import add_command, add_table_options, table_of
from core.wording import quoted

OUT = ("identifier", "leave out")


def add(commands: Any) -> None:
    """Declare the command and its options."""
    parser = add_command(commands, "suggest", run, "suggest target columns, and a role for each column")
    add_table_options(parser).add_argument("--target", metavar="COLUMN", help="the column with the classes")


def run(given: argparse.Namespace) -> None:
    """Print the suggestions with their reasons."""
    from core.reading.roles import suggest_categories, suggest_roles
    from core.reading.suggest import suggest_targets
    from core.target_rule import suggested_rule

    table = table_of(given)
    found = suggest_targets(table)
    print("Target" if found else f"No column of {quoted(table.name)} looks like a target.")
    for suggestion in found:
        print(f"  {quoted(suggestion.column)}: {suggestion.reason}")
    if not given.target and not found:
        return
    target = given.target or found[0].column
    roles, codes = suggest_roles(table, target), suggest_categories(table, target)
    _print("Leave out", {column: x.reason for column, x in roles.items() if x.role in OUT})
    _print("Other roles", {column: f"{x.role}. {x.reason}" for column, x in roles.items() if x.role not in OUT})
    _print("Numbers that may be codes", codes)
    if rule := suggested_rule(table.frame[target]):
        print(f"Target rule\n  {rule[0].text}: {rule[1]}")


def _print(title: str, reasons: Mapping[str, str]) -> None:
    if reasons or title == "Leave out":
        print(title)
    for column, reason in reasons.items():
        print(f"  {quoted(column)}: {reason}")
