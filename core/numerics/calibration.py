"""How true probabilities are: reliability in bins, the parts of the Brier score, and calibration errors beside their chance level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

MOST_ALIKE = 1e10
"""Condition number beyond which a line through log-odds has no standard error."""


@dataclass(frozen=True, eq=False)
class Binned:
    """Probabilities of one class in bins, from the lowest to the highest.

    Parameters
    ----------
    n_rows, n_found : ndarray of int (n_bins,)
        Rows in hand, and those of the class among them.
    mass, mass_found : ndarray (n_bins,)
        What they count as.
    mean : ndarray (n_bins,)
        Mean probability.
    error : ndarray (n_bins,)
        Variance of the share that was found.
    """

    n_rows: np.ndarray
    n_found: np.ndarray
    mass: np.ndarray
    mass_found: np.ndarray
    mean: np.ndarray
    error: np.ndarray

    @property
    def observed(self) -> np.ndarray:
        """The share of the class in each bin (n_bins,)."""
        return self.mass_found / self.mass


@dataclass(frozen=True)
class BrierParts:
    """``Brier score = reliability − resolution + uncertainty + within``.

    Parameters
    ----------
    brier : float
    reliability : float
        ``Σ m_k (p̄_k − o_k)²`` over bins with mass m_k, mean probability p̄_k and share o_k of the class; less its expectation by chance.
    resolution : float
        ``Σ m_k (o_k − ō)²``, likewise.
    uncertainty : float
        ``ō (1 − ō)``, likewise: the Brier score of the share of the class.
    within : float
        What is left because rows of one bin have different probabilities; a part of reliability and resolution that the bins cannot tell.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def places(score: np.ndarray, mass: np.ndarray, n_bins: int) -> np.ndarray:
    """Bins of rising scores with about the same mass each; equal scores share a bin.

    Parameters
    ----------
    score : ndarray (n_samples,)
    mass : ndarray (n_samples,)
        At least 0. Weights give bins of the same size; weights times ``p (1 − p)`` give bins in which the share that is found
        has about the same precision for its distance to the rest, so that a rare class is not left to one bin.
    n_bins : int
        Fewer come out where scores are equal.

    Returns
    -------
    ndarray of int (n_samples,)
        0 to fewer than ``n_bins``; none of them is empty.
    """
    _, place = np.unique(score, return_inverse=True)
    each = np.bincount(place, mass)
    if each.sum() <= 0:
        each = np.bincount(place).astype(float)
    middle = (np.cumsum(each) - each / 2) / each.sum()
    rough = np.minimum((n_bins * middle).astype(np.intp), n_bins - 1)
    return np.unique(rough, return_inverse=True)[1][place]


def binned(score: np.ndarray, found: np.ndarray, place: np.ndarray, weight: np.ndarray | None = None) -> Binned:
    """Put probabilities of one class into bins.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Probabilities.
    found : ndarray of bool (n_samples,)
        Whether the row belongs to the class.
    place : ndarray of int (n_samples,)
        As ``places`` returns it.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as.
    """
    counts = np.ones(len(score)) if weight is None else weight
    mass, own, total = (np.bincount(place, values) for values in (counts, counts * found, counts * score))
    n_rows = np.bincount(place)
    spread = np.bincount(place, (counts * (found - (own / mass)[place])) ** 2) / mass**2
    error = spread * n_rows / np.maximum(n_rows - 1, 1)
    return Binned(n_rows, np.bincount(place[found], minlength=len(mass)), mass, own, total / mass, error)


