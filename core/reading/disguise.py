"""Missing values in disguise: words and numbers that stand for "not known". They are named here, and never changed unasked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.wording import count, number, of, quoted

SURE = frozenset(
    re.split(
        r"\|",
        "?|??|na|n/a|n.a.|#n/a|nan|null|nil|missing|unknown|unk|undefined|unspecified|untested|not available|not recorded|"
        "not known|not provided|not specified|not reported|not stated|not tested|no data|no answer|no information|"
        "(missing)|(unknown)|(null)|<na>|unknown/invalid|unbekannt|k.a.|inconnu|desconocido",
    )
)
"""Words that hardly mean anything else."""
UNSURE = frozenset(
    {"-", "--", "---", "–", "—", ".", "..", "...", "_", "*", "n.d.", "tbd", "not applicable", "does not apply"}
)
LEVEL_TOO = frozenset({"none", "nothing", "nd", "blank", "empty", "refused"})
"""Words that are as often a level of their own; named only where they come together with other gaps."""
LOW = (0, -1, -9, -99, -999, -9999, -99999)
HIGH = (9, 77, 88, 99, 777, 888, 999, 7777, 8888, 9999, 77777, 88888, 99999, 999999)
NEVER_ZERO = frozenset(
    re.findall(
        r"\w+",
        "glucose pressure bp bmi weight height insulin cholesterol temperature pulse heartrate thickness haemoglobin "
        "hemoglobin creatinine systolic diastolic",
    )
)
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
EMPTY_DATE = re.compile(
    r"(1900|0000|1899|9999|1970|0001)[-/.](01|00|12)[-/.](01|00|30|31)|(01|1|31)[-/.](01|1|12)[-/.](1900|9999|1970)"
)
MIN_DIFFERENT = 10
EDGE = 20
STEPS = 5
LONELY = 1.5
NARROW = 0.1
SPIKE = 3
MOST = 0.5
TOGETHER_Z = 4.0
MAX_CODES = 3


@dataclass(frozen=True)
class Suspect:
    """A value of one column that behaves like a missing one.

    Parameters
    ----------
    column : str
        The column.
    value : str
        The word, or the number as text.
    n : int
        How many cells hold it.
    confidence : str
        "likely" or "guess".
    reason : str
        One sentence with numbers.
    """

    column: str
    value: str
    n: int
    confidence: str
    reason: str


@dataclass(frozen=True)
class _Candidate:
    """A suspect with the rows that hold it; one that is not ``sound`` needs support from other gaps."""

    suspect: Suspect
    rows: np.ndarray
    sound: bool


def suspected_missing(frame: pd.DataFrame, target: str = "") -> tuple[Suspect, ...]:
    """Name the words and numbers that behave like missing values.

    A word is suspected by what it says, such as "?" or "Unknown". A number is suspected where it is a usual code (0, -1, -9,
    -99, …, 9, 99, …), the smallest or largest of a column of many different values, and set apart from them: the gap up to
    the next value is at least five times the median and one and a half times the largest step between the twenty values next
    to it, and as wide as the middle half of the other values. A gap of a tenth of that is enough where the number comes three
    times as often as others and either comes together with the gaps of another column, or the column's name says that it
    measures something that is never 0; and a code below 0 needs no gap where nothing else is below 0.

    The rule is this program's own; no paper states it.

    Parameters
    ----------
    frame : pandas.DataFrame (n_samples, n_columns)
        Not changed.
    target : str
        The column with the classes; numbers there are names of classes and never suspected.

    Returns
    -------
    tuple of Suspect
        In the order of the columns.

    Examples
    --------
    >>> frame = pd.DataFrame({"pressure": [0, 0, 0, *range(60, 100)], "visits": [*range(43)]})
    >>> [(one.column, one.value, one.n) for one in suspected_missing(frame)]
    [('pressure', '0', 3)]
    """
    found: list[_Candidate] = []
    for name, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column.dtype):
            found += _words(str(name), column)
        elif name != target:
            found += _numbers(str(name), column)
    return tuple(one.suspect for one in _supported(found, frame))


def applied(frame: pd.DataFrame, suspects: Iterable[Suspect]) -> pd.DataFrame:
    """Make the cells of the suspects missing, each in its own column only.

    Parameters
    ----------
    frame : pandas.DataFrame (n_samples, n_columns)
        Not changed.
    suspects : iterable of Suspect
        Those that the analyst chose.

    Returns
    -------
    pandas.DataFrame (n_samples, n_columns)
        Whole numbers with gaps become Int64.
    """
    changed = frame.copy()
    for one in suspects:
        column = changed[one.column]
        if pd.api.types.is_numeric_dtype(column.dtype):
            column = column.astype("Int64") if pd.api.types.is_integer_dtype(column.dtype) else column
            changed[one.column] = column.mask((column == float(one.value)).fillna(False).astype(bool))
        else:
            changed[one.column] = column.mask(column.eq(one.value).fillna(False).astype(bool))
    return changed


def _words(name: str, column: pd.Series) -> list[_Candidate]:
    counts = column.value_counts()
    counts = counts[counts > 0]
    texts = {text: str(text).strip().lower() for text in counts.index}
    if len(texts) < 2:
        return []
    dates = sum(bool(DATE.match(text)) for text in list(texts.values())[:100]) > 0.5 * min(100, len(texts))
    found = []
    for text, word in texts.items():
        is_date = dates and EMPTY_DATE.match(word) is not None and counts[text] > 1
        if word not in SURE and word not in UNSURE and word not in LEVEL_TOO and not is_date:
            continue
        n, n_others = int(counts[text]), len(texts) - 1
        beside = f"beside {count(n_others)} other {'value' if n_others == 1 else 'values'}"
        says = (
            "a date that programs write for none"
            if is_date
            else "a word for a value that is not known"
            if word in SURE
            else "a mark that may stand for a value that is not known"
        )
        reason = f"{quoted(text)} stands in {of(n, len(column))} {beside}; it is {says}."
        confidence = "likely" if word in SURE else "guess"
        rows = column.eq(text).fillna(False).to_numpy(bool)
        found.append(_Candidate(Suspect(name, str(text), n, confidence, reason), rows, word not in LEVEL_TOO))
    return found


def _numbers(name: str, column: pd.Series) -> list[_Candidate]:
    values = column.to_numpy("float64", na_value=np.nan)
    known = values[np.isfinite(values)]
    found: list[_Candidate] = []
    while len(known) > MIN_DIFFERENT and len(found) < MAX_CODES:
        ends = [(known.min(), LOW), (known.max(), HIGH)]
        codes = [end for end, usual in ends if end in usual]
        judged = [_judged(name, code, known, values) for code in codes]
        new = [one for one in judged if one]
        if not new:
            break
        found += new
        known = known[~np.isin(known, [float(one.suspect.value) for one in new])]
    return found


def _judged(name: str, code: float, known: np.ndarray, values: np.ndarray) -> _Candidate | None:
    """Judge one number at the end of a column by how it stands apart from the others."""
    rest = known[known != code]
    different, counts = np.unique(rest, return_counts=True)
    n = len(known) - len(rest)
    low = code < different[0] if len(different) else False
    only_negative = low and code < 0 <= different[0]
    if len(different) < MIN_DIFFERENT or (n > MOST * len(known) and not only_negative):
        return None
    gap = different[0] - code if low else code - different[-1]
    near = different[: EDGE + 1] if low else different[-EDGE - 1 :]
    steps = np.diff(near)
    step = float(np.median(steps))
    quarter, three = np.quantile(rest, [0.25, 0.75])
    spread = float(three - quarter)
    apart = gap >= max(STEPS * step, LONELY * steps.max(), NARROW * spread)
    if not (apart or (only_negative and n > 1)):
        return None
    never = code == 0 and bool(set(re.findall(r"[a-z]+", _parted(name))) & NEVER_ZERO)
    wide = apart and gap >= spread
    spike = n > 1 and n >= SPIKE * float(np.median(counts))
    sound = (wide and n > 1) or (only_negative and (spike or (code < -1 and n > 1))) or (never and (wide or spike))
    if not sound and not (spike and apart):
        return None
    confidence = "likely" if wide and (never or (code != 0 and n > 1)) else "guess"
    end = f"at least {number(different[0])}" if low else f"at most {number(different[-1])}"
    reason = f"{number(code)} stands in {of(n, len(values))}, and all other values are {end}; "
    if wide:
        reason += f"the gap between is {number(gap)} wide, the middle half of the other values {number(spread)}."
    elif only_negative:
        reason += "nothing else is below 0."
    else:
        reason += f"the gap between is {number(gap / step, 2)} times the usual step between neighbouring values."
    if never:
        reason += " The name says that it measures something that is never 0."
    return _Candidate(Suspect(name, f"{code:.0f}", n, confidence, reason), values == code, bool(sound))


def _parted(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:200]).lower().replace("_", " ")


def _supported(found: list[_Candidate], frame: pd.DataFrame) -> list[_Candidate]:
    """Keep the sound ones, and those that come together with the gaps and sound suspects of other columns."""
    if not found:
        return []
    gaps = {
        name: mask for name, mask in ((str(n), c.isna().to_numpy(bool)) for n, c in frame.items()) if mask.sum() > 1
    }
    firm = [
        (one.suspect.column, one.rows) for one in found if one.sound and one.suspect.value.strip().lower() not in UNSURE
    ]
    kept = []
    for one in found:
        partner = "" if one.sound else _partner(one, [*gaps.items(), *firm])
        if one.sound:
            kept.append(one)
        elif partner:
            kept.append(replace(one, suspect=replace(one.suspect, reason=f"{one.suspect.reason} {partner}")))
    return kept


def _partner(one: _Candidate, gaps: list[tuple[str, np.ndarray]]) -> str:
    """Say with the gaps of which other column a suspect comes together far more often than by chance."""
    n, n_one = len(one.rows), int(one.rows.sum())
    best, told = TOGETHER_Z, ""
    for name, rows in gaps:
        n_other = int(rows.sum())
        if name == one.suspect.column or n_other in (0, n):
            continue
        both = int((rows & one.rows).sum())
        expected = n_one * n_other / n
        spread = math.sqrt(expected * (1 - n_one / n) * (1 - n_other / n) * n / max(1, n - 1))
        z = (both - expected) / spread if spread else 0.0
        if z > best and both >= 3 and both >= 1.5 * expected and both >= 0.5 * min(n_one, n_other):
            best = z
            told = f"In {of(both, n_one)} with it, {quoted(name)} lacks its value too; by chance it would be {count(expected)}."
    return told
