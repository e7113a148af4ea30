"""Columns that say which rows belong together or which came first: random folds then score too well."""

from __future__ import annotations

import re

import pandas as pd

PEOPLE = frozenset(
    re.findall(
        r"\w+",
        "id ids patient subject person participant member customer client user account household family visit session "
        "site centre center hospital clinic ward machine device sensor vehicle batch group",
    )
)
TAIL = frozenset(("id", "ids", "code", "key", "name", "number", "no", "nr"))
DATES = re.compile(r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([ T]\d{1,2}:\d{2}.*)?\s*$")
SAMPLE = 200
FEWEST_GROUPS = 10
MOST_DIFFERENT = 0.9


def dependent_columns(frame: pd.DataFrame, target: str) -> dict[str, tuple[str, ...]]:
    """Find columns that may name groups of rows, and columns that hold dates.

    Parameters
    ----------
    frame : pandas.DataFrame
        All columns of the table, those that are left out included.
    target : str
        The column with the classes; never named.

    Returns
    -------
    dict of str to tuple of str
        "group": the name ends in a word such as "patient" or "id", and at least ``FEWEST_GROUPS`` values repeat.
        "time": the first ``SAMPLE`` texts look like dates.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient_id": [f"p{i // 2}" for i in range(40)], "outcome": ["no", "yes"] * 20})
    >>> dependent_columns(frame, "outcome")
    {'group': ('patient_id',), 'time': ()}
    """
    others = {str(name): column for name, column in frame.items() if name != target}
    group = tuple(name for name, column in others.items() if _names_groups(name, column))
    return {"group": group, "time": tuple(name for name, column in others.items() if _holds_dates(column))}


def _names_groups(name: str, column: pd.Series) -> bool:
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:200]).lower())
    last = words[:-1][-1:] if words[-1:] and words[-1] in TAIL - PEOPLE else words[-1:]
    if not PEOPLE.intersection(last) or pd.api.types.is_float_dtype(column.dtype):
        return False
    known = column.dropna()
    return FEWEST_GROUPS <= known.nunique() <= MOST_DIFFERENT * len(known)


def _holds_dates(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    seen = column.dropna().head(SAMPLE)
    return len(seen) > 0 and all(DATES.match(text[:40]) for text in seen.astype(str))
