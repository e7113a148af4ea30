"""What parts the cells of a line: one character, several, runs of blanks, or fixed places."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass

from core.errors import UserError
from core.reading.numbers import COMMA_NUMBER, NUMBER
from core.reading.rewriting import SIGN, find_places, one_sign
from core.wording import count, plural, quoted, share

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x01")
DOUBLED = ("||", "::", ";;", "^^", "~~", "##", "@@")
WORDS = {
    ",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "a blank", "\x01": "the character 1",
    "blanks": "runs of blanks", "fixed": "fixed places",
}  # fmt: skip
SAMPLE_RECORDS = 400
MAX_PREAMBLE = 20
NEARLY_ALL = 0.9
MANY = 8
STEADY = 0.6
CERTAIN, LIKELY = 0.4, 0.15
ONE_NUMBER = re.compile(NUMBER)
ONE_COMMA_NUMBER = re.compile(COMMA_NUMBER)
Records = list[tuple[list[str], int]]


@dataclass(frozen=True)
class Parting:
    """What parts the cells.

    Parameters
    ----------
    delimiter : str
        One or more characters, "blanks" for runs of them, "fixed" for places, or empty for a table with one column.
    confidence, reason : str
        See ``Decision``.
    places : tuple of int
        Where the columns begin, for fixed places.
    """

    delimiter: str
    confidence: str = "stated"
    reason: str = "You said so."
    places: tuple[int, ...] = ()


@dataclass(frozen=True)
class Writing:
    """How cells are put between quotation marks.

    Parameters
    ----------
    escape : bool
        Quotation marks within cells are written with a backslash.
    quote : str
        The quotation mark, or "none".
    padded : bool
        Blanks stand between a delimiter and a quotation mark.
    """

    escape: bool = False
    quote: str = '"'
    padded: bool = False


def sureness(margin: float) -> str:
    """Turn the distance between the best and the second best explanation, on a scale from 0 to 1, into a word.

    Examples
    --------
    >>> sureness(0.9), sureness(0.2), sureness(0.05)
    ('certain', 'likely', 'guess')
    """
    return "certain" if margin >= CERTAIN else "likely" if margin >= LIKELY else "guess"


def reader(stream: io.TextIOBase, delimiter: str, how: Writing):
    """Open the slow, exact reader of records."""
    marks = {"quoting": csv.QUOTE_NONE, "quotechar": None} if how.quote == "none" else {"quotechar": how.quote}
    escape = "\\" if how.escape else None
    return csv.reader(stream, delimiter=delimiter or SIGN, escapechar=escape, skipinitialspace=how.padded, **marks)


def records_of(text: str, delimiter: str, how: Writing) -> Records:
    """Read the first records that are not blank, each with the number of lines up to its end."""
    rows: Records = []
    source = reader(io.StringIO(text, newline=""), delimiter, how)
    try:
        for cells in source:
            if any(cell.strip() for cell in cells) or (len(cells) > 1 and rows):
                rows.append((cells, source.line_num))
            if len(rows) == SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return _without_comments(rows)


def _without_comments(rows: Records) -> Records:
    """Leave out lines that begin with "#" and have fewer cells than most."""
    if not any(cells[0].startswith("#") for cells, _ in rows):
        return rows
    width = Counter(len(cells) for cells, _ in rows).most_common(1)[0][0]
    return [row for row in rows if len(row[0]) >= max(2, width - 1) or not row[0][0].startswith("#")]


def find_delimiter(text: str, how: Writing) -> Parting:
    """Find out what parts the cells.

    Every candidate is scored by the share of records that have the commonest number of cells, with up to 0.3 points more
    for cells that are numbers or hold no other delimiter, and less for lines that would stand above the table. The
    confidence is the distance to the second best score.

    Parameters
    ----------
    text : str
        The first lines.
    how : Writing
        How cells are quoted.

    Raises
    ------
    UserError
        The lines hold a delimiter, but no single one fits.
    """
    for double in (double for double in DOUBLED if double in text):
        parted = records_of(text.replace(double, SIGN), SIGN, how)
        alone = text.count(double[0]) > 2 * text.count(double)
        even = double[0] not in DELIMITERS and common_share(parted) >= NEARLY_ALL and _first(parted)[1] > 2
        if (even or not alone) and _steadiness(parted, SIGN) >= STEADY and _first(parted)[1] > 1 + (double == ";;"):
            return Parting(double, "likely", _reason(parted, quoted(double), "", 0))
    found = {}
    for candidate in DELIMITERS:
        if candidate in text:
            found[candidate] = records_of(text, candidate, how)
    scores = {candidate: _steadiness(records, candidate) for candidate, records in found.items()}
    ranked = sorted(scores, key=scores.__getitem__, reverse=True)
    if not ranked or scores[ranked[0]] < STEADY:
        return _blank_or_nothing(text, how)
    best = ranked[0]
    if common_share(found[best]) < 1:
        blanks = records_of(text, " ", Writing(how.escape, how.quote))
        if _is_even(blanks):
            return Parting(" ", "likely", _reason(blanks, WORDS[" "], "", 0))
        lines = [line for line in text.splitlines()[:SAMPLE_RECORDS] if line.strip()]
        places = find_places(lines) if "\n   " in text or "   " in lines[-1] else ()
        if len(places) > 2:
            return Parting("fixed", "likely", _told_of_places(lines, places), places)
    rival = ranked[1] if len(ranked) > 1 else ""
    second = common_share(found[rival]) if rival else 0
    reason = _reason(
        found[best], WORDS.get(best, quoted(best)), WORDS.get(rival, quoted(rival)) if rival else "", second
    )
    return Parting(best, sureness(scores[best] - (scores[rival] if rival else 0)), reason)


def first_record(records: Records) -> tuple[int, int]:
    """Where the table begins, after lines of introduction, and how many cells its records have."""
    return _first(records)


def _reason(records: Records, word: str, rival: str, second: float) -> str:
    common = common_share(records)
    n_lines, width = len(records), _first(records)[1]
    who = f"All {plural(n_lines, 'line')}" if common == 1 else f"{share(common)} of {plural(n_lines, 'line')}"
    text = f"{who} looked at {'has' if n_lines == 1 else 'have'} {count(width)} cells with {word}"
    return f"{text}; with {rival} {share(second)} have one number of cells." if rival and second else f"{text}."


def common_share(records: Records) -> float:
    """Tell the share of records with the commonest number of cells, if that is more than one."""
    if not records:
        return 0.0
    width = _first(records)[1]
    return sum(len(cells) == width for cells, _ in records) / len(records) if width > 1 else 0.0


def _steadiness(records: Records, delimiter: str) -> float:
    """Share of records with the commonest number of cells, from the first such record on, plus a little for numbers."""
    if not records:
        return 0.0
    first, width = _first(records)
    rows = [cells for cells, _ in records[first:]]
    if width < 2 or first > MAX_PREAMBLE:
        return 0.0
    steady = sum(len(cells) == width for cells in rows) / len(rows)
    cells = [cell.strip() for row in rows[1:60] for cell in row]
    numbers = [bool(ONE_NUMBER.match(cell) or (delimiter != "," and ONE_COMMA_NUMBER.match(cell))) for cell in cells]
    whole = [number or not any(d in cell for d in DELIMITERS) for number, cell in zip(numbers, cells, strict=True)]
    likely = 0.3 * (sum(numbers) + sum(whole)) / max(1, 2 * len(cells))
    return steady + likely - min(0.3, 0.1 * first) + 0.0001 * min(width, 100)


def _first(records: Records) -> tuple[int, int]:
    widths = Counter(len(cells) for cells, _ in records)
    width, top = widths.most_common(1)[0]
    if width == 1:
        width = max(w for w, n in widths.items() if n >= 0.9 * top)
    trailing = all(not cells[-1].strip() for cells, _ in records if len(cells) == width)
    for position, (cells, _) in enumerate(records):
        filled = sum(bool(cell.strip()) for cell in cells)
        if len(cells) >= width or (len(cells) == width - 1 and width > 2 and (filled == len(cells) or trailing)):
            return position, width
    return 0, width


def _blank_or_nothing(text: str, how: Writing) -> Parting:
    """Without a delimiter that fits: blanks, fixed places, one column, or an error that says what was seen."""
    lines = [line for line in text.splitlines()[:SAMPLE_RECORDS] if line.strip()]
    spaced = records_of(text, " ", Writing(how.escape, how.quote))
    numbers = any(ONE_NUMBER.match(cell) for cells, _ in spaced[-1:] for cell in cells)
    if _steadiness(spaced, " ") >= 1 and (numbers or _is_even(spaced)):
        return Parting(" ", "likely", _reason(spaced, WORDS[" "], "", 0))
    places = find_places(lines)
    runs = records_of(one_sign(text.encode(), "blanks").decode(), SIGN, how)
    if (
        len(lines) > 1
        and common_share(runs) >= 0.9
        and any(ONE_NUMBER.match(cell) for cells, _ in runs[-1:] for cell in cells)
    ):
        return Parting("blanks", "likely", _reason(runs, WORDS["blanks"], "", 0))
    if places:
        return Parting("fixed", "likely", _told_of_places(lines, places), places)
    for odd in DELIMITERS:
        if sum(odd in line for line in lines) > 0.8 * len(lines) and len(lines) > 1:
            raise UserError(
                f"Most lines hold {WORDS.get(odd, quoted(odd))}, but it does not part them into the same number of cells.",
                "Check the file in a text editor, or state what parts its cells and which quotation mark it uses.",
            )
    return Parting("", "likely", f"No character parts the {plural(len(lines), 'line')} looked at: one column.")


def _told_of_places(lines: list[str], places: tuple[int, ...]) -> str:
    return f"In all {plural(len(lines), 'line')} looked at {count(len(places))} columns begin at the same places."


def _is_even(records: Records) -> bool:
    """Whether many lines have the same number of cells, three or more."""
    return len(records) >= MANY and {len(cells) for cells, _ in records} == {max(3, len(records[0][0]))}
