"""Build the report of a study; ``to_html``, ``to_markdown`` and ``to_json`` write it down."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core import learners
from core.dataset import Dataset
from core.engine import by_severity, versions
from core.registry import Method, method
from core.report.contents import Figures, Report, Section
from core.report.page import to_html
from core.report.text import to_json, to_markdown
from core.result import Result
from core.study import Study
from core.wording import clip, count, listing, number, of, plural, quoted, score, seconds

__all__ = ["Report", "Section", "build", "to_html", "to_json", "to_markdown"]

LIMITS = (
    "Every score comes from rows of this table that the model had not seen. Rows from another place or time may behave differently.",
    "A finding is evidence, not proof. It names what to look at first; it does not replace knowledge of how the table was made.",
    "Intervals over folds are approximate, because folds share training rows. Where they include no difference, none is claimed.",
    "An explanation says what the model uses. It does not say what causes the outcome.",
    "A method marked emerging rests on a recent or inferred formula.",
)


def build(
    study: Study,
    diagnoses: Sequence[tuple[Method, Result]],
    comparison: Result | None = None,
    cutoff: Result | None = None,
) -> Report:
    """Gather everything that is known about a study.

    Parameters
    ----------
    study : Study
        The table and the choices.
    diagnoses : sequence of (Method, Result)
        In any order; the report puts the gravest first.
    comparison : Result or None
        Of ``core.evaluation.compare.evaluate``.
    cutoff : Result or None
        Of ``core.evaluation.at_cutoff.at_cutoff``.

    Returns
    -------
    Report
    """
    data = study.dataset
    elapsed = [result.provenance.get("seconds", 0.0) for _, result in diagnoses]
    elapsed.append(comparison.provenance.get("seconds", 0.0) if comparison else 0.0)
    return Report(
        title=f"{clip(data.name)}: {clip(data.target)}",
        facts=(*_facts(study), *_cut(cutoff)),
        reading=_reading(data),
        comparison=None if comparison is None else _comparison(comparison),
        diagnoses=tuple(_section(*pair) for pair in by_severity(diagnoses)),
        provenance=(*_choices(study), ("Computing time", seconds(sum(elapsed)))),
        limits=LIMITS,
        cutoff=None if cutoff is None else _at_cutoff(cutoff),
    )


def _facts(study: Study) -> tuple[tuple[str, str], ...]:
    data, sizes = study.dataset, study.class_sizes
    n_positive = int(sizes[study.positive_code])
    smallest = data.classes[-1]
    return (
        ("Table", f"{clip(data.name)}: {plural(data.n_samples, 'row')}, {plural(data.X.shape[1], 'column')}"),
        ("Target", f"{clip(data.target)}, with {plural(len(data.classes), 'class', 'classes')}"),
        *_sample(study),
        ("Class of interest", f"{quoted(study.positive)}: {of(n_positive, data.n_samples)}"),
        ("Smallest class", f"{quoted(smallest)}: about {plural(sizes.min() / study.n_folds, 'row')} per test fold"),
        (
            "Average precision of guessing",
            f"{score(study.class_shares[study.positive_code])}, the prevalence of the class of interest",
        ),
    )


def _cut(cutoff: Result | None) -> tuple[tuple[str, str], ...]:
    """What the cut-off in force is; nothing when none was laid."""
    if cutoff is None:
        return ()
    from core.evaluation.cutoff import Cutoff

    row, said = cutoff.tables["ways"].iloc[-1], cutoff.provenance["parameters"]["cutoff"]
    text = (
        f"set by hand to {Cutoff.parse(said).words}, exploratory"
        if said
        else "as the recipe decides, locked inside the folds"
    )
    single = row["threshold"] == row["threshold"]
    at = f"probability {number(row['threshold'])}" if single else "by more than one threshold"
    return (("Cut-off", f"{text}: {at}, {number(row['flagged_per_1000'])} of 1,000 rows are called"),)


def _sample(study: Study) -> tuple[tuple[str, str], ...]:
    """What a working sample stands for; nothing when every row is in hand."""
    if study.represents is None:
        return ()
    whole = study.table_sizes
    text = (
        f"a working sample of {plural(whole.sum(), 'row')}, of which {of(whole[study.positive_code], whole.sum())} are "
        f"{quoted(study.positive)}; every row counts as many as it stands for"
    )
    return (("The rows are", text),)


def _reading(data: Dataset) -> tuple[tuple[str, str], ...]:
    read = data.reading
    names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe", " ": "space"}
    lines = [
        ("Kind", read.kind),
        ("Encoding", read.encoding),
        ("Delimiter", names.get(read.delimiter, clip(read.delimiter))),
        ("Decimal mark", read.decimal),
        ("Numeric columns", count(len(data.numeric))),
        ("Text columns", count(len(data.categorical))),
        *((f"Role {quoted(role)}", listing(columns)) for role, columns in data.roles.items() if columns),
        ("Taken as missing", _tokens(read.missing_tokens)),
        ("Looks missing, kept", _tokens(read.suspects)),
        *(("Note", note) for note in (*read.notes, *data.notes)),
    ]
    return tuple((name, value) for name, value in lines if value)


def _tokens(tokens: dict[str, int]) -> str:
    parts = [f"{quoted(token) if token else 'the empty cell'} ({count(n)})" for token, n in list(tokens.items())[:8]]
    return ", ".join(parts) + (", …" if len(tokens) > 8 else "")


def _choices(study: Study) -> tuple[tuple[str, str], ...]:
    cost = f"one miss costs {number(study.miss_cost)} false alarms" if study.miss_cost else "none stated"
    libraries = ", ".join(f"{name} {version}" for name, version in versions().items())
    return (
        ("Fingerprint of the table", study.dataset.fingerprint),
        ("Learner", learners.LEARNERS[study.learner]),
        ("Recipe", study.recipe.title + (f" ({study.recipe.text})" if study.recipe.steps else "")),
        ("Validation", study.plan),
        ("Costs", cost),
        ("Seed", str(study.random_state)),
        ("Versions", libraries),
    )


def _section(chosen: Method, result: Result) -> Section:
    return Section(
        slug=chosen.slug,
        title=chosen.title,
        question=chosen.question,
        severity=result.severity,
        sentences=tuple((finding.severity, finding.text) for finding in result.findings),
        remedies=tuple(method(slug).title for slug in result.suggests),
        figures=Figures(partial(chosen.draw, result)) if result.tables else {},
        tables=result.tables,
        how=_prose(chosen.how),
        why=_prose(chosen.why),
        what_to_do=_prose(chosen.what_to_do),
        reference=_prose(chosen.reference),
        maturity=chosen.maturity,
        provenance=result.provenance,
    )


def _prose(text: str) -> str:
    """A docstring's paragraph without its marks for code."""
    return text.replace("``", "'")


def _comparison(result: Result) -> Section:
    from core.evaluation.compare import draw

    return Section(
        slug="comparison",
        title="Comparison of recipes",
        question="Does a remedy help?",
        severity=result.severity,
        sentences=tuple((finding.severity, finding.text) for finding in result.findings),
        remedies=tuple(method(slug).title for slug in result.suggests),
        figures=Figures(partial(draw, result)) if result.tables else {},
        tables=result.tables,
        provenance=result.provenance,
    )


def _at_cutoff(result: Result) -> Section:
    from core.evaluation.at_cutoff import draw

    return Section(
        slug="cutoff",
        title="The cut-off",
        question="Whom does this cut-off call, and what is missed?",
        severity=result.severity,
        sentences=tuple((finding.severity, finding.text) for finding in result.findings),
        remedies=tuple(method(slug).title for slug in result.suggests),
        figures=Figures(partial(draw, result)),
        tables=result.tables,
        provenance=result.provenance,
    )
