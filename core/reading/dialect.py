"""How a text file separates its cells, where its records begin and end, and how sure that is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.errors import UserError
from core.reading.delimiter import (
    MAX_PREAMBLE,
    SAMPLE_RECORDS,
    Parting,
    Records,
    Writing,
    find_delimiter,
    first_record,
    records_of,
)
from core.reading.footer import find_footer
from core.reading.header import find_header, find_heading
from core.reading.marks import find_decimal, find_quoting
from core.reading.rewriting import SIGN, one_sign
from core.table import Decision
from core.wording import plural, quoted

__all__ = ["MAX_PREAMBLE", "SAMPLE_RECORDS", "Dialect", "Stated", "find_decimal", "find_dialect", "find_header"]
SAMPLE_BYTES = 2**18
OTHER = {",": ".", ".": ","}


@dataclass(frozen=True)
class Stated:
    """What the analyst says about a text file; empty to find it out.

    Parameters
    ----------
    delimiter, decimal, thousands, quote : str
        Marks; several characters, "blanks" or "fixed" may part the cells, and "none" says that there is no such mark.
    header, units : str
        "yes" or "no".
    skip, footer : str
        Lines before the header, and lines at the end to leave out.
    """

    delimiter: str = ""
    decimal: str = ""
    thousands: str = ""
    quote: str = ""
    header: str = ""
    skip: str = ""
    footer: str = ""
    units: str = ""


@dataclass(frozen=True)
class Dialect:
    """How the file is written.

    Parameters
    ----------
    delimiter : str
        One character or more, "blanks", "fixed", or empty for a table with one column.
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
    quote : str
        The quotation mark, or "none".
    thousands : str
        What the analyst says about groups of three digits; empty to find it out for each column.
    end : int
        Lines at the end that are no records.
    units : tuple of str
        One for each column; empty if there is no row of units.
    decisions : tuple of Decision
    places : tuple of int
        Where the columns begin, for fixed places.
    padded : bool
        Blanks stand between delimiters and quotation marks.
    """

    delimiter: str
    escape: bool
    decimal: str
    header: tuple[str, ...]
    start: int
    notes: tuple[str, ...] = ()
    quote: str = '"'
    thousands: str = ""
    end: int = 0
    units: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    places: tuple[int, ...] = ()
    padded: bool = False

    @property
    def how(self) -> Writing:
        """How cells are quoted."""
        return Writing(self.escape, self.quote, self.padded)

    @property
    def sign(self) -> str:
        """The one character between cells once the text has passed ``one_sign``."""
        return self.delimiter if len(self.delimiter) == 1 else SIGN


def find_dialect(
    body: bytes, delimiter: str = "", decimal: str = "", *, stated: Stated | None = None, whole: bool = True
) -> Dialect:
    """Find out how a text file is written.

    Parameters
    ----------
    body : bytes
        The text as UTF-8, or its head.
    delimiter, decimal : str
        What the analyst says; empty to find it out.
    stated : Stated
        Everything that the analyst says; goes before ``delimiter`` and ``decimal``.
    whole : bool
        False if ``body`` is only the head of the file: then no footer is looked for.

    Raises
    ------
    UserError
        The lines hold a delimiter, but no single one fits.
    """
    stated = stated or Stated(delimiter, decimal)
    text = _sample(body)
    text, skipped, said = _after_skipped(text, stated.skip)
    if not text.strip():
        raise UserError("No line is left of the file.", "Choose a file that holds a table, or leave out fewer lines.")
    given = stated.delimiter or said
    how, quoting = find_quoting(text, stated.quote, given)
    parting = _stated_parting(text, given) if given else find_delimiter(text, how)
    sign = parting.delimiter if len(parting.delimiter) == 1 else SIGN
    text = one_sign(text.encode("utf-8", "replace"), parting.delimiter, parting.places).decode("utf-8")
    records = records_of(text, sign, how)
    if not records:
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    first, width = first_record(records)
    first = 0 if stated.skip else first
    rows = [cells for cells, _ in records[first:]]
    mark, marking, notes = find_decimal(rows, parting.delimiter, stated.decimal or OTHER.get(stated.thousands, ""))
    heading = find_heading(rows, width, mark, stated.header, stated.units)
    before = records[first - 1][1] if first else 0 if records[0][0][0].startswith("#") else _comments(text)
    if stated.skip:
        heading = replace(heading, names=heading.names + ("",) * (width - len(heading.names)))
    start = skipped + (_end_of(records[first:], heading.n_records) or before)
    end, ending = _footer(body, stated, whole, (rows[heading.n_records :], width, mark), (parting, sign, how))
    above, told = _told_above(before, skipped, stated.skip, bool(said))
    decisions = (
        Decision("delimiter", parting.delimiter, parting.confidence, parting.reason),
        *(quoting, marking, above, *heading.decisions, ending),
    )
    below = (
        f"{plural(end, 'line')} at the end left out: {ending.reason}" if end and ending.confidence != "stated" else ""
    )
    notes = (*told, *notes, *heading.notes, *((below,) if below else ()))
    return Dialect(
        parting.delimiter, how.escape, mark, heading.names, start, notes, how.quote, stated.thousands, end, heading.units,
        decisions, parting.places, how.padded,
    )  # fmt: skip


def _sample(body: bytes) -> str:
    text = body[:SAMPLE_BYTES].decode("utf-8", "ignore")
    if len(body) <= SAMPLE_BYTES:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 else body.decode("utf-8", "ignore")


def _after_skipped(text: str, skip: str) -> tuple[str, int, str]:
    """Leave out the lines that the analyst names, or a first line such as "sep=;"."""
    if skip:
        lines = re.match(rf"(?:[^\r\n]*(?:\r\n|\r|\n)){{0,{int(skip)}}}", text)
        return text[lines.end() :], int(skip), ""
    named = re.match(r'"?sep=(.)"?(\r\n|\r|\n)', text)
    return (text[named.end() :], 1, named[1]) if named else (text, 0, "")


def _stated_parting(text: str, delimiter: str) -> Parting:
    if delimiter != "fixed":
        return Parting(delimiter)
    found = find_delimiter(text, Writing())
    if found.delimiter != "fixed":
        raise UserError(
            "The columns do not begin at the same places in all lines.", "Leave the delimiter to be found out."
        )
    return Parting("fixed", places=found.places)


def _comments(text: str) -> int:
    """Lines that begin with "#" above everything else."""
    above = re.match(r"(?:\s*#[^\r\n]*(?:\r\n|\r|\n))+", text)
    return len(re.findall(r"\r\n|\r|\n", above[0])) if above else 0


def _end_of(records: Records, n_records: int) -> int:
    """Lines up to the end of the first records that hold something."""
    filled = [line for cells, line in records if any(cell.strip() for cell in cells)]
    return filled[n_records - 1] if n_records else 0


def _footer(body: bytes, stated: Stated, whole: bool, table: tuple, how: tuple) -> tuple[int, Decision]:
    if stated.footer:
        return int(stated.footer), Decision("footer", stated.footer, "stated", "You said so.")
    parting, sign, writing = how

    def parse(line: str) -> list[str]:
        parted = one_sign(line.encode("utf-8", "replace"), parting.delimiter, parting.places).decode("utf-8")
        found = records_of(parted, sign, writing)
        return found[0][0] if found else []

    n_lines, example = find_footer(body, parse, *table) if whole else (0, "")
    if not n_lines:
        return 0, Decision("footer", "0", "likely", "The last line looks like the other records.")
    reason = f"they begin with {quoted(example, 40)}, which looks like no record."
    return n_lines, Decision("footer", str(n_lines), "likely", reason)


def _told_above(before: int, skipped: int, skip: str, named: bool) -> tuple[Decision, tuple[str, ...]]:
    if skip:
        return Decision("skip", skip, "stated", "You said so."), ()
    lines = before + skipped
    if before:
        reason = f"{plural(before, 'line')} above the header {'is' if before == 1 else 'are'} no part of the table."
        return Decision("skip", str(lines), "likely", reason), (
            f"{plural(before, 'line')} before the header left out.",
        )
    reason = "The first line names the delimiter." if named else "The first line has as many cells as the table."
    return Decision("skip", str(lines), "certain", reason), ()
