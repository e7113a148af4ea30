"""Numbers and names as words: the only place where a value becomes text for a reader.

Everything returned here is plain text. Whoever draws it (page, report, figure) escapes it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal

MISSING, MINUS = "–", "\u2212"
"""What stands for no number, and the sign of a negative one in sentences and figures; tables to take home have the hyphen of a file."""


def clip(text: object, limit: int = 60) -> str:
    """Show text that came from a file on one line: control characters visible, long text shortened.

    Parameters
    ----------
    text : object
        Any value; it is turned into text first.
    limit : int
        The largest number of characters returned.

    Examples
    --------
    >>> clip("two\\nlines")
    'two\\\\nlines'
    >>> clip("a" * 100, limit=5)
    'aaaa…'
    """
    raw = str(text)[: 2 * limit + 2]
    line = "".join(_visible(character) for character in raw)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") and character != "\u200d":
        return character.encode("unicode_escape").decode("ascii")
    return character


def quoted(text: object, limit: int = 60) -> str:
    """Put a name from a file between single quotes, on one line.

    Examples
    --------
    >>> quoted("age")
    "'age'"
    """
    return f"'{clip(text, limit)}'"


def count(n: float) -> str:
    """Write a whole number with thousands separators.

    Examples
    --------
    >>> count(12960)
    '12,960'
    """
    return _signed(f"{int(round(n)):,}")


def plural(n: float, noun: str, nouns: str | None = None) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1204, "row"), plural(2, "class", "classes")
    ('1 row', '1,204 rows', '2 classes')
    """
    return f"{count(n)} {noun if round(n) == 1 else nouns or noun + 's'}"


def share(x: float) -> str:
    """Write a share between 0 and 1 as a percentage that never hides a rare event.

    Examples
    --------
    >>> share(0.0), share(0.0003), share(0.049), share(0.5), share(0.9996), share(1.0)
    ('0 %', '< 0.1 %', '4.9 %', '50 %', '> 99.9 %', '100 %')
    """
    if x is None or math.isnan(x):
        return MISSING
    if x in (0, 1):
        return f"{100 * abs(x):.0f} %"
    if 0 < x < 0.001:
        return "< 0.1 %"
    if 0.999 < x < 1:
        return "> 99.9 %"
    percent = 100 * x
    text = f"{percent:.1f}" if abs(percent) < 10 or abs(percent) > 90 else f"{percent:.0f}"
    return _signed(text.removesuffix(".0") + " %")


def of(n: float, total: float, noun: str = "row") -> str:
    """Write a part of a whole with its share.

    Examples
    --------
    >>> of(3, 1204)
    '3 of 1,204 rows (0.2 %)'
    """
    return f"{count(n)} of {plural(total, noun)} ({share(n / total if total else math.nan)})"


def number(x: float, digits: int = 3) -> str:
    """Write a measured value with a few significant digits; scores keep their leading zero.

    Examples
    --------
    >>> number(0.12345), number(1234.5), number(-0.0004), number(7.0), number(-0.0)
    ('0.123', '1,234', '−0.0004', '7', '0')
    """
    if x is None or (isinstance(x, float) and math.isnan(x)):
        return MISSING
    if math.isinf(x):
        return "∞" if x > 0 else f"{MINUS}∞"
    if abs(x) >= 1e9:
        return _signed(f"{x:.{digits - 1}e}")
    if abs(x) >= 10 ** (digits - 1):
        return _signed(f"{x:,.0f}")
    if x != 0 and abs(x) < 10**-digits:
        return _signed(f"{x:.1g}")
    text = f"{x:.{digits}f}" if abs(x) < 1 else f"{x:.{digits}g}"
    return _signed(text.rstrip("0").rstrip(".") if "." in text else text)


def value(x: float, digits: int = 6) -> str:
    """Write a value of a column for a table: as ``number``, with the sign that files have.

    Examples
    --------
    >>> value(-1.5), value(-0.123456789), value(1234.0)
    ('-1.5', '-0.123457', '1234')
    """
    return number(x, digits).replace(MINUS, "-")


