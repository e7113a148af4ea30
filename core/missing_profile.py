"""The gaps of a table, counted once for every method that asks about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.numerics.mask import counts_by_class, gram, patterns
from core.study import Study


@dataclass(frozen=True, eq=False)
class MissingProfile:
    """The distinct rows of the mask, and how many rows of each class have them.

    Parameters
    ----------
    names : ndarray (n_columns,)
        The columns that have gaps, in the order of the table; the others have none.
    pattern : ndarray of int (n_samples,)
        Which distinct row of the mask each row has.
    shapes : ndarray of bool (n_patterns, n_columns)
        The distinct rows: which columns are missing.
    by_class : ndarray of int (n_patterns, n_classes)
        Rows of each pattern and class.
    weights : ndarray (n_classes,)
        What a row of each class counts for in statements about the whole table: 1, but in a working sample that holds classes in other
        shares than the table. Over all rows they sum to the number of rows in hand.
    """

    names: np.ndarray
    pattern: np.ndarray
    shapes: np.ndarray
    by_class: np.ndarray
    weights: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """Rows of each pattern (n_patterns,), weighted."""
        return self.by_class @ self.weights

    @cached_property
    def missing(self) -> np.ndarray:
        """Missing cells (n_columns, n_classes)."""
        return np.rint(self.shapes.T.astype(np.float64) @ self.by_class).astype(np.int64)

    @cached_property
    def both(self) -> np.ndarray:
        """Rows that lack both columns of each pair (n_columns, n_columns), weighted."""
        return gram(self.shapes, self.sizes)

    @cached_property
    def complete(self) -> np.ndarray:
        """Rows without any gap, by class (n_classes,)."""
        return self.by_class[~self.shapes.any(axis=1)].sum(axis=0)

    @property
    def partly(self) -> np.ndarray:
        """Columns (as positions in ``names``) with gaps and values."""
        return np.flatnonzero(self.missing.sum(axis=1) < len(self.pattern))

    def mask(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The mask (n_rows, n_columns) of some rows."""
        return self.shapes[self.pattern[rows]]


def missing_profile(study: Study) -> MissingProfile:
    """Count the gaps of a study's table, once.

    Parameters
    ----------
    study : Study
        What is counted stays with it.

    Returns
    -------
    MissingProfile
    """
    if "missing_profile" not in study._memory:
        masks = {name: mask for name, column in study.dataset.X.items() if (mask := missing(column)).any()}
        if masks:
            pattern, shapes = patterns(list(masks.values()))
        else:
            pattern, shapes = np.zeros(len(study.codes), dtype=np.int32), np.zeros((1, 0), dtype=bool)
        by_class = counts_by_class(pattern, study.codes, len(study.classes))
        names = np.array([*masks, None], dtype=object)[:-1]
        study._memory["missing_profile"] = MissingProfile(
            names, pattern, shapes, by_class, study.class_shares * len(pattern) / study.class_sizes
        )
    return study._memory["missing_profile"]


@dataclass(frozen=True, eq=False)
class GapCounts:
    """Missing cells by column and class.

    Parameters
    ----------
    names : ndarray (n_columns,)
        The columns that have gaps.
    missing : ndarray of int (n_columns, n_classes)
    sizes : ndarray of int (n_classes,)
        The rows that were counted.
    standing : ndarray (n_classes,)
        How many rows of the whole table each of them stands for.
    of_all : bool
        Counted over all rows of a table of which only a sample is in hand.
    """

    names: np.ndarray
    missing: np.ndarray
    sizes: np.ndarray
    standing: np.ndarray
    of_all: bool = False


def gap_counts(study: Study) -> GapCounts:
    """Count the missing cells of all rows of the table where they were counted when it was read, else those in hand.

    A count of all rows is taken when it is about the same classes, and when no column holds infinite values: those count as missing only
    where rows are in hand.
    """
    gaps, population = missing_profile(study), getattr(study.dataset, "population", None)
    here = GapCounts(gaps.names, gaps.missing, study.class_sizes, study.standing)
    if population is None or study.represents is None:
        return here
    same = population.counts.reindex(study.classes).fillna(0).to_numpy()
    columns = population.columns[population.columns["column"].isin(study.dataset.X.columns)]
    if not np.array_equal(same, study.table_sizes) or columns["n_infinite"].sum() > 0:
        return here
    table = population.missing
    held = set(table["column"])
    names = np.array([*(name for name in study.dataset.X.columns if name in held), None], dtype=object)[:-1]
    at, of = pd.Index(names).get_indexer(table["column"]), pd.Index(study.classes).get_indexer(table["class"])
    counted = np.zeros((len(names), len(study.classes)), dtype=np.int64)
    counted[at[at >= 0], of[at >= 0]] = table["n_missing"].to_numpy()[at >= 0]
    return GapCounts(names, counted, study.table_sizes, np.ones(len(study.classes)), True)


def missing(column: pd.Series) -> np.ndarray:
    """Where the cells (n_samples,) of a column of a dataset are missing."""
    if column.dtype == "category":
        return column.cat.codes.to_numpy() < 0
    return np.isnan(column.to_numpy()) if column.dtype.kind == "f" else column.isna().to_numpy()
