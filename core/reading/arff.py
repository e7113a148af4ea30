"""ARFF: tables that declare the name and the type of every column before the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from core.errors import UserError
from core.reading.encoding import decode
from core.reading.limits import check_shape
from core.reading.parquet import plain
from core.wording import count, listing, plural, quoted

QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
NAME = re.compile(rf"@attribute\s+({QUOTED}|[^\s{{'\"][^\s{{]*)\s*(.*)$", re.IGNORECASE | re.DOTALL)
CELL = re.compile(rf"\s*({QUOTED}|[^,]*?)\s*(,|$)")
ITEM = re.compile(rf"\s*([0-9]+)\s+({QUOTED}|[^,]*?)\s*(,|$)")
CLOSED = re.compile(rf"\{{(?:{QUOTED}|\\.|[^}}'\"\\])*\}}", re.DOTALL)
WEIGHT = re.compile(r",\s*\{\s*[0-9.eE+-]+\s*\}\s*$")
DATA = re.compile(rb"^[ \t]*@data\b[^\r\n]*(?:\r\n|\r|\n|\Z)", re.IGNORECASE | re.MULTILINE)
DATA_AFTER_CR = re.compile(rb"\r[ \t]*@data\b[^\r\n]*(?:\r\n|\r|\n|\Z)", re.IGNORECASE)
COMMENT = re.compile(rb"(?m)^[ \t]*%[^\n]*\n?")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
WHOLE = r"^[+-]?[0-9]{1,18}$"
NUMBERS = ("numeric", "real", "integer")
CORRECT = "Correct the line in the file."
MAX_LEVEL_LINES = 1000


@dataclass(frozen=True)
class Attribute:
    """One declared column.

    Parameters
    ----------
    name : str
        Its name, without quotation marks.
    kind : str
        "number", "text" or "levels".
    levels : tuple of str
        The declared categories.
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()


def read_arff(data: bytes) -> tuple[list[str], list[pa.Array | pd.Series], tuple[str, ...]]:
    """Read an ARFF file; its own types hold, and ``?`` is missing in every column.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    names : list of str
    columns : list
        Declared numbers as pandas.Series, categories, text and dates as pyarrow.Array of string.
    notes : tuple of str

    Raises
    ------
    UserError
        A line does not fit the declaration; it is named.

    Examples
    --------
    >>> names, columns, _ = read_arff(b"@relation r\\n@attribute a numeric\\n@attribute b {1,2}\\n@data\\n1.5,2\\n?,1\\n")
    >>> names, columns[0].tolist(), columns[1].to_pylist()
    (['a', 'b'], [1.5, nan], ['2', '1'])
    """
    body, _, notes = decode(data)
    found = DATA.search(body) or DATA_AFTER_CR.search(body)
    if not found:
        raise UserError("The ARFF file has no line with @data.", "It may be cut off; choose it again.")
    head = re.split(r"\r\n|\r|\n", body[: found.start()].decode("utf-8", "replace"))
    declared = _declared(head)
    rest = body[found.end() :]
    n_before = len(re.findall(rb"\r\n|\r|\n", body[: found.end()]))
    check_shape(max(rest.count(b"\n"), rest.count(b"\r")), len(declared))
    columns = _fast(rest, declared)
    typed = columns and [_typed(column, one) for column, one in zip(columns, declared, strict=True)]
    if not typed or any(column is None for column in typed):
        rows, lines = _exact(rest, declared, n_before)
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] or [_none() for _ in declared]
        typed = [_typed(column, one, lines) for column, one in zip(columns, declared, strict=True)]
    told = [_undeclared(column, one) for column, one in zip(columns, declared, strict=True)]
    return (
        [one.name for one in declared],
        typed,
        (*notes, *(note for note in (_numbered_levels(declared), *told) if note)),
    )


