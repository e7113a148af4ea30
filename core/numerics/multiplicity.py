"""Many tests read together: p-values raised so that the family as a whole keeps its level."""

from __future__ import annotations

import numpy as np


def holm(p: np.ndarray, n_tests: int | None = None) -> np.ndarray:
    """Adjust p-values step by step: the smallest times the number of tests, the next times one fewer, never falling.

    Parameters
    ----------
    p : ndarray (n,)
        NaN stays NaN and does not count as a test.
    n_tests : int, optional
        The number of tests when more were made than are given.

    Returns
    -------
    ndarray (n,)

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6.

    Examples
    --------
    >>> holm(np.array([0.01, 0.5, 0.02])).tolist()
    [0.03, 0.5, 0.04]
    """
    p = np.asarray(p, dtype=float)
    seen = np.flatnonzero(~np.isnan(p))
    order = seen[np.argsort(p[seen], kind="stable")]
    n_tests = max(n_tests or 0, len(order))
    raised = np.full(len(p), np.nan)
    raised[order] = np.maximum.accumulate(np.minimum(p[order] * (n_tests - np.arange(len(order))), 1.0))
    return raised
