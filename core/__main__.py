"""The command line, built from the catalogue: ``python -m core diagnose TABLE --target COLUMN``."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from core import engine
from core.dataset import Dataset
from core.errors import UserError, unknown
from core.learners import LEARNERS
from core.recipe import Recipe, recipes
from core.registry import Method, catalogue, methods
from core.result import Result
from core.study import Study
from core.table import Table
from core.wording import clip, listing, of, quoted, seconds, with_interval

SUFFIXES = (".html", ".md", ".json")


class Parser(argparse.ArgumentParser):
    """Tells an analyst's error in two sentences, as every other part does."""

    def error(self, message: str) -> NoReturn:
        """Raise the error instead of printing the usage."""
        raise UserError(clip(message[:1].upper() + message[1:], 300) + ".", f"'{self.prog} --help' lists the options.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process when left out.

    Returns
    -------
    int
        0, or 2 after an analyst's error, whose two sentences are on stderr.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        given = _parsed(_parser(), sys.argv[1:] if arguments is None else arguments)
        given.command(given)
    except UserError as error:
        print(error.problem, error.remedy, sep="\n", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stdout = None
    return 0


def _parsed(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    given, rest = parser.parse_known_args(arguments)
    if rest:
        options = {f"--{name.replace('_', '-')}" for name in vars(given) if "." not in name} - {"--command"}
        raise unknown("option", rest[0].partition("=")[0], sorted(options | _method_options()))
    return given


def _method_options() -> set[str]:
    return {f"--{item.slug}.{p.name}" for item in methods("diagnostic") for p in item.params}


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description="Finds out why a rare class fails and shows what would help.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    diagnose = _command(commands, "diagnose", _diagnose, "run the diagnostics on a table")
    _add_study_options(_add_table_options(diagnose))
    diagnose.add_argument("--only", nargs="+", metavar="SLUG", default=[], help="run only these diagnostics")
    diagnose.add_argument("--slow", action="store_true", help="also run those that take minutes")
    _add_method_options(diagnose)
    evaluate = _command(commands, "evaluate", _evaluate, "compare recipes with doing nothing, out of fold")
    _add_study_options(_add_table_options(evaluate))
    suggest = _command(commands, "suggest", _suggest, "suggest target columns, and columns to leave out")
    _add_table_options(suggest).add_argument("--target", metavar="COLUMN", help="the column with the classes")
    listed = _command(commands, "methods", _methods, "list every method with its options")
    listed.add_argument("--markdown", action="store_true", help="as the table of the README")
    listed.add_argument("--readme", metavar="FILE", help="bring the table in this README up to date")
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], None], text: str) -> Parser:
    parser = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".", allow_abbrev=False)
    parser.set_defaults(command=run)
    return parser


def _add_table_options(parser: Parser) -> Parser:
    parser.add_argument("table", metavar="TABLE", help="CSV, TSV, Parquet or XLSX, also gzipped")
    for name in ("delimiter", "encoding", "decimal"):
        parser.add_argument(f"--{name}", default="", help="found out when left out")
    parser.add_argument("--sheet", default="", help="of a workbook; the first when left out")
    parser.add_argument("--missing", nargs="+", metavar="WORD", default=[], help="words that stand for a missing cell")
    return parser


def _add_study_options(parser: Parser) -> Parser:
    add = parser.add_argument
    add("--target", metavar="COLUMN", help="the column with the classes")
    add("--class", metavar="LABEL", default="", help="the class of interest; a rare one when left out")
    add("--leave-out", nargs="+", metavar="COLUMN", default=[], help="columns that no method may see")
    add("--learner", default="boosted", help="one of " + ", ".join(LEARNERS))
    add("--recipe", action="append", default=[], help="such as smote:k=3+tuned_threshold; may be given several times")
    add("--cost", type=float, default=0.0, help="how many false alarms one miss costs")
    add("--folds", type=int, default=5, help="folds of the cross-validation")
    add("--repeats", type=int, default=2, help="how often the folds are drawn anew")
    add("--seed", type=int, default=0, help="the only source of randomness")
    add("--report", metavar="FILE", help="write a report: .html, .md or .json")
    return parser


def _add_method_options(parser: Parser) -> None:
    for item in methods("diagnostic"):
        group = parser.add_argument_group(item.title)
        for parameter in item.params:
            text = f"{parameter.help} Default: {parameter.default}.".replace("%", "%%")
            group.add_argument(f"--{item.slug}.{parameter.name}", metavar="VALUE", default=argparse.SUPPRESS, help=text)


def _diagnose(given: argparse.Namespace) -> None:
    _check_report(given.report)
    chosen = [_diagnostic(slug) for slug in given.only] or methods("diagnostic")
    study, compared = _study(given)
    results, slow = [], given.slow or bool(given.only)
    for item, result in engine.run_all(study, chosen, slow=slow, parameters=_method_values(given)):
        results.append((item, result))
        elapsed = seconds(result.provenance.get("seconds", 0.0))
        print(f"{len(results)} of {len(chosen)}: {item.title}, {elapsed}", file=sys.stderr)
    _print_head(study)
    for item, result in engine.by_severity(results):
        print(f"\n{item.title} [{item.slug}]")
        _print_findings(result)
    comparison = _compared(study, compared) if compared else None
    if comparison:
        print("\nComparison of recipes")
        _print_findings(comparison)
    _write(given.report, study, results, comparison)


