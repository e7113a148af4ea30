"""A linear model that is trained by a loss of ours, from the coefficients of the plain one."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from core.learners.loss import Loss
from core.learners.scored_rows import ScoredRows
from core.numerics.softmax_linear import penalised, with_constant

CLOSE = {"ftol": 1e-12, "gtol": 1e-7}
"""Where the descent ends: relative change of the mean loss, and its gradient in the units of its curvature."""

FLATTEST = 1e-3
"""The least second derivative of a row that these units count on."""


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
    rows, X = ScoredRows(loss, codes, weight, np.float64), with_constant(Z)
    total = rows.mass.sum()
    share, ridge = np.ones(len(codes)) / total if weight is None else weight / total, penalty / total

    def terms(raw: np.ndarray) -> tuple[float, np.ndarray]:
        found = rows.terms(raw.T)
        return share @ found.value, (found.gradient * share).T

    bend = np.maximum(np.abs(rows.terms((X @ start).T).hessian), FLATTEST)
    unit = 1 / np.sqrt((X * X).T @ (bend * share).T + ridge)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = penalised(_even(flat.reshape(start.shape) * unit).ravel(), X, terms, ridge)
        return value, (_even(slope.reshape(start.shape)) * unit).ravel()

    options = {"maxiter": max_iter, **CLOSE}
    found = minimize(objective, (start / unit).ravel(), jac=True, method="L-BFGS-B", options=options)
    return _even(found.x.reshape(start.shape) * unit)


def _even(B: np.ndarray) -> np.ndarray:
    """Coefficients of several classes with sum 0 in every column, which leaves the loss as it is and is best for the penalty."""
    return B - B.mean(axis=1, keepdims=True) if B.shape[1] > 1 else B
