"""A table as samplers see it: numbers with gaps, levels of text columns, and the way back to the table it came from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from core.learners.encoding import FARTHEST, HUGE, scaled
from core.numerics.column_ends import column_ends, cut
from core.numerics.mixed_neighbours import nearest
from core.numerics.quartiles import quartiles

UNITS_FROM = 500
"""Rows that the units of distances come from; of larger tables random ones, which leaves a standard error of about 5 % of a unit."""

FIRST = 64
"""Rows that tell of most columns that they are not whole or of two values."""

LARGE = 1_000_000
"""Cells above which a data frame of columns that lie apart is written into one array once and for all."""


class Space:
    """The rows of a table as one matrix of numbers and one of level codes.

    Parameters
    ----------
    X : pandas.DataFrame, array or list (n_samples, n_features)
        Numeric and boolean columns become numbers, and columns of objects that are all numbers or missing; all others become levels.

    Attributes
    ----------
    form : object
        The table as it was given.
    uniform : bool
        Whether all columns are numbers of one type, so that the table is one array.
    levels : ndarray of int (n_samples, n_text)
        Codes of the levels; -1 is missing.
    represents : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for, when the rows are a working sample.
    """

    represents: np.ndarray | None = None

    def __init__(self, X: Any) -> None:
        if issparse(X):
            raise TypeError("A sparse array is not taken; X.toarray() makes a dense one.")
        if np.ma.isMaskedArray(X):
            raise TypeError("A masked array is not taken; X.filled(np.nan) makes gaps of its masked cells.")
        self.form, self.uniform = X, _uniform(X)
        if not len(X):
            raise ValueError("0 sample(s): X has no row; a minimum of 1 is required.")
        self.levels = np.empty((len(X), 0), dtype=np.int32)
        self.categories: list[Any] = []
        if self.uniform:
            n_columns = X.shape[1] if hasattr(X, "shape") else len(X[0])
            self.numeric, self.text = np.arange(n_columns), np.arange(0)
            return
        self.frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X).infer_objects()
        if not self.frame.shape[1]:
            raise ValueError(f"0 feature(s) (shape={self.frame.shape}) while a minimum of 1 is required.")
        if any(pd.api.types.is_complex_dtype(dtype) for dtype in self.frame.dtypes):
            raise ValueError("Complex data not supported: a column of X holds complex numbers.")
        numeric = [_holds_numbers(self.frame, j, dtype) for j, dtype in enumerate(self.frame.dtypes)]
        self.numeric, self.text = np.flatnonzero(numeric), np.flatnonzero(np.logical_not(numeric))
        self.categories = [self.frame.iloc[:, j].astype("category").cat for j in self.text]
        if len(self.text):
            self.levels = np.column_stack([found.codes.to_numpy() for found in self.categories]).astype(np.int32)

    def __len__(self) -> int:
        return len(self.form)

    @property
    def n_columns(self) -> int:
        """Columns of the table."""
        return len(self.numeric) + len(self.text)

    @cached_property
    def block(self) -> np.ndarray:
        """The table as one array (n_samples, n_features), where its columns are numbers of one kind; a view where it is one."""
        return self.form.to_numpy() if isinstance(self.form, pd.DataFrame) else np.asarray(self.form)

    @cached_property
    def raw(self) -> np.ndarray:
        """Numbers (n_samples, n_numeric) in the units of the table; NaN is missing. May be a view of the table: never write into it."""
        if self.uniform:
            return self.block.astype("float64", copy=False)
        found = self.frame.iloc[:, self.numeric]
        for j in (j for j, dtype in enumerate(found.dtypes) if pd.api.types.is_object_dtype(dtype)):
            found.isetitem(j, pd.array(found.iloc[:, j], dtype="Float64"))
        return found.to_numpy(dtype="float64", na_value=np.nan)

    def begun(self, n_more: int) -> np.ndarray:
        """The table as the first rows of a new array with room for more (n_samples + n_more, n_features); only if ``uniform``.

        A large data frame of columns that lie apart becomes one array only here: what is read from now on is the part of it.
        """
        n, p = len(self), self.n_columns
        if "block" not in vars(self) and n * p > LARGE and _apart(self.form):
            out = np.empty((n + n_more, p), dtype=self.form.dtypes.iloc[0], order="F")
            for j in range(p):
                out[:n, j] = self.form.iloc[:, j]
            self.block = out[:n]
            return out
        order = "F" if self.block.flags.f_contiguous and not self.block.flags.c_contiguous else "C"
        out = np.empty((n + n_more, p), dtype=self.block.dtype, order=order)
        out[:n] = self.block
        return out

    @cached_property
    def _ends(self) -> np.ndarray:
        return column_ends(self.raw)

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest finite value of each numeric column; NaN where there is none."""
        low, high = self._ends
        for j in np.flatnonzero(np.isinf(low) | np.isinf(high)):
            seen = self.raw[np.isfinite(self.raw[:, j]), j]
            low[j], high[j] = (seen.min(), seen.max()) if len(seen) else (np.nan, np.nan)
        return np.clip(low, -FARTHEST, FARTHEST), np.clip(high, -FARTHEST, FARTHEST)

    @cached_property
    def numbers(self) -> np.ndarray:
        """Like ``raw``, but an infinite cell is the largest or smallest finite one of its column: sums and differences are numbers."""
        tame = np.fmax.reduce(np.abs(self._ends), axis=None, initial=0.0) <= FARTHEST
        return self.raw if tame else np.clip(self.raw, *self.bounds)

    def some(self, rows: np.ndarray) -> np.ndarray:
        """Like ``numbers`` for some rows (n_rows, n_numeric), row after row in memory, in an array of their own."""
        plain = self.raw.flags.c_contiguous  # of others, take would copy the whole table first
        found = np.take(self.raw, rows, axis=0) if plain else np.ascontiguousarray(self.raw[rows])
        tame = np.fmax.reduce(np.abs(found), axis=None, initial=0.0) <= FARTHEST
        return found if tame else np.clip(found, *self.bounds)

    @cached_property
    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """Median and interquartile range of each numeric column over at most ``UNITS_FROM`` rows, drawn with a fixed seed.

        Where the quartiles are equal the unit is the standard deviation of the column, and 1 where that is 0.
        """
        rows = None
        if len(self) > UNITS_FROM:
            rows = np.sort(np.random.default_rng(0).integers(0, len(self), UNITS_FROM))
        low, middle, high = quartiles(self.numbers if rows is None else self.some(rows))
        unit = high - low
        for j in np.flatnonzero(~(unit > 0)):
            seen = self.numbers[~np.isnan(self.numbers[:, j]), j]
            unit[j] = (np.std(np.clip(seen, -HUGE, HUGE)) if len(seen) else 0) or 1.0
        return np.where(np.isnan(middle), 0.0, middle), unit

    @cached_property
    def whole(self) -> np.ndarray:
        """Which numeric columns (n_numeric,) hold whole numbers only; 0/1 and boolean columns among them."""
        return _in_all_cells(self.raw, lambda cells, columns: cells == np.rint(cells))

    @cached_property
    def two_valued(self) -> np.ndarray:
        """Which numeric columns (n_numeric,) hold one or two different values only; 0/1 and boolean columns among them."""
        first = self.raw[:FIRST]
        low, high = column_ends(first)
        if not ((first == low) | (first == high) | ~np.isfinite(first)).all(axis=0).any():
            return np.zeros(first.shape[1], dtype=bool)
        low, high = self.bounds
        return _in_all_cells(self.numbers, lambda cells, columns: (cells == low[columns]) | (cells == high[columns]))

    def tidy(self, numbers: np.ndarray, *, within: bool = False) -> None:
        """Keep made numbers (n, n_numeric), in place, what their columns are: whole, of two values, and within those of the table.

        ``within`` says that they are within already.
        """
        whole, apart = np.flatnonzero(self.whole), np.flatnonzero(self.two_valued)
        if within and not len(whole) and not len(apart):
            return
        low, high = self.bounds
        apart = apart[~(self.whole & (high - low <= 1))[apart]]
        step = max(1, 400_000 // max(1, numbers.shape[1]))
        for start in range(0, len(numbers), step):
            part = numbers[start : start + step]
            if not within:
                cut(part, low, high)
            if len(whole) == part.shape[1]:
                np.rint(part, out=part)
            elif len(whole):
                part[:, whole] = np.rint(part[:, whole])
            for j in apart:
                part[:, j] = np.where(part[:, j] - low[j] < high[j] - part[:, j], low[j], part[:, j])
                part[part[:, j] > low[j], j] = high[j]

    def scaled(self, rows: np.ndarray) -> np.ndarray:
        """Numbers of some rows in robust units (n_rows, n_numeric), for distances; NaN is missing."""
        return scaled(self.some(rows), *self.units)

    def nearest(self, queries: np.ndarray, pool: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of a pool that lie nearest to each query, the query itself left out.

        Parameters
        ----------
        queries, pool : ndarray of int
            Row numbers.
        k : int
            At most as many as the pool has beside the query.

        Returns
        -------
        rows : ndarray of int (n_queries, k)
            Row numbers of the table, nearest first.
        distances : ndarray (n_queries, k)
            Infinite for rows that share no column.
        """
        B = self.scaled(pool)
        if queries is pool:
            own, Q = np.arange(len(pool)), B
        else:
            place = np.full(len(self), -1)
            place[pool] = np.arange(len(pool))
            own, Q = place[queries], self.scaled(queries)
        found, distances = nearest(Q, B, k, own, self.levels[queries], self.levels[pool])
        return pool[found], distances

    def nearest_to(
        self, numbers: np.ndarray, levels: np.ndarray | None, pool: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k rows of a pool that lie nearest to each of some made rows.

        Parameters
        ----------
        numbers : ndarray (n_queries, n_numeric)
            In the units of the table.
        levels : ndarray of int (n_queries, n_text) or None
            None leaves the text columns out.
        pool : ndarray of int
            Row numbers.
        k : int
            At most as many as the pool has.

        Returns
        -------
        rows, distances : ndarray (n_queries, k)
            As ``nearest`` has them.
        """
        queries, none = scaled(numbers, *self.units), np.full(len(numbers), -1)
        texts = (None, None) if levels is None else (levels, self.levels[pool])
        found, distances = nearest(queries, self.scaled(pool), k, none, *texts)
        return pool[found], distances


def _holds_numbers(frame: pd.DataFrame, j: int, dtype: Any) -> bool:
    """Whether the cells of a column are numbers, be it as objects with None among them."""
    if not pd.api.types.is_object_dtype(dtype):
        return pd.api.types.is_numeric_dtype(dtype)
    return pd.api.types.infer_dtype(frame.iloc[:, j], skipna=True) in ("integer", "floating", "mixed-integer-float")


def _uniform(X: Any) -> bool:
    """Whether all columns are numbers of one numpy type."""
    if isinstance(X, pd.DataFrame):
        kinds = set(X.dtypes)
        kind = kinds.pop() if len(kinds) == 1 else None
        return isinstance(kind, np.dtype) and kind.kind in "fiub"
    found = np.asarray(X)
    if found.ndim != 2:
        raise ValueError(f"X has {found.ndim} dimensions; a table has 2, rows and columns. Reshape your data.")
    if not found.shape[1]:
        raise ValueError(f"0 feature(s) (shape={found.shape}) while a minimum of 1 is required.")
    return found.dtype.kind in "fiub"


def _apart(X: Any) -> bool:
    """Whether a data frame would have to be copied to be one array."""
    first = X.iloc[:1] if isinstance(X, pd.DataFrame) else None
    return first is not None and not np.may_share_memory(first.to_numpy(), first.iloc[:, 0].to_numpy())


def _in_all_cells(numbers: np.ndarray, holds: Callable) -> np.ndarray:
    """For which columns something holds in all filled cells; most columns are told by their first cells."""
    first, everything = numbers[:FIRST], slice(None)
    found = (holds(first, everything) | np.isnan(first)).all(axis=0)
    for j in np.flatnonzero(found) if len(numbers) > len(first) else ():
        found[j] = (holds(numbers[:, j], j) | np.isnan(numbers[:, j])).all()
    return found
