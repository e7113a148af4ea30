"""From cells as text to columns with a type: numbers only where every cell is one, everything else as the file spells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.reading import thousands as marked
from core.reading.literals import Words, damage_in_numbers, told_of_text, unwrapped
from core.reading.numbers import NOT_A_NUMBER, SUSPECT, TAKEN, as_numbers, edges, is_grouped, trimmed
from core.table import Decision
from core.wording import quoted

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
LOOK = 1000
EXAMPLES = 150


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
    kind : str
        "whole number", "number", "yes/no", "date" or "text".
    unit : str
        A mark that every cell bore, such as "%".
    thousands : str
        The mark between groups of three digits that was removed.
    decisions : tuple of Decision
        What was decided about the column, where there was a choice.
    """

    values: pd.Series
    missing: Counter = field(default_factory=Counter)
    suspects: Counter = field(default_factory=Counter)
    stripped: int = 0
    note: str = ""
    kind: str = "text"
    unit: str = ""
    thousands: str = ""
    decisions: tuple[Decision, ...] = ()


def typed(
    cells: pa.Array,
    name: str,
    *,
    decimal: str = ".",
    thousands: str = "",
    missing_tokens: Sequence[str] = (),
    numbers: bool = True,
    fixed: bool = False,
) -> Column:
    """Decide the type of a column of text cells.

    Parameters
    ----------
    cells : pyarrow.Array of string, or dictionary of string (n_samples,)
        Null is missing.
    name : str
        Only used in the notes.
    decimal : str
        "." or ",".
    thousands : str
        The mark between groups of three digits; empty to find it out, "none" for none.
    missing_tokens : sequence of str
        Missing whatever the type of the column.
    numbers : bool
        False keeps a column of numbers as text, for files that say that it is text.
    fixed : bool
        True if no column may have another decimal mark.
    """
    if isinstance(cells, pa.DictionaryArray) and numbers:
        cells = cells.cast(pa.string())
    absent: Counter = Counter({"": cells.null_count} if cells.null_count else {})
    if isinstance(cells, pa.DictionaryArray):
        return _text(cells, name, missing_tokens, absent, 0, numbers)
    bare, ends, stripped = trimmed(cells)
    if missing_tokens:
        bare, absent = _without(bare, missing_tokens, absent)
        ends = edges(bare)
    if not numbers:
        return _text(bare, name, (), absent, stripped, numbers)
    parsed = as_numbers(bare, decimal, ends)
    if parsed is not None and (fixed or thousands == "none" or not is_grouped(bare, parsed, decimal)):
        if parsed.problem:
            column = _text(bare, name, (), absent, stripped, False)
            return _with_note(column, f"Column {quoted(name)} was kept as text, because {parsed.problem}.", "certain")
        column = Column(_series(parsed.values), absent + parsed.missing, Counter(), stripped, kind=_kind(parsed.values))
        return _with_note(column, damage_in_numbers(bare, parsed.values, name), "likely", "damage")
    column = _other(bare, name, absent, decimal=decimal, thousands=thousands, fixed=fixed)
    return replace(column, stripped=stripped)


def _other(bare: pa.Array, name: str, absent: Counter, *, decimal: str, thousands: str, fixed: bool) -> Column:
    """A column that is not of plain numbers: written with marks, wrapped, or text."""
    words = _examples(bare)
    opened = unwrapped(bare, words, name)
    if opened is not None:
        column = typed(opened.cells, name, decimal=decimal, thousands=thousands, numbers=opened.numbers, fixed=fixed)
        note = " ".join(filter(None, (opened.note, column.note)))
        column = replace(column, missing=absent + column.missing, note="", decisions=())
        return _with_note(column, note, "certain")
    known = [word for word in words if word.lower() not in NOT_A_NUMBER]
    marks = marked.find_marks(known, decimal, thousands) if known else None
    if marks is not None and not (fixed and marks.decimal != decimal):
        cells, missing = _without(bare, NOT_A_NUMBER, Counter(), True)
        numbers = marked.plain(cells, marks)
        parsed = as_numbers(numbers, ".") if numbers is not None else None
        if parsed is not None and not parsed.problem:
            note = f"Column {quoted(name)}: {marks.reason}." if marks.reason else ""
            kind, found = _kind(parsed.values), absent + missing + parsed.missing
            column = Column(_series(parsed.values), found, Counter(), 0, "", kind, marks.unit, marks.thousands)
            return _with_note(column, note, marks.confidence, "thousands" if marks.thousands else "kind")
    return _text(bare, name, (), absent, 0, True, decimal)


