"""The role of each column: what methods learn from, what keeps rows together, what orders them, what a miss costs, what nobody may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from core.errors import UserError, unknown
from core.reading.dates import date_format, parse_dates, spoken
from core.wording import listing, plural, quoted

SYNTHETIC = "synthetic mark"
"""The role of a column that marks synthetic rows, see ``core.marked_rows``."""

COST = "cost"
"""The role of a column with what a miss of each row costs."""

ROLES = ("feature", "identifier", "group", "time", COST, "sensitive", "second label", SYNTHETIC, "leave out")
"""What a column may be; a sensitive column is a feature that reports look at by group."""

UNSEEN = ("identifier", COST, "second label", SYNTHETIC, "leave out")
"""Roles of columns that no method learns from and that say nothing about folds."""

DAY = pd.Timedelta(days=1)

HEAD = 100
"""Rows in which the first dates are mostly found."""


def chosen_roles(
    columns: Iterable[str], target: str, leave_out: Iterable[str], roles: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Put the columns under their roles.

    Parameters
    ----------
    columns : iterable of str
        Those of the table.
    target : str
        The column with the classes; it has no role.
    leave_out : iterable of str
        Columns with the role "leave out", unless ``roles`` says otherwise.
    roles : mapping of str to str
        The role by column; a column that is not named is a feature.

    Returns
    -------
    dict of str to tuple of str
        The columns of each role but "feature"; every role is there.

    Raises
    ------
    UserError
        A column or a role is not known, or two columns are to say what a miss costs.

    Examples
    --------
    >>> chosen_roles(["id", "age", "y"], "y", ["id"], {})["leave out"]
    ('id',)
    """
    known = list(columns)
    chosen = {str(column): "leave out" for column in leave_out} | {str(c): str(role) for c, role in roles.items()}
    for column, role in chosen.items():
        if column not in known:
            raise unknown("column", column, known)
        if role not in ROLES:
            raise unknown("role", role, ROLES)
    chosen.pop(target, None)
    if len(priced := [column for column, role in chosen.items() if role == COST]) > 1:
        text = f"{listing(priced)} both have the role '{COST}'; one column says what a miss of a row costs."
        raise UserError(text, "Give all but one of them another role.")
    return {role: tuple(c for c, given in chosen.items() if given == role) for role in ROLES[1:]}


def times(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn columns that order the rows into numbers: dates into days since 1970.

    Parameters
    ----------
    frame : pandas.DataFrame (n_samples, n_columns)
        The columns with the role "time"; not changed.

    Raises
    ------
    UserError
        A column holds neither numbers nor dates, or no value.
    """
    found = {}
    for name, column in frame.items():
        days = column if pd.api.types.is_numeric_dtype(column.dtype) else in_days(column)
        if days is None:
            text = (
                f"Column {quoted(name)} holds neither numbers nor dates, such as {quoted(column.dropna().iloc[0], 30)}."
            )
            raise UserError(text, "Give it another role than 'time'.")
        values = pd.Series(days).to_numpy(dtype="float64", na_value=np.nan, copy=True)
        values[np.isinf(values)] = np.nan
        if np.isnan(values).all():
            raise UserError(f"Column {quoted(name)} has no value in any row.", "Give it another role than 'time'.")
        found[name] = values
    return pd.DataFrame(found, index=frame.index)


def told(groups: pd.DataFrame, ordered: pd.DataFrame, priced: pd.DataFrame) -> list[str]:
    """What becomes of rows without a group, a time or a cost, in sentences."""
    notes = []
    alone = int(groups.isna().all(axis=1).sum()) if groups.shape[1] else 0
    if alone:
        notes.append(
            f"{plural(alone, 'row')} without a value in {listing(groups.columns)} taken as a group of one row each."
        )
    timeless = int(ordered.isna().any(axis=1).sum()) if ordered.shape[1] else 0
    if timeless:
        notes.append(
            f"{plural(timeless, 'row')} without a value in {listing(ordered.columns)} neither learned from nor tested."
        )
    unpriced = int(priced.isna().any(axis=1).sum()) if priced.shape[1] else 0
    if unpriced:
        n = plural(unpriced, "row")
        notes.append(
            f"{n} without a value in {listing(priced.columns)} taken to cost the mean of the class of interest."
        )
    return notes


def in_days(column: pd.Series) -> pd.Series | None:
    """Turn dates written as text into days since 1970; None for a column that holds no dates.

    Examples
    --------
    >>> in_days(pd.Series(["1970-01-02", "1970-01-03"])).tolist()
    [1.0, 2.0]
    """
    found = date_format(column)
    return None if found is None else (parse_dates(column, found[0]) - pd.Timestamp(0)) / DAY


def dates_as_numbers(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Turn the text columns that hold dates into days, and say so.

    Returns
    -------
    pandas.DataFrame
        The columns in their order.
    dict of str to str
        The format of each column that was changed, for ``as_before``.
    list of str
        One sentence for each of them.
    """
    changed, forms, notes = {}, {}, []
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column.dtype) or not _starts_like_a_date(column):
            continue
        found = date_format(column)
        if found is None:
            continue
        days = (parse_dates(column, found[0]) - pd.Timestamp(0)) / DAY
        lost = int((days.isna() & column.notna()).sum())
        unread = (
            f"; {plural(lost, 'cell')} that {'is' if lost == 1 else 'are'} no date taken as missing" if lost else ""
        )
        unsure = " (day and month may be exchanged)" if found[1] == "guess" and not lost else ""
        notes.append(f"Dates in {quoted(name)}, {spoken(found[0])}, counted in days{unsure}{unread}.")
        changed[name], forms[str(name)] = days, found[0]
    return (frame.assign(**changed) if changed else frame), forms, notes


