"""How many different values a column of numbers has, how often the most frequent one comes, and its quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SPREAD = 4
"""Whole numbers are counted and not sorted when their range is at most so many times their number."""


@dataclass(frozen=True, eq=False)
class ValueRuns:
    """The filled cells of one column, in order.

    Parameters
    ----------
    values : ndarray (n_filled,) or (n_distinct,)
        Ascending: every cell, or every different value when ``ends`` is given.
    ends : ndarray of int (n_distinct,) or None
        Cells up to each different value.
    n_filled : int
    """

    values: np.ndarray
    ends: np.ndarray | None
    n_filled: int

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each different value begins (n_distinct,)."""
        if self.ends is not None:
            return np.append(0, self.ends[:-1]) if self.n_filled else np.zeros(0, dtype=int)
        new = np.ones(self.n_filled, dtype=bool)
        np.not_equal(self.values[1:], self.values[:-1], out=new[1:])
        return np.arange(self.n_filled) if new.all() else np.flatnonzero(new)

    @property
    def n_distinct(self) -> int:
        """Different values."""
        return len(self.starts)

    @cached_property
    def largest(self) -> int:
        """Rows with the most frequent value; 0 without values."""
        if self.n_distinct == self.n_filled:
            return min(self.n_filled, 1)
        return int(np.diff(np.append(self.starts, self.n_filled)).max())

    @property
    def median(self) -> float:
        """The middle; NaN without values."""
        if not self.n_filled:
            return float("nan")
        return float(self._at(np.array([(self.n_filled - 1) // 2, self.n_filled // 2])) @ (0.5, 0.5))

    def _at(self, rank: np.ndarray) -> np.ndarray:
        place = rank if self.ends is None else np.searchsorted(self.ends, rank, side="right")
        return self.values[place]

    def quantiles(self, at: np.ndarray) -> np.ndarray:
        """The values below which these shares of the cells lie, interpolated; there is at least one cell."""
        rank = np.asarray(at) * (self.n_filled - 1)
        below = np.floor(rank).astype(int)
        low, high, part = self._at(below), self._at(np.minimum(below + 1, self.n_filled - 1)), rank - below
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))


def value_runs(values: np.ndarray) -> ValueRuns:
    """Count the values of a column by one sort; whole numbers in a narrow range without one.

    Parameters
    ----------
    values : ndarray of float (n_samples,)
        NaN is missing.

    Examples
    --------
    >>> runs = value_runs(np.array([2.0, 1.0, np.nan, 2.0]))
    >>> runs.n_distinct, runs.largest, runs.median
    (2, 2, 2.0)
    """
    filled = values[~np.isnan(values)]
    whole = in_narrow_range(filled)
    if whole is None:
        return ValueRuns(np.sort(filled), None, len(filled))
    low, offsets = whole
    counts = np.bincount(offsets)
    here = np.flatnonzero(counts)
    return ValueRuns(low + here, np.cumsum(counts[here]), len(filled))


def in_narrow_range(filled: np.ndarray) -> tuple[float, np.ndarray] | None:
    """The smallest value, and how far each lies above it, of whole numbers in a narrow range; else None."""
    if not len(filled) or not (filled[:100] % 1 == 0).all():
        return None
    low, high = filled.min(), filled.max()
    if not high - low <= SPREAD * len(filled) or abs(low) >= 2**52:
        return None
    offsets = (filled - low).astype(np.int64)
    return (float(low), offsets) if (offsets == filled - low).all() and low % 1 == 0 else None


def weighted_runs(values: np.ndarray, weights: np.ndarray, runs: ValueRuns) -> tuple[float, float, float]:
    """The weight of the filled cells, of those with the heaviest value, and the value at which half of the weight is reached.

    Parameters
    ----------
    values, weights : ndarray (n_samples,)
        NaN is missing; weights are positive.
    runs : ValueRuns
        Of these values, at least one.
    """
    filled = ~np.isnan(values)
    values, weights = values[filled], weights[filled]
    whole = in_narrow_range(values)
    if whole is None and runs.n_distinct == len(values):
        return float(weights.sum()), float(weights.max()), _half(values, weights, runs.values)
    if whole is not None:
        mass, distinct = np.bincount(whole[1], weights), None
    else:
        order = np.argsort(values)
        distinct = runs.values[runs.starts]
        mass = np.add.reduceat(weights[order], runs.starts)
    at = int(np.searchsorted(np.cumsum(mass), mass.sum() / 2))
    middle = whole[0] + at if distinct is None else distinct[at]
    return float(mass.sum()), float(mass.max()), float(middle)


def _half(values: np.ndarray, weights: np.ndarray, ordered: np.ndarray) -> float:
    """The smallest value up to which half of the weight lies, by halving; all values differ."""
    low, high, half = 0, len(ordered) - 1, weights.sum() / 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if weights @ (values <= ordered[middle]) >= half else (middle + 1, high)
    return float(ordered[low])
