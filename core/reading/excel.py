"""Tables in workbooks: Excel (.xlsx, .xlsm, .xlsb, .xls) and OpenDocument (.ods)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import islice

import pyarrow as pa

from core.errors import UserError
from core.reading.bounds import DAMAGED, check_workbook
from core.reading.header import find_header
from core.reading.limits import MAX_SHEETS, check_members, check_shape
from core.wording import count, listing, plural, quoted

BATCH = 5_000
MAX_PREAMBLE = 20
SAMPLE_RECORDS = 400
LOCKED = "Open it with its password, save it without one, and choose it again."


def read_excel(data: bytes, sheet: str = "", kind: str = "xlsx") -> tuple[list[str], list[pa.Array], tuple[str, ...]]:
    """Read one sheet of a workbook.

    Parameters
    ----------
    data : bytes
        The file.
    sheet : str
        The name of the sheet; empty for the first that holds cells.
    kind : str
        "xlsx", "xlsb", "xls" or "ods".

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
    told = check_workbook(data, kind)
    with _book(data) as book:
        names = _sheet_names(book)
        if sheet and sheet not in names:
            raise UserError(f"The workbook has no sheet {quoted(sheet)}.", f"Choose one of {listing(names)}.")
        several = ""
        for name in [sheet] if sheet else names:
            rows = _rows(book, name)
            head = list(islice(rows, SAMPLE_RECORDS + MAX_PREAMBLE))
            several = f"The workbook has {count(len(names))} sheets, {listing(names)}; {quoted(name)} was read."
            if head:
                break
        else:
            raise UserError(
                "The Excel workbook holds no cells.", "Choose a workbook with a table on one of its sheets."
            )
        header, columns, notes = _table(head, rows)
    return header, columns, (*told, *([several] if len(names) > 1 else []), *notes)


def sheet_names(data: bytes, kind: str) -> tuple[str, ...]:
    """Name the sheets of a workbook that hold cells; the only sheet of a workbook is named without a look at it.

    Raises
    ------
    UserError
        The workbook is damaged, encrypted or too large.
    """
    check_workbook(data, kind)
    with _book(data) as book:
        names = _sheet_names(book)
        return tuple(names if len(names) == 1 else [name for name in names if next(_rows(book, name), None)])


def _book(data: bytes):
    from python_calamine import CalamineWorkbook

    with _guarded():
        return CalamineWorkbook.from_filelike(BytesIO(data))


@contextmanager
def _guarded() -> Iterator[None]:
    """Say that a workbook is damaged or encrypted; the reader beneath gives up on some damage with an error of its own."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise UserError("The workbook is encrypted.", LOCKED) from error
    except (CalamineError, OSError, ValueError) as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error


def _sheet_names(book) -> list[str]:
    from python_calamine import SheetTypeEnum

    names = [one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet] or book.sheet_names
    check_members(len(names), "sheets", MAX_SHEETS)
    return names


def _rows(book, name: str) -> Iterator[list[str]]:
    """Yield the rows of a sheet as text, from the first that holds a cell."""
    with _guarded():
        sheet = book.get_sheet_by_name(name)
    if not sheet.height:
        return
    check_shape(sheet.height, sheet.width)
    for row in islice(sheet.iter_rows(), sheet.start[0], None):
        yield [_cell(value) for value in row]


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _table(head: list[list[str]], rows: Iterator[list[str]]) -> tuple[list[str], list[pa.Array], list[str]]:
    """Part the header from the cells, and keep these column by column."""
    width, first, notes = len(head[0]), 0, []
    while width > 2 and first < min(MAX_PREAMBLE, len(head) - 1) and sum(bool(cell) for cell in head[first]) < 2:
        first += 1
    if first:
        notes.append(f"{plural(first, 'row')} before the header left out.")
    names, is_header, more = find_header(head[first:][:SAMPLE_RECORDS], width, ".")
    chunks = [_columns(head[first + is_header :], width)]
    while batch := list(islice(rows, BATCH)):
        chunks.append(_columns(batch, width))
    return list(names), [pa.concat_arrays(parts) for parts in zip(*chunks, strict=True)], [*notes, *more]


def _columns(rows: list[list[str]], width: int) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in (zip(*rows, strict=True) if rows else [()] * width)]
