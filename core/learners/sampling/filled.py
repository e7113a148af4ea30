"""Rows as one matrix without gaps, for methods that take nothing else, and the way back."""

from __future__ import annotations

import numpy as np

from core.learners.encoding import MAX_LEVELS, scaled
from core.learners.sampling.space import Space


class Filled:
    """Numbers in robust units with gaps at the median, then text columns as 0/1 columns with gaps at the most frequent level.

    Of a text column, the ``MAX_LEVELS`` most frequent levels have a column each and the others share one. Two different levels lie at
    distance 1.

    Parameters
    ----------
    space : Space
        The rows.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.n_numbers = space.raw.shape[1]
        sizes = [np.bincount(codes[codes >= 0], minlength=1) for codes in space.levels.T]
        self._order = [np.argsort(-n, kind="stable") for n in sizes]
        self._usual = np.array([order[0] if n.any() else -1 for order, n in zip(self._order, sizes, strict=True)])

    def matrix(self, rows: np.ndarray) -> np.ndarray:
        """Some rows (n_rows, n_filled) for distances."""
        return self.encoded(self.space.numbers[rows], self.space.levels[rows])

    def encoded(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Rows that need not be in the table, from numbers in its units and its levels, as ``matrix`` has them."""
        coded = self._codes(numbers, levels)
        blocks = [coded[:, : self.n_numbers]]
        for codes, order in zip(coded[:, self.n_numbers :].T, self._order, strict=True):
            block = codes[:, None] == order[:MAX_LEVELS]
            if len(order) > MAX_LEVELS:
                block = np.column_stack([block, ~block.any(axis=1)])
            blocks.append(block / np.sqrt(2))
        return np.hstack(blocks)

    def coded(self, rows: np.ndarray) -> np.ndarray:
        """Some rows (n_rows, n_numeric + n_text): numbers in robust units, then codes of levels."""
        return self._codes(self.space.numbers[rows], self.space.levels[rows])

    def _codes(self, numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        known = np.where(levels < 0, self._usual, levels) if levels.shape[1] else levels
        return np.hstack([np.nan_to_num(scaled(numbers, *self.space.units), nan=0.0), known])

    def numbers_of(self, values: np.ndarray) -> np.ndarray:
        """The numbers (n, n_numeric) of rows of ``matrix`` or ``coded``, in the units of the table."""
        middle, unit = self.space.units
        with np.errstate(over="ignore"):
            return values[:, : self.n_numbers].astype("float64") * unit + middle

    def levels_of(self, values: np.ndarray, *, coded: bool = False) -> np.ndarray:
        """The levels (n, n_text) of rows of ``matrix`` or ``coded``.

        Of 0/1 columns that became shares, the largest one says the level; the column that several levels share stands for the
        most frequent of them.
        """
        if coded:
            return values[:, self.n_numbers :].astype(np.int32)
        out, start = np.empty((len(values), len(self._order)), dtype=np.int32), self.n_numbers
        for j, order in enumerate(self._order):
            width = min(len(order), MAX_LEVELS + 1)
            out[:, j] = order[values[:, start : start + width].argmax(axis=1)]
            start += width
        out[:, self._usual < 0] = -1
        return out
