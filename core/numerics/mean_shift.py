"""Where rows go when they follow the weighted mean of rows in a similar direction."""

from __future__ import annotations

import numpy as np

BLOCK = 2_000
"""Rows that move at once."""


def directions(Z: np.ndarray) -> np.ndarray:
    """Rows (n, n_features) at unit length; a row of zeros stays."""
    length = np.sqrt((Z**2).sum(axis=1, keepdims=True))
    return Z / np.where(length > 0, length, 1)


def weights_towards(P: np.ndarray, Z: np.ndarray, tau: float) -> np.ndarray:
    """Weights (n_points, n_rows) ``w_i ∝ exp(z_i · P / tau)`` of rows Z, for each point P; each row of weights sums to 1."""
    closeness = P @ Z.T / tau
    weights = np.exp(closeness - closeness.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def shift_points(
    start: np.ndarray, pool: np.ndarray, values: np.ndarray, tau: float, rate: float, steps: int
) -> np.ndarray:
    """Move points by mean shift on the sphere, and average the rows that they come to.

    ``P ← norm((1 − rate) P + rate · norm(Σ w_i z_i))`` with ``w_i ∝ exp(z_i · P / tau)``, ``steps`` times; then ``Σ w_i x_i`` of the values
    x of the pool.

    Parameters
    ----------
    start : ndarray (n_points, n_features)
        Directions to start from, of unit length.
    pool : ndarray (n_rows, n_features)
        Directions z of the rows.
    values : ndarray (n_rows, n_values)
        What is averaged in the end; NaN is left out.
    tau : float
        Small: only rows in the same direction count.
    rate : float
        Between 0 (points stay) and 1.
    steps : int

    Returns
    -------
    ndarray (n_points, n_values)
        NaN where no row has a value.
    """
    filled = np.isnan(values)
    seen, known = (~filled).astype(float), np.where(filled, 0, values)
    out = np.empty((len(start), values.shape[1]))
    for low in range(0, len(start), BLOCK):
        P = start[low : low + BLOCK]
        for _ in range(steps):
            P = directions((1 - rate) * P + rate * directions(weights_towards(P, pool, tau) @ pool))
        weights = weights_towards(P, pool, tau)
        share = weights @ seen
        out[low : low + BLOCK] = np.where(share > 0, weights @ known / np.where(share > 0, share, 1), np.nan)
    return out


def tail_rates(sizes: np.ndarray, momentum: float = 0.9) -> np.ndarray:
    """How fast the prototype of each class moves: ``(1 − momentum) · (1 / n_c) / mean(1 / n)``, at most 1; rare classes move most.

    Examples
    --------
    >>> tail_rates(np.array([900, 100])).round(2).tolist()
    [0.02, 0.18]
    """
    inverse = 1 / np.maximum(np.asarray(sizes, dtype=float), 1)
    return np.minimum(1.0, (1 - momentum) * inverse / inverse.mean())
