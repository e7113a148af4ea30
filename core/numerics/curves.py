"""Curves of decisions over all thresholds: what is found, at what price, and what chance would do.

``found`` and ``alarms`` (..., n_cuts) are rows of the class, and other rows, at or above each cut of a ranking, from none to all, as
``core.numerics.ranked_rows.RankedRows.above`` counts them. Leading axes are draws.
"""

from __future__ import annotations

import numpy as np

from core.numerics.apportion import largest_remainder

ROUNDING = 1e-12


def recall_at_alarm_rate(found: np.ndarray, alarms: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """The ROC curve: recall (..., n_rates) where a share of the other rows lies above the cut, straight between cuts."""
    return _between(alarms / alarms[..., -1:], found / found[..., -1:], rates)


def found_among_checked(found: np.ndarray, alarms: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The gain curve: recall (..., n_shares) where a share of all rows lies above the cut; divided by the share it is the lift."""
    taken = found + alarms
    return _between(taken / taken[..., -1:], found / found[..., -1:], shares)


def precision_at_recall(found: np.ndarray, alarms: np.ndarray, recalls: np.ndarray) -> np.ndarray:
    """The precision (..., n_recalls) at the highest cut whose recall reaches a value above 0."""
    recall, precision = found / found[..., -1:], _precision(found, alarms)
    wanted = recalls * (1 - ROUNDING)
    flat = zip(recall.reshape(-1, recall.shape[-1]), precision.reshape(-1, recall.shape[-1]), strict=True)
    values = np.array([p[np.minimum(np.searchsorted(r, wanted), len(r) - 1)] for r, p in flat])
    return values.reshape(*recall.shape[:-1], len(recalls))


def recall_within(found: np.ndarray, alarms: np.ndarray, rate: float) -> np.ndarray:
    """The largest recall (...) of a cut with at most this share of the other rows above it."""
    inside = alarms <= rate * (1 + ROUNDING) * alarms[..., -1:]
    return np.where(inside, found, 0.0).max(axis=-1) / found[..., -1]


def rates_at(
    cuts: np.ndarray, found: np.ndarray, alarms: np.ndarray, thresholds: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Recall and the share of other rows (..., n_thresholds) at or above thresholds."""
    place = np.searchsorted(-cuts, -np.atleast_1d(thresholds), side="right") - 1
    return (found / found[..., -1:])[..., place], (alarms / alarms[..., -1:])[..., place]


def average_precision(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """``Σ (R_k − R_{k−1}) P_k`` (...) over the cuts."""
    return (np.diff(found, axis=-1) * _precision(found, alarms)[..., 1:]).sum(axis=-1) / found[..., -1]


def roc_area(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """The area under the ROC curve (...): the chance that a row of the class is ranked above another one, ties counting half."""
    middle = (found[..., 1:] + found[..., :-1]) / 2
    return (np.diff(alarms, axis=-1) * middle).sum(axis=-1) / (found[..., -1] * alarms[..., -1])


def net_benefit(
    cuts: np.ndarray,
    found: np.ndarray,
    alarms: np.ndarray,
    thresholds: np.ndarray,
    reached: np.ndarray | None = None,
) -> np.ndarray:
    """The decision curve: ``TP / n − FP / n · t / (1 − t)`` (..., n_thresholds) when rows at or above the probability t are taken.

    A threshold t says that one miss costs ``(1 − t) / t`` false alarms. Taking no row has net benefit 0. ``reached`` (n_thresholds,) is the
    same thresholds on the scale of ``cuts``, where that was learned at another prevalence.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26.
    """
    place = np.searchsorted(-cuts, -(thresholds if reached is None else reached), side="right") - 1
    n = found[..., -1:] + alarms[..., -1:]
    return (found[..., place] - alarms[..., place] * thresholds / (1 - thresholds)) / n


def net_benefit_of_all(prevalence: float, thresholds: np.ndarray) -> np.ndarray:
    """The net benefit of taking every row."""
    return prevalence - (1 - prevalence) * thresholds / (1 - thresholds)


def normalised_cost(miss_rate: np.ndarray, alarm_rate: np.ndarray, probability_cost: np.ndarray) -> np.ndarray:
    """The cost curve of one cut: ``(1 − recall) · x + alarm rate · (1 − x)`` (..., n_points), 1 being the cost of erring on every row.

    ``x = π C / (π C + 1 − π)`` where π is the prevalence and one miss costs C false alarms. Taking all rows costs 1 − x, taking none x.

    References
    ----------
    Drummond and Holte (2006), Machine Learning 65.
    """
    miss_rate, alarm_rate = (np.asarray(rate)[..., None] for rate in (miss_rate, alarm_rate))
    return miss_rate * probability_cost + alarm_rate * (1 - probability_cost)


def least_normalised_cost(found: np.ndarray, alarms: np.ndarray, probability_cost: np.ndarray) -> np.ndarray:
    """The lowest cost curve (n_points,) that any cut of one ranking has at each point; the cut must be known to reach it."""
    recall, rate = found / found[-1], alarms / alarms[-1]
    corners = np.append(
        np.flatnonzero(np.diff(recall, prepend=-1.0) > 0), len(recall) - 1
    )  # elsewhere only alarms are added
    parts = np.array_split(corners, 1 + len(corners) // 1000)
    costs = [normalised_cost(1 - recall[part], rate[part], probability_cost).min(axis=0) for part in parts]
    return np.min(costs, axis=0)


def probability_cost(prevalence: float, miss_cost: float) -> float:
    """The place on the cost curve: ``π C / (π C + 1 − π)``."""
    return prevalence * miss_cost / (prevalence * miss_cost + 1 - prevalence)


def expected_random_precision(n_class: int, n_rest: int) -> float:
    """The mean average precision of a random ranking, ``(H_n + (n₊ − 1) (n − H_n) / (n − 1)) / n`` with ``H_n = Σ 1 / k``.

    It is a little above the prevalence when rows are few. The formula is the mean of ``Σ P_k / n₊`` over all orders.

    References
    ----------
    Bestgen (2015), Pattern Recognition Letters 58.

    Examples
    --------
    >>> round(expected_random_precision(1, 1), 3)
    0.75
    """
    n = n_class + n_rest
    harmonic = float((1 / np.arange(1, n + 1)).sum()) if n < 1_000_000 else float(np.log(n) + np.euler_gamma)
    return (harmonic + (n_class - 1) / max(n - 1, 1) * (n - harmonic)) / n


def random_precisions(
    n_class: int, n_rest: int, n_draws: int, rng: np.random.Generator, odds: float = 1.0
) -> np.ndarray:
    """Average precision of random rankings (n_draws,).

    Parameters
    ----------
    n_class, n_rest : int
        Rows of the class and of the rest; at least one of the class.
    n_draws : int
    rng : numpy.random.Generator
    odds : float
        How many times as much a row of the rest counts as one of the class.
    """
    rank, draws = np.arange(1, n_class + 1), np.empty(n_draws)
    for k in range(n_draws):
        place = np.sort(rng.choice(n_class + n_rest, n_class, replace=False, shuffle=False)) + 1
        draws[k] = (rank / (rank + odds * (place - rank))).mean()
    return draws


def random_curves(
    n_class: int, n_rest: int, at: np.ndarray, n_draws: int, rng: np.random.Generator, odds: float = 1.0
) -> dict[str, np.ndarray]:
    """Curves of random rankings, each (n_draws, n_points), for what chance does at these class sizes.

    Parameters
    ----------
    n_class, n_rest : int
        Rows of the class and of the rest; at least one of the class.
    at : ndarray (n_points,)
        Recalls, false alarm rates or shares that are checked, above 0 and at most 1.
    n_draws : int
    rng : numpy.random.Generator
    odds : float
        How many times as much a row of the rest counts as one of the class.

    Returns
    -------
    dict of str to ndarray
        "precision" at each recall, "recall" at each false alarm rate, "found" at each share of rows that is checked.
    """
    rank = np.arange(1, n_class + 1)
    wanted = np.ceil(at * n_class * (1 - ROUNDING)).astype(int) - 1
    curves = {name: np.empty((n_draws, len(at))) for name in ("precision", "recall", "found")}
    for k in range(n_draws):
        place = np.sort(rng.choice(n_class + n_rest, n_class, replace=False, shuffle=False)) + 1
        before = place - rank
        taken = rank + odds * before
        curves["precision"][k] = (rank / taken)[wanted]
        curves["recall"][k] = np.searchsorted(before, at * n_rest, side="right") / n_class
        curves["found"][k] = (
            np.searchsorted(taken, at * (n_class + odds * n_rest) * (1 + ROUNDING), side="right") / n_class
        )
    return curves


def people(recall: float, alarm_rate: float, prevalence: float, of: int = 1000) -> dict[str, int]:
    """A confusion matrix in people: whole numbers that add up.

    Parameters
    ----------
    recall, alarm_rate : float
        Shares of the class, and of the rest, that are taken.
    prevalence : float
    of : int
        How many people in all.

    Returns
    -------
    dict of str to int
        "found", "missed", "false alarms", "rightly left".

    Examples
    --------
    >>> people(0.8, 0.1, 0.05)
    {'found': 40, 'missed': 10, 'false alarms': 95, 'rightly left': 855}
    """
    n_class, n_rest = largest_remainder(np.array([prevalence, 1 - prevalence]), of)
    found, missed = largest_remainder(np.array([recall, 1 - recall]), n_class)
    alarms, left = largest_remainder(np.array([alarm_rate, 1 - alarm_rate]), n_rest)
    return {"found": int(found), "missed": int(missed), "false alarms": int(alarms), "rightly left": int(left)}


def _precision(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    taken = found + alarms
    return np.divide(found, taken, out=np.zeros(np.shape(found)), where=taken > 0)


def _between(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The upper end where the curve is upright; straight lines elsewhere."""
    flat = zip(x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1]), strict=True)
    values = np.empty((x.size // x.shape[-1], len(at)))
    for k, (own, up) in enumerate(flat):
        last = np.append(own[1:] > own[:-1], True)
        values[k] = np.interp(at, own[last], up[last])
    return values.reshape(*x.shape[:-1], len(at))
