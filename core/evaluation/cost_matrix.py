"""A cost for every error: what the most probable class costs, and what the class of least expected cost does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import UserError
from core.evaluation.cost_decisions import AT_COST, COST_PER, MOST, Stated, by_recipe, stated
from core.evaluation.cost_scores import Prices, prices_of
from core.evaluation.cost_words import alarms, parity_sentence
from core.evaluation.scoring import EXPECTED
from core.evaluation.verdict import FEWEST_ROWS
from core.judge import fold_interval
from core.learners.cost_matrix import Statement, cost_table, read_costs, threshold_of
from core.numerics.case_control import at_shares
from core.numerics.cost_matrices import least_cost, matrix_cost, normalised_accuracy
from core.numerics.decisions import confusion, decide
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

PROBABLE, CHEAPEST = "most probable class", "least expected cost"
ACCURACY = "accuracy by cost"


def decide_by_costs(proba: np.ndarray, costs: np.ndarray, factor: np.ndarray | None = None) -> np.ndarray:
    """The class (n_samples,) that is expected to cost least.

    Parameters
    ----------
    proba : ndarray (n_samples, n_classes)
        True for rows like those of the table.
    costs : ndarray (n_classes, n_classes)
        Rows are the class of a row, columns what it is taken for.
    factor : ndarray (n_classes,) or None
        How much more frequent each class is at use than in the table; None when nothing changes.
    """
    return least_cost(proba if factor is None else at_shares(proba, factor), costs)


def matrix_panel(
    study: Study,
    costs: str | Sequence[Statement] = "",
    *,
    prevalence_at_use: float | None = None,
    recipes: Sequence[Recipe] = (),
) -> Result:
    """Say what decisions cost where each error has a cost of its own.

    The class d of least expected cost has the least ``Σ_c p_c C_cd``. "Accuracy by cost" is ``1 − (cost − least) / (most − least)``, with each row at its
    cheapest and at its dearest decision; with two classes it is the weighted accuracy, and with more it is our inference. Where the class of
    interest is more or less frequent at use, its rows and its probabilities count accordingly, and those of the others keep their proportions.

    Beside it stands one threshold for the class of interest against all others as one, ``alarm / (alarm + miss)`` from the mean costs of its errors, with the most
    probable other class below it; and the expected weighted accuracy of calling that class, over half to twice the ratio of these means. Both are our inference.

    Parameters
    ----------
    study : Study
        Not changed.
    costs : str or sequence of Statement
        Such as "miss fraud as honest = 20", see ``core.learners.cost_matrix``; other errors cost 1, a miss of the class of interest the study's cost.
    prevalence_at_use : float or None
        The share of the class of interest at use; that of the table when left out.
    recipes : sequence of Recipe
        Whose probabilities are looked at; a decision in them is left out. Without any, doing nothing and calibrated probabilities.

    Returns
    -------
    Result
        ``costs``: class, taken_for, cost. ``decisions``: recipe, decision, metric, value, low, high, n_folds. ``differences`` of the cost per 1,000
        cases, least expected cost against the most probable class: recipe, difference, low, high, n_folds; the intervals hold together (Bonferroni).
        ``confusion``: recipe, decision, class, taken_for, rows_per_1000.

    Raises
    ------
    UserError
        The text states no costs, or the prevalence is out of range.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI.
    """
    start, study = time.perf_counter(), study.judged
    whole, here = study.whole, [study.whole.classes.index(label) for label in study.classes]
    written = read_costs(costs) if isinstance(costs, str) else tuple(costs)
    table = cost_table(written, whole.classes, whole.positive_code, whole.miss_cost)[np.ix_(here, here)]
    said = stated_by(study, table, prevalence_at_use)
    factor = _factor(study, prevalence_at_use)
    recipes = recipes or (Recipe(), Recipe.of("calibrated_probabilities"))
    chosen = dict.fromkeys(recipe.without("decision") for recipe in recipes)
    counted = _counted(study, table, factor, tuple(chosen), said.threshold)
    pairs = [(i, j) for i in range(len(table)) for j in range(len(table))]
    rows = [(study.classes[i], study.classes[j], table[i, j]) for i, j in pairs]
    tables = {
        "costs": pd.DataFrame(rows, columns=["class", "taken_for", "cost"]),
        "decisions": _decisions(study, table, counted, prices_of(said)),
        "differences": _differences(study, table, counted, [recipe.title for recipe in chosen]),
        "confusion": _confusion(study, counted, pairs),
    }
    values = {
        "costs": "; ".join(one.text for one in written),
        "prevalence_at_use": prevalence_at_use,
        "recipes": [recipe.text for recipe in chosen],
    }
    stamp = provenance("matrix_panel", values | {"learner": study.learner}, study, time.perf_counter() - start)
    return Result(tables, (*_findings(study, said, tables),), stamp)


def stated_by(study: Study, table: np.ndarray, prevalence_at_use: float | None = None) -> Stated:
    """What a matrix (n_classes, n_classes) says of the class of interest against all others as one, by the mean costs of its errors."""
    ratio = float(np.clip(1 / threshold_of(table, study.positive_code) - 1, 1 / MOST, MOST))
    said = stated(study, ratio, None, prevalence_at_use)
    return replace(said, column="", row_costs=np.zeros(0), heavy=0.0)


def matrix_sentences(study: Study, said: Stated) -> tuple[Finding, Finding]:
    """What a matrix says of the class of interest against all others as one: its threshold, and whether rebalancing to parity agrees.

    Parameters
    ----------
    study : Study
    said : Stated
        As ``stated_by`` gives it.
    """
    label = wording.quoted(study.positive)
    text = (
        f"In the mean of its errors, one miss of {label} is worth {alarms(said.ratio)}. If the other classes were one, calling {label} from "
        f"{wording.number(said.threshold)} on would be the cheapest rule; the class of least expected cost looks at each of them."
    )
    return Finding("fine", text), parity_sentence(study, said)


def draw(result: Result) -> dict[str, go.Figure]:
    """The stated costs, and what each decision costs."""
    title, caption = "What decisions cost", "Per 1,000 cases, with intervals over folds."
    rows = result.tables["decisions"].query("metric == @COST_PER")
    axes = {"x_title": "cost per 1,000 cases", "y_title": "recipe", "by": "decision", "caption": caption}
    figures = {title: charts.intervals(by_recipe(rows), "value", "name", title=title, **axes)}
    title, caption = "Stated costs", "What it costs to take a row of one class (down) for another (across)."
    axes = {"x_title": "taken for", "y_title": "class", "value_title": "cost", "caption": caption}
    return figures | {title: charts.heatmap(result.tables["costs"], "taken_for", "class", "cost", title=title, **axes)}


def _factor(study: Study, at_use: float | None) -> np.ndarray:
    factor, own = np.ones(len(study.classes)), study.positive_code
    if at_use is not None:
        if not 0 < at_use < 1:
            raise UserError(
                f"The prevalence at use is {wording.plain(at_use)}.", "Give a share between 0 and 1, such as 0.01."
            )
        share = study.class_shares[own]
        factor[:] = (1 - at_use) / (1 - share)
        factor[own] = at_use / share
    return factor


def _counted(
    study: Study, table: np.ndarray, factor: np.ndarray, recipes: Sequence[Recipe], threshold: float
) -> dict[tuple[str, str], np.ndarray]:
    """By recipe and decision, rows of each class by what they are taken for (n_folds, n_classes, n_classes), in cases at use."""
    standing = np.ones(len(study.codes)) if study.represents is None else study.represents
    counts, n = standing * factor[study.codes], len(study.classes)
    folds = [study.fold == fold for fold in np.unique(study.fold)]
    called = {
        ("", f"call all {wording.quoted(label)}"): np.full(len(counts), i)
        for i, label in _constants(study, table, counts)
    }
    for recipe in recipes:
        proba = study.out_of_fold(recipe)
        called[recipe.title, PROBABLE] = proba.argmax(axis=1)
        called[recipe.title, AT_COST] = decide(proba, study.positive_code, threshold)
        called[recipe.title, CHEAPEST] = decide_by_costs(proba, table, factor)
    return {
        name: np.stack([confusion(study.codes[here], calls[here], n, counts[here]) for here in folds])
        for name, calls in called.items()
    }


def _constants(study: Study, table: np.ndarray, counts: np.ndarray) -> list[tuple[int, str]]:
    """The class that is cheapest to call everywhere."""
    mass = np.bincount(study.codes, counts, minlength=len(table))
    best = int((mass @ table).argmin())
    return [(best, study.classes[best])]


def _per_case(table: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    return 1000 * matrix_cost(matrices, table) / matrices.sum(axis=(-2, -1))


def _decisions(
    study: Study, table: np.ndarray, counted: dict[tuple[str, str], np.ndarray], known: Prices
) -> pd.DataFrame:
    def expected(matrices: np.ndarray) -> np.ndarray:
        return np.array([known.of(matrix, study.positive_code)[EXPECTED] for matrix in matrices])

    rows = []
    for metric, measure in (
        (COST_PER, lambda matrices: _per_case(table, matrices)),
        (ACCURACY, lambda matrices: normalised_accuracy(matrices, table)),
        (EXPECTED, expected),
    ):
        for name, matrices in counted.items():
            folds = measure(matrices)
            mean, low, high = fold_interval(folds, study.whole.test_ratio)
            if metric != COST_PER:
                low, high = max(low, 0.0), min(high, 1.0)
            rows.append((*name, metric, mean, low, high, int((~np.isnan(folds)).sum())))
    return pd.DataFrame(rows, columns=["recipe", "decision", "metric", "value", "low", "high", "n_folds"])


def _differences(
    study: Study, table: np.ndarray, counted: dict[tuple[str, str], np.ndarray], recipes: Sequence[str]
) -> pd.DataFrame:
    rows = []
    for recipe in recipes:
        change = _per_case(table, counted[recipe, CHEAPEST]) - _per_case(table, counted[recipe, PROBABLE])
        rows.append((recipe, *fold_interval(change, study.whole.test_ratio, n_comparisons=len(recipes)), len(change)))
    return pd.DataFrame(rows, columns=["recipe", "difference", "low", "high", "n_folds"])


def _confusion(study: Study, counted: dict[tuple[str, str], np.ndarray], pairs: list[tuple[int, int]]) -> pd.DataFrame:
    rows = []
    for name, matrices in counted.items():
        total = matrices.sum(axis=0)
        rows += [(*name, study.classes[i], study.classes[j], 1000 * total[i, j] / total.sum()) for i, j in pairs]
    return pd.DataFrame(rows, columns=["recipe", "decision", "class", "taken_for", "rows_per_1000"])


def _findings(study: Study, said: Stated, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    n_own = int(study.class_sizes[study.positive_code])
    if n_own < FEWEST_ROWS:
        text = f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n_own, 'row')}: too few to say which decision costs less."
        return (Finding("caution", text), *matrix_sentences(study, said))
    values = tables["decisions"].query("metric == @COST_PER").set_index(["recipe", "decision"])["value"]
    found = []
    for row in tables["differences"].itertuples():
        costs = [wording.number(values[row.recipe, decision]) for decision in (PROBABLE, CHEAPEST)]
        ends = f"({wording.change(row.low)} to {wording.change(row.high)})"
        text = f"{wording.quoted(row.recipe)}: taking the most probable class costs {costs[0]} per 1,000 cases, and taking the class of least expected cost {costs[1]}"
        sure = row.high < 0 or row.low > 0
        text += (
            f", a change of {wording.change(row.difference)} {ends}."
            if sure
            else f"; no difference that the folds agree on {ends}."
        )
        accuracies = tables["decisions"].query("recipe == @row.recipe and decision == @CHEAPEST").set_index("metric")
        text += (
            " The latter has "
            + " and ".join(f"{name} {wording.score(accuracies['value'][name])}" for name in (ACCURACY, EXPECTED))
            + "."
        )
        found.append(
            Finding("caution" if row.low > 0 else "fine", text, ("calibrated_probabilities",) if row.low > 0 else ())
        )
    constant = next(name for name in values.index if not name[0])
    text = f"To {constant[1]} costs {wording.number(values[constant])} per 1,000 cases without looking at any row."
    rows = f"{wording.plural(n_own, 'row')} of {wording.quoted(study.positive)} among {wording.count(study.class_sizes.sum())}"
    return (
        *found,
        Finding("fine", text),
        *matrix_sentences(study, said),
        Finding(
            "fine",
            f"Counted on {rows}, in {wording.plural(study.n_folds, 'fold')} of one draw (seed {study.random_state}).",
        ),
    )
