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
    fisher_error,
    joint_weights,
    one_hot,
    rank_correlation,
    rank_error,
)
from core.sampled_columns import Column, SampledColumns, sampled_columns
from core.study import Study

MOST_COLUMNS = 300
"""Columns that are looked at: of a wider table those with most cells beside gaps and their most frequent value."""

TEXTS, LEVELS = 20, 600
"""Levels of one text, and of all texts together."""

FEW = 8
"""Levels per text from which pairs of levels are counted and not multiplied out: where both take as long."""

PRODUCTS, FEWEST_ROWS = 500_000_000, 2_000
"""Rows times encoded columns squared is kept near this; yet so many rows are looked at."""

ENOUGH, DIFFERING = 20, 30
"""Rows that a correlation within the class of interest or the rest needs; pairs whose difference is judged by their own clouds."""

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
        The ``DIFFERING`` pairs of numbers that differ most clearly between the class of interest and the rest: column, other, in_class, class_low, class_high, in_rest, rest_low, rest_high, difference, z, p.
    compared : int
        Pairs of numbers that were compared between the class of interest and the rest.
    left_out : int
        Columns that were not looked at because there are more than ``MOST_COLUMNS``.
    n_rows : int
        Rows that were looked at.
    """

    pairs: pd.DataFrame
    differing: pd.DataFrame
    compared: int
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
    places = [_places(column, n_levels, rows) for column in texts]
    T, starts = one_hot(places)
    R = _ranks(numbers, rows, weights)
    parts = [_upper(RANK, numbers, *rank_correlation(R, R, weights))] if len(numbers) > 1 else []
    if numbers and texts:
        parts.append(_all(RATIO, texts, numbers, *correlation_ratio(T, starts, R, weights, shrink)))
    if len(texts) > 1:
        counted = FEW * len(texts) < T.shape[1]
        table = joint_weights(places, starts, T.shape[1], weights) if counted else None
        parts.append(_upper(CRAMER, texts, *cramer(T, starts, weights, shrink, table)))
    differing, compared = _differing(numbers, rows, weights, sample.of_interest[rows])
    return ColumnTies(_pairs(parts, shrink), differing, compared, len(varied) - len(chosen), len(rows))


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
    occurs = np.bincount(place + 1, minlength=1)[1:] > 0
    return np.append(np.cumsum(occurs) - 1, -1)[place]


def _upper(measure: str, columns: list[Column], value: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    i, j = np.triu_indices(len(columns), 1)
    return _table(measure, columns, columns, (i, j), value, weight)


def _all(
    measure: str, left: list[Column], right: list[Column], value: np.ndarray, weight: np.ndarray
) -> dict[str, np.ndarray]:
    i, j = np.indices(value.shape).reshape(2, -1)
    return _table(measure, left, right, (i, j), value, weight)


def _table(
    measure: str, left: list[Column], right: list[Column], at: tuple, value: np.ndarray, weight: np.ndarray
) -> dict[str, np.ndarray]:
    names, others = (np.array([c.name for c in side] + [None], dtype=object) for side in (left, right))
    kept = ~np.isnan(value[at])
    i, j = at[0][kept], at[1][kept]
    columns = {"column": names[i], "other": others[j], "measure": np.full(len(i), measure, dtype=object)}
    return columns | {"value": value[i, j], "weight": weight[i, j]}


def _pairs(parts: list[dict[str, np.ndarray]], shrink: float) -> pd.DataFrame:
    names = ["column", "other", "measure", "value", "strength", "low", "high", "n_rows"]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=float if name not in names[:3] else object) for name in names})
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    strength, n = np.abs(table["value"]), (table.pop("weight") * shrink).round(6)
    low, high = correlation_interval(strength, fisher_error(n))
    table |= {"strength": strength, "low": np.maximum(low, 0.0), "high": high, "n_rows": n}
    order = np.lexsort((table["other"], table["column"], -strength.round(9)))
    return pd.DataFrame({name: table[name][order] for name in names})


@dataclass(frozen=True, eq=False)
class _Group:
    """Some rows: their places in the sample, weights, ranks, correlations, and the standard errors of Fisher's z."""

    rows: np.ndarray
    weights: np.ndarray
    ranks: np.ndarray
    value: np.ndarray
    error: np.ndarray


def _group(numbers: list[Column], rows: np.ndarray, weights: np.ndarray) -> _Group:
    """Rank some rows anew; a column of which one value fills more than half has no correlation: few rows would make it."""
    ranks = _ranks(numbers, rows, weights)
    value, weight = rank_correlation(ranks, ranks, weights)
    sizes = [weight_by_level(c.levels[rows], len(c.distinct), weights) for c in numbers]
    uneven = np.array([2 * size.max() > size.sum() for size in sizes], dtype=bool)
    value[uneven] = value[:, uneven] = np.nan
    n = weight * effective_size(weights) / weights.sum()
    value[n < ENOUGH] = np.nan
    return _Group(rows, weights, ranks, value, fisher_error(n))


def _differing(
    numbers: list[Column], rows: np.ndarray, weights: np.ndarray, own: np.ndarray
) -> tuple[pd.DataFrame, int]:
    """The pairs of numbers that differ most between the class of interest and all other rows, and how many pairs there are.

    The clearest by Fisher's z are judged by the standard error of their own clouds, when that is larger.
    """
    groups = [_group(numbers, rows[inside], weights[inside]) for inside in (own, ~own)]
    i, j = np.triu_indices(len(numbers), 1)
    z = correlations_differ(*(x for group in groups for x in (group.value[i, j], group.error[i, j])))[0]
    known = np.flatnonzero(~np.isnan(z))
    kept = known[np.argsort(-np.abs(z[known]).round(9), kind="stable")[:DIFFERING]]
    i, j = i[kept], j[kept]
    names = np.array([c.name for c in numbers] + [None], dtype=object)
    table, pairs = {"column": names[i], "other": names[j]}, []
    for label, group in zip(("class", "rest"), groups, strict=True):
        value, error = group.value[i, j], np.maximum(group.error[i, j], _own_errors(numbers, group, i, j))
        low, high = correlation_interval(value, error)
        table |= {f"in_{label}": value, f"{label}_low": low, f"{label}_high": high}
        pairs += [value, error]
    z, p = correlations_differ(*pairs)
    table = pd.DataFrame(table | {"difference": pairs[0] - pairs[2], "z": z, "p": p})
    order = np.lexsort((table["other"], table["column"], -table["z"].abs().round(9)))
    return table.iloc[order].reset_index(drop=True), len(known)


def _own_errors(numbers: list[Column], group: _Group, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Standard errors of Fisher's z from the rows themselves."""
    levels = {c: numbers[c].levels[group.rows] for c in {*i, *j}}
    found = [
        rank_error(group.ranks[:, a], group.ranks[:, b], levels[a], levels[b], group.weights)
        for a, b in zip(i, j, strict=True)
    ]
    return np.array(found) / np.maximum(1 - group.value[i, j] ** 2, 1e-6)
