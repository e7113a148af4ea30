"""Rows that are equal in every column."""

from __future__ import annotations

import numpy as np


def identical_rows(columns: list[np.ndarray]) -> np.ndarray:
    """Number the groups of rows that are equal in every column; missing equals missing.

    Parameters
    ----------
    columns : list of ndarray (n_samples,)
        Numbers; text as codes.

    Returns
    -------
    ndarray of int (n_samples,)
        The group of each row, from 0.
    """
    group = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        value = np.unique(column, return_inverse=True)[1]
        group = np.unique(group * (int(value.max()) + 1) + value, return_inverse=True)[1]
        if len(group) and group.max() == len(group) - 1:
            break
    return group
