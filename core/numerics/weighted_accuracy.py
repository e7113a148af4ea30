"""What decisions cost, as a number between 0 and 1: weighted accuracy, total cost, and the weight that joins the two. Pure array functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import digamma, expit, log_expit, polygamma

EMBLEMATIC = ("call all", "call none", "bad", "bad on others", "bad on class")
"""Decisions that an analyst can rank; the bad ones get a given share of the rows wrong: of both sides, of the others, of the class."""

KNOWN_LITTLE = 2.0, 2.0
"""The Beta density of a weight of which nothing is known."""

N_STEPS, REACH = 2001, 40.0
"""Points of a sum over log-odds, and how far the density falls at its ends, as a power of e."""


def cost_weight(ratio: np.ndarray | float) -> np.ndarray | float:
    """The weight of a class of which one miss costs as much as ``ratio`` false alarms: ``ρ / (1 + ρ)``, the cost of a miss over that of both errors.

    Examples
    --------
    >>> cost_weight(9.0)
    0.9
    """
    return ratio / (1 + ratio)


def cost_ratio(weight: np.ndarray | float) -> np.ndarray | float:
    """How many false alarms one miss costs at a weight below 1: ``w / (1 − w)``."""
    return weight / (1 - weight)


def total_cost(
    missed: np.ndarray | float, alarms: np.ndarray | float, ratio: np.ndarray | float, least: np.ndarray | float = 0.0
) -> np.ndarray | float:
    """Total classification cost in false alarms: ``ρ · missed + alarms``, more than what right decisions cost (``least``)."""
    return ratio * missed + alarms + least


def weighted_accuracy(
    found: np.ndarray | float,
    quiet: np.ndarray | float,
    n_class: np.ndarray | float,
    n_rest: np.ndarray | float,
    weight: np.ndarray | float,
) -> np.ndarray | float:
    """The weighted share of right decisions: ``(w · found + (1 − w) · quiet) / (w · n_class + (1 − w) · n_rest)``.

    Where every miss costs the same, and every false alarm, it is ``1 − (cost − least) / (most − least)`` at the weight that the costs
    imply. So it ranks decisions on the same rows exactly as their total cost does, the cheapest first. At .5 it is the plain accuracy.

    Parameters
    ----------
    found : ndarray or float
        Rows of the class that are called so.
    quiet : ndarray or float
        Other rows that are not called so.
    n_class, n_rest : ndarray or float
        Rows of the class, and others.
    weight : ndarray or float
        From 0 to 1, see ``cost_weight``.

    Examples
    --------
    Calling none is right on 80 of 100 rows, and costly all the same.

    >>> weighted_accuracy(np.array([0, 15]), np.array([80, 50]), 20, 80, 0.9).round(3)
    array([0.308, 0.712])

    References
    ----------
    Lombardo et al. (2026), Cost-sensitive evaluation for binary classifiers, arXiv 2510.22016.
    """
    return (weight * found + (1 - weight) * quiet) / (weight * n_class + (1 - weight) * n_rest)


def most_cost(n_class: np.ndarray | float, n_rest: np.ndarray | float, ratio: np.ndarray | float) -> np.ndarray | float:
    """The total cost, above the least, of getting every row wrong."""
    return total_cost(n_class, n_rest, ratio)


def expected_weighted_accuracy(
    found: np.ndarray | float,
    quiet: np.ndarray | float,
    n_class: np.ndarray | float,
    n_rest: np.ndarray | float,
    density: tuple[float, float] = KNOWN_LITTLE,
) -> np.ndarray | float:
    """The mean weighted accuracy over a Beta density of the weight, for costs that are not known exactly.

    Weighted accuracy is ``g(w) · found / n_class + (1 − g(w)) · quiet / n_rest`` with ``g(w) = w · n_class / (w · n_class + (1 − w) · n_rest)``,
    so only the mean of g is needed. With ``r = n_class / n_rest`` it is ``r · α / (α + β) · ₂F₁(1, α + 1; α + β + 1; 1 − r)``, our own step; it is
    summed here, as the series fails for narrow densities. The H-measure averages costs and their limits apart, and is another number.

    Parameters
    ----------
    found, quiet, n_class, n_rest : ndarray or float
        As for ``weighted_accuracy``; both sides have rows.
    density : tuple of float
        α and β of the weight.

    References
    ----------
    Lombardo et al. (2026), arXiv 2510.22016, equation 7. Hand (2009), Machine Learning 77, for Beta(2, 2).
    """
    share = _mean_share(np.asarray(n_class, dtype=float) / n_rest, *density)
    return share * found / n_class + (1 - share) * quiet / n_rest


def _mean_share(ratio: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """The mean of ``r w / (r w + 1 − w)``, summed over the log-odds of w, where the density is smooth whatever α and β are."""
    centre, spread = digamma(alpha) - digamma(beta), np.sqrt(polygamma(1, alpha) + polygamma(1, beta))
    left, right = (12 * spread + REACH / power for power in (alpha, beta))
    odds = np.linspace(centre - left, centre + right, N_STEPS)
    log_density = alpha * log_expit(odds) + beta * log_expit(-odds)
    density = np.exp(log_density - log_density.max())
    return expit(np.log(ratio)[..., None] + odds) @ (density / density.sum())


def density_of(mean: float, spread: float) -> tuple[float, float]:
    """α and β of the Beta density with this mean and standard deviation: ``α = m² (1 − m) / s² − m``, ``β = α (1 − m) / m``.

    Raises
    ------
    ValueError
        No density between 0 and 1 is spread so far.

    Examples
    --------
    >>> tuple(round(value, 6) for value in density_of(0.5, 0.05**0.5))
    (2.0, 2.0)
    """
    if not (0 < mean < 1 and 0 < spread**2 < mean * (1 - mean)):
        raise ValueError(f"no Beta density has mean {mean:g} and standard deviation {spread:g}")
    alpha = mean**2 * (1 - mean) / spread**2 - mean
    return alpha, alpha * (1 - mean) / mean


def weight_at_use(
    weight: np.ndarray | float, prevalence: np.ndarray | float, at_use: np.ndarray | float
) -> np.ndarray | float:
    """The weight on the rows in hand that judges for another prevalence: ``R₊ w / (R₊ w + R₋ (1 − w))``.

    ``R₊`` is the prevalence at use over that in hand, ``R₋`` the same of the other rows. One less this weight is the threshold
    of least cost on probabilities that are true for the rows in hand.

    Parameters
    ----------
    weight : ndarray or float
        As the costs imply it.
    prevalence, at_use : ndarray or float
        The share of the class among the rows in hand, and where the decisions will be used.

    Examples
    --------
    >>> round(weight_at_use(0.9, 0.5, 0.05), 4)
    0.3214
    """
    own, others = weight * at_use / prevalence, (1 - weight) * (1 - at_use) / (1 - prevalence)
    return own / (own + others)


def implied_ratio(
    weight: np.ndarray | float, prevalence: np.ndarray | float, at_use: np.ndarray | float
) -> np.ndarray | float:
    """How many false alarms a weight on the rows in hand says that one miss is worth at use: ``w / (1 − w) · R₋ / R₊``, the inverse of ``weight_at_use``.

    Plain accuracy has the weight .5, and accuracy on classes at parity the weight 1 less the prevalence.

    Examples
    --------
    >>> implied_ratio(0.5, 0.2, 0.2)
    1.0
    """
    return weight / (1 - weight) * ((1 - at_use) / (1 - prevalence)) * (prevalence / at_use)


def parity_ratio(prevalence: np.ndarray | float) -> np.ndarray | float:
    """How many false alarms a miss costs when classes brought to parity are decided at .5: the other rows per row of the class.

    This is the prevalence at use where it differs from the table's: calibrated odds times N / P reach 1 where they reach P / N in hand, which
    is the cheapest cut when ``ρ`` is ``(1 − r) / r`` at use. The step to another prevalence is our inference.
    """
    return (1 - prevalence) / prevalence


def prevalence_of_accuracy(weight: np.ndarray | float, at_use: np.ndarray | float) -> np.ndarray | float:
    """The prevalence in hand at which plain accuracy ranks as costs at use do: ``t w / (1 − t − w + 2 t w)``.

    Examples
    --------
    >>> prevalence_of_accuracy(0.5, 0.2)
    0.2
    """
    both = at_use * weight
    return both / (1 - at_use - weight + 2 * both)


def emblematic(wrong: float = 0.6) -> np.ndarray:
    """Recall and specificity (5, 2) of the decisions in ``EMBLEMATIC``."""
    right = 1 - wrong
    return np.array([[1, 0], [0, 1], [right, right], [1, right], [right, 1]], dtype=float)


def comparison_bounds(order: Sequence[int], prevalence: float, wrong: float = 0.6) -> np.ndarray:
    """What each comparison of an order of the emblematic decisions says about the weight.

    "A is worse than B" means ``w P · Δrecall + (1 − w) N · Δspecificity ≥ 0``, with the differences B less A: one inequality, linear in w.

    Parameters
    ----------
    order : sequence of int
        Positions in ``EMBLEMATIC``, the worst first; two or more.
    prevalence : float
        The share of the class, between 0 and 1.
    wrong : float
        Which share of the rows the bad ones get wrong; above 0, below 1.

    Returns
    -------
    ndarray (n_pairs, 4)
        Worse, better, and the least and the greatest weight that agrees, for neighbours and all others; 1 and 0 where none does, as what
        is called better is right on no row that the other gets wrong.
    """
    rates, rows = emblematic(wrong), []
    for i, worse in enumerate(order):
        for better in order[i + 1 :]:
            own, others = rates[better] - rates[worse]
            rows.append((worse, better, *_bounds(own * prevalence, others * (1 - prevalence))))
    return np.array(rows, dtype=float)


def _bounds(own: float, others: float) -> tuple[float, float]:
    """The weights where ``w · own + (1 − w) · others`` is not below 0."""
    if min(own, others) >= 0:
        return 0.0, 1.0
    if max(own, others) <= 0:
        return 1.0, 0.0
    cut = others / (others - own)
    return (cut, 1.0) if own > 0 else (0.0, cut)


def weights_of_order(order: Sequence[int], prevalence: float, wrong: float = 0.6) -> tuple[float, float] | None:
    """The weights that rank the emblematic decisions as an analyst does; None where none does.

    Every comparison is linear in the weight, so what agrees with all of them is one interval.

    Parameters
    ----------
    order, prevalence, wrong
        As for ``comparison_bounds``.

    Examples
    --------
    >>> low, high = weights_of_order([0, 2, 1, 3, 4], 0.05)
    >>> round(low, 3), round(high, 3)
    (0.919, 0.927)

    References
    ----------
    Lombardo et al. (2026), arXiv 2510.22016, appendix A.
    """
    bounds = comparison_bounds(order, prevalence, wrong)
    low, high = float(bounds[:, 2].max()), float(bounds[:, 3].min())
    return (low, high) if low <= high else None


def possible_orders(prevalence: float, wrong: float = 0.6) -> list[tuple[tuple[int, ...], float, float]]:
    """Every order of the emblematic decisions that some weight agrees with, and the band of that weight; from 0 to 1 without gaps."""
    pairs = np.array([(a, b) for a in range(5) for b in range(a + 1, 5)])
    own, others = (emblematic(wrong)[pairs[:, 1]] - emblematic(wrong)[pairs[:, 0]]).T * [[prevalence], [1 - prevalence]]
    crossing = own * others < 0
    cuts = np.unique(np.concatenate([[0, 1], (others[crossing] / (others - own)[crossing]).round(12)]))
    middle = (cuts[1:] + cuts[:-1]) / 2
    values = weighted_accuracy(
        prevalence * emblematic(wrong)[:, :1],
        (1 - prevalence) * emblematic(wrong)[:, 1:],
        prevalence,
        1 - prevalence,
        middle,
    )
    orders = np.argsort(values, axis=0, kind="stable").T
    return [
        (tuple(order.tolist()), float(low), float(high))
        for order, low, high in zip(orders, cuts, cuts[1:], strict=False)
    ]
