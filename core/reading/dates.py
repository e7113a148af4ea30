"""Dates written as text: in which way a column writes them, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DAY = "(0?[1-9]|[12][0-9]|3[01])"
MONTH = "(0?[1-9]|1[0-2])"
YEAR = "(1[6-9]|20|21)[0-9]{2}"
NAME = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
LONG = "(?i:january|february|march|april|may|june|july|august|september|october|november|december)"
PARTS = {
    "%Y": YEAR,
    "%y": "[0-9]{2}",
    "%m": MONTH,
    "%d": DAY,
    "%b": NAME,
    "%B": LONG,
    "%a": "(?i:mon|tue|wed|thu|fri|sat|sun)",
    "%H": "([01]?[0-9]|2[0-3])",
    "%I": "(0?[1-9]|1[0-2])",
    "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]",
    "%f": "[0-9]{1,9}",
    "%p": "[AaPp][Mm]",
    "%z": "(Z|[+-][0-9]{2}:?[0-9]{2})",
}
DATES = (
    *(order.replace("-", mark) for mark in "-/. " for order in ("%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y")),
    *(order.replace("-", mark) for mark in "-/." for order in ("%d-%m-%y", "%m-%d-%y")),
    *(order.replace("-", mark) for mark in "-/ " for order in ("%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%Y-%b-%d")),
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
    "%d. %B %Y",
    "%a, %d %b %Y",
    "%Y%m%d",
    "%Y-%m",
    "%Y/%m",
    "%b-%Y",
    "%b %Y",
    "%B %Y",
    "%m/%Y",
)
TIMES = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
ZONES = ("", "%z", " %z")
ABSENT = ("", "na", "n/a", "#n/a", "nan", "nat", "null", "none", "?", "-", "unknown", "0000-00-00")
EXAMPLES = 3
HEAD = 40
CHECKED = 2000
MOST = 0.95


def date_format(texts: Iterable[object]) -> tuple[str, str] | None:
    """Find out in which way a column writes its dates.

    A column holds dates if every cell that is not a missing word fits one way of writing them, and exists in the
    calendar. Up to 5 % of other cells are allowed; the answer is then a guess.

    Parameters
    ----------
    texts : sequence of str, pandas.Series or pyarrow.Array
        The cells; missing ones and missing words are not looked at.

    Returns
    -------
    tuple of (str, str), or None
        The format for ``parse_dates``, in the notation of ``strptime``, and how sure it is: "certain" if only one
        order of day and month fits, "likely" if both fit and the marks favour one, "guess" if both fit and nothing tells
        them apart. ``other_order`` names the rival. None if the column holds no dates.

    Examples
    --------
    >>> date_format(["31/12/2020", "01/02/2021"])
    ('%d/%m/%Y', 'certain')
    >>> date_format(["03/04/2020", "01/02/2021"])
    ('%d/%m/%Y', 'guess')
    >>> date_format(["red", "blue"]) is None
    True
    """
    words = _known(texts)
    if not len(words):
        return None
    forms = dict.fromkeys(form for word in words[:EXAMPLES].to_pylist() for form in _candidates(word))
    fits = {form: _share(words[:HEAD], form) for form in forms}
    counts = {form: _share(words, form) for form, share in fits.items() if share >= MOST}
    best = max(counts.values(), default=0)
    if best < MOST:
        return None
    rivals = [form for form, share in counts.items() if share == best and _in_calendar(words, form)]
    if not rivals:
        return None
    return rivals[0], _sureness(rivals, best)


def other_order(form: str) -> str:
    """Write a format with day and month exchanged; empty if it has no such rival.

    Examples
    --------
    >>> other_order("%d/%m/%Y"), other_order("%Y-%m-%d")
    ('%m/%d/%Y', '')
    """
    if form.startswith(("%d", "%m")) and "%d" in form and "%m" in form:
        return form.replace("%d", "\x00").replace("%m", "%d").replace("\x00", "%m")
    return ""


def spoken(form: str) -> str:
    """Write a format for a reader.

    Examples
    --------
    >>> spoken("%d/%m/%Y %H:%M")
    'day/month/year hour:minute'
    """
    words = {
        "%Y": "year", "%y": "year", "%m": "month", "%b": "month", "%B": "month", "%d": "day", "%a": "weekday",
        "%H": "hour", "%I": "hour", "%M": "minute", "%S": "second", "%f": "fraction", "%p": "am/pm", "%z": "zone",
    }  # fmt: skip
    return re.sub("%[A-Za-z]", lambda part: words[part[0]], form).replace("yearmonthday", "year, month, day")


def parse_dates(series: pd.Series, form: str) -> pd.Series:
    """Turn text into dates.

    Parameters
    ----------
    series : pandas.Series of str (n_samples,)
        Not changed.
    form : str
        The format that ``date_format`` found.

    Returns
    -------
    pandas.Series of datetime64 (n_samples,)
        The dates, in universal time where the file gives a zone; missing where a cell is no such date.

    Examples
    --------
    >>> parse_dates(pd.Series(["31/12/2020", None]), "%d/%m/%Y").dt.year.tolist()
    [2020.0, nan]
    """
    text = series.astype("object").where(series.notna(), None)
    text = text.map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    zoned = "%z" in form
    dates = pd.to_datetime(text, format=form, errors="coerce", utc=zoned)
    return dates.dt.tz_localize(None) if zoned else dates


def _known(texts: Iterable[object]) -> pa.Array:
    if isinstance(texts, pd.Series):
        texts = texts.dropna().astype("str").to_numpy(dtype=object)
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        known = [str(text) for text in texts if text is not None and text == text]
        texts = pa.array(known, pa.string())
    words = pc.utf8_trim_whitespace(pc.unique(texts.drop_null()).cast(pa.string()))
    return words.filter(pc.invert(pc.is_in(pc.utf8_lower(words), value_set=pa.array(ABSENT))))


def _candidates(example: str) -> list[str]:
    """The ways of writing that fit one text, years before days before months."""
    if not re.match(r"[A-Za-z]{0,9}[ ,.-]{0,2}[0-9]", example) or len(example) > 50:
        return []
    forms = []
    for date in DATES:
        start = re.match(_pattern(date), example)
        if start:
            forms += [form for form in _with_times(date, example) if re.fullmatch(_pattern(form), example)]
    return forms


def _with_times(date: str, example: str) -> list[str]:
    if ":" not in example:
        return [date]
    mark = "T" if re.search(r"[0-9]T[0-9]", example) else " "
    return [date + mark + time + zone for time, zone in product(TIMES[1:], ZONES)]


@lru_cache(maxsize=512)
def _pattern(form: str) -> str:
    return re.sub("%[A-Za-z]", lambda part: PARTS[part[0]], form.replace(".", r"\."))


def _share(words: pa.Array, form: str) -> float:
    return pc.sum(pc.match_substring_regex(words, f"^{_pattern(form)}$")).as_py() / len(words)


def _in_calendar(words: pa.Array, form: str) -> bool:
    dates = pd.to_datetime(words[:CHECKED].to_pandas(), format=form, errors="coerce", utc="%z" in form)
    return bool(np.mean(dates.notna()) >= MOST)


def _sureness(rivals: list[str], best: float) -> str:
    if best < 1:
        return "guess"
    if other_order(rivals[0]) not in rivals:
        return "likely" if rivals[0] == "%Y%m%d" else "certain"
    return "likely" if "." in rivals[0].split("%Y")[0] else "guess"
