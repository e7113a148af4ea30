"""``diagnose TABLE --target COLUMN``: run the diagnostics on a table."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from core import engine
from core.commands.findings import check_report, compared_with_nothing, print_findings, write_report
from core.commands.options import (
    add_command,
    add_engine_options,
    add_study_options,
    add_table_options,
    print_head,
    study_of,
    where_of,
)
from core.errors import unknown
from core.registry import Method, catalogue, methods
from core.wording import seconds


def add(commands: Any) -> None:
    """Declare the command and its options; every diagnostic's parameters are among them."""
    parser = add_command(commands, "diagnose", run, "run the diagnostics on a table")
    add_engine_options(add_study_options(add_table_options(parser)))
    parser.add_argument("--only", nargs="+", metavar="SLUG", default=[], help="run only these diagnostics")
    parser.add_argument("--slow", action="store_true", help="also run those that take minutes")
    for item in methods("diagnostic"):
        group = parser.add_argument_group(item.title)
        for parameter in item.params:
            text = f"{parameter.help} Default: {parameter.default}.".replace("%", "%%")
            group.add_argument(f"--{item.slug}.{parameter.name}", metavar="VALUE", default=argparse.SUPPRESS, help=text)


def run(given: argparse.Namespace) -> None:
    """Run the diagnostics, gravest findings first, then the comparison if recipes are given."""
    check_report(given.report)
    chosen = [_diagnostic(slug) for slug in given.only] or methods("diagnostic")
    where = where_of(given)
    study, compared = study_of(given)
    results, slow = [], given.slow or bool(given.only)
    for item, result in engine.run_all(study, chosen, slow=slow, parameters=_method_values(given)):
        results.append((item, result))
        elapsed = seconds(result.provenance.get("seconds", 0.0))
        print(f"{len(results)} of {len(chosen)}: {item.title}, {elapsed}", file=sys.stderr)
    print_head(study)
    for item, result in engine.by_severity(results):
        print(f"\n{item.title} [{item.slug}]")
        print_findings(result)
    comparison = compared_with_nothing(study, compared, **where) if compared else None
    if comparison:
        print("\nComparison of recipes")
        print_findings(comparison)
    write_report(given.report, study, results, comparison)


def _diagnostic(slug: str) -> Method:
    known = {item.slug: item for item in methods("diagnostic")}
    if slug not in known:
        raise unknown("diagnostic", slug, known)
    return known[slug]


def _method_values(given: argparse.Namespace) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for name, value in vars(given).items():
        slug, dot, parameter = name.partition(".")
        if dot and slug in catalogue():
            values.setdefault(slug, {})[parameter] = value
    return values
