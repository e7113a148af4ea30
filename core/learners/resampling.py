"""Samplers of imbalanced-learn for real tables: text columns, gaps, tiny classes, several classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator

from core.learners.encoding import as_frame, categorical_columns, numeric_columns, robust_units, scaled


def targets(y: np.ndarray, balance: float, *, down: bool = False) -> dict[Any, int]:
    """Rows per class after sampling.

    Parameters
    ----------
    y : ndarray (n_samples,)
    balance : float
        How far towards equal sizes, between 0 (as they are) and 1 (all as the largest, or as the smallest with ``down``).
    down : bool
        Take rows away instead of adding them.

    Examples
    --------
    >>> targets(np.array([0, 0, 0, 0, 1, 1]), 0.5)
    {0: 4, 1: 3}
    """
    labels, sizes = np.unique(y, return_counts=True)
    goal = sizes.min() if down else sizes.max()
    return {label: round(size + balance * (goal - size)) for label, size in zip(labels.tolist(), sizes, strict=True)}


@dataclass(frozen=True)
class Reached:
    """What sampling makes of the classes of a working sample, so that it means the same as on the whole table.

    Parameters
    ----------
    wanted : dict of label to int
        Rows of the sample after sampling.
    rows : dict of label to float
        Rows of the whole table, had it been sampled: ``targets`` of its class sizes.
    """

    wanted: dict[Any, int]
    rows: dict[Any, float]


def reached(
    y: np.ndarray,
    represents: np.ndarray,
    balance: float,
    *,
    down: bool = False,
    made: bool = False,
    goal: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Reached:
    """Carry sampling over to a working sample.

    A class with N rows in the table grows or shrinks to M = N + balance · (goal − N) rows, goal being the largest or the smallest
    class of the table. Of n rows in the sample, as many are kept as M allows, ``min(n, M)``; or so many are there after copying that
    no row stands for more of the M than a row of the largest class does, ``max(n, M · n_largest / N_largest)``.
    Synthetic rows (``made``) are drawn where M is above N, at least as many as there are rows. The rule is our inference.

    Parameters
    ----------
    y : ndarray (n_samples,)
    represents : ndarray (n_samples,)
        How many rows of the table each row stands for.
    balance : float
        As in ``targets``.
    down : bool
        As in ``targets``.
    made : bool
        The rows that are added are synthetic: they are not like copies.
    goal : callable or None
        Rows per class M from the rows per class N, in place of ``balance``.

    Examples
    --------
    >>> reached(np.repeat([0, 1], [50, 10]), np.repeat([99.0, 5.0], [50, 10]), 1.0).wanted
    {0: 50, 1: 50}
    """
    labels, positions, sizes = np.unique(y, return_inverse=True, return_counts=True)
    table = np.bincount(positions, represents)
    rows = table + balance * ((table.min() if down else table.max()) - table) if goal is None else goal(table)
    if down:
        wanted = np.minimum(sizes, np.maximum(np.round(rows), 1))
    else:
        most = represents[positions == table.argmax()].mean()
        fewest = np.minimum(sizes, np.round(rows - table)) if made else 0
        wanted = sizes + np.maximum(np.round(rows / most) - sizes, fewest)
    return Reached(
        dict(zip(labels.tolist(), wanted.astype(int).tolist(), strict=True)),
        dict(zip(labels.tolist(), rows.tolist(), strict=True)),
    )


class CopyingSampler(BaseEstimator):
    """Draws rows again, or leaves rows out, at random within each class.

    Parameters
    ----------
    balance : float
        As in ``targets``.
    down : bool
        Leave rows of larger classes out instead of copying rows of smaller ones.
    random_state : int
        Seed.

    Attributes
    ----------
    represents_ : ndarray (n_new,) or None
        How many rows of the whole table, had it been sampled, each new row stands for; only where the rows given are a
        working sample.
    """

    def __init__(self, balance: float = 1.0, down: bool = False, random_state: int = 0) -> None:
        self.balance = balance
        self.down = down
        self.random_state = random_state

    def fit_resample(
        self, X: pd.DataFrame, y: np.ndarray, represents: np.ndarray | None = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows after sampling, and their labels."""
        strategy, self.represents_ = targets(y, self.balance, down=self.down), represents
        if len(strategy) == 1:  # the only row of the other class is in the fold that is held out
            return X, y
        if represents is not None:
            found = reached(y, represents, self.balance, down=self.down)
            strategy = found.wanted
        chosen = RandomUnderSampler if self.down else RandomOverSampler
        sampler = chosen(sampling_strategy=strategy, random_state=self.random_state)
        sampler.fit_resample(np.zeros((len(y), 1)), y)
        rows = sampler.sample_indices_
        if represents is not None:
            self.represents_ = shared_out(represents[rows], y[rows], found.rows)
        return X.iloc[rows], y[rows]


