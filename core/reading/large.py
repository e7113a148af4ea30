"""Read a table that is too large for memory: once over its rows, a sample of them in hand."""

from __future__ import annotations

import csv
import errno
import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from core.errors import UserError
from core.reading.all_rows import AllRows, Folder
from core.reading.columns import typed
from core.reading.database import Field, Relation, literal, opened, stamp_of
from core.reading.delimiter import reader
from core.reading.dialect import Stated
from core.reading.kinds import kind_of
from core.reading.limits import MAX_BYTES
from core.reading.numbers import SUSPECT, TAKEN
from core.reading.pieces import CHUNK, Irregular, Text, looked_at
from core.reading.stream import Stored, store
from core.table import Decision, Reading, Table, unique_names
from core.wording import clip, count, plural

LARGE_BYTES = 40 * 2**20
LARGE_CELLS = 10_000_000
MAX_COLUMNS = 500
PREVIEW_ROWS = 20_000
HEAD = 2**16
TYPED = {"whole": "whole number", "number": "number"}
REPAIR = "Correct the line in the file, or put quotation marks around a cell that holds the delimiter."


def read_large(
    source: bytes | str | os.PathLike | BinaryIO,
    name: str = "",
    *,
    encoding: str = "",
    stated: Stated | None = None,
    tokens: Sequence[str] = (),
) -> Table | None:
    """Read a large text or Parquet file without holding it in memory.

    Parameters
    ----------
    source : bytes, str, path or binary file
        The content, where it is, or a file that can be read from its beginning; the latter is copied piece by piece to a
        private file that lives as long as the table.
    name : str
        What to call the table; the file's own name if empty.
    encoding : str
        How a text file is written; empty to find it out.
    stated : Stated
        Everything else that the analyst says about a text file.
    tokens : sequence of str
        Words that are missing in every column.

    Returns
    -------
    Table or None
        Its frame is a sample of the rows, ``all_rows`` a handle on all of them. None for a file that is not large, or that
        must be read as a whole.

    Raises
    ------
    UserError
        A file too large for any other way has lines that do not fit.
    """
    if not _may_be_large(source):
        return None
    try:
        return _read(source, name, encoding, stated or Stated(), tuple(tokens))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        problem = "There is no room for the private copy of the rows in the folder for temporary files."
        raise UserError(problem, "Make room there, or set TMPDIR to another folder.") from error


def _read(
    source: bytes | str | os.PathLike | BinaryIO, name: str, encoding: str, stated: Stated, tokens: tuple[str, ...]
) -> Table | None:
    folder = Folder()
    path = os.fspath(source) if isinstance(source, str | os.PathLike) else _spilled(source, folder.name)
    shown = name or (os.path.basename(path) if path is source or isinstance(source, os.PathLike) else "table")
    kind = kind_of(_ends(path))
    if kind == "Parquet":
        return _parquet(path, shown, tokens, folder)
    if kind != "text" or os.path.getsize(path) <= LARGE_BYTES:
        return None
    return _text(path, shown, encoding, stated, tokens, folder)


def _may_be_large(source: bytes | str | os.PathLike | BinaryIO) -> bool:
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        if "\x00" in path or not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return os.path.getsize(path) > LARGE_BYTES or file.read(4) == b"PAR1"
    if isinstance(source, bytes | bytearray | memoryview):
        return len(source) > LARGE_BYTES or bytes(source[:4]) == b"PAR1"
    return True


def _spilled(source: bytes | BinaryIO, folder: str) -> str:
    path = os.path.join(folder, "upload")
    with open(path, "wb") as file:
        if isinstance(source, bytes | bytearray | memoryview):
            file.write(source)
        else:
            source.seek(0)
            while piece := source.read(CHUNK):
                file.write(piece)
    return path


def _ends(path: str) -> bytes:
    with open(path, "rb") as file:
        head = file.read(HEAD)
        file.seek(max(len(head), os.path.getsize(path) - HEAD))
        return head + file.read()


def _text(path: str, name: str, encoding: str, stated: Stated, tokens: tuple[str, ...], folder: Folder) -> Table | None:
    text, target = None, os.path.join(folder.name, "rows.parquet")
    try:
        text = looked_at(path, stated, encoding, folder.name)
        if len(text.dialect.header) > MAX_COLUMNS:
            raise Irregular(f"it has more than {MAX_COLUMNS} columns")
        stored = store(text, target, tokens, bool(stated.decimal))
    except Irregular as error:
        if os.path.getsize(path) <= MAX_BYTES:
            return None
        raise _refused(text, str(error)) from error
    for copy in ("upload", "text"):
        if os.path.exists(os.path.join(folder.name, copy)):
            os.remove(os.path.join(folder.name, copy))
    fields = [Field(j, tally.name, tally.kind or "number") for j, tally in enumerate(stored.columns)]
    fields = _without_empty_end(fields, text, stored)
    rows = AllRows(Relation(target, folder.name, tuple(fields)), stored.n_rows, folder)
    frame = rows.preview(PREVIEW_ROWS)
    kinds = {field.name: TYPED.get(field.kind) or _text_kind(frame[field.name]) for field in rows.relation.shown}
    reading = replace(_reading(text, stored, fields, encoding), kinds=kinds)
    choices = (stored.digest, stored.n_rows, tokens, astuple(stated), encoding, [field.name for field in fields])
    digest = hashlib.blake2b(repr(choices).encode("utf-8", "replace"), digest_size=16).hexdigest()
    return Table(frame, name, digest, reading, rows)


