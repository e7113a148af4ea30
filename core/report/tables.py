"""Tables on their way out: as CSV that no spreadsheet runs, and as cells of a report."""

from __future__ import annotations

import csv
import re

import numpy as np
import pandas as pd

from core.wording import MINUS, MISSING, clip, number, of, plural

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet take a cell for a formula; the last four are the wide forms of the first."""

PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
CELL_LIMIT = 120


def to_csv(frame: pd.DataFrame) -> str:
    """Write a table as CSV text whose cells no spreadsheet runs as formulas.

    Text cells and column names that start with one of ``STARTS`` get an apostrophe in front, unless they are plain
    numbers such as "-1". The index is not written. Text stands in quotes. Missing cells are empty.

    Parameters
    ----------
    frame : pandas.DataFrame
        Not changed.

    Returns
    -------
    str
        With a header line; lines end with a newline.

    Examples
    --------
    >>> print(to_csv(pd.DataFrame({"name": ["=1+1", "-1"], "value": [-1.0, 2.0]})), end="")
    "name","value"
    "'=1+1",-1.0
    "-1",2.0
    """
    safe = {
        position: column if pd.api.types.is_numeric_dtype(column.dtype) else column.astype(object).map(_defused)
        for position, (_, column) in enumerate(frame.items())
    }
    table = pd.DataFrame(safe, index=frame.index)
    return table.to_csv(
        index=False,
        header=[_defused(str(name)) for name in frame.columns],
        quoting=csv.QUOTE_NONNUMERIC,
        lineterminator="\n",
    )


def _defused(value: object) -> object:
    dangerous = isinstance(value, str) and value.startswith(STARTS) and not PLAIN_NUMBER.fullmatch(value)
    return "'" + value if dangerous else value


def cell(value: object) -> str:
    """Write one cell of a table for a reader: few digits, one line, a dash where nothing is.

    Examples
    --------
    >>> cell(0.12345), cell(1204), cell(float("nan")), cell("two\\nlines")
    ('0.123', '1,204', '–', 'two\\\\nlines')
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, float | np.floating):
        return number(float(value)).replace(MINUS, "-")
    return clip(value, CELL_LIMIT)


def cut(frame: pd.DataFrame, limit: int) -> tuple[pd.DataFrame, str]:
    """The first rows of a table, and a sentence that says how many of how many are shown.

    Examples
    --------
    >>> cut(pd.DataFrame({"a": range(3)}), 2)[1]
    'The first 2 of 3 rows (67 %).'
    """
    if len(frame) <= limit:
        return frame, plural(len(frame), "row") + "."
    return frame.head(limit), f"The first {of(limit, len(frame))}."
