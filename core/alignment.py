"""Rows as methods see them, and further rows in the same form: columns, kinds, levels and classes of the first."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import numpy as np
import pandas as pd

from core.errors import UserError
from core.roles import as_text, in_days
from core.target_rule import TargetRule
from core.wording import plural, quoted


def as_features(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Numbers as floats with NaN for missing, text as categories with sorted levels; also how many infinite values became missing."""
    columns, infinite = {}, 0
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column.dtype):
            columns[name], odd = _finite(column)
            infinite += odd
        else:
            codes, levels = pd.factorize(column)
            order = np.argsort(np.array(levels, dtype=object)) if len(levels) else np.zeros(0, dtype=np.intp)
            rank = np.append(np.argsort(order), -1)
            columns[name] = pd.Categorical.from_codes(rank[codes], categories=sorted(levels))
    return pd.DataFrame(columns, index=frame.index), infinite


def aligned(X: pd.DataFrame, frame: pd.DataFrame, *, kind: str, first: str) -> tuple[pd.DataFrame, list[str]]:
    """Further rows with the columns, kinds and levels of the first.

    Parameters
    ----------
    X : pandas.DataFrame (n_samples, n_features)
        The first rows, as ``Dataset.X`` has them; not changed.
    frame : pandas.DataFrame (n_rows, n_columns)
        The further rows, with dates and codes as ``core.roles.as_before`` leaves them.
    kind, first : str
        What the further rows and the first are called in a sentence, such as "test" and "training".

    Returns
    -------
    pandas.DataFrame (n_rows, n_features)
        A level that no first row has is missing.
    list of str
        One sentence for each column with such levels.

    Raises
    ------
    UserError
        A column of numbers holds text in the further rows.
    """
    columns, notes = {}, []
    for name, column in X.items():
        given = frame[name]
        if column.dtype != "category" and not pd.api.types.is_numeric_dtype(given.dtype):
            given = days if (days := in_days(given)) is not None else given
        if column.dtype == "category":
            text = as_text(given)
            known = text.isin(column.cat.categories)
            columns[name] = pd.Categorical(text.where(known), categories=column.cat.categories)
            new = int((~known & text.notna()).sum())
            if new:
                cells = plural(new, f"{kind} cell")
                notes.append(f"{cells} of {quoted(name)} with a level that no {first} row has taken as missing.")
        elif pd.api.types.is_numeric_dtype(given.dtype) or given.isna().all():
            columns[name] = _finite(given)[0]
        else:
            raise UserError(
                f"Column {quoted(name)} holds numbers in the {first} rows and text in the {kind} rows, such as "
                f"{quoted(given.dropna().iloc[0], 30)}.",
                "Write the column alike for both, or leave it out.",
            )
    return pd.DataFrame(columns), notes


def labelled_alike(
    column: pd.Series, classes: Iterable[str], known: pd.Series | None = None, rule: TargetRule | None = None
) -> pd.Series:
    """The classes of further rows by the rule that made those of the first.

    Parameters
    ----------
    column : pandas.Series (n_rows,)
        The target of the further rows.
    classes : iterable of str
        Those of the first rows.
    known : pandas.Series (n_samples,), optional
        The target of the first rows as it stands in the file; needed with a rule, whose cuts and names come from it.
    rule : TargetRule, optional

    Returns
    -------
    pandas.Series of str (n_rows,)
        Numbers are spelled as the first rows spell them; a class that these do not have keeps its name.
    """
    if rule is None or not rule.kind or known is None:
        return _spelled(column, classes)
    made = rule.apply(known)
    if rule.kind in ("merge", "keep"):
        spelled = known.map(str, na_action="ignore").astype("str")
        names = dict(zip(spelled, made, strict=True))
        other = sorted(set(made.dropna()) - set(spelled.dropna()))
        labels = _spelled(column, spelled.dropna().unique())
        return labels.map(lambda label: names.get(label, other[0] if other else label), na_action="ignore").astype(
            "str"
        )
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise UserError(
            f"Column {quoted(known.name)} holds text in the further rows, which cannot be cut.",
            "Choose rows with the same columns.",
        )
    if rule.option == "at":
        ends = np.array([np.nextafter(rule.value, -np.inf)])
        order = [f"below {rule.value:.15g}", f"{rule.value:.15g} or more"]
    else:
        tops = known.groupby(made).max().sort_values()
        ends, order = tops.to_numpy("float64")[:-1], list(tops.index)
    place = np.searchsorted(ends, column.to_numpy("float64", na_value=np.nan), side="left")
    labels = pd.Series(np.array(order, dtype=object)[np.minimum(place, len(order) - 1)], index=column.index)
    return labels.where(column.notna()).astype("str")


def _finite(column: pd.Series) -> tuple[np.ndarray, int]:
    values = column.to_numpy(dtype="float64", na_value=np.nan, copy=True)
    odd = np.isinf(values)
    values[odd] = np.nan
    return values, int(odd.sum())


def _spelled(column: pd.Series, classes: Iterable[str]) -> pd.Series:
    """Labels as the first rows spell them: 1 and 1.0 are one class."""
    labels = column.map(str, na_action="ignore").astype("str")
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return labels
    same = {}
    for label in classes:
        with suppress(ValueError):
            same[float(label)] = label
    return column.map(lambda value: same.get(float(value), str(value)), na_action="ignore").astype("str")
