"""A report as Markdown and as JSON."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd

from core.report.contents import Report, Section
from core.report.tables import cell, cut
from core.wording import clip

TABLE_ROWS = 15
SPECIAL = re.compile(r"([\\`*_\[\]{}<>|~$&@^]|:(?=\S)|(?<=www)\.)")
BLOCK = re.compile(r"^(\s*)([#=]|[+-](?=[\s-]|$)|\d{1,9}(?=[.)](?:\s|$)))", re.MULTILINE)


def markdown(text: object) -> str:
    """Escape plain text so that Markdown shows it literally.

    Examples
    --------
    >>> print(markdown("**b** <img> $x$ a|b"))
    \\*\\*b\\*\\* \\<img\\> \\$x\\$ a\\|b
    """
    escaped = SPECIAL.sub(r"\\\1", str(text))
    return BLOCK.sub(lambda m: m[1] + (f"{m[2]}\\" if m[2].isdigit() else f"\\{m[2]}"), escaped)


def to_markdown(report: Report) -> str:
    """Write a report as Markdown: sentences and tables; figures are left to the HTML form."""
    parts = [f"# Counterpoise report: {markdown(report.title)}", _pairs(report.facts)]
    parts += ["## What was read", _pairs(report.reading)]
    if report.comparison is None:
        parts += ["## Comparison of recipes", "No recipes were compared."]
    else:
        parts.append(_section(report.comparison, "##"))
    parts += [] if report.cutoff is None else [_section(report.cutoff, "##")]
    parts.append("## Diagnoses")
    parts += [_section(section, "###") for section in report.diagnoses]
    parts += ["## Provenance", _pairs(report.provenance)]
    parts += ["## Limits", "\n".join(f"- {markdown(limit)}" for limit in report.limits)]
    return "\n\n".join(parts) + "\n"


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"- {markdown(name)}: {markdown(value)}" for name, value in pairs)


def _section(section: Section, heading: str) -> str:
    parts = [f"{heading} {markdown(section.title)}", f"*{markdown(section.question)}*"]
    parts.append("\n".join(f"- **{severity}**: {markdown(text)}" for severity, text in section.sentences))
    if section.rests:
        parts.append(markdown(section.rests))
    if section.remedies:
        parts.append("Remedies to try: " + markdown(", ".join(section.remedies)) + ".")
    parts += [_table(name, frame) for name, frame in section.tables.items()]
    for title, text in (
        ("How it is detected", section.how),
        ("Why it matters", section.why),
        ("What to do", section.what_to_do),
        ("References", section.reference),
    ):
        if text:
            parts.append(f"**{title}.** {markdown(text)}")
    return "\n\n".join(parts)


def _table(name: str, frame: pd.DataFrame) -> str:
    shown, sentence = cut(frame, TABLE_ROWS)
    lines = [
        f"Table `{name}`. {sentence}",
        "",
        _row([clip(column) for column in shown.columns]),
        _row(["---"] * shown.shape[1], escape=False),
        *(_row([cell(value) for value in row]) for row in shown.itertuples(index=False, name=None)),
    ]
    return "\n".join(lines)


def _row(cells: list[str], *, escape: bool = True) -> str:
    return "| " + " | ".join(markdown(text) if escape else text for text in cells) + " |"


def to_json(report: Report) -> str:
    """Write a report as JSON, with every table in full and unrounded.

    A table is ``{"columns": [...], "rows": [[...], ...]}``. Missing and infinite numbers are ``null``.
    """
    return json.dumps(_plain(as_dict(report)), allow_nan=False, indent=1)


def as_dict(report: Report) -> dict[str, Any]:
    """The report as nested dictionaries; figures are left out, since they only show the tables."""
    return {
        "title": report.title,
        "facts": dict(report.facts),
        "reading": [list(pair) for pair in report.reading],
        "comparison": None if report.comparison is None else _section_dict(report.comparison),
        "cutoff": None if report.cutoff is None else _section_dict(report.cutoff),
        "diagnoses": [_section_dict(section) for section in report.diagnoses],
        "provenance": dict(report.provenance),
        "limits": list(report.limits),
    }


def _section_dict(section: Section) -> dict[str, Any]:
    return {
        "slug": section.slug,
        "title": section.title,
        "severity": section.severity,
        "sentences": [{"severity": severity, "text": text} for severity, text in section.sentences],
        "remedies": list(section.remedies),
        "tables": {
            name: {"columns": list(frame.columns), "rows": list(frame.itertuples(index=False, name=None))}
            for name, frame in section.tables.items()
        },
        "maturity": section.maturity,
        "provenance": dict(section.provenance),
    }


def _plain(value: Any) -> Any:
    """Turn numpy and pandas values into what JSON knows."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return None if value is None or value is pd.NA or value is pd.NaT else str(value)
