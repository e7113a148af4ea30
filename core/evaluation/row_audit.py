"""An audit of made rows of one class against real ones: every number beside what chance gives real rows at the same sizes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.evaluation.audited_cells import cell_measures, odd_cells
from core.evaluation.audited_columns import (
    MOST_LEVELS,
    WORST,
    Rows,
    alike,
    for_pairs,
    marginals,
    shapes,
)
from core.judge import difference_interval, proportion_interval
from core.learners.sampling.rules import Rule
from core.numerics.associations import associations
from core.numerics.fidelity import area_spread, clustered_area, frechet, within
from core.numerics.neighbour_search import search
from core.numerics.neighbours import nearest
from core.validation import folds

MOST_MADE, MOST_REAL = 1_500, 1_000
"""Rows that enter what looks at whole rows; random ones of more."""

FEWEST = 10
"""Made and real rows that there must be to judge whole rows."""

N_NULL, N_FOLDS, K = 30, 4, 5
MOST_FRECHET, MOST_SQUARED, MOST_LINEAR = 60, 16, 100
CUT = 3.0
"""Robust units beyond which a cell counts as no farther from the middle; else a few cells of a skewed column decide on the Fréchet distance."""

Z95, Z_BOTH = 1.96, 2.24
"""Normal quantiles of 95 %, and of 95 % for two intervals read together."""

JOINT = ("told apart by trees", "told apart by curves")
COVERAGE, DENSITY, FRECHET = "real rows covered", "density", "Fréchet distance"
PAIRS, WORST_PAIR = "mean difference between pairs of columns", "largest difference between pairs of columns"
COLUMNS = "columns that differ"
NAMES = ["measure", "value", "low", "high", "null", "null_low", "null_high", "differs"]


def fidelity_of(
    seen: pd.DataFrame,
    made: pd.DataFrame,
    unseen: pd.DataFrame | None = None,
    *,
    table: pd.DataFrame | None = None,
    rules: Sequence[Rule] = (),
    random_state: int = 0,
) -> dict[str, pd.DataFrame]:
    """Audit made rows of one class.

    Parameters
    ----------
    seen : pandas.DataFrame (n_seen, n_features)
        Real rows of the class, from which the others were made; columns as in ``Dataset.X``.
    made : pandas.DataFrame (n_made, n_features)
        The same columns.
    unseen : pandas.DataFrame or None
        Real rows of the class that were kept apart. Without them made rows are compared with the seen ones, which flatters them.
    table : pandas.DataFrame or None
        Real rows of all classes, which say what values there can be; the rows of the class when left out.
    rules : sequence of Rule
    random_state : int

    Returns
    -------
    dict of DataFrame
        ``measures``: measure, value, low, high, null, null_low, null_high, differs (NaN is not known). ``columns``: column, kind, distance (of
        distribution functions, or total variation), p, spread_ratio (standard deviation of made over real), missing_made, missing_real, p_adjusted.
        ``pairs``: first, second, made, real, difference; the largest ones. ``cells``: column, problem, n_cells, n_rows. ``shapes``: column, label,
        from, to, place, class (made or real rows), share; of the columns that differ most.

    References
    ----------
    Lopez-Paz and Oquab (2017), International Conference on Learning Representations, for the classifier. Naeem et al. (2020), International Conference
    on Machine Learning, for coverage and density. Good (1953), Biometrika 40, for gaps never seen. That made rows count as no more
    than they were made from is our inference.
    """
    unseen = seen.iloc[:0] if unseen is None else unseen
    frames = alike([seen, made, unseen, table if table is not None else pd.concat([seen, unseen])])
    rows = Rows(*frames, np.random.default_rng(random_state))
    columns, cells = marginals(rows.some(20_000, 20_000)), odd_cells(rows)
    some = rows.some(MOST_MADE, MOST_REAL)
    pairs, together = _pairs(some)
    worst = columns.sort_values(["p", "distance"], ascending=[True, False], kind="stable")["column"].head(WORST)
    measures = [*_joint(some, random_state), *_covered(some), _frechet(some), *together, _columns(columns)]
    measures += cell_measures(rows, rules)
    found = pd.DataFrame([measure for measure in measures if measure], columns=NAMES)
    drawn = shapes(rows, [name for name in worst if rows.real[name].notna().any() and rows.made[name].notna().any()])
    return {"measures": found, "columns": columns, "pairs": pairs, "cells": cells, "shapes": drawn}


def _columns(columns: pd.DataFrame) -> tuple:
    known = columns["p"].notna().sum()
    differ = int((columns["p_adjusted"] < 0.05).sum())
    return (COLUMNS, differ / max(known, 1), np.nan, np.nan, 0.0, 0.0, 0.0, differ > 0)


def _joint(rows: Rows, seed: int) -> list[tuple]:
    """The chance that a classifier which saw neither tells the made one of a made and a real row; a region of rows near each other stays in one fold."""
    seen, made, unseen = rows.encoded
    real, n_made = (unseen if len(unseen) else seen), len(made)
    source = np.unique(rows.source, return_inverse=True)[1]
    groups, y = _regions(rows, np.vstack([made, real])), np.repeat([1, 0], [n_made, len(real)])
    n_folds = min(N_FOLDS, len(real), len(np.unique(groups)))
    if n_folds < 2 or min(n_made, len(real)) < FEWEST:
        return []
    parts = folds(y, n_folds=n_folds, groups=groups, random_state=seed)
    frame = pd.concat([rows.made, rows.real], ignore_index=True)
    found = []
    for name, scores in zip(
        JOINT, (_boosted(frame, y, parts, seed), _quadratic(np.vstack([made, real]), y, parts)), strict=True
    ):
        value, error = clustered_area(scores[:n_made], scores[n_made:], source)
        chance = Z_BOTH * area_spread(scores[:n_made], scores[n_made:], min(len(np.unique(source)), rows.worth))
        ends = np.clip([value - Z_BOTH * error, value + Z_BOTH * error], 0, 1)
        differs = bool(ends[0] > 0.5 and value > 0.5 + chance)
        found.append((name, value, *ends, 0.5, max(0.5 - chance, 0), min(0.5 + chance, 1), differs))
    return found


def _regions(rows: Rows, Z: np.ndarray) -> np.ndarray:
    """The region of each row: which of some random real rows, seen or not, lies nearest."""
    seen, _, unseen = rows.encoded
    pool = np.vstack([seen, unseen])
    centres = rows.rng.choice(len(pool), min(max(len(pool) // 10, 3 * N_FOLDS), 100, len(pool)), replace=False)
    return search(Z, pool[centres], 1, np.full(len(Z), -1))[0][:, 0]


def _boosted(frame: pd.DataFrame, y: np.ndarray, parts: Any, seed: int) -> np.ndarray:
    from core.learners.boosted import BoostedTrees

    scores = np.full(len(y), 0.5)
    for train, test in parts:
        if len(np.unique(y[train])) == 2:
            scores[test] = (
                BoostedTrees(random_state=seed).fit(frame.iloc[train], y[train]).predict_proba(frame.iloc[test])[:, 1]
            )
    return _centred(scores, parts)


def _quadratic(Z: np.ndarray, y: np.ndarray, parts: Any) -> np.ndarray:
    """A logistic model on columns, gaps, and squares and products of the columns."""
    from sklearn.linear_model import LogisticRegression

    gap = np.isnan(Z)
    base = np.hstack([np.where(gap, 0.0, Z), gap[:, gap.any(axis=0)]])
    base = base[:, np.ptp(base, axis=0) > 0][:, :MOST_LINEAR]
    if not base.shape[1]:
        return np.full(len(y), 0.5)
    base = (base - base.mean(axis=0)) / base.std(axis=0)
    left, right = np.triu_indices(min(MOST_SQUARED, base.shape[1]))
    used = np.hstack([base, base[:, left] * base[:, right]])
    scores = np.full(len(y), 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows that can be told exactly need more steps than are worth it
        for train, test in parts:
            if len(np.unique(y[train])) == 2:
                model = LogisticRegression(C=0.01, max_iter=100, tol=1e-3, class_weight="balanced")
                scores[test] = model.fit(used[train], y[train]).decision_function(used[test])
    return _centred(scores, parts)


def _centred(scores: np.ndarray, parts: Any) -> np.ndarray:
    """Ranks within each fold between 0 and 1: models of different folds have scales of their own."""
    from scipy.stats import rankdata

    ranks = np.empty(len(scores))
    for _, test in parts:
        ranks[test] = (rankdata(scores[test]) - 0.5) / max(len(test), 1)
    return ranks


def _covered(rows: Rows) -> list[tuple]:
    """Coverage and density of as many made rows as were seen, beside those of the seen rows themselves."""
    seen, made, unseen = rows.encoded
    real = unseen if len(unseen) else seen
    k = min(K, len(real) - 1)
    if k < 1:
        return []
    radius = nearest(real, real, k, itself=True)[1][:, -1]
    chosen = rows.rng.choice(len(made), rows.worth, replace=False)
    covered, balls = within(real, made[chosen], radius)
    low, high = map(float, proportion_interval(covered.sum(), len(real)))
    error = Z95 * balls.std() / k / np.sqrt(len(balls))
    value, density = float(covered.mean()), float(balls.mean() / k)
    if not len(unseen):
        nothing = (np.nan,) * 4
        return [(COVERAGE, value, low, high, *nothing), (DENSITY, density, density - error, density + error, *nothing)]
    by_seen, at_seen = within(real, seen[rows.rng.choice(len(seen), rows.worth, replace=False)], radius)
    fewer = difference_interval(covered.sum(), len(real), by_seen.sum(), len(real))[1] < 0
    null = (float(by_seen.mean()), *map(float, proportion_interval(by_seen.sum(), len(real))))
    spread = Z95 * at_seen.std() / k / np.sqrt(len(at_seen))
    dense = (float(at_seen.mean() / k), float(at_seen.mean() / k - spread), float(at_seen.mean() / k + spread))
    return [
        (COVERAGE, value, low, high, *null, bool(fewer)),
        (
            DENSITY,
            density,
            density - error,
            density + error,
            *dense,
            bool(density + error < dense[1] or density - error > dense[2]),
        ),
    ]


def _frechet(rows: Rows) -> tuple | None:
    """The Fréchet distance in robust units cut at ``CUT``, beside that of real rows split at random in the same sizes."""
    seen, made, unseen = (np.clip(np.where(np.isnan(Z), 0.0, Z), -CUT, CUT)[:, :MOST_FRECHET] for Z in rows.encoded)
    if min(rows.worth, len(rows.real)) < 3 or not seen.shape[1]:
        return None
    value = frechet(made, unseen if len(unseen) else seen)
    own = np.vstack([seen, unseen])
    draws = [frechet(own[first], own[second]) for first, second in _splits(rows)]
    return (FRECHET, value, np.nan, np.nan, *_null(draws, value))


def _splits(rows: Rows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions of real rows split at random as the made and the real ones are; without unseen rows, drawn with repeats, against all."""
    n, m = len(rows.seen), len(rows.unseen)
    for _ in range(N_NULL):
        order = rows.rng.permutation(n + m)
        yield (order[: rows.worth], order[n:]) if m else (rows.rng.integers(0, n, rows.worth), np.arange(n))


