"""Rows between a row and another of its class: what SMOTE and the samplers that follow it have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.learners.sampling.draw import Draw
from core.numerics.interpolation import between, nearer
from core.wording import of

CELLS = 25_000
"""Cells made at once, so that they stay in the processor's own memory."""


class Between(NamedTuple):
    """Made rows of which every number lies between two of its column, so that none lies outside the range of the table.

    Parameters
    ----------
    numbers : ndarray (n, n_numeric)
    levels : ndarray of int (n, n_text)
    """

    numbers: np.ndarray
    levels: np.ndarray


def rows_between_neighbours(draw: Draw, seeds: np.ndarray, k: int, gaps: str) -> Between:
    """Make a row at a random share of the way from each seed to a random one of its nearest members.

    Numbers lie between the two; text cells are those of the nearer of the two. A seed that shares too few filled columns with all others
    stays where it is.

    Parameters
    ----------
    draw : Draw
    seeds : ndarray of int (n,)
        Positions in ``draw.members``.
    k : int
        Neighbours.
    gaps : str
        One of ``core.numerics.interpolation.MASKS``.

    Returns
    -------
    Between
    """
    asked, place = np.flatnonzero(np.bincount(seeds, minlength=len(draw.members))), seeds
    if len(asked) < len(draw.members):
        place = np.searchsorted(asked, seeds)
    near, enough = draw.neighbours(k, asked)
    if (enough == 0).any():
        lone = f"Rows that share too few filled columns with others of their class: {of(int(np.sum(enough == 0)), len(enough))}."
        draw.note(lone + " They were copied.")
    if enough.min() == near.shape[1]:
        partners = np.take(near, place * near.shape[1] + draw.rng.integers(0, near.shape[1], len(seeds)))
    else:
        turn = (draw.rng.random(len(seeds)) * enough[place]).astype(np.intp)
        partners = np.where(enough[place] > 0, near[place, turn], seeds)
    return rows_between(draw, seeds, partners, draw.rng.random((len(seeds), 1)), gaps)


def rows_between(draw: Draw, seeds: np.ndarray, partners: np.ndarray, way: np.ndarray, gaps: str) -> Between:
    """Make rows at given shares of the way (n, 1) from seeds to partners, both positions in ``draw.members``; else as above."""
    n, (_, p) = len(seeds), draw.numbers.shape
    numbers, levels = draw.room or (np.empty((n, p)), np.empty((n, draw.levels.shape[1]), dtype=np.int32))
    donors = draw.rng.integers(0, len(draw.members), n) if gaps == "donor" and draw.gappy else None
    masks, step = (gaps if draw.gappy else "preserve"), max(1, CELLS // max(1, p))
    direct, room = numbers.flags.c_contiguous, np.empty((2, min(step, n), p))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        rows = room[:, : part.stop - start]
        for parents, some in zip((seeds, partners), rows, strict=True):
            np.take(draw.numbers, parents[part], axis=0, out=some, mode="clip")  # any other mode would copy once more
        donor = None if donors is None else draw.numbers[donors[part]]
        made = between(*rows, way[part], masks, draw.rng, donor, numbers[part] if direct else None)
        if not direct:
            numbers[part] = made
        if levels.shape[1]:
            rows = draw.levels[seeds[part]], draw.levels[partners[part]]
            donor = None if donors is None else draw.levels[donors[part]]
            levels[part] = nearer(*rows, way[part], masks, draw.rng, donor)
    return Between(numbers, levels)
