"""Tables in binary files: Parquet and Excel."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from core.errors import UserError
from core.reading.limits import CHUNK, check_bytes, check_shape
from core.wording import count, listing, quoted

DAMAGED = "It may be cut off or damaged; choose it again."
CELL = re.compile(rb'\br="([A-Z]{0,3})([0-9]{1,7})"')
TEXT_TYPES = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def read_parquet(data: bytes) -> tuple[list[str], list[pa.Array | pd.Series], tuple[str, ...]]:
    """Read a Parquet file; its own types hold.

    Returns
    -------
    names : list of str
    columns : list
        Numbers as pandas.Series, everything else as text (pyarrow.Array of string).
    notes : tuple of str

    Raises
    ------
    UserError
        The file is damaged or too large.
    """
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        check_shape(file.metadata.num_rows, file.metadata.num_columns)
        groups = range(file.metadata.num_row_groups)
        check_bytes(sum(file.metadata.row_group(group).total_byte_size for group in groups))
        names = file.schema_arrow.names
        table = file.read(use_pandas_metadata=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError, OSError) as error:
        raise UserError("The Parquet file cannot be read.", DAMAGED) from error
    columns = [_plain(column) for column in table.columns]
    return list(names), columns, ()


def _plain(column: pa.ChunkedArray) -> pa.Array | pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if pa.types.is_uint64(kind) and (column.null_count == len(column) or pa.compute.max(column).as_py() > 2**63 - 1):
        return _numbers(column.cast(pa.float64()))
    if pa.types.is_integer(kind):
        return _numbers(column.cast(pa.int64()))
    if pa.types.is_floating(kind):
        return _numbers(column.cast(pa.float64()))
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    return _text(column)


def _numbers(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_integer(column.type) and column.null_count:
        gaps = np.concatenate([np.asarray(chunk.is_null()) for chunk in column.chunks])
        return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), gaps))
    return pd.Series(column.to_numpy().copy())


def _text(column: pa.ChunkedArray) -> pa.Array:
    if any(is_text(column.type) for is_text in TEXT_TYPES):
        return pa.array(column.to_pylist(), pa.string())
    if pa.types.is_boolean(column.type):
        return pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())
    return pa.array([_spelled(cell) for cell in column.to_pylist()], pa.string())


def _spelled(cell: object) -> str | None:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return None if cell is None else str(cell)


def read_excel(data: bytes, sheet: str = "") -> tuple[list[list[object]], str, tuple[str, ...]]:
    """Read one sheet of an Excel workbook.

    Parameters
    ----------
    data : bytes
        The file.
    sheet : str
        The name of the sheet; empty for the first that holds cells.

    Returns
    -------
    rows : list of list
        The cells, as text.
    sheet : str
        The sheet that was read.
    notes : tuple of str

    Raises
    ------
    UserError
        The workbook is damaged, encrypted or too large, or has no such sheet.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    _check_archive(data)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as book:
            names = book.sheet_names
            if sheet and sheet not in names:
                raise UserError(f"The workbook has no sheet {quoted(sheet)}.", f"Choose one of {listing(names)}.")
            for name in [sheet] if sheet else names:
                rows = book.get_sheet_by_name(name).to_python(skip_empty_area=True)
                if rows:
                    break
    except CalamineError as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error
    if not rows:
        raise UserError("The Excel workbook holds no cells.", "Choose a workbook with a table on its first sheet.")
    notes = ()
    if len(names) > 1:
        notes = (f"The workbook has {count(len(names))} sheets, {listing(names)}; {quoted(name)} was read.",)
    return [[_cell(value) for value in row] for row in rows], name, notes


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
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error


def _measure(stream, is_sheet: bool) -> None:
    """Unpack a part; refuse a sheet whose cells lie so far apart that the table between them is too large."""
    n_rows = n_columns = 1
    tail = b""
    while chunk := stream.read(CHUNK):
        if is_sheet:
            for letters, row in CELL.findall(tail + chunk):
                n_rows = max(n_rows, int(row))
                n_columns = max(n_columns, _column_number(letters))
            tail = chunk[-20:]
    check_shape(n_rows, n_columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
