"""How far two samples of rows lie apart: column by column, and as a whole by a classifier."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.learners.encoding import one_hot, robust_units, scaled
from core.numerics.divergence import at_equal_sizes, beyond_chance, from_probabilities, of_numbers

N_FOLDS = 6
"""Each sixth of the rows is tested once, the next one calibrates, and the other four train."""

MOST_ROWS = 1500
"""Most rows of a sample that enter the classifier, unless told otherwise."""

MOST_SQUARED = 16
"""Encoded columns whose squares and products enter the classifier: those of the columns that differ most by themselves."""

MOST_ENCODED = 300
FEWEST = 20
LEVEL = 1.96


@dataclass(frozen=True)
class Divergence:
    """How far two samples lie apart, in bits from 0 to 1.

    Parameters
    ----------
    columns : ndarray (n_features,)
        Of each column by itself, beyond what chance gives at these sizes.
    joint, low, high : float
        Of all columns together, by a classifier, with the 95 % interval; never below 0.
    n_first, n_second : int
        Rows that entered the classifier.
    protocol : str
        How ``joint`` was estimated, so that it can be repeated.
    """

    columns: np.ndarray
    joint: float
    low: float
    high: float
    n_first: int
    n_second: int
    protocol: str

    @property
    def marginal(self) -> float:
        """The mean of the columns."""
        return float(self.columns.mean())


def compared(
    first: pd.DataFrame, second: pd.DataFrame, *, random_state: int = 0, max_rows: int = MOST_ROWS, correct: bool = True
) -> Divergence:
    """Estimate the Jensen–Shannon divergence of two samples with the same columns.

    Parameters
    ----------
    first, second : pandas.DataFrame (n_samples, n_features)
        Columns as in ``Dataset.X``; text columns share their levels.
    random_state : int
        Seed of the sample and of the folds.
    max_rows : int
        Most rows of a sample that enter the classifier.
    correct : bool
        False leaves the probabilities at the ratio of the samples, to show what that does.

    Returns
    -------
    Divergence

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37. Estimation by a classifier with calibration before the correction of the
    prior: "Jensen–Shannon divergence estimators for tabular data", arXiv 2606.16411; degree two and the folds are ours.
    """
    rng = np.random.default_rng(random_state)
    columns = np.array([_of_column(first[name], second[name]) for name in first.columns])
    first, second = _drawn(first, max_rows, rng), _drawn(second, max_rows, rng)
    ratio = len(second) / len(first)
    y = np.r_[np.ones(len(first), dtype=int), np.zeros(len(second), dtype=int)]
    together = pd.concat([first, second], ignore_index=True)
    proba = _out_of_fold(_encoded(together.iloc[:, np.argsort(-columns, kind="stable")]), y, random_state)
    if correct:
        proba = at_equal_sizes(proba, ratio)
    value, error = from_probabilities(proba[y == 1], proba[y == 0])
    ends = np.clip([value, value - LEVEL * error, value + LEVEL * error], 0, 1)
    steps = "platt>prior" if correct else "platt"
    protocol = f"JSD2|LogReg-deg2|{steps}|n={len(first)}+{len(second)}|folds={N_FOLDS}|seed={random_state}"
    return Divergence(columns, *map(float, ends), len(first), len(second), protocol)


def drawn(rows: np.ndarray, weight: np.ndarray | None, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Draw at most ``limit`` rows, as the whole table would give them.

    Parameters
    ----------
    rows : ndarray of int (n,)
        Positions to draw from.
    weight : ndarray (n_samples,) or None
        How many rows of the whole table each position stands for; where these differ, rows are drawn with replacement.
    limit : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int
        Positions, rising.
    """
    if weight is not None and np.ptp(weight[rows]) > 0:
        n = min(limit, len(rows))
        return np.sort(rng.choice(rows, n, replace=True, p=weight[rows] / weight[rows].sum()))
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))


def _of_column(first: pd.Series, second: pd.Series) -> float:
    if first.dtype == "category":
        n_levels = len(first.cat.categories) + 1
        return beyond_chance(*(np.bincount(part.cat.codes + 1, minlength=n_levels) for part in (first, second)))
    return of_numbers(first.to_numpy(), second.to_numpy())


def _drawn(frame: pd.DataFrame, max_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= max_rows:
        return frame
    return frame.iloc[np.sort(rng.choice(len(frame), max_rows, replace=False))]


def _encoded(frame: pd.DataFrame) -> np.ndarray:
    """Scaled numbers with gaps filled and marked, 0/1 columns of text, and squares and products of the first of them."""
    blocks = []
    for name in frame.columns:
        if frame[name].dtype == "category":
            blocks.append(one_hot(frame[[name]]))
            continue
        values = frame[[name]].to_numpy(dtype="float64")
        number = scaled(values, *robust_units(values))
        gap = np.isnan(number)
        blocks += [np.where(gap, 0.0, number), gap.astype(float)]
    base = np.hstack(blocks)
    base = base[:, base.std(axis=0) > 0][:, :MOST_ENCODED]
    if not base.shape[1]:
        return np.zeros((len(frame), 1))
    base = (base - base.mean(axis=0)) / base.std(axis=0)
    squared = base[:, :MOST_SQUARED]
    left, right = np.triu_indices(squared.shape[1])
    return np.hstack([base, squared[:, left] * squared[:, right]])


def _out_of_fold(Z: np.ndarray, y: np.ndarray, random_state: int) -> np.ndarray:
    """Calibrated probabilities of the first sample, from folds that neither trained nor calibrated on the row."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    parts = [test for _, test in StratifiedKFold(N_FOLDS, shuffle=True, random_state=random_state).split(Z, y)]
    proba = np.empty(len(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # separable samples may need more steps than are worth it
        for k, test in enumerate(parts):
            calibrate = parts[(k + 1) % N_FOLDS]
            train = np.concatenate([part for j, part in enumerate(parts) if j not in (k, (k + 1) % N_FOLDS)])
            model = LogisticRegression(C=1.0, max_iter=100, tol=1e-3).fit(Z[train], y[train])
            scores = model.decision_function(Z)[:, None]
            platt = LogisticRegression(C=1e6).fit(scores[calibrate], y[calibrate])
            proba[test] = platt.predict_proba(scores[test])[:, 1]
    return proba
