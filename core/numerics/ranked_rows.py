"""Rows in the order of falling scores, counted above every cut, and drawn anew within each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EXACT, STEPS = 2_000, 2_000
"""Of more rows than both together, the first ``EXACT`` of each class stay as they are and the rest are put together in ``STEPS`` parts."""


@dataclass(frozen=True, eq=False)
class RankedRows:
    """Items with falling scores; an item is a row, or several rows of one class that follow each other.

    Parameters
    ----------
    score : ndarray (n_items,)
        Falling.
    found : ndarray of bool (n_items,)
        Whether the rows belong to the class.
    rows : ndarray (n_items,)
        Rows in the item.
    mass : ndarray (n_items,)
        How many rows of the whole table they stand for.
    """

    score: np.ndarray
    found: np.ndarray
    rows: np.ndarray
    mass: np.ndarray

    @property
    def ends(self) -> np.ndarray:
        """Positions of the last item of each different score."""
        return np.flatnonzero(np.append(self.score[1:] < self.score[:-1], True))

    @property
    def cuts(self) -> np.ndarray:
        """Thresholds (n_cuts,), falling: infinity, then every different score."""
        return np.concatenate([[np.inf], self.score[self.ends]])

    def above(self, mass: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the class, and other rows, at or above each cut.

        Parameters
        ----------
        mass : ndarray (..., n_items) or None
            What the items count, as ``drawn`` gives it; None counts what they stand for.

        Returns
        -------
        found, alarms : ndarray (..., n_cuts)
        """
        mass = self.mass if mass is None else mass
        parts = (np.cumsum(np.where(side, mass, 0.0), axis=-1)[..., self.ends] for side in (self.found, ~self.found))
        found, alarms = (np.concatenate([np.zeros((*part.shape[:-1], 1)), part], axis=-1) for part in parts)
        return found, alarms


def ranked(
    score: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None, *, short: bool = False
) -> RankedRows:
    """Put rows in the order of their scores.

    Parameters
    ----------
    score : ndarray (n_samples,)
    found : ndarray of bool (n_samples,)
    weight : ndarray (n_samples,) or None
        How many rows of the whole table each row stands for; None is 1.
    short : bool
        Put rows together far down the ranking of a long class, as ``EXACT`` and ``STEPS`` say; the score of an item is then the mean of its rows.
    """
    order = np.argsort(-score, kind="stable")
    score, found = score[order], found[order]
    mass = np.ones(len(score)) if weight is None else weight[order].astype(float)
    if not short or len(score) <= EXACT + STEPS:
        return RankedRows(score, found, np.ones(len(score)), mass)
    items = np.zeros(len(score), dtype=np.intp)
    for side in (found, ~found):
        place = np.arange(int(side.sum()))
        width = max(1.0, (len(place) - EXACT) / STEPS)
        items[side] = 2 * np.where(place < EXACT, place, EXACT + ((place - EXACT) / width).astype(np.intp))
    items += found
    _, items, rows = np.unique(items, return_inverse=True, return_counts=True)
    mean, own, total = (np.bincount(items, values) for values in (score, found, mass))
    order = np.argsort(-mean / rows, kind="stable")
    return RankedRows((mean / rows)[order], own[order] > 0, rows[order].astype(float), total[order])


def drawn(items: RankedRows, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """What items count (n_draws, n_items) when as many rows of each class are drawn anew from its rows."""
    mass = np.zeros((n_draws, len(items.score)))
    for side in (items.found, ~items.found):
        rows = items.rows[side]
        if len(rows):
            times = rng.multinomial(int(rows.sum()), rows / rows.sum(), size=n_draws)
            mass[:, side] = times * (items.mass[side] / rows)
    return mass


def expanded_tail(n: int, level: float = 0.95) -> float:
    """The share of draws to leave out at each end for an interval of a level from ``n`` rows.

    Rows drawn anew spread too little by √((n − 1) / n), and as a normal, not as t; below 2 rows nothing is left out.

    References
    ----------
    Hesterberg (2015), The American Statistician 69.
    """
    from scipy.special import ndtr, stdtrit

    if n < 2:
        return 0.0
    return float(ndtr(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - level) / 2)))