class InterpolatingSampler(BaseEstimator):
    """SMOTE, SMOTE-NC or SMOTE-N, whichever the columns call for.

    The rows themselves are kept as they are. For the synthetic ones, numeric columns are scaled robustly, extreme cells are cut, and gaps are filled
    with the median or the most frequent level before neighbours are looked for; a synthetic row then takes the gaps of
    a random row of its class, so that gaps stay as frequent as they were. Whole-number columns stay whole.
    A class with fewer rows than neighbours uses the neighbours it has; a class of one row is copied.

    Parameters
    ----------
    k : int
        Neighbours within the class.
    balance : float
        As in ``targets``.
    random_state : int
        Seed.

    Attributes
    ----------
    represents_ : ndarray (n_new,) or None
        As ``CopyingSampler`` has it. The synthetic rows of a class share the rows that sampling the whole table would have added.
    """

    def __init__(self, k: int = 5, balance: float = 1.0, random_state: int = 0) -> None:
        self.k = k
        self.balance = balance
        self.random_state = random_state

    def fit_resample(
        self, X: pd.DataFrame, y: np.ndarray, represents: np.ndarray | None = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """The rows followed by the synthetic ones, and their labels."""
        X = as_frame(X)
        found = None if represents is None else reached(y, represents, self.balance, made=True)
        wanted, filled = targets(y, self.balance) if found is None else found.wanted, _Filled(X)
        sizes = {label: int(np.sum(y == label)) for label in wanted}
        frames, labels = [X], [y]
        for k in sorted({min(self.k, sizes[label] - 1) for label in wanted if wanted[label] > sizes[label]}):
            group = {label: n for label, n in wanted.items() if n > sizes[label] and min(self.k, sizes[label] - 1) == k}
            synthetic, y_new = self._draw(filled, X, y, k, group)
            frames.append(synthetic)
            labels.append(y_new)
        y_all, self.represents_ = np.concatenate(labels), represents
        if found is not None:
            self.represents_ = with_synthetic(represents, y_all, found.rows)
        return pd.concat(frames, ignore_index=True), y_all

    def _draw(
        self, filled: _Filled, X: pd.DataFrame, y: np.ndarray, k: int, group: dict
    ) -> tuple[pd.DataFrame, np.ndarray]:
        rng = np.random.default_rng(self.random_state)
        if k == 0:
            rows = np.concatenate([np.resize(np.flatnonzero(y == label), n - 1) for label, n in group.items()])
            return X.iloc[rows], y[rows]
        values, y_new = filled.sampler(k, group, self.random_state).fit_resample(filled.values, y)
        made = slice(len(y), None)
        synthetic = filled.restore(np.asarray(values)[made])
        y_new = np.asarray(y_new)[made]
        if filled.gaps.any():
            seeds = np.empty(len(y_new), dtype=np.intp)
            for label in group:
                seeds[y_new == label] = rng.choice(np.flatnonzero(y == label), int(np.sum(y_new == label)))
            synthetic = synthetic.mask(filled.gaps[seeds])
        return synthetic, y_new


class _Filled:
    """A table as one matrix without gaps: scaled numbers, then codes of text levels; and the way back."""

    def __init__(self, X: pd.DataFrame) -> None:
        self.columns, self.dtypes = list(X.columns), X.dtypes
        self.numeric, self.categorical = numeric_columns(X), categorical_columns(X)
        self.gaps = X.isna().to_numpy()
        numbers = X[self.numeric].to_numpy(dtype="float64")
        self.middle, self.unit = robust_units(numbers)
        numbers = np.where(np.isnan(numbers), self.middle, numbers)
        self.whole = np.all(numbers == np.round(numbers), axis=0)
        codes = (
            np.column_stack([_mode_filled(X[c]) for c in self.categorical])
            if self.categorical
            else np.empty((len(X), 0))
        )
        self.values = np.hstack([scaled(numbers, self.middle, self.unit), codes])

    def sampler(self, k: int, strategy: dict, random_state: int) -> Any:
        """The form of SMOTE that the columns call for."""
        options = {"sampling_strategy": strategy, "k_neighbors": k, "random_state": random_state}
        if not self.categorical:
            return SMOTE(**options)
        if not self.numeric:
            return SMOTEN(**options)
        positions = list(range(len(self.numeric), self.values.shape[1]))
        return SMOTENC(categorical_features=positions, **options)

    def restore(self, values: np.ndarray) -> pd.DataFrame:
        """The matrix as a table with the columns and types it came from."""
        split = len(self.numeric)
        numbers = values[:, :split].astype("float64") * self.unit + self.middle
        numbers[:, self.whole] = np.round(numbers[:, self.whole])
        made = dict(zip(self.numeric, numbers.T, strict=True))
        for name, codes in zip(self.categorical, values[:, split:].T, strict=True):
            made[name] = pd.Categorical.from_codes(codes.astype(int), dtype=self.dtypes[name])
        return pd.DataFrame(made, columns=self.columns)


def shared_out(represents: np.ndarray, y: np.ndarray, rows: dict[Any, float]) -> np.ndarray:
    """Scale what the rows of each class stand for so that it adds up to the rows of the class."""
    labels, positions = np.unique(y, return_inverse=True)
    total = np.array([rows[label] for label in labels.tolist()])
    return represents * (total / np.bincount(positions, represents))[positions]


def with_synthetic(represents: np.ndarray, y: np.ndarray, rows: dict[Any, float]) -> np.ndarray:
    """Let the synthetic rows, which come last, stand for what the rows of their class do not."""
    labels, positions = np.unique(y, return_inverse=True)
    n = len(represents)
    made = np.bincount(positions[n:], minlength=len(labels))
    total = np.array([rows[label] for label in labels.tolist()])
    left = total - np.bincount(positions[:n], represents, minlength=len(labels))
    stands = np.concatenate([represents, (left / np.maximum(made, 1))[positions[n:]]])
    return shared_out(stands, y, rows)


def _mode_filled(column: pd.Series) -> np.ndarray:
    codes = column.cat.codes.to_numpy()
    seen = codes[codes >= 0]
    return np.where(codes < 0, np.bincount(seen).argmax() if len(seen) else -1, codes)
