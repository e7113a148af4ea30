"""Focal loss: its value and derivatives, its optimum in closed form, and the way back from it to probabilities.

For a row whose classes have probabilities p, focal loss ``−Σ p_i (1 − q_i)^γ ln q_i`` is smallest at q with
``q_i / p_i = g(q_i) / λ``, ``g(q) = (1 − q)^{γ − 1} [(1 − q) − γ q ln q]``. These identities are our derivation from the
definition of the loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.numerics.loss_terms import Terms, of_own, of_own_probability

LARGEST_LOGIT = 60.0


@dataclass(frozen=True)
class Peak:
    """Where ``g`` bends.

    Parameters
    ----------
    at : float
        Probability ``u_max`` with the largest value.
    height : float
        That value, ``g_max``.
    back : float
        Probability ``u_c`` at which g has come back to 1.
    """

    at: float
    height: float
    back: float


def gain(q: np.ndarray, gamma: float) -> np.ndarray:
    """``g(q)``: 1 at 0, up to a peak, and 0 at 1; everywhere 1 for gamma 0."""
    q = np.asarray(q, dtype=float)
    rest = 1 - q
    inner = np.where((q > 0) & (q < 1), q, 0.5)
    bent = -gamma * inner * np.log(inner) / (1 - inner)
    return rest**gamma * (1 + np.where(q <= 0, 0.0, np.where(q >= 1, gamma, bent)))


def peak(gamma: float) -> Peak:
    """The peak of g, and where g has come back to 1; gamma must be above 0."""
    from scipy.optimize import brentq, minimize_scalar

    found = minimize_scalar(
        lambda q: -float(gain(q, gamma)), bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}
    )
    back = brentq(lambda q: float(gain(q, gamma)) - 1, found.x, 1 - 1e-12)
    return Peak(float(found.x), float(-found.fun), float(back))


def focal_optimum(p: np.ndarray, gamma: float) -> tuple[np.ndarray, float]:
    """Where focal loss is smallest, and its multiplier.

    Parameters
    ----------
    p : ndarray (n_classes,)
        Probabilities above 0 that add up to 1.
    gamma : float
        0 or more; 0 is cross-entropy, whose optimum is p.

    Returns
    -------
    q : ndarray (n_classes,)
    lam : float
        λ: classes with ``g(q) > λ`` are amplified, the others suppressed.
    """
    from scipy.optimize import brentq

    p = np.asarray(p, dtype=float)
    log_lam = brentq(lambda x: float(_solved(p / np.exp(x), gamma).sum()) - 1, -20.0, 5.0, xtol=1e-15, rtol=1e-15)
    q = _solved(p / np.exp(log_lam), gamma)
    return q / q.sum(), float(np.exp(log_lam))


def undo_focal(q: np.ndarray, gamma: float) -> np.ndarray:
    """Probabilities p whose focal optimum is q: ``p_i ∝ q_i / g(q_i)`` along the last axis.

    Parameters
    ----------
    q : ndarray (…, n_classes)
        Probabilities of a model trained with focal loss, each below 1.
    gamma : float
    """
    odds = np.asarray(q, dtype=float) / gain(q, gamma)
    return odds / odds.sum(axis=-1, keepdims=True)


def _solved(target: np.ndarray, gamma: float) -> np.ndarray:
    """q with ``q / g(q) = target``, by bisection of its log-odds; the left side grows with q."""
    low, high = np.full(target.shape, -LARGEST_LOGIT), np.full(target.shape, LARGEST_LOGIT)
    log_target = np.log(target)
    for _ in range(64):
        x = (low + high) / 2
        above = _log_ratio(x, gamma) > log_target
        low, high = np.where(above, low, x), np.where(above, x, high)
    return 1 / (1 + np.exp(-(low + high) / 2))


def _log_ratio(x: np.ndarray, gamma: float) -> np.ndarray:
    """``ln(q / g(q))`` at log-odds x, exact near both ends."""
    log_q, log_rest = -np.logaddexp(0, -x), -np.logaddexp(0, x)
    return log_q - gamma * log_rest - np.log1p(-gamma * log_q * np.exp(log_q - log_rest))


def power(base: np.ndarray, exponent: np.ndarray | float) -> np.ndarray:
    """``base^exponent`` for numbers not below 0, by products where the exponent is whole and small.

    Examples
    --------
    >>> power(np.array([0.5]), 3.0).tolist(), power(np.array([0.25]), 0.5).tolist(), power(np.array([0.0]), 0).tolist()
    ([0.125], [0.5], [1.0])
    """
    if np.ndim(exponent) or exponent % 0.5 or exponent > 6:
        return base**exponent
    found = np.sqrt(base) if exponent % 1 else None
    for _ in range(int(exponent)):
        found = base if found is None else found * base
    return np.ones_like(base) if found is None else found


def focal_curve(
    log_p: np.ndarray, gamma: np.ndarray | float, margin: np.ndarray | float | None = None
) -> tuple[np.ndarray, np.ndarray, Callable[[], np.ndarray]]:
    """``−s^γ ln(1 − s)`` with ``s = max(1 − p − m, 0)``, and its first and second derivative by ln p.

    With ``r = −ln(1 − s) / s`` and ``ρ = p / (1 − s)`` the slope is ``−s^γ (γ p r + ρ)`` and the bend
    ``slope + s^{γ − 1} [γ (γ − 1) p² r + 2 γ p ρ] + s^γ ρ²``: no power of s stands below a fraction that it does not outweigh.

    Parameters
    ----------
    log_p : ndarray
        Logarithm of the probability p of the own class.
    gamma : ndarray or float
    margin : ndarray, float or None
        m: rows whose p is less than this below 1 do not count at all; None for 0.

    Returns
    -------
    value, slope : ndarray
    bend : callable
        Gives the second derivative.
    """
    p, rest, ratio, log_kept = np.exp(log_p), -np.expm1(log_p), 1.0, log_p
    tiny = np.finfo(rest.dtype).eps / 4
    if margin is not None:
        none, rest = np.equal(margin, 0), np.maximum(rest - margin, 0)
        log_kept = np.where(none, log_p, np.log1p(-np.where(none, 0, rest)))
        ratio = np.where((rest > 0) | none, np.exp(log_p - log_kept), 0).astype(rest.dtype, copy=False)
    s = np.maximum(rest, tiny)
    weight = power(s, gamma)
    pull = -gamma * p * log_kept / s
    slope = -weight * (pull + ratio)
    return -weight * log_kept, slope, lambda: _bend((p, s, weight), (pull, ratio), gamma, slope)


def focal_terms(
    log_proba: np.ndarray,
    own: np.ndarray,
    gamma: float,
    weight: np.ndarray | float = 1.0,
    *,
    proba: np.ndarray | None = None,
) -> Terms:
    """``−w (1 − p_y)^γ ln p_y`` row by row; gamma 0 is cross-entropy.

    Parameters
    ----------
    log_proba, own, weight, proba
        As ``core.numerics.loss_terms.of_own_probability`` takes them.
    gamma : float
    """
    log_p = of_own(log_proba, own)
    curve = focal_curve(log_p, gamma) if gamma else (-log_p, -1.0, 0.0)
    return of_own_probability(log_proba, own, *curve, weight, proba=proba)


def focal_pull(proba: np.ndarray, gamma: np.ndarray | float, margin: np.ndarray | float | None = None) -> np.ndarray:
    """``g`` of each class, exact near 0 and near 1, for ``core.numerics.loss_terms.carried_back``.

    Parameters
    ----------
    proba : ndarray (…, n_classes, n_samples)
    gamma, margin : ndarray or float
        As in ``focal_curve``.
    """
    if margin is None and np.ndim(gamma) == 0 and gamma == 0:
        return np.ones_like(proba)
    above = proba > 0.5
    others = np.where(above, np.where(above, 0, proba).sum(axis=-2, keepdims=True), 0.5)
    small = np.log(np.maximum(proba, np.finfo(proba.dtype).tiny))
    log_p = np.where(above, np.log1p(-others), small)
    return -focal_curve(log_p, gamma, margin)[1]


def _bend(
    near: tuple[np.ndarray, ...], factors: tuple[np.ndarray, ...], gamma: np.ndarray | float, slope: np.ndarray
) -> np.ndarray:
    """The second derivative of ``focal_curve``, from its own parts: (p, s, s^γ), (γ p r, ρ)."""
    (p, s, weight), (pull, ratio) = near, factors
    return slope + weight * (((gamma - 1) * p * pull + 2 * gamma * p * ratio) / s + ratio * ratio)
