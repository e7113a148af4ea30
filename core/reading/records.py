"""From text to columns of text cells: a fast way for regular files, an exact one that can name the line for the others."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from core.errors import UserError
from core.reading.delimiter import reader
from core.reading.dialect import Dialect
from core.reading.rewriting import SIGN, one_sign, tight
from core.wording import count, plural

BLOCK = 2**20
WIDE = 2000
CORRECT = "Correct the line in the file, or put quotation marks around a cell that holds the delimiter."
QUOTE = (
    "Close it, or remove the quotation mark, and choose the file again; or state that the file has no quotation mark."
)
SEEN = re.compile(rb"\S")
BREAK = re.compile(r"\r\n|\r|\n")
MIN_SWALLOWED = 4
END = "\x1eend of file\x1e"
SPARE = (SIGN, "\x1e", "\x1d", "\x1c", "\x02", "\x03", "\x04", "\x05")


def read_records(body: bytes, dialect: Dialect) -> tuple[list[pa.Array], tuple[str, ...]]:
    """Read all cells as text.

    Parameters
    ----------
    body : bytes
        The text as UTF-8.
    dialect : Dialect
        How it is written.

    Returns
    -------
    columns : list of pyarrow.Array of string (n_samples,)
        One for each name of the header, and possibly one more for a trailing delimiter.
    notes : tuple of str
        Lines that were repaired.

    Raises
    ------
    UserError
        A record is too long, or a quotation mark is not closed; the line is named.
    """
    body = body[: _end(body, dialect.end)] if dialect.end else body
    if len(dialect.delimiter) == 1:
        return _parted(body, dialect)
    spare = next((sign for sign in SPARE if sign.encode() not in body), SIGN)
    quoted_cells = len(dialect.quote) == 1 and dialect.quote.encode() in body
    parted = one_sign(body, dialect.delimiter, dialect.places, spare)
    columns, notes = _parted(parted, replace(dialect, delimiter=spare))
    if quoted_cells and dialect.delimiter not in ("", "blanks", "fixed"):
        columns = [pc.replace_substring(column, spare, dialect.delimiter) for column in columns]
    return columns, notes


def _parted(body: bytes, dialect: Dialect) -> tuple[list[pa.Array], tuple[str, ...]]:
    start = _offset(body, dialect.start)
    if dialect.padded:
        body, dialect = tight(body, dialect.delimiter, dialect.quote), replace(dialect, padded=False)
        start = _offset(body, dialect.start)
    if not SEEN.search(body, start):
        return [pa.array([], pa.string()) for _ in dialect.header], ()
    quote = dialect.quote.encode()
    fast = None if len(quote) == 1 and body.count(quote) % 2 else _fast(body, start, dialect)
    if fast is not None:
        return fast
    return _exact(body, dialect)


def widths(n: int) -> str:
    """Write a number of cells."""
    return f"{count(n)} {'cell' if n == 1 else 'cells'}"


def _end(body: bytes, n_lines: int) -> int:
    """Bytes before a number of lines at the end, whatever ends them."""
    at = len(body) - (2 if body.endswith(b"\r\n") else 1 if body.endswith((b"\n", b"\r")) else 0)
    for _ in range(n_lines):
        last = max(body.rfind(b"\n", 0, at), body.rfind(b"\r", 0, at))
        if last < 0:
            return 0
        at = last - (1 if body[last : last + 1] == b"\n" and body[last - 1 : last] == b"\r" else 0)
    return at


def _offset(body: bytes, n_lines: int) -> int:
    """Bytes up to the end of a number of lines, whatever ends them."""
    offset = 0
    for _ in range(n_lines):
        ends = [at for at in (body.find(b"\n", offset), body.find(b"\r", offset)) if at >= 0]
        if not ends:
            return len(body)
        offset = min(ends) + (2 if body[min(ends) : min(ends) + 2] == b"\r\n" else 1)
    return offset


def _fast(body: bytes, start: int, dialect: Dialect) -> tuple[list[pa.Array], tuple[str, ...]] | None:
    """Read a regular file; nothing where it is not regular."""
    names = [str(position) for position in range(len(dialect.header))]
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=False if dialect.quote == "none" else dialect.quote,
        escape_char="\\" if dialect.escape else False,
        newlines_in_values=True,
        ignore_empty_lines=False,
    )
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    options = arrow_csv.ReadOptions(
        column_names=names, block_size=BLOCK if len(names) < WIDE else 16 * BLOCK, use_threads=False
    )
    try:
        source = pa.BufferReader(pa.py_buffer(body).slice(start))
        table = arrow_csv.read_csv(source, read_options=options, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid:
        return None
    columns = [_joined(column) for column in table.columns]
    if dialect.quote.encode() in body and _swallowed(columns, dialect):
        return None
    return columns, ()


def _swallowed(columns: list[pa.Array], dialect: Dialect) -> bool:
    """Tell whether a cell with line breaks may hold whole records."""
    for column in columns:
        broken = column.filter(pc.match_substring_regex(column, "[\r\n]")).to_pylist()
        if any(_records_within(cell, dialect) for cell in broken):
            return True
    return False


def _records_within(cell: str, dialect: Dialect) -> bool:
    """A quotation mark that is closed on a later line leaves exactly a record's delimiters for every line break."""
    delimiters = cell.count(dialect.delimiter)
    return delimiters >= MIN_SWALLOWED and delimiters == len(BREAK.findall(cell)) * (len(dialect.header) - 1)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined


