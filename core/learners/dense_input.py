"""From a typed table to standardised columns without gaps, for learners that take steps along gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.learners.encoding import FARTHEST, HUGE, MAX_LEVELS, categorical_columns, numbers_of, numeric_columns, scaled

LEAST_SPREAD = 0.2
"""0/1 columns are divided by their standard deviation, but by no less than this: a rare level would be a giant."""


class DenseInput:
    """What is learned from the rows given to ``fit``: centres and units of numbers, levels of text, and which columns have gaps.

    Numbers are scaled by the median and the interquartile range, cut at ``LARGEST`` units and standardised; gaps are filled with the median and marked by
    a column of their own. Text becomes one 0/1 column per frequent level, with one for the rarer ones and one for gaps. Where rows have
    weights, a row of weight 2 counts like two rows.

    Parameters
    ----------
    X : pandas.DataFrame (n_samples, n_features)
    weight : ndarray (n_samples,) or None
        Above 0.
    """

    def __init__(self, X: pd.DataFrame, weight: np.ndarray | None = None) -> None:
        self.columns = list(X.columns)
        self.numbers, self.words = numeric_columns(X), categorical_columns(X)
        values = numbers_of(X, self.numbers)
        gaps = np.isnan(values)
        self.middle, self.unit = weighted_units(values, gaps, weight)
        self.gapped = np.flatnonzero(gaps.any(axis=0))
        self.levels = {name: _levels(X[name], weight) for name in self.words}
        raw = self._raw(X)
        share = np.full(len(X), 1 / len(X)) if weight is None else weight / weight.sum()
        self.centre = share @ raw
        self.spread = np.sqrt(np.maximum(share @ (raw - self.centre) ** 2, 0))
        n = len(self.numbers)
        self.spread[:n][self.spread[:n] < 1e-9] = 1.0
        self.spread[n:] = np.maximum(self.spread[n:], LEAST_SPREAD)

    def __call__(self, X: pd.DataFrame) -> np.ndarray:
        """The columns (n_samples, n_encoded) of a table."""
        raw = self._raw(X)
        raw -= self.centre
        raw /= self.spread
        return raw

    def owners(self) -> np.ndarray:
        """For each encoded column, the position of the column of the table that it comes from."""
        position = {name: place for place, name in enumerate(self.columns)}
        numbers = [position[name] for name in self.numbers]
        words = [position[name] for name in self.words for _ in range(self.levels[name][1])]
        return np.array([*numbers, *(numbers[j] for j in self.gapped), *words], dtype=int)

    def _raw(self, X: pd.DataFrame) -> np.ndarray:
        """Numbers in robust units, marks of gaps and levels, before they are standardised."""
        values = numbers_of(X, self.numbers)
        numbers = scaled(values, self.middle, self.unit)
        gaps = np.isnan(numbers)
        numbers[gaps] = 0.0
        blocks = [numbers, gaps[:, self.gapped]]
        for name in self.words:
            codes, n_codes = self.levels[name]
            found = _codes(X[name], codes, n_codes)
            blocks.append(found[:, None] == np.arange(n_codes))
        return np.concatenate(blocks, axis=1, dtype="float64")


def weighted_units(
    values: np.ndarray, gaps: np.ndarray, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Centre and unit of each column: the median and the interquartile range, of values that occur.

    Parameters
    ----------
    values : ndarray (n_samples, n_features)
    gaps : ndarray of bool (n_samples, n_features)
        Cells that are missing.
    weight : ndarray (n_samples,) or None

    Returns
    -------
    middle, unit : ndarray (n_features,)
        The unit of a column whose quartiles are equal is its standard deviation, and 1 where that is 0; an empty column has middle 0 and unit 1.
    """
    middle, unit = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for j in range(values.shape[1]):
        seen = ~gaps[:, j]
        column = np.clip(values[seen, j], -FARTHEST, FARTHEST)
        w = None if weight is None else weight[seen]
        if len(column):
            low, middle[j], high = _quartiles(column, w)
            unit[j] = high - low or _spread(np.clip(column, -HUGE, HUGE), w) or 1.0
    return middle, unit


def _quartiles(column: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """The smallest values that a quarter, a half and three quarters of the weight do not exceed."""
    levels = np.array([0.25, 0.5, 0.75])
    if weight is None:
        places = np.ceil(levels * len(column) - 1e-9).astype(int) - 1
        return np.partition(column, places)[places]
    order = np.argsort(column)  # equal values may change places: what is returned is a value
    reached = np.cumsum(weight[order])
    return column[order[np.searchsorted(reached, (levels - 1e-12) * reached[-1])]]


def _spread(column: np.ndarray, weight: np.ndarray | None) -> float:
    mean = np.average(column, weights=weight)
    return float(np.sqrt(np.average((column - mean) ** 2, weights=weight)))


def _levels(column: pd.Series, weight: np.ndarray | None) -> tuple[dict[str, int], int]:
    """The place of each level among the 0/1 columns, and how many there are; the first is for rare levels, the last for gaps."""
    codes, names = column.cat.codes.to_numpy(), list(column.cat.categories)
    seen = codes >= 0
    sizes = np.bincount(codes[seen], None if weight is None else weight[seen], minlength=len(names))
    present = sorted((name for name, size in zip(names, sizes, strict=True) if size > 0), key=str)
    size_of = dict(zip(names, sizes, strict=True))
    frequent = sorted(present, key=lambda name: -size_of[name])[:MAX_LEVELS]
    place = {name: 1 + number for number, name in enumerate(sorted(frequent, key=str))}
    return place, 2 + len(place)


def _codes(column: pd.Series, places: dict[str, int], n_codes: int) -> np.ndarray:
    """The 0/1 column of each row; a level that was not seen counts as rare."""
    of_level = np.array([*(places.get(name, 0) for name in column.cat.categories), n_codes - 1], dtype=int)
    return of_level[column.cat.codes.to_numpy()]
