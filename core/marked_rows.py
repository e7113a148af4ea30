"""Rows that a column marks as synthetic, kept apart from the real ones: learned from where a recipe asks for it, never tested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.alignment import aligned, labelled_alike
from core.roles import as_before, group_codes, order_of, times
from core.synthetic_marks import Mark
from core.table import Table
from core.target_rule import TargetRule
from core.wording import count, listing, plural, quoted


@dataclass(frozen=True, eq=False)
class Imported:
    """Marked rows as a sampler adds them; never copied, as nobody changes them.

    Parameters
    ----------
    X : pandas.DataFrame (n_rows, n_features)
    codes : ndarray of int (n_rows,)
        Their classes, as ``Study.codes``.
    groups : ndarray of int (n_rows,) or None
        As ``Dataset.group_codes``; −1 without a known group, −2 where no row of the dataset has the group.
    order : ndarray (n_rows,) or None
        On the scale of ``Dataset.order``.
    represents : float
        How many marked rows of the file each one stands for.
    """

    X: pd.DataFrame
    codes: np.ndarray
    groups: np.ndarray | None = None
    order: np.ndarray | None = None
    represents: float = 1.0

    def __deepcopy__(self, memo: dict) -> Imported:
        return self

    def __repr__(self) -> str:
        return f"<{plural(len(self.codes), 'row')}>"

    def admitted(self, groups: np.ndarray | None = None, order: np.ndarray | None = None) -> np.ndarray:
        """Which rows (n_rows,) may join training rows with these groups and this order.

        A row with a known group joins where that group is learned from, so never where it is tested; with an order, only rows that are
        not later than the last training row join.
        """
        free = np.ones(len(self.codes), dtype=bool)
        if self.groups is not None:
            free &= (self.groups == -1) | ((self.groups >= 0) & np.isin(self.groups, [] if groups is None else groups))
        if self.order is not None:
            known = np.zeros(0) if order is None else order[~np.isnan(order)]
            free &= self.order <= known.max(initial=-1)
        return free


def imported(dataset: Any) -> Imported | None:
    """The marked rows of a dataset as a sampler adds them; None without any."""
    rows = dataset.synthetic
    if rows is None:
        return None
    code = {label: i for i, label in enumerate(dataset.classes)}
    codes = rows.y.map(code).fillna(-1).to_numpy(dtype=np.intp)
    columns, n, groups, order = list(dataset.roles.get("group", ())), dataset.n_samples, None, None
    if columns:
        both = group_codes(pd.concat([dataset.groups[columns], rows.groups[columns]], ignore_index=True))
        same = dict(zip(both[:n].tolist(), dataset.group_codes.tolist(), strict=True)) | {-1: -1}
        groups = np.array([same.get(group, -2) for group in both[n:].tolist()], dtype=np.intp)
    if dataset.order is not None:
        both = order_of(pd.concat([dataset.times, rows.times], ignore_index=True))
        places = np.unique(both[:n][~np.isnan(both[:n])])
        later = np.searchsorted(places, both[n:], side="left")
        there = np.isin(both[n:], places)
        order = np.where(np.isnan(both[n:]), np.nan, np.where(there, later, later - 0.5))
    stands = 1.0 if rows.represents is None else float(rows.represents[0])
    return Imported(rows.X, codes, groups, order, stands)


def with_marked(dataset: Any, table: Table, mark: Mark | None, *, rule: str = "", most: int = 0) -> Any:
    """Put the rows that are marked as synthetic beside the real rows of a dataset.

    Parameters
    ----------
    dataset : Dataset
        Of the real rows; not changed.
    table : Table
        All rows.
    mark : Mark or None
        Without one the dataset stays as it is.
    rule : str
        How the target becomes classes; cuts and names are those of the real rows.
    most : int
        At most so many marked rows are taken, or as many as real ones are in hand; 0 for all.

    Returns
    -------
    Dataset
        With ``synthetic``, ``mark`` and what was done in ``notes``.
    """
    if mark is None:
        return dataset
    sides = mark.sides(table.frame)
    column, notes, stands = table.frame[dataset.target], _told(mark, sides), None
    labels = labelled_alike(column[sides == 1], dataset.classes, column[sides == 0], TargetRule.parse(rule))
    notes += _left_out(labels, known := labels.isin(dataset.classes).to_numpy())
    rows = np.flatnonzero(sides == 1)[known]
    if most and len(rows) > (most := max(most, dataset.n_samples)):
        stands = np.full(most, len(rows) / most)
        notes.append(f"Of {plural(len(rows), 'synthetic row')}, {count(most)} drawn at random are used.")
        rows = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    if not len(rows):
        return replace(dataset, mark=mark, notes=(*dataset.notes, *notes))
    frame = table.frame.iloc[rows].reset_index(drop=True)
    X, levels = aligned(dataset.X, as_before(frame, dataset.forms), kind="synthetic", first="real")
    y = labels.loc[table.frame.index[rows]].reset_index(drop=True).rename(dataset.target)
    ordered, told = _times(dataset, table.frame, rows)
    held = {
        "groups": _groups(dataset, frame),
        "costs": pd.DataFrame(index=X.index),
        "times": ordered,
        "represents": stands,
        "population": None,
        "sampled": "",
    }
    apart = replace(dataset, X=X, y=y, notes=(), test=None, **held)
    return replace(dataset, synthetic=apart, mark=mark, notes=(*dataset.notes, *notes, *levels, *told))


def apart_sentence(dataset: Any) -> str:
    """What becomes of the marked rows, in one sentence; empty without any."""
    if dataset.synthetic is None:
        return ""
    n = plural(dataset.synthetic.n_samples, "row")
    return f"{n} marked as synthetic {'is' if n.startswith('1 ') else 'are'} never tested, and learned from only in recipes with 'Imported rows'."


def parents_sentence(dataset: Any) -> tuple[str, bool]:
    """Whether marked rows may have been made from rows that are tested, in words, and whether that is a caution."""
    rows, names = dataset.imported, listing(dataset.roles.get("group", ()))
    n, tied = len(rows.codes), 0 if rows.groups is None else int((rows.groups >= 0).sum())
    later = "" if rows.order is None else " Only those join a fold that are not later than its last training row."
    if tied == n:
        text = f"Each of the {plural(n, 'synthetic row')} is learned from only where the {names} that it names is not tested. A row that was made "
        return f"{text}from rows of several groups and names one of them can still give away the others.{later}", False
    text = f"It is not known which rows the {plural(n, 'synthetic row')} were made from."
    if tied:
        text = f"{count(n - tied)} of {plural(n, 'synthetic row')} name no known {names}, so it is not known which rows these were made from."
    return (
        f"{text} If rows that are tested are among them, the scores of 'Imported rows' are too good. Make synthetic rows from training rows "
        f"alone, and score the recipe on test rows that were set aside before they were made.{later}"
    ), True


def _told(mark: Mark, sides: np.ndarray) -> list[str]:
    n, real, lost = (int((sides == side).sum()) for side in (1, 0, -1))
    if not n:
        notes = [f"Column {quoted(mark.column)} marks no row as synthetic; its values are {listing(mark.real)}."]
    else:
        others = listing([*mark.real, *(["an empty cell"] if mark.gaps_are_real else [])])
        notes = [
            f"Column {quoted(mark.column)} marks {plural(n, 'row')} as synthetic, by {listing(mark.synthetic)}, and {count(real)} as real, by {others}."
        ]
    return notes + ([f"{plural(lost, 'row')} without a mark in {quoted(mark.column)} left out."] if lost else [])


def _left_out(labels: pd.Series, known: np.ndarray) -> list[str]:
    empty, other = int(labels.isna().sum()), labels[~known].dropna()
    notes = [f"{plural(empty, 'synthetic row')} without a label left out."] if empty else []
    if len(other):
        classes = listing(other.value_counts().index)
        notes.append(f"{plural(len(other), 'synthetic row')} of classes that no real row has left out: {classes}.")
    return notes


def _groups(dataset: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The groups of marked rows; a group that no real row has is none, as nothing of it is tested."""
    groups, columns = frame[list(dataset.groups.columns)].copy(), list(dataset.roles.get("group", ()))
    if columns:
        codes = group_codes(pd.concat([dataset.groups[columns], groups[columns]], ignore_index=True))
        known = pd.Series(np.isin(codes[dataset.n_samples :], codes[: dataset.n_samples]))
        groups[columns] = groups[columns].where(known, axis=0)
    return groups


def _times(dataset: Any, frame: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """The times of marked rows, read together with those of all rows."""
    columns = list(dataset.times.columns)
    if not columns:
        return pd.DataFrame(index=range(len(rows))), []
    ordered = times(frame[columns]).iloc[rows].reset_index(drop=True)
    timeless = int(ordered.isna().any(axis=1).sum())
    told = f"{plural(timeless, 'synthetic row')} without a value in {listing(columns)} not learned from."
    return ordered, [told] if timeless else []
