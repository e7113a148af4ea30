"""From the rows of a sheet to a header and columns: what stands above, under and between the records is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from core.reading.dialect import Stated
from core.reading.footer import MAX_LINES, find_footer_rows
from core.reading.header import Heading, find_heading
from core.table import Decision
from core.wording import plural, quoted

BATCH = 5_000
MAX_PREAMBLE = 20
SAMPLE_RECORDS = 400
COMMENT = "#"


@dataclass(frozen=True)
class Sheet:
    """A table as a sheet holds it.

    Parameters
    ----------
    names : tuple of str
    columns : list of pyarrow.Array of string
        The cells as text.
    notes : tuple of str
        What was decided and the analyst must know.
    units : tuple of str
        One for each column; empty if there is no row of units.
    decisions : tuple of Decision
    """

    names: tuple[str, ...]
    columns: list[pa.Array]
    notes: tuple[str, ...]
    units: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()


def sheet_of(head: list[list[str]], rows: Iterator[list[str]], stated: Stated) -> Sheet:
    """Part the header from the cells, and keep these column by column.

    Parameters
    ----------
    head : list of list of str
        The first rows, all of one width.
    rows : iterator of list of str
        The others.
    stated : Stated
        What the analyst says about header, units, skipped rows and footer.
    """
    width, (first, above) = len(head[0]), _above(head, stated.skip)
    sample = [row for row in head[first:] if any(row) and not _is_comment(row)][:SAMPLE_RECORDS]
    heading = find_heading(sample, width, ".", stated.header, stated.units) if sample else Heading(("",) * width, 0)
    chunks = [_columns(head[first + _taken(head[first:], heading.n_records) :], width)]
    while batch := list(islice(rows, BATCH)):
        chunks.append(_columns(batch, width))
    columns = [pa.concat_arrays(parts) for parts in zip(*chunks, strict=True)]
    columns, ending, below = _without_footer(columns, sample[heading.n_records :], stated.footer)
    columns, n_comments = _without_comments(columns)
    notes = [f"{plural(first, 'row')} before the header left out."] if first and not stated.skip else []
    notes += [*heading.notes, *below]
    if n_comments:
        notes.append(f"{plural(n_comments, 'row')} that {'begins' if n_comments == 1 else 'begin'} with # left out.")
    return Sheet(heading.names, columns, tuple(notes), heading.units, (above, *heading.decisions, ending))


def _above(head: list[list[str]], stated: str) -> tuple[int, Decision]:
    if stated:
        return min(int(stated), len(head) - 1), Decision("skip", stated, "stated", "You said so.")
    width, first = len(head[0]), 0
    while width > 2 and first < min(MAX_PREAMBLE, len(head) - 1) and sum(bool(cell) for cell in head[first]) < 2:
        first += 1
    reason = f"{plural(first, 'row')} above have fewer than two cells." if first else "The first row has several cells."
    return first, Decision("skip", str(first), "likely" if first else "certain", reason)


def _taken(rows: list[list[str]], n_records: int) -> int:
    """How many rows stand up to the end of the first records that hold something."""
    filled = [i for i, row in enumerate(rows, start=1) if any(row) and not _is_comment(row)]
    return filled[n_records - 1] if n_records else 0


def _is_comment(row: list[str]) -> bool:
    return len(row) > 1 and row[0].startswith(COMMENT) and not any(row[1:])


def _without_comments(columns: list[pa.Array]) -> tuple[list[pa.Array], int]:
    """Leave out rows of which only the first cell is filled and begins with a "#"."""
    if len(columns) < 2 or not len(columns[0]):
        return columns, 0
    out = pc.starts_with(columns[0], COMMENT)
    if not pc.any(out).as_py():
        return columns, 0
    for column in columns[1:]:
        out = pc.and_(out, pc.equal(column, ""))
    kept = pc.invert(out)
    return [column.filter(kept) for column in columns], pc.sum(out).as_py()


def _without_footer(
    columns: list[pa.Array], records: list[list[str]], stated: str
) -> tuple[list[pa.Array], Decision, list[str]]:
    n_rows = len(columns[0]) if columns else 0
    if stated:
        kept = max(0, n_rows - int(stated))
        return [column[:kept] for column in columns], Decision("footer", stated, "stated", "You said so."), []
    start = max(0, n_rows - MAX_LINES - 1)
    tail = [list(row) for row in zip(*(column[start:].to_pylist() for column in columns), strict=True)]
    n_footer, example = find_footer_rows(tail, records, len(columns), ".")
    if not n_footer:
        return columns, Decision("footer", "0", "likely", "The last row looks like the other records."), []
    reason = f"they begin with {quoted(example, 40)}, which looks like no record."
    note = f"{plural(n_footer, 'row')} at the end left out: {reason}"
    kept = [column[: n_rows - n_footer] for column in columns]
    return kept, Decision("footer", str(n_footer), "likely", reason), [note]


def _columns(rows: list[list[str]], width: int) -> list[pa.Array]:
    return [pa.array(column, pa.string()) for column in (zip(*rows, strict=True) if rows else [()] * width)]
