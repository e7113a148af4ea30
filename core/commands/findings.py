"""What commands print of a result, and the report that they write."""

from __future__ import annotations

import sys
from pathlib import Path

from core.errors import UserError
from core.recipe import Recipe
from core.registry import Method
from core.result import Result
from core.study import Study
from core.wording import clip, quoted, with_interval

SUFFIXES = (".html", ".md", ".json")


def print_findings(result: Result) -> None:
    """Print the findings of a result, and the remedies that they suggest."""
    for finding in result.findings:
        print(f"  {finding.severity.upper()}: {finding.text}")
    if result.suggests:
        print(f"  Remedies to try: {', '.join(result.suggests)}")


def print_scores(result: Result) -> None:
    """Print every score of every recipe."""
    for recipe, rows in result.tables["scores"].groupby("recipe", sort=False):
        print(f"\n{recipe}")
        for row in rows.itertuples():
            name = f"{row.metric} {getattr(row, 'cut', '')}"
            print(f"  {name:42} {with_interval(row.value, row.low, row.high)}")


def compared_with_nothing(study: Study, compared: tuple[Recipe, ...]) -> Result:
    """Compare recipes with doing nothing; progress goes to stderr."""
    from core.evaluation.compare import evaluate

    return evaluate(study, compared, progress=_progress)


def _progress(done: int, total: int) -> None:
    if done == total or done % 10 == 0:
        print(f"{done} of {total} folds", file=sys.stderr)


def check_report(path: str | None) -> None:
    """Say before the work starts that a report cannot be written there."""
    if path and Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(f"{quoted(path)} names no kind of report.", "Let it end in .html, .md or .json.")
    if path and not Path(path).resolve().parent.is_dir():
        raise UserError(f"The folder of {quoted(path)} does not exist.", "Make it, or choose another path.")


def write_report(
    path: str | None, study: Study, results: list[tuple[Method, Result]], comparison: Result | None
) -> None:
    """Write the report where the options say, if they do."""
    if not path:
        return
    from core.report.build import build, to_html, to_json, to_markdown

    writers = dict(zip(SUFFIXES, (to_html, to_markdown, to_json), strict=True))
    text = writers[Path(path).suffix.lower()](build(study, results, comparison))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{quoted(path)} cannot be written ({error.strerror}).", "Choose another path.") from None
    print(f"Report written to {clip(path, 200)}", file=sys.stderr)
