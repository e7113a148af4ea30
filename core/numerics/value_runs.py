"""How many different values a column of numbers has, how often the most frequent one comes, and its middle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class ValueRuns(NamedTuple):
    """The values of one column, counted.

    Parameters
    ----------
    n_distinct : int
        Different values.
    largest : int
        Rows with the most frequent one.
    median : float
        NaN without values.
    """

    n_distinct: int
    largest: int
    median: float


def value_runs(values: np.ndarray) -> ValueRuns:
    """Count the values of a column by one sort.

    Parameters
    ----------
    values : ndarray of float (n_samples,)
        NaN is missing.

    Examples
    --------
    >>> value_runs(np.array([2.0, 1.0, np.nan, 2.0]))
    ValueRuns(n_distinct=2, largest=2, median=2.0)
    """
    ordered = np.sort(values)
    ordered = ordered[: len(ordered) - np.count_nonzero(np.isnan(ordered))]
    if not len(ordered):
        return ValueRuns(0, 0, float("nan"))
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    middle = ordered[[(len(ordered) - 1) // 2, len(ordered) // 2]]
    return ValueRuns(len(starts), int(np.diff(np.append(starts, len(ordered))).max()), float(middle @ (0.5, 0.5)))
