"""What focal loss makes of probabilities: its optimum in closed form, and the way back.

For a row whose classes have probabilities p, focal loss ``−Σ p_i (1 − q_i)^γ ln q_i`` is smallest at q with
``q_i / p_i = g(q_i) / λ``, ``g(q) = (1 − q)^{γ − 1} [(1 − q) − γ q ln q]``. These identities are our derivation from the
definition of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
