"""What a miss of each row costs, where a column of the table says it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import UserError
from core.roles import COST
from core.wording import plural, quoted


def costs(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns with the role "cost" as numbers; what is not finite is missing.

    Parameters
    ----------
    frame : pandas.DataFrame (n_samples, n_columns)
        Not changed.

    Raises
    ------
    UserError
        A column holds text, or no number.
    """
    found = {}
    for name, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column.dtype):
            example = f", such as {quoted(column.dropna().iloc[0], 30)}" if column.notna().any() else ""
            text = f"Column {quoted(name)} holds text{example}, and not what a miss costs."
            raise UserError(text, f"Choose a column of numbers, or give it another role than '{COST}'.")
        values = column.to_numpy(dtype="float64", na_value=np.nan, copy=True)
        values[np.isinf(values)] = np.nan
        if np.isnan(values).all():
            raise UserError(f"Column {quoted(name)} has no value in any row.", f"Give it another role than '{COST}'.")
        found[name] = values
    return pd.DataFrame(found, index=frame.index)


def row_costs(name: str, values: np.ndarray, own: np.ndarray, label: str) -> np.ndarray:
    """What a miss of each row (n_samples,) costs, in the unit of a column.

    Parameters
    ----------
    name : str
        The column.
    values : ndarray (n_samples,)
        NaN for a missing cell, which is taken as the mean of the class of interest. What other rows say counts for nothing, and is 0 where it is negative.
    own : ndarray of bool (n_samples,)
        The rows of the class of interest.
    label : str
        The class of interest.

    Raises
    ------
    UserError
        In the class of interest a cost is negative, or all are missing or 0, or they are too large to be added up.

    Examples
    --------
    >>> row_costs("amount", np.array([4.0, np.nan, 2.0, -5.0]), np.array([True, True, True, False]), "fraud")
    array([4., 3., 2., 0.])
    """
    another = f"Choose another column, or give it another role than '{COST}'."
    if negative := int((values[own] < 0).sum()):
        text = f"Column {quoted(name)} is negative in {plural(negative, 'row')} of {quoted(label)}, and a cost is not."
        raise UserError(text, another)
    known = values[own & ~np.isnan(values)]
    with np.errstate(over="ignore"):
        if np.isinf(known.sum()):
            raise UserError(f"Column {quoted(name)} holds numbers that are too large to be added up.", another)
    if not len(known) or not known.sum() > 0:
        said = "is 0 in all rows" if len(known) else "has no value in any row"
        raise UserError(
            f"Column {quoted(name)} {said} of {quoted(label)}, so it does not say what a miss costs.", another
        )
    return np.maximum(np.where(np.isnan(values), known.mean(), values), 0.0)
