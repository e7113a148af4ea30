"""How much one column tells about the class, in bits, and how much chance alone would."""

from __future__ import annotations

import numpy as np

MOST_AT_ONCE = 10**9
"""Rows up to which all levels are dealt by one call."""


def entropy(shares: np.ndarray) -> np.ndarray:
    """Shannon entropy in bits along the last axis, ``−Σ p log₂ p``."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -np.where(shares > 0, shares * np.log2(shares), 0.0).sum(axis=-1)


def information(counts: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """Mutual information of level and class in bits.

    ``I = H(level) + H(class) − H(level, class)`` with the shares ``p_bc = w_c n_bc / Σ w_c n_bc``.

    Parameters
    ----------
    counts : ndarray (..., n_levels, n_classes)
        Rows by level and class.
    standing : ndarray (n_classes,)
        How many rows of the table one row of each class stands for.

    Returns
    -------
    ndarray (...,)

    References
    ----------
    Shannon (1948), Bell System Technical Journal 27.
    """
    mass = counts * standing
    p = mass / np.maximum(mass.sum(axis=(-2, -1), keepdims=True), 1e-300)
    joint = entropy(p.reshape(*p.shape[:-2], -1))
    of_level = sum(p[..., c] for c in range(p.shape[-1]))  # quicker than a sum along a short axis
    return np.maximum(entropy(of_level) + entropy(p.sum(axis=-2)) - joint, 0.0)


def information_error(counts: np.ndarray, standing: np.ndarray) -> np.ndarray:
    """Standard error of the information in bits, at fixed class sizes, by the delta method.

    ``Σ_c π_c² Var_b(log₂ p_b|c / p_b) / n_c`` is its square: a class adds what its own rows say, and those are independent.

    Parameters
    ----------
    counts : ndarray (n_levels, n_classes)
        Rows by level and class.
    standing : ndarray (n_classes,)

    Returns
    -------
    float
    """
    sizes = counts.sum(axis=0)
    mass = counts * standing
    share = mass.sum(axis=0) / max(mass.sum(), 1e-300)
    own = counts / np.maximum(sizes, 1)
    pooled = (own * share).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.where(own > 0, np.log2(own / pooled), 0.0)
    spread = (own * told**2).sum(axis=0) - (own * told).sum(axis=0) ** 2
    return float(np.sqrt((share**2 * np.maximum(spread, 0) / np.maximum(sizes, 1)).sum()))


def null_counts(level_sizes: np.ndarray, class_sizes: np.ndarray, n_draws: int, random_state: int) -> np.ndarray:
    """Tables of level and class with the labels in random order: both margins stay, so nothing has to be shuffled.

    Rows of a level are dealt to the classes from what is left of each (hypergeometric), level after level. That is exactly what a
    permutation of all labels does to the table, at a cost that does not grow with the rows.

    Parameters
    ----------
    level_sizes : ndarray of int (n_columns, n_levels)
        Rows of each level; a column with fewer levels ends in zeros.
    class_sizes : ndarray of int (n_classes,)
        Rows of each class; each column's levels add up to the same number.
    n_draws : int
    random_state : int
        Seed.

    Returns
    -------
    ndarray of int (n_columns, n_draws, n_levels, n_classes)
    """
    rng = np.random.default_rng(random_state)
    n_columns, n_levels = level_sizes.shape
    if len(class_sizes) == 2 and sum(class_sizes) < MOST_AT_ONCE:
        own = [
            rng.multivariate_hypergeometric(sizes, class_sizes[1], n_draws, method="marginals") for sizes in level_sizes
        ]
        return np.stack([level_sizes[:, None] - own, own], axis=-1)
    drawn = np.zeros((n_columns, n_draws, n_levels, len(class_sizes)), dtype=np.int64)
    left = np.tile(np.asarray(class_sizes, dtype=np.int64), (n_columns, n_draws, 1))
    for b in range(n_levels):
        need = np.tile(level_sizes[:, b, None].astype(np.int64), (1, n_draws))
        rest = left.sum(axis=2)
        for c in range(len(class_sizes) - 1):
            rest = rest - left[:, :, c]
            drawn[:, :, b, c] = rng.hypergeometric(left[:, :, c], rest, need)
            need -= drawn[:, :, b, c]
        drawn[:, :, b, -1] = need
        left -= drawn[:, :, b]
    return drawn


def gamma_tail(value: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """The chance that a gamma variable of this mean and standard deviation reaches a value.

    Parameters
    ----------
    value, mean, deviation : ndarray (n,)
        Where the deviation is 0 the chance is 1.

    Returns
    -------
    ndarray (n,)

    References
    ----------
    Mielke and Berry (2007), Permutation Methods, for tails of permutation tests from the moments of few draws.
    """
    from scipy.special import gammaincc

    flat = (deviation <= 1e-12 * np.maximum(mean, 1e-300)) | (mean <= 0)
    safe = np.where(flat, 1.0, deviation)
    shape = np.where(flat, 1.0, (mean / safe) ** 2)
    return np.where(flat, 1.0, gammaincc(shape, np.maximum(value, 0) * np.where(flat, 1.0, mean) / safe**2))


def gamma_limit(tail: float, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """The value that a gamma variable of this mean and standard deviation exceeds with chance ``tail``."""
    from scipy.special import gammainccinv

    flat = (deviation <= 1e-12 * np.maximum(mean, 1e-300)) | (mean <= 0)
    safe, middle = np.where(flat, 1.0, deviation), np.where(flat, 1.0, mean)
    return np.where(flat, mean, gammainccinv((middle / safe) ** 2, tail) * safe**2 / middle)
