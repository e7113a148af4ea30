"""Weights of classes by their sizes, and the weight of every row."""

from __future__ import annotations

import numpy as np

from core.numerics.loss_terms import RAREST, of_counts, of_own


def effective_number(counts: np.ndarray, beta: float) -> np.ndarray:
    """``(1 − β^n) / (1 − β)``: n rows count for so many when every row overlaps a little with those before it.

    Examples
    --------
    >>> effective_number(np.array([1.0, 10.0, 1e6]), 0.9).round(2).tolist()
    [1.0, 6.51, 10.0]
    """
    if beta <= 0:
        return np.ones_like(counts)
    return -np.expm1(counts * np.log(beta)) / (1 - beta)


def per_class(weights: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of classes (…, n_classes, 1), scaled to mean 1 over the rows."""
    return weights * (counts.sum(axis=-2, keepdims=True) / (weights * counts).sum(axis=-2, keepdims=True))


@of_counts
def inverse_power(counts: np.ndarray, exponent: float) -> np.ndarray:
    """``n_c^{−exponent}``, scaled to mean 1 over the rows."""
    held = np.maximum(counts, RAREST * counts.sum(axis=-2, keepdims=True))
    return per_class(held**-exponent, held)


@of_counts
def inverse_effective(counts: np.ndarray, beta: float) -> np.ndarray:
    """One over the effective number of rows, scaled to mean 1 over the rows."""
    held = np.maximum(counts, RAREST * counts.sum(axis=-2, keepdims=True))
    return per_class(1 / effective_number(held, beta), held)


def of_rows(weights: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The weight of the class of each row, (…, 1, n_samples), in the type of ``own``."""
    return of_own(weights.astype(own.dtype, copy=False), own)
