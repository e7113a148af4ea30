"""Columns that say which rows belong together or which came first: random folds then score too well."""

from __future__ import annotations

import re

import pandas as pd

from core.reading.dates import date_format

PEOPLE = frozenset(
    re.findall(
        r"\w+",
        "id ids patient subject person participant member customer client user account household family visit session "
        "site centre center hospital clinic ward machine device sensor vehicle batch group",
    )
)
TAIL = frozenset(("id", "ids", "code", "key", "name", "number", "no", "nr"))
ORIGINS = frozenset(
    re.findall(
        r"\w+",
        "site centre center hospital clinic ward machine device scanner instrument sensor batch lab laboratory plate station "
        "operator rater manufacturer vendor cohort",
    )
)
CODES = re.compile(r"^\s*[A-Za-z]{1,12}[-_ #.]{0,2}\d{1,12}\s*$")
SAMPLE = 200
FEWEST_GROUPS = 10
MOST_DIFFERENT = 0.9
FEWEST_CODES, MOST_ROWS_PER_CODE = 30, 50
MOST_ORIGINS = 20


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


def repeated_codes(frame: pd.DataFrame) -> tuple[str, ...]:
    """Find text columns that may name groups of rows by their values, whatever their own name is.

    Parameters
    ----------
    frame : pandas.DataFrame
        Features.

    Returns
    -------
    tuple of str
        Columns of at least ``FEWEST_CODES`` codes such as "p12", of 2 to ``MOST_ROWS_PER_CODE`` rows each on average.

    Examples
    --------
    >>> repeated_codes(pd.DataFrame({"case": [f"m-{i // 4}" for i in range(200)], "colour": ["red", "blue"] * 100}))
    ('case',)
    """
    return tuple(str(name) for name, column in frame.items() if _holds_codes(column))


def origin_columns(frame: pd.DataFrame) -> tuple[str, ...]:
    """Find columns that say where or with what a row was measured, such as a site, a device or a batch.

    Parameters
    ----------
    frame : pandas.DataFrame
        Features.

    Returns
    -------
    tuple of str
        Columns of 2 to ``MOST_ORIGINS`` values whose name ends in a word such as "hospital", or whose texts all hold one.

    Examples
    --------
    >>> origin_columns(pd.DataFrame({"from": ["site A", "site B"], "age": [40, 41], "Scanner": [1, 2]}))
    ('from', 'Scanner')
    """
    return tuple(str(name) for name, column in frame.items() if _names_origin(str(name), column))


def _names_origin(name: str, column: pd.Series) -> bool:
    values = column.dropna().unique()
    if not 2 <= len(values) <= MOST_ORIGINS:
        return False
    if ORIGINS.intersection(_last_word(name)):
        return True
    return not pd.api.types.is_numeric_dtype(column.dtype) and all(ORIGINS & set(_words(str(x))) for x in values)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name[:200]).lower())


def _last_word(name: str) -> list[str]:
    words = _words(name)
    return words[:-1][-1:] if words[-1:] and words[-1] in TAIL - PEOPLE else words[-1:]


def _holds_codes(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    known = column.dropna()
    n_different = known.nunique()
    if n_different < FEWEST_CODES or not 2 <= len(known) / n_different <= MOST_ROWS_PER_CODE:
        return False
    return all(CODES.match(text[:40]) for text in known.head(SAMPLE).astype(str))


def _names_groups(name: str, column: pd.Series) -> bool:
    if not PEOPLE.intersection(_last_word(name)) or pd.api.types.is_float_dtype(column.dtype):
        return False
    known = column.dropna()
    return FEWEST_GROUPS <= known.nunique() <= MOST_DIFFERENT * len(known)


def _holds_dates(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return date_format(column.dropna().head(SAMPLE)) is not None