def _exact(body: bytes, dialect: Dialect) -> tuple[list[pa.Array], tuple[str, ...]]:
    """Read record by record: pad short ones, refuse long ones, name the lines."""
    width = len(dialect.header)
    rows: list[list[str]] = []
    short: list[int] = []
    blanks: list[int] = []
    comments: list[int] = []
    longer = 0
    for line, cells in _numbered(body, dialect):
        if len(cells) == width:
            rows.append(cells)
            continue
        if not any(cell.strip() for cell in cells) and len(cells) < max(2, width):
            blanks.append(line)
            rows.append([""] * width)
            continue
        if cells and cells[0].startswith("#") and len(cells) < max(2, width - 1):
            comments.append(line)
            continue
        if len(cells) > width:
            if any(cell.strip() for cell in cells[width:]):
                problem = f"Line {count(line)} has {widths(len(cells))}, but the table has {plural(width, 'column')}."
                raise UserError(problem, CORRECT)
            longer += 1
        elif len(cells) < width:
            short.append(line)
        rows.append([*cells[:width], *[""] * (width - len(cells))])
    _check_one_table(blanks, short, len(rows), width)
    cut = bool(short) and short[-1] >= body.count(b"\n") and not body.endswith((b"\n", b"\r"))
    columns = zip(*rows, strict=True) if rows else [()] * width
    return [pa.array(column, pa.string()) for column in columns], _repaired(len(comments), short, longer, width, cut)


def _repaired(n_comments: int, short: list[int], longer: int, width: int, cut: bool) -> tuple[str, ...]:
    """Say what was done to lines that are no regular records."""
    notes = []
    if n_comments:
        verb = "begins with '#' and is no record" if n_comments == 1 else "begin with '#' and are no records"
        notes.append(f"{plural(n_comments, 'line')} left out: {verb}.")
    if short:
        lines = ", ".join(count(line) for line in short[:5]) + (", …" if len(short) > 5 else "")
        noun = "record has" if len(short) == 1 else "records have"
        notes.append(
            f"{count(len(short))} {noun} fewer than {widths(width)} and the rest was taken as missing: "
            f"{'line' if len(short) == 1 else 'lines'} {lines}."
        )
    if cut:
        notes.append("The last line is not complete, so the file may be cut off.")
    if longer:
        notes.append(f"{plural(longer, 'record')} with empty cells beyond the last column cut to {widths(width)}.")
    return tuple(notes)


def _check_one_table(blanks: list[int], short: list[int], n_rows: int, width: int) -> None:
    """Refuse a file in which every record after a blank line is short: it holds two tables."""
    before = [line for line in blanks if short and line < short[0]]
    if (
        before
        and len(short) > 1
        and len(short) < n_rows
        and short[-1] - short[0] == len(short) - 1
        and short[0] == before[-1] + 1
    ):
        problem = (
            f"After the blank line {count(before[-1])} the records have fewer than {widths(width)}: a second table."
        )
        raise UserError(problem, "Keep one table in the file.")


def _numbered(body: bytes, dialect: Dialect):
    """Yield each record with the line on which it begins."""
    text = body.decode("utf-8")
    stream = io.StringIO(text + ("" if text.endswith(("\n", "\r")) else "\n") + END, newline="")
    for _ in range(dialect.start):
        stream.readline()
    source = reader(stream, dialect.delimiter, dialect.how)
    line = dialect.start + 1
    try:
        for cells in source:
            if cells == [END]:
                return
            if cells and cells[-1].endswith(END):
                raise UserError(f"A quotation mark on line {count(line)} is never closed.", QUOTE)
            if dialect.start + source.line_num > line and any(_records_within(cell, dialect) for cell in cells):
                problem = f"A quotation mark on line {count(line)} seems to be closed on a later line by mistake."
                raise UserError(problem, QUOTE)
            yield line, cells
            line = dialect.start + source.line_num + 1
    except csv.Error as error:
        problem = f"A cell that begins on line {count(line)} is too long; a quotation mark may not be closed."
        raise UserError(problem, QUOTE) from error
