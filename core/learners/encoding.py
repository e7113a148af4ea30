"""From a typed table to numbers: for distances, for the linear learner and for the boosted one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

MAX_LEVELS = 30
"""Levels of a text column that keep a column of their own; the rarer ones share one."""

LARGEST = 8.0
"""Scaled values are cut at this many units from the median, so that one extreme cell cannot rule a distance."""


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


def robust_scale(values: np.ndarray) -> np.ndarray:
    """Centre each column at its median and divide by its interquartile range, cut at ``LARGEST``.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
        NaN is missing and stays missing. A column whose quartiles are equal is divided by its standard deviation.

    Returns
    -------
    ndarray (n_samples, n_features)
        Constant and empty columns become 0 and NaN.
    """
    scaled = np.full(values.shape, np.nan)
    for j in range(values.shape[1]):
        column = values[:, j]
        seen = ~np.isnan(column)
        if not seen.any():
            continue
        low, middle, high = np.quantile(column[seen], [0.25, 0.5, 0.75])
        with np.errstate(over="ignore", invalid="ignore"):
            unit = high - low or np.std(np.clip(column[seen], -1e100, 1e100)) or 1.0
            scaled[seen, j] = np.clip((column[seen] - middle) / unit, -LARGEST, LARGEST)
    return scaled


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
    numbers = robust_scale(X[numeric_columns(X)].to_numpy(dtype="float64"))
    return np.hstack([numbers, one_hot(X[categorical_columns(X)])])
