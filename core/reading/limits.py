"""How much a file may hold, checked before memory is spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.wording import count, number, plural, quoted

MAX_BYTES = 500 * 2**20
MAX_COLUMNS = 20_000
MAX_CELLS = 60_000_000
MAX_CELL = 2**20
MAX_MEMBERS = 10_000
MAX_SHEETS = 500
MAX_SHEET_CELLS = 20_000_000
MAX_RATIO = 100
GRACE = 32 * 2**20
CHUNK = 2**20


@dataclass(frozen=True)
class Limit:
    """One limit of the reader.

    Parameters
    ----------
    name : str
        What is limited.
    most : str
        The largest amount that is read, with its unit.
    reason : str
        Why it is limited, one sentence.
    """

    name: str
    most: str
    reason: str


def limits() -> tuple[Limit, ...]:
    """Every limit of the reader with its reason.

    Examples
    --------
    >>> [limit.most for limit in limits() if limit.name == "columns"]
    ['20,000']
    """
    return (
        Limit("bytes of a file", _mb(MAX_BYTES), "The file and the table made of it stand in memory together."),
        Limit(
            "bytes of a packed file",
            _mb(MAX_BYTES),
            "A file of 10 MB may unpack to 10 GB; what is unpacked is counted, and nothing of it is kept once the "
            "file, by what it has unpacked to so far, would pass the limit.",
        ),
        Limit("columns", count(MAX_COLUMNS), "Every column is looked at by itself, so that time grows with each one."),
        Limit("cells", count(MAX_CELLS), "A cell takes about eight bytes once it is a number, and more as text."),
        Limit("length of one cell", _mb(MAX_CELL), "A longer cell is a document, or a quotation mark that never ends."),
        Limit("files in an archive", count(MAX_MEMBERS), "Each takes memory before a single one is unpacked."),
        Limit("sheets of a workbook", count(MAX_SHEETS), "Each sheet is looked at before one is offered."),
        Limit(
            "cells of a sheet",
            count(MAX_SHEET_CELLS),
            "A workbook is held cell by cell, at about a hundred bytes each, also those that are empty.",
        ),
        Limit(
            "packing of a workbook's part",
            f"{count(MAX_RATIO)} times",
            f"A part that unpacks to more than {_mb(GRACE)} and to more than {count(MAX_RATIO)} times its packed size "
            "is no sheet of different cells.",
        ),
    )


def _mb(n_bytes: int) -> str:
    return f"{number(n_bytes / 2**20)} MB"


def check_bytes(n_bytes: int, packed: bool = False) -> None:
    """Refuse a file, or the content of a compressed one, that is larger than ``MAX_BYTES``.

    Parameters
    ----------
    n_bytes : int
        What it holds.
    packed : bool
        The bytes are what a compressed file would unpack to, told by what it has unpacked to so far.

    Raises
    ------
    UserError
        The file is too large.
    """
    if n_bytes > MAX_BYTES:
        holds = (
            f"The file would unpack to about {_mb(n_bytes)}" if packed else f"The file holds more than {_mb(MAX_BYTES)}"
        )
        remedy = "Take a sample of its rows" + (", or unpack it first if it holds less." if packed else ".")
        raise UserError(f"{holds} of data; at most {_mb(MAX_BYTES)} can be read.", remedy)


def check_shape(n_rows: int, n_columns: int, most: int = 0) -> None:
    """Refuse a table with more than ``MAX_COLUMNS`` columns or ``MAX_CELLS`` cells.

    Parameters
    ----------
    n_rows, n_columns : int
        Its size.
    most : int
        The largest number of cells; 0 for ``MAX_CELLS``.

    Raises
    ------
    UserError
        The table is too large.
    """
    most = min(most, MAX_CELLS) or MAX_CELLS
    if n_columns > MAX_COLUMNS:
        problem = f"The table has {plural(n_columns, 'column')}; at most {count(MAX_COLUMNS)} can be read."
        raise UserError(problem, "Keep the columns that matter in the file.")
    if n_rows * n_columns > most:
        problem = (
            f"The table has about {plural(n_rows, 'row')} and {plural(n_columns, 'column')}, "
            f"{count(n_rows * n_columns)} cells; at most {count(most)} can be read."
        )
        raise UserError(problem, "Take a sample of its rows, or keep the columns that matter.")


def check_members(n_members: int, what: str = "files", most: int = 0) -> None:
    """Refuse an archive with more than ``MAX_MEMBERS`` files, or a workbook with too many sheets.

    Raises
    ------
    UserError
        There are too many.
    """
    most = most or MAX_MEMBERS
    if n_members > most:
        problem = f"The file holds about {count(n_members)} {what}; at most {count(most)} can be read."
        raise UserError(problem, "Keep the one with the table, and choose the file again.")


def check_cells(names: Iterable[str], columns: Iterable[pa.Array | pd.Series]) -> None:
    """Refuse a table with a cell of text longer than ``MAX_CELL`` bytes; the row and the column are named.

    Raises
    ------
    UserError
        A cell is too long.
    """
    for name, column in zip(names, columns, strict=False):
        if isinstance(column, pd.Series) or not len(column):
            continue
        words = column.dictionary if isinstance(column, pa.DictionaryArray) else column
        lengths = pc.fill_null(pc.binary_length(words), 0).to_numpy(zero_copy_only=False)
        if len(lengths) and lengths.max() > MAX_CELL:
            long = lengths > MAX_CELL
            if isinstance(column, pa.DictionaryArray):
                long = long[column.indices.fill_null(int(np.argmin(lengths))).to_numpy()]
            _refuse_cell(f"in row {count(np.argmax(long) + 1)} of column {quoted(name)}", int(lengths.max()))


def _refuse_cell(where: str, length: int) -> None:
    raise UserError(
        f"The cell {where} holds {_mb(length)} of text; at most {_mb(MAX_CELL)} can be read.",
        "Leave the column out of the file, or check that every quotation mark is closed.",
    )
