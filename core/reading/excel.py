"""Tables in Excel workbooks."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from typing import IO

import numpy as np
import pyarrow as pa

from core.errors import UserError
from core.reading.dialect import MAX_PREAMBLE, SAMPLE_RECORDS, find_header
from core.reading.limits import CHUNK, check_bytes, check_shape
from core.wording import count, listing, plural, quoted

DAMAGED = "It may be cut off or damaged; choose it again."
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError)
PLACE = re.compile(rb'\br="([A-Z]{0,3})([0-9]{1,7})"')
REFERENCE = re.compile(rb't="s"[^>]*>\s*<(?:\w+:)?v>([0-9]{1,9})<')
SHARED = "xl/sharedStrings.xml"


def read_excel(data: bytes, sheet: str = "", kind: str = "xlsx") -> tuple[list[str], list[pa.Array], tuple[str, ...]]:
    """Read one sheet of an Excel workbook.

    Parameters
    ----------
    data : bytes
        The file.
    sheet : str
        The name of the sheet; empty for the first that holds cells.

    Returns
    -------
    names : list of str
    columns : list of pyarrow.Array of string
        The cells as text; whole numbers without a point.
    notes : tuple of str

    Raises
    ------
    UserError
        The workbook is damaged, encrypted or too large, or has no such sheet.
    """
    _check_archive(data)
    rows, notes = _rows(data, sheet)
    width = max(len(row) for row in rows)
    first = 0
    while width > 2 and first < min(MAX_PREAMBLE, len(rows) - 1) and sum(bool(cell) for cell in rows[first]) < 2:
        first += 1
    if first:
        notes.append(f"{plural(first, 'row')} before the header left out.")
    rows = [[*row, *[""] * (width - len(row))] for row in rows[first:]]
    names, is_header, more = find_header(rows[:SAMPLE_RECORDS], width, ".")
    cells = list(zip(*rows[is_header:], strict=True)) or [()] * width
    return list(names), [pa.array(column, pa.string()) for column in cells], (*notes, *more)


def _rows(data: bytes, sheet: str) -> tuple[list[list[str]], list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            names = book.sheet_names
            if sheet and sheet not in names:
                raise UserError(f"The workbook has no sheet {quoted(sheet)}.", f"Choose one of {listing(names)}.")
            rows: list[list[object]] = []
            for name in [sheet] if sheet else names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
                if rows:
                    break
    except (CalamineError, OSError, ValueError) as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error
    if not rows:
        raise UserError("The Excel workbook holds no cells.", "Choose a workbook with a table on one of its sheets.")
    several = f"The workbook has {count(len(names))} sheets, {listing(names)}; {quoted(name)} was read."
    return [[_cell(value) for value in row] for row in rows], [several] if len(names) > 1 else []


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _check_archive(data: bytes) -> None:
    """Add up what the archive says that it holds, unpack each part once to see that it is true, and measure the sheets."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            check_bytes(sum(part.file_size for part in parts))
            for part in parts:
                with archive.open(part) as stream:
                    _measure(stream, part.filename.startswith("xl/worksheets/"))
            _check_text(archive)
    except DAMAGE as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error


def _measure(stream: IO[bytes], is_sheet: bool) -> None:
    """Unpack a part; refuse a sheet whose cells lie so far apart that the table between them is too large."""
    n_rows = n_columns = 1
    tail = b""
    while chunk := stream.read(CHUNK):
        if is_sheet:
            for letters, row in PLACE.findall(tail + chunk):
                n_rows = max(n_rows, int(row))
                n_columns = max(n_columns, _column_number(letters))
            tail = chunk[-20:]
    check_shape(n_rows, n_columns)


def _check_text(archive: zipfile.ZipFile) -> None:
    """Refuse a workbook that repeats long texts so often that they pass the limit once every cell has its own."""
    if SHARED not in archive.namelist():
        return
    lengths = np.array([len(text) for text in re.split(rb"</(?:\w+:)?si>", archive.read(SHARED))], dtype="int64")
    for name in archive.namelist():
        if name.startswith("xl/worksheets/"):
            used = np.array([int(number) for number in REFERENCE.findall(archive.read(name))], dtype="int64")
            check_bytes(int(lengths[used[used < len(lengths)]].sum()))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