def brier_parts(
    score: np.ndarray, found: np.ndarray, place: np.ndarray, weight: np.ndarray | None = None, *, corrected: bool = True
) -> BrierParts:
    """Take the Brier score of one class apart.

    Bins make perfect probabilities look unreliable, as the share in each is known only roughly: reliability and resolution are both too large by
    ``Σ m_k v_k`` with v_k the variance of the share in bin k, and uncertainty too small. ``corrected`` takes that out; reliability may
    then be a little below 0.

    Parameters
    ----------
    score, found, place, weight
        As for ``binned``.
    corrected : bool

    References
    ----------
    Murphy (1973), Journal of Applied Meteorology 12. Ferro and Fricker (2012), Quarterly Journal of the Royal Meteorological Society 138, for
    the correction. Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting 23, for what bins leave out. Weights are our addition.
    """
    counts = np.ones(len(score)) if weight is None else weight
    bins, whole = (binned(score, found, where, counts) for where in (place, np.zeros(len(score), dtype=np.intp)))
    share, base = bins.mass / counts.sum(), float(whole.observed[0])
    chance, of_base = (float(share @ bins.error), float(whole.error[0])) if corrected else (0.0, 0.0)
    reliability = float(share @ (bins.mean - bins.observed) ** 2)
    resolution, uncertainty = float(share @ (bins.observed - base) ** 2), base * (1 - base)
    brier = float(counts @ (score - found) ** 2 / counts.sum())
    within = brier - (reliability - resolution + uncertainty)
    return BrierParts(brier, reliability - chance, resolution - chance + of_base, uncertainty + of_base, within)


def class_errors(
    proba: np.ndarray, codes: np.ndarray, stands: np.ndarray, n_bins: int, n_draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The expected calibration error of every class, and what it is when the same probabilities are true.

    ``Σ_k m_k |p̄_k − o_k|`` over bins of equal mass. It is above 0 by chance: to see by how much, labels are drawn from the probabilities
    themselves and the error is computed again. In a working sample the label of a row in hand is drawn by ``p_c / w_c``, where a row of
    class c stands for w_c rows; that is our inference.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
    codes : ndarray of int (n_samples,)
    stands : ndarray (n_classes,)
        How many rows of the table a row of each class counts as.
    n_bins, n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    error : ndarray (n_classes,)
    chance : ndarray (n_draws, n_classes)

    References
    ----------
    Bröcker and Smith (2007), Weather and Forecasting 22, for drawing labels. Nixon et al. (2019), CVPR workshops, for bins of equal mass by class.
    """
    n, n_classes = proba.shape
    weight, even = stands[codes], bool(np.ptp(stands) == 0)
    place = np.column_stack([places(p, weight, n_bins) for p in proba.T]) + n_bins * np.arange(n_classes)
    size, rows = n_bins * n_classes, np.arange(n)

    def sums(values: np.ndarray) -> np.ndarray:
        return np.bincount(place.ravel(), values.ravel(), minlength=size)

    expected = sums(proba) if even else None

    def error(drawn: np.ndarray) -> np.ndarray:
        counts = np.ones(n) if even else stands[drawn]
        seen = np.bincount(place[rows, drawn], counts, minlength=size)
        gap = np.abs(seen - (expected if even else sums(proba * counts[:, None])))
        return gap.reshape(n_classes, n_bins).sum(axis=1) / counts.sum()

    each = proba / stands
    limits = (each / each.sum(axis=1, keepdims=True)).cumsum(axis=1)[:, :-1]
    draws = ((rng.random(n)[:, None] > limits).sum(axis=1) for _ in range(n_draws))
    return error(codes), np.array([error(drawn) for drawn in draws]).reshape(n_draws, n_classes)


def line_errors(
    odds: np.ndarray, found: np.ndarray, intercept: float, slope: float, weight: np.ndarray | None = None
) -> tuple[float, float]:
    """Standard errors of a logistic regression of the class on the log-odds, rows drawn independently (sandwich formula).

    Parameters
    ----------
    odds : ndarray (n_samples,)
    found : ndarray of bool (n_samples,)
    intercept, slope : float
        Where the weighted likelihood is largest.
    weight : ndarray (n_samples,) or None

    Returns
    -------
    of_intercept, of_slope : float
        NaN where nearly all rows have the same log-odds, or none is in doubt.

    References
    ----------
    White (1982), Econometrica 50.
    """
    counts, design = np.ones(len(odds)) if weight is None else weight, np.column_stack([np.ones(len(odds)), odds])
    p = expit(intercept + slope * odds)
    known = design.T @ (design * (counts * p * (1 - p))[:, None])
    if np.linalg.cond(known) > MOST_ALIKE:
        return np.nan, np.nan
    bread = np.linalg.inv(known)
    scores = design * (counts * (found - p))[:, None]
    errors = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    return float(errors[0]), float(errors[1])
