"""A table as samplers see it: numbers with gaps, levels of text columns, and the way back to the table it came from."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.learners.encoding import one_hot, robust_units, scaled
from core.numerics.mixed_neighbours import nearest


class Space:
    """The rows of a table as one matrix of numbers and one of level codes.

    Parameters
    ----------
    X : pandas.DataFrame, array or list (n_samples, n_features)
        Numeric and boolean columns become numbers; all others become levels.

    Attributes
    ----------
    numbers : ndarray of float (n_samples, n_numeric)
        In the units of the table; NaN is missing. A view of the table where it is one block of floats: never write into it.
    levels : ndarray of int (n_samples, n_text)
        Codes of the levels; -1 is missing.
    represents : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for, when the rows are a working sample.
    """

    represents: np.ndarray | None = None

    def __init__(self, X: Any) -> None:
        self._form = X
        frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
        self.columns, self.dtypes = frame.columns, list(frame.dtypes)
        numeric = [pd.api.types.is_numeric_dtype(dtype) for dtype in self.dtypes]
        self._numeric, self._text = np.flatnonzero(numeric), np.flatnonzero(np.logical_not(numeric))
        self.numbers = frame.iloc[:, self._numeric].to_numpy(dtype="float64", na_value=np.nan)
        self._categories = [frame.iloc[:, j].astype("category").cat for j in self._text]
        codes = [found.codes.to_numpy() for found in self._categories]
        self.levels = np.column_stack(codes).astype(np.int32) if codes else np.empty((len(frame), 0), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def units(self) -> tuple[np.ndarray, np.ndarray]:
        """Centre and unit of each numeric column, see ``core.learners.encoding.robust_units``."""
        return robust_units(self.numbers)

    @cached_property
    def whole(self) -> np.ndarray:
        """Which numeric columns (n_numeric,) hold whole numbers only; 0/1 and boolean columns among them."""
        found = np.ones(self.numbers.shape[1], dtype=bool)
        with np.errstate(invalid="ignore"):
            for j, column in enumerate(self.numbers.T):
                found[j] = not np.any(column != np.round(column), where=~np.isnan(column))
        return found

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest value of each numeric column; NaN where it is empty."""
        seen = [column[~np.isnan(column)] for column in self.numbers.T]
        ends = [(column.min(), column.max()) if len(column) else (np.nan, np.nan) for column in seen]
        return tuple(np.array(ends).reshape(-1, 2).T)

    def scaled(self, rows: np.ndarray) -> np.ndarray:
        """Numbers of some rows in robust units (n_rows, n_numeric), for distances; NaN is missing."""
        return scaled(self.numbers[rows], *self.units)

    def encoded(self, rows: np.ndarray) -> np.ndarray:
        """Some rows as numbers alone (n_rows, n_encoded): robust units, and text as ``core.learners.encoding.one_hot`` writes it."""
        text = {j: pd.Categorical.from_codes(c, range(1 + c.max(initial=0))) for j, c in enumerate(self.levels[rows].T)}
        return np.hstack([self.scaled(rows), one_hot(pd.DataFrame(text, index=range(len(rows))))])

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
        order = np.argsort(pool, kind="stable")
        place = np.minimum(np.searchsorted(pool, queries, sorter=order), len(pool) - 1)
        own = np.where(pool[order[place]] == queries, order[place], -1)
        found, distances = nearest(
            self.scaled(queries), self.scaled(pool), k, own, self.levels[queries], self.levels[pool]
        )
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

    def restore(self, rows: np.ndarray | None, numbers: np.ndarray, levels: np.ndarray) -> Any:
        """Rows of the table followed by made ones, in the form, columns and types of the table.

        Parameters
        ----------
        rows : ndarray of int or None
            Rows of the table to begin with; None for all.
        numbers : ndarray (n_made, n_numeric)
        levels : ndarray of int (n_made, n_text)
        """
        rows = slice(None) if rows is None else rows
        made = dict(zip(self._numeric.tolist(), numbers.T, strict=True))
        for j, found, codes in zip(self._text.tolist(), self._categories, levels.T, strict=True):
            made[j] = pd.Categorical.from_codes(codes, dtype=found.categories.dtype and _dtype(found))
        if isinstance(self._form, pd.DataFrame):
            return self._frame(rows, made)
        whole = np.asarray(self._form)
        out = np.empty((len(whole[rows]) + len(numbers), whole.shape[1]), dtype=whole.dtype)
        out[: len(out) - len(numbers)] = whole[rows]
        for j, values in made.items():
            out[len(out) - len(numbers) :, j] = np.asarray(values)
        return out.tolist() if isinstance(self._form, list) else out

    def _frame(self, rows: Any, made: dict[int, Any]) -> pd.DataFrame:
        frame, parts = self._form, {}
        for j, dtype in enumerate(self.dtypes):
            values = pd.Series(made[j]).astype(dtype)
            parts[j] = pd.concat([frame.iloc[rows, j], values], ignore_index=True)
        out = pd.DataFrame(parts)
        out.columns = self.columns
        return out


def _dtype(found: Any) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(found.categories, ordered=found.ordered)
