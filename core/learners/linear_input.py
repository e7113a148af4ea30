"""What the linear learner sees of a table: scaled and filled numbers, indicators of gaps, and text as 0/1 columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.learners.encoding import MAX_LEVELS, categorical_columns, numbers_of, numeric_columns, robust_units, scaled


class LinearInput:
    """The encoding of a table, learned from its rows.

    Numbers are scaled by their median and interquartile range; a gap is filled with the median of the scaled column, 0 in a column without
    a number, and each column with gaps gets a column that marks them. That is ``SimpleImputer(strategy="median", add_indicator=True,
    keep_empty_features=True)`` of scikit-learn, without its checks of every table. Text goes through its ``OneHotEncoder``.

    Parameters
    ----------
    X : pandas.DataFrame (n_samples, n_features)
    """

    def __init__(self, X: pd.DataFrame) -> None:
        self.names = list(X.columns)
        self.numbers, self.words = numeric_columns(X), categorical_columns(X)
        values = numbers_of(X, self.numbers)
        self.middle, self.unit = robust_units(values)
        Z = scaled(values, self.middle, self.unit)
        missing = np.isnan(Z)
        self.gappy = np.flatnonzero(missing.any(axis=0))
        self.filling = np.array(
            [np.median(z[~gap]) if not gap.all() else 0.0 for z, gap in zip(Z.T, missing.T, strict=True)]
        )
        self.levels = _one_hot(X[self.words]) if self.words else None

    def __call__(self, X: pd.DataFrame) -> np.ndarray:
        """The matrix (n_samples, n_encoded): numbers, indicators of gaps, text."""
        Z = scaled(numbers_of(X, self.numbers), self.middle, self.unit)
        missing = np.isnan(Z)
        parts = [np.where(missing, self.filling, Z), missing[:, self.gappy]]
        if self.levels is not None:
            parts.append(self.levels.transform(X[self.words]))
        return np.hstack(parts)

    def owners(self) -> np.ndarray:
        """For each encoded column, the position of the column of ``X`` that it comes from."""
        numbers, words = ([self.names.index(name) for name in names] for names in (self.numbers, self.words))
        of_levels = [] if self.levels is None else self.levels._n_features_outs
        return np.array([*numbers, *(numbers[i] for i in self.gappy), *np.repeat(words, of_levels)], dtype=int)


def _one_hot(words: pd.DataFrame) -> Any:
    from sklearn.preprocessing import OneHotEncoder

    options = {"handle_unknown": "infrequent_if_exist", "max_categories": MAX_LEVELS, "sparse_output": False}
    return OneHotEncoder(**options).fit(words)
