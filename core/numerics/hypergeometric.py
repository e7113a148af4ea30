"""The exact test of a count: rows of a class among rows drawn without looking at the class."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

FAR = 2.0
"""Standard deviations from the mean beyond which the smaller tail is the outer one."""

REACH, FEWEST = 10.0, 50
"""Standard deviations, and terms, after which what is left of a tail is below the precision of a number."""

BLOCK = 1 << 19
"""Terms that are summed at once."""


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
    k, drawn, n_class = (np.asarray(x, dtype=float) for x in np.broadcast_arrays(k, drawn, n_class))
    shape, (k, drawn, n_class) = k.shape, (x.ravel() for x in (k, drawn, n_class))
    share = n_class / n
    mean, spread = drawn * share, np.sqrt(drawn * share * (1 - share) * (n - drawn) / max(n - 1, 1))
    above, below = k - mean > FAR * spread, mean - k > FAR * spread
    p = np.ones(k.shape)
    at = np.flatnonzero(~above)
    p[at] = lower_tail(k[at], n, drawn[at], n_class[at], spread[at])
    at = np.flatnonzero(~below)
    p[at] = np.minimum(p[at], lower_tail(drawn[at] - k[at], n, drawn[at], n - n_class[at], spread[at]))
    return np.minimum(2 * p, 1.0).reshape(shape)


def lower_tail(k: np.ndarray, n: int, drawn: np.ndarray, n_class: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """The chance of at most k rows of the class among those drawn: its terms from k downwards, each from the one before.

    ``P(j − 1) / P(j) = j (n − n_class − drawn + j) / ((n_class − j + 1) (drawn − j + 1))``.

    Parameters
    ----------
    k : ndarray of float (n_tests,)
        At most about two standard deviations above the mean: further up, terms beyond the reach would be left out.
    n : int
    drawn, n_class : ndarray of float (n_tests,)
    spread : ndarray (n_tests,)
        The standard deviation of the count.
    """
    tail, order = np.zeros(len(k)), np.argsort(spread, kind="stable")
    start = 0
    while start < len(order):
        n_terms = int(REACH * spread[order[start]]) + FEWEST
        at = order[start : start + max(1, BLOCK // n_terms)]
        n_terms = int(REACH * spread[at[-1]]) + FEWEST
        at = at[: max(1, BLOCK // n_terms)]
        tail[at] = _summed(k[at], n, drawn[at], n_class[at], int(REACH * spread[at[-1]]) + FEWEST)
        start += len(at)
    return tail


def _summed(k: np.ndarray, n: int, drawn: np.ndarray, n_class: np.ndarray, n_terms: int) -> np.ndarray:
    first = (
        _log_choose(n_class, k) + _log_choose(n - n_class, drawn - k) - _log_choose(np.full(len(k), float(n)), drawn)
    )
    j = k[:, None] - np.arange(min(n_terms, int(k.max()) if len(k) else 0))
    rest = (n - n_class - drawn)[:, None]
    ratio = np.maximum(j, 0) * np.maximum(rest + j, 0) / ((n_class[:, None] - j + 1) * (drawn[:, None] - j + 1))
    return np.minimum(np.exp(first) * (1 + np.cumprod(ratio, axis=1).sum(axis=1)), 1.0)


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
