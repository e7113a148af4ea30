"""Two classes that overlap, some of whose labels are exchanged: the mutual contamination model on one score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit, ndtr, ndtri

N_BINS = 200
GRID = np.linspace(-6.0, 6.0, 289)
LARGEST_SHARE = 0.5


@dataclass(frozen=True)
class Contamination:
    """The fitted model of two classes, first and second.

    Parameters
    ----------
    distance : float
        d′, the distance of the two clouds in standard deviations.
    shares : tuple of float
        κ: the share of the rows labelled as each class that belong to the other.
    evidence : tuple of float
        Twice the log-likelihood that each κ adds to a model with overlap alone; at least 0.
    wrong : ndarray (n_samples,)
        Probability of each row that its label is wrong.
    """

    distance: float
    shares: tuple[float, float]
    evidence: tuple[float, float]
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


def contamination(score: np.ndarray, first: np.ndarray) -> Contamination:
    """Fit the model ``P(score | label a) = (1 − κ_a) N(d′/2, 1) + κ_a N(−d′/2, 1)``, and likewise for b, to ranks.

    The scale of the score is free: only its ranks enter. Overlap alone (κ = 0) lets the share of a class fall off
    steeply towards the core of the other; exchanged labels add a share that stays flat.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Large values speak for the first class.
    first : ndarray of bool (n_samples,)
        Rows labelled as the first class.

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
    best, distance, shares = _fit(loss, (True, True))
    without = (_fit(loss, (False, True))[0], _fit(loss, (True, False))[0])
    clouds, labelled = _densities(distance, shares, centre)
    wrong = np.stack([shares[0] * clouds[1], shares[1] * clouds[0]]) / labelled
    evidence = tuple(max(0.0, 2 * (value - best)) for value in without)
    return Contamination(distance, shares, evidence, np.where(first, wrong[0][row], wrong[1][row]))


def _ranks(score: np.ndarray, first: np.ndarray) -> np.ndarray:
    weight = np.where(first, 0.5 / first.sum(), 0.5 / (~first).sum())
    _, position = np.unique(score, return_inverse=True)
    mass = np.bincount(position, weight)
    return (np.cumsum(mass) - mass / 2)[position]


def _densities(distance: float, shares: tuple[float, float], rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half, a = distance / 2, 0.5 * (1 - shares[0] + shares[1])
    z = np.interp(rank, a * ndtr(GRID - half) + (1 - a) * ndtr(GRID + half), GRID)
    clouds = np.exp(-0.5 * np.stack([z - half, z + half]) ** 2)
    labelled = np.stack([(1 - shares[i]) * clouds[i] + shares[i] * clouds[1 - i] for i in (0, 1)])
    return clouds, labelled


def _loss(
    distance: float, shares: tuple[float, float], *, centre: np.ndarray, counts: np.ndarray, sizes: np.ndarray
) -> float:
    odds = _densities(distance, shares, centre)[1] * sizes[:, None]
    return float(-(counts * np.log(odds / odds.sum(axis=0))).sum())


def _fit(loss: partial, free: tuple[bool, bool]) -> tuple[float, float, tuple[float, float]]:
    def unpack(x: np.ndarray) -> tuple[float, tuple[float, float]]:
        kappa = iter(LARGEST_SHARE * expit(x[1:]))
        a, b = (float(next(kappa)) if is_free else 0.0 for is_free in free)
        return float(np.exp(np.clip(x[0], -3, 2.2))), (a, b)

    start = logit(0.02 / LARGEST_SHARE)
    fits = []
    for distance in (1.5, 3.5):
        x = np.array([np.log(distance), *[start] * sum(free)])
        fits.append(
            minimize(lambda v: loss(*unpack(v)), x, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 0.01})
        )
    best = min(fits, key=lambda fit: fit.fun)
    return float(best.fun), *unpack(best.x)
