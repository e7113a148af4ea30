"""Single columns that nearly decide the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.numerics.single_column import (
    area_by_fold,
    copies_class,
    counts_by_level,
    levels_of_numbers,
    levels_of_text,
    out_of_fold_rates,
    taken_for,
)
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Target leakage", "Does one column alone give the class away?", "emerging", "seconds", names=("leak", "gap_leak")
)

NUMBER_LEVELS, TEXT_LEVELS = 32, 100
DECIDES, SURE, SURE_OF_RECALL = 0.95, 0.9, 0.85
CLEAN, AGREE = 0.98, 0.99
FLAG_VALUES = 10
ENOUGH, SHOWN = 10, 25
VERDICTS = ("decides the class", "copies the class", "marks part of the class", "decides one class", "")
"""The gravest first; the first three are issues, the fourth is a caution."""


def target_leakage(
    study: Study,
    *,
    coverage: Annotated[float, Range(0.01, 1.0, 0.01)] = 0.1,
    max_rows: Annotated[int, Range(1000, 1_000_000, 1000)] = 100_000,
) -> Result:
    """Which columns alone tell the class so well that they may not be known when the prediction is made.

    Each column becomes levels: its values, or ranges of a number with more than 32 values, cut at 32 quantiles and where the
    rows of each class begin and end; a missing cell is a level of its own. The rate of class c in level b is
    r_bc = (n_bc + π_c) / (n_b + 1), counted in the training rows only; a row of a test fold is taken for the class with the largest rate of its level. Recall, precision and the area under the ROC curve are out of fold.

    How it is detected
    ------------------
    A strong predictor errs in both directions; a leak has a clean side. A column decides the class when, out of fold, recall,
    precision and the recall of the rest reach 0.95, with lower limits of at least 0.9 (0.85 for the recall, which rests on
    fewer rows), for one of two classes, for a rare one of several, or for all of several (mean recall). It copies the class when 99 % of the rows of every class share one value, and not the
    same one in all classes. It marks part of the class when 98 % of the rows with one of its values (text, or a number with at most 10
    values) belong to one rare class, with a lower limit of at least 0.9, and cover ``coverage`` of that class; rare means at most half
    of an equal share. Deciding a larger class of several, or on too few rows to be sure, is a caution. What chance gives is the null of the rank sum at the same class sizes,
    corrected for all columns and classes.

    Why it matters
    --------------
    A column that is filled in with or after the outcome makes every learner look excellent, and is worth nothing on new rows.

    What to do
    ----------
    Ask when the value is known. If it arises with the outcome, leave the column out. This may be honest: a rule of the trade or a
    laboratory value can decide a class. Then keep the column, and ask whether a learner is needed at all.

    Parameters
    ----------
    coverage : float
        The share of a rare class that one value must cover before it is said to mark it.
    max_rows : int
        Rows to look at most; larger tables are judged on so many rows, drawn at random.

    Returns
    -------
    Result
        ``columns``: column, class, n_samples, auc, low, high, expected, null_high, recall, precision, verdict; the class is the
        one that the column tells best. ``marks``: column, value, class, n_rows, n_class, precision, low, high, coverage.
        ``looked_at``: n_rows, n_samples.

    References
    ----------
    Kaufman, Rosset, Perlich and Stitelman (2012), ACM TKDD 6. The three forms of a leak and their limits are inferred.
    """
    rows = np.arange(study.dataset.n_samples)
    if len(rows) > max_rows:
        rows = np.sort(np.random.default_rng(study.random_state).choice(rows, max_rows, replace=False))
    fold = _folds(study)[rows]
    sizes = np.bincount(study.codes[rows], minlength=len(study.classes))
    told = []
    for name, column in study.dataset.X.items():
        levels, values = _levels(column.iloc[rows], study.codes[rows])
        counts = counts_by_level(levels, study.codes[rows], fold, len(sizes))
        told.append(_tell(name, counts * study.standing, values, sizes, coverage))
    columns = pd.DataFrame([_row(one, study, sizes) for one in told])
    columns = columns.iloc[np.lexsort((-columns["auc"], columns["verdict"].map(VERDICTS.index)))].reset_index(drop=True)
    marks = pd.DataFrame(
        [mark for one in told for mark in _marks(one, study)],
        columns=["column", "value", "class", "n_rows", "n_class", "precision", "low", "high", "coverage"],
    )
    looked_at = pd.DataFrame({"n_rows": [len(rows)], "n_samples": [study.dataset.n_samples]})
    return Result({"columns": columns, "marks": marks, "looked_at": looked_at}, _findings(columns, marks, looked_at))


@dataclass(frozen=True)
class Told:
    """What one column tells: areas by fold and class, marks by level and class, and a verdict about a class."""

    name: str
    total: np.ndarray
    values: list[str]
    areas: np.ndarray
    recall: np.ndarray
    precision: np.ndarray
    marks: np.ndarray
    verdict: str
    about: int


def _folds(study: Study) -> np.ndarray:
    fold = np.zeros(study.dataset.n_samples, dtype=int)
    for i, (_, test) in enumerate(study.folds[: study.n_folds]):
        fold[test] = i
    return fold


def _levels(column: pd.Series, codes: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The level of each row, missing first, and the value of each level; empty where a level is a range or holds the rest."""
    if column.dtype == "category":
        raw = column.cat.codes.to_numpy().astype(int)
        levels, named = levels_of_text(raw, TEXT_LEVELS), True
    else:
        raw = column.to_numpy()
        levels, named = levels_of_numbers(raw, codes, NUMBER_LEVELS)
        named = named and levels.max() < FLAG_VALUES
    if not named:
        return levels + 1, ["missing", *[""] * int(levels.max() + 1)]
    of_level = raw[levels >= 0][np.unique(levels[levels >= 0], return_index=True)[1]]
    text = column.dtype == "category"
    values = [str(column.cat.categories[x]) if text else wording.value(float(x), 3) for x in of_level]
    return levels + 1, ["missing", *(values if len(values) < TEXT_LEVELS else [*values[:-1], ""])]


