"""Correlations of the normal variables behind columns of any kind, from rows with gaps."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from core.numerics.tetrachoric import tetrachoric

TERMS = 100
"""Terms of the Hermite series of a column with steps."""

GRID = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 201)) * 0.9995
"""Where the series is evaluated before it is inverted."""

TOGETHER = 4096
"""Pairs that are inverted at a time."""


def normal_scores(ends: np.ndarray) -> np.ndarray:
    """Mean of a standard normal variable within each slice of its distribution.

    Parameters
    ----------
    ends : ndarray (n_values,)
        Cumulative shares of the values in rising order; the last is 1.

    Examples
    --------
    >>> normal_scores(np.array([0.5, 1.0])).round(3).tolist()
    [-0.798, 0.798]
    """
    height = np.concatenate([[0.0], _density(ndtri(ends[:-1])), [0.0]])
    return -np.diff(height) / np.diff(ends, prepend=0.0)


def series(ends: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Hermite coefficients (TERMS,) of the step function that takes a normal variable to scores of mean 0 and variance 1.

    Parameters
    ----------
    ends : ndarray (n_values,)
        Cumulative shares of the values in rising order; the last is 1.
    scores : ndarray (n_values,)
        In rising order; any mean and variance above 0.
    """
    shares = np.diff(ends, prepend=0.0)
    middle = shares @ scores
    return np.diff(scores) / np.sqrt(shares @ (scores - middle) ** 2) @ _of_steps(ndtri(ends[:-1]))


def series_of_bits(ones: np.ndarray) -> np.ndarray:
    """Hermite coefficients (n_columns, TERMS) of 0/1 columns from their shares of ones, strictly between 0 and 1."""
    return _of_steps(ndtri(1 - ones)) / np.sqrt(ones * (1 - ones))[:, None]


