"""How closely columns go together: Spearman for numbers, Cramér for texts, the correlation ratio for one of each.

Every row may carry a weight, and a pair is measured on the rows that have both cells. All pairs come from a few products of matrices.
"""

from __future__ import annotations

import numpy as np

FIELLER = 1.06
"""Variance of Fisher's z of a rank correlation, times n − 3."""


def rank_correlation(A: np.ndarray, B: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of every column of A with every one of B, on the rows where both are filled.

    Parameters
    ----------
    A : ndarray (n_samples, n_a)
        Ranks, NaN where a cell is missing. The correlation of ranks is Spearman's; with gaps, ranks are those among
        the filled cells of each column.
    B : ndarray (n_samples, n_b)
    weights : ndarray (n_samples,)
        Not negative.

    Returns
    -------
    correlation : ndarray (n_a, n_b)
        NaN where a column has one rank only.
    weight : ndarray (n_a, n_b)
        The weight of the rows that have both cells.

    References
    ----------
    Spearman (1904), American Journal of Psychology 15.
    """
    (a, seen_a), (b, seen_b) = _filled(A), _filled(B)
    whole = weights[:, None]
    if seen_a.all() and seen_b.all():
        total = weights.sum()
        weight = np.full((A.shape[1], B.shape[1]), total)
        sum_a, sum_b = (weights @ a)[:, None], (weights @ b)[None, :]
        square_a, square_b = (weights @ a**2)[:, None], (weights @ b**2)[None, :]
    else:
        left, right = (seen_a * whole).T, seen_b.astype(float)
        weight = left @ right
        sum_a, sum_b = (a * whole).T @ right, left @ b
        square_a, square_b = (a**2 * whole).T @ right, left @ b**2
    product = (a * whole).T @ b
    safe = np.where(weight > 0, weight, 1.0)
    spread = (square_a - sum_a**2 / safe) * (square_b - sum_b**2 / safe)
    flat = spread <= 1e-18 * safe**2
    correlation = (product - sum_a * sum_b / safe) / np.sqrt(np.where(flat, 1.0, spread))
    return np.where(flat | (weight <= 0), np.nan, np.clip(correlation, -1, 1)), weight


def _filled(ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = ~np.isnan(ranks)
    return np.where(seen, ranks - 0.5, 0.0), seen


def one_hot(places: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Columns of zeros and ones, one per level of each text.

    Parameters
    ----------
    places : list of ndarray of int (n_samples,)
        The level of each row; negative is missing. Every number up to the largest occurs.

    Returns
    -------
    T : ndarray of float (n_samples, n_levels_in_all)
    starts : ndarray of int (n_texts,)
        The first column of each text.
    """
    widths = [int(place.max()) + 1 if len(place) else 0 for place in places]
    starts = np.cumsum([0, *widths])[:-1].astype(int)
    T = np.zeros((len(places[0]) if places else 0, sum(widths)))
    for place, start in zip(places, starts, strict=True):
        seen = np.flatnonzero(place >= 0)
        T[seen, start + place[seen]] = 1.0
    return T, starts


def joint_weights(places: list[np.ndarray], starts: np.ndarray, width: int, weights: np.ndarray) -> np.ndarray:
    """The weight of the rows that have both of two levels, ``(w T)ᵀ T``, by counting: quicker than the product for few texts of many levels.

    Parameters
    ----------
    places : list of ndarray of int (n_samples,)
        See ``one_hot``.
    starts : ndarray of int (n_texts,)
    width : int
        Levels in all.
    weights : ndarray (n_samples,)

    Returns
    -------
    ndarray (width, width)
    """
    table = np.zeros((width, width))
    for i, (place, start) in enumerate(zip(places, starts, strict=True)):
        seen = np.flatnonzero(place >= 0)
        own, mass = place[seen] * (width + 1), weights[seen]
        n_own = int(place.max(initial=-1)) + 1
        for other, begin in zip(places[i:], starts[i:], strict=True):
            flat = np.bincount(own + np.where(other[seen] >= 0, begin + other[seen], width), mass, n_own * (width + 1))
            part = flat.reshape(n_own, width + 1)[:, begin : begin + int(other.max(initial=-1)) + 1]
            table[start : start + n_own, begin : begin + part.shape[1]] = part
            table[begin : begin + part.shape[1], start : start + n_own] = part.T
    return table


def cramer(
    T: np.ndarray, starts: np.ndarray, weights: np.ndarray, shrink: float = 1.0, table: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Cramér's V of every pair of texts, with its bias taken off.

    ``φ² = χ² / n``; ``V = √(max(φ² − (k−1)(r−1)/(n−1), 0) / min(k̃−1, r̃−1))`` with ``k̃ = k − (k−1)²/(n−1)``.

    Parameters
    ----------
    T : ndarray (n_samples, n_levels_in_all)
        As ``one_hot`` returns it.
    starts : ndarray of int (n_texts,)
    weights : ndarray (n_samples,)
    shrink : float
        Rows that count per unit of weight: the effective number of rows over the sum of weights.
    table : ndarray (n_levels_in_all, n_levels_in_all), optional
        See ``joint_weights``; the product of T with itself unless given.

    Returns
    -------
    v, weight : ndarray (n_texts, n_texts)
        NaN where a text has one level only among the rows that have both.

    References
    ----------
    Bergsma (2013), Journal of the Korean Statistical Society 42.
    """
    if table is None:
        table = (T * weights[:, None]).T @ T
    of_text = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, T.shape[1])))
    margin = np.add.reduceat(table, starts, axis=1)
    weight = np.add.reduceat(margin, starts, axis=0)
    levels = np.add.reduceat((margin > 0).astype(float), starts, axis=0)
    rows = margin[:, of_text]
    expected = rows * rows.T
    fit = np.where(expected > 0, table**2 / np.where(expected > 0, expected, 1.0), 0.0)
    phi = np.add.reduceat(np.add.reduceat(fit, starts, axis=0), starts, axis=1) - 1
    n = np.maximum(weight * shrink, 2.0)
    k, r = levels, levels.T
    phi = np.maximum(phi - (k - 1) * (r - 1) / (n - 1), 0)
    least = np.minimum(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    flat = (least <= 1e-12) | (weight <= 0)
    return np.where(flat, np.nan, np.sqrt(np.minimum(phi / np.where(flat, 1.0, least), 1.0))), weight


def correlation_ratio(
    T: np.ndarray, starts: np.ndarray, ranks: np.ndarray, weights: np.ndarray, shrink: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """How much of the spread of the ranks of a number lies between the levels of a text, as a correlation.

    ``η² = Σ_l n_l (mean_l − mean)² / Σ (r − mean)²``, and with its bias taken off ``ε² = 1 − (1 − η²)(n − 1)/(n − k)``; what is
    returned is ``√max(ε², 0)``.

    Parameters
    ----------
    T : ndarray (n_samples, n_levels_in_all)
        As ``one_hot`` returns it.
    starts : ndarray of int (n_texts,)
    ranks : ndarray (n_samples, n_numbers)
        NaN where a cell is missing.
    weights : ndarray (n_samples,)
    shrink : float
        Rows that count per unit of weight.

    Returns
    -------
    ratio, weight : ndarray (n_texts, n_numbers)

    References
    ----------
    Kelley (1935), Proceedings of the National Academy of Sciences 21.
    """
    r, seen = _filled(ranks)
    heavy = (T * weights[:, None]).T
    total, size, square = np.split(heavy @ np.column_stack([r, seen, r**2]), 3, axis=1)
    within = np.where(size > 0, total**2 / np.where(size > 0, size, 1.0), 0.0)
    weight, sums, squares, between = (np.add.reduceat(x, starts, axis=0) for x in (size, total, square, within))
    levels = np.add.reduceat((size > 0).astype(float), starts, axis=0)
    middle = sums**2 / np.where(weight > 0, weight, 1.0)
    spread = squares - middle
    n = weight * shrink
    flat = (spread <= 1e-9 * np.maximum(weight, 1e-300)) | (levels < 2) | (n - levels <= 0)
    eta = np.where(flat, 0.0, (between - middle) / np.where(flat, 1.0, spread))
    ratio = 1 - (1 - eta) * (n - 1) / np.where(flat, 1.0, n - levels)
    return np.where(flat, np.nan, np.sqrt(np.clip(ratio, 0, 1))), weight


def fisher_error(n: np.ndarray) -> np.ndarray:
    """Standard error of Fisher's z of a rank correlation on n rows, ``√(1.06 / (n − 3))``; huge for fewer than 4."""
    return np.sqrt(FIELLER / np.maximum(n - 3, 1e-9))


def correlation_interval(value: np.ndarray, error: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a rank correlation, ``tanh(atanh ρ ± z · error)``, with the standard error of Fisher's z.

    References
    ----------
    Fieller, Hartley and Pearson (1957), Biometrika 44.
    """
    from scipy.special import ndtri

    reach = ndtri((1 + level) / 2) * error
    z = np.arctanh(np.clip(value, -1 + 1e-12, 1 - 1e-12))
    return np.tanh(z - reach), np.tanh(z + reach)


def rank_error(a: np.ndarray, b: np.ndarray, levels_a: np.ndarray, levels_b: np.ndarray, weights: np.ndarray) -> float:
    """Standard error of one rank correlation whatever the shape of the cloud, by its influence function.

    With the shares F and G below each row, ``ψ = F G + E[1{X ≥ x} G(Y)] + E[F(X) 1{Y ≥ y}]``, equal values counting one half, and the
    squared error ``Σ w² (ψ − ψ̄)² / (Σ w)² / (Var F · Var G)``.

    Parameters
    ----------
    a, b : ndarray (n_samples,)
        Ranks between 0 and 1; rows where one is NaN are left out.
    levels_a, levels_b : ndarray of int (n_samples,)
        The rank of each value among the different ones; -1 where it is missing.
    weights : ndarray (n_samples,)

    Returns
    -------
    float
        0 where a column does not vary.

    References
    ----------
    Hoeffding (1948), Annals of Mathematical Statistics 19, for rank statistics as averages of independent terms.
    """
    seen = (levels_a >= 0) & (levels_b >= 0)
    if not seen.all():
        a, b, weights, levels_a, levels_b = (x[seen] for x in (a, b, weights, levels_a, levels_b))
    w = weights
    if not len(w):
        return 0.0
    total = w.sum()
    spread = [float(w @ (x - w @ x / total) ** 2 / total) for x in (a, b)]
    if min(spread) <= 1e-12:
        return 0.0
    told = a * b + (_above(levels_a, w * b) + _above(levels_b, w * a)) / total
    told -= w @ told / total
    return float(np.sqrt((w**2 @ told**2) / total**2 / (spread[0] * spread[1])))


def _above(levels: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The mass at higher levels, and half of that at the same one, for each row."""
    at = np.bincount(levels, mass)
    return (at[::-1].cumsum()[::-1] - at / 2)[levels]


def correlations_differ(
    own: np.ndarray, own_error: np.ndarray, rest: np.ndarray, rest_error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Whether two independent rank correlations differ: the difference of Fisher's z in units of its standard error, and its p-value.

    Parameters
    ----------
    own, rest : ndarray (n,)
        Correlations; NaN gives NaN.
    own_error, rest_error : ndarray (n,)
        Standard errors of their Fisher's z.

    Returns
    -------
    z, p : ndarray (n,)
        Two-sided.

    References
    ----------
    Fisher (1921), Metron 1.
    """
    from scipy.special import ndtr

    own, rest = (np.arctanh(np.clip(x, -1 + 1e-12, 1 - 1e-12)) for x in (own, rest))
    z = (own - rest) / np.hypot(own_error, rest_error)
    return z, 2 * ndtr(-np.abs(z))
