"""The columns of a study as levels, on one sample of rows: sorted once for every method that looks at single columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core import wording
from core.dataset import Dataset
from core.numerics.case_control import draw, sampling_plan
from core.numerics.levels import dense_levels, frequent_levels, weight_by_level
from core.numerics.value_runs import value_runs, weighted_runs
from core.population import measured
from core.result import Finding
from core.study import Study

MOST_ROWS = 10_000
"""Rows that are looked at; in larger tables every class gives as many as the others, a rare one all of its own."""


@dataclass(frozen=True, eq=False)
class SampledColumns:
    """Some rows of a study, and every column of them as levels.

    Parameters
    ----------
    dataset : Dataset
    positive_code : int
        The class of interest.
    rows : ndarray of int (n_rows,)
        Which rows of the dataset were drawn, in the order of the table; all of them in a small one.
    codes : ndarray of int (n_rows,)
        Their classes.
    standing : ndarray (n_classes,)
        How many rows of the whole table one drawn row of each class stands for. Every statistic over all classes uses it;
        one within a class needs none.
    """

    dataset: Dataset
    positive_code: int
    rows: np.ndarray
    codes: np.ndarray
    standing: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of the table."""
        return tuple(self.dataset.X.columns)

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of each class (n_classes,)."""
        return np.bincount(self.codes, minlength=len(self.standing))

    @cached_property
    def weights(self) -> np.ndarray:
        """How many rows of the whole table each row stands for (n_rows,)."""
        return self.standing[self.codes]

    @cached_property
    def of_interest(self) -> np.ndarray:
        """Which rows (n_rows,) belong to the class of interest."""
        return self.codes == self.positive_code

    @cached_property
    def column(self) -> dict[str, Column]:
        """Each column by its name."""
        return {name: self.one(name) for name in self.names}

    def one(self, name: str) -> Column:
        """A single column, without the others."""
        cells = self.dataset.X[name]
        if cells.dtype != "category":
            values = cells.to_numpy()[self.rows]
            levels, distinct, order = dense_levels(values)
            return Column(name, True, levels, distinct, np.bincount(levels + 1, minlength=1)[0], values, order)
        levels = cells.cat.codes.to_numpy()[self.rows].astype(np.int32)
        return Column(name, False, levels, cells.cat.categories.to_numpy(), int((levels < 0).sum()))

    @property
    def note(self) -> tuple[Finding, ...]:
        """A sentence on the sample; none when every row was looked at."""
        n, total = len(self.rows), self.dataset.n_samples
        if n == total:
            return ()
        error = wording.share(0.5 / np.sqrt(self.sizes[self.positive_code]))
        text = (
            f"{wording.of(n, total)} were looked at, every class with as many as the others or with all of its own, and weighted back. The "
            f"standard error of a share of {wording.quoted(self.dataset.classes[self.positive_code])} is at most {error}."
        )
        return (Finding("fine", text),)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a sample.

    Parameters
    ----------
    name : str
    numeric : bool
        A number, or text.
    levels : ndarray of int (n_rows,)
        The rank of each cell among the different values; -1 where it is missing.
    distinct : ndarray (n_levels,)
        The values; of text all levels of the dataset, also those that no drawn row has.
    n_missing : int
    values : ndarray (n_rows,)
        Numbers only; empty for text.
    order : ndarray of int (n_filled,)
        The filled cells in ascending order; numbers only.
    """

    name: str
    numeric: bool
    levels: np.ndarray
    distinct: np.ndarray
    n_missing: int
    values: np.ndarray = field(default_factory=lambda: np.empty(0))
    order: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    def weight(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Rows, or their weight, at each level (n_levels,)."""
        return weight_by_level(self.levels, len(self.distinct), weights)

    @cached_property
    def size(self) -> np.ndarray:
        """Drawn rows at each level (n_levels,)."""
        return self.weight()

    def places(self, n_kept: int) -> tuple[np.ndarray, list[str]]:
        """Text by frequency: the place of each level (n_levels,), and the names of the places, at most ``n_kept``."""
        place = frequent_levels(self.size, n_kept)
        shown = np.flatnonzero((place < n_kept) & (self.size > 0))
        return place, [str(self.distinct[i]) for i in shown[np.argsort(place[shown])]]


def sampled_columns(study: Study) -> SampledColumns:
    """Draw the sample of a study, once.

    Parameters
    ----------
    study : Study
        What is drawn stays with it.

    Returns
    -------
    SampledColumns
    """
    if "sampled_columns" not in study._memory:
        n_classes = len(study.classes)
        rows = np.arange(len(study.codes))
        if len(rows) > MOST_ROWS:
            rows, _ = draw(study.codes, sampling_plan(study.class_sizes, MOST_ROWS), study.random_state)
        codes = study.codes[rows]
        drawn = np.bincount(codes, minlength=n_classes)
        each = study.table_sizes / np.maximum(drawn, 1)
        study._memory["sampled_columns"] = SampledColumns(study.dataset, study.positive_code, rows, codes, each)
    return study._memory["sampled_columns"]


@dataclass(frozen=True)
class CountedNumbers:
    """The values of one column of numbers, counted over all rows in hand.

    Parameters
    ----------
    n_distinct : int
    largest : float
        The weight of the rows with the heaviest value: their number when no row stands for others.
    filled : float
        The weight of the filled cells.
    median : float
        NaN without values.
    measures : dict
        See ``core.population.measured``.
    """

    n_distinct: int
    largest: float
    filled: float
    median: float
    measures: dict


def counted_numbers(study: Study) -> dict[str, CountedNumbers]:
    """Count the values of every column of numbers by one sort, once for a study."""
    if "counted_numbers" not in study._memory:
        weights, columns = study.represents, study.dataset.X
        study._memory["counted_numbers"] = {
            name: _counted(columns[name].to_numpy(), weights) for name in study.dataset.numeric
        }
    return study._memory["counted_numbers"]


def _counted(values: np.ndarray, weights: np.ndarray | None) -> CountedNumbers:
    runs = value_runs(values)
    held = (runs.n_filled, runs.largest, runs.median)
    if weights is not None and runs.n_filled:
        held = weighted_runs(values, weights, runs)
    filled, largest, median = held
    return CountedNumbers(runs.n_distinct, largest, filled, median, measured(values, runs) if weights is None else {})


def whole_columns(study: Study) -> SampledColumns:
    """All rows of a study in the form of a sample; a column is sorted when it is asked for."""
    rows = np.arange(len(study.codes))
    return SampledColumns(study.dataset, study.positive_code, rows, study.codes, study.standing)
