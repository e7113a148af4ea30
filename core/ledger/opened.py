"""Missed rows with their cells, and one of them beside what is usual."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.study import Study
from core.table import unique_names


def with_cells(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the ledger beside their cells in the table.

    Parameters
    ----------
    study : Study
    rows : pandas.DataFrame
        With a column ``row``, 1 is the first.

    Returns
    -------
    pandas.DataFrame
        The columns of ``rows``, then those of the table; a name that both have gets ", cell"; names stay unique.
    """
    cells = study.dataset.X.iloc[rows["row"].to_numpy() - 1].reset_index(drop=True)
    cells.columns = unique_names([f"{name}, cell" if name in rows.columns else name for name in cells.columns])
    return pd.concat([rows.reset_index(drop=True), cells], axis=1)


def opened(study: Study, row: int, rival: str) -> pd.DataFrame:
    """One row beside what is usual for its class and for the class that it is most like.

    Parameters
    ----------
    study : Study
    row : int
        1 is the first.
    rival : str
        The class that the row is most like otherwise.

    Returns
    -------
    pandas.DataFrame
        column, this row, its class, rival (the middle value of a number, the most frequent text), and distance: how many
        typical deviations of its class a number lies from the middle; the farthest first, text and gaps last.
    """
    X, own, other = study.dataset.X, study.codes == study.positive_code, study.codes == study.classes.index(rival)
    records = []
    for name, column in X.items():
        cell, far = column.iloc[row - 1], np.nan
        if column.dtype != "category":
            quarter = column.to_numpy(dtype=float) / 4  # differences of the largest numbers would overflow
            values, seen = quarter[own], quarter[row - 1]
            middle, spread = _middle(values), _middle(np.abs(values - _middle(values)))
            far = abs(seen - middle) / (1.4826 * spread) if spread > 0 else np.nan
        records.append((name, _cell(cell), _usual(column[own]), _usual(column[other]), far))
    table = pd.DataFrame(records, columns=["column", "this row", "its class", "rival", "distance"])
    return table.sort_values("distance", ascending=False, na_position="last", kind="stable").reset_index(drop=True)


def _middle(values: np.ndarray) -> float:
    seen = values[~np.isnan(values)]
    return 4 * float(np.median(seen / 4)) if len(seen) else np.nan


def _usual(column: pd.Series) -> str:
    if column.dtype == "category":
        counts = column.value_counts()
        return str(counts.index[0]) if len(counts) and counts.iloc[0] else "missing"
    return _cell(_middle(column.to_numpy(dtype=float)))


def _cell(value: object) -> str:
    if pd.isna(value):
        return "missing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
