"""Read a file as a table: its content decides what it is, and every choice on the way is noted."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.reading.archive import opened
from core.reading.arff import read_arff
from core.reading.columns import Column, typed
from core.reading.dialect import find_dialect
from core.reading.encoding import decode
from core.reading.excel import read_excel
from core.reading.kinds import READABLE
from core.reading.limits import check_bytes, check_cells, check_shape
from core.reading.parquet import read_parquet
from core.reading.records import read_records
from core.table import Reading, Table, unique_names
from core.wording import count, listing, plural

MAX_NOTES = 10


def read(
    source: bytes | str | os.PathLike,
    name: str = "",
    *,
    delimiter: str = "",
    encoding: str = "",
    decimal: str = "",
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
    delimiter, encoding, decimal : str
        How a text file is written; empty to find it out.
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
    _check_choices(delimiter, decimal)
    data, name = _content(source, name)
    tokens = tuple(dict.fromkeys(str(token) for token in missing_tokens))
    packed = opened(data, sheet)
    if packed.kind == "Parquet":
        names, cells = read_parquet(packed.body)
        frame, reading = _assemble(names, cells, packed.notes, Reading("Parquet"), tokens, numbers=False)
    elif packed.kind == "ARFF":
        names, cells, notes = read_arff(packed.body)
        frame, reading = _assemble(names, cells, (*packed.notes, *notes), Reading("ARFF"), tokens, numbers=False)
        reading = replace(reading, missing_tokens={word or "?": n for word, n in reading.missing_tokens.items()})
    elif packed.kind == "text":
        frame, reading = _text(packed.body, delimiter, encoding, decimal, tokens, packed.notes)
    else:
        names, cells, notes = read_excel(packed.body, packed.sheet, packed.kind)
        frame, reading = _assemble(names, cells, (*packed.notes, *notes), Reading("Excel"), tokens)
    choices = (reading.kind, reading.encoding, reading.delimiter, reading.decimal, tokens, sheet, list(frame.columns))
    digest = hashlib.blake2b(data, digest_size=16)
    digest.update(repr(choices).encode("utf-8", "replace"))
    return Table(frame, name, digest.hexdigest(), reading)


def _check_choices(delimiter: str, decimal: str) -> None:
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
        raise UserError("A delimiter is one character.", "Try a comma, a semicolon, a tab or a bar.")
    if decimal not in ("", ".", ","):
        raise UserError("A decimal mark is a point or a comma.", "Choose '.' or ','.")
    if decimal == delimiter == ",":
        raise UserError("The comma cannot be both delimiter and decimal mark.", "Choose another delimiter.")


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


def _text(body: bytes, delimiter: str, encoding: str, decimal: str, tokens: Sequence[str], told: Sequence[str] = ()):
    body, encoding, notes = decode(body, encoding)
    if not body.strip():
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    dialect = find_dialect(body, delimiter, decimal)
    check_shape(body.count(b"\n") or body.count(b"\r"), len(dialect.header))
    columns, more = read_records(body, dialect)
    reading = Reading("CSV", encoding, dialect.delimiter, dialect.decimal)
    return _assemble(dialect.header, columns, (*told, *notes, *dialect.notes, *more), reading, tokens)


def _assemble(
    header: Iterable[str],
    cells: list,
    notes: Sequence[str],
    reading: Reading,
    tokens: Sequence[str],
    numbers: bool = True,
) -> tuple[pd.DataFrame, Reading]:
    """Give every column its name and type, leave out empty rows and an empty last column, and write the notes."""
    notes = list(notes)
    spelled = [name.strip() for name in header]
    if any(name.strip() and name.strip() != name for name in header):
        notes.append("Blanks around column names removed.")
    check_cells(spelled, cells)
    cells, spelled, dropped = _without_empty_end(cells, spelled)
    notes += dropped
    cells, n_empty = _without_empty_rows(cells)
    if n_empty:
        notes.append(f"{plural(n_empty, 'row')} without a single value left out.")
    names = unique_names(spelled)
    changed = [new for new, old in zip(names, spelled, strict=True) if new != old]
    if changed:
        notes.append(f"{plural(len(changed), 'column')} had no name or one that was taken: now {listing(changed)}.")
    columns = [
        _column(column, name, reading.decimal or ".", tokens, numbers)
        for column, name in zip(cells, names, strict=True)
    ]
    frame = pd.DataFrame(dict(zip(names, (column.values for column in columns), strict=True)))
    missing, suspects = sum((c.missing for c in columns), Counter()), sum((c.suspects for c in columns), Counter())
    stripped = sum(column.stripped for column in columns)
    if stripped:
        notes.append(f"Blanks around the text of {plural(stripped, 'cell')} removed.")
    told = [column.note for column in columns if column.note]
    notes += told[:MAX_NOTES]
    if len(told) > MAX_NOTES:
        notes.append(f"{plural(len(told) - MAX_NOTES, 'further column')} kept as text for reasons of this kind.")
    if frame.shape[1] == 0 or len(frame) == 0:
        raise UserError("The file has a header but no rows.", "Choose a file with rows under its header.")
    return frame, Reading(
        reading.kind, reading.encoding, reading.delimiter, reading.decimal, tuple(notes), dict(missing), dict(suspects)
    )


def _without_empty_end(cells: list, names: list[str]) -> tuple[list, list[str], list[str]]:
    """Leave out columns at the end that have neither a name nor a cell."""
    n_dropped = 0
    while (
        len(cells) > 1
        and not names[-1]
        and isinstance(cells[-1], pa.Array)
        and not any(value and value.strip() for value in cells[-1].unique().to_pylist())
    ):
        cells, names = cells[:-1], names[:-1]
        n_dropped += 1
    if not n_dropped:
        return cells, names, []
    noun = "Empty column" if n_dropped == 1 else f"{count(n_dropped)} empty columns"
    return cells, names, [f"{noun} at the end of the table left out."]


def _without_empty_rows(cells: list) -> tuple[list, int]:
    """Leave out rows in which every cell is empty."""
    empty = None
    for column in cells:
        blank = column.isna().to_numpy() if isinstance(column, pd.Series) else _blank(column)
        empty = blank if empty is None else empty & blank
        if not empty.any():
            return cells, 0
    if empty is None:
        return cells, 0
    kept = ~empty
    return [c[kept].reset_index(drop=True) if isinstance(c, pd.Series) else c.filter(kept) for c in cells], int(
        empty.sum()
    )


def _blank(cells: pa.Array) -> np.ndarray:
    words = cells.dictionary if isinstance(cells, pa.DictionaryArray) else cells
    blank = pc.equal(pc.utf8_trim_whitespace(words), "")
    if isinstance(cells, pa.DictionaryArray):
        blank = blank.take(cells.indices)
    return pc.fill_null(blank, True).to_numpy(zero_copy_only=False)


def _column(cells: pa.Array | pd.Series, name: str, decimal: str, tokens: Sequence[str], numbers: bool) -> Column:
    if isinstance(cells, pd.Series):
        return _numeric(cells, tokens)
    return typed(cells, name, decimal=decimal, missing_tokens=tokens, numbers=numbers)


def _numeric(values: pd.Series, tokens: Sequence[str]) -> Column:
    """A column that the file itself holds as numbers; tokens such as -999 are missing there too."""
    missing = Counter({"": int(values.isna().sum())}) if values.isna().any() else Counter()
    for token in tokens:
        try:
            taken = (values == float(token)).fillna(False).to_numpy(bool)
        except ValueError:
            continue
        if taken.any():
            missing[token] += int(taken.sum())
            values = (values.astype("Int64") if values.dtype == "int64" else values).mask(taken)
    return Column(values, missing)
