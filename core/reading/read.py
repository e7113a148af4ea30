"""Read a file as a table: its content decides what it is, and every choice on the way is noted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import astuple, replace

import pandas as pd

from core.errors import UserError
from core.reading import limits
from core.reading.archive import Opened, opened, sheets
from core.reading.arff import read_arff
from core.reading.assemble import assemble
from core.reading.dialect import Stated, find_dialect
from core.reading.encoding import decode, why_encoding
from core.reading.excel import read_excel
from core.reading.kinds import READABLE
from core.reading.large import read_large
from core.reading.limits import check_bytes, check_shape
from core.reading.parquet import read_parquet
from core.reading.records import read_records
from core.table import Reading, Table
from core.wording import listing, quoted

__all__ = ["read", "sheets"]

YES_NO = ("", "yes", "no")
THOUSANDS = {"": "", "none": "", ",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe"}
MAX_DELIMITER = 8
MAX_LINES = 10_000


def read(
    source: bytes | str | os.PathLike,
    name: str = "",
    *,
    delimiter: str = "",
    encoding: str = "",
    decimal: str = "",
    thousands: str = "",
    quote: str = "",
    header: str = "",
    skip: str = "",
    footer: str = "",
    units: str = "",
    missing_tokens: Sequence[str] = (),
    sheet: str = "",
) -> Table:
    """Read CSV and its relatives (also gzipped), Parquet or Excel as a table.

    Parameters
    ----------
    source : bytes, str or path
        The content of a file, or where it is.
    name : str
        What to call the table; the file's own name if empty.
    delimiter : str
        What parts the cells of a text file: one character or several, "blanks" for runs of blanks, "fixed" for columns
        that begin at the same places of all lines; empty to find it out, as for all that follows.
    encoding : str
        Such as "utf-8".
    decimal : str
        "." or ",".
    thousands : str
        The mark between groups of three digits: ",", ".", " ", "'", or "none".
    quote : str
        The quotation mark around cells: '"', "'", or "none".
    header : str
        "yes" if the first record holds the names of the columns, "no" if it does not.
    skip, footer : str
        Lines before the header, and lines at the end, to leave out: "0", "1", and so on.
    units : str
        "yes" if the row under the header holds units, "no" if it is a record.
    missing_tokens : sequence of str
        Words that mean "missing" in every column, besides the empty cell.
    sheet : str
        The sheet of a workbook; empty for the first that holds cells.

    Returns
    -------
    Table
        The cells with their types, and in ``reading`` what was decided.

    Raises
    ------
    UserError
        The file is not a table that can be read; it says why and what to do.

    Examples
    --------
    >>> read(b"age;risk\\n31;low\\n48;high\\n").frame.dtypes.astype(str).tolist()
    ['int64', 'str']
    """
    stated = Stated(delimiter, decimal, thousands, quote, header, skip, footer, units)
    _check_choices(stated)
    tokens = tuple(dict.fromkeys(str(token) for token in missing_tokens))
    large = read_large(source, name, encoding=encoding, stated=stated, tokens=tokens)
    if large is not None:
        return large
    data, name = _content(source, name)
    frame, reading = _content_of(opened(data, sheet), encoding, stated, tokens)
    choices = (reading.kind, reading.encoding, reading.delimiter, reading.decimal, tokens, sheet, list(frame.columns))
    choices = (*choices, astuple(stated), len(frame))
    digest = hashlib.sha1(data, usedforsecurity=False)
    digest.update(repr(choices).encode("utf-8", "replace"))
    return Table(frame, name, digest.hexdigest()[:32], reading)


def _content_of(packed: Opened, encoding: str, stated: Stated, tokens: Sequence[str]) -> tuple[pd.DataFrame, Reading]:
    if packed.kind == "Parquet":
        names, cells = read_parquet(packed.body)
        frame, reading = assemble(names, cells, packed.notes, Reading("Parquet"), tokens, numbers=False)
    elif packed.kind == "ARFF":
        names, cells, notes = read_arff(packed.body)
        frame, reading = assemble(names, cells, (*packed.notes, *notes), Reading("ARFF"), tokens, numbers=False)
        reading = replace(reading, missing_tokens={word or "?": n for word, n in reading.missing_tokens.items()})
    elif packed.kind == "text":
        frame, reading = _text(packed.body, encoding, stated, tokens, packed.notes)
    else:
        sheet = read_excel(packed.body, packed.sheet, packed.kind, stated)
        start = Reading("Excel", decisions=sheet.decisions)
        notes = (*packed.notes, *sheet.notes)
        frame, reading = assemble(sheet.names, sheet.columns, notes, start, tokens, units=sheet.units)
    return frame, reading


def _check_choices(stated: Stated) -> None:
    """Refuse what cannot be, with what can."""
    delimiter, decimal = stated.delimiter, stated.decimal
    if len(delimiter) > MAX_DELIMITER or any(sign in delimiter for sign in '"\n\r'):
        problem = (
            f"{quoted(delimiter)} cannot part cells: a delimiter has from 1 to {MAX_DELIMITER} characters on one line."
        )
        raise UserError(problem, "Try a comma, a semicolon, a tab, a bar, 'blanks' or 'fixed'.")
    if decimal not in ("", ".", ","):
        raise UserError("A decimal mark is a point or a comma.", "Choose '.' or ','.")
    if decimal == delimiter == ",":
        raise UserError("The comma cannot be both delimiter and decimal mark.", "Choose another delimiter.")
    if stated.thousands not in THOUSANDS:
        problem = f"{quoted(stated.thousands)} is no mark between groups of three digits."
        raise UserError(problem, "Choose a comma, a point, a blank, an apostrophe, or 'none'.")
    if decimal and stated.thousands == decimal:
        problem = f"{THOUSANDS[decimal].capitalize()} cannot be both decimal mark and thousands mark."
        raise UserError(problem, "Choose another of the two.")
    if stated.quote not in ("", '"', "'", "none"):
        raise UserError(f"{quoted(stated.quote)} is no quotation mark.", "Choose \", ', or 'none'.")
    for name, value in (("header", stated.header), ("units", stated.units)):
        if value not in YES_NO:
            raise UserError(f"{quoted(value)} is no answer for '{name}'.", "Choose 'yes' or 'no'.")
    for name, value in (("skip", stated.skip), ("footer", stated.footer)):
        if value and not (value.isascii() and value.isdigit() and int(value[:9]) <= MAX_LINES):
            problem = f"{quoted(value)} is no number of lines for '{name}'."
            raise UserError(problem, f"Choose a whole number from 0 to {MAX_LINES:,}.")


def _content(source: bytes | str | os.PathLike, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        check_bytes(len(source))
        return bytes(source), name or "table"
    path = os.fspath(source)
    shown = name or os.path.basename(path)
    if os.path.isdir(path):
        raise UserError(f"{listing([path])} is a folder.", READABLE)
    if "\x00" in path or not os.path.exists(path):
        raise UserError(f"There is no file {listing([path])}.", "Check its name and its folder.")
    if not os.path.isfile(path):
        raise UserError(f"{listing([path])} is not a file.", READABLE)
    check_bytes(os.path.getsize(path))
    try:
        with open(path, "rb") as file:
            return file.read(), shown
    except OSError as error:
        raise UserError(f"The file {listing([path])} cannot be opened.", "Check that you may read it.") from error


def _text(
    body: bytes, encoding: str, stated: Stated, tokens: Sequence[str], told: Sequence[str]
) -> tuple[pd.DataFrame, Reading]:
    data = body
    body, used, notes = decode(data, encoding)
    if not body or body.isspace():
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    dialect = find_dialect(body, stated=stated)
    n_lines = (body.count(b"\n") or body.count(b"\r")) if len(body) > limits.MAX_CELLS else 0
    check_shape(n_lines, len(dialect.header))
    columns, more = read_records(body, dialect)
    reading = Reading(
        "CSV",
        used,
        dialect.delimiter,
        dialect.decimal,
        decisions=(why_encoding(data, used, notes, encoding), *dialect.decisions),
        thousands=dialect.thousands,
        quote="" if dialect.quote == "none" else dialect.quote,
    )
    notes = (*told, *notes, *dialect.notes, *more)
    return assemble(dialect.header, columns, notes, reading, tokens, units=dialect.units)
