"""From a typed table to numbers: for distances, for the linear learner and for the boosted one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MAX_LEVELS = 30
"""Levels of a text column that keep a column of their own; the rarer ones share one."""

LARGEST = 8.0
"""Scaled values are cut at this many units from the median, so that one extreme cell cannot rule a distance."""

HUGE = 1e100
"""Cells beyond it do not enter a standard deviation, whose squares would overflow."""

FARTHEST = 4e307
"""Cells are cut there: a sum of differences of two of them is still a number."""


def as_frame(X: Any) -> pd.DataFrame:
    """Take an array as a data frame; a data frame is returned as it is."""
    if isinstance(X, pd.DataFrame):
        return X
    X = np.asarray(X)
    return pd.DataFrame(X, columns=[f"x{position}" for position in range(X.shape[1])])


def numeric_columns(X: pd.DataFrame) -> list[str]:
    """Names of the numeric columns of a features table."""
    return [column for column, dtype in X.dtypes.items() if dtype != "category"]


def categorical_columns(X: pd.DataFrame) -> list[str]:
    """Names of the text columns of a features table."""
    return [column for column, dtype in X.dtypes.items() if dtype == "category"]


def numbers_of(X: pd.DataFrame, names: list[str]) -> np.ndarray:
    """The named columns (n_samples, n_named) in float64, column after column in memory; all columns are taken without a search for each name."""
    chosen = X if list(X.columns) == names else X[names]
    return np.asarray(chosen.to_numpy(dtype="float64"), order="F")


def robust_units(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and unit of each column: the median and the interquartile range.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
        NaN is missing.

    Returns
    -------
    middle, unit : ndarray (n_features,)
        The unit of a column whose quartiles are equal is its standard deviation, and 1 where that is 0; an empty column
        has middle 0 and unit 1.
    """
    middle, unit = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for j, column in enumerate(values.T):
        seen = np.clip(column[~np.isnan(column)], -FARTHEST, FARTHEST)
        if len(seen):
            low, middle[j], high = np.quantile(seen, [0.25, 0.5, 0.75])
            unit[j] = high - low or np.std(np.clip(seen, -HUGE, HUGE)) or 1.0
    return middle, unit


def scaled(values: np.ndarray, middle: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Columns in units from their centre, cut at ``LARGEST``; NaN stays."""
    with np.errstate(over="ignore"):
        return np.clip((values - middle) / unit, -LARGEST, LARGEST)


def one_hot(X: pd.DataFrame) -> np.ndarray:
    """Write each text column as 0/1 columns, one per frequent level; missing cells are a level of their own.

    Returns
    -------
    ndarray (n_samples, n_levels)
        Divided by the square root of 2, so that two different levels lie at distance 1.
    """
    blocks = []
    for column in X.columns:
        codes = X[column].cat.codes.to_numpy() + 1
        sizes = np.bincount(codes, minlength=len(X[column].cat.categories) + 1)
        frequent = np.argsort(-sizes, kind="stable")[:MAX_LEVELS]
        frequent = frequent[sizes[frequent] > 0]
        blocks.append((codes[:, None] == frequent[None, :]) / np.sqrt(2))
    return np.hstack(blocks) if blocks else np.empty((len(X), 0))


def distance_matrix_input(X: pd.DataFrame) -> np.ndarray:
    """Encode a features table for distances between rows.

    Parameters
    ----------
    X : pandas.DataFrame (n_samples, n_features)
        Numeric columns are scaled robustly, text columns become 0/1 columns.

    Returns
    -------
    ndarray (n_samples, n_encoded)
        float64; NaN where a numeric cell is missing.
    """
    values = numbers_of(X, numeric_columns(X))
    numbers = scaled(values, *robust_units(values))
    return np.hstack([numbers, one_hot(X[categorical_columns(X)])])
