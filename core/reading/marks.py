"""Marks of a whole file: what stands around cells, and which mark is the decimal one."""

from __future__ import annotations

import re

from core.reading.delimiter import STEADY, Parting, Writing, common_share, find_delimiter, records_of, sureness
from core.reading.rewriting import SIGN, is_padded, one_sign
from core.reading.thousands import MARKED, evidence
from core.table import Decision
from core.wording import count, plural, quoted, share

LOOK = 1500
ESCAPED = re.compile(r'\\"[^"\r\n,;\t|]')
OPENED = {mark: re.compile(rf"(?:^|[,;\t|] ?){mark}(?=[^,;\t|])", re.MULTILINE) for mark in "\"'"}
AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


def find_quoting(text: str, stated: str = "", delimiter: str = "") -> tuple[Writing, Decision]:
    """Find out how cells are quoted: by quotation marks, or by apostrophes where only so all lines have as many cells.

    Parameters
    ----------
    text : str
        The first lines.
    stated, delimiter : str
        What the analyst says; empty to find it out.
    """
    escape = "\\" in text and ESCAPED.search(text) is not None
    if stated:
        return Writing(escape, stated, stated != "none" and is_padded(text, stated)), Decision(
            "quote", stated, "stated", "You said so."
        )
    counts = {mark: len(pattern.findall(text)) if mark in text else 0 for mark, pattern in OPENED.items()}
    if counts["'"] > counts['"']:
        apostrophes = Writing(escape, "'", is_padded(text, "'"))
        parting = Parting(delimiter) if delimiter not in ("", "fixed") else find_delimiter(text, apostrophes)
        parted, sign = one_sign(text.encode(), parting.delimiter, parting.places).decode(), parting.delimiter
        sign = sign if len(sign) == 1 else SIGN
        records = [records_of(parted, sign, how) for how in (apostrophes, Writing(escape))]
        even = [common_share(found) for found in records]
        if even[0] >= STEADY and even[0] > even[1]:
            text = f"{plural(counts[chr(39)], 'cell')} stand between apostrophes; so {share(even[0])} of lines have as many "
            text += f"cells, else {share(even[1])}."
            return apostrophes, Decision("quote", "'", "likely", text)
    number = plural(counts['"'], "cell") if counts['"'] else "no cell"
    return Writing(escape, '"', is_padded(text)), Decision(
        "quote", '"', "certain", f"The first lines hold {number} between quotation marks."
    )


def find_decimal(rows: list[list[str]], delimiter: str, stated: str = "") -> tuple[str, Decision, tuple[str, ...]]:
    """Find out whether numbers are written with a decimal comma.

    Returns
    -------
    decimal : str
        "." or ",".
    decision : Decision
    notes : tuple of str
    """
    bodies = [cell.strip() for row in rows for cell in row if "," in cell or "." in cell][:LOOK]
    bodies = [parts["body"].lstrip("+-−") for parts in map(MARKED.fullmatch, bodies) if parts]
    n_points, n_commas = evidence(bodies)
    grouped = [body for body in bodies if AMBIGUOUS.fullmatch(body)]
    either = delimiter == ";" and len(grouped) > 0 and not n_points and not n_commas
    mark = stated or ("," if n_commas > n_points or either else ".")
    notes = ("Numbers are written with a decimal comma.",) if mark == "," else ()
    if stated:
        return mark, Decision("decimal", mark, "stated", "You said so."), notes
    if either:
        text = (
            f"Numbers such as {quoted(grouped[0])} may have a decimal comma or a comma between groups of three digits"
        )
        notes = (
            f"{text}; the comma was read as a decimal mark. If it parts groups, state a point as the decimal mark.",
        )
        return mark, Decision("decimal", mark, "guess", f"{text}."), notes
    total = n_points + n_commas
    text = f"{count(n_points)} cells can only have a decimal point, {count(n_commas)} only a decimal comma."
    if not total:
        return mark, Decision("decimal", mark, "likely", "No cell looked at needs a decimal mark."), notes
    confidence = sureness(abs(n_points - n_commas) / total)
    return mark, Decision("decimal", mark, confidence, text), notes
