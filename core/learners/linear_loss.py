"""A linear model that is trained by a loss of ours, from the coefficients of the plain one."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from core.learners.loss import Loss
from core.numerics.loss_terms import indicator
from core.numerics.softmax_linear import penalised, with_constant

CLOSE = {"ftol": 1e-12, "gtol": 1e-7}
"""Where the descent ends: relative change of the mean loss, and its gradient in the units of its curvature."""

FLATTEST = 1e-3
"""The least second derivative of a row that the first steps count on."""


def descended(
    start: np.ndarray,
    Z: np.ndarray,
    codes: np.ndarray,
    loss: Loss,
    *,
    weight: np.ndarray | None,
    penalty: float,
    max_iter: int,
) -> np.ndarray:
    """Coefficients (n_columns + 1, n_scores), the constant last, at a minimum of ``Σ_i w_i loss_i + penalty / 2 · ‖B‖²``.

    All rows are one batch, so nothing is remembered from step to step, and a schedule stands at its end. A loss that is not convex
    may have several minima; the one that is found lies downhill from the start. Coefficients are counted in units of the
    curvature at the start, so that columns of other scales are reached in as few steps.

    Parameters
    ----------
    start : ndarray (n_columns + 1, n_scores)
        With two classes one column: the score of the second against the first.
    Z : ndarray (n_samples, n_columns)
    codes : ndarray of int (n_samples,)
    loss : Loss
        Told what it asks for.
    weight : ndarray (n_samples,) or None
    penalty : float
    max_iter : int
        Steps at most.
    """
    given = np.ones(len(codes)) if weight is None else np.asarray(weight, dtype=float)
    mass, total = np.bincount(codes, given), given.sum()
    own, share = indicator(codes, len(mass)), given / total
    groups = loss.told.get("groups")
    more = {"groups": np.asarray(groups)} if groups is not None and len(groups) == len(codes) else {}
    known = loss.known(mass, weight=None if weight is None else (share * len(codes))[None], **more)
    scores, kept = np.zeros_like(own), start.shape[1]

    def terms(raw: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        scores[-kept:] = raw.T
        found = loss(scores, own, known)
        return share @ found.value, (found.gradient[-kept:] * share).T, (found.hessian[-kept:] * share).T

    X, ridge = with_constant(Z), penalty / total
    bend = (X * X).T @ np.maximum(np.abs(terms(X @ start)[2]), FLATTEST * share[:, None])
    unit = 1 / np.sqrt(bend + ridge)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = penalised(_even(flat.reshape(start.shape) * unit).ravel(), X, lambda raw: terms(raw)[:2], ridge)
        return value, (_even(slope.reshape(start.shape)) * unit).ravel()

    options = {"maxiter": max_iter, **CLOSE}
    found = minimize(objective, (start / unit).ravel(), jac=True, method="L-BFGS-B", options=options)
    return _even(found.x.reshape(start.shape) * unit)


def _even(B: np.ndarray) -> np.ndarray:
    """Coefficients of several classes with sum 0 in every column, which leaves the loss as it is and is best for the penalty."""
    return B - B.mean(axis=1, keepdims=True) if B.shape[1] > 1 else B