def _null(draws: list[float], value: float) -> tuple[float, float, float, bool]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(np.mean(draws)), float(low), float(high), bool(value > max(draws))


def _pairs(rows: Rows) -> tuple[pd.DataFrame, list[tuple]]:
    """How differently pairs of columns go together, on average and at most, beside real rows split at random."""
    names, (made, real, own) = for_pairs([rows.made, rows.real, rows.own])
    first, second = np.triu_indices(len(names), 1)

    def looked_at(numbers: np.ndarray, levels: np.ndarray) -> np.ndarray:
        return associations(numbers, levels, MOST_LEVELS)[first, second]

    labels = np.array(names, dtype=object)
    table = pd.DataFrame(
        {"first": labels[first], "second": labels[second], "made": looked_at(*made), "real": looked_at(*real)}
    )
    table = table.assign(difference=table["made"] - table["real"]).dropna(subset=["difference"])
    if not len(table) or min(rows.worth, len(rows.real)) < 5:
        return table, []
    gaps, draws = table["difference"].abs(), []
    for one, other in _splits(rows):
        gap = np.abs(looked_at(own[0][one], own[1][one]) - looked_at(own[0][other], own[1][other]))
        gap = gap[~np.isnan(gap)]
        draws.append((gap.mean(), gap.max()) if len(gap) else (0.0, 0.0))
    found = [
        (name, float(value), np.nan, np.nan, *_null(list(null), value))
        for name, value, null in zip(
            (PAIRS, WORST_PAIR), (gaps.mean(), gaps.max()), zip(*draws, strict=True), strict=True
        )
    ]
    order = gaps.sort_values(ascending=False, kind="stable").index[:50]
    return table.loc[order].reset_index(drop=True), found