def _tell(name: str, counts: np.ndarray, values: list[str], n_rows: np.ndarray, coverage: float) -> Told:
    """Counts are those of the whole table; how sure they are follows from the rows in hand of each class."""
    rates, total = out_of_fold_rates(counts), counts.sum(axis=0)
    sizes, each = total.sum(axis=0), total.sum(axis=0) / np.maximum(n_rows, 1)
    most = np.full(len(each), each.max())
    areas, (hits, taken) = area_by_fold(counts, rates), taken_for(counts, rates)
    n, single = sizes.sum(), np.array([value != "" for value in values])[: len(total)]
    marks = _marked(total, single, n_rows, each, coverage)
    parts = np.array([[hits, sizes], [hits, taken], [n - sizes - taken + hits, n - sizes]])
    shares = parts[:, 0] / np.maximum(parts[:, 1], 1)
    enough, reached = n_rows >= ENOUGH, (shares.min(axis=0) >= DECIDES) & (n_rows >= ENOUGH)
    floors = np.array([[SURE_OF_RECALL], [SURE], [SURE]])  # recall, precision, recall of the rest
    k, seen = (parts[:, side] / np.stack([each, most, most]) for side in (0, 1))
    sure = reached & (judge.proportion_interval(k, seen)[0] >= floors).all(axis=0)
    if _decides(sure, shares[0][enough], sizes):
        verdict, classes = VERDICTS[0], sure
    elif copies_class(total, single, enough, AGREE):
        verdict, classes = VERDICTS[1], enough
    elif marks.any():
        verdict, classes = VERDICTS[2], marks.any(axis=0)
    else:
        verdict, classes = (VERDICTS[3], reached) if reached.any() else ("", n_rows >= min(ENOUGH, n_rows.max()))
    ranked = np.where(classes, np.nan_to_num(areas).mean(axis=0), -1.0).round(9)
    best = len(sizes) - 1 - int(ranked[::-1].argmax())
    return Told(name, total, values, areas, shares[0], shares[1], marks, verdict, best)


