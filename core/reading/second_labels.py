"""Columns that say the outcome in other words: copies, coarser forms, marks and siblings of the target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.numerics import single_column as told
from core.target_rule import MAX_CLASSES, TargetRule
from core.wording import number, of, quoted, score

MOST_ROWS, MOST_CELLS = 30_000, 2_000_000
ENOUGH = 10
"""Rows that a class must have before it is looked at."""
PERFECT, MARKS, COVERS, ALIKE = 0.999, 0.98, 0.05, 0.3
"""Areas and shares from which a column decides the class, a value marks a class, it covers one, and a column goes with the target."""
COPIED, MARKED, MOST_FLAGS = 100, 40, 20
"""Rows that must hold the second most frequent value of a copy, and a value that marks a class; values of a column that marks."""
N_LEVELS, N_FOLDS = 50, 5


def second_labels(frame: pd.DataFrame, target: str, names: list[str], rule: str = "") -> list[tuple[str, str, str]]:
    """Find columns that may say the outcome in other words.

    A column is one if it alone ranks every class with an area under the ROC curve of ``PERFECT``, out of fold; if all rows of a class
    share one of its values, and not the same one in all classes; if one of its values, with ``MARKED`` rows or more, marks a
    rare class; or if it stands beside the target, holds the same two values and goes with it.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    target : str
        The column with the classes.
    names : list of str
        Columns to look at.
    rule : str
        How the target becomes classes.

    Returns
    -------
    list of (str, str, str)
        Column, reason and confidence.
    """
    labels = TargetRule.parse(rule).apply(frame[target]) if frame[target].notna().any() else frame[target]
    codes = pd.factorize(labels)[0]
    n_classes = int(codes.max(initial=-1)) + 1
    if not 2 <= n_classes <= MAX_CLASSES or not names:
        return []
    rng, rows = np.random.default_rng(0), np.flatnonzero(codes >= 0)
    most = int(np.clip(MOST_CELLS / len(names), 2_000, MOST_ROWS))
    rows = np.sort(rng.choice(rows, most, replace=False)) if len(rows) > most else rows
    codes, sizes = codes[rows], np.bincount(codes[rows], minlength=n_classes)
    fold, order = np.empty(len(rows), dtype=int), rng.permutation(len(rows))
    fold[order[np.argsort(codes[order], kind="stable")]] = np.arange(len(rows)) % N_FOLDS
    found, totals = [], {}
    for name in names:
        levels, values = _levels(frame[name].iloc[rows], codes)
        counts = told.counts_by_level(levels + 1, codes, fold, n_classes)
        totals[name] = counts.sum(axis=0)
        reason = _told(counts, values, sizes, labels.iloc[rows].to_numpy(), codes)
        if reason:
            found.append((name, *reason))
    return found + _siblings(frame, target, totals, {name for name, *_ in found})


def _levels(column: pd.Series, codes: np.ndarray) -> tuple[np.ndarray, list[str] | None]:
    """The level of each row, −1 for missing, and the value of each level where each is one value."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype="float64", na_value=np.nan, copy=True)
        values[np.isinf(values)] = np.nan
        levels, exact = told.levels_of_numbers(values, codes, N_LEVELS)
        return levels, [number(x) for x in np.unique(values[levels >= 0])] if exact else None
    raw, texts = pd.factorize(column)
    levels = told.levels_of_text(raw, 4 * N_LEVELS)
    names = np.empty(levels.max(initial=-1) + 1, dtype=object)
    names[levels[levels >= 0]] = np.asarray(texts, dtype=object)[raw[levels >= 0]]
    return levels, [str(text) for text in names] if len(texts) <= 4 * N_LEVELS else None


def _told(
    counts: np.ndarray, values: list[str] | None, sizes: np.ndarray, labels: np.ndarray, codes: np.ndarray
) -> tuple[str, str] | None:
    """Why a column may be a second label, and how sure that is."""
    total, counted = counts.sum(axis=0), sizes >= ENOUGH
    if counted.sum() < 2:
        return None
    areas = np.nan_to_num(told.area_by_fold(counts, told.out_of_fold_rates(counts))).mean(axis=0)[counted]
    if areas.mean() >= PERFECT and areas.min() >= 0.99:
        reason = f"It alone ranks every class with an area under the ROC curve of at least {score(areas.min())}, out of fold."
        return reason, "guess" if values is None else "likely"
    if values is None:
        return None
    single = np.ones(len(total), dtype=bool)
    if told.copies_class(total, single, counted, PERFECT) and np.sort(total.sum(axis=1))[-2] >= COPIED:
        return "All rows of a class share one value of it, and not the same one in all classes.", "likely"
    rare = counted & (sizes <= sizes.sum() / (2 * len(sizes)))
    n_rows = total.sum(axis=1, keepdims=True)
    marks = (total >= MARKS * n_rows) & (n_rows >= MARKED) & (total >= COVERS * sizes) & rare
    marks[0] = False
    if not marks.any() or len(values) > MOST_FLAGS:
        return None
    level, c = np.unravel_index(np.where(marks, total, -1).argmax(), marks.shape)
    label = labels[np.argmax(codes == c)]
    part = of(total[level, c], n_rows[level, 0])
    return (
        f"{part} with the value {quoted(values[level - 1])} are {quoted(label)}: it may follow from the outcome.",
        "guess",
    )


def _siblings(
    frame: pd.DataFrame, target: str, totals: dict[str, np.ndarray], known: set[str]
) -> list[tuple[str, str, str]]:
    """Columns in a row beside the target that hold the same two values and go with it."""
    levels, found, place = set(frame[target].dropna().unique()), [], list(frame.columns).index(target)
    if len(levels) != 2:
        return found
    for side in (frame.columns[:place][::-1], frame.columns[place + 1 :]):
        for name in side:
            if name not in totals or set(frame[name].dropna().unique()) != levels:
                break
            association = _phi(totals[name][1:])
            if abs(association) < ALIKE:
                break
            reason = f"It stands beside the target, holds the same values, and goes with it (correlation {number(association, 2)})."
            found += [(name, reason, "guess")] if name not in known else []
    return found


def _phi(total: np.ndarray) -> float:
    margins = np.prod(total.sum(axis=0)) * np.prod(total.sum(axis=1))
    return float(np.linalg.det(total) / np.sqrt(margins)) if total.shape == (2, 2) and margins > 0 else 0.0
