"""From named columns of cells to a table: empty places left out, every column typed, every choice written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UserError
from core.reading.columns import Column, typed
from core.reading.limits import check_cells
from core.reading.numbers import edges
from core.table import Decision, Reading, unique_names
from core.wording import count, listing, of, plural, quoted

MAX_NOTES = 10
FEW_CELLS = 100_000
WORKERS = min(2, pa.cpu_count())


@dataclass
class _Draft:
    """A table on its way: names, cells, and what was done."""

    names: list[str]
    cells: list
    notes: list[str]
    decisions: list[Decision]
    units: list[str]


def assemble(
    header: Iterable[str],
    cells: list,
    notes: Sequence[str],
    reading: Reading,
    tokens: Sequence[str],
    numbers: bool = True,
    units: Sequence[str] = (),
) -> tuple[pd.DataFrame, Reading]:
    """Give every column its name and type.

    Rows and last columns without a single value, and rows that repeat the header, are left out.

    Parameters
    ----------
    header : iterable of str
        The names as the file spells them.
    cells : list of pyarrow.Array or pandas.Series
        One for each name.
    notes : sequence of str
        What was decided so far.
    reading : Reading
        How the file was read so far.
    tokens : sequence of str
        Words that mean "missing" in every column.
    numbers : bool
        False keeps columns of text as text although they look like numbers.
    units : sequence of str
        The unit of each column, if a row gives them.

    Raises
    ------
    UserError
        The table has no rows.
    """
    draft = _Draft([name.strip() for name in header], cells, list(notes), list(reading.decisions), list(units))
    if any(name.strip() and name.strip() != name for name in header):
        draft.notes.append("Blanks around column names removed.")
    check_cells(draft.names, draft.cells)
    _leave_out_empty_end(draft)
    _leave_out_empty_rows(draft)
    _leave_out_headers(draft)
    names = _named(draft)
    columns = _typed(draft.cells, names, reading, tokens, numbers)
    frame = pd.DataFrame(dict(zip(names, (column.values for column in columns), strict=True)))
    if frame.shape[1] == 0 or len(frame) == 0:
        raise UserError("The file has a header but no rows.", "Choose a file with rows under its header.")
    return frame, _written(draft, reading, dict(zip(names, columns, strict=True)), tokens)


def _written(draft: _Draft, reading: Reading, columns: dict[str, Column], tokens: Sequence[str]) -> Reading:
    """Add to a reading what was found out about the columns."""
    _tell(draft, list(columns.values()))
    missing, suspects = (
        sum((getattr(c, kind) for c in columns.values()), Counter()) for kind in ("missing", "suspects")
    )
    about = [replace(decision, column=name) for name, column in columns.items() for decision in column.decisions]
    spoken = dict(zip(columns, draft.units, strict=False)) | {name: c.unit for name, c in columns.items() if c.unit}
    return replace(
        reading,
        notes=tuple(draft.notes),
        missing_tokens=dict(missing),
        suspects=dict(suspects),
        decisions=(*draft.decisions, *_groups(reading, columns), _missing_decision(missing, suspects, tokens), *about),
        units={name: unit for name, unit in spoken.items() if unit},
        kinds={name: column.kind for name, column in columns.items()},
        thousands=next(
            (column.thousands for column in columns.values() if column.thousands), reading.thousands
        ).replace("none", ""),
    )


def _groups(reading: Reading, columns: dict[str, Column]) -> tuple[Decision, ...]:
    """Say for a text file whether groups of three digits have a mark, unless a column says so itself."""
    if reading.thousands:
        return (Decision("thousands", reading.thousands, "stated", "You said so."),)
    if reading.kind != "CSV" or any(column.thousands for column in columns.values()):
        return ()
    return (Decision("thousands", "none", "likely", "No column has a mark between groups of three digits."),)


def _leave_out_empty_end(draft: _Draft) -> None:
    """Leave out columns at the end that have neither a name nor a cell, and such a first column beside them."""
    n_dropped = 0
    while len(draft.cells) > 1 and _is_empty(draft, -1):
        draft.cells, draft.names = draft.cells[:-1], draft.names[:-1]
        n_dropped += 1
    if n_dropped:
        noun = "Empty column" if n_dropped == 1 else f"{count(n_dropped)} empty columns"
        draft.notes.append(f"{noun} at the end of the table left out.")
    if n_dropped and len(draft.cells) > 1 and _is_empty(draft, 0):
        draft.cells, draft.names, draft.units = draft.cells[1:], draft.names[1:], draft.units[1:]
        draft.notes.append("Empty column at the beginning of the table left out.")


def _is_empty(draft: _Draft, place: int) -> bool:
    column = draft.cells[place]
    if draft.names[place] or not isinstance(column, pa.Array):
        return False
    return not any(value and value.strip() for value in column.unique().to_pylist())


def _leave_out_empty_rows(draft: _Draft) -> None:
    """Leave out rows in which every cell is empty."""
    empty = None
    for column in draft.cells:
        blank = column.isna().to_numpy() if isinstance(column, pd.Series) else _blank(column)
        empty = blank if empty is None else empty & blank
        if not empty.any():
            return
    if empty is not None:
        draft.cells = _kept(draft.cells, ~empty)
        draft.notes.append(f"{plural(int(empty.sum()), 'row')} without a single value left out.")


def _leave_out_headers(draft: _Draft) -> None:
    """Leave out rows that repeat the header, as files do that were put together from parts."""
    named = [j for j, name in enumerate(draft.names) if name]
    texts = [draft.cells[j] for j in named]
    if len(named) < 2 or not all(isinstance(column, pa.Array) for column in texts) or not len(texts[0]):
        return
    same = None
    for j, column in zip(named, texts, strict=True):
        equal = _equals(column, draft.names[j])
        same = equal if same is None else same & equal
        if not same.any():
            return
    if same.all():
        return
    draft.cells = _kept(draft.cells, ~same)
    reason = f"{of(same.sum(), len(same))} {'repeats' if same.sum() == 1 else 'repeat'} the header"
    draft.notes.append(f"{reason} and {'was' if same.sum() == 1 else 'were'} left out.")
    draft.decisions.append(Decision("repeated headers", str(same.sum()), "certain", f"{reason} in every cell."))


def _equals(column: pa.Array, name: str) -> np.ndarray:
    """Which cells are a name, blanks around it aside."""
    if isinstance(column, pa.DictionaryArray):
        column = column.cast(pa.string())
    ends, same = edges(column), np.zeros(len(column), bool)
    raw = name.encode("utf-8", "replace")
    near = np.flatnonzero(
        (ends.lengths >= len(raw)) & ((ends.first == raw[0]) | (ends.first <= 32) | (ends.first > 126))
    )
    if len(near):
        bare = pc.utf8_trim_whitespace(column.take(pa.array(near)))
        same[near] = pc.fill_null(pc.equal(bare, name), False).to_numpy(zero_copy_only=False)
    return same


def _kept(cells: list, rows: np.ndarray) -> list:
    flags = pa.array(rows)
    return [c[rows].reset_index(drop=True) if isinstance(c, pd.Series) else c.filter(flags) for c in cells]


def _blank(cells: pa.Array) -> np.ndarray:
    if isinstance(cells, pa.DictionaryArray):
        blank = pc.equal(pc.utf8_trim_whitespace(cells.dictionary.cast(pa.string())), "").take(cells.indices)
        return pc.fill_null(blank, True).to_numpy(zero_copy_only=False)
    ends = edges(cells)
    blank = ends.lengths == 0
    maybe = np.flatnonzero(~blank & ((ends.first <= 32) | (ends.first > 126)))
    if len(maybe):
        trimmed = pc.utf8_trim_whitespace(cells.take(pa.array(maybe)))
        blank[maybe] = pc.fill_null(pc.equal(trimmed, ""), True).to_numpy(zero_copy_only=False)
    return blank


def _named(draft: _Draft) -> list[str]:
    """Make the names unique, and say so; a first column without a name that counts the rows is told apart."""
    names = unique_names(draft.names)
    changed = [new for new, old in zip(names, draft.names, strict=True) if new != old]
    start = _counts_rows(draft.cells[0]) if draft.cells and not draft.names[0] and len(names) > 1 else None
    if start is not None:
        text = f"The first column has no name and counts the {plural(len(draft.cells[0]), 'row')} from {start}"
        draft.notes.append(f"{text}: it is an index, named {quoted(names[0])}.")
        draft.decisions.append(Decision("index column", names[0], "certain", f"{text}.", names[0]))
        changed = changed[1:]
    if changed:
        draft.notes.append(
            f"{plural(len(changed), 'column')} had no name or one that was taken: now {listing(changed)}."
        )
    return names


def _counts_rows(cells: pa.Array | pd.Series) -> int | None:
    try:
        values = cells.to_numpy("int64") if isinstance(cells, pd.Series) else cells.cast(pa.int64()).to_numpy()
    except (pa.ArrowInvalid, ValueError, TypeError):
        return None
    rises = len(values) > 1 and values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    return int(values[0]) if rises else None


def _typed(cells: list, names: list[str], reading: Reading, tokens: Sequence[str], numbers: bool) -> list[Column]:
    fixed = any(decision.name == "decimal" and decision.confidence == "stated" for decision in reading.decisions)

    def one(column: pa.Array | pd.Series, name: str) -> Column:
        if isinstance(column, pd.Series):
            return _numeric(column, tokens)
        choices = {"decimal": reading.decimal or ".", "thousands": reading.thousands, "fixed": fixed}
        return typed(column, name, missing_tokens=tokens, numbers=numbers, **choices)

    if not cells or WORKERS == 1 or len(cells) * len(cells[0]) < FEW_CELLS:
        return [one(column, name) for column, name in zip(cells, names, strict=True)]
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, cells, names))


def _numeric(values: pd.Series, tokens: Sequence[str]) -> Column:
    """A column that the file itself holds as numbers; tokens such as -999 are missing there too."""
    missing = Counter({"": int(values.isna().sum())}) if values.isna().any() else Counter()
    for token in tokens:
        try:
            taken = (values == float(token)).fillna(False).to_numpy(bool)
        except ValueError:
            continue
        if taken.any():
            missing[token] += int(taken.sum())
            values = (values.astype("Int64") if values.dtype == "int64" else values).mask(taken)
    return Column(values, missing, kind="number" if values.dtype == "float64" else "whole number")


def _tell(draft: _Draft, columns: list[Column]) -> None:
    stripped = sum(column.stripped for column in columns)
    if stripped:
        draft.notes.append(f"Blanks around the text of {plural(stripped, 'cell')} removed.")
    told = [column.note for column in columns if column.note]
    draft.notes += told[:MAX_NOTES]
    if len(told) > MAX_NOTES:
        draft.notes.append(f"{plural(len(told) - MAX_NOTES, 'further column')} with notes of this kind.")


def _missing_decision(missing: Counter, suspects: Counter, tokens: Sequence[str]) -> Decision:
    words = [word for word in missing if word]
    total = sum(missing.values())
    text = f"{plural(total, 'cell')} are missing" if total != 1 else "1 cell is missing"
    text += f": {count(missing[''])} empty" if missing[""] else ""
    text += f"; words taken as missing: {listing(words[:5])}" if words else ""
    text += f"; words that look missing and were kept in text: {listing(list(suspects)[:5])}" if suspects else ""
    confidence = "stated" if tokens else "likely" if words or suspects else "certain"
    return Decision("missing_tokens", ", ".join(words), confidence, f"{text}.")
