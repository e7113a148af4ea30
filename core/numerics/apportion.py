"""Whole numbers that follow shares and add up."""

from __future__ import annotations

import numpy as np


def largest_remainder(shares: np.ndarray, total: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Divide a total into whole numbers in proportion to shares, by largest remainder.

    Parameters
    ----------
    shares : ndarray (n,)
        Not negative; all equal when they sum to 0.
    total : int
        What the numbers add up to.
    rng : numpy.random.Generator or None
        Decides between equal remainders; without it the first come first.

    Returns
    -------
    ndarray of int (n,)

    Examples
    --------
    >>> largest_remainder(np.array([1.0, 1.0, 2.0]), 10).tolist()
    [3, 2, 5]
    """
    shares = np.asarray(shares, dtype=float)
    shares = shares / shares.sum() if shares.sum() > 0 else np.full(len(shares), 1 / max(1, len(shares)))
    exact = shares * total
    counts = np.floor(np.round(exact, 9)).astype(int)
    tie = np.zeros(len(shares)) if rng is None else rng.random(len(shares))
    order = np.lexsort((tie, -np.round(exact - counts, 9)))
    counts[order[: total - counts.sum()]] += 1
    return counts
