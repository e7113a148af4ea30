"""The catalogue as a list for the command line and as a table for the README."""

from __future__ import annotations

from core.learners import LEARNERS
from core.registry import Method, catalogue, group_title
from core.report.text import markdown

START, END = "<!-- methods: generated, do not edit -->", "<!-- end of methods -->"


def methods_as_text() -> str:
    """Every method on one line: slug, title, question."""
    lines = []
    for kind in ("diagnostic", "remedy"):
        lines.append({"diagnostic": "Diagnostics", "remedy": "Remedies"}[kind])
        for item in (item for item in catalogue().values() if item.kind == kind):
            lines.append(f"  {item.slug:26} {item.group:13} {item.title}: {_question(item)}")
            mark = "--{}.{} {}" if kind == "diagnostic" else "{}:{}={}"
            lines += [f"      {mark.format(item.slug, p.name, p.default)}  {p.help}" for p in item.params]
    return "\n".join(lines) + "\n"


def methods_as_markdown() -> str:
    """Every method as a row of a Markdown table; the README holds it between ``START`` and ``END``."""
    lines = ["| | method | what it answers | maturity |", "|---|---|---|---|"]
    for item in catalogue().values():
        group = f"{item.kind}, {group_title(item.kind, item.group)[0].lower()}"
        lines.append(
            f"| {group} | {markdown(item.title)} (`{item.slug}`) | {markdown(_question(item))} | {item.maturity} |"
        )
    return "\n".join(lines) + "\n"


def _question(item: Method) -> str:
    """What a method answers, and which learners a remedy is for where it is not for all."""
    only = [LEARNERS.get(learner, learner) for learner in item.about.learners]
    return f"{item.question} Only for: {', '.join(only)}." if only else item.question


def with_methods(readme: str) -> str:
    """A README's text with its table of methods brought up to date.

    Raises
    ------
    ValueError
        The markers are missing.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError("the README lacks the markers of the table of methods")
    return f"{before}{START}\n\n{methods_as_markdown()}\n{END}{after}"
