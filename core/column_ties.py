"""How closely the columns of a study go together, each pair by the measure that fits it; measured once for every method that asks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.numerics.apart import effective_size
from core.numerics.case_control import draw, sampling_plan
from core.numerics.levels import mid_ranks, weight_by_level
from core.numerics.ties import (
    correlation_interval,
    correlation_ratio,
    correlations_differ,
    cramer,
    one_hot,
    rank_correlation,
)
from core.sampled_columns import Column, SampledColumns, sampled_columns
from core.study import Study

MOST_COLUMNS = 300
"""Columns that are looked at: of a wider table those with most cells beside gaps and their most frequent value."""

TEXTS, LEVELS = 20, 600
"""Levels of one text, and of all texts together."""

PRODUCTS, FEWEST_ROWS = 1_200_000_000, 2_000
"""Rows times encoded columns squared is kept near this; yet so many rows are looked at."""

ENOUGH = 20
"""Rows of the class of interest that a correlation within it needs."""

RANK, RATIO, CRAMER = "Spearman", "correlation ratio", "Cramér's V"
MEASURES = (RANK, RATIO, CRAMER)


@dataclass(frozen=True, eq=False)
class ColumnTies:
    """All pairs of columns.

    Parameters
    ----------
    pairs : pandas.DataFrame
        One row per pair, closest first: column, other, measure, value, strength (the value without its sign) with low and high, n_rows (as how
        many rows those with both cells count).
    differing : pandas.DataFrame
        Pairs of numbers, most different first: column, other, in_class, class_low, class_high, in_rest, rest_low, rest_high, difference, z, p.
    left_out : int
        Columns that were not looked at because there are more than ``MOST_COLUMNS``.
    n_rows : int
        Rows that were looked at.
    """

    pairs: pd.DataFrame
    differing: pd.DataFrame
    left_out: int
    n_rows: int


def column_ties(study: Study) -> ColumnTies:
    """Measure all pairs of a study's columns, once.

    Parameters
    ----------
    study : Study
        What is measured stays with it.

    Returns
    -------
    ColumnTies
    """
    if "column_ties" not in study._memory:
        study._memory["column_ties"] = _measured(sampled_columns(study), study.random_state)
    return study._memory["column_ties"]


def _measured(sample: SampledColumns, random_state: int) -> ColumnTies:
    varied = [column for column in sample.column.values() if (column.size > 0).sum() > 1]
    chosen = sorted(varied, key=lambda c: (c.n_missing + int(c.size.max()), c.name))[:MOST_COLUMNS]
    numbers, texts = ([c for c in sorted(chosen, key=lambda c: c.name) if c.numeric is kind] for kind in (True, False))
    n_levels = int(np.clip(LEVELS // max(len(texts), 1), 2, TEXTS))
    width = len(numbers) + sum(min(int((c.size > 0).sum()), n_levels + 1) for c in texts)
    rows, weights = _rows(sample, width, random_state)
    shrink = effective_size(weights) / weights.sum()
    T, starts = one_hot([_places(column, n_levels, rows) for column in texts])
    R = _ranks(numbers, rows, weights)
    parts = [_upper(RANK, numbers, *rank_correlation(R, R, weights))] if len(numbers) > 1 else []
    if numbers and texts:
        parts.append(_all(RATIO, texts, numbers, *correlation_ratio(T, starts, R, weights, shrink)))
    if len(texts) > 1:
        parts.append(_upper(CRAMER, texts, *cramer(T, starts, weights, shrink)))
    differing = _differing(numbers, rows, weights, sample.of_interest[rows])
    return ColumnTies(_pairs(parts, shrink), differing, len(varied) - len(chosen), len(rows))


def _rows(sample: SampledColumns, width: int, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Which drawn rows to look at, and what each stands for: fewer for a wide table."""
    n = max(FEWEST_ROWS, PRODUCTS // max(width, 1) ** 2)
    if n >= len(sample.rows):
        return np.arange(len(sample.rows)), sample.weights
    rows, each = draw(sample.codes, sampling_plan(sample.sizes, n), random_state)
    return rows, sample.weights[rows] * each


def _ranks(columns: list[Column], rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    ranks = [mid_ranks(c.levels[rows], len(c.distinct), weights) for c in columns]
    return np.column_stack(ranks) if ranks else np.empty((len(rows), 0))


def _places(column: Column, n_levels: int, rows: np.ndarray) -> np.ndarray:
    """The level of each row by frequency, the rarest in one, without numbers that do not occur; -1 is missing."""
    place = np.append(column.places(n_levels)[0], -1)[column.levels[rows]]
    seen = place >= 0
    place[seen] = np.unique(place[seen], return_inverse=True)[1]
    return place


def _upper(measure: str, columns: list[Column], value: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    i, j = np.triu_indices(len(columns), 1)
    return _table(measure, columns, columns, (i, j), value, weight)


def _all(measure: str, left: list[Column], right: list[Column], value: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    i, j = np.indices(value.shape).reshape(2, -1)
    return _table(measure, left, right, (i, j), value, weight)


def _table(
    measure: str, left: list[Column], right: list[Column], at: tuple, value: np.ndarray, weight: np.ndarray
) -> pd.DataFrame:
    names, others = (np.array([c.name for c in side] + [None], dtype=object) for side in (left, right))
    columns = {"column": names[at[0]], "other": others[at[1]], "measure": measure, "value": value[at]}
    return pd.DataFrame(columns | {"weight": weight[at]})


def _pairs(parts: list[pd.DataFrame], shrink: float) -> pd.DataFrame:
    names = ["column", "other", "measure", "value", "strength", "low", "high", "n_rows"]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=float if name not in names[:3] else object) for name in names})
    table = pd.concat(parts, ignore_index=True)
    table = table[table["value"].notna()]
    strength = table["value"].abs()
    n = (table["weight"] * shrink).round(6)
    low, high = correlation_interval(strength.to_numpy(), n.to_numpy())
    table = table.assign(strength=strength, low=np.maximum(low, 0.0), high=high, n_rows=n)[names]
    order = np.lexsort((table["other"], table["column"], -strength.round(9)))
    return table.iloc[order].reset_index(drop=True)


def _uneven(column: Column, rows: np.ndarray, weights: np.ndarray) -> bool:
    """Whether one value fills more than half of some rows: then few rows make the correlation, and its interval does not hold."""
    weight = weight_by_level(column.levels[rows], len(column.distinct), weights)
    return bool(2 * weight.max() > weight.sum())


def _differing(numbers: list[Column], rows: np.ndarray, weights: np.ndarray, own: np.ndarray) -> pd.DataFrame:
    """Every pair of numbers within the class of interest and within all other rows, ranked anew in each."""
    found = {}
    for group, inside in (("class", own), ("rest", ~own)):
        heavy = np.ones(int(own.sum())) if group == "class" else weights[inside]
        value, weight = rank_correlation(R := _ranks(numbers, rows[inside], heavy), R, heavy)
        uneven = np.array([_uneven(c, rows[inside], heavy) for c in numbers], dtype=bool)
        value[uneven] = value[:, uneven] = np.nan
        n = weight * (effective_size(heavy) / heavy.sum() if len(heavy) else 1.0)
        found[group] = (value, n, *correlation_interval(value, n))
    i, j = np.triu_indices(len(numbers), 1)
    (own_value, n_own, own_low, own_high), (rest, n_rest, rest_low, rest_high) = (
        [x[i, j] for x in found[group]] for group in ("class", "rest")
    )
    z, p = correlations_differ(own_value, np.where(n_own < ENOUGH, 0, n_own), rest, n_rest)
    names = np.array([c.name for c in numbers] + [None], dtype=object)
    table = {"column": names[i], "other": names[j], "in_class": own_value, "class_low": own_low, "class_high": own_high}
    table |= {"in_rest": rest, "rest_low": rest_low, "rest_high": rest_high, "difference": own_value - rest}
    table |= {"z": z, "p": p}
    table = pd.DataFrame(table)
    table = table[table["z"].notna()]
    return table.iloc[np.lexsort((table["other"], table["column"], -table["z"].abs().round(9)))].reset_index(drop=True)