def _signed(text: str) -> str:
    """A number with the minus sign of text in front, where it is negative and not written as zero."""
    return text.replace("-", MINUS if text.strip("-0. %") else "", 1) if text.startswith("-") else text


def plain(x: float, *, grouped: bool = False) -> str:
    """Write a number that somebody chose as it would be typed: ten digits at most, and without an exponent unless it would have 15 zeros.

    Examples
    --------
    >>> plain(0.000001), plain(1e9), plain(1e9, grouped=True), plain(2.50), plain(-0.0), plain(1e300)
    ('0.000001', '1000000000', '1,000,000,000', '2.5', '0', '1e+300')
    """
    if math.isnan(x) or math.isinf(x):
        return number(x)
    if x and not 1e-15 < abs(x) < 1e15:
        return f"{x:.10g}"
    return f"{Decimal(f'{x + 0.0:.10g}'):{',' if grouped else ''}f}"


def score(x: float) -> str:
    """Write a score between 0 and 1 with three decimals.

    Examples
    --------
    >>> score(0.5), score(0.00004), score(float("nan"))
    ('0.500', '< 0.001', '–')
    """
    if x is None or math.isnan(x):
        return MISSING
    return "< 0.001" if 0 < x < 0.0005 else _signed(f"{x:.3f}")


def interval(low: float, high: float) -> str:
    """Write an interval of scores.

    Examples
    --------
    >>> interval(0.1, 0.25)
    '0.100 to 0.250'
    """
    return f"{_plain(low)} to {_plain(high)}"


def _plain(x: float) -> str:
    return MISSING if x is None or math.isnan(x) else _signed(f"{x:.3f}")


def with_interval(value: float, low: float, high: float) -> str:
    """Write a measured value with its interval; three decimals, or significant digits where those would hide it.

    Examples
    --------
    >>> with_interval(0.5, 0.412, 0.58), with_interval(0.00031, 0.0001, 0.0005), with_interval(128.3, 90.2, 170)
    ('0.500 (0.412 to 0.580)', '0.0003 (0.0001 to 0.0005)', '128 (90.2 to 170)')
    >>> with_interval(float("nan"), float("nan"), float("nan"))
    '–'
    """
    if value is None or math.isnan(value):
        return MISSING
    write = _plain if value == 0 or 0.001 <= abs(value) < 10 else number
    return write(value) if math.isnan(low) else f"{write(value)} ({write(low)} to {write(high)})"


def change(x: float) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> change(0.0312), change(-0.2), change(-105.3), change(-0.0)
    ('+0.031', '−0.200', '−105', '+0.000')
    """
    if x is None or math.isnan(x):
        return MISSING
    text = f"{abs(x):,.0f}" if abs(x) >= 10 else f"{abs(x):.3f}"
    return (MINUS if x < 0 else "+") + text


def times(x: float) -> str:
    """Write a ratio.

    Examples
    --------
    >>> times(19.52), times(1.25)
    ('20 times', '1.2 times')
    """
    return f"{x:,.0f} times" if x >= 10 else f"{x:.1f} times"


def seconds(x: float) -> str:
    """Write a duration.

    Examples
    --------
    >>> seconds(0.004), seconds(2.34), seconds(75)
    ('4 ms', '2.3 s', '1 min 15 s')
    """
    if x < 1:
        return f"{1000 * x:.0f} ms"
    return f"{x:.1f} s" if x < 60 else f"{int(x // 60)} min {int(x % 60)} s"


def listing(items: Iterable[object], limit: int = 5) -> str:
    """Write names from a file as a list, shortened.

    Examples
    --------
    >>> listing(["a", "b"]), listing("abcdefg", limit=3)
    ("'a' and 'b'", "'a', 'b', 'c' and 4 more")
    """
    names: Sequence[str] = [quoted(item, 40) for item in items]
    shown, rest = names[:limit], len(names) - limit
    if rest > 0:
        return ", ".join(shown) + f" and {rest:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
