"""Which columns move the score, by how much, and what a remedy changed about it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, synthetic, wording
from core.dataset import Dataset
from core.errors import unknown
from core.explanation import View, checks_table, dependence_table, importance_table, row_table, values_table, view_of
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Shapley values",
    "Which columns move the score, and what did the remedy change?",
    "emerging",
    "seconds",
    names=("leak",),
)

SHOWN = 12
"""Columns in the table of single contributions."""

NEARLY_ALL, NEARLY_PERFECT = 0.8, 0.99


def shapley_values(
    study: Study,
    *,
    row: Annotated[int, Range(0, 100_000_000)] = 0,
    column: Annotated[int, Range(1, 1000)] = 1,
    max_rows: Annotated[int, Range(20, 2000, 20)] = 300,
    of_class: str = "",
) -> Result:
    """How much each column adds to the score of a class, for the chosen recipe beside the baseline.

    The score f is the learner's log-odds before any calibration or threshold (with more than two classes: before the softmax).
    It is split exactly: f(x) = base + Σ φ_j(x). The φ_j are Shapley values: TreeSHAP by the shap package for boosted
    trees, coefficient · (value − mean value) for the linear model. For a neural network they are Aumann-Shapley values, in which all columns of a
    row grow from the average row together; without a hidden layer these are Shapley values. They are centred on original rows b of the training part,
    never on resampled ones: φ_j(x) = s_j(x) − mean_b s_j(b) and base = mean_b f(b), so the sum stays exact. Resampling
    and weights move the average score of what the learner was fed; without the centring that shift would hide in the base value
    and in every column. The centring is inferred, not from the literature, hence "emerging".

    How it is detected
    ------------------
    Rows are chosen by class, all rows of small classes first. In each fold of the first repeat the baseline and the recipe are
    fitted on the training rows, and the chosen rows of the test part are explained: no row is explained by a model that was
    trained on it. The importance of a column is the mean of |φ_j| with every class weighted to its share in the table; its interval
    is over folds. It is an issue when one column carries more than 80 % of all importance in a model that ranks
    almost perfectly (ROC-AUC of at least 0.99), and a caution when it does in a weaker model.

    Why it matters
    --------------
    A model that looks at the wrong column fails on new rows, whatever its scores say. A remedy that raises recall by looking at other
    columns is another model, not a better threshold.

    What to do
    ----------
    Ask of each important column whether its value is known before the outcome is. If not, leave it out. Compare the two recipes: where only the
    base value moved, moving the threshold does the same.

    Parameters
    ----------
    row : int
        Which row to take apart, counted from 1 in the table; 0 takes the first row of the class that is missed.
    column : int
        Which column to draw against its contribution: 1 is the most important one.
    max_rows : int
        Rows to explain at most.
    of_class : str
        The class whose score is explained; empty takes the class of interest.

    Returns
    -------
    Result
        ``importance``: column, class, recipe, contribution, low, high, share; with two classes only the explained one.
        ``values``: row, class, label, column, value, level, contribution, recipe; the most important columns.
        ``row``: row, class, label, recipe, step, contribution, measure.
        ``dependence``: row, label, column, value, contribution, recipe.
        ``checks``: recipe, rows_explained, rows_available, largest_gap, base_value, prevalence_log_odds.

    Raises
    ------
    ArithmeticError
        The parts do not add up to the model's output; a defect, never shown as a result.

    References
    ----------
    Lundberg and Lee (2017), NeurIPS. Lundberg et al. (2020), Nature Machine Intelligence 2, for TreeSHAP. Aumann and Shapley (1974), Values of Non-Atomic
    Games, and Sundararajan, Taly and Yan (2017), International Conference on Machine Learning, for neural networks.
    """
    if of_class and of_class not in study.classes:
        raise unknown("class", of_class, study.classes)
    view = view_of(study, of_class or study.positive, row, max_rows)
    tables = {
        "importance": importance_table(view),
        "values": values_table(view, view.order[:SHOWN]),
        "row": row_table(view, row),
        "dependence": dependence_table(view, column),
        "checks": checks_table(view),
    }
    return Result(tables, _findings(view, tables))


def _findings(view: View, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    changed = [_change(view), _moved(view, tables["checks"])] if "recipe" in view.explained else []
    return (_main(view, tables["importance"]), *changed, _sums(view, tables["checks"]))


def _main(view: View, importance: pd.DataFrame) -> Finding:
    from sklearn.metrics import roc_auc_score

    own = importance[(importance["class"] == view.label) & (importance["recipe"] == view.last)].head(3)
    output, truth = view.explained[view.last].output[:, view.code], view.study.codes[view.rows] == view.code
    known = ~np.isnan(output)
    if not own["contribution"].sum():
        return Finding(
            "caution", f"No column moves the score of {wording.quoted(view.label)}: the model gives every row the same."
        )
    auc = roc_auc_score(truth[known], output[known]) if 0 < truth[known].sum() < known.sum() else np.nan
    first, share = wording.quoted(own["column"].iloc[0]), own["share"].iloc[0]
    if share > NEARLY_ALL and view.study.dataset.X.shape[1] > 1 and not np.isnan(auc):
        severity = "issue" if auc >= NEARLY_PERFECT else "caution"
        text = (
            f"One column, {first}, carries {wording.share(share)} of the explanation of {wording.quoted(view.label)}, in a model with "
            f"ROC-AUC {wording.score(auc)}. Ask whether its value is known before the outcome is."
        )
        return Finding(severity, text)
    parts = [f"{wording.quoted(c)} ({wording.share(s)})" for c, s in zip(own["column"], own["share"], strict=True)]
    text = f"The score of {wording.quoted(view.label)} is moved most by {', '.join(parts)}; shares of all movement."
    return Finding("fine", text)


def _change(view: View) -> Finding:
    """Which column's share the recipe changed, if the folds agree on any."""
    if view.explained["recipe"] is view.explained["baseline"]:
        return Finding(
            "fine",
            "The recipe only calibrates or moves the threshold: the learner looks at the same columns as before.",
        )
    before, after = (_shares(view.importance(recipe)) for recipe in ("baseline", "recipe"))
    n = before.shape[1]
    judged = [judge.fold_interval((after - before)[:, j], view.study.test_ratio, n_comparisons=n) for j in range(n)]
    clear = [j for j, (_, low, high) in enumerate(judged) if low > 0 or high < 0]
    name = wording.quoted(view.study.recipe.title)
    if not clear:
        return Finding("fine", f"{name} changes the share of no column by more than the folds vary.")
    top = max(clear, key=lambda j: abs(judged[j][0]))
    shift = f"from {wording.share(np.nanmean(before[:, top]))} to {wording.share(np.nanmean(after[:, top]))}"
    column = wording.quoted(view.study.dataset.X.columns[top])
    return Finding("fine", f"{name} changes what the learner looks at: the share of {column} goes {shift}.")