def _evaluate(given: argparse.Namespace) -> None:
    _check_report(given.report)
    study, compared = _study(given)
    if not compared:
        raise UserError("No recipe is given.", "Add --recipe, such as --recipe tuned_threshold or --recipe smote:k=3.")
    result = _compared(study, compared)
    _print_head(study)
    print()
    _print_findings(result)
    _print_scores(result)
    _write(given.report, study, [], result)


def _suggest(given: argparse.Namespace) -> None:
    from core.reading.suggest import suggest_leave_out, suggest_targets

    table = _table(given)
    found = suggest_targets(table)
    print("Target" if found else f"No column of {quoted(table.name)} looks like a target.")
    for suggestion in found:
        print(f"  {quoted(suggestion.column)}: {suggestion.reason}")
    if given.target or found:
        print("Leave out")
        for column, reason in suggest_leave_out(table, given.target or found[0].column).items():
            print(f"  {quoted(column)}: {reason}")


def _methods(given: argparse.Namespace) -> None:
    from core.report.methods import methods_as_markdown, methods_as_text, with_methods

    if given.readme:
        path = Path(given.readme)
        path.write_text(with_methods(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(methods_as_markdown() if given.markdown else methods_as_text(), end="")


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


def _table(given: argparse.Namespace) -> Table:
    from core.reading.read import read

    choices = {name: getattr(given, name) for name in ("encoding", "decimal", "sheet")}
    delimiter = "\t" if given.delimiter in ("tab", "\\t") else given.delimiter
    return read(given.table, delimiter=delimiter, missing_tokens=tuple(given.missing), **choices)


def _study(given: argparse.Namespace) -> tuple[Study, tuple[Recipe, ...]]:
    from core.reading.suggest import suggest_leave_out, suggest_targets

    compared = recipes(given.recipe)
    table = _table(given)
    if given.target is None:
        likely = [suggestion.column for suggestion in suggest_targets(table)] or list(table.frame.columns)
        raise UserError("No target column is given.", f"Add --target with a column; likely ones are {listing(likely)}.")
    dataset = Dataset.from_table(table, given.target, given.leave_out)
    for column, reason in suggest_leave_out(table, given.target).items():
        if column not in given.leave_out:
            print(f"Consider --leave-out {quoted(column)}: {reason}", file=sys.stderr)
    study = Study(
        dataset,
        positive=getattr(given, "class"),
        learner=given.learner,
        recipe=compared[0] if compared else Recipe(),
        n_folds=_between("folds", given.folds, 2, 20),
        n_repeats=_between("repeats", given.repeats, 1, 20),
        miss_cost=_between("cost", given.cost, 0, 1e6),
        random_state=_between("seed", given.seed, 0, 2**31 - 1),
    )
    return study, compared


def _between(name: str, value: float, low: float, high: float) -> Any:
    if not low <= value <= high:
        raise UserError(f"--{name} is {value:g}.", f"Choose a value from {low:g} to {high:g}.")
    return value


def _compared(study: Study, compared: tuple[Recipe, ...]) -> Result:
    from core.evaluation.compare import evaluate

    return evaluate(study, compared, progress=_progress)


def _progress(done: int, total: int) -> None:
    if done == total or done % 10 == 0:
        print(f"{done} of {total} folds", file=sys.stderr)


def _print_head(study: Study) -> None:
    data, rows = study.dataset, study.class_sizes[study.positive_code]
    notes = "".join(f"\nNote: {note}" for note in (*data.reading.notes, *data.notes))
    interest = f"{quoted(study.positive)}: {of(rows, data.n_samples)}"
    print(f"{clip(data.name)}: {clip(data.target)}\nClass of interest {interest}{notes}")


def _print_findings(result: Result) -> None:
    for finding in result.findings:
        print(f"  {finding.severity.upper()}: {finding.text}")
    if result.suggests:
        print(f"  Remedies to try: {', '.join(result.suggests)}")


def _print_scores(result: Result) -> None:
    for recipe, rows in result.tables["scores"].groupby("recipe", sort=False):
        print(f"\n{recipe}")
        for row in rows.itertuples():
            print(f"  {f'{row.metric} {row.cut}':42} {with_interval(row.value, row.low, row.high)}")


def _check_report(path: str | None) -> None:
    if path and Path(path).suffix.lower() not in SUFFIXES:
        raise UserError(f"{quoted(path)} names no kind of report.", "Let it end in .html, .md or .json.")
    if path and not Path(path).resolve().parent.is_dir():
        raise UserError(f"The folder of {quoted(path)} does not exist.", "Make it, or choose another path.")


def _write(path: str | None, study: Study, results: list[tuple[Method, Result]], comparison: Result | None) -> None:
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


if __name__ == "__main__":
    sys.exit(main())
