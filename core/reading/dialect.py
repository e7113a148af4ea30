"""How a text file separates its cells, whether it has a header, and where the records begin."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from core.errors import UserError
from core.reading.columns import NOT_A_NUMBER, NUMBER
from core.wording import count, plural, quoted

DELIMITERS = (",", ";", "\t", "|")
WORDS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a blank"}
SAMPLE_BYTES = 2**18
SAMPLE_RECORDS = 400
MAX_PREAMBLE = 20
STEADY = 0.6
STEADY_ROWS = 0.9
ONE_NUMBER = re.compile(NUMBER)
COMMA_NUMBER = re.compile(NUMBER.replace(r"\.?", ",?").replace(r"\.", ","))


@dataclass(frozen=True)
class Dialect:
    """How the file is written.

    Parameters
    ----------
    delimiter : str
        One character; empty for a table with one column.
    escape : bool
        Quotation marks within cells are written with a backslash.
    decimal : str
        "." or ",".
    header : tuple of str
        The names as the file spells them; empty names where it has none.
    start : int
        Lines of the file before the first record of data.
    notes : tuple of str
        What was decided and the analyst must know.
    """

    delimiter: str
    escape: bool
    decimal: str
    header: tuple[str, ...]
    start: int
    notes: tuple[str, ...] = ()


def find_dialect(body: bytes, delimiter: str = "", decimal: str = "") -> Dialect:
    """Find out how a text file is written.

    Parameters
    ----------
    body : bytes
        The text as UTF-8.
    delimiter, decimal : str
        What the analyst says; empty to find it out.

    Raises
    ------
    UserError
        The lines hold a delimiter, but no single one fits.
    """
    text = _sample(body)
    notes: list[str] = []
    stated = re.match(r'"?sep=(.)"?(\r\n|\r|\n)', text)
    skipped = 1 if stated else 0
    if stated:
        text = text[stated.end() :]
        delimiter = delimiter or stated[1]
    escape = re.search(r'\\"[^"\r\n,;\t|]', text) is not None
    delimiter = delimiter or _delimiter(text, escape)
    records = _records(text, delimiter, escape)
    if not records:
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    first, width = _first(records)
    before = records[first - 1][1] if first else 0
    if first:
        notes.append(f"{plural(before, 'line')} before the header left out.")
    rows = [cells for cells, _ in records[first:]]
    decimal = decimal or find_decimal(rows, delimiter)
    header, is_header, note = find_header(rows, width, decimal)
    start = skipped + (records[first][1] if is_header else before)
    return Dialect(delimiter, escape, decimal, header, start, (*notes, *note))


def find_header(rows: list[list[str]], width: int, decimal: str) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Name the columns.

    Parameters
    ----------
    rows : list of list of str
        The first records; the first of them may be the header.
    width : int
        Cells per record.
    decimal : str
        "." or ",".

    Returns
    -------
    header : tuple of str
        At least ``width`` names; empty where the file gives none.
    is_header : bool
        Whether the first record is a header and no data.
    notes : tuple of str
    """
    decimal_note = ("Numbers are written with a decimal comma.",) if decimal == "," else ()
    if not _has_header(rows, decimal):
        note = "The file has no header: its first record looks like the others. Columns are numbered."
        return tuple(f"column {position}" for position in range(1, width + 1)), False, (*decimal_note, note)
    header = tuple(rows[0])
    if len(header) != width - 1:
        return header, True, decimal_note
    if not any(row[width - 1].strip() for row in rows[1:] if len(row) >= width):
        return (*header, ""), True, decimal_note
    if width > 2 and sum(len(row) == width for row in rows[1:]) >= STEADY_ROWS * (len(rows) - 1):
        note = "The header has one name less than the rows have cells; the first column has no name."
        return ("", *header), True, (*decimal_note, note)
    return header, True, decimal_note


def reader(stream: io.TextIOBase, delimiter: str, escape: bool):
    """Open the slow, exact reader of records."""
    return csv.reader(stream, delimiter=delimiter or "\x1f", escapechar="\\" if escape else None)


def _sample(body: bytes) -> str:
    text = body[:SAMPLE_BYTES].decode("utf-8", "ignore")
    if len(body) <= SAMPLE_BYTES:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 else body.decode("utf-8", "ignore")


def _records(text: str, delimiter: str, escape: bool) -> list[tuple[list[str], int]]:
    """Read the first records that are not blank, each with the number of lines up to its end."""
    rows = []
    source = reader(io.StringIO(text, newline=""), delimiter, escape)
    try:
        for cells in source:
            if any(cell.strip() for cell in cells) or (len(cells) > 1 and rows):
                rows.append((cells, source.line_num))
            if len(rows) == SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return rows


def _delimiter(text: str, escape: bool) -> str:
    first_line = text.lstrip().split("\n", 1)[0]
    if "||" in first_line and "|" not in first_line.replace("||", ""):
        return _blank_or_nothing(text, escape)
    best, best_score = "", 0.0
    for candidate in DELIMITERS:
        score = _steadiness(_records(text, candidate, escape), candidate)
        if score > best_score:
            best, best_score = candidate, score
    if best_score >= STEADY:
        return best
    return _blank_or_nothing(text, escape)