def _text(
    cells: pa.Array,
    name: str,
    tokens: Sequence[str],
    absent: Counter,
    stripped: int,
    look: bool = True,
    decimal: str = ".",
) -> Column:
    """A column of text: empty cells and stated words are missing, everything else keeps its spelling."""
    given = Words.of(cells)
    words, counts, indices = given.words, given.counts, given.indices
    if isinstance(cells, pa.DictionaryArray):
        bare, _, _ = trimmed(words)
        stripped = given.n(pc.and_(pc.not_equal(words, bare), pc.not_equal(bare, "")))
        words = bare
    lengths = edges(words).lengths
    out = lengths == 0
    if tokens:
        out |= _mask(pc.is_in(words, value_set=pa.array([token.strip() for token in tokens], pa.string())))
    missing = absent + _tally(words, out & (counts > 0), counts)
    if out.all():
        return Column(pd.Series(np.full(len(cells), np.nan)), missing, Counter(), stripped, kind="number")
    short = np.flatnonzero((lengths > 0) & (lengths <= TAKEN) & ~out)
    few = words.take(pa.array(short))
    looks = _mask(pc.is_in(pc.utf8_lower(few), value_set=pa.array(SUSPECT)))
    suspects = _tally(few, looks, counts[short])
    kept = pc.if_else(pa.array(~out), words, pa.scalar(None, pa.string())) if out.any() else words
    kept = kept if indices is None else kept.take(indices)
    values = pd.Series(TEXT.__from_arrow__(kept.cast(pa.large_string())))
    column = Column(values, missing, suspects, stripped)
    if not look:
        return column
    kind, decisions, note = told_of_text(replace(given, words=words), ~out, name, decimal)
    return replace(column, kind=kind, decisions=decisions, note=note)


def _with_note(column: Column, note: str, confidence: str, name: str = "kind") -> Column:
    if not note:
        return column
    told = note if not column.note else f"{column.note} {note}"
    value = column.thousands if name == "thousands" else column.kind
    return replace(column, note=told, decisions=(*column.decisions, Decision(name, value, confidence, note)))


def _without(bare: pa.Array, tokens: Sequence[str], absent: Counter, folded: bool = False) -> tuple[pa.Array, Counter]:
    """Make words missing, and count them."""
    looked = pc.utf8_lower(bare) if folded else bare
    out = pc.is_in(looked, value_set=pa.array([token.strip() for token in tokens], pa.string()))
    if not pc.any(out).as_py():
        return bare, absent
    gone = pc.value_counts(bare.filter(out)).to_pylist()
    found = Counter({item["values"]: item["counts"] for item in gone})
    return pc.if_else(out, pa.scalar(None, pa.string()), bare), absent + found


def _examples(bare: pa.Array) -> list[str]:
    """Some different cells from all over: the first ones, and the first with a sign that is neither letter nor digit."""
    known = bare.drop_null()
    if len(known) > 2 * LOOK:
        apart = np.linspace(LOOK, len(known) - 1, LOOK).astype("int64")
        known = known.take(pa.array(np.concatenate([np.arange(LOOK), apart])))
    words = [word for word in pc.unique(known).to_pylist() if word]
    signs = [word for word in words if not (word.isascii() and word.isalnum())]
    return list(dict.fromkeys((*words[:EXAMPLES], *signs[:EXAMPLES])))


def _kind(values: pa.Array) -> str:
    return "whole number" if pa.types.is_integer(values.type) else "number"


def _series(values: pa.Array) -> pd.Series:
    if pa.types.is_integer(values.type) and values.null_count:
        gaps = values.is_null().to_numpy(zero_copy_only=False)
        return pd.Series(pd.arrays.IntegerArray(values.fill_null(0).to_numpy().copy(), gaps.copy()))
    return pd.Series(values.to_numpy(zero_copy_only=False).copy(), copy=False)


def _mask(flags: pa.Array) -> np.ndarray:
    return flags.to_numpy(zero_copy_only=False).astype(bool)


def _tally(words: pa.Array, flags: np.ndarray, counts: np.ndarray) -> Counter:
    tally: Counter = Counter()
    if flags.any():
        for word, n in zip(words.filter(pa.array(flags)).to_pylist(), counts[flags], strict=True):
            tally[word] += int(n)
    return tally
