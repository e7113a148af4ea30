"""The sample tables that come with the program."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import unknown
from core.reading.read import read
from core.table import Table

FOLDER = Path(__file__).parents[2] / "sample_data"


@dataclass(frozen=True)
class Sample:
    """One sample table.

    Parameters
    ----------
    slug, file, title : str
        Its short name, its file's name and what to call it.
    target, positive : str
        The column with the classes, and the class of interest.
    leave_out : tuple of str
        Columns that no method should see.
    source, licence, what_is_wrong : str
        One line each.
    """

    slug: str
    file: str
    title: str
    target: str
    positive: str
    leave_out: tuple[str, ...]
    source: str
    licence: str
    what_is_wrong: str


@cache
def samples() -> tuple[Sample, ...]:
    """List the sample tables, the opening example first.

    Examples
    --------
    >>> samples()[0].target
    'failed_within_90_days'
    """
    entries = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return tuple(Sample(**{**entry, "leave_out": tuple(entry["leave_out"])}) for entry in entries)


def load(slug: str) -> Table:
    """Read a sample table by its short name.

    Raises
    ------
    UserError
        There is no such sample; close names are offered.
    """
    known = {sample.slug: sample for sample in samples()}
    if slug not in known:
        raise unknown("sample", slug, known)
    return read(FOLDER / known[slug].file)
