"""Values that may stand for a missing one: 999, a lone -1, "unknown". They are asked about, never changed."""

from __future__ import annotations

import numpy as np

from core import wording
from core.reading.numbers import SUSPECT
from core.sampled_columns import Column

CODES = (
    -99999,
    -9999,
    -999,
    -99,
    -9,
    -8,
    -7,
    -1,
    0,
    77,
    88,
    99,
    777,
    888,
    999,
    7777,
    8888,
    9999,
    77777,
    88888,
    99999,
    999999,
)
WORDS = frozenset(
    {
        *SUSPECT, "missing", "not available", "not known", "not stated", "not specified", "no answer", "refused", "nil", "tbd", "undefined",
        "unspecified", "blank", "empty", ".", "..", "...", "--", "---", "_", "*", "n.a.", "k.a.", "unbekannt", "inconnu", "desconocido",
    }
)  # fmt: skip
FEWEST, APART = 3, 5
"""Rows that a number needs to be asked about, and how many usual steps it must lie from the next value."""

ZERO_APART = 0.02


def stand_ins(column: Column) -> list[tuple[str, int, str]]:
    """Values of a column that may stand for a missing one.

    A text is asked about when it is a word such as "unknown". A number is when it is one that is often used so (0, -1, 99, 999, …),
    is the smallest or largest value, has at least ``FEWEST`` rows, and is the only negative one, or lies at least ``APART`` usual steps (the
    median distance of neighbouring values) from the next value. A zero must fill less than half of the cells, and lie farther from the next value than
    ``ZERO_APART`` of the width of the middle 98 %: most zeros are true.

    Parameters
    ----------
    column : Column

    Returns
    -------
    list of tuple
        value, rows, reason.
    """
    if not column.numeric:
        held = zip(column.distinct, column.size, strict=True)
        return [
            (str(text), int(n), "This word often stands for a missing value.")
            for text, n in held
            if n and str(text).strip().lower() in WORDS
        ]
    return _numbers(column.distinct, column.size)


def _numbers(values: np.ndarray, size: np.ndarray) -> list[tuple[str, int, str]]:
    found = []
    if len(values) < 4:
        return found
    with np.errstate(over="ignore"):
        steps = np.diff(values)
    usual = float(np.median(steps[1:-1]))
    low, high = np.searchsorted(np.cumsum(size), size.sum() * np.array([0.01, 0.99]))
    wide = float(values[high] - values[low])
    for at, step, side in ((0, steps[0], "smallest"), (len(values) - 1, steps[-1], "largest")):
        lone = values[at] < 0 and side == "smallest" and values[1] >= 0
        if values[at] == 0 and (2 * size[at] >= size.sum() or step < ZERO_APART * wide):
            continue
        if values[at] in CODES and size[at] >= FEWEST and (lone or step >= APART * usual > 0):
            reason = f"It is the {side} value and lies {wording.number(float(step))} from the next one, where {wording.number(usual)} is usual."
            found.append((wording.number(float(values[at]), 6), int(size[at]), reason))
    return found