def as_before(frame: pd.DataFrame, forms: Mapping[str, str]) -> pd.DataFrame:
    """Change the columns of another table as those of the first were: codes into text, dates into days.

    Parameters
    ----------
    frame : pandas.DataFrame
        Not changed.
    forms : mapping of str to str
        By column the format of its dates, or ``""`` for codes.

    Examples
    --------
    >>> as_before(pd.DataFrame({"zone": [1.0, 2.0]}), {"zone": ""})["zone"].tolist()
    ['1', '2']
    """
    changed = {}
    for name, form in forms.items():
        column = frame[name]
        if not form:
            changed[name] = as_text(column)
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            changed[name] = (parse_dates(column, form) - pd.Timestamp(0)) / DAY
    return frame.assign(**changed)


def group_codes(frame: pd.DataFrame) -> np.ndarray:
    """Number the groups of rows that columns name together, (n_samples,); −1 where all of them are missing.

    Examples
    --------
    >>> group_codes(pd.DataFrame({"site": ["a", "a", "b", None], "bed": [1, 1, 1, None]})).tolist()
    [0, 0, 1, -1]
    """
    parts = np.stack([pd.factorize(column)[0] for _, column in frame.items()], axis=1)
    codes = np.unique(parts, axis=0, return_inverse=True)[1].ravel()
    codes = pd.factorize(codes)[0]
    alone = (parts < 0).all(axis=1)
    return (
        np.where(alone, -1, codes)
        if not alone.any()
        else np.where(alone, -1, pd.factorize(np.where(alone, -1, codes))[0])
    )


def order_of(frame: pd.DataFrame) -> np.ndarray:
    """The place of each row in time (n_samples,), by the first column and then the next; NaN where one is missing."""
    values = frame.to_numpy(dtype="float64")
    known = ~np.isnan(values).any(axis=1)
    order = np.full(len(values), np.nan)
    order[known] = np.unique(values[known], axis=0, return_inverse=True)[1].ravel()
    return order


def as_text(column: pd.Series) -> pd.Series:
    """Numbers as text: 3 is "3" and 0.5 is "0.5"; text stays as it is, and gaps stay gaps."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return column
    return column.map(lambda value: f"{value:.15g}", na_action="ignore").astype("str")


def _starts_like_a_date(column: pd.Series) -> bool:
    first = column.head(HEAD).dropna().head(3)
    first = first if len(first) == 3 else column.dropna().head(3)
    return len(first) > 0 and date_format(first) is not None
