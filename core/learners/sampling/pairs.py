"""What samplers share that go from row to row: partners, and the way between two rows."""

from __future__ import annotations

import numpy as np

from core.learners.encoding import scaled
from core.learners.sampling.draw import Draw
from core.numerics.interpolation import between
from core.numerics.mixed_neighbours import nearest


def some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """All rows, or a random sample of ``most`` of them, in their order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def own_partners(draw: Draw, seeds: np.ndarray, k: int) -> np.ndarray:
    """A random one of the k nearest other members for each seed; the seed itself where none shares enough columns with it.

    Parameters
    ----------
    draw : Draw
    seeds : ndarray of int (n,)
        Positions in the members of the draw.
    k : int
        Neighbours; fewer where there are fewer members.

    Returns
    -------
    ndarray of int (n,)
        Positions.
    """
    asked, place = np.unique(seeds, return_inverse=True)
    near, enough = draw.neighbours(k, asked)
    chosen = near[place, (draw.rng.random(len(seeds)) * enough[place]).astype(int)]
    return np.where(enough[place] > 0, chosen, seeds)


def along(draw: Draw, seeds: np.ndarray, partners: np.ndarray, gaps: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows at a random share of the way from seeds to partners; each text cell is that of one of the two, by the toss of a coin.

    Parameters
    ----------
    draw : Draw
    seeds, partners : ndarray of int (n,)
        Row numbers.
    gaps : str
        One of ``core.numerics.interpolation.MASKS``.

    Returns
    -------
    numbers : ndarray (n, n_numeric)
    levels : ndarray of int (n, n_text)
    """
    space, rng = draw.space, draw.rng
    way = rng.random((len(seeds), 1))
    numbers = between(space.numbers[seeds], space.numbers[partners], way, gaps, rng, donor_gaps(draw, gaps, len(seeds)))
    coin = rng.random((len(seeds), space.levels.shape[1])) < 0.5
    return numbers, np.where(coin, space.levels[seeds], space.levels[partners])


def donor_gaps(draw: Draw, gaps: str, n: int) -> np.ndarray | None:
    """Random rows of the class (n, n_numeric), which lend their gaps, for the policy "donor"; None for any other."""
    return draw.space.numbers[draw.rng.choice(draw.members, n)] if gaps == "donor" else None


def nearest_made(draw: Draw, rows: np.ndarray, made: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Distance of some rows of the table to the nearest of some made rows.

    Parameters
    ----------
    draw : Draw
    rows : ndarray of int (n,)
        Row numbers.
    made : tuple of ndarray
        Numbers (n_made, n_numeric) and levels (n_made, n_text).

    Returns
    -------
    ndarray (n,)
        Infinite where no column is shared.
    """
    space, none = draw.space, np.full(len(rows), -1)
    numbers = scaled(made[0], *space.units)
    return nearest(space.scaled(rows), numbers, 1, none, space.levels[rows], made[1])[1][:, 0]
