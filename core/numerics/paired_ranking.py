"""Two rankings of the same rows, compared with groups of rows drawn anew."""

from __future__ import annotations

import numpy as np

CELLS = 4_000_000


def draw_groups(group: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each row counts when whole groups are drawn with replacement.

    Parameters
    ----------
    group : ndarray of int (n_samples,)
        The group of each row, 0 … n_groups − 1.
    n_draws : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int (n_draws, n_samples)
    """
    n_groups = int(group.max()) + 1
    return rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_draws)[:, group]


def weighted_average_precision(scores: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Average precision ``Σ (R_i − R_{i−1}) P_i`` of one ranking under several weightings of its rows.

    Parameters
    ----------
    scores : ndarray (n_samples,)
        Rows of equal score count together.
    positive : ndarray of bool (n_samples,)
    weight : ndarray (n_draws, n_samples)
        At least 0.

    Returns
    -------
    ndarray (n_draws,)
        NaN where no positive row has a weight.

    Examples
    --------
    >>> scores, positive = np.array([0.9, 0.8, 0.1]), np.array([True, False, True])
    >>> weighted_average_precision(scores, positive, np.array([[1, 1, 1], [1, 0, 1]])).round(3)
    array([0.833, 1.   ])
    """
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    own = np.flatnonzero(positive[order])
    steps = np.searchsorted(last, own)  # only scores that a positive row has add to the sum
    ends, first = last[np.unique(steps)] + 1, np.flatnonzero(np.diff(steps, prepend=-1))
    starts = np.concatenate([[0], ends[:-1]])
    if not len(own):
        return np.full(len(weight), np.nan)
    values, step = np.empty(len(weight)), max(1, CELLS // len(scores))
    exact = np.int64 if weight.dtype.kind in "iu" else np.float64
    for start in range(0, len(weight), step):
        part = np.take(weight[start : start + step], order[: ends[-1]], axis=1)
        seen = np.add.reduceat(part, starts, axis=1, dtype=exact).cumsum(axis=1)
        gained = np.add.reduceat(np.take(part, own, axis=1), first, axis=1, dtype=exact)
        hits = gained.cumsum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            values[start : start + step] = (gained * hits / np.maximum(seen, 1e-12)).sum(axis=1) / hits[:, -1]
    return values


def weighted_share(hit: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The share of hits under several weightings (n_draws, n_samples) of the rows; NaN where no row has a weight."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return weight @ hit.astype(float) / weight.sum(axis=1)