def _shares(folds: np.ndarray) -> np.ndarray:
    total = folds.sum(axis=1, keepdims=True)
    return np.divide(folds, total, out=np.full_like(folds, np.nan), where=total > 0)


def _moved(view: View, checks: pd.DataFrame) -> Finding:
    from core.learners.loss import carried_back

    before, after = checks["base_value"]
    text = f"On the same original rows the average score goes from {wording.number(before)} to {wording.number(after)} log-odds."
    if abs(after - before) < 0.5:
        return Finding("fine", text)
    if carried_back(view.study.classifier(view.study.recipe)):
        return Finding(
            "fine",
            f"{text} This loss carries its scores back before they are probabilities: their level is not that of the probabilities.",
        )
    return Finding(
        "fine",
        text
        + " The remedy moves the level of all probabilities: calibrate, and look whether the Brier score recovers.",
    )


def _sums(view: View, checks: pd.DataFrame) -> Finding:
    rows = wording.of(checks["rows_explained"].min(), checks["rows_available"].iloc[0])
    gap = checks["largest_gap"].max()
    text = f"{rows} are explained, each by a model that did not see it; the contributions add up to the scores (largest gap {gap:.0e})."
    return Finding("fine", text + " The learner's score before any calibration and threshold is explained.")


def draw(result: Result) -> dict[str, go.Figure]:
    """Importance beside the baseline, every row, one row, and one column against its contribution."""
    drawn = [_draw_importance, _draw_values, _draw_row, _draw_dependence]
    several = result.tables["importance"]["class"].nunique() > 1
    figures = [draw_one(result) for draw_one in (*drawn, *([_draw_classes] if several else []))]
    return {figure.layout.title.text: figure for figure in figures}


