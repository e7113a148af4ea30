"""How far the distribution of a column in one group lies from that in another."""

from __future__ import annotations

import numpy as np

from core.numerics.information import gamma_tail, information, null_counts

MEAN_OF_KOLMOGOROV = 0.8687311606361592
"""``√(π/2) ln 2``: the mean of the largest gap of two empirical distributions, in units of ``1/√n``."""


def effective_size(weights: np.ndarray) -> float:
    """As how many equally weighted rows weighted rows count, ``(Σ w)² / Σ w²``.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.7.
    """
    square = float((weights**2).sum())
    return float(weights.sum()) ** 2 / square if square else 0.0


def largest_gap(own: np.ndarray, rest: np.ndarray) -> tuple[int, float, float]:
    """Where two distributions over ordered levels lie furthest apart (Kolmogorov and Smirnov).

    Parameters
    ----------
    own, rest : ndarray (n_levels,)
        Weight at each level, with a positive sum.

    Returns
    -------
    level : int
        The last level below the cut.
    own_below, rest_below : float
        The shares up to that level.
    """
    own, rest = np.cumsum(own) / own.sum(), np.cumsum(rest) / rest.sum()
    at = int(np.abs(own - rest).round(12).argmax())
    return at, float(own[at]), float(rest[at])


def gap_tail(distance: float, n_own: float, n_rest: float) -> float:
    """The chance of a gap at least as large when both groups have one distribution; too large for columns with few values.

    ``Q((√n + 0.12 + 0.11/√n) D)`` with ``n = n_own n_rest / (n_own + n_rest)`` and Q the tail of Kolmogorov's distribution.

    References
    ----------
    Kolmogorov (1933), Giornale dell'Istituto Italiano degli Attuari 4. Stephens (1970), Journal of the Royal Statistical Society B 32.
    """
    from scipy.special import kolmogorov

    root = np.sqrt(n_own * n_rest / (n_own + n_rest))
    return float(kolmogorov((root + 0.12 + 0.11 / root) * distance))


def gap_by_chance(tail: float, n_own: float, n_rest: float) -> tuple[float, float]:
    """The mean gap when both groups have one distribution, and the gap that is exceeded with chance ``tail``; at most 1."""
    from scipy.special import kolmogi

    root = np.sqrt(n_own * n_rest / (n_own + n_rest))
    limit = kolmogi(tail) / (root + 0.12 + 0.11 / root)
    return min(MEAN_OF_KOLMOGOROV / float(root), 1.0), min(float(limit), 1.0)


def variation(own: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Total variation of two distributions over levels, ``½ Σ |p − q|``: the share of rows that would have to move.

    Parameters
    ----------
    own, rest : ndarray (..., n_levels)
        Weight at each level.
    """
    p, q = (x / np.maximum(x.sum(axis=-1, keepdims=True), 1e-300) for x in (own, rest))
    return np.abs(p - q).sum(axis=-1) / 2


def variation_by_chance(
    own: np.ndarray, rest: np.ndarray, tail: float, n_draws: int, random_state: int
) -> tuple[float, float, float]:
    """What total variation chance gives when the rows of both groups are dealt anew, and how unlikely the table is.

    The chance is that of the information (see ``information``) of level and group among the redealt tables, as a gamma tail.

    Parameters
    ----------
    own, rest : ndarray of int (n_levels,)
        Rows at each level.
    tail : float
        For the limit.
    n_draws : int
    random_state : int
        Seed.

    Returns
    -------
    mean, limit, p : float
        The mean, and the normal limit that is exceeded with chance ``tail``; at most 1.
    """
    from scipy.special import ndtri

    table = np.column_stack([own, rest]).astype(np.int64)
    drawn = null_counts(table.sum(axis=1)[None, :], table.sum(axis=0), n_draws, random_state)[0]
    told, equal = information(drawn, np.ones(2)), np.ones(2)
    value = information(table, equal)
    p = gamma_tail(np.array([value]), np.array([told.mean()]), np.array([told.std()]))[0]
    moved = variation(drawn[:, :, 0], drawn[:, :, 1])
    return float(moved.mean()), min(float(moved.mean() - ndtri(tail) * moved.std()), 1.0), float(p)


def ordered_area(own: np.ndarray, rest: np.ndarray, n_own: float, n_rest: float) -> tuple[float, float]:
    """The chance that a row of the first group has a higher value than one of the second, equal ones counting one half.

    With the placements ``V = G(x) + g(x)/2`` of each group in the other, the squared error is ``Var(V_own)/n_own + Var(V_rest)/n_rest``.

    Parameters
    ----------
    own, rest : ndarray (n_levels,)
        Weight at each level, with a positive sum.
    n_own, n_rest : float
        As how many rows each group counts.

    Returns
    -------
    area, error : float

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44.
    """
    p, q = own / own.sum(), rest / rest.sum()
    in_rest, in_own = np.cumsum(q) - q / 2, np.cumsum(p) - p / 2
    area = float(p @ in_rest)
    spread = (p @ in_rest**2 - area**2) / n_own + (q @ in_own**2 - (1 - area) ** 2) / n_rest
    return area, float(np.sqrt(max(spread, 0.0)))
