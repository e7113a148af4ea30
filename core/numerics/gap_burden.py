"""How many cells of a row are missing, class by class: shares of cells, with the row as the unit."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtr

from core.numerics.multiplicity import holm

LEVEL = 0.95


def gap_burden(n_gaps: np.ndarray, by_class: np.ndarray, n_columns: int, shares: np.ndarray) -> dict[str, np.ndarray]:
    """Compare each class with the rest by the share of its cells that are missing.

    With ḡ_c the mean number of missing cells in the n_c rows of class c, s_c its standard deviation and d columns: share = ḡ_c / d,
    ratio = ḡ_c / ḡ_r to the rest r, whose mean is that of its classes by their shares of the table, and log ratio ± z √(s_c²/(n_c ḡ_c²) + s_r²/(n_r ḡ_r²)) by the delta method. Cells of a row go missing
    together, so rows and not cells are counted as independent.

    Parameters
    ----------
    n_gaps : ndarray of int (n_patterns,)
        Missing cells of a row with each pattern.
    by_class : ndarray of int (n_patterns, n_classes)
        Rows of each pattern and class; every class has rows, and there are two or more.
    n_columns : int
    shares : ndarray (n_classes,)
        The share of each class in the table.

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
    of_rest = shares * (1 - np.eye(len(rows))) / (1 - shares)[:, None]
    known = np.nan_to_num(error2)
    other, other_error2 = of_rest @ mean, of_rest**2 @ known
    other_freedom = other_error2**2 / np.maximum(of_rest**4 @ (known**2 / np.maximum(rows - 1, 1)), 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(other > 0, mean / other, np.nan)
        reach = -ndtri((1 - LEVEL) / 2) * np.sqrt(error2 / mean**2 + other_error2 / other**2)
        spread = error2 + other_error2
        freedom = spread**2 / (error2**2 / (rows - 1) + other_error2**2 / np.maximum(other_freedom, 1))
        p = 2 * stdtr(freedom, -np.abs(mean - other) / np.sqrt(spread))
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


def at_table_shares(prevalence: np.ndarray, own: float, rest: np.ndarray) -> np.ndarray:
    """What a share among rows in hand is in the whole table: ``p a / (p a + (1 − p) b)``.

    Parameters
    ----------
    prevalence : ndarray (n,)
        Share of a class among some rows in hand.
    own : float
        Rows of the table that a row of the class stands for, a.
    rest : ndarray (n,)
        Those that the other rows stand for on average, b.
    """
    return prevalence * own / np.maximum(prevalence * own + (1 - prevalence) * rest, 1e-300)


def table_share(missing: np.ndarray, sizes: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share missing in the whole table from counts by class, and the rows of a plain sample that would know it as well.

    With p_c the share missing in class c and π_c its share of the table: p = Σ π_c p_c, its variance is Σ π_c² p_c (1 − p_c) / n_c, and the rows
    are p (1 − p) over that.

    Parameters
    ----------
    missing : ndarray of int (n_columns, n_classes)
    sizes, shares : ndarray (n_classes,)
        Rows in hand, and shares of the table.

    Returns
    -------
    share, rows : ndarray (n_columns,)

    References
    ----------
    Cochran (1977), Sampling Techniques, sections 5.3 and 5.10.
    """
    each = missing / sizes
    share, variance = each @ shares, (each * (1 - each) / sizes) @ shares**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return share, np.where(variance > 0, share * (1 - share) / variance, sizes.sum())
