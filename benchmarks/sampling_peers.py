"""What one would run instead of our samplers, for ``benchmarks/sampling_quality.py``: median and SMOTE, and OverNaN's three."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from core.learners.encoding import MAX_LEVELS, categorical_columns, numeric_columns

View = Callable[[pd.DataFrame], pd.DataFrame]
Made = tuple[pd.DataFrame, np.ndarray, View]
"""Rows to learn from, their classes, and how rows to predict are to be shown to the learner."""

CHECKED = 60
"""Rows of the smallest class on which the replaced neighbour search is compared with OverNaN's own."""


def as_given(X: pd.DataFrame) -> pd.DataFrame:
    """Rows as they are."""
    return X


class Filled:
    """Numbers with gaps at the median, in standard deviations; text as 0/1 columns with gaps at the most frequent level; then SMOTE.

    Parameters
    ----------
    smote : bool
        Whether rows are made with imbalanced-learn's SMOTE, or none.
    """

    def __init__(self, smote: bool) -> None:
        self.smote = smote

    def __call__(self, X: pd.DataFrame, y: np.ndarray, seed: int) -> Made:
        """Learn medians, levels and neighbours from the rows given."""
        words = make_pipeline(
            SimpleImputer(strategy="most_frequent"),
            OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MAX_LEVELS, sparse_output=False),
        )
        numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        encoder = make_column_transformer((numbers, numeric_columns(X)), (words, categorical_columns(X)))

        def view(rows: pd.DataFrame, learn: bool = False) -> pd.DataFrame:
            plain = rows.astype(dict.fromkeys(categorical_columns(rows), object))
            values = encoder.fit_transform(plain) if learn else encoder.transform(plain)
            return pd.DataFrame(values, columns=[f"x{j}" for j in range(values.shape[1])])

        Z = view(X, learn=True)
        if self.smote:
            k = max(1, min(5, np.bincount(y)[np.unique(y)].min() - 1))
            Z, y = SMOTE(k_neighbors=k, random_state=seed).fit_resample(Z, y)
        return Z, np.asarray(y), view


class OverNaN:
    """One of OverNaN's samplers: text goes in as codes of levels, and comes out as the level nearest to the code.

    OverNaN's search for neighbours compares rows one by one in Python; ``quick_neighbours`` takes its place and finds the same rows.

    Parameters
    ----------
    kind : type
        ``SMOTENaN``, ``ADASYNNaN`` or ``ROSENaN``.
    """

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def __call__(self, X: pd.DataFrame, y: np.ndarray, seed: int) -> Made:
        """Make all classes as large as the largest."""
        Z, codes = self.kind(random_state=seed).fit_resample(as_numbers(X), y)
        columns = {name: _levels(Z[:, j], X[name]) for j, name in enumerate(X.columns)}
        return pd.DataFrame(columns), np.asarray(codes), as_given


def as_numbers(X: pd.DataFrame) -> np.ndarray:
    """Text as codes of its sorted levels, missing as NaN."""
    columns = [X[name].cat.codes.where(X[name].notna()) if X[name].dtype == "category" else X[name] for name in X]
    return np.column_stack([column.to_numpy("float64") for column in columns])


def _levels(values: np.ndarray, column: pd.Series) -> Any:
    if column.dtype != "category":
        return values
    codes = np.clip(np.round(values), 0, max(0, len(column.cat.categories) - 1))
    return pd.Categorical.from_codes(np.where(np.isnan(values), -1, codes).astype(int), dtype=column.dtype)


def quick_neighbours(
    self: Any, sample: np.ndarray, X_pool: np.ndarray, n_neighbours: int, exclude_self: bool = True
) -> np.ndarray:
    """``_find_neighbours`` of OverNaN 0.2.0 for all rows at once: the same distance, the same order among equal ones."""
    shared = ~(np.isnan(X_pool) | np.isnan(sample))
    n_shared = shared.sum(axis=1)
    squares = (np.where(shared, X_pool - sample, 0.0) ** 2).sum(axis=1)
    distance = np.where(n_shared > 0, np.sqrt(squares * (len(sample) / np.maximum(n_shared, 1))), np.inf)
    equal = ((X_pool == sample) | (np.isnan(X_pool) & np.isnan(sample))).all(axis=1)
    candidates = np.flatnonzero(~equal) if exclude_self else np.arange(len(X_pool))
    return candidates[np.argsort(distance[candidates], kind="stable")[:n_neighbours]]


def overnan_samplers(folder: str) -> dict[str, OverNaN]:
    """OverNaN's three by name, from the folder or wheel in which its module lies."""
    sys.path.insert(0, folder)
    import overnan

    base = overnan.BaseNeighborOverSamplerNaN
    base.own_search, base._find_neighbours = base._find_neighbours, quick_neighbours
    kinds = (overnan.SMOTENaN, overnan.ADASYNNaN, overnan.ROSENaN)
    return {f"OverNaN's {kind.__name__}": OverNaN(kind) for kind in kinds}


def disagreement(peers: dict[str, OverNaN], X: pd.DataFrame, y: np.ndarray) -> int:
    """On how many rows of the smallest class the two searches find neighbours at other distances, among all rows."""
    if not peers:
        return 0
    sampler, Z = next(iter(peers.values())).kind(), as_numbers(X)
    different = 0
    for row in np.flatnonzero(y == np.bincount(y).argmin())[:CHECKED]:
        found = [search(Z[row], Z, 5) for search in (sampler.own_search, sampler._find_neighbours)]
        apart = [[sampler._calculate_distance_with_nan(Z[row], Z[i]) for i in rows] for rows in found]
        different += not np.allclose(*apart, rtol=1e-9)
    return different
