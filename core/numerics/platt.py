"""A line through log-odds, after Platt: where on the scale of a model's own scores a true probability lies."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

SMALLEST = 1e-7
N_STEPS = 100
CLOSE = 1e-10


def platt_line(score: np.ndarray, found: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Slope a and intercept c of ``P(class) = σ(a · logit(score) + c)``.

    Fitted by Newton's steps to Platt's targets, ``(n₊ + 1) / (n₊ + 2)`` for a row of the class and ``1 / (n₋ + 2)`` for another one, which keep the line
    finite where one cut parts the two.

    Parameters
    ----------
    score : ndarray (n_samples,)
        Probabilities of the class by a model that had not seen the rows.
    found : ndarray of bool (n_samples,)
        Whether a row belongs to the class; both happen.
    weight : ndarray (n_samples,) or None
        How many rows each one counts as; None counts each once.

    References
    ----------
    Platt (1999), Advances in Large Margin Classifiers.
    """
    counts = np.ones(len(score)) if weight is None else weight
    design = np.column_stack([logit(np.clip(score, SMALLEST, 1 - SMALLEST)), np.ones(len(score))])
    n_own, n_other = counts[found].sum(), counts[~found].sum()
    target = np.where(found, (n_own + 1) / (n_own + 2), 1 / (n_other + 2))
    line = np.array([0.0, logit((counts @ target) / counts.sum())])
    loss = _loss(design, target, counts, line)
    for _ in range(N_STEPS):
        p = expit(design @ line)
        slope, bend = design.T @ (counts * (p - target)), (design.T * (counts * p * (1 - p))) @ design
        step = np.linalg.solve(bend + 1e-12 * np.trace(bend) * np.eye(2), slope)
        while (after := _loss(design, target, counts, line - step)) > loss and np.abs(step).max() > CLOSE:
            step = step / 2
        line, loss = line - step, after
        if np.abs(step).max() <= CLOSE * (1 + np.abs(line).max()):
            break
    return float(line[0]), float(line[1])


def raw_threshold(share: float, slope: float, intercept: float) -> float:
    """The score from which on the line of ``platt_line`` reaches a probability; all rows or none do where it does not rise."""
    if slope <= 0:
        return 0.0 if expit(intercept) >= share else 1.0
    return float(expit((logit(share) - intercept) / slope))


def _loss(design: np.ndarray, target: np.ndarray, counts: np.ndarray, line: np.ndarray) -> float:
    score = design @ line
    return float(counts @ (np.logaddexp(0, score) - target * score))
