"""Text cells: wrappers that programs put around them, yes and no, dates, and what a spreadsheet has spoiled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.reading.dates import date_format, other_order, spoken
from core.reading.numbers import COMMA_NUMBER, NOT_A_NUMBER, NUMBER, edges
from core.table import Decision
from core.wording import count, of, plural, quoted

PAIRS = (
    ("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"), ("on", "off"), ("ja", "nein"), ("oui", "non"),
    ("si", "no"), ("sí", "no"), ("sim", "não"), ("да", "нет"),
)  # fmt: skip
WRAPPERS = (
    (r"^b'([^']*)'$", r"^b\"([^\"]*)\"$", True, "the byte marks b'…' around its cells were removed"),
    (
        r'^="([^"]*)"$',
        r'^="([^"]*)"$',
        False,
        'the marks ="…" that keep a spreadsheet from changing a cell were removed',
    ),
    (
        r"^'([0-9][^']*)$",
        r"^'([0-9][^']*)$",
        False,
        "the apostrophe that keeps a spreadsheet from changing a cell was removed",
    ),
)
SEPARATED = r"^[+-]?[0-9][0-9.,' ]*$"
SPOILED = r"^([0-9]{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{1,2})$"
SHORTENED = r"^[0-9](\.[0-9]+)?E\+[0-9]{2}$"
LONG_NUMBER = 1e10
NEARLY = 0.5
FEW = 20
DATES = 2000
ABSENT = NOT_A_NUMBER


@dataclass(frozen=True)
class Words:
    """The different cells of a column, or all of them where most are different.

    Parameters
    ----------
    words : pyarrow.Array of string (n_words,)
    counts : ndarray of int (n_words,)
        How many cells hold each word; 0 where it is missing.
    indices : pyarrow.Array of int or None
        Which word each cell holds; None if ``words`` are the cells themselves.
    """

    words: pa.Array
    counts: np.ndarray
    indices: pa.Array | None = None

    @classmethod
    def of(cls, cells: pa.Array) -> Words:
        """Count the cells, unless the first ones show that nearly all are different."""
        if not isinstance(cells, pa.DictionaryArray):
            head = cells[: FEW * 100]
            if len(cells) > len(head) and pc.count_distinct(head).as_py() > NEARLY * len(head):
                return cls(cells, cells.is_valid().to_numpy(zero_copy_only=False).astype("int64"))
            cells = cells.dictionary_encode()
        known = cells.indices.drop_null() if cells.null_count else cells.indices
        counts = np.bincount(known.to_numpy(), minlength=len(cells.dictionary))
        return cls(cells.dictionary.cast(pa.string()), counts, cells.indices)

    def n(self, flags: pa.Array | np.ndarray) -> int:
        """Count the cells whose word is flagged."""
        if not isinstance(flags, np.ndarray):
            flags = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
        return int(self.counts[flags].sum())


@dataclass(frozen=True)
class Opened:
    """Cells without their wrappers.

    Parameters
    ----------
    cells : pyarrow.Array of string (n_samples,)
    numbers : bool
        Whether they may be read as numbers.
    note : str
        What was removed.
    """

    cells: pa.Array
    numbers: bool
    note: str


def unwrapped(cells: pa.Array, words: Sequence[str], name: str) -> Opened | None:
    """Take wrappers off a column in which every known cell has one.

    Parameters
    ----------
    cells : pyarrow.Array of string (n_samples,)
    words : sequence of str
        Some different cells.
    name : str
        Used in the note.
    """
    for single, double, numbers, told in WRAPPERS:
        patterns = [re.compile(single), re.compile(double)]
        known = [word for word in words if word.lower() not in ABSENT]
        if not known or not all(any(pattern.match(word) for pattern in patterns) for word in known):
            continue
        bare = pc.replace_substring_regex(pc.replace_substring_regex(cells, single, r"\1"), double, r"\1")
        kept = pc.and_(pc.equal(bare, cells), pc.invert(pc.is_in(pc.utf8_lower(cells), value_set=pa.array(ABSENT))))
        if not pc.any(kept).as_py():
            return Opened(bare, numbers, f"Column {quoted(name)}: {told}.")
    return None


def told_of_text(given: Words, known: np.ndarray, name: str, decimal: str) -> tuple[str, tuple[Decision, ...], str]:
    """Say what a column of text holds.

    Parameters
    ----------
    given : Words
        Its words without blanks around them.
    known : ndarray of bool (n_words,)
        Which words are not missing.
    name, decimal : str
        The column, and the decimal mark of the file.

    Returns
    -------
    kind : str
        "yes/no", "date" or "text".
    decisions : tuple of Decision
    note : str
        What the analyst must know.
    """
    words = given.words.filter(pa.array(known))
    counts = given.counts[known]
    pair = _yes_no(words)
    if pair:
        reason = f"All {count(counts.sum())} cells with a value are {quoted(pair[0])} or {quoted(pair[1])}."
        return "yes/no", (Decision("kind", "yes/no", "certain", reason),), ""
    found = _dates(words)
    if found:
        return "date", *_told_of_dates(*found, name, int(counts.sum()))
    note = _spoiled(words, counts, name)
    if note:
        return "text", (Decision("damage", "text", "likely", note),), note
    note = _nearly(words, counts, name, decimal)
    return "text", (Decision("kind", "text", "likely", note),) if note else (), note


def damage_in_numbers(cells: pa.Array, values: pa.Array, name: str) -> str:
    """Say that a spreadsheet has shortened long identifiers to numbers such as 1.23E+11; mostly empty."""
    if not pa.types.is_floating(values.type) or not pc.any(pc.greater(values, LONG_NUMBER)).as_py():
        return ""
    long = cells.filter(pc.fill_null(pc.and_(pc.greater(values, LONG_NUMBER), pc.is_finite(values)), False))
    short = pc.match_substring_regex(long, SHORTENED)
    n_short = pc.sum(short).as_py() or 0
    whole = pc.sum(pc.match_substring_regex(long, "^[0-9]{11,}$")).as_py() or 0
    named = re.search(
        r"(?i)\b(id|ids|no|nr|number|code|ean|isbn|imei|phone|account|iban|barcode|key)\b", name.replace("_", " ")
    )
    if not n_short or n_short + whole < len(long) or not (whole or named):
        return ""
    return (
        f"Column {quoted(name)}: {of(n_short, len(cells), 'cell')}, such as {quoted(long.filter(short)[0].as_py())}, look like "
        "long numbers that a spreadsheet has shortened; their last digits are lost in the file."
    )


def _yes_no(words: pa.Array) -> tuple[str, str] | None:
    if not 1 <= len(words) <= FEW:
        return None
    different = list(dict.fromkeys(word.lower() for word in words.to_pylist()))
    fits = len(different) == 2 and any(set(different) == set(pair) for pair in PAIRS)
    return (different[0], different[1]) if fits else None


def _dates(words: pa.Array) -> tuple[str, str] | None:
    """The format of a column of dates, told from up to ``DATES`` words from all over it."""
    if not len(words) or not any(re.search("[0-9]", word) for word in words[:3].to_pylist()):
        return None
    if len(words) > DATES:
        words = words.take(pa.array(np.linspace(0, len(words) - 1, DATES).astype("int64")))
    return date_format(words)


def _told_of_dates(form: str, confidence: str, name: str, n_cells: int) -> tuple[tuple[Decision, ...], str]:
    rival = other_order(form)
    text = f"The column has {plural(n_cells, 'cell')} with a value; those looked at are dates written {spoken(form)}"
    if confidence == "guess" and rival:
        note = f"Column {quoted(name)} holds dates; every one fits {spoken(form)} and {spoken(rival)} alike."
        return (Decision("kind", "date", confidence, note),), note
    text += f"; {spoken(rival)} fits fewer of them." if rival and confidence == "certain" else "."
    return (Decision("kind", "date", confidence, text),), ""


def _spoiled(words: pa.Array, counts: np.ndarray, name: str) -> str:
    lengths = edges(words).lengths
    near = np.flatnonzero((lengths >= 5) & (lengths <= 6))
    if not len(near):
        return ""
    few = words.take(pa.array(near))
    hit = pc.match_substring_regex(few, SPOILED).to_numpy(zero_copy_only=False)
    n_hit = int(counts[near][hit].sum())
    if not n_hit or n_hit > NEARLY * counts.sum():
        return ""
    example = few[int(np.flatnonzero(hit)[0])].as_py()
    return (
        f"Column {quoted(name)}: {of(n_hit, int(counts.sum()), 'cell')}, such as {quoted(example)}, look like names that a spreadsheet "
        "has turned into dates; they were left as they are."
    )


def _nearly(words: pa.Array, counts: np.ndarray, name: str, decimal: str) -> str:
    """Name the cells that keep a column of numbers from being one."""
    ends = edges(words)
    begins = np.where(np.isin(ends.first, np.frombuffer(b"+-.,", "uint8")), ends.at(slice(None), 1), ends.first)
    if counts[(begins >= 48) & (begins <= 57)].sum() < NEARLY * counts.sum():
        return ""
    flags = pc.match_substring_regex(words, COMMA_NUMBER if decimal == "," else NUMBER)
    number = flags.to_numpy(zero_copy_only=False)
    odd = ~number & ~pc.is_in(pc.utf8_lower(words), value_set=pa.array(NOT_A_NUMBER)).to_numpy(zero_copy_only=False)
    n_number, n_odd = int(counts[number].sum()), int(counts[odd].sum())
    separated = odd & pc.match_substring_regex(words, SEPARATED).to_numpy(zero_copy_only=False)
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