def _draw_importance(result: Result) -> go.Figure:
    table = result.tables["importance"]
    label = result.tables["row"]["class"].iloc[0]
    title = f"What moves the score of {charts.label(wording.quoted(label))}"
    caption = (
        "Mean absolute contribution of each column, with every class at its share in the table; whiskers over folds."
    )
    shown = table[(table["class"] == label) & table["column"].isin(table["column"].unique()[:SHOWN])]
    by = "recipe" if shown["recipe"].nunique() > 1 else ""
    axes = {"x_title": "mean |contribution| (log-odds)", "y_title": "column"}
    return charts.bars(shown, "contribution", "column", by=by, title=title, caption=caption, **axes)


def _draw_classes(result: Result) -> go.Figure:
    table = result.tables["importance"]
    shown = table[
        (table["recipe"] == table["recipe"].iloc[-1]) & table["column"].isin(table["column"].unique()[:SHOWN])
    ]
    caption = "Share of each class's movement that each column carries; every column of the grid adds up to at most 1."
    axes = {"x_title": "class", "y_title": "column", "value_title": "share", "low": 0.0}
    return charts.heatmap(
        shown, "class", "column", "share", title="What moves the score of each class", caption=caption, **axes
    )


def _draw_values(result: Result) -> go.Figure:
    table = result.tables["values"]
    shown = table[table["recipe"] == table["recipe"].iloc[-1]]
    caption = "One mark per explained row: how far each column moves its score, by where the row's value lies."
    axes = {"x_title": "contribution (log-odds)", "y_title": "column"}
    return charts.strips(
        shown, "contribution", "column", by="level", title="Contributions of all rows", caption=caption, **axes
    )


def _draw_row(result: Result) -> go.Figure:
    table = result.tables["row"]
    title = f"Row {table['row'].iloc[0]:,}, labelled {charts.label(wording.quoted(table['label'].iloc[0]))}"
    caption = (
        f"From the average score to the score of this row ({table['recipe'].iloc[0]}), the largest contributions first."
    )
    axes = {"x_title": "score (log-odds)", "y_title": "step"}
    return charts.waterfall(table, "contribution", "step", title=title, caption=caption, **axes)


def _draw_dependence(result: Result) -> go.Figure:
    table = result.tables["dependence"]
    shown = table[table["recipe"] == table["recipe"].iloc[-1]]
    name = charts.label(wording.quoted(table["column"].iloc[0]))
    gaps = int(shown["value"].isna().sum())
    caption = "One mark per explained row." + (
        f" {wording.plural(gaps, 'row')} without a value cannot be drawn." if gaps else ""
    )
    axes = {"x_title": charts.label(table["column"].iloc[0]), "y_title": "contribution (log-odds)"}
    return charts.points(
        shown, "value", "contribution", by="label", title=f"Contribution of {name}", caption=caption, **axes
    )


def sick(random_state: int = 0) -> Dataset:
    """One column tells the class, so the model looks at nothing else."""
    return synthetic.planted("leak", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """What tells the classes apart is spread over columns."""
    return synthetic.planted("clean", random_state=random_state)