def _text_kind(column: pd.Series) -> str:
    """What a column of text holds, told from the sample in hand."""
    kind = typed(pa.array(column.dropna().tolist(), pa.string()), str(column.name)).kind
    return kind if kind in ("yes/no", "date") else "text"


def _without_empty_end(fields: list[Field], text: Text, stored: Stored) -> list[Field]:
    """Hide columns at the end that have neither a name nor a cell, and such a first column beside them."""
    for j in range(len(fields) - 1, 0, -1):
        if text.dialect.header[j].strip() or stored.columns[j].kind:
            break
        fields[j] = replace(fields[j], name="")
    if not fields[-1].name and not text.dialect.header[0].strip() and not stored.columns[0].kind:
        fields[0] = replace(fields[0], name="")
    return fields


def _reading(text: Text, stored: Stored, fields: Sequence[Field], encoding: str) -> Reading:
    dialect, notes = text.dialect, [*text.notes, *text.dialect.notes, *stored.notes]
    hidden = sum(not field.name for field in fields)
    if hidden:
        notes.append(f"{plural(hidden, 'empty column')} at the edge of the table left out.")
    shown = [(field, tally) for field, tally in zip(fields, stored.columns, strict=True) if field.name]
    missing = sum((tally.missing for _, tally in shown), Counter())
    suspects = sum((tally.suspects for _, tally in shown), Counter())
    told = {field.name: tally.told for field, tally in shown if tally.told}
    units = dict(zip((field.name for field in fields), dialect.units, strict=False))
    units |= {name: column.unit for name, column in told.items() if column.unit}
    sure = "stated" if encoding else "guess" if text.notes else "certain"
    return Reading(
        "CSV",
        text.encoding,
        dialect.delimiter,
        dialect.decimal,
        tuple(notes),
        dict(missing),
        dict(suspects),
        (
            Decision("encoding", text.encoding, sure, "You said so." if encoding else "All bytes of the file fit it."),
            *dialect.decisions,
        ),
        {name: unit for name, unit in units.items() if name and unit},
        thousands=next((column.thousands for column in told.values() if column.thousands), ""),
        quote="" if dialect.quote == "none" else dialect.quote,
    )


def _refused(text: Text | None, reason: str) -> UserError:
    most = f"{count(MAX_BYTES / 2**20)} MB"
    if text is None or "columns" not in reason or "CSV parse" not in reason:
        problem = f"The file holds more than {most} and cannot be read piece by piece: {clip(reason, 120)}."
        return UserError(problem, "Save it as UTF-8 with one character between the cells, or as Parquet.")
    line = _first_odd_line(text)
    return UserError(
        f"Line {count(line)} has another number of cells than the header, and the file holds more than {most}.", REPAIR
    )


def _first_odd_line(text: Text) -> int:
    width, skipped = len(text.dialect.header), text.dialect.start
    with open(text.path, encoding="utf-8", errors="replace", newline="") as file:
        for _ in range(skipped):
            file.readline()
        source, line = reader(file, text.dialect.delimiter, text.dialect.how), skipped + 1
        try:
            for cells in source:
                if cells and len(cells) != width:
                    return line
                line = skipped + source.line_num + 1
        except csv.Error:
            pass
    return line


def _parquet(path: str, name: str, tokens: tuple[str, ...], folder: Folder) -> Table | None:
    try:
        with parquet.ParquetFile(path) as file:
            n_rows, n_columns, schema = file.metadata.num_rows, file.metadata.num_columns, file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        raise UserError("The Parquet file cannot be read.", "It may be cut off or damaged; choose it again.") from error
    if n_rows * n_columns <= LARGE_CELLS or len(schema) > MAX_COLUMNS or len(schema) != n_columns:
        return None
    fields = tuple(
        Field(j, unique, _kind(one.type))
        for j, (unique, one) in enumerate(zip(unique_names(schema.names), schema, strict=True))
    )
    relation = Relation(path, folder.name, fields, False, tokens, stamp_of(path))
    missing, suspects = _gaps(relation, n_rows)
    kinds = {field.name: TYPED.get(field.kind, "text") for field in fields}
    reading = Reading("Parquet", missing_tokens=missing, suspects=suspects, kinds=kinds)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
    digest.update(repr((tokens, schema.names)).encode("utf-8", "replace"))
    rows = AllRows(relation, n_rows, folder)
    return Table(rows.preview(PREVIEW_ROWS), name, digest.hexdigest(), reading, rows)


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        return "whole"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "yes/no"
    if pa.types.is_timestamp(kind) and kind.tz:
        return "instant"
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else "other"


def _gaps(relation: Relation, n_rows: int) -> tuple[dict[str, int], dict[str, int]]:
    """Missing cells, and words in text that look like it."""
    looks = ", ".join(literal(word) for word in SUSPECT)
    asked = []
    for field in relation.shown:
        asked.append(f"count(v{field.position})")
        if not field.numeric:
            v = f"v{field.position}"
            asked.append(f"histogram({v}) FILTER (strlen({v}) <= {TAKEN} AND lower({v}) IN ({looks}))")
    values = ", ".join(f"{relation.value(field)} AS v{field.position}" for field in relation.shown)
    with opened(relation) as run:
        row = run(f"SELECT {', '.join(asked)} FROM (SELECT {values} FROM {relation.sql})").fetchall()[0]
    empty = sum(n_rows - n for n in row if isinstance(n, int))
    suspects = sum((Counter(words) for words in row if isinstance(words, dict)), Counter())
    return ({"": empty} if empty else {}), dict(suspects)
