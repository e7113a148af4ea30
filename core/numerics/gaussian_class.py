"""One class as a normal distribution, learned from rows with gaps, and rows drawn from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class Gaussian(NamedTuple):
    """A normal distribution: ``mean + root · standard normal``.

    Parameters
    ----------
    mean : ndarray (n_features,)
    root : ndarray (n_features, n_features)
        The covariance is ``root @ root.T``.
    shrinkage : float
        How far correlations were drawn towards 0, between 0 and 1.
    """

    mean: np.ndarray
    root: np.ndarray
    shrinkage: float


def gaussian(Z: np.ndarray) -> Gaussian:
    """Learn mean and covariance from rows with gaps.

    Means and variances are those of the cells that are filled, correlations ``r`` those of the rows in which both cells are. Correlations are drawn
    towards 0 by ``min(1, Σ (1 − r²)² / (n − 1) / Σ r²)``, the sums over pairs of columns and n the rows that a pair shares; the
    numerator is the sampling variance of r. Negative eigenvalues, which only gaps can cause, are set to 0, and the variances
    restored. Nothing is filled in and nothing iterated.

    Parameters
    ----------
    Z : ndarray (n_samples, n_features)
        Comparable units; NaN is missing. A column without two values has variance 0.

    References
    ----------
    Schäfer and Strimmer (2005), Statistical Applications in Genetics and Molecular Biology 4, for the shrinkage; the plug-in variance
    of r is that of normal data.
    """
    seen = ~np.isnan(Z)
    n = seen.sum(axis=0)
    mean = np.where(seen, Z, 0).sum(axis=0) / np.maximum(n, 1)
    centred = np.where(seen, Z - mean, 0)
    spread = np.sqrt((centred**2).sum(axis=0) / np.maximum(n - 1, 1))
    shared, square = seen.T.astype(float) @ seen, (centred**2).T @ seen
    scale = np.sqrt(square * square.T)
    r = np.divide(centred.T @ centred, scale, out=np.zeros_like(scale), where=scale > 1e-12)
    r = np.where((spread[:, None] > 0) & (spread > 0) & (shared > 2), np.clip(r, -1, 1), 0.0)
    np.fill_diagonal(r, 0)
    pairs = (r != 0) & (shared > 2)
    noise = np.sum((1 - r[pairs] ** 2) ** 2 / (shared[pairs] - 1))
    shrinkage = float(min(1.0, noise / np.sum(r[pairs] ** 2))) if pairs.any() else 1.0
    r = (1 - shrinkage) * r
    np.fill_diagonal(r, 1)
    values, vectors = np.linalg.eigh(r)
    root = vectors * np.sqrt(np.maximum(values, 0))
    root /= np.sqrt(np.maximum((root**2).sum(axis=1, keepdims=True), 1e-12))
    return Gaussian(mean, root * spread[:, None], shrinkage)


def cut_in_two(drawn: np.ndarray, found: Gaussian, column: int, share: float, eps: float) -> np.ndarray:
    """Which draws (n,) of one column lie above the point that a share of its normal distribution exceeds."""
    spread = np.sqrt((found.root[column] ** 2).sum() + eps)
    return drawn > found.mean[column] - spread * ndtri(share)
