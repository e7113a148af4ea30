"""Rows laid out for the compiled search for nearest rows."""

from __future__ import annotations

import numpy as np

TILE, WORD = 1024, 32
"""Rows of one tile; columns whose gaps are noted in one whole number."""


def unit(A: np.ndarray, B: np.ndarray) -> tuple[float, np.ndarray]:
    """The largest distance of a number from the centre of B, and the centre."""
    seen = ~np.isnan(B)
    centre = np.where(seen, B, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    largest = max(np.fmax.reduce(np.abs(side - centre), axis=None, initial=0.0) for side in (A, B))
    return float(largest) or 1.0, centre


def values(numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Numbers, then text columns as level codes; NaN is missing."""
    return np.hstack([numbers, np.where(levels < 0, np.nan, levels)])


def words(values: np.ndarray) -> np.ndarray:
    """Which cells are there, one bit a column (n_words, n); rows are added to fill the last tile."""
    n_words, n_tiles = max(1, -(-values.shape[1] // WORD)), -(-len(values) // TILE)
    bits = np.zeros((n_tiles * TILE, n_words * WORD), dtype=np.uint8)
    bits[: len(values), : values.shape[1]] = ~np.isnan(values)
    return np.ascontiguousarray(np.packbits(bits, axis=1).view(np.uint32).T)


def reach(values: np.ndarray, n_numeric: int) -> np.ndarray:
    """How far rounding of the numbers of a row moves a distance of 1, in units of rounding."""
    numbers = np.where(np.isnan(values), 0.0, values)[:, :n_numeric]
    return 4 * np.sqrt(values.shape[1] * np.einsum("qd,qd->q", numbers, numbers))


def tiled(values: np.ndarray) -> np.ndarray:
    """Values in single precision (n_tiles, n_columns + 1, TILE); beyond the last row and in the last column all is missing."""
    n_tiles = -(-len(values) // TILE)
    tiles = np.full((n_tiles * TILE, values.shape[1] + 1), np.nan, dtype=np.float32)
    tiles[: len(values), :-1] = values
    return np.ascontiguousarray(tiles.reshape(n_tiles, TILE, -1).transpose(0, 2, 1))
