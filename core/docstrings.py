"""Read a method's docstring: the summary, the definition, its sections and its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SECTIONS = (
    "How it is detected",
    "Why it matters",
    "What to do",
    "Parameters",
    "Returns",
    "Raises",
    "References",
    "Examples",
)


@dataclass(frozen=True)
class Docstring:
    """A docstring taken apart.

    Parameters
    ----------
    summary : str
        The first paragraph, on one line.
    definition : str
        What stands between the summary and the first section.
    sections : mapping of str to str
        The text under each underlined heading.
    parameters : mapping of str to str
        The help of each parameter, on one line.
    """

    summary: str
    definition: str
    sections: Mapping[str, str]
    parameters: Mapping[str, str]


def parse(function: Callable) -> Docstring:
    """Take a function's docstring apart.

    Parameters
    ----------
    function : callable
        Its docstring has numpydoc headings: a line of text over a line of dashes.

    Returns
    -------
    Docstring
        Missing parts are empty.

    Examples
    --------
    >>> parse(parse).summary
    "Take a function's docstring apart."
    """
    text = inspect.getdoc(function) or ""
    parts = re.split(r"^([A-Z][^\n]+)\n-{3,}\n", text, flags=re.MULTILINE)
    head, *rest = parts
    sections = {title.strip(): body.strip() for title, body in zip(rest[::2], rest[1::2], strict=True)}
    summary, _, definition = head.strip().partition("\n\n")
    return Docstring(" ".join(summary.split()), definition.strip(), sections, _entries(sections.get("Parameters", "")))


def paragraph(text: str) -> str:
    """Join the lines of each paragraph, keeping the blank lines between paragraphs.

    Examples
    --------
    >>> paragraph("one\\ntwo\\n\\nthree")
    'one two\\n\\nthree'
    """
    return "\n\n".join(" ".join(block.split()) for block in re.split(r"\n\s*\n", text.strip()))


def _entries(section: str) -> dict[str, str]:
    parts = re.split(r"^(\w+) : .*$", section, flags=re.MULTILINE)
    return {name: " ".join(body.split()) for name, body in zip(parts[1::2], parts[2::2], strict=True)}
