"""Two recipes on the same folds: tests and probabilities that allow for the training rows that folds share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Paired:
    """A mean of paired differences over repeated folds.

    Parameters
    ----------
    mean : float
    error : float
        Its standard error, ``√((1/J + n_test/n_train) s²)`` over J folds; NaN with fewer than two.
    df : int
        J − 1.
    """

    mean: float
    error: float
    df: int


def paired(values: np.ndarray, test_share: float) -> Paired:
    """Mean and corrected standard error of differences, one per fold; NaN folds are left out.

    Parameters
    ----------
    values : ndarray (n_folds_in_all,)
    test_share : float
        ``n_test / n_train``.

    References
    ----------
    Nadeau and Bengio (2003), Machine Learning 52.

    Examples
    --------
    >>> paired(np.array([0.1, 0.2, 0.3, 0.4]), 1 / 3).df
    3
    """
    values = values[~np.isnan(values)]
    n = len(values)
    if n < 2:
        return Paired(float(values.mean()) if n else np.nan, np.nan, 0)
    return Paired(float(values.mean()), float(np.sqrt((1 / n + test_share) * values.var(ddof=1))), n - 1)


def p_value(one: Paired) -> float:
    """The two-sided p-value of the corrected resampled t-test; 1 or 0 where all folds agree exactly, NaN without an error.

    Examples
    --------
    >>> p_value(Paired(0.0, 0.1, 9)), p_value(Paired(0.0, 0.0, 9)), p_value(Paired(0.1, 0.0, 9))
    (1.0, 1.0, 0.0)
    """
    from scipy.special import stdtr

    if np.isnan(one.error):
        return np.nan
    if one.error == 0:
        return float(one.mean == 0)
    return float(2 * stdtr(one.df, -abs(one.mean) / one.error))


def practical(one: Paired, margin: float) -> tuple[float, float, float]:
    """How probable it is that the true difference lies above the margin, within it, and below minus the margin.

    The posterior of the true difference, with the prior that says nothing, is Student's t with J − 1 degrees of freedom around the
    mean, scaled by the corrected standard error.

    Parameters
    ----------
    one : Paired
    margin : float
        A difference up to it does not matter; at least 0.

    Returns
    -------
    above, within, below : float
        They sum to 1; NaN without an error.

    References
    ----------
    Corani and Benavoli (2015), Machine Learning 100. Benavoli et al. (2017), Journal of Machine Learning Research 18.
    """
    from scipy.special import stdtr

    if np.isnan(one.error):
        return np.nan, np.nan, np.nan
    if one.error == 0:
        above, below = float(one.mean > margin), float(one.mean < -margin)
    else:
        above = float(stdtr(one.df, (one.mean - margin) / one.error))
        below = float(stdtr(one.df, (-margin - one.mean) / one.error))
    return above, max(0.0, 1 - above - below), below


def growth(one: Paired, difference: float, n_together: int = 1, level: float = 0.95, power: float = 0.8) -> float:
    """How many times as many rows would be needed to tell a true difference from none.

    A difference d is told from none with probability ``power`` where ``(t₁ + t₂) e ≤ |d|``: e is the standard error, t₁ the
    quantile of Student's t that the interval uses, t₂ that of the power. The variance of a difference falls as 1 / n with the rows, so with g times the rows e becomes
    e / √g, and ``g = ((t₁ + t₂) e / d)²``. This takes the class shares, the folds and the difference to stay what they are, and training on more
    rows to change nothing but the noise. The formula is our inference from these assumptions.

    Parameters
    ----------
    one : Paired
    difference : float
        What is to be told from none.
    n_together : int
        Comparisons that hold together (Bonferroni).
    level, power : float
        Of the intervals, and how surely they are to leave zero out.

    Returns
    -------
    float
        Below 1 where there are enough rows already; infinite for a difference of 0, NaN without an error.
    """
    from scipy.special import stdtrit

    if np.isnan(one.error) or not one.error:
        return one.error
    if difference == 0:
        return np.inf
    reach = stdtrit(one.df, 1 - (1 - level) / 2 / n_together) + stdtrit(one.df, power)
    return float((reach * one.error / difference) ** 2)
