"""How many cells of a row are missing, class by class: shares of cells, with the row as the unit."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, t

from core.numerics.multiplicity import holm

LEVEL = 0.95


def gap_burden(n_gaps: np.ndarray, by_class: np.ndarray, n_columns: int) -> dict[str, np.ndarray]:
    """Compare each class with the rest by the share of its cells that are missing.

    With ḡ_c the mean number of missing cells in the n_c rows of class c, s_c its standard deviation and d columns: share = ḡ_c / d,
    ratio = ḡ_c / ḡ_r to the rest r, and log ratio ± z √(s_c²/(n_c ḡ_c²) + s_r²/(n_r ḡ_r²)) by the delta method. Cells of a row go missing
    together, so rows and not cells are counted as independent.

    Parameters
    ----------
    n_gaps : ndarray of int (n_patterns,)
        Missing cells of a row with each pattern.
    by_class : ndarray of int (n_patterns, n_classes)
        Rows of each pattern and class; every class has rows, and there are two or more.
    n_columns : int

    Returns
    -------
    dict of str to ndarray (n_classes,)
        ``n_missing``, ``share``, ``share_error`` (its standard error), ``other_share``, ``ratio``, ``ratio_low``, ``ratio_high`` (NaN where a
        side has no gap), ``p`` (Welch's test of equal means) and ``p_holm``.

    References
    ----------
    Katz et al. (1978), Biometrics 34, for the interval of a ratio on the log scale. Welch (1947), Biometrika 34.
    """
    rows = by_class.sum(axis=0)
    total, squares = n_gaps @ by_class, n_gaps.astype(float) ** 2 @ by_class
    mean, error2 = _mean_and_error(total, squares, rows)
    other, other_error2 = _mean_and_error(total.sum() - total, squares.sum() - squares, rows.sum() - rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(other > 0, mean / other, np.nan)
        reach = norm.isf((1 - LEVEL) / 2) * np.sqrt(error2 / mean**2 + other_error2 / other**2)
        spread = error2 + other_error2
        freedom = spread**2 / (error2**2 / (rows - 1) + other_error2**2 / (rows.sum() - rows - 1))
        p = 2 * t.sf(np.abs(mean - other) / np.sqrt(spread), freedom)
        low, high = ratio * np.exp(-reach), ratio * np.exp(reach)
    found = {"n_missing": total, "share": mean / n_columns, "share_error": np.sqrt(error2) / n_columns}
    found |= {"other_share": other / n_columns, "ratio": ratio, "ratio_low": low, "ratio_high": high}
    return found | {"p": p, "p_holm": holm(p)}


def _mean_and_error(total: np.ndarray, squares: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each class, and the squared standard error of it; NaN for a single row."""
    mean = total / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(rows > 1, np.maximum(squares - rows * mean**2, 0.0) / (rows - 1), np.nan)
    return mean, variance / rows
