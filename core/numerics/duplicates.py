"""Rows that are equal in every column."""

from __future__ import annotations

import numpy as np

ODD = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)


def identical_rows(columns: list[np.ndarray]) -> np.ndarray:
    """Number the groups of rows that are equal in every column; missing equals missing.

    Rows are first told apart by 64 bits made of all their cells: those whose bits nobody shares equal no other row. The
    rest, mostly real copies, are compared cell by cell.

    Parameters
    ----------
    columns : list of ndarray (n_samples,)
        Numbers; text as codes.

    Returns
    -------
    ndarray of int (n_samples,)
        The group of each row, from 0.
    """
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed ^= _bits(column)
        mixed *= ODD
        mixed ^= mixed >> HALF
    order = np.sort(mixed)
    repeated = order[1:][order[1:] == order[:-1]]
    if not len(repeated):
        return np.arange(len(mixed))
    shared = np.isin(mixed, repeated)
    group = np.empty(len(mixed), dtype=np.int64)
    group[shared] = compared = _compared([column[shared] for column in columns])
    group[~shared] = int(compared.max()) + 1 + np.arange(np.count_nonzero(~shared))
    return group


def _bits(column: np.ndarray) -> np.ndarray:
    """The cells of a column as 64 bits that are equal where the cells are."""
    if column.dtype.kind != "f":
        return column.astype(np.int64).view(np.uint64)
    values = column.astype(np.float64) + 0.0
    values[np.isnan(values)] = np.nan
    return values.view(np.uint64)


def _compared(columns: list[np.ndarray]) -> np.ndarray:
    """Number the groups of equal rows by comparing every cell."""
    group = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        value = np.unique(column, return_inverse=True)[1]
        group = np.unique(group * (int(value.max()) + 1) + value, return_inverse=True)[1]
        if group.max() == len(group) - 1:
            break
    return group
