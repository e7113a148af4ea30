"""A table before its target is chosen, and how it was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

NUMBERS_AS_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")


@dataclass(frozen=True)
class Decision:
    """One thing that was decided while a file was read.

    Parameters
    ----------
    name : str
        What was decided: the name of the argument of ``read`` that overrules it ("encoding", "delimiter", "quote",
        "decimal", "thousands", "header", "skip", "footer", "units", "missing_tokens"), or "index column", "repeated
        headers", "kind" and "damage", which have none.
    value : str
        What was chosen, spelled as the argument takes it.
    confidence : str
        "certain", "likely" or "guess", from how far the best explanation is ahead of the second best; "stated" if the
        analyst chose.
    reason : str
        One sentence with the numbers behind it.
    column : str
        The column that it is about; empty for the whole file.
    """

    name: str
    value: str
    confidence: str
    reason: str
    column: str = ""


@dataclass(frozen=True, eq=False)
class Reading:
    """How a file was read.

    Parameters
    ----------
    kind : str
        "CSV", "Parquet", "Excel" or "data frame".
    encoding, delimiter, decimal : str
        Empty where they do not apply.
    notes : tuple of str
        What was decided on the way, one sentence each.
    missing_tokens : mapping of str to int
        Which cells were taken as missing, and how many of each; the empty cell is ``""``.
    suspects : mapping of str to int
        Words that look like missing values and were kept, with their counts; suggested, never applied unasked.
    decisions : tuple of Decision
        Everything that was decided about the file, with its confidence and its reason.
    units : mapping of str to str
        The unit of a column, from a row under the header or a mark in every cell.
    kinds : mapping of str to str
        What each column holds: "whole number", "number", "yes/no", "date" or "text".
    thousands, quote : str
        The mark between groups of three digits and the quotation mark; empty where there is none.
    """

    kind: str = "data frame"
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    notes: tuple[str, ...] = ()
    missing_tokens: Mapping[str, int] = field(default_factory=dict)
    suspects: Mapping[str, int] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    thousands: str = ""
    quote: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """What a file held, before a target is chosen.

    Parameters
    ----------
    frame : pandas.DataFrame
        Numeric columns are int64, Int64 (whole numbers with gaps) or float64; everything else is ``str`` text with the
        file's own spelling.
        Column names are unique and not empty. Missing cells are NaN.
    name : str
        The file's name without its folder.
    fingerprint : str
        A digest of the file's bytes and of every choice made while reading it.
    reading : Reading
        How it was read.
    all_rows : core.reading.all_rows.AllRows or None
        Of a table too large for memory: a handle on all of its rows, of which ``frame`` is a random sample.
    """

    frame: pd.DataFrame
    name: str
    fingerprint: str
    reading: Reading = field(default_factory=Reading)
    all_rows: Any = None

    @property
    def n_rows(self) -> int:
        """Rows of the whole table."""
        return len(self.frame) if self.all_rows is None else self.all_rows.n_rows

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, name: str = "table") -> Table:
        """Take a data frame as a table; names are made unique, other types become numbers or text.

        As in a file, a text cell without a visible character is missing.
        """
        tidy = _tidy(frame)
        digest = hashlib.blake2b(pd.util.hash_pandas_object(tidy, index=False).to_numpy().tobytes(), digest_size=16)
        digest.update(repr(list(tidy.columns)).encode("utf-8", "replace"))
        return cls(tidy, name, digest.hexdigest())


def unique_names(names: Iterable[object]) -> list[str]:
    """Make column names unique and not empty: a second "a" becomes "a.2", an empty one "column 3".

    Examples
    --------
    >>> unique_names(["a", "a", ""])
    ['a', 'a.2', 'column 3']
    """
    seen: set[str] = set()
    result = []
    for position, name in enumerate(names, start=1):
        nameless = name is None or name != name or not str(name).strip()
        base = f"column {position}" if nameless else str(name)
        candidate, copy = base, 2
        while candidate in seen:
            candidate, copy = f"{base}.{copy}", copy + 1
        seen.add(candidate)
        result.append(candidate)
    return result


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame.columns = unique_names(frame.columns)
    return frame.apply(_tidy_column) if frame.shape[1] else frame


def _tidy_column(column: pd.Series) -> pd.Series:
    typed = _typed(column)
    return pd.Series(np.full(len(typed), np.nan)) if typed.isna().all() else typed


def _typed(column: pd.Series) -> pd.Series:
    if pd.api.types.infer_dtype(column, skipna=True) in NUMBERS_AS_OBJECTS and column.dtype == object:
        column = pd.to_numeric(column)
    if pd.api.types.is_bool_dtype(column.dtype):
        return _text(column)
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        whole = pd.api.types.is_integer_dtype(column.dtype) and column.dtype != "uint64"
        return column.astype("float64" if not whole else "Int64" if column.isna().any() else "int64")
    return _text(column)


def _text(column: pd.Series) -> pd.Series:
    text = column
    if column.dtype != "str":
        text = column.astype(object).where(column.notna(), None).map(str, na_action="ignore").astype("str")
    return text.where(text.str.strip() != "")