def _steadiness(records: list[tuple[list[str], int]], delimiter: str) -> float:
    """Share of records with the commonest number of cells, from the first such record on, plus a little for numbers."""
    if not records:
        return 0.0
    first, width = _first(records)
    rows = [cells for cells, _ in records[first:]]
    if width < 2 or first > MAX_PREAMBLE:
        return 0.0
    steady = sum(len(cells) == width for cells in rows) / len(rows)
    cells = [cell.strip() for row in rows[1:60] for cell in row]
    numbers = [bool(ONE_NUMBER.match(cell) or (delimiter != "," and COMMA_NUMBER.match(cell))) for cell in cells]
    whole = [number or not any(d in cell for d in DELIMITERS) for number, cell in zip(numbers, cells, strict=True)]
    likely = 0.3 * (sum(numbers) + sum(whole)) / max(1, 2 * len(cells))
    return steady + likely - min(0.3, 0.1 * first) + 0.0001 * min(width, 100)


def _first(records: list[tuple[list[str], int]]) -> tuple[int, int]:
    """Where the table begins, after lines of introduction, and how many cells its records have."""
    widths = Counter(len(cells) for cells, _ in records)
    width, top = widths.most_common(1)[0]
    if width == 1:
        width = max(w for w, n in widths.items() if n >= 0.9 * top)
    for position, (cells, _) in enumerate(records):
        if len(cells) >= width or (len(cells) == width - 1 and width > 2 and _filled(cells) == len(cells)):
            return position, width
    return 0, width


def _filled(cells: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _blank_or_nothing(text: str, escape: bool) -> str:
    """Without a delimiter that fits: a blank, one column, or an error that says what was seen."""
    lines = [line for line in text.splitlines()[:SAMPLE_RECORDS] if line.strip()]
    spaced = _records(text, " ", escape)
    if _steadiness(spaced, " ") >= 1 and any(ONE_NUMBER.match(cell) for cell in spaced[-1][0]):
        return " "
    for odd in ("||", "::", *DELIMITERS):
        if sum(odd in line for line in lines) > 0.8 * len(lines) and len(lines) > 1:
            shown = WORDS.get(odd, quoted(odd))
            raise UserError(
                f"Most lines hold {shown}, but it does not part them into the same number of cells.",
                "Check the file in a text editor, or save it again as CSV with one character between the cells.",
            )
    runs = [re.split(r"\s+", line.strip()) for line in lines]
    even = len(lines) > 1 and len(runs[0]) > 1 and len({len(run) for run in runs}) == 1
    if even and any(ONE_NUMBER.match(cell) for cell in runs[-1]):
        raise UserError(
            "The cells seem to be parted by several blanks.", "Save the file as CSV with a comma between the cells."
        )
    return ""


def find_decimal(rows: list[list[str]], delimiter: str) -> str:
    """Find out whether numbers are written with a decimal comma."""
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if "," in cell and COMMA_NUMBER.match(cell)]
    points = sum("." in cell and ONE_NUMBER.match(cell) is not None for cell in cells)
    if delimiter == ",":
        commas = [cell for cell in commas if not re.search(r",\d{3}$", cell)]
    return "," if len(commas) > points else "."


def is_number(cell: str, decimal: str) -> bool:
    """Tell whether one cell is a number."""
    return bool((COMMA_NUMBER if decimal == "," else ONE_NUMBER).match(cell.strip()))


def _has_header(rows: list[list[str]], decimal: str) -> bool:
    """A header is missing only if the first record is a number in every numeric column, or repeats what follows."""
    head, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if len(rest) < 2:
        return True
    columns = list(zip(*rest, strict=True))
    known = [[cell for cell in column if cell.strip().lower() not in NOT_A_NUMBER] for column in columns]
    numeric = [j for j, cells in enumerate(known) if cells and all(is_number(cell, decimal) for cell in cells)]
    if not numeric:
        repeated = sum(bool(cell.strip()) and cell in column for cell, column in zip(head, columns, strict=True))
        return repeated < 0.5 * len(head) or repeated < 2
    cells = [head[j].strip() for j in numeric]
    fits = [is_number(cell, decimal) for cell in cells]
    if not any(fits) or not all(fit or cell.lower() in NOT_A_NUMBER for fit, cell in zip(fits, cells, strict=True)):
        return True
    return _counts_up(head)


def _counts_up(head: list[str]) -> bool:
    """Names such as 0, 1, 2 or 2001, 2002, 2003 are a header."""
    whole = [int(cell) for cell in (text.strip() for text in head) if re.fullmatch(r"\d{1,6}", cell)]
    return len(whole) > 2 and len(whole) >= len(head) - 2 and all(b - a == 1 for a, b in pairwise(whole))


def widths(n: int) -> str:
    """Write a number of cells."""
    return f"{count(n)} {'cell' if n == 1 else 'cells'}"
