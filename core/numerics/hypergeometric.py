"""The exact test of a count: rows of a class among rows drawn without looking at the class."""

from __future__ import annotations

import numpy as np
from scipy.stats import hypergeom

FAR = 2.0
"""Standard deviations from the mean beyond which the smaller tail is the outer one."""


def two_sided(k: np.ndarray, n: int, drawn: np.ndarray, n_class: np.ndarray | int) -> np.ndarray:
    """Twice the smaller tail of the hypergeometric distribution, at most 1.

    Parameters
    ----------
    k : ndarray of int
        Rows of the class among those drawn.
    n : int
        All rows.
    drawn : ndarray of int
        Rows drawn, of the shape of k.
    n_class : int or ndarray of int
        Rows of the class.

    Returns
    -------
    ndarray
        p-values, of the shape of k.
    """
    k, drawn, n_class = np.broadcast_arrays(k, drawn, n_class)
    share = n_class / n
    mean, spread = drawn * share, np.sqrt(drawn * share * (1 - share) * (n - drawn) / max(n - 1, 1))
    above, below = k - mean > FAR * spread, mean - k > FAR * spread
    p = np.ones(k.shape)
    for at, tail, shift in ((~above, hypergeom.cdf, 0), (~below, hypergeom.sf, -1)):
        p[at] = np.minimum(p[at], tail(k[at] + shift, n, drawn[at], n_class[at]))
    return np.minimum(2 * p, 1.0)
