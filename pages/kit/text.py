"""Text on its way to a page: what came from a file is shown as it is, and never taken for markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.wording import clip, plain

JOINED = r"(\\:)(?=\\/\\/)|(www)(?=\\\.)|(\\@)|(\\:)(?=\w)|(\\[-<>=~])(?=\\[-<>=~])"
"""Where a link, a named icon, or a dash or arrow made of several characters would begin: an invisible joiner stops it."""


def md(text: object) -> str:
    """Escape text for Markdown: what is read is what was given, and nothing is fetched or becomes a link.

    Examples
    --------
    >>> md("**b**")
    '\\\\*\\\\*b\\\\*\\\\*'
    """
    line = re.sub(r"[\r\n]+", " ", str(text)).replace("  ", " \u00a0")
    line = re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&@/%\"'])", r"\\\1", line)
    return re.sub(JOINED, lambda hit: hit[0] + "\u2060", line)


def prose(text: str) -> str:
    """Write a method's own text: paragraphs stay, names between double backticks are set as code."""
    parts = re.split(r"``([^`]+)``", text)
    lines = [
        f"`{part}`" if i % 2 else "\n\n".join(md(block) for block in part.split("\n\n")) for i, part in enumerate(parts)
    ]
    return "".join(lines)


def naming(shown: Mapping[Any, str]) -> Callable[[Any], str]:
    """Names for the options of a widget; an option of a table that was there before has its own text."""
    return lambda option: shown.get(option, clip(option))


def labels(options: Sequence[object], limit: int = 80) -> dict[Any, str]:
    """Short names for options, on one line and all different."""
    shown: dict[Any, str] = {}
    taken: set[str] = set()
    for option in options:
        text, copy = clip(option, limit) or "(empty)", 2
        while text in taken:
            text, copy = f"{clip(option, limit)} ({copy})", copy + 1
        taken.add(text)
        shown[option] = text
    return shown


def typed(value: object) -> str:
    """A choice as text for the link; a number below 0.0001 without an exponent.

    Examples
    --------
    >>> typed(0.00001), typed(5.0), typed(7), typed("a")
    ('0.00001', '5.0', '7', 'a')
    """
    return plain(value) if isinstance(value, float) and abs(value) < 1e-4 and value else str(value)


def file_name(name: str) -> str:
    """A file name that is safe on every system."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-80:]
    return safe if "." in safe or not safe.isupper() else f"file_{safe}"
