"""Jensen–Shannon divergence in bits: from counts, and from the probabilities of a classifier."""

from __future__ import annotations

import numpy as np

FLOOR = 1e-6
"""Probabilities are kept this far from 0 and 1."""

MOST_BINS = 200


def from_counts(first: np.ndarray, second: np.ndarray, smoothing: float = 1.0) -> float:
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
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / m), 0) + np.where(q > 0, q * np.log2(q / m), 0)
    return float(max(0.0, terms.sum() / 2))


def of_numbers(first: np.ndarray, second: np.ndarray) -> float:
    """Divergence of two samples of one number, by a histogram on bins that serve both.

    Parameters
    ----------
    first, second : ndarray (n_first,), (n_second,)
        NaN is a cell of its own.

    Returns
    -------
    float
        As ``from_counts``. Values beyond the 0.5 and 99.5 % quantiles share the end bins, so that one extreme value
        cannot stretch the bins.
    """
    both = np.concatenate([first, second])
    seen = both[~np.isnan(both)]
    if not len(seen):
        return 0.0
    low, high = np.quantile(seen, [0.005, 0.995])
    inner = np.clip(seen, low, high)
    edges = np.histogram_bin_edges(inner, min(MOST_BINS, _n_bins(inner)))
    counts = [np.histogram(np.clip(part[~np.isnan(part)], low, high), edges)[0] for part in (first, second)]
    if len(seen) == len(both):
        return from_counts(*counts)
    return from_counts(*(np.append(n, np.isnan(part).sum()) for n, part in zip(counts, (first, second), strict=True)))


def _n_bins(values: np.ndarray) -> int:
    """The larger of Sturges' and of Freedman and Diaconis' number of bins, as numpy's "auto"."""
    low, high = np.quantile(values, [0.25, 0.75])
    width, reach = 2 * (high - low) / len(values) ** (1 / 3), np.ptp(values)
    return int(max(np.ceil(np.log2(len(values))) + 1, np.ceil(min(reach / width, MOST_BINS)) if width > 0 else 1))


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


def from_probabilities(of_first: np.ndarray, of_second: np.ndarray) -> tuple[float, float]:
    """Divergence by how surely a classifier tells two samples apart on rows that it has not seen.

    D = ½ [2 + mean over the first sample of log₂ p + mean over the second of log₂ (1 − p)], with p the probability at equal sizes that
    a row belongs to the first sample.

    Parameters
    ----------
    of_first, of_second : ndarray (n_first,), (n_second,)
        p of the rows of each sample.

    Returns
    -------
    value, error : float
        D, which in expectation is not above the true divergence and is negative where the classifier knows nothing, and its standard error.
    """
    first = np.log2(np.clip(of_first, FLOOR, 1 - FLOOR))
    second = np.log2(1 - np.clip(of_second, FLOOR, 1 - FLOOR))
    error = np.sqrt(first.var() / len(first) + second.var() / len(second)) / 2
    return float((2 + first.mean() + second.mean()) / 2), float(error)
