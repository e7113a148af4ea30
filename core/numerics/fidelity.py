"""How far made rows lie from real ones: single columns, whole rows, and what chance gives at the same sizes."""

from __future__ import annotations

import numpy as np


def largest_gap(first: np.ndarray, second: np.ndarray) -> float:
    """The largest distance between two distribution functions (Kolmogorov–Smirnov); both samples are without gaps and not empty."""
    values = np.concatenate([first, second])
    steps = [np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (first, second)]
    return float(np.abs(steps[0] - steps[1]).max())


def gap_p(gap: float, n: float, m: float) -> float:
    """How often chance gives a gap at least as large between samples of n and m independent rows (asymptotic, Stephens' correction).

    References
    ----------
    Stephens (1970), Journal of the Royal Statistical Society B 32.
    """
    from scipy.special import kolmogorov

    root = np.sqrt(n * m / (n + m))
    return float(kolmogorov((root + 0.12 + 0.11 / root) * gap))


def total_variation(first: np.ndarray, second: np.ndarray) -> float:
    """Half the sum of the differences of two shares, from counts (n_levels,)."""
    return float(np.abs(first / max(first.sum(), 1) - second / max(second.sum(), 1)).sum() / 2)


def total_variation_p(
    value: float, pooled: np.ndarray, n: int, m: int, rng: np.random.Generator, n_draws: int
) -> float:
    """How often samples of n and m rows from one source, whose counts are ``pooled``, lie at least so far apart."""
    chance = pooled / pooled.sum()
    first, second = (rng.multinomial(size, chance, size=n_draws) / size for size in (n, m))
    apart = np.abs(first - second).sum(axis=1) / 2
    return float((1 + np.sum(apart >= value - 1e-12)) / (1 + n_draws))


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """The squared Fréchet distance of two normal distributions with the means and covariances of two samples (n, n_columns).

    ``‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2 (C₁ C₂)^½)``.

    References
    ----------
    Dowson and Landau (1982), Journal of Multivariate Analysis 12.
    """
    gap = first.mean(axis=0) - second.mean(axis=0)
    covariances = [np.atleast_2d(np.cov(part, rowvar=False)) for part in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    both = np.linalg.eigvalsh(root @ covariances[1] @ root)
    return float(gap @ gap + sum(map(np.trace, covariances)) - 2 * np.sqrt(np.maximum(both, 0)).sum())


def area(first: np.ndarray, second: np.ndarray) -> float:
    """The chance that a value of the first sample is larger than one of the second; equal ones count half."""
    return float(_above(first, second).mean())


def clustered_area(
    first: np.ndarray, second: np.ndarray, clusters: np.ndarray, others: np.ndarray | None = None
) -> tuple[float, float]:
    """The area of two samples, with a standard error where rows of the first, and of the second, belong together.

    Parameters
    ----------
    first, second : ndarray (n_first,), (n_second,)
    clusters : ndarray of int (n_first,)
    others : ndarray of int (n_second,) or None
        The same numbers; None where each row stands for itself.

    References
    ----------
    Obuchowski (1997), Biometrics 53.
    """
    own, foreign = _above(first, second), 1 - _above(second, first)
    value = float(own.mean())
    parts = np.bincount(clusters, (own - value) / len(first))
    if others is None:
        rest = (((foreign - value) / len(second)) ** 2).sum()
        return value, float(np.sqrt((parts**2).sum() + rest))
    size = max(len(parts), int(others.max()) + 1)
    rest = np.bincount(others, (foreign - value) / len(second), size)
    return value, float(np.sqrt(((np.pad(parts, (0, size - len(parts))) + rest) ** 2).sum()))


def area_spread(first: np.ndarray, second: np.ndarray, n_first: int) -> float:
    """Standard error of an area where chance alone is at work, ties and all, with ``n_first`` independent rows in the first sample."""
    ties = np.unique(np.concatenate([first, second]), return_counts=True)[1] / (len(first) + len(second))
    n, m = n_first, len(second)
    return float(np.sqrt(max((n + m + 1) / (12 * n * m) * (1 - (ties**3).sum()), 0.0)))


def within(real: np.ndarray, made: np.ndarray, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which real rows have a made row in their ball, and in how many balls each made row lies.

    Parameters
    ----------
    real, made : ndarray (n_real, n_columns), (n_made, n_columns)
        NaN is missing.
    radius : ndarray (n_real,)

    Returns
    -------
    covered : ndarray of bool (n_real,)
    balls : ndarray of int (n_made,)

    References
    ----------
    Naeem, Oh, Uh, Choi and Yoo (2020), International Conference on Machine Learning: density and coverage.
    """
    from core.numerics.neighbours import squared_distances

    inside = squared_distances(real, made) <= (radius**2)[:, None] * (1 + 1e-12)
    return inside.any(axis=1), inside.sum(axis=0)


def _above(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """For each value of the first sample the share of the second that is smaller, equal ones counted half."""
    order = np.sort(second)
    return (np.searchsorted(order, first, side="left") + np.searchsorted(order, first, side="right")) / 2 / len(second)
