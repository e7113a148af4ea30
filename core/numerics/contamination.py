"""Two classes that overlap, some of whose labels are exchanged: the mutual contamination model on one score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri

N_BINS = 200
GRID = np.linspace(-6.0, 6.0, 289)
LARGEST_SHARE = 0.5
LOG_DISTANCES = (-3.0, 2.2)


@dataclass(frozen=True)
class Contamination:
    """The fitted model of two classes, first and second.

    Parameters
    ----------
    distance : float
        d′, the distance of the two clouds in standard deviations.
    shares : tuple of float
        κ: the share of the rows labelled as each class that belong to the other.
    evidence : float
        Twice the log-likelihood that both κ add to a model with overlap alone, or one κ to a model with the other one; at
        least 0.
    wrong : ndarray (n_samples,)
        Probability of each row that its label is wrong.
    """

    distance: float
    shares: tuple[float, float]
    evidence: float
    wrong: np.ndarray


def normal_scores(score: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Ranks of a score as normal quantiles, both classes counting one half: class frequencies have no influence.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Any scale.
    first : ndarray of bool (n_samples,)
        Rows labelled as the first class; both classes have rows.

    Returns
    -------
    ndarray (n_samples,)
        Ties share the middle of their ranks.
    """
    return ndtri(_ranks(score, first))


def contamination(score: np.ndarray, first: np.ndarray, tested: str = "both") -> Contamination:
    """Fit the model ``P(score | label a) = (1 − κ_a) N(d′/2, 1) + κ_a N(−d′/2, 1)``, and likewise for b, to ranks.

    The scale of the score is free: only its ranks enter. Overlap alone (κ = 0) lets the share of a class fall off
    steeply towards the core of the other; exchanged labels add a share that stays flat.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Large values speak for the first class.
    first : ndarray of bool (n_samples,)
        Rows labelled as the first class.
    tested : str
        Which κ the evidence is about: "both", or "second" alone while the first is free under both models.

    Returns
    -------
    Contamination
    """
    sizes = np.array([first.sum(), (~first).sum()])
    rank = _ranks(score, first)
    bins, row = np.unique((rank * N_BINS).astype(int), return_inverse=True)
    weight = np.where(first, 0.5 / sizes[0], 0.5 / sizes[1])
    centre = np.bincount(row, rank * weight) / np.bincount(row, weight)
    counts = np.stack([np.bincount(row, chosen, minlength=len(bins)) for chosen in (first, ~first)])
    loss = partial(_loss, centre=centre, counts=counts, sizes=sizes)
    best, distance, shares = _fit(loss, (LARGEST_SHARE, LARGEST_SHARE))
    without = _fit(loss, (0.0 if tested == "both" else LARGEST_SHARE, 0.0))[0]
    (a, b), odds = shares, _odds(distance, shares, centre)
    wrong = a * odds / (1 - a + a * odds), b / (b + (1 - b) * odds)
    return Contamination(
        distance, shares, max(0.0, 2 * (without - best)), np.where(first, wrong[0][row], wrong[1][row])
    )


def _ranks(score: np.ndarray, first: np.ndarray) -> np.ndarray:
    weight = np.where(first, 0.5 / first.sum(), 0.5 / (~first).sum())
    _, position = np.unique(score, return_inverse=True)
    mass = np.bincount(position, weight)
    return (np.cumsum(mass) - mass / 2)[position]


def _odds(distance: float, shares: tuple[float, float], rank: np.ndarray) -> np.ndarray:
    """Density of the second cloud over that of the first where the score has these ranks."""
    half, a = distance / 2, 0.5 * (1 - shares[0] + shares[1])
    z = np.interp(rank, a * ndtr(GRID - half) + (1 - a) * ndtr(GRID + half), GRID)
    return np.exp(-distance * z)


def _loss(
    distance: float, shares: tuple[float, float], *, centre: np.ndarray, counts: np.ndarray, sizes: np.ndarray
) -> float:
    (a, b), odds = shares, _odds(distance, shares, centre)
    first, second = sizes[0] * (1 - a + a * odds), sizes[1] * (b + (1 - b) * odds)
    total = np.log(first + second)
    return float(counts[0] @ (total - np.log(first)) + counts[1] @ (total - np.log(second)))


def _fit(loss: partial, largest: tuple[float, float]) -> tuple[float, float, tuple[float, float]]:
    fits, bounds = [], [LOG_DISTANCES, *((0.0, share) for share in largest)]
    for distance in (1.5, 3.5):
        x = [np.log(distance), *(min(0.02, share) for share in largest)]
        fits.append(minimize(lambda v: loss(np.exp(v[0]), v[1:]), x, method="L-BFGS-B", bounds=bounds))
    best = min(fits, key=lambda fit: fit.fun)
    return float(best.fun), float(np.exp(best.x[0])), (float(best.x[1]), float(best.x[2]))
