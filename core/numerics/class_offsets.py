"""Offsets that are added to the scores of classes, learned so that every class counts the same."""

from __future__ import annotations

import numpy as np

FARTHEST = 12.0
"""How far a learned offset may go from 0."""

FEWEST = 10
"""Rows that a class needs for an offset of its own to be learned."""


def learned_offsets(
    log_proba: np.ndarray, codes: np.ndarray, shares: np.ndarray, weight: np.ndarray | None = None
) -> np.ndarray:
    """Offsets b that make the mean over classes of their mean log loss smallest, ``mean_c mean_{i: y_i = c} −log softmax(log p_i + b)_c``.

    This is convex. A class with fewer than ``FEWEST`` rows keeps the offset ``−log π_c`` of its share, measured from the mean over the other
    classes of ``b_c + log π_c``; its rows and its column are left out of the sum, so that no other class is pushed by it.

    Parameters
    ----------
    log_proba : ndarray (n_samples, n_classes)
        Logarithms of probabilities of rows that the model did not learn from.
    codes : ndarray of int (n_samples,)
        Classes.
    shares : ndarray (n_classes,)
        π, all above 0.
    weight : ndarray (n_samples,) or None
        How many rows each one stands for.

    Returns
    -------
    ndarray (n_classes,)
        Their mean is 0.

    References
    ----------
    SEVAL (2024), arXiv 2407.05370, whose released code searches by Nelder–Mead. The gradient and the rule for few rows are our own.
    """
    offsets = -np.log(np.asarray(shares, dtype=float))
    kept = np.flatnonzero(np.bincount(codes, minlength=len(shares)) >= FEWEST)
    if len(kept) >= 2:
        rows = np.flatnonzero(np.isin(codes, kept))
        position = np.searchsorted(kept, codes[rows])
        mass = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=float)[rows]
        mass = (mass / np.bincount(position, mass)[position]) / len(kept)
        found = _smallest(log_proba[np.ix_(rows, kept)], position, mass, offsets[kept])
        offsets[kept] = found + (offsets[kept] - found).mean()
    return offsets - offsets.mean()


def _smallest(log_proba: np.ndarray, codes: np.ndarray, mass: np.ndarray, start: np.ndarray) -> np.ndarray:
    from scipy.optimize import minimize

    each, own = np.arange(len(codes)), np.bincount(codes, mass)

    def objective(b: np.ndarray) -> tuple[float, np.ndarray]:
        scores = log_proba + b
        top = scores.max(axis=1, keepdims=True)
        powers = np.exp(scores - top)
        total = powers.sum(axis=1)
        value = mass @ (np.log(total) + top[:, 0] - scores[each, codes])
        return float(value), (mass / total) @ powers - own

    bounds = [(-FARTHEST, FARTHEST)] * len(start)
    begin = np.clip(start - start.mean(), -FARTHEST, FARTHEST)
    return minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-7}).x
