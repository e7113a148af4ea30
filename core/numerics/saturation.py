"""How a score grows with the number of rows, and how far that may be carried on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_RATIO = 0.5
"""A doubling gains at least half of what the doubling before it gained (an exponent c of at most 1)."""


@dataclass(frozen=True)
class Growth:
    """A score after two doublings and what follows from it, one value per curve.

    Parameters
    ----------
    last : ndarray (n_curves,)
        The score with all rows.
    gain : ndarray (n_curves,)
        What the last doubling gained, smoothed over both doublings; at least 0.
    ratio : ndarray (n_curves,)
        What a doubling gains over what the one before it gained; below 1 where something is gained.
    """

    last: np.ndarray
    gain: np.ndarray
    ratio: np.ndarray

    def after(self, doublings: float) -> np.ndarray:
        """The score (n_curves,) after further doublings; never above 1."""
        odds = self.ratio / np.maximum(1 - self.ratio, 1e-12)
        return self.last + self.gain * odds * (1 - self.ratio**doublings)

    def doublings_to(self, points: float) -> np.ndarray:
        """Doublings (n_curves,) until the score has grown by so much; infinite where it never does."""
        total = self.gain * self.ratio / np.maximum(1 - self.ratio, 1e-12)
        reached = total > points
        left = 1 - points / np.where(reached, total, 2 * points)
        return np.where(reached, np.log(left) / np.log(np.where(reached, self.ratio, 0.5)), np.inf)


def growth(scores: np.ndarray) -> Growth:
    """Carry an inverse power law through the scores at a quarter, a half and all of the rows.

    On ``score(n) = a − b n^(−c)`` each doubling gains ``ρ = 2^(−c)`` times what the one before it gained. ρ is the ratio of
    the two measured gains, held at or above 0.5 (c at most 1) and at or below ``√((1 − s(1)) / (1 − s(¼)))``, where the
    law ends at a score of 1 (a at most 1); the second bound goes first. The total gain is kept. A curve that falls is flat from
    then on.

    Parameters
    ----------
    scores : ndarray (n_curves, 3)
        Scores at a quarter, a half and all of the rows; at most 1.

    Returns
    -------
    Growth

    Examples
    --------
    >>> growth(np.array([[0.2, 0.4, 0.5]])).after(1.0).round(3)
    array([0.55])
    """
    first, second = np.diff(scores, axis=1).T
    total, room = np.maximum(scores[:, 2] - scores[:, 0], 0), 1 - scores[:, 2]
    highest = np.sqrt(room / np.maximum(room + total, 1e-12))
    ratio = np.minimum(np.maximum(second / np.where(first > 0, first, 1e-12), LEAST_RATIO), highest)
    return Growth(scores[:, 2], total * ratio / (1 + ratio), ratio)


def recall_at_prevalence(score: np.ndarray, positive: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Recall when as many rows are taken as there are positive ones: those of the largest scores.

    Rows that tie at the cut count with their chance to be taken. Recall and precision are equal at this cut.

    Parameters
    ----------
    score : ndarray (n_samples,)
    positive : ndarray of bool (n_samples,)
        At least one is true.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    Returns
    -------
    float

    Examples
    --------
    >>> recall_at_prevalence(np.array([0.9, 0.8, 0.1, 0.1]), np.array([True, False, True, False]))
    0.5
    """
    if weight is not None:
        return _weighted_recall(score, positive, weight)
    n = int(positive.sum())
    cut = np.partition(score, len(score) - n)[len(score) - n]
    above, tied = score > cut, score == cut
    chance = (n - above.sum()) / tied.sum()
    return float((positive[above].sum() + chance * positive[tied].sum()) / n)


def _weighted_recall(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> float:
    order, own = np.argsort(-score, kind="stable"), weight * positive
    cut = score[order][min(np.searchsorted(np.cumsum(weight[order]), own.sum() * (1 - 1e-12)), len(score) - 1)]
    above, tied = score > cut, score == cut
    chance = (own.sum() - weight[above].sum()) / weight[tied].sum()
    return float((own[above].sum() + chance * own[tied].sum()) / own.sum())
