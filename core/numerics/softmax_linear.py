"""Linear classifiers by any differentiable loss, and the one with class weights, a shift of its scores while training, and a cost for mistakes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from core.numerics.freed_memory import keep_freed

RIDGE, MOST_STEPS, TOLERANCE = 1e-3, 150, 1e-4
"""Weight of the squared coefficients, steps of the solver at most, and the gradient at which it stops."""


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Softmax of scores (n_samples, n_classes), one class after the other in memory.

    Examples
    --------
    >>> probabilities(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    across = np.ascontiguousarray(scores.T)
    powers = across - across.max(axis=0)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=0)
    return powers.T


def expected_cost(proba: np.ndarray, codes: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """``Σ_k p_k C[y, k]`` for each row: what the prediction costs on average if it is drawn from its probabilities.

    With the uniform cost, ``C = 1 − I``, this is ``1 − p_y``: a penalty for unsureness that knows nothing of distances.

    Examples
    --------
    >>> expected_cost(np.array([[0.7, 0.2, 0.1]]), np.array([0]), 1 - np.eye(3)).round(3).tolist()
    [0.3]
    """
    return (proba * _of_rows(cost, codes)).sum(axis=1)


def _of_rows(cost: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """``cost[codes]``, one class after the other in memory, as ``probabilities`` are."""
    return cost.T.take(codes, axis=1).T


def loss_and_gradient(
    flat: np.ndarray, X: np.ndarray, codes: np.ndarray, weight: np.ndarray, shift: np.ndarray, cost: np.ndarray
) -> tuple[float, np.ndarray]:
    """Cross-entropy of the shifted scores plus the expected cost of the unshifted ones, with its gradient.

    ``Σ_i w_i (−log softmax(z_i + shift)_y + Σ_k softmax(z_i)_k C[y, k]) + RIDGE / 2 · ‖B‖²``, with scores ``z = X B``; the weights
    add up to 1, and the last column of X, the constant, is not penalised. The gradient of the cost by z_j is ``p_j (C[y, j] − Σ_k p_k C[y, k])``.

    Parameters
    ----------
    flat : ndarray (n_features · n_classes,)
        The coefficients B.
    X : ndarray (n_samples, n_features)
    codes : ndarray of int (n_samples,)
    weight : ndarray (n_samples,)
    shift : ndarray (n_classes,)
    cost : ndarray (n_classes, n_classes)
        0 for plain cross-entropy.
    """
    places = np.arange(len(codes))

    def shifted_and_costly(scores: np.ndarray) -> tuple[float, np.ndarray]:
        slope = probabilities(scores + shift)
        loss = -(weight * np.log(np.maximum(slope[places, codes], 1e-300))).sum()
        slope[places, codes] -= 1
        if cost.any():
            proba = probabilities(scores)
            mean = expected_cost(proba, codes, cost)
            loss += weight @ mean
            slope += proba * (_of_rows(cost, codes) - mean[:, None])
        slope *= weight[:, None]
        return loss, slope

    return penalised(flat, X, shifted_and_costly, RIDGE)


def penalised(
    flat: np.ndarray, X: np.ndarray, terms: Callable[[np.ndarray], tuple[float, np.ndarray]], ridge: float
) -> tuple[float, np.ndarray]:
    """A loss of the scores ``X B`` plus ``ridge / 2 · ‖B‖²``, with its gradient; the last row of B, the constant, is not penalised.

    Parameters
    ----------
    flat : ndarray (n_features · n_scores,)
        The coefficients B.
    X : ndarray (n_samples, n_features)
    terms : callable
        The loss and its gradient by the scores (n_samples, n_scores), in sum over the rows.
    ridge : float
    """
    B = flat.reshape(X.shape[1], -1)
    loss, slope = terms(X @ B)
    free = B.copy()
    free[-1] = 0
    return float(loss + ridge / 2 * (free**2).sum()), (X.T @ slope + ridge * free).ravel()


def fit(
    X: np.ndarray,
    codes: np.ndarray,
    n_classes: int,
    *,
    weight: np.ndarray | None = None,
    shift: np.ndarray | None = None,
    cost: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Fit the coefficients (n_features + 1, n_classes), the constant last.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
    codes : ndarray of int (n_samples,)
    n_classes : int
    weight : ndarray (n_samples,) or None
        Weights of the rows; equal without.
    shift : ndarray (n_classes,) or None
        Added to the scores while training and not afterwards. The logarithm of the class shares makes the classes count the same:
        logit adjustment, or balanced softmax. The reverse sign would all but forbid the rare classes.
    cost : ndarray (n_classes, n_classes) or None
        Cost of taking the class of the row for that of the column.
    start : ndarray or None
        Coefficients to start from.

    References
    ----------
    Menon et al. (2021), International Conference on Learning Representations. Ren et al. (2020), Neural Information Processing Systems.
    """
    keep_freed()
    ones = with_constant(X)
    weight = np.ones(len(X)) if weight is None else weight
    shift = np.zeros(n_classes) if shift is None else shift
    cost = np.zeros((n_classes, n_classes)) if cost is None else cost
    first = np.zeros((ones.shape[1], n_classes)) if start is None else start
    rows = (ones, codes, weight / weight.sum(), shift, cost)
    options = {"maxiter": MOST_STEPS, "gtol": TOLERANCE}
    found = minimize(loss_and_gradient, first.ravel(), rows, method="L-BFGS-B", jac=True, options=options)
    return found.x.reshape(first.shape)


def with_constant(X: np.ndarray) -> np.ndarray:
    """The columns and a column of ones."""
    return np.hstack([X, np.ones((len(X), 1))])
