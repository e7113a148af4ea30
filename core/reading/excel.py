"""Tables in workbooks: Excel (.xlsx, .xlsm, .xlsb, .xls) and OpenDocument (.ods)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from itertools import islice

from core.errors import UserError
from core.reading.bounds import DAMAGED, check_workbook
from core.reading.dialect import Stated
from core.reading.limits import MAX_SHEETS, check_members, check_shape
from core.reading.sheet import MAX_PREAMBLE, SAMPLE_RECORDS, Sheet, sheet_of
from core.wording import count, listing, quoted

LOCKED = "Open it with its password, save it without one, and choose it again."


def read_excel(data: bytes, sheet: str = "", kind: str = "xlsx", stated: Stated | None = None) -> Sheet:
    """Read one sheet of a workbook.

    Parameters
    ----------
    data : bytes
        The file.
    sheet : str
        The name of the sheet; empty for the first that holds cells.
    kind : str
        "xlsx", "xlsb", "xls" or "ods".
    stated : Stated
        What the analyst says about header, units, skipped rows and footer.

    Returns
    -------
    Sheet
        Its cells as text; whole numbers without a point.

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
        found = sheet_of(head, rows, stated or Stated())
    return replace(found, notes=(*told, *([several] if len(names) > 1 else []), *found.notes))


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
