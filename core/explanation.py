"""A study's models taken apart, as tables: which columns move the score, for all rows, for one row, for one column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core import judge, wording
from core.errors import UserError
from core.study import Study

STEPS = 8
"""Columns of one row that are told one by one."""

LEVELS = ("lower third", "middle third", "upper third", "text", "missing")


@dataclass(frozen=True, eq=False)
class View:
    """What is explained.

    Parameters
    ----------
    study : Study
    label : str
        The class whose score is explained.
    rows : ndarray (n_rows,)
        Positions of the explained rows.
    weight : ndarray (n_rows,)
        Gives every class its share in the table; 0 for a row that was only asked for.
    explained : mapping of str to core.learners.explained.Explained
        By recipe: "baseline", and "recipe" when the study has one.
    """

    study: Study
    label: str
    rows: np.ndarray
    weight: np.ndarray
    explained: dict

    @property
    def code(self) -> int:
        """The code of the class."""
        return self.study.classes.index(self.label)

    @property
    def last(self) -> str:
        """The recipe if there is one, else the baseline."""
        return list(self.explained)[-1]

    def importance(self, recipe: str) -> np.ndarray:
        """Mean absolute contributions per fold (n_folds, n_features)."""
        return self.explained[recipe].importance(self.code, self.weight)

    @cached_property
    def order(self) -> np.ndarray:
        """Positions of the columns, the most important of the last recipe first."""
        return np.argsort(-np.nanmean(self.importance(self.last), axis=0), kind="stable")


def view_of(study: Study, label: str, row: int, max_rows: int) -> View:
    """Fit the baseline and the recipe in every fold of the first repeat, and take the chosen rows apart.

    Calibration and thresholds are left out: they come after the learner's score and do not change it.

    Parameters
    ----------
    study : Study
        Not changed.
    label : str
        The class whose score is explained.
    row : int
        A row that must be among the explained ones, counted from 1; 0 for none.
    max_rows : int
        Rows to choose, stratified by class.

    Raises
    ------
    UserError
        There is no such row, or it is only learned from.
    """
    from core.learners.explained import by_class, explain

    if row > len(study.codes):
        raise UserError(f"There is no row {row:,}.", f"The table has {wording.plural(len(study.codes), 'row')}.")
    if row and not study.tested[row - 1]:
        raise UserError(
            f"Row {row:,} is only learned from, so no model explains it. {study.plan}", "Choose a later row."
        )
    place = study.judged.place
    rows, weight = by_class(study.codes[place], max_rows, study.random_state)
    rows = place[rows]
    if study.represents is not None:
        weight = weight * study.represents[rows]
    if row and row - 1 not in rows:
        rows, weight = np.append(rows, row - 1), np.append(weight, 0.0)
    arguments = (study.dataset.X, study.codes, study.folds[: study.n_folds], rows, study.random_state, study.rows)
    explained = {"baseline": explain(study.classifier(), *arguments)}
    if study.recipe.steps:
        inner = study.recipe.without("calibration").without("decision")
        explained["recipe"] = explain(study.classifier(inner), *arguments) if inner.steps else explained["baseline"]
    return View(study, label, rows, weight, explained)


def importance_table(view: View) -> pd.DataFrame:
    """Mean absolute contributions with intervals over folds, the most important column first."""
    classes, columns = view.study.classes, view.study.dataset.X.columns[view.order]
    frames = []
    for recipe, explained in view.explained.items():
        for code in [view.code] if len(classes) == 2 else range(len(classes)):
            folds = explained.importance(code, view.weight)[:, view.order].T
            means = np.array([judge.fold_interval(column, view.study.test_ratio) for column in folds])
            frame = pd.DataFrame({"column": columns, "class": classes[code], "recipe": recipe})
            frame[["contribution", "low", "high"]] = means
            total = frame["contribution"].sum() or np.nan
            frames.append(frame.assign(low=frame["low"].clip(lower=0), share=frame["contribution"] / total))
    return pd.concat(frames, ignore_index=True)


def values_table(view: View, positions: np.ndarray) -> pd.DataFrame:
    """Every explained row and its contribution, for some columns, by recipe."""
    X, frames = view.study.dataset.X.iloc[view.rows], []
    about = {"row": view.rows + 1, "class": view.label, "label": view.study.dataset.y.iloc[view.rows].to_numpy()}
    for recipe, explained in view.explained.items():
        for j in positions:
            cells = X.iloc[:, j]
            shown = {"column": X.columns[j], "value": _as_text(cells), "level": _levels(cells)}
            parts = {"contribution": explained.parts[:, j, view.code], "recipe": recipe}
            frames.append(pd.DataFrame(about | shown | parts))
    table = pd.concat(frames, ignore_index=True).dropna(subset=["contribution"]).reset_index(drop=True)
    return table.assign(level=pd.Categorical(table["level"], LEVELS))


def _as_text(cells: pd.Series) -> list[str]:
    write = str if cells.dtype == "category" else wording.number
    return ["missing" if value != value else write(value) for value in cells.astype(object)]


def _levels(cells: pd.Series) -> np.ndarray:
    """Lower, middle or upper third of a numeric column; "text" otherwise; "missing" for gaps."""
    if cells.dtype == "category":
        return np.where(cells.isna(), "missing", "text")
    rank = cells.rank(pct=True).to_numpy()
    return np.select([np.isnan(rank), rank <= 1 / 3, rank <= 2 / 3], ["missing", *LEVELS[:2]], LEVELS[2])


def row_table(view: View, row: int) -> pd.DataFrame:
    """One row taken apart: base value, its largest contributions, the rest, the score."""
    explained, code = view.explained[view.last], view.code
    at = int(np.flatnonzero(view.rows == row - 1)[0]) if row else _first_missed(view)
    parts = np.nan_to_num(explained.parts[at, :, code])
    top, rest = np.split(np.argsort(-np.abs(parts), kind="stable"), [STEPS])
    cells = view.study.dataset.X.iloc[[view.rows[at]]]
    steps = [
        (f"{wording.clip(cells.columns[j], 16)} = {wording.clip(_as_text(cells.iloc[:, j])[0], 10)}", parts[j])
        for j in top
    ]
    if len(rest):
        steps.append((wording.plural(len(rest), "other column"), parts[rest].sum()))
    steps = [("base value", explained.base[at, code]), *steps, ("score", explained.output[at, code])]
    table = pd.DataFrame(steps, columns=["step", "contribution"])
    table["measure"] = ["absolute", *["relative"] * (len(steps) - 2), "total"]
    label = view.study.dataset.y.iloc[view.rows[at]]
    return table.assign(row=view.rows[at] + 1, label=label, recipe=view.last, **{"class": view.label})


def _first_missed(view: View) -> int:
    """The first row of the class whose score is not its highest; without any, its first row."""
    output = np.nan_to_num(view.explained[view.last].output, nan=-np.inf)
    known = np.isfinite(output[:, view.code])
    own = known & (view.study.codes[view.rows] == view.code)
    missed = own & (output.argmax(axis=1) != view.code)
    return int(np.argmax(missed if missed.any() else own if own.any() else known))


def dependence_table(view: View, column: int) -> pd.DataFrame:
    """One column, by rank of importance, against its contribution."""
    position = view.order[min(column, len(view.order)) - 1]
    table = values_table(view, np.array([position]))
    cells = view.study.dataset.X.iloc[:, position]
    if cells.dtype != "category":
        table["value"] = cells.to_numpy()[table["row"] - 1]
    return table[["row", "label", "column", "value", "contribution", "recipe"]]


def checks_table(view: View) -> pd.DataFrame:
    """What was explained, and whether the sums hold."""
    share = view.study.class_shares[view.code]
    lines = []
    for recipe, explained in view.explained.items():
        known = ~np.isnan(explained.output[:, view.code])
        lines.append(
            (recipe, known.sum(), len(view.study.codes), explained.gap, explained.base[known, view.code].mean())
        )
    columns = ["recipe", "rows_explained", "rows_available", "largest_gap", "base_value"]
    odds = np.log(share / (1 - share)) if len(view.study.classes) == 2 else np.nan
    return pd.DataFrame(lines, columns=columns).assign(prevalence_log_odds=odds)
