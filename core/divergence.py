"""How far two samples of rows lie apart: column by column, and as a whole by a classifier."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.learners.encoding import one_hot, robust_units, scaled
from core.numerics.divergence import at_equal_sizes, beyond_chance, from_probabilities, of_numbers
from core.validation import alone_numbered, folds

N_FOLDS = 6
"""Each sixth of the rows is tested once, the next one calibrates, and the other four train."""

MOST_ROWS = 1500
"""Most rows of a sample that enter the classifier, unless told otherwise."""

MOST_SQUARED = 16
"""Encoded columns whose squares and products enter the classifier: those of the columns that differ most by themselves."""

PENALTIES = ((1, 0.01), (2, 0.01), (2, 1.0))
"""Degree and inverse penalty of the models of which the rows that calibrate choose one."""

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
        Of all columns together, by a classifier, with the 95 % interval of what this classifier finds; never below 0. The true divergence
        may lie above ``high``: with few rows and many columns a classifier finds only a part of it.
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
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    groups: np.ndarray | None = None,
    random_state: int = 0,
    max_rows: int = MOST_ROWS,
    correct: bool = True,
) -> Divergence:
    """Estimate the Jensen–Shannon divergence of two samples with the same columns.

    Parameters
    ----------
    first, second : pandas.DataFrame (n_samples, n_features)
        Columns as in ``Dataset.X``; text columns share their levels.
    groups : ndarray of int (n_first + n_second,), optional
        Rows that belong together: no fold parts them, and they count as one in the interval; negative is a row of its own.
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
    rows = [drawn(np.arange(len(part)), None, max_rows, rng) for part in (first, second)]
    if groups is not None:
        groups = alone_numbered(np.concatenate([groups[rows[0]], groups[len(first) + rows[1]]]))
    first, second = first.iloc[rows[0]], second.iloc[rows[1]]
    ratio = len(second) / len(first)
    y = np.r_[np.ones(len(first), dtype=int), np.zeros(len(second), dtype=int)]
    together = pd.concat([first, second], ignore_index=True)
    Z, n_single = _encoded(together.iloc[:, np.argsort(-columns, kind="stable")])
    proba = _out_of_fold(Z, n_single, y, _parts(y, groups, random_state))
    if correct:
        proba = at_equal_sizes(proba, ratio)
    value, error = from_probabilities(proba[y == 1], proba[y == 0], groups)
    ends = np.clip([value, value - LEVEL * error, value + LEVEL * error], 0, 1)
    steps = "platt>prior" if correct else "platt"
    protocol = f"JSD2|LogReg-deg1or2|{steps}|n={len(first)}+{len(second)}|folds={N_FOLDS}|seed={random_state}"
    return Divergence(columns, *map(float, ends), len(first), len(second), protocol)


def drawn(rows: np.ndarray, weight: np.ndarray | None, limit: int, rng: np.random.Generator) -> np.ndarray:
    """Draw at most ``limit`` rows, as the whole table would give them.

    Parameters
    ----------
    rows : ndarray of int (n,)
        Positions to draw from.
    weight : ndarray (n_samples,) or None
        How many rows of the whole table each position stands for; where these differ, a row is kept with a chance in proportion, and none
        is taken twice: copies on both sides of a fold would make two samples look apart.
    limit : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int
        Positions, rising.
    """
    if weight is not None and np.ptp(weight[rows]) > 0:
        rows = rows[rng.random(len(rows)) < weight[rows] / weight[rows].max()]
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))


def _of_column(first: pd.Series, second: pd.Series) -> float:
    if first.dtype == "category":
        n_levels = len(first.cat.categories) + 1
        return beyond_chance(*(np.bincount(part.cat.codes + 1, minlength=n_levels) for part in (first, second)))
    return of_numbers(first.to_numpy(), second.to_numpy())


def _encoded(frame: pd.DataFrame) -> tuple[np.ndarray, int]:
    """Scaled numbers with gaps filled and marked, 0/1 columns of text, how many; then squares and products of the first of them."""
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
        return np.zeros((len(frame), 1)), 1
    base = (base - base.mean(axis=0)) / base.std(axis=0)
    squared = base[:, :MOST_SQUARED]
    left, right = np.triu_indices(squared.shape[1])
    return np.hstack([base, squared[:, left] * squared[:, right]]), base.shape[1]


def _parts(y: np.ndarray, groups: np.ndarray | None, random_state: int) -> list[np.ndarray]:
    """The test rows of each fold; fewer folds where there are fewer groups."""
    n_folds = N_FOLDS if groups is None else min(N_FOLDS, int(groups.max()) + 1)
    return [test for _, test in folds(y, n_folds=n_folds, groups=groups, random_state=random_state)]


def _out_of_fold(Z: np.ndarray, n_single: int, y: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """Calibrated probabilities of the first sample, from folds that neither trained nor calibrated on the row.

    Where whole groups leave one of the samples out of the rows that train or calibrate, nothing is claimed.
    """
    proba = np.full(len(y), y.mean())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # separable samples may need more steps than are worth it
        for k, test in enumerate(parts):
            calibrate = parts[(k + 1) % len(parts)]
            others = [part for part in parts if part is not test and part is not calibrate]
            train = np.concatenate([*others, np.array([], dtype=np.intp)])
            if min(len(np.unique(y[train])), len(np.unique(y[calibrate]))) == 2:
                proba[test] = _calibrated(Z, n_single, y, train, calibrate)[test]
    return proba


def _calibrated(Z: np.ndarray, n_single: int, y: np.ndarray, train: np.ndarray, calibrate: np.ndarray) -> np.ndarray:
    """Probabilities of all rows by the model that predicts the rows that calibrate best."""
    from sklearn.linear_model import LogisticRegression

    best, least = np.full(len(y), y.mean()), np.inf
    for degree, penalty in PENALTIES:
        used = Z[:, :n_single] if degree == 1 else Z
        model = LogisticRegression(C=penalty, max_iter=100, tol=1e-3).fit(used[train], y[train])
        scores = model.decision_function(used)[:, None]
        proba = LogisticRegression(C=1e6).fit(scores[calibrate], y[calibrate]).predict_proba(scores)[:, 1]
        told = np.where(y == 1, proba, 1 - proba)[calibrate]
        loss = -float(np.log(np.maximum(told, 1e-9)).mean())
        if loss < least - 1e-9:
            best, least = proba, loss
    return best
