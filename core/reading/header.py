"""Whether a table has a header, whether that has two lines, and whether a row of units stands under it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from core.reading.numbers import COMMA_NUMBER, NOT_A_NUMBER, NUMBER
from core.reading.thousands import MARKED
from core.reading.units import is_unit
from core.table import Decision
from core.wording import count, listing, plural

ONE_NUMBER = re.compile(NUMBER)
ONE_COMMA_NUMBER = re.compile(COMMA_NUMBER)
DATE = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}")
STEADY_ROWS = 0.9
TYPED = 0.9
LOOK = 120
FEW = 5
KINDS = frozenset(
    re.findall(
        r"\w+",
        "numeric integer int int64 float float64 double real string str text char varchar object bool boolean date datetime continuous "
        "discrete categorical nominal ordinal numerical number class meta ignore binary c d",
    )
)


@dataclass(frozen=True)
class Heading:
    """What stands above the records.

    Parameters
    ----------
    names : tuple of str
        At least as many as there are columns; empty where the file gives none.
    n_records : int
        Records that are no data: 0 without a header, 2 with a row of units or a second line of names.
    units : tuple of str
        One for each column; empty if there is no row of units.
    notes : tuple of str
    decisions : tuple of Decision
    """

    names: tuple[str, ...]
    n_records: int
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()


def find_heading(rows: list[list[str]], width: int, decimal: str, header: str = "", units: str = "") -> Heading:
    """Name the columns.

    Parameters
    ----------
    rows : list of list of str
        The first records; the first of them may be the header.
    width : int
        Cells per record.
    decimal : str
        "." or ",".
    header, units : str
        What the analyst says: "yes" or "no"; empty to find it out.
    """
    if not any(row[width - 1].strip() for row in rows if len(row) >= width):
        rows = [[*row, ""] if len(row) == width - 1 else row for row in rows]
    is_header, confidence, reason = _has_header(rows, decimal)
    if header:
        is_header, confidence, reason = header == "yes", "stated", "You said so."
    decision = Decision("header", "yes" if is_header else "no", confidence, reason)
    if not is_header:
        told = "its first record looks like the others" if not header else "you said so"
        note = f"The file has no header: {told}. Columns are numbered."
        names = tuple(f"column {position}" for position in range(1, width + 1))
        return Heading(names, 0, (), (note,), (decision,))
    head = [rows[0], *(row for row in rows[1:] if any(cell.strip() for cell in row))]
    found = _second_record(head, decimal, units)
    names, note = _fitted(found.names, width, head[1:])
    row_units = found.units if len(names) == len(found.names) or not found.units else ("", *found.units)[: len(names)]
    if confidence == "guess" and len(rows) > FEW:
        note = (*note, f"That the first record is the header is a guess: {reason[0].lower()}{reason[1:]}")
    below = found.decisions or (_no_units(units),)
    return Heading(names, found.n_records, row_units, (*found.notes, *note), (decision, *below))


def _no_units(stated: str) -> Decision:
    if stated:
        return Decision("units", "no", "stated", "You said so.")
    return Decision("units", "no", "likely", "The row under the header looks like the other records.")


def find_header(rows: list[list[str]], width: int, decimal: str) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    """Name the columns by the first record alone.

    Returns
    -------
    header : tuple of str
        At least ``width`` names; empty where the file gives none.
    is_header : bool
        Whether the first record is a header and no data.
    notes : tuple of str
    """
    found = find_heading(rows, width, decimal, units="no")
    return found.names, found.n_records > 0, found.notes


def is_number(cell: str, decimal: str) -> bool:
    """Tell whether one cell is a number, with or without marks."""
    cell = cell.strip()
    return bool((ONE_COMMA_NUMBER if decimal == "," else ONE_NUMBER).match(cell) or MARKED.fullmatch(cell))


def _has_header(rows: list[list[str]], decimal: str) -> tuple[bool, str, str]:
    """A header is missing only if the first record fits every typed column, or repeats what follows."""
    head, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])][:LOOK]
    again, rest = [row for row in rest if row == head], [row for row in rest if row != head]
    if again and len(head) > 1 and not any(head[j] in {row[j] for row in rest} for j in range(len(head))):
        return (
            True,
            "certain",
            f"The first record comes {plural(len(again), 'time')} again, and its cells nowhere else.",
        )
    shapes = [_shape(cell, decimal) for cell in head]
    if len(rest) < 2:
        numbers = len(head) > 1 and all(shape == "number" for shape in shapes) and not _counts_up(head)
        few = f"Only {plural(len(rest), 'record')} {'has' if len(rest) == 1 else 'have'} as many cells as the first."
        return not numbers, "guess", few if rest else "No other record has as many cells as the first."
    columns = list(zip(*rest, strict=True))
    kinds = [_column_shape(column, decimal) for column in columns]
    typed = [j for j, kind in enumerate(kinds) if kind]
    if not typed:
        return _by_repetition(head, columns)
    fits = [j for j in typed if shapes[j] == kinds[j]]
    words = [j for j in typed if shapes[j] != kinds[j] and head[j].strip().lower() not in NOT_A_NUMBER]
    said = f"{plural(len(typed), 'column')} of numbers or dates"
    if not fits:
        sure = "certain" if words else "likely"
        return True, sure, f"The first record holds no number or date above any of {said}."
    if _counts_up(head):
        return True, "likely", "The first record counts up, as names of columns do."
    share = f"The first record fits {count(len(fits))} of {said}"
    if not words:
        return False, "certain" if len(fits) > 2 else "likely", f"{share}, like the records under it."
    if len(fits) > 2 * len(words):
        return False, "guess", f"{share}."
    return True, "likely", f"{share} only."


def _by_repetition(head: list[str], columns: list[tuple[str, ...]]) -> tuple[bool, str, str]:
    repeated = sum(bool(cell.strip()) and cell in column for cell, column in zip(head, columns, strict=True))
    is_header = repeated < 0.5 * len(head) or repeated < 2
    margin = abs(repeated / len(head) - 0.5)
    confidence = "likely" if margin > 0.3 and len(columns[0]) >= 5 else "guess"
    reason = (
        f"{count(repeated)} of {plural(len(head), 'cell')} of the first record come again in their columns of text."
    )
    return is_header, confidence, reason


def _shape(cell: str, decimal: str) -> str:
    cell = cell.strip()
    if is_number(cell, decimal):
        return "number"
    return "date" if DATE.match(cell) else ""


def _column_shape(column: tuple[str, ...], decimal: str) -> str:
    known = [cell for cell in column if cell.strip().lower() not in NOT_A_NUMBER]
    if not known:
        return ""
    shapes = [_shape(cell, decimal) for cell in known[:5]]
    for shape in ("number", "date"):
        if shape in shapes and sum(_shape(cell, decimal) == shape for cell in known) >= TYPED * len(known):
            return shape
    return ""


def _counts_up(head: list[str]) -> bool:
    """Names such as 0, 1, 2 or, beside words, 2001, 2002, 2003 are a header."""
    whole = [int(cell) for cell in (text.strip() for text in head) if re.fullmatch(r"[0-9]{1,6}", cell)]
    years = all(1900 <= number <= 2100 for number in whole)
    return len(whole) > 2 and (years or len(whole) >= len(head) - 2) and all(b - a == 1 for a, b in pairwise(whole))


def _second_record(rows: list[list[str]], decimal: str, units: str) -> Heading:
    """Look whether the record under the header holds units, or the second half of the names."""
    names = tuple(rows[0])
    if len(rows) < 2 or (len(rows) < 4 and units != "yes") or units == "no" or len(rows[1]) != len(names):
        return Heading(names, 1)
    second = [cell.strip() for cell in rows[1]]
    if units != "yes" and _is_ruled(second):
        reason = "The row under the header holds lines of dashes only."
        decision = Decision("units", "no", "certain", reason)
        return Heading(names, 2, (), (f"{reason[:-1]}; it was left out.",), (decision,))
    if units == "yes":
        return _with_units(names, second, "stated", "You said so.")
    rest = [row for row in rows[2:] if len(row) == len(names)][:LOOK]
    kinds = [_column_shape(column, decimal) for column in zip(*rest, strict=True)] if rest else []
    numeric = [j for j, kind in enumerate(kinds) if kind]
    words = [second[j] for j in numeric]
    if not numeric and _fills_gaps(names, second, rest):
        return _joined(names, second, "guess", "The record under the header has words where the header has gaps.")
    if not numeric or any(_shape(word, decimal) for word in second) or not any(words) or _comes_again(second, rest):
        return Heading(names, 1)
    typed_words = [word for word in words if word.lower() not in NOT_A_NUMBER]
    if not typed_words:
        return Heading(names, 1)
    reason = (
        f"The record under the header holds no number above any of {plural(len(numeric), 'column')} of numbers or dates"
    )
    known = [is_unit(word) or word.lower() in KINDS for word in typed_words]
    letter = len(known) == 1 and len(typed_words[0]) == 1 and typed_words[0].isalpha()
    alone = letter and not any(is_unit(cell) for cell in second if len(cell) > 1)
    if (all(known) and not alone) or (sum(known) >= 0.5 * len(known) and len(known) > 1):
        sure = "certain" if all(known) and len(known) > 1 else "likely"
        return _with_units(names, second, sure, f"{reason}, but {listing(typed_words[:5])}.")
    gaps = any(not name.strip() for name in names) or len(set(names)) < len(names)
    n_empty = second.count("")
    if len(typed_words) < len(words) - n_empty or not (gaps or len(numeric) > 1) or n_empty > gaps:
        return Heading(names, 1)
    return _joined(names, second, "likely" if gaps else "guess", f"{reason}.")


def _comes_again(cells: list[str], rest: list[list[str]]) -> bool:
    """Whether a cell stands again in its column, as those of records do."""
    columns = zip(*rest, strict=True)
    again = (cell in column for cell, column in zip(cells, columns, strict=True) if cell.lower() not in NOT_A_NUMBER)
    return any(again)


def _is_ruled(cells: list[str]) -> bool:
    """Whether a row draws a line, as tables in Markdown have it under the header."""
    return len(cells) > 1 and any(cells) and all(re.fullmatch(":?-{2,}:?|={2,}|", cell) for cell in cells)


def _fills_gaps(names: tuple[str, ...], second: list[str], rest: list[list[str]]) -> bool:
    """Whether the header has several gaps, and the record under it words there that come nowhere else."""
    gaps = [j for j, name in enumerate(names) if not name.strip()]
    columns = list(zip(*rest, strict=True))
    inside = len(gaps) > 1 and gaps[0] < len(names) - len(gaps)
    return inside and all(second) and not any(cell in column for cell, column in zip(second, columns, strict=True))


def _with_units(names: tuple[str, ...], second: list[str], confidence: str, reason: str) -> Heading:
    units = tuple("" if cell.lower() in NOT_A_NUMBER else re.sub(r"^[\[(](.*)[\])]$", r"\1", cell) for cell in second)
    note = f"The row under the header was left out: it holds units or types, {listing([unit for unit in units if unit][:5])}."
    return Heading(names, 2, units, (note,), (Decision("units", "yes", confidence, reason),))


def _joined(names: tuple[str, ...], second: list[str], confidence: str, reason: str) -> Heading:
    above, joined = "", []
    gaps = any(not name.strip() for name in names)
    for name, below in zip(names, second, strict=True):
        above = name.strip() or (above if gaps else "")
        joined.append(f"{above} {below}".strip() if below and above != below else below or name.strip())
    note = f"The header has two lines; they were joined to names such as {listing(joined[-2:])}."
    decision = Decision(
        "units", "no", confidence, f"{reason[:-1]}, and they are no units: it is the second line of the header."
    )
    return Heading(tuple(joined), 2, (), (note,), (decision,))


def _fitted(header: tuple[str, ...], width: int, rows: list[list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the first column of a table whose header has one cell less, or the last one if it is empty."""
    if len(header) != width - 1:
        return header, ()
    if not any(row[width - 1].strip() for row in rows if len(row) >= width):
        return (*header, ""), ()
    if width > 2 and sum(len(row) == width for row in rows) >= STEADY_ROWS * len(rows):
        return ("", *header), ("The header has one name less than the rows have cells; the first column has no name.",)
    return header, ()
