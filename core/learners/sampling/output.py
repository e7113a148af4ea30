"""The table that a sampler returns: rows that were there, then made ones, in the form, columns and types of what was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.learners.sampling.space import Space


class Output:
    """Room for the rows that come out, written once.

    Where the table is one block of floats, ``numbers`` is a part of what is returned, so that made rows are not copied again.

    Parameters
    ----------
    space : Space
        The table.
    rows : ndarray of int or None
        Rows of the table to begin with; None for all.
    n_made : int
        Rows that follow.

    Attributes
    ----------
    numbers : ndarray of float (n_made, n_numeric)
        To be filled.
    levels : ndarray of int (n_made, n_text)
        To be filled.
    """

    def __init__(self, space: Space, rows: np.ndarray | None, n_made: int) -> None:
        self._space, self._rows, self._n_made = space, rows, n_made
        self._copies: list[tuple[slice, np.ndarray]] = []
        self.levels = np.empty((n_made, len(space.text)), dtype=np.int32)
        self._out = self._begun() if space.uniform else None
        if self._out is not None and self._out.dtype == np.float64:
            self.numbers = self._out[len(self._out) - n_made :]
        else:
            self.numbers = np.empty((n_made, len(space.numeric)))

    def _begun(self) -> np.ndarray | None:
        space = self._space
        if self._rows is None:
            return space.begun(self._n_made)
        if not self._n_made and isinstance(space.form, pd.DataFrame):
            return None
        out = np.empty((len(self._rows) + self._n_made, space.n_columns), dtype=space.block.dtype)
        np.take(space.block, self._rows, axis=0, out=out[: len(self._rows)])
        return out

    def copy(self, part: slice, rows: np.ndarray) -> None:
        """Let some of the made rows be copies of rows of the table, cell by cell."""
        self._copies.append((part, rows))
        self.levels[part] = self._space.levels[rows]
        self.numbers[part] = self._space.raw[rows]

    def table(self) -> Any:
        """All rows."""
        form = self._space.form
        if self._out is None:
            frame = self._frame()
            if isinstance(form, pd.DataFrame):
                return frame
            cells = frame.to_numpy(dtype=object)
            return cells.tolist() if isinstance(form, list) else cells.astype(form.dtype)
        start = len(self._out) - self._n_made
        if self._out.dtype != np.float64:
            self._out[start:] = cast(self.numbers, self._out.dtype)
            for part, rows in self._copies:
                self._out[start:][part] = self._space.block[rows]
        if isinstance(form, pd.DataFrame):
            return pd.DataFrame(self._out, columns=form.columns, copy=False)
        return self._out.tolist() if isinstance(form, list) else self._out

    def _frame(self) -> pd.DataFrame:
        frame = self._space.form if self._space.uniform else self._space.frame
        if not self._n_made:
            kept = frame if self._rows is None else frame.iloc[self._rows]
            return kept.reset_index(drop=True)
        columns: dict[int, Any] = {}
        for place, j in enumerate(self._space.numeric):
            columns[j] = self._joined(frame.iloc[:, j], self.numbers[:, place])
        for place, (j, found) in enumerate(zip(self._space.text, self._space.categories, strict=True)):
            columns[j] = self._joined(
                frame.iloc[:, j], pd.Categorical.from_codes(self.levels[:, place], dtype=_dtype(found))
            )
        out = pd.DataFrame({j: columns[j] for j in range(len(columns))}, copy=False)
        out.columns = frame.columns
        return out

    def _joined(self, column: pd.Series, made: Any) -> Any:
        """One column: the rows that were there, then the made cells, with copies taken as they are."""
        kept = column if self._rows is None else column.iloc[self._rows]
        if isinstance(made, np.ndarray):
            made = _objects(made, column) if column.dtype == object else cast(made, column.dtype)
            if isinstance(column.dtype, np.dtype) and not self._copies:
                return np.concatenate([kept.to_numpy(), made])
        pieces, at = [kept], 0
        made = pd.Series(made, dtype=column.dtype if column.dtype == object else None).astype(column.dtype)
        if column.dtype == object:
            made = made.where(made.notna(), _gap(column))
        for part, rows in self._copies:
            pieces += [made.iloc[at : part.start], column.iloc[rows]]
            at = part.stop
        pieces.append(made.iloc[at:])
        return pd.concat([piece for piece in pieces if len(piece)], ignore_index=True)


def cast(values: np.ndarray, dtype: Any) -> Any:
    """Numbers as a type of column; whole numbers that a float cannot hold exactly are kept within the type.

    Parameters
    ----------
    values : ndarray of float
        NaN is missing.
    dtype : numpy or pandas dtype
    """
    inner = getattr(dtype, "numpy_dtype", dtype)
    if isinstance(inner, np.dtype) and inner.kind in "iu":
        ends = np.iinfo(inner)
        low, high = float(ends.min), float(ends.max)
        high = np.nextafter(high, 0) if int(high) > ends.max else high
        values = np.clip(values, low, high)
    if isinstance(dtype, np.dtype):
        with np.errstate(over="ignore"):
            return values.astype(dtype)
    return pd.array(values, dtype=dtype) if not isinstance(dtype, pd.SparseDtype) else values


def _objects(values: np.ndarray, column: pd.Series) -> np.ndarray:
    """Numbers as cells of a column of objects: whole where it has whole ones only, and gaps as it writes them."""
    gap = _gap(column)
    form = int if pd.api.types.infer_dtype(column, skipna=True) == "integer" else float
    cells = np.empty(len(values), dtype=object)
    cells[:] = [gap if np.isnan(value) else form(value) for value in values]
    return cells


def _gap(column: pd.Series) -> Any:
    """How a column writes that a cell is missing."""
    missing = column[column.isna().to_numpy()]
    return missing.iloc[0] if len(missing) else np.nan


def _dtype(found: Any) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(found.categories, ordered=found.ordered)
