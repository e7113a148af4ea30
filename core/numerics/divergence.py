"""Jensen–Shannon divergence in bits: from counts, and from the probabilities of a classifier."""

from __future__ import annotations

import numpy as np

FLOOR = 1e-6
"""Probabilities are kept this far from 0 and 1."""

MOST_BINS = 200


def from_counts(first: np.ndarray, second: np.ndarray, smoothing: float = 0.0) -> float:
    """Divergence of two samples counted in the same cells.

    Parameters
    ----------
    first, second : ndarray (n_cells,)
        Counts of each sample.
    smoothing : float
        Added to every cell.

    Returns
    -------
    float
        The squared Jensen–Shannon distance to base 2: 0 where both samples are spread alike, 1 where they share no cell.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37.
    """
    p, q = (np.asarray(counts, dtype=float) + smoothing for counts in (first, second))
    p, q = p / max(p.sum(), 1e-300), q / max(q.sum(), 1e-300)
    m = np.where(p + q > 0, (p + q) / 2, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / m), 0) + np.where(q > 0, q * np.log2(q / m), 0)
    return float(np.clip(terms.sum() / 2, 0, 1))


def beyond_chance(first: np.ndarray, second: np.ndarray) -> float:
    """Divergence of two samples counted in the same cells, less what chance gives at these sizes.

    Two samples of n and m rows from one source, spread over k cells, show (k − 1) (1/n + 1/m) / (8 ln 2) on average, to second
    order. The correction is ours: without it a rare class differs from every other one.

    Parameters
    ----------
    first, second : ndarray of int (n_cells,)

    Returns
    -------
    float
        From 0 to 1.
    """
    n, m, k = first.sum(), second.sum(), int(((first + second) > 0).sum())
    if not n or not m:
        return 0.0
    chance = max(k - 1, 0) * (1 / n + 1 / m) / (8 * np.log(2))
    return max(0.0, from_counts(first, second) - chance)


def of_numbers(first: np.ndarray, second: np.ndarray) -> float:
    """Divergence of two samples of one number beyond chance, by a histogram on bins that serve both.

    Parameters
    ----------
    first, second : ndarray (n_first,), (n_second,)
        NaN is a cell of its own.

    Returns
    -------
    float
        As ``beyond_chance``. Values beyond the 0.5 and 99.5 % quantiles share the end bins, so that one extreme value
        cannot stretch the bins; their number follows the smaller sample.
    """
    both = np.concatenate([first, second])
    seen = both[~np.isnan(both)]
    parts = [part[~np.isnan(part)] for part in (first, second)]
    gaps = [len(part) - len(known) for part, known in zip((first, second), parts, strict=True)]
    if not len(seen):
        return 0.0
    low, high = np.quantile(seen, [0.005, 0.995])
    n_bins = _n_bins(np.clip(seen, low, high), min(len(part) for part in parts))
    edges = np.histogram_bin_edges(np.clip(seen, low, high), n_bins)
    counts = [
        np.append(np.histogram(np.clip(part, low, high), edges)[0], gap) for part, gap in zip(parts, gaps, strict=True)
    ]
    return beyond_chance(*counts)


def _n_bins(values: np.ndarray, n_smaller: int) -> int:
    """The larger of Sturges' and of Freedman and Diaconis' number of bins, as numpy's "auto", for the smaller sample."""
    low, high = np.quantile(values, [0.25, 0.75])
    width, reach = 2 * (high - low) / max(n_smaller, 1) ** (1 / 3), np.ptp(values)
    fine = np.ceil(min(reach / width, MOST_BINS)) if width > 0 else 1
    return int(min(max(np.ceil(np.log2(max(n_smaller, 1))) + 1, fine), MOST_BINS))


def at_equal_sizes(proba: np.ndarray, ratio: float) -> np.ndarray:
    """Turn the probability of the first sample, learned from samples of unequal size, into that at equal sizes.

    Parameters
    ----------
    proba : ndarray (n,)
        Calibrated on rows in the same ratio: calibrate first, then correct.
    ratio : float
        Rows of the second sample over rows of the first; the odds are multiplied by it.
    """
    proba = np.clip(proba, FLOOR, 1 - FLOOR)
    return ratio * proba / (ratio * proba + 1 - proba)


def from_probabilities(
    of_first: np.ndarray, of_second: np.ndarray, groups: np.ndarray | None = None
) -> tuple[float, float]:
    """Divergence by how surely a classifier tells two samples apart on rows that it has not seen.

    D = ½ [2 + mean over the first sample of log₂ p + mean over the second of log₂ (1 − p)], with p the probability at equal sizes that
    a row belongs to the first sample.

    Parameters
    ----------
    of_first, of_second : ndarray (n_first,), (n_second,)
        p of the rows of each sample.
    groups : ndarray of int (n_first + n_second,), optional
        Rows that belong together, from 0; they count as one in the error. None takes every row for itself.

    Returns
    -------
    value, error : float
        D, which in expectation is not above the true divergence and is negative where the classifier knows nothing, and its standard error.
    """
    first = np.log2(np.clip(of_first, FLOOR, 1 - FLOOR))
    second = np.log2(1 - np.clip(of_second, FLOOR, 1 - FLOOR))
    parts = np.concatenate([(told - told.mean()) / len(told) for told in (first, second)])
    error = np.sqrt(((parts if groups is None else np.bincount(groups, parts)) ** 2).sum()) / 2
    return float((2 + first.mean() + second.mean()) / 2), float(error)
