"""What several samplers look up: a random sample of rows, and how far real rows lie from made ones."""

from __future__ import annotations

import numpy as np

from core.learners.encoding import scaled
from core.learners.sampling.space import Space
from core.numerics.mixed_neighbours import nearest


def some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """All rows, or a random sample of ``most`` of them, in their order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def nearest_made(space: Space, rows: np.ndarray, made: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Distance of some rows of the table to the nearest of some made rows.

    Parameters
    ----------
    space : Space
    rows : ndarray of int (n,)
        Row numbers.
    made : tuple of ndarray
        Numbers (n_made, n_numeric) and levels (n_made, n_text).

    Returns
    -------
    ndarray (n,)
        Infinite where no column is shared.
    """
    none = np.full(len(rows), -1)
    numbers = scaled(made[0], *space.units)
    return nearest(space.scaled(rows), numbers, 1, none, space.levels[rows], made[1])[1][:, 0]
