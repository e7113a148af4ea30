"""Maps from a model's probability to one that comes true: beta calibration and Venn–Abers predictors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

SMALLEST = 1e-7
FEWEST = 10
"""Rows on either side below which a map of more than two numbers is not learned."""


@dataclass(frozen=True)
class Beta:
    """``p → 1 / (1 + exp(−(a ln p − b ln(1 − p) + c)))``; a = b = 1, c = 0 changes nothing.

    Parameters
    ----------
    a, b : float
        At least 0, so that the order of rows is kept.
    c : float
    """

    a: float
    b: float
    c: float

    def __call__(self, proba: np.ndarray) -> np.ndarray:
        """Mapped probabilities, of the same shape."""
        logs = _logs(proba)
        return expit(self.a * logs[0] + self.b * logs[1] + self.c)


@dataclass(frozen=True, eq=False)
class VennAbers:
    """Two probabilities for every score: as if the row were known to be outside of the class, and as if it were inside.

    Parameters
    ----------
    levels : ndarray (n_levels,)
        The different scores that were learned from, rising.
    outside, inside : ndarray (n_levels + 1,)
        The probabilities, rising: ``outside[k]`` of scores from ``levels[k − 1]`` up to below ``levels[k]``, and ``inside[k]`` of scores
        above ``levels[k − 1]`` up to and with ``levels[k]``.
    """

    levels: np.ndarray
    outside: np.ndarray
    inside: np.ndarray

    def __call__(self, score: np.ndarray) -> np.ndarray:
        """One probability for each score: ``p₁ / (1 − p₀ + p₁)``, which has the least worst regret in log loss."""
        low, high = self.interval(score)
        return high / (1 - low + high)

    def interval(self, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both probabilities ``p₀ ≤ p₁`` of each score."""
        low = self.outside[np.searchsorted(self.levels, score, side="right")]
        return low, self.inside[np.searchsorted(self.levels, score, side="left")]


def beta_map(proba: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> Beta:
    """Learn beta calibration: the three numbers with the least log loss, ``a, b ≥ 0``.

    The two labels are drawn a little inwards, ``(n₁ + 1) / (n₁ + 2)`` and ``1 / (n₀ + 2)``, as Platt does it for the sigmoid, so that the
    numbers stay finite where one cut parts the classes. That is our addition to the method.

    Parameters
    ----------
    proba : ndarray (n_samples,)
        Probabilities of rows that the model had not seen.
    found : ndarray of bool (n_samples,)
        Whether the row belongs to the class.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as.

    References
    ----------
    Kull, Silva Filho and Flach (2017), AISTATS. Platt (1999).
    """
    counts = np.ones(len(proba)) if weight is None else weight
    own, others = counts[found].sum(), counts[~found].sum()
    target, total = np.where(found, (own + 1) / (own + 2), 1 / (others + 2)), own + others
    design = np.vstack([*_logs(proba), np.ones(len(proba))])

    def loss(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        score = numbers @ design
        value = counts @ (np.logaddexp(0, score) - target * score)
        return value / total, design @ (counts * (expit(score) - target)) / total

    bounds, precise = [(0, None), (0, None), (None, None)], {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
    return Beta(*minimize(loss, [1.0, 1.0, 0.0], jac=True, method="L-BFGS-B", bounds=bounds, options=precise).x)


def venn_abers(score: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> VennAbers:
    """Learn an inductive Venn–Abers predictor.

    For a new score, isotonic regression is fitted twice on the given rows and the new one, once with the label 0 and once with the label 1; ``p₀`` and ``p₁``
    are what the two fits say of the new row. Here both are found for all scores at once: the new row with label 1 moves what lies above it in the
    diagram of cumulated labels, and ``p₁`` is the slope of the line that touches the lower hulls on both sides from below.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Only their order counts.
    found : ndarray of bool (n_samples,)
        Whether the row belongs to the class.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; a new row counts once. Weights are our addition to the method.

    References
    ----------
    Vovk, Petej and Fedorova (2015), NeurIPS. Nouretdinov et al. (2018), COPA, for the one probability made of two.
    """
    counts = np.ones(len(score)) if weight is None else weight
    levels, place = np.unique(score, return_inverse=True)
    mass = np.bincount(place, counts)
    own = np.bincount(place, counts * found)
    inside = _slopes(mass, own)
    outside = 1 - _slopes(mass[::-1], (mass - own)[::-1])[::-1]
    return VennAbers(levels, np.concatenate([[0.0], outside]), np.concatenate([inside, [1.0]]))


def _logs(proba: np.ndarray) -> np.ndarray:
    """ln p and −ln(1 − p), one in each line."""
    p = np.clip(proba, SMALLEST, 1 - SMALLEST)
    return np.stack([np.log(p), -np.log1p(-p)])


def _slopes(mass: np.ndarray, own: np.ndarray) -> np.ndarray:
    """What isotonic regression says of one more row of the class at each level (n_levels,)."""
    across, up = (np.concatenate([[0.0], np.cumsum(values)]) for values in (mass, own))
    before = _hull(across, up)
    after = len(mass) - _hull(-across[::-1], up[::-1])[::-1]
    left, right = np.arange(len(mass)), np.arange(1, len(mass) + 1)

    def slope(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (up[b] - up[a] + 1) / (across[b] - across[a] + 1)

    moved = np.arange(len(mass))
    while len(moved):
        a, b = left[moved], right[moved]
        b_next = np.minimum(after[b], len(mass))
        further = slope(a, b_next) < slope(a, b)
        b = np.where(further, b_next, b)
        a_next = np.maximum(before[a], 0)
        back = slope(a_next, b) > slope(a, b)
        left[moved], right[moved] = np.where(back, a_next, a), b
        moved = moved[further | back]
    return slope(left, right)


def _hull(across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """For each point the one before it on the lower hull of all points up to it; −1 for the first."""
    x, y, before = across.tolist(), up.tolist(), [-1] * len(across)
    for j in range(1, len(x)):
        k = j - 1
        while (i := before[k]) >= 0 and (y[k] - y[i]) * (x[j] - x[i]) >= (y[j] - y[i]) * (x[k] - x[i]):
            k = i
        before[j] = k
    return np.array(before)