def _declared(lines: list[str]) -> list[Attribute]:
    found: list[Attribute] = []
    pending, begun = "", 0
    for number, line in enumerate(lines, start=1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        if not pending and not line.lower().startswith("@attribute"):
            if line.lower().startswith(("@relation", "@end")):
                continue
            raise UserError(f"Line {count(number)} of the ARFF file is no declaration: {quoted(line)}.", CORRECT)
        begun = begun if pending else number
        pending = f"{pending} {line}" if pending else line
        if "{" in pending and not CLOSED.search(pending) and number - begun < MAX_LEVEL_LINES:
            continue
        found.append(_attribute(pending, begun))
        pending = ""
    if pending or not found:
        problem = (
            f"The list of categories on line {count(begun)} is never closed." if pending else "It declares no column."
        )
        raise UserError(f"The ARFF file cannot be read. {problem}", CORRECT)
    return found


def _attribute(text: str, number: int) -> Attribute:
    match = NAME.match(text)
    name, kind = (_bare(match[1]), match[2].strip()) if match else ("", "")
    word = kind.split(None, 1)[0].lower() if kind else ""
    if kind.startswith("{") and CLOSED.match(kind):
        inner = CLOSED.match(kind)[0][1:-1]
        return Attribute(name, "levels", tuple(_bare(cell) for cell in _cells(inner, number)))
    if word in NUMBERS:
        return Attribute(name, "number")
    if word in ("string", "date"):
        return Attribute(name, "text")
    if word == "relational":
        raise UserError(f"Column {quoted(name)} of the ARFF file holds tables of its own.", "Leave it out of the file.")
    raise UserError(f"Line {count(number)} of the ARFF file declares no type that is known: {quoted(text)}.", CORRECT)


def _bare(cell: str) -> str:
    """A cell without its quotation marks and escapes."""
    if len(cell) > 1 and cell[0] in "'\"" and cell[-1] == cell[0]:
        cell = cell[1:-1]
    return ESCAPE.sub(_meant, cell) if "\\" in cell else cell


def _meant(match: re.Match) -> str:
    sign = match[1]
    return chr(int(sign[1:], 16)) if len(sign) == 5 else ESCAPED.get(sign, sign)


def _cells(line: str, number: int) -> list[str]:
    """The cells of a line as they are spelled, with their quotation marks."""
    if not re.search(r"['\"]", line):
        return [cell.strip() for cell in line.split(",")]
    cells, at = [], 0
    while True:
        match = CELL.match(line, at)
        if not match or (match[1][:1] in ("'", '"') and not (len(match[1]) > 1 and match[1][-1] == match[1][0])):
            raise UserError(f"A quotation mark on line {count(number)} is never closed.", CORRECT)
        cells.append(match[1])
        at = match.end()
        if not match[2]:
            return cells


def _fast(rest: bytes, declared: list[Attribute]) -> list[pa.Array] | None:
    """Read data without quotation marks, escapes and sparse rows; nothing where it is not so plain."""
    if any(mark in rest for mark in (b"'", b'"', b"\\", b"{")) or len(declared) < 2:
        return None
    rest = COMMENT.sub(b"", rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    if not rest.strip():
        return [_none() for _ in declared]
    names = [str(j) for j in range(len(declared))]
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    parse = arrow_csv.ParseOptions(quote_char=False)
    try:
        options = arrow_csv.ReadOptions(column_names=names, block_size=2**22)
        table = arrow_csv.read_csv(pa.BufferReader(rest), options, parse, convert)
    except pa.ArrowInvalid:
        return None
    cells = [pc.utf8_trim_whitespace(column.combine_chunks()) for column in table.columns]
    missing = pa.array(["?", ""])
    return [pc.if_else(pc.is_in(column, missing), pa.scalar(None, pa.string()), column) for column in cells]


def _none() -> pa.Array:
    return pa.array([], pa.string())


def _exact(rest: bytes, declared: list[Attribute], n_before: int) -> tuple[list[list[str | None]], list[int]]:
    """Read line by line, and keep the number of each line."""
    rows, numbers = [], []
    for number, line in _lines(rest, n_before):
        line = WEIGHT.sub("", line) if line.endswith("}") else line
        cells = _sparse(line, declared, number) if line.startswith("{") else _dense(line, len(declared), number)
        rows.append(cells)
        numbers.append(number)
    return rows, numbers


def _lines(rest: bytes, n_before: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", rest.decode("utf-8", "replace")), start=n_before + 1):
        line = line.strip()
        if line and not line.startswith("%"):
            yield number, line


def _dense(line: str, width: int, number: int) -> list[str | None]:
    cells = _cells(line, number)
    if len(cells) == 1 < width and "\t" in line:
        cells = _cells(re.sub(r"\t+", ",", line), number)
    if len(cells) != width:
        problem = f"Line {count(number)} has {plural(len(cells), 'cell')}, but {plural(width, 'column')} are declared."
        raise UserError(problem, CORRECT)
    return [None if cell in ("?", "") else _bare(cell) for cell in cells]


def _sparse(line: str, declared: list[Attribute], number: int) -> list[str | None]:
    """A row that names only the columns that are not 0; an unnamed category is the first one declared."""
    row = [{"number": "0", "text": None}.get(one.kind, one.levels[0] if one.levels else None) for one in declared]
    inner = line[1:-1] if line.endswith("}") else ""
    at = 0
    while inner[at:].strip():
        match = ITEM.match(inner, at)
        if not match or int(match[1]) >= len(row):
            problem = f"The sparse row on line {count(number)} cannot be read: {quoted(inner[at:])}."
            raise UserError(problem, CORRECT)
        row[int(match[1])] = None if match[2] in ("?", "") else _bare(match[2])
        at = match.end()
    if not line.endswith("}"):
        raise UserError(f"The sparse row on line {count(number)} is never closed.", CORRECT)
    return row


def _typed(cells: pa.Array, one: Attribute, lines: list[int] | None = None) -> pa.Array | pd.Series | None:
    """Numbers where they are declared; nothing, or an error with the line, where a cell is none."""
    if one.kind != "number":
        return cells
    try:
        whole = pc.all(pc.match_substring_regex(cells, WHOLE)).as_py()
        return plain(pc.replace_substring_regex(cells, r"^\+", "").cast(pa.int64() if whole else pa.float64()))
    except pa.ArrowInvalid:
        if lines is None:
            return None
    values = pd.to_numeric(cells.to_pandas(), errors="coerce").to_numpy("float64", na_value=np.nan)
    at = int(np.argmax(np.isnan(values) & ~cells.is_null().to_numpy(zero_copy_only=False)))
    problem = (
        f"Line {count(lines[at])} holds {quoted(cells[at].as_py())} in column {quoted(one.name)}, which is declared as a "
        "number."
    )
    raise UserError(problem, CORRECT)


def _numbered_levels(declared: list[Attribute]) -> str:
    columns = [
        one.name for one in declared if one.levels and all(re.match(r"^[+-]?[0-9.]+$", level) for level in one.levels)
    ]
    if not columns:
        return ""
    verb = "is declared as categories and stays" if len(columns) == 1 else "are declared as categories and stay"
    return f"{plural(len(columns), 'column')} of numbers {verb} text: {listing(columns)}."


def _undeclared(cells: pa.Array, one: Attribute) -> str:
    """Name the cells of a column that its declaration does not list."""
    if not one.levels:
        return ""
    odd = cells.filter(pc.invert(pc.is_in(cells, pa.array([*one.levels, None], pa.string()))))
    if not len(odd):
        return ""
    return (
        f"Column {quoted(one.name)} holds {plural(len(odd), 'cell')} that its declaration does not list, such as "
        f"{quoted(odd[0].as_py(), 30)}; kept as they are."
    )
