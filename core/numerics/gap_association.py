"""Whether the gaps of one column go with the values of another: one closed-form test per pair of columns."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

REACH = float(ndtri(0.975))
MOST_LEVELS = 50
EXPECTED = 5

Tested = dict[str, np.ndarray]
"""``n_gap`` and ``n_filled`` (rows with the other column's value), ``value``, ``expected``, ``low``, ``high`` and ``p``; NaN where there is no test."""


def ranks_of(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Mid-ranks from 1 (n_samples,) of the values that are there, 0 where missing, and Σ (t³ − t) over groups of t equal values."""
    seen = np.flatnonzero(~np.isnan(values))
    order = seen[np.argsort(values[seen])]
    ordered = values[order]
    new = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(order) else order
    sizes = np.diff(np.append(new, len(order)))
    ranks = np.zeros(len(values))
    ranks[order] = np.repeat(new + (sizes + 1) / 2, sizes)
    return ranks, float((sizes.astype(float) ** 3 - sizes).sum())


def ranks_by_column(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mid-ranks (n_samples, n_columns) of each column, and its Σ (t³ − t), see ``ranks_of``."""
    ranked = [ranks_of(column) for column in values.T]
    ranks = [np.zeros((len(values), 0)), *[column for column, _ in ranked]]
    return np.column_stack(ranks), np.array([ties for _, ties in ranked])


def areas_by_gap(mask: np.ndarray, ranks: np.ndarray, ties: np.ndarray, fewest: int) -> Tested:
    """How often a value is larger where another column is missing than where it is filled: the area under the ROC curve.

    With R_k the sum of the ranks of column k over the n₁ of its N values whose row lacks column j: ``A = (R − n₁ (n₁ + 1) / 2) / (n₁ n₂)``.
    All pairs come from one product of the masks with the ranks. p is that of the rank sum test, corrected for ties; the interval
    is that of Hanley and McNeil.

    Parameters
    ----------
    mask : ndarray of bool (n_samples, n_gaps)
        The columns whose gaps are asked about.
    ranks : ndarray (n_samples, n_others)
        Mid-ranks of the other columns, 0 where missing.
    ties : ndarray (n_others,)
        See ``ranks_by_column``.
    fewest : int
        Rows with and without the gap that a test needs.

    Returns
    -------
    dict of str to ndarray (n_gaps, n_others)
        See ``Tested``.

    References
    ----------
    Mann and Whitney (1947), Annals of Mathematical Statistics 18. Hanley and McNeil (1982), Radiology 143.
    """
    gaps, seen = mask.T.astype(np.float64), (ranks > 0).astype(np.float64)
    total = seen.sum(axis=0)
    n_gap, sums = gaps @ seen, gaps @ ranks
    n_filled = total - n_gap
    enough = (n_gap >= fewest) & (n_filled >= fewest)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (sums - n_gap * (n_gap + 1) / 2) / (n_gap * n_filled)
        variance = ((total + 1) - ties / (total * (total - 1))) / (12 * n_gap * n_filled)
        enough &= variance > 0
        p = 2 * ndtr(-np.abs(area - 0.5) / np.sqrt(variance))
        both, all_above = 2 * area**2 / (1 + area), area / (2 - area)
        spread = area * (1 - area) + (n_gap - 1) * (all_above - area**2) + (n_filled - 1) * (both - area**2)
        reach = REACH * np.sqrt(np.maximum(spread, 0) / (n_gap * n_filled))
    found = {"value": area, "expected": np.full(area.shape, 0.5)}
    found |= {"low": np.maximum(area - reach, 0), "high": np.minimum(area + reach, 1), "p": p}
    return {"n_gap": n_gap, "n_filled": n_filled} | {k: np.where(enough, v, np.nan) for k, v in found.items()}


def strength_by_gap(shapes: np.ndarray, pattern: np.ndarray, codes: np.ndarray, fewest: int) -> Tested:
    """How strongly the texts of a column go with the gaps of others: Cramér's V of the table of texts by gap.

    ``V = √(χ² / N)`` for the two rows "missing" and "filled"; by chance χ² is near its degrees of freedom, so V near √(df / N). The 50 most
    frequent texts are kept, the others, and those with fewer than 5 expected rows, are taken together. The interval is that of √χ² by
    the delta method from the variance 2 df + 4 (χ² − df) of a noncentral χ².

    Parameters
    ----------
    shapes : ndarray of bool (n_patterns, n_gaps)
        The distinct rows of the mask.
    pattern : ndarray of int (n_samples,)
        Which of them each row has.
    codes : ndarray of int (n_samples,)
        The texts of one column; negative is missing.
    fewest : int
        Rows with and without the gap that a test needs.

    Returns
    -------
    dict of str to ndarray (n_gaps,)
        See ``Tested``.

    References
    ----------
    Cramér (1946), Mathematical Methods of Statistics, section 21.9.
    """
    seen = np.flatnonzero(codes >= 0)
    codes = codes[seen].astype(np.intp)
    sizes = np.bincount(codes, minlength=1)
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    width = min(len(sizes), MOST_LEVELS + 1)
    flat = pattern[seen] * width + np.minimum(rank, MOST_LEVELS)[codes]
    by_pattern = np.bincount(flat, minlength=len(shapes) * width).reshape(-1, width).astype(np.float64)
    return _strength(shapes.T.astype(np.float64) @ by_pattern, by_pattern.sum(axis=0), fewest)


def _strength(gap: np.ndarray, size: np.ndarray, fewest: int) -> Tested:
    """Cramér's V of each row of counts with a gap (n_gaps, n_levels), beside all counts (n_levels,)."""
    n, n_gap = size.sum(), gap.sum(axis=1)
    fewer = np.minimum(n_gap, n - n_gap)
    kept = size * fewer[:, None] / max(n, 1.0) >= EXPECTED
    if size.shape[0] > MOST_LEVELS:
        kept[:, -1] = False
    with_gap = np.column_stack([gap * kept, (gap * ~kept).sum(axis=1)])
    sizes = np.column_stack([size * kept, (size * ~kept).sum(axis=1)])
    df = (sizes > 0).sum(axis=1) - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = sizes * n_gap[:, None] / n
        each = (with_gap - expected) ** 2 * (1 / expected + 1 / (sizes - expected))
        squares = np.where(sizes > 0, each, 0.0).sum(axis=1)
        root, beyond = np.sqrt(squares), np.maximum(squares - df, 0.0)
        reach = REACH * np.sqrt((2 * df + 4 * beyond) / (4 * (df + beyond)))
        found = {
            "value": root / np.sqrt(n),
            "expected": np.sqrt(df / n),
            "low": np.clip((root - reach) / np.sqrt(n), 0, 1),
        }
        found |= {"high": np.clip((root + reach) / np.sqrt(n), 0, 1), "p": chdtrc(df, squares)}
    enough = (fewer >= fewest) & (df >= 1)
    return {"n_gap": n_gap, "n_filled": n - n_gap} | {k: np.where(enough, v, np.nan) for k, v in found.items()}
