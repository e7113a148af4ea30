"""Explain rows by models that were not trained on them, on the class shares of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from core.errors import NotApplicable
from core.learners.contributions import contributions, innermost, prior_shift
from core.learners.rows import Rows
from core.learners.wrapping import fit_on

BACKGROUND = 400
"""Original training rows over which contributions are centred, per fold; all of them when there are fewer."""

MOST_NUMBERS = 2e7
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Explained:
    """Rows taken apart; NaN where a row's fold has no training row of the class.

    Parameters
    ----------
    parts : ndarray (n_rows, n_features, n_classes)
        What each column adds to the score of each class.
    base, output : ndarray (n_rows, n_classes)
        ``base + parts.sum(axis=1)`` is the output.
    fold : ndarray (n_rows,)
        The fold whose model explains the row.
    gap : float
        The largest relative difference between the sum and the model's own output.
    """

    parts: np.ndarray
    base: np.ndarray
    output: np.ndarray
    fold: np.ndarray
    gap: float

    def importance(self, code: int, weight: np.ndarray) -> np.ndarray:
        """Weighted mean of the absolute parts per fold, (n_folds, n_features); NaN for a fold without weighted rows."""
        sizes = np.abs(self.parts[:, :, code])
        known = ~np.isnan(sizes).any(axis=1) & (weight > 0)
        means = np.full((self.fold.max() + 1, sizes.shape[1]), np.nan)
        for fold in np.unique(self.fold[known]):
            here = known & (self.fold == fold)
            means[fold] = np.average(sizes[here], axis=0, weights=weight[here])
        return means


def allotted(sizes: np.ndarray, total: int) -> np.ndarray:
    """Share out rows among classes: all rows of the small ones, and equal parts of what remains for the others.

    Parameters
    ----------
    sizes : ndarray (n_classes,)
    total : int
        A class of at least one row gets one even when there are more classes than this.

    Examples
    --------
    >>> allotted(np.array([900, 100, 10]), 210)
    array([100, 100,  10])
    """
    given, left = np.zeros(len(sizes), dtype=np.intp), total
    for done, code in enumerate(np.argsort(sizes, kind="stable")):
        given[code] = min(sizes[code], max(left // (len(sizes) - done), 1))
        left -= given[code]
    return given


def by_class(codes: np.ndarray, total: int, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose rows stratified by class, with weights that give every class its share back.

    Returns
    -------
    rows : ndarray (n_rows,)
        Sorted positions.
    weight : ndarray (n_rows,)
        Rows of the class over chosen rows of the class.
    """
    rng = np.random.default_rng(random_state)
    sizes = np.bincount(codes)
    given = allotted(sizes, total)
    rows = np.sort(
        np.concatenate([rng.choice(np.flatnonzero(codes == code), n, replace=False) for code, n in enumerate(given)])
    )
    return rows, (sizes / np.maximum(given, 1))[codes[rows]]


def explain(
    classifier: Any,
    X: pd.DataFrame,
    codes: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    rows: np.ndarray,
    random_state: int = 0,
    known: Rows | None = None,
) -> Explained:
    """Take rows apart, each by the fold that did not train on it.

    A part is centred on original rows b of the training part: φ_j(x) = s_j(x) − mean_b s_j(b), base = mean_b f(b). The
    classifier may resample what it learns from; the rows b are never resampled, and every class has its share among them.

    Parameters
    ----------
    classifier : scikit-learn classifier
        Unfitted; the learner inside its wrappers is explained.
    X : pandas.DataFrame (n_samples, n_features)
    codes : ndarray (n_samples,)
        Labels 0 … n_classes − 1.
    folds : sequence of (train, test)
    rows : ndarray (n_rows,)
        Positions of the rows to explain.
    random_state : int
        Seed of the choice of the rows b, when there are more than ``BACKGROUND``.
    known : Rows or None
        What is known about the rows; in a working sample b stands for as many rows, and the output speaks of the whole table.

    Raises
    ------
    NotApplicable
        No fold has training rows of two classes, or the learner cannot be explained exactly.
    ArithmeticError
        The parts do not add up to the model's output; a defect.
    """
    shape = (len(rows), X.shape[1], codes.max() + 1)
    parts, fold_of = np.full(shape, np.nan), np.zeros(len(rows), dtype=np.intp)
    base, output = np.full((2, shape[0], shape[2]), np.nan)
    gap = 0.0
    for fold, (train, test) in enumerate(folds):
        here = np.flatnonzero(np.isin(rows, test))
        fold_of[here] = fold
        if len(here) == 0 or len(np.unique(codes[train])) < 2:
            continue
        fitted = fit_on(clone(classifier), X.iloc[train], codes[train], None if known is None else known.take(train))
        learner, shift = innermost(fitted), prior_shift(fitted)
        most = int(np.clip(MOST_NUMBERS / (shape[1] * shape[2]), 1, BACKGROUND))
        ground, weight = by_class(codes[train], most, random_state)
        if known is not None and known.represents is not None:
            weight = weight * known.represents[train][ground]
        split, constant, measured = contributions(learner, X.iloc[np.concatenate([train[ground], rows[here]])])
        gap = max(gap, largest_gap(split, constant, measured))
        (around, split), (level, measured) = (np.split(values, [len(ground)]) for values in (split, measured))
        parts[np.ix_(here, np.arange(shape[1]), learner.classes_)] = split - np.average(around, axis=0, weights=weight)
        base[np.ix_(here, learner.classes_)] = np.average(level, axis=0, weights=weight) + shift
        output[np.ix_(here, learner.classes_)] = measured + shift
    if np.isnan(output).all():
        raise NotApplicable("No fold has training rows of two classes; there is no model to explain.")
    return Explained(parts, base, output, fold_of, max(gap, largest_gap(parts, base, output)))


def largest_gap(parts: np.ndarray, constant: np.ndarray, output: np.ndarray) -> float:
    """The largest difference between the sums and the output, relative to the size of the summands.

    Raises
    ------
    ArithmeticError
        It is above ``TOLERANCE``.
    """
    gaps = np.abs(parts.sum(axis=1) + constant - output)
    scale = np.maximum(1, np.maximum(np.abs(output), np.abs(parts).sum(axis=1)))
    largest = float(np.nanmax(gaps / scale, initial=0.0))
    if largest > TOLERANCE:
        raise ArithmeticError(f"contributions miss the model's output by {largest:.2g} of its size")
    return largest
