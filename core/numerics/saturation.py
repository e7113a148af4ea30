"""How a score grows with the number of rows, and how far that may be carried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_RATIO, LARGEST_RATIO = 0.5, 1.0
"""A doubling gains at least half of what the doubling before it gained, and at most as much."""


@dataclass(frozen=True)
class Growth:
    """A score at three doublings and what follows from it, one value per curve.

    Parameters
    ----------
    last : ndarray (n_curves,)
        The score with all rows.
    gain : ndarray (n_curves,)
        What the last doubling gained, smoothed over both doublings; at least 0.
    ratio : ndarray (n_curves,)
        What a doubling gains over what the one before it gained.
    """

    last: np.ndarray
    gain: np.ndarray
    ratio: np.ndarray

    def after(self, doublings: float) -> np.ndarray:
        """The score (n_curves,) after further doublings; at most 1."""
        return np.minimum(self.last + self.gain * _sum(self.ratio, doublings), np.maximum(self.last, 1.0))

    def doublings_to(self, points: float) -> np.ndarray:
        """Doublings (n_curves,) until the score has grown by so much; infinite where it never does, or would pass 1."""
        share = points / np.maximum(self.gain, 1e-12)
        bend = 1 - share * (1 - self.ratio) / self.ratio
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(self.ratio > 1 - 1e-9, share, np.log(np.maximum(bend, 0)) / np.log(self.ratio))
        reached = (self.gain > 0) & ((bend > 0) | (self.ratio > 1 - 1e-9)) & (self.last + points <= 1)
        return np.where(reached, needed, np.inf)


def _sum(ratio: np.ndarray, doublings: float) -> np.ndarray:
    """``ρ + ρ² + …`` over a number of doublings that need not be whole."""
    near = np.where(ratio > 1 - 1e-9, 0.5, ratio)
    return np.where(ratio > 1 - 1e-9, doublings, near * (1 - near**doublings) / (1 - near))


def growth(scores: np.ndarray) -> Growth:
    """Carry an inverse power law through the scores at a quarter, a half and all of the rows.

    On ``score(n) = a − b n^(−c)`` each doubling gains ``ρ = 2^(−c)`` times what the one before it gained. ρ is the ratio
    of the two measured gains, held within 0.5 and 1 (c between 1 and 0); the total gain is kept. A curve that falls is
    flat from then on.

    Parameters
    ----------
    scores : ndarray (n_curves, 3)
        Scores at a quarter, a half and all of the rows.

    Returns
    -------
    Growth

    Examples
    --------
    >>> growth(np.array([[0.2, 0.4, 0.5]])).after(1.0)
    array([0.55])
    """
    first, second = np.diff(scores, axis=1).T
    ratio = np.clip(second / np.where(first > 0, first, 1e-12), LEAST_RATIO, LARGEST_RATIO)
    gain = np.maximum(scores[:, 2] - scores[:, 0], 0) * ratio / (1 + ratio)
    return Growth(scores[:, 2], gain, ratio)


def recall_at_prevalence(score: np.ndarray, positive: np.ndarray) -> float:
    """Recall when as many rows are taken as there are positive ones: those of the largest scores.

    Rows that tie at the cut count with their chance to be taken. Recall and precision are equal at this cut.

    Parameters
    ----------
    score : ndarray (n_samples,)
    positive : ndarray of bool (n_samples,)
        At least one is true.

    Returns
    -------
    float

    Examples
    --------
    >>> recall_at_prevalence(np.array([0.9, 0.8, 0.1, 0.1]), np.array([True, False, True, False]))
    0.5
    """
    n = int(positive.sum())
    cut = np.partition(score, len(score) - n)[len(score) - n]
    above, tied = score > cut, score == cut
    chance = (n - above.sum()) / tied.sum()
    return float((positive[above].sum() + chance * positive[tied].sum()) / n)
