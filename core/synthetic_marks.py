"""What the values of a column say of its rows: which are synthetic, and which are real."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.errors import UserError, unknown
from core.roles import SYNTHETIC, as_text
from core.table import Table
from core.wording import listing, plural, quoted

MADE = frozenset(
    [
        "synthetic",
        "synth",
        "synthesized",
        "synthesised",
        "generated",
        "augmented",
        "augmentation",
        "artificial",
        "simulated",
        "simulation",
        "fake",
        "smote",
        "adasyn",
        "gan",
        "ctgan",
        "vae",
        "tvae",
        "copula",
        "oversampled",
        "upsampled",
    ]
)
GENUINE = frozenset(["real", "original", "orig", "observed", "measured", "actual", "genuine", "authentic"])
NOT = frozenset(["no", "not", "non"])
YES = frozenset(["1", "y", "yes", "t", "true", "x", "ja", "oui", "si"])
NO = frozenset(["0", "n", "no", "f", "false", "nein", "non"])
MOST_MARKS = 20
"""Different values that a column of marks may have."""

OTHERWISE = "Name the values that synthetic rows carry, or give the column another role."


@dataclass(frozen=True)
class Mark:
    """What the values of a column say of the rows.

    Parameters
    ----------
    column : str
    synthetic, real : tuple of str
        The values of synthetic and of real rows, as text; numbers without a point where they are whole.
    gaps_are_real : bool
        Whether a row without a mark is real: where the mark stands in synthetic rows only. Else nothing is known of such a row.
    """

    column: str
    synthetic: tuple[str, ...]
    real: tuple[str, ...]
    gaps_are_real: bool

    def sides(self, frame: pd.DataFrame) -> np.ndarray:
        """What each row is (n_rows,): 1 synthetic, 0 real, −1 not known."""
        values = as_text(frame[self.column])
        found = np.where(values.isin(self.synthetic), 1, np.where(values.isin(self.real), 0, -1))
        return np.where(values.isna(), 0 if self.gaps_are_real else -1, found)

    def real_rows(self, table: Table) -> Table:
        """The table of the real rows."""
        kept = table.frame.loc[self.sides(table.frame) == 0].reset_index(drop=True)
        return replace(table, frame=kept)


def read_mark(column: pd.Series, chosen: Iterable[str] = ()) -> Mark:
    """Find out which values of a column mark synthetic rows.

    A value with a word such as "synthetic", "generated" or "SMOTE" means synthetic, one with a word such as "real" or "original" real, and
    "not" turns both round. Yes, true and 1 mean synthetic, no, false and 0 real; the other way round where the name of the column says
    "real" or "original" and nothing else. Where only one kind is known by then, the other values are the other kind.

    Parameters
    ----------
    column : pandas.Series (n_rows,)
        Not changed.
    chosen : iterable of str
        The values that mean synthetic, which overrules the words; all others then mean real.

    Raises
    ------
    UserError
        No value tells, values tell different things, there are too many, all rows are synthetic, or a chosen value is not there.

    Examples
    --------
    >>> read_mark(pd.Series(["real", "smote", "ctgan"], name="source")).synthetic
    ('ctgan', 'smote')
    >>> read_mark(pd.Series([1, 0, 1], name="is_real")).synthetic
    ('0',)
    """
    name, values = str(column.name), values_of(column)
    if not values or len(values) > MOST_MARKS:
        problem = f"Column {quoted(name)} has {plural(len(values), 'different value')}; a mark has 1 to {MOST_MARKS}."
        raise UserError(problem, "Give the column another role than 'synthetic mark'.")
    if chosen := tuple(map(str, chosen)):
        for value in chosen:
            if value not in values:
                raise unknown("value of the mark", value, values)
        kinds = {value: 1 if value in chosen else 0 for value in values}
    else:
        kinds = _meant(name, values)
    synthetic, real = (tuple(value for value in values if kinds[value] == kind) for kind in (1, 0))
    if synthetic and not real and column.notna().all():
        told = f"Column {quoted(name)} marks every row as synthetic, by {listing(synthetic)}; without real rows nothing can be tested."
        raise UserError(told, OTHERWISE)
    return Mark(name, synthetic, real, gaps_are_real=not real)


def marked_apart(table: Table, columns: tuple[str, ...], values: Iterable[str] = ()) -> tuple[Mark | None, Table]:
    """What the column with the role "synthetic mark" says, and the table of the real rows; None and the whole table without one.

    Parameters
    ----------
    table : Table
        Not changed.
    columns : tuple of str
        Those with the role; at most one.
    values : iterable of str
        See ``read_mark``.

    Raises
    ------
    UserError
        Several columns have the role, the table is not in memory, or ``read_mark`` cannot tell.
    """
    if not columns:
        return None, table
    if len(columns) > 1:
        raise UserError(f"{listing(columns)} all have the role '{SYNTHETIC}'.", "Give it to one column.")
    if table.all_rows is not None:
        problem = f"Of {plural(table.n_rows, 'row')} only some are in memory, so synthetic rows cannot be kept apart by {quoted(columns[0])}."
        raise UserError(problem, "Take the synthetic rows out of the file, or choose a smaller part of it.")
    mark = read_mark(table.frame[columns[0]], values)
    return mark, mark.real_rows(table)


def looks_like_marks(column: pd.Series) -> str:
    """Why a column may mark synthetic rows, in one sentence; empty where it does not look so."""
    name, values = str(column.name), values_of(column)
    if not 1 <= len(values) <= MOST_MARKS or (len(values) == 1 and column.notna().all()):
        return ""
    kinds = {_kind(value) for value in values}
    if 1 in kinds and None not in kinds:
        return f"Its values {listing(values)} say which rows are synthetic."
    words = set(_words(name))
    named = words & MADE or (words & GENUINE if words <= GENUINE | {"is"} else set())
    if named and len(values) <= 2 and all(_flag(value) is not None for value in values):
        return f"Its name holds the word '{min(named)}', and it says yes or no."
    return ""


def values_of(column: pd.Series) -> tuple[str, ...]:
    """The different values of a column as text, sorted; more than ``MOST_MARKS`` are not spelled as in the file."""
    different = pd.Series(column.dropna().unique())
    return tuple(sorted(map(str, as_text(different)))) if len(different) <= MOST_MARKS else tuple(map(str, different))


def _words(text: str) -> Sequence[str]:
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", text[:200])
    return re.findall(r"[a-z]+", parted.lower())


def _kind(value: str) -> int | None:
    """1 where the words of a value say synthetic, 0 where they say real, None where they say nothing, or both."""
    words = set(_words(value))
    made, genuine = bool(words & MADE), bool(words & GENUINE)
    return None if made == genuine else int(made != bool(words & NOT))


def _flag(value: str) -> bool | None:
    text = value.strip().lower()
    return True if text in YES else False if text in NO else None


def _meant(name: str, values: tuple[str, ...]) -> dict[str, int]:
    words = set(_words(name))
    turned = (bool(words & GENUINE) and not words & MADE) or bool(words & MADE and words & NOT)
    kinds: dict[str, int] = {}
    for value in values:
        kind, flag = _kind(value), _flag(value)
        if kind is not None or flag is not None:
            kinds[value] = kind if kind is not None else int(flag != turned)
    others, known = [value for value in values if value not in kinds], set(kinds.values())
    if others and len(known) != 1:
        text = f"Column {quoted(name)} holds {listing(values)}; {'nothing says what' if known else 'none of them says which rows are synthetic'}"
        raise UserError(f"{text} {listing(others)} means." if known else f"{text}.", OTHERWISE)
    return kinds | dict.fromkeys(others, 1 - min(known, default=0))