def _decides(sure: np.ndarray, recall: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether one of two classes, a rare one of several, or all of several are told out of fold."""
    if len(sizes) == 2 or not sure.any():
        return bool(sure.any())
    return bool((sure & _is_rare(sizes)).any() or recall.mean() >= DECIDES)


def _is_rare(sizes: np.ndarray) -> np.ndarray:
    return sizes <= sizes.sum() / (2 * len(sizes))


def _marked(total: np.ndarray, single: np.ndarray, n_rows: np.ndarray, each: np.ndarray, coverage: float) -> np.ndarray:
    """Which levels (n_levels, n_classes) mark a part of a rare class."""
    of_level, sizes = np.broadcast_to(total.sum(axis=1, keepdims=True), total.shape), total.sum(axis=0)
    sure = judge.proportion_interval(total / each.max(), of_level / each.max())[0] >= SURE
    clean = sure & (total >= CLEAN * of_level) & (total >= coverage * sizes)
    return clean & single[:, None] & _is_rare(sizes) & (n_rows >= ENOUGH)


def _row(one: Told, study: Study, sizes: np.ndarray) -> dict:
    c, n = one.about, sizes.sum()
    mean, low, high = judge.fold_interval(one.areas[:, c], 1 / (study.n_folds - 1))
    return {
        "column": one.name,
        "class": study.classes[c],
        "n_samples": int(sizes[c]),
        "auc": mean,
        "low": max(low, 0.0),
        "high": min(high, 1.0),
        "expected": 0.5,
        "null_high": judge.area_null(max(sizes[c], 1), max(n - sizes[c], 1), study.dataset.X.shape[1] * len(sizes)),
        "recall": one.recall[c],
        "precision": one.precision[c],
        "verdict": one.verdict,
    }


def _marks(one: Told, study: Study) -> list[tuple]:
    total, rows = one.total, []
    for level, c in zip(*np.nonzero(one.marks), strict=True):
        n_rows, n_class, most = round(total[level].sum()), round(total[level, c]), study.standing.max()
        low, high = judge.proportion_interval(n_class / most, n_rows / most)
        what = one.name, one.values[level], study.classes[c], n_rows, n_class, n_class / n_rows
        rows.append((*what, float(low), float(high), n_class / total[:, c].sum()))
    return rows


def _findings(columns: pd.DataFrame, marks: pd.DataFrame, looked_at: pd.DataFrame) -> tuple[Finding, ...]:
    issues = columns[columns["verdict"].isin(VERDICTS[:3])]
    cautions = columns[columns["verdict"] == VERDICTS[3]]
    found = [_named("issue", issues, marks)] if len(issues) else []
    if len(cautions):
        found.append(_named("caution", cautions, marks))
    if not found:
        first = columns.iloc[0]
        text = (
            f"No column alone decides a class. The strongest of {wording.plural(len(columns), 'column')}, {wording.quoted(first['column'])}, "
            f"ranks {wording.quoted(first['class'])} with an area under the ROC curve of {wording.score(first['auc'])} "
            f"(chance: up to {wording.score(first['null_high'])})."
        )
        found.append(Finding("fine", text))
    n_rows, n_samples = looked_at.iloc[0]
    if n_rows < n_samples:
        found.append(Finding("fine", f"{wording.of(n_rows, n_samples)}, drawn at random, were looked at."))
    return tuple(found)


def _named(severity: str, columns: pd.DataFrame, marks: pd.DataFrame) -> Finding:
    one = len(columns) == 1
    subject = f"{wording.plural(len(columns), 'column')}, {wording.listing(columns['column'], 8)}, {'tells' if one else 'tell'}"
    what = "the class" if severity == "issue" else "one class"
    text = (
        f"{subject} {what} alone: {_reason(columns.iloc[0], marks)}. If {'its value arises' if one else 'such a value arises'} with or "
        "after the outcome it is a leak and must be left out; if it is known before, it may be honest."
    )
    return Finding(severity, text)


def _reason(first: pd.Series, marks: pd.DataFrame) -> str:
    column, label = wording.quoted(first["column"]), wording.quoted(first["class"])
    if first["verdict"] == VERDICTS[1]:
        area = wording.score(first["auc"])
        return f"{column} has one value in nearly all rows of each class, and ranks {label} with an area under the ROC curve of {area}"
    if first["verdict"] == VERDICTS[2]:
        mark = marks[(marks["column"] == first["column"]) & (marks["class"] == first["class"])].iloc[0]
        return (
            f"where {column} is {wording.quoted(mark['value'])}, {wording.of(mark['n_class'], mark['n_rows'])} belong to {label}, "
            f"{wording.share(mark['coverage'])} of that class"
        )
    return (
        f"{column} finds {wording.share(first['recall'])} of the {wording.plural(first['n_samples'], 'row')} of {label} out of fold, and "
        f"{wording.share(first['precision'])} of the rows that it takes for {label} are right"
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """How well each column alone ranks the class that it tells best."""
    title = "What one column tells"
    caption = (
        f"Area under the ROC curve of one column alone, for the class that it tells best; {SHOWN} columns at most."
    )
    table = result.tables["columns"].head(SHOWN)
    return {
        title: charts.intervals(
            table, "auc", "column", title=title, x_title="area under the ROC curve", y_title="column",
            caption=caption, reference=0.5,
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A column that was written after the outcome was known."""
    return synthetic.planted("leak", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Strong honest columns: two separate the classes well, none alone."""
    return synthetic.planted("clean", random_state=random_state)
