"""Numbers with marks: thousands separators, a percent sign, a currency, another minus, or another decimal mark than the file's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from core.reading.units import UNIT
from core.wording import quoted

CURRENCIES = "€|\\$|£|¥|₹|₽|R\\$|US\\$|kr|EUR|USD|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CAD|AUD|BRL"
MARKED = re.compile(
    rf"(?P<open>\()?[+\-−]?(?P<before>{CURRENCIES})?[ \u00a0]?"
    r"(?P<body>[+\-−]?(?:[0-9][0-9.,'’ \u00a0\u202f]*[0-9][.,]?|[0-9][.,]?|[.,][0-9]+)(?:[eE][+\-−]?[0-9]+)?)"
    rf"[ \u00a0\u202f]?(?P<after>%|{CURRENCIES}|(?<=[ \u00a0\u202f])(?:{UNIT}))?(?P<behind>[-−])?(?(open)\))"
)
SPOKEN = {",": "a comma", ".": "a point", " ": "a blank", "'": "an apostrophe", "’": "an apostrophe"}
ENOUGH = 3


@dataclass(frozen=True)
class Marks:
    """How the numbers of a column are written.

    Parameters
    ----------
    thousands, decimal : str
        The mark between groups of three digits, empty if there is none, and the decimal mark.
    unit : str
        A percent sign or a currency that every cell bears.
    confidence : str
        "certain" or "likely".
    reason : str
        What the analyst must know; empty for plain numbers.
    negative : str
        "(" if brackets stand for a minus, "-" if the minus stands behind.
    """

    thousands: str = ""
    decimal: str = "."
    unit: str = ""
    confidence: str = "certain"
    reason: str = ""
    negative: str = ""


def find_marks(words: Sequence[str], decimal: str, thousands: str = "") -> Marks | None:
    """Find out which marks stand in the numbers of a column.

    Two different marks, or one that comes twice, settle which of them parts groups of three digits. A single mark before
    exactly three digits in every cell may be either: it is a thousands mark if it is not the decimal mark of the file,
    or if all numbers without it are below 1,000, and then "likely".

    Parameters
    ----------
    words : sequence of str
        Some different cells, none of them missing.
    decimal : str
        The decimal mark of the file.
    thousands : str
        What the analyst says; "none" for no such mark.

    Returns
    -------
    Marks or None
        None if the cells are no numbers of one kind.

    Examples
    --------
    >>> marks = find_marks(["1.234,5", "12,25"], ",")
    >>> marks.thousands, marks.decimal, marks.confidence
    ('.', ',', 'certain')
    """
    parts = [MARKED.fullmatch(word) for word in words]
    if not parts or not all(parts):
        return None
    units = {part["before"] or part["after"] or "" for part in parts}
    if len(units) > 1 or any(part["before"] and part["after"] for part in parts):
        return None
    negative = "(" if any(part["open"] for part in parts) else "-" if any(part["behind"] for part in parts) else ""
    if negative and (any(part["open"] and part["behind"] for part in parts) or all(part["open"] for part in parts)):
        return None
    bodies = [re.sub("[eE].*", "", part["body"].lstrip("+-−")) for part in parts]
    found = _separators(bodies, decimal, thousands)
    if found is None:
        return None
    group, point, confidence = found
    unit = units.pop()
    if not re.fullmatch(_body(group, point), bodies[0]):
        return None
    example = next((word for word, body in zip(words, bodies, strict=True) if group and group in body), words[0])
    told = _reason(group, point, unit, decimal, example, confidence)
    if negative:
        sign = next(word for word, part in zip(words, parts, strict=True) if part["open"] or part["behind"])
        told += f"{' and ' if told else ''}{'brackets' if negative == '(' else 'a line behind'} were read as a minus, such as {quoted(sign)}"
    return Marks(group, point, unit, "likely" if negative else confidence, told, negative)


def plain(cells: pa.Array, marks: Marks) -> pa.Array | None:
    """Write numbers with marks as plain numbers with a decimal point; nothing if a cell does not fit.

    Parameters
    ----------
    cells : pyarrow.Array of string (n_samples,)
        Null is missing.
    marks : Marks
        How they are written.
    """
    unit = re.escape(marks.unit) if marks.unit else ""
    gap = "[ \u00a0\u202f]?"
    around = (f"(?:{unit})?{gap}", f"{gap}(?:{unit})?") if unit else ("", "")
    number = f"{_body(marks.thousands, marks.decimal)}(?:[eE][+\\-−]?[0-9]+)?"
    if marks.negative:
        cells = pc.replace_substring_regex(cells, r"^\((.*)\)$|^(.*)[-−]$", r"-\1\2")
    pattern = f"^[+\\-−]?{around[0]}[+\\-−]?{number}{around[1]}$"
    if not pc.all(pc.match_substring_regex(cells, pattern)).as_py():
        return None
    for mark in filter(None, (marks.unit, "\u00a0", "\u202f", " ", marks.thousands)):
        cells = pc.replace_substring(cells, mark, "")
    cells = pc.replace_substring(cells, "−", "-")
    return cells if marks.decimal == "." else pc.replace_substring(cells, ",", ".")


def evidence(bodies: Iterable[str]) -> tuple[int, int]:
    """Count the cells that can only be written with a decimal point, and those that need a decimal comma.

    Examples
    --------
    >>> evidence(["1.5", "1,234", "1.234,5", "0,123"])
    (1, 2)
    """
    tally = {".": 0, ",": 0}
    for body in bodies:
        mark = _sure_decimal(body)
        if mark:
            tally[mark] += 1
    return tally["."], tally[","]


def _sure_decimal(body: str) -> str:
    """The decimal mark of a cell if it can be read in one way only."""
    marks = [sign for sign in body if sign in ",."]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else ""
    if len(marks) > 1:
        return (
            {",": ".", ".": ","}[marks[0]] if re.fullmatch(rf"[+-]?[0-9]{{1,3}}([{marks[0]}][0-9]{{3}})+", body) else ""
        )
    return "" if re.fullmatch(rf"[+-]?[1-9][0-9]{{0,2}}[{marks[0]}][0-9]{{3}}", body) else marks[0]


def _separators(bodies: list[str], decimal: str, thousands: str) -> tuple[str, str, str] | None:
    """The mark between groups, the decimal mark, and how sure they are."""
    if thousands:
        if thousands == "none":
            points = {sign for body in bodies for sign in body if sign in ",."}
            return "", points.pop() if len(points) == 1 else decimal, "stated"
        group = thousands
        return group, "," if group == "." else "." if group == "," else decimal, "stated"
    signs = {sign for body in bodies for sign in body if not sign.isdigit()}
    spaces = signs - {",", "."}
    if len(spaces) > 1 or (spaces and len(signs) == 3):
        return None
    if spaces:
        group, points = spaces.pop(), signs & {",", "."}
        point = points.pop() if points else decimal
        sure = point in "".join(bodies) or any(body.count(group) > 1 for body in bodies)
        return group, point, "certain" if sure or _short_without(bodies, group) else "likely"
    n_points, n_commas = evidence(bodies)
    if n_points and n_commas:
        return None
    if n_points or n_commas:
        point = "." if n_points else ","
        group = {".": ",", ",": "."}[point]
        return group if group in signs else "", point, "certain"
    return _only_groups(bodies, signs, decimal)


def _only_groups(bodies: list[str], signs: set[str], decimal: str) -> tuple[str, str, str] | None:
    """One mark that stands before three digits wherever it stands."""
    if not signs:
        return "", decimal, "certain"
    if len(signs) > 1:
        return None
    mark = signs.pop()
    other = {",": ".", ".": ","}[mark]
    without = [int(body) for body in bodies if mark not in body]
    if without and max(without) >= 1000:
        return "", mark, "likely"
    if mark != decimal or len(without) >= ENOUGH:
        return mark, other, "certain" if _short_without(bodies, mark) else "likely"
    return "", mark, "likely"


def _short_without(bodies: list[str], mark: str) -> bool:
    """Whether several numbers bear the mark, and several do not because they are below 1,000."""
    without = [body for body in bodies if mark not in body]
    short = all(len(re.split("[.,]", body)[0]) <= 3 for body in without)
    return short and len(without) >= ENOUGH and len(bodies) - len(without) >= ENOUGH


def _body(group: str, point: str) -> str:
    whole = f"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|[0-9]+" if group else "[0-9]+"
    mark = re.escape(point)
    return f"(?:(?:{whole})(?:{mark}[0-9]*)?|{mark}[0-9]+)"


def _reason(group: str, point: str, unit: str, decimal: str, example: str, confidence: str) -> str:
    said = []
    if group:
        said.append(f"{SPOKEN.get(group, 'a narrow blank')} parts groups of three digits")
    if point != decimal and not group:
        said.append("a comma is the decimal mark" if point == "," else "a point is the decimal mark")
    if unit:
        said.append(f"the mark {quoted(unit)} was taken off")
    if not said:
        return ""
    told = f"{' and '.join(said)} in its numbers, such as {quoted(example, 30)}"
    if group in (",", ".") and confidence == "likely":
        told += f"; if it is a decimal mark, state {SPOKEN[group]} as the decimal mark"
    return told