def shrunk(r: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Draw correlations towards 0 by what chance alone makes of them: ``r · max(0, 1 − 1 / ((n − 1) r²))``.

    A positive-part shrinkage, our own choice: a pair of unrelated columns has r² of about 1 / (n − 1), and pairs below it count as unrelated.

    Parameters
    ----------
    r : ndarray
    n : ndarray
        Rows that hold both columns.

    Examples
    --------
    >>> shrunk(np.array([0.5, 0.1]), np.array([11, 11])).tolist()
    [0.3, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        keep = 1 - 1 / (np.maximum(n - 1, 0) * r * r)
    return np.where(np.isfinite(keep), r * np.clip(keep, 0, 1), 0.0)


def latent_correlation(scores: np.ndarray, bits: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Correlations of the normal variables behind some columns.

    The correlation of each pair is taken over the rows that hold both, drawn towards 0 (``shrunk``), and carried to the normal
    variables: tetrachoric for two 0/1 columns; otherwise ρ solves ``r = Σ_k a_k b_k ρ^k`` with the Hermite coefficients of both columns, which
    is the polyserial correlation where one of them is continuous, and r itself where both are. The series is cut after ``TERMS``.
    The nearest matrix that can be a correlation is then found by setting negative eigenvalues to 0 and scaling the diagonal back to 1.

    Parameters
    ----------
    scores : ndarray (n_samples, n_columns)
        0 and 1 in 0/1 columns, normal scores in the others; NaN is missing.
    bits : ndarray of bool (n_columns,)
        Which columns are 0/1.
    coefficients : ndarray (n_columns, TERMS)
        Of each column; 1 and then zeros for a continuous one.

    Returns
    -------
    ndarray (n_columns, n_columns)

    References
    ----------
    Emrich and Piedmonte (1991), The American Statistician 45. Olsson, Drasgow and Dorans (1982), Psychometrika 47. Cario and Nelson
    (1997), Northwestern University technical report (NORTA).
    """
    r, n, means = pairwise(scores)
    r = shrunk(r, n)
    first, second = np.triu_indices(len(r), 1)
    related = r[first, second] != 0
    first, second = first[related], second[related]
    rho, given = np.empty(len(first)), r[first, second]
    binary = bits[first] & bits[second]
    rho[binary] = _of_bits(given[binary], means[first, second][binary], means[second, first][binary])
    straight = ~np.any(coefficients[:, 1:], axis=1)
    linear = ~binary & (straight[first] | straight[second])
    slope = coefficients[first[linear], 0] * coefficients[second[linear], 0]
    rho[linear] = np.clip(given[linear] / slope, -1, 1)
    rest = np.flatnonzero(~binary & ~linear)
    for start in range(0, len(rest), TOGETHER):
        part = rest[start : start + TOGETHER]
        rho[part] = _inverted(given[part], coefficients[first[part]] * coefficients[second[part]])
    out = np.eye(len(r))
    out[first, second] = out[second, first] = rho
    return nearest_correlation(out)


def nearest_correlation(matrix: np.ndarray) -> np.ndarray:
    """Set negative eigenvalues of a symmetric matrix to 0 and scale its diagonal back to 1.

    Examples
    --------
    >>> nearest_correlation(np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])).round(3).tolist()
    [[1.0, 0.5, -0.5], [0.5, 1.0, 0.5], [-0.5, 0.5, 1.0]]
    """
    values, vectors = np.linalg.eigh(matrix)
    if not len(values) or values[0] >= 0:
        return matrix
    clipped = (vectors * np.maximum(values, 0)) @ vectors.T
    scale = np.sqrt(np.diag(clipped))
    out = clipped / np.outer(scale, scale)
    np.fill_diagonal(out, 1.0)
    return out


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _of_steps(cuts: np.ndarray) -> np.ndarray:
    """Hermite coefficients (n_cuts, TERMS) of a step of height 1 at each cut."""
    found, height = np.empty((len(cuts), TERMS)), _density(cuts)
    before, now = np.zeros_like(cuts), np.ones_like(cuts)
    for k in range(1, TERMS + 1):
        found[:, k - 1] = height * now / np.sqrt(k)
        before, now = now, (cuts * now - np.sqrt(k - 1) * before) / np.sqrt(k)
    return found


def pairwise(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlations of columns over the rows that hold both.

    Parameters
    ----------
    scores : ndarray (n_samples, n_columns)
        NaN is missing.

    Returns
    -------
    r : ndarray (n_columns, n_columns)
        0 where one of the columns does not vary.
    n : ndarray (n_columns, n_columns)
        Rows that hold both.
    means : ndarray (n_columns, n_columns)
        Of the first column over these rows.
    """
    seen = ~np.isnan(scores)
    filled, held = np.where(seen, scores, 0.0), seen.astype(float)
    n = held.T @ held
    total = filled.T @ held
    rows = np.maximum(n, 1)
    within = (filled * filled).T @ held - total * total / rows
    shared = filled.T @ filled - total * total.T / rows
    varies = (within > 1e-9) & (within.T > 1e-9)
    r = np.where(varies, shared / np.sqrt(np.where(varies, within * within.T, 1.0)), 0.0)
    return np.clip(r, -1, 1), n, total / rows


def _of_bits(r: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return tetrachoric(first, second, first * second + r * np.sqrt(first * (1 - first) * second * (1 - second)))


def _inverted(r: np.ndarray, products: np.ndarray) -> np.ndarray:
    """The ρ at which each power series (n_pairs, TERMS) reaches r."""
    reached = np.maximum.accumulate(products @ (GRID[None, :] ** np.arange(1, TERMS + 1)[:, None]), axis=1)
    place = np.clip((reached < r[:, None]).sum(axis=1), 1, len(GRID) - 1)
    pairs = np.arange(len(r))
    low, high = reached[pairs, place - 1], reached[pairs, place]
    way = np.clip((r - low) / np.where(high > low, high - low, 1.0), 0, 1)
    return GRID[place - 1] + way * (GRID[place] - GRID[place - 1])
