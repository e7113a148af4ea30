"""Columns of plain numbers, told from their first characters and parsed without a detour over Python."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SUSPECT = (
    "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "nil", "none", "?", "-", "--", "–", "—", ".", "..", "...", "unknown", "missing",
)  # fmt: skip
NOT_A_NUMBER = ("", "-nan", "+nan", *SUSPECT)
INFINITE = re.compile(r"[+-]?inf(inity)?")
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
COMMA_NUMBER = NUMBER.replace(r"\.?", ",?").replace(r"\.", ",")
GROUPED = {".": re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+"), ",": re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+")}
UNGROUPED = re.compile(r"[+-]?[0-9]{1,3}")
WHOLE = re.compile(r"[-+0-9]*")
TAKEN = 9
MAX_DIGITS = 18
ODD_WORDS = 64
GROUPS_NEEDED = 3
HEAD = 400
ZERO, NINE, DOT, COMMA, PLUS, MINUS = (ord(sign) for sign in "09.,+-")


@dataclass(frozen=True)
class Edges:
    """The ends of text cells.

    Parameters
    ----------
    lengths : ndarray of int (n_samples,)
        Bytes of each cell; 0 where it is missing.
    start : ndarray of int (n_samples,)
        Where each cell begins in ``text``.
    text : ndarray of uint8
        All bytes.
    """

    lengths: np.ndarray
    start: np.ndarray
    text: np.ndarray

    def at(self, rows: np.ndarray | slice, k: int | np.ndarray) -> np.ndarray:
        """Look at the byte at place ``k`` of some cells; 0 where there is none."""
        found = self.text[np.minimum(self.start[rows] + k, len(self.text) - 1)]
        found[self.lengths[rows] <= k] = 0
        return found

    @cached_property
    def first(self) -> np.ndarray:
        """The first byte of every cell."""
        return self.at(slice(None), 0)

    @cached_property
    def last(self) -> np.ndarray:
        """The last byte of every cell."""
        return self.at(slice(None), np.maximum(self.lengths - 1, 0))


@dataclass(frozen=True)
class Parsed:
    """A column of numbers.

    Parameters
    ----------
    values : pyarrow.Array of int64 or float64 (n_samples,)
        Null is missing.
    missing : Counter of str
        The words that were taken as missing.
    problem : str
        Why the column must stay text although every cell is a number; mostly empty.
    """

    values: pa.Array
    missing: Counter = field(default_factory=Counter)
    problem: str = ""


def edges(cells: pa.Array) -> Edges:
    """Look at the lengths and single bytes of all cells, without a copy of the text."""
    _, offsets, data = cells.buffers()
    at = (
        np.frombuffer(offsets, "int32")[cells.offset : cells.offset + len(cells) + 1]
        if offsets
        else np.zeros(1, "int32")
    )
    text = np.frombuffer(data, "uint8") if data is not None and data.size else np.zeros(1, "uint8")
    lengths = np.diff(at)
    if cells.null_count:
        lengths = np.where(cells.is_valid().to_numpy(zero_copy_only=False), lengths, 0)
    return Edges(lengths, at[:-1], text)


def trimmed(cells: pa.Array) -> tuple[pa.Array, Edges, int]:
    """Remove blanks around cells, and count the cells that had some beside their text."""
    ends = edges(cells)
    plain = (_printed(ends.first) & _printed(ends.last)) | (ends.lengths == 0)
    if plain.all():
        return cells, ends, 0
    bare = pc.utf8_trim_whitespace(cells)
    left = edges(bare)
    return bare, left, int(((left.lengths != ends.lengths) & (left.lengths > 0)).sum())


def as_numbers(cells: pa.Array, decimal: str, ends: Edges | None = None) -> Parsed | None:
    """Parse cells without blanks around them as numbers.

    Parameters
    ----------
    cells : pyarrow.Array of string (n_samples,)
        Null is missing.
    decimal : str
        "." or ",".
    ends : Edges
        Those of the cells, if they are known.

    Returns
    -------
    Parsed or None
        None if a cell is neither a number nor a word for missing.
    """
    ends = ends or edges(cells)
    signed = (ends.first == PLUS) | (ends.first == MINUS)
    start, behind = ends.first, np.flatnonzero(signed)
    if len(behind):
        start = start.copy()
        start[behind] = ends.at(behind, 1)
    odd = ~_digit(start)
    marks = np.flatnonzero(start == (DOT if decimal == "." else COMMA))
    odd[marks] = ~_digit(ends.at(marks, 1 + signed[marks]))
    missing, out = _odd_words(cells, odd)
    if missing is None or out.all():
        return None
    rest = pc.if_else(pa.array(~out), cells, pa.scalar(None, pa.string())) if out.any() else cells
    zeros = np.flatnonzero(start == ZERO)
    after = ends.at(zeros, 1 + signed[zeros])
    values = None if ((after | 32) == ord("x")).any() else _cast(rest, decimal)
    if values is None:
        return None
    if _digit(after).any():
        return Parsed(values, missing, "its numbers have leading zeros")
    if pa.types.is_floating(values.type):
        return _whole_after_all(rest, values, missing)
    return Parsed(values, missing)


def is_grouped(cells: pa.Array, parsed: Parsed, decimal: str) -> bool:
    """Tell whether the decimal mark of the file parts groups of three digits in a column of numbers.

    That is so if at least three cells have exactly three digits behind the mark, none has another number of them, and at
    least three have no mark and are below 1,000.
    """
    if not pa.types.is_floating(parsed.values.type):
        return False
    grouped = short = 0
    for cell in cells[:HEAD].to_pylist():
        if cell and GROUPED[decimal].fullmatch(cell):
            grouped += 1
        elif cell and UNGROUPED.fullmatch(cell):
            short += 1
        elif cell and cell.lower() not in NOT_A_NUMBER:
            return False
    if min(grouped, short) < GROUPS_NEEDED:
        return False
    fits = pc.match_substring_regex(cells, f"^({GROUPED[decimal].pattern}|{UNGROUPED.pattern}|[^0-9]*)$")
    return bool(pc.all(fits).as_py())


def _odd_words(cells: pa.Array, odd: np.ndarray) -> tuple[Counter | None, np.ndarray]:
    """Which cells are missing among those that begin like no number; nothing if one of them is text."""
    out = np.zeros(len(cells), bool)
    missing: Counter = Counter()
    if not odd.any():
        return missing, out
    if cells.null_count:
        odd = odd & cells.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(odd)
    head = pc.unique(cells.take(pa.array(rows[:HEAD]))).to_pylist()
    if len(head) > ODD_WORDS or not all(_is_absent(word) or INFINITE.fullmatch(word.lower()) for word in head):
        return None, out
    encoded = cells.take(pa.array(rows)).dictionary_encode()
    words, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    absent = np.array([_is_absent(word) for word in words], bool)
    if not all(gone or INFINITE.fullmatch(word.lower()) for word, gone in zip(words, absent, strict=True)):
        return None, out
    out[rows] = absent[codes]
    counts = np.bincount(codes, minlength=len(words))
    return Counter({word: int(n) for word, n, gone in zip(words, counts, absent, strict=True) if gone}), out


def _is_absent(word: str) -> bool:
    return word.lower() in NOT_A_NUMBER


def _cast(rest: pa.Array, decimal: str) -> pa.Array | None:
    if _whole(rest):
        try:
            return rest.cast(pa.int64())
        except pa.ArrowInvalid:
            pass
    if decimal == ",":
        if pc.any(pc.match_substring(rest, ".")).as_py():
            return None
        rest = pc.replace_substring(rest, ",", ".")
    try:
        rest[:HEAD].cast(pa.float64())
        return rest.cast(pa.float64())
    except pa.ArrowInvalid:
        return None


def _whole(cells: pa.Array) -> bool:
    """Whether the first cells hold digits and signs only."""
    return WHOLE.fullmatch("".join(cell for cell in cells[:HEAD].to_pylist() if cell)) is not None


def _whole_after_all(rest: pa.Array, values: pa.Array, missing: Counter) -> Parsed | None:
    """Numbers that are no int64 as they stand: with a plus sign, or with more digits than one holds."""
    if pc.all(pc.is_inf(values)).as_py():
        return None
    if not _whole(rest):
        return Parsed(values, missing)
    if not pc.all(pc.match_substring_regex(rest, r"^[+-]?[0-9]+$")).as_py():
        return Parsed(values, missing)
    try:
        return Parsed(pc.replace_substring_regex(rest, r"^\+", "").cast(pa.int64()), missing)
    except pa.ArrowInvalid:
        return Parsed(values, missing, f"its numbers have more than {MAX_DIGITS} digits")


def _digit(signs: np.ndarray) -> np.ndarray:
    return (signs >= ZERO) & (signs <= NINE)


def _printed(signs: np.ndarray) -> np.ndarray:
    return (signs > 32) & (signs < 127)
