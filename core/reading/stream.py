"""From the pieces of a large text file to a private Parquet file with types, by the rules that hold for small files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from core.errors import UserError
from core.reading.assemble import _blank, _equals
from core.reading.columns import Column, typed
from core.reading.numbers import NOT_A_NUMBER
from core.reading.pieces import Irregular, Text, pieces
from core.table import unique_names
from core.wording import plural, quoted

WORKERS = 2
TYPES = {"whole": pa.int64(), "number": pa.float64(), "text": pa.large_string()}
GROUP = 60_000


@dataclass
class Tally:
    """What is known of a column so far.

    Parameters
    ----------
    name : str
    kind : str
        "whole", "number", "text", or empty as long as every cell was missing.
    told : Column or None
        The first piece that was not empty: its unit, marks and note hold for the column.
    missing, suspects, words : Counter of str
        Cells taken as missing, words kept in text, and words that are missing if the column is of numbers.
    stripped : int
        Cells with blanks around them.
    changed : str
        Why a later piece does not fit what was written of the first.
    """

    name: str
    kind: str = ""
    told: Column | None = None
    missing: Counter = field(default_factory=Counter)
    suspects: Counter = field(default_factory=Counter)
    words: Counter = field(default_factory=Counter)
    stripped: int = 0
    changed: str = ""


@dataclass(frozen=True)
class Stored:
    """A large text file as a Parquet file.

    Parameters
    ----------
    columns : tuple of Tally
    n_rows : int
    digest : str
        Of the bytes of the records.
    notes : tuple of str
        What was left out or decided on the way.
    """

    columns: tuple[Tally, ...]
    n_rows: int
    digest: str
    notes: tuple[str, ...]


def store(text: Text, path: str, tokens: Sequence[str], fixed: bool = False) -> Stored:
    """Go over the file once and write its rows, typed.

    The kinds of the columns are those of the first piece. Where a later piece shows that this was wrong, such as the first
    text in a column of numbers, the pass goes on to the end to find all of these, and a second one writes the rows anew.

    Parameters
    ----------
    text : Text
        The file.
    path : str
        Where to write.
    tokens : sequence of str
        Words that are missing in every column.
    fixed : bool
        The decimal mark was stated.
    """
    known: dict[int, Tally] = {}
    while True:
        found = _Pass(text, path, tokens, fixed, known)
        stored = found.run()
        changed = {j: tally for j, tally in enumerate(found.tallies) if tally.changed}
        if not changed:
            return stored
        known |= changed


class _Pass:
    def __init__(self, text: Text, path: str, tokens: Sequence[str], fixed: bool, known: dict[int, Tally]) -> None:
        self.text, self.path, self.tokens, self.fixed, self.known = text, path, tokens, fixed, known
        self.header = [name.strip() for name in text.dialect.header]
        self.tallies = [
            Tally(name, known[j].kind if j in known else "", known[j].told if j in known else None)
            for j, name in enumerate(unique_names(self.header))
        ]
        self.n_rows = self.n_empty = self.n_headers = 0
        self.writer: parquet.ParquetWriter | None = None
        self.held: list[pa.Table] = []
        self.written: Future | None = None

    def run(self) -> Stored:
        """Parse the next piece and write the last one while the columns of this one get their types."""
        digest, source = "", pieces(self.text)
        with ThreadPoolExecutor(WORKERS) as pool, ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
            following = ahead.submit(next, source, None)
            while (piece := following.result()) is not None:
                following = ahead.submit(next, source, None)
                if isinstance(piece, str):
                    digest = piece
                    continue
                self._write(list(pool.map(self._column, range(len(self.tallies)), self._kept(piece))), behind)
            self._flush(behind)
            if self.written:
                self.written.result()
        if self.writer:
            self.writer.close()
        if not self.n_rows:
            raise UserError("The file has a header but no rows.", "Choose a file with rows under its header.")
        for tally in self.tallies:
            if not tally.kind and tally.words:
                tally.kind, tally.changed = "text", "only words for missing"
            (tally.suspects if tally.kind == "text" else tally.missing).update(tally.words)
        return Stored(tuple(self.tallies), self.n_rows, digest, self._notes())

    def _kept(self, cells: list[pa.Array]) -> list[pa.Array]:
        """Leave out empty rows and rows that repeat the header."""
        empty = same = None
        for j, column in enumerate(cells):
            if empty is None or empty.any():
                empty = _blank(column) if empty is None else empty & _blank(column)
            if self.header[j] and (same is None or same.any()):
                equal = _equals(column, self.header[j])
                same = equal if same is None else same & equal
        named = sum(bool(name) for name in self.header)
        again = same if same is not None and named > 1 else np.zeros(len(cells[0]), bool)
        self.n_empty += int(empty.sum())
        self.n_headers += int(again.sum())
        out = empty | again
        self.n_rows += int((~out).sum())
        return [column.filter(pa.array(~out)) for column in cells] if out.any() else cells

    def _column(self, j: int, cells: pa.Array) -> pa.Array:
        tally, dialect = self.tallies[j], self.text.dialect
        choices = {"decimal": dialect.decimal, "thousands": dialect.thousands, "fixed": self.fixed}
        column = typed(cells, tally.name, missing_tokens=self.tokens, numbers=tally.kind != "text", **choices)
        tally.stripped += column.stripped
        kind = _kind(column)
        if tally.kind != "text" and not kind:
            tally.words.update(column.suspects)
            tally.missing.update(column.missing)
            return pa.nulls(len(cells), TYPES[tally.kind or "number"])
        if not tally.kind:
            tally.kind, tally.told = kind, column
            tally.changed = "empty at first" if self.writer or self.held else ""
            if kind == "text" and not column.values.equals(
                typed(cells, tally.name, missing_tokens=self.tokens, numbers=False).values
            ):
                raise Irregular(f"the cells of column {tally.name} stand in wrappers")
        elif tally.kind != "text" and (kind == "text" or (tally.kind, kind) == ("whole", "number")):
            self._change(tally, kind, column, cells)
            return pa.nulls(len(cells), TYPES[tally.kind])
        elif (
            kind != "text" and tally.told and (column.thousands, column.unit) != (tally.told.thousands, tally.told.unit)
        ):
            self._change(tally, "text", column, cells)
        tally.missing.update(column.missing)
        tally.suspects.update(column.suspects)
        return pa.array(column.values, from_pandas=True)

    def _change(self, tally: Tally, kind: str, column: Column, cells: pa.Array) -> None:
        tally.changed, tally.kind = "a later piece", kind
        if kind == "text":
            example = _odd(cells)
            why = f", such as {quoted(example, 30)}" if example else ""
            tally.changed = (
                f"Column {quoted(tally.name)} was read as text: its first cells are numbers, but others further down are "
                f"not{why}."
            )
            tally.told = None

    def _write(self, columns: list[pa.Array], behind: ThreadPoolExecutor) -> None:
        if any(tally.changed for tally in self.tallies):
            return
        schema = pa.schema([(f"c{j}", TYPES[tally.kind or "number"]) for j, tally in enumerate(self.tallies)])
        arrays = [a if a.type == t else a.cast(t) for a, t in zip(columns, schema.types, strict=True)]
        self.held.append(pa.Table.from_arrays(arrays, schema=schema))
        if sum(len(table) for table in self.held) >= GROUP:
            self._flush(behind)

    def _flush(self, behind: ThreadPoolExecutor) -> None:
        if not self.held:
            return
        if self.written:
            self.written.result()
        table, self.held = pa.concat_tables(self.held), []
        if self.writer is None:
            words = [
                name for name, kind in zip(table.schema.names, table.schema.types, strict=True) if kind == TYPES["text"]
            ]
            self.writer = parquet.ParquetWriter(self.path, table.schema, compression="lz4", use_dictionary=words)
        self.written = behind.submit(self.writer.write_table, table)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.n_empty:
            notes.append(f"{plural(self.n_empty, 'row')} without a single value left out.")
        if self.n_headers:
            notes.append(
                f"{plural(self.n_headers, 'row')} that {'repeats' if self.n_headers == 1 else 'repeat'} the header left out."
            )
        stripped = sum(tally.stripped for tally in self.tallies)
        if stripped:
            notes.append(f"Blanks around the text of {plural(stripped, 'cell')} removed.")
        notes += [known.changed for known in self.known.values() if known.changed.endswith(".")]
        return (*notes, *(tally.told.note for tally in self.tallies if tally.told and tally.told.note))


def _kind(column: Column) -> str:
    """The kind of a piece; empty where it has no value, or only words that are missing among numbers."""
    values = column.values
    if pd.api.types.is_integer_dtype(values.dtype):
        return "whole"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "number" if values.notna().any() else ""
    words = [*column.missing, *column.suspects]
    taken = sum(column.missing.values()) + sum(column.suspects.values())
    return "" if taken == len(values) and all(word.lower() in NOT_A_NUMBER for word in words) else "text"


def _odd(cells: pa.Array) -> str:
    words = cells.unique().to_pylist()
    return next(
        (w for w in words if w and w.strip() and not _is_number(w) and w.strip().lower() not in NOT_A_NUMBER), ""
    )


def _is_number(word: str) -> bool:
    try:
        float(word.replace(",", "."))
    except ValueError:
        return False
    return True
