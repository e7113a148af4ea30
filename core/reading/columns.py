"""From cells as text to columns with a type: numbers only where every cell is one, everything else as the file spells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.wording import count, quoted

NOT_A_NUMBER = ("", "na", "n/a", "#n/a", "nan", "-nan", "+nan", "null", "none", "?", "-")
SUSPECT = ("na", "n/a", "#n/a", "nan", "null", "none", "?", "-", "unknown")
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
SEPARATED = r"^[+-]?[0-9][0-9.,' ]*$"
NEARLY = 0.5
MAX_DIGITS = 18
TEXT = pd.StringDtype("pyarrow", na_value=np.nan)


@dataclass(frozen=True)
class Column:
    """One column as it was read.

    Parameters
    ----------
    values : pandas.Series (n_samples,)
        int64, Int64, float64 or str.
    missing, suspects : Counter of str
        Cells taken as missing, and words that look like it and were kept.
    stripped : int
        Cells with blanks around them that were removed.
    note : str
        What the analyst must know about the column; mostly empty.
    """

    values: pd.Series
    missing: Counter = field(default_factory=Counter)
    suspects: Counter = field(default_factory=Counter)
    stripped: int = 0
    note: str = ""


def typed(
    cells: pa.Array, name: str, *, decimal: str = ".", missing_tokens: Sequence[str] = (), numbers: bool = True
) -> Column:
    """Decide the type of a column of text cells.

    The cells are counted once, and every rule works on the different ones.

    Parameters
    ----------
    cells : pyarrow.Array of string, or dictionary of string (n_samples,)
        Null is missing.
    name : str
        Only used in the note.
    decimal : str
        "." or ",".
    missing_tokens : sequence of str
        Missing whatever the type of the column.
    numbers : bool
        False keeps a column of numbers as text, for files that say that it is text.
    """
    encoded = cells if isinstance(cells, pa.DictionaryArray) else cells.dictionary_encode()
    words = encoded.dictionary.cast(pa.string())
    counts = _counts(encoded)
    trimmed = pc.utf8_trim_whitespace(words)
    lower = pc.utf8_lower(trimmed)
    empty = _among(lower, ("",))
    unasked = pc.or_(empty, _among(trimmed, [token.strip() for token in missing_tokens]))
    blank_as_number = pc.or_(unasked, _among(lower, NOT_A_NUMBER))
    parsed, note = _numbers(trimmed, blank_as_number, decimal, name) if numbers else (None, "")
    stripped = int(counts[_mask(pc.and_(pc.not_equal(words, trimmed), pc.invert(empty)))].sum())
    absent = unasked if parsed is None else blank_as_number
    missing = _tally(trimmed, absent, counts)
    if encoded.null_count:
        missing[""] += encoded.null_count
    if parsed is not None:
        return Column(_take_numbers(parsed, encoded), missing, Counter(), stripped, note)
    if not len(words) or _mask(unasked).all():
        return Column(pd.Series(np.full(len(cells), np.nan)), missing, Counter(), stripped)
    kept = pc.if_else(unasked, pa.scalar(None, pa.string()), trimmed)
    suspects = _tally(trimmed, pc.and_(_among(lower, SUSPECT), pc.invert(unasked)), counts)
    note = note or (_nearly(trimmed, lower, counts, decimal, name) if numbers else "")
    values = pd.Series(TEXT.__from_arrow__(kept.take(encoded.indices).cast(pa.large_string())))
    return Column(values, missing, suspects, stripped, note)


def _counts(encoded: pa.DictionaryArray) -> np.ndarray:
    indices = encoded.indices.drop_null() if encoded.null_count else encoded.indices
    return np.bincount(indices.to_numpy(), minlength=len(encoded.dictionary))


def _among(words: pa.Array, tokens: Sequence[str]) -> pa.Array:
    return pc.is_in(words, value_set=pa.array(tokens, pa.string()))


def _mask(flags: pa.Array) -> np.ndarray:
    return flags.to_numpy(zero_copy_only=False).astype(bool)


def _tally(words: pa.Array, flags: pa.Array, counts: np.ndarray) -> Counter:
    tally: Counter = Counter()
    if pc.any(flags).as_py():
        for word, n in zip(words.filter(flags).to_pylist(), counts[_mask(flags)], strict=True):
            tally[word] += int(n)
    return tally


def _numbers(words: pa.Array, absent: pa.Array, decimal: str, name: str) -> tuple[np.ndarray | pa.Array | None, str]:
    """Parse the different cells: int64 or float64 values with null for missing, or nothing and the reason."""
    rest = pc.if_else(absent, pa.scalar(None, pa.string()), words)
    if rest.null_count == len(rest):
        return None, ""
    if decimal == ",":
        if pc.any(pc.match_substring(rest, ".")).as_py():
            return None, ""
        rest = pc.replace_substring(rest, ",", ".")
    try:
        values = rest.cast(pa.float64())
    except pa.ArrowInvalid:
        return None, ""
    if pc.all(pc.is_inf(values)).as_py():
        return None, ""
    if pc.any(pc.match_substring_regex(rest, r"^[+-]?0[0-9]")).as_py():
        return None, f"Column {quoted(name)} was kept as text, because its numbers have leading zeros."
    if not pc.all(pc.match_substring_regex(rest, r"^[+-]?[0-9]+$")).as_py():
        return values, ""
    try:
        return pc.replace_substring_regex(rest, r"^\+", "").cast(pa.int64()), ""
    except pa.ArrowInvalid:
        return None, f"Column {quoted(name)} was kept as text, because its numbers have more than {MAX_DIGITS} digits."


def _take_numbers(parsed: pa.Array, encoded: pa.DictionaryArray) -> pd.Series:
    taken = parsed.take(encoded.indices)
    if pa.types.is_integer(taken.type) and taken.null_count:
        gaps = taken.is_null().to_numpy(zero_copy_only=False)
        return pd.Series(pd.arrays.IntegerArray(taken.fill_null(0).to_numpy().copy(), gaps))
    return pd.Series(taken.to_numpy(zero_copy_only=False).copy())


def _nearly(words: pa.Array, lower: pa.Array, counts: np.ndarray, decimal: str, name: str) -> str:
    """Name the cells that keep a column of numbers from being one."""
    plain = pc.replace_substring(words, ",", ".") if decimal == "," else words
    number = _mask(pc.match_substring_regex(plain, NUMBER))
    odd = ~number & ~_mask(_among(lower, NOT_A_NUMBER))
    n_number, n_odd = int(counts[number].sum()), int(counts[odd].sum())
    separated = odd & _mask(pc.match_substring_regex(words, SEPARATED))
    if n_odd and counts[separated].sum() >= NEARLY * (n_number + n_odd):
        example = words[int(np.flatnonzero(separated)[0])].as_py()
        return f"Column {quoted(name)} was kept as text: its numbers hold other marks, such as {quoted(example, 30)}."
    if not n_odd or n_number < NEARLY * (n_number + n_odd):
        return ""
    example = words[int(np.flatnonzero(odd)[0])].as_py()
    return (
        f"Column {quoted(name)} was read as text, because {count(n_odd)} of {count(n_number + n_odd)} cells "
        f"{'is no number' if n_odd == 1 else 'are no numbers'}, such as {quoted(example, 30)}."
    )
