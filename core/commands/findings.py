"""What commands print of a result, and the report that they write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.recipe import Recipe
from core.registry import Method
from core.result import Result
from core.study import Study
from core.wording import change, clip, count, number, quoted, score, with_interval

AT_HALF = "at 0.5"
SUFFIXES = (".html", ".md", ".json")


def print_findings(result: Result) -> None:
    """Print the findings of a result, and the remedies that they suggest."""
    for finding in result.findings:
        print(f"  {finding.severity.upper()}: {finding.text}")
    if result.suggests:
        print(f"  Remedies to try: {', '.join(result.suggests)}")


def print_scores(result: Result) -> None:
    """Print every score of every recipe."""
    from core.evaluation.cost_scores import told_once

    for recipe, rows in told_once(result).groupby("recipe", sort=False):
        print(f"\n{recipe}")
        for row in rows.itertuples():
            name = f"{row.metric} {getattr(row, 'cut', '')}"
            print(f"  {name:52} {with_interval(row.value, row.low, row.high)}")


def print_verdicts(result: Result) -> None:
    """Print what each recipe is beside doing nothing, with its tests and probabilities."""
    differences = result.tables["differences"]
    rows = differences[
        (differences["metric"] == result.provenance["parameters"]["metric"]) & (differences["cut"] != AT_HALF)
    ]
    told = rows.merge(result.tables["verdicts"][["recipe", "verdict"]], on="recipe")
    for row in told.itertuples():
        chances = f"better {score(row.better)}, equivalent {score(row.equivalent)}, worse {score(row.worse)}"
        print(
            f"\n{row.recipe}: {row.verdict}\n  {change(row.difference)} ({change(row.low)} to {change(row.high)}), ",
            end="",
        )
        print(f"p {score(row.p)}, after Holm's correction {score(row.p_holm)}\n  probability of {chances}")


def print_cutoff(result: Result) -> None:
    """Print what one cut-off leads to, beside each recipe's own and .5."""
    print("\nAt one cut-off for all recipes")
    print_findings(result)
    scores, people = result.tables["scores"], result.tables["people"]
    for (recipe, cut), rows in scores.groupby(["recipe", "cut"], sort=False):
        print(f"\n{recipe}, {cut}: probability {number(rows['threshold'].iloc[0])}")
        for row in rows.itertuples():
            chance = f"; at random {with_interval(row.chance, row.chance_low, row.chance_high)}" * (
                row.chance == row.chance
            )
            print(f"  {row.metric:42} {with_interval(row.value, row.low, row.high)}{chance}")
        for row in people[(people["recipe"] == recipe) & (people["cut"] == cut)].itertuples():
            name = f"{row.outcome}, of {count(row.of)} cases"
            print(f"  {name:42} {count(row.n_cases)} ({number(row.low)} to {number(row.high)})")


def compared_with_nothing(study: Study, compared: tuple[Recipe, ...], **choices: Any) -> Result:
    """Compare recipes with doing nothing, by the ``choices`` of ``evaluate``; progress goes to stderr."""
    from core.evaluation.compare import evaluate

    return evaluate(study, compared, progress=progress, **choices)


def progress(done: int, total: int, what: str = "folds") -> None:
    """Tell how far it is."""
    if done == total or done % 10 == 0:
        print(f"{done} of {total} {what}", file=sys.stderr)


def check_report(path: str | None) -> None:
    """Say before the work starts that a report cannot be written there."""
    if path and Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(f"{quoted(path)} names no kind of report.", "Let it end in .html, .md or .json.")
    if path and not Path(path).resolve().parent.is_dir():
        raise UserError(f"The folder of {quoted(path)} does not exist.", "Make it, or choose another path.")


def write_report(
    path: str | None,
    study: Study,
    results: list[tuple[Method, Result]],
    comparison: Result | None,
    cutoff: Result | None = None,
) -> None:
    """Write the report where the options say, if they do."""
    if not path:
        return
    from core.report.build import build, to_html, to_json, to_markdown

    writers = dict(zip(SUFFIXES, (to_html, to_markdown, to_json), strict=True))
    text = writers[Path(path).suffix.lower()](build(study, results, comparison, cutoff))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{quoted(path)} cannot be written ({error.strerror}).", "Choose another path.") from None
    print(f"Report written to {clip(path, 200)}", file=sys.stderr)
