"""The cost panel: the threshold that costs imply, what decisions cost at it, and whether rebalancing agrees with it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts
from core.charts_regions import regions
from core.engine import provenance
from core.evaluation.cost_decisions import (
    ALL,
    AT_COST,
    AT_HALF,
    BY_ROW,
    COST_PER,
    NONE,
    Counted,
    Stated,
    by_recipe,
    counted,
    observed_over_expected,
    stated,
)
from core.evaluation.cost_map import REGIONS, cost_map
from core.evaluation.cost_words import findings
from core.judge import fold_interval
from core.numerics.cost_row import top_share
from core.numerics.weighted_accuracy import implied_ratio, parity_ratio, prevalence_of_accuracy
from core.recipe import Recipe
from core.result import Result
from core.study import Study

TOPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def cost_panel(
    study: Study,
    *,
    miss_cost: float | None = None,
    between: tuple[float, float] | None = None,
    prevalence_at_use: float | None = None,
    recipes: Sequence[Recipe] = (),
    cost_column: str = "",
) -> Result:
    """Say what follows from what a miss and a false alarm cost.

    With C_FN what a miss costs more than a hit and C_FP what a false alarm costs more than silence, ``ρ = C_FN / C_FP`` and the weight
    ``w = ρ / (1 + ρ)``. Where the class makes up t of the cases at use and r of this table, the weight on rows of this table is
    ``w' = R₊ w / (R₊ w + R₋ (1 − w))`` with ``R₊ = t / r`` and ``R₋ = (1 − t) / (1 − r)``. A call is the cheaper decision from the probability
    ``1 − w'`` on. Weighted accuracy is what is left of the cost, ``1 − cost / most``; its mean over a Beta density of the weight stands beside it.
    All of it is counted at the prevalence of use, from the recall and the specificity of each fold. With more than two classes a call is one
    of the class of interest, and errors among the others cost nothing. Parity at another prevalence, the even spread over a band, and the
    map are our inference.

    Parameters
    ----------
    study : Study
        Not changed.
    miss_cost : float or None
        How many false alarms one miss is worth; the study's when left out.
    between : tuple of float or None
        The least and the greatest that it may be; the middle of their weights stands where ``miss_cost`` is left out.
    prevalence_at_use : float or None
        The share of the class where decisions will be used; that of the table when left out.
    recipes : sequence of Recipe
        Whose probabilities are looked at; a decision in them is left out. The last one stands in the map. Without any, doing nothing and
        calibrated probabilities.
    cost_column : str
        A numeric column with what a miss of each row costs; in the mean over the class a miss is worth ``miss_cost``. The one with the role "cost"
        when left out; another one is a feature as well.

    Returns
    -------
    Result
        ``stated``: measure, value. ``decisions``: recipe, decision, threshold, metric, value, low, high, n_folds. ``differences`` of the cost per
        1,000 cases: recipe, decision, against, difference, low, high, n_folds; the intervals of all recipes with the same
        comparison hold together (Bonferroni).
        ``calibration``: recipe, observed_over_expected, low, high. ``map``: see ``core.evaluation.cost_map.cost_map``. With a cost column
        ``concentration``: share_of_rows, share_of_cost, of the class of interest. Where 2 % of its rows carry 40 % of the cost or more, there
        are no weighted accuracies. The first finding says the threshold.

    Raises
    ------
    UserError
        As ``core.evaluation.cost_decisions.stated``.

    References
    ----------
    Lombardo et al. (2026), Cost-sensitive evaluation for binary classifiers, arXiv 2510.22016. Elkan (2001), IJCAI.
    """
    start, study = time.perf_counter(), study.judged
    said = stated(study, miss_cost, between, prevalence_at_use, cost_column)
    recipes = recipes or (Recipe(), Recipe.of("calibrated_probabilities"))
    chosen = dict.fromkeys(recipe.without("decision") for recipe in recipes)
    probas = {recipe: study.out_of_fold(recipe) for recipe in chosen}
    counts = counted(study, said, probas)
    tables = {
        "stated": stated_table(said),
        "decisions": decisions_table(study, said, counts),
        "differences": _differences(study, said, counts),
        "calibration": _calibration(study, probas),
        "map": cost_map(study, said, list(probas.values())[-1]),
    }
    if said.column:
        own = said.row_costs[study.codes == study.positive_code]
        tables["concentration"] = pd.DataFrame({"share_of_rows": TOPS, "share_of_cost": top_share(own, np.array(TOPS))})
    values = {"miss_cost": said.ratio, "between": said.between, "prevalence_at_use": said.at_use}
    values |= {"cost_column": said.column, "recipes": [recipe.text for recipe in chosen], "learner": study.learner}
    stamp = provenance("cost_panel", values, study, time.perf_counter() - start)
    return Result(tables, findings(study, said, tables), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """What each decision costs, and which one is the cheapest elsewhere."""
    rows = result.tables["decisions"].query("metric == @COST_PER")
    rows = by_recipe(rows)
    title, other = "What decisions cost", "Which decision is the cheapest"
    caption = "Per 1,000 cases at the prevalence of use, in false alarms, with intervals over folds."
    axes = {"x_title": "cost per 1,000 cases", "y_title": "recipe", "by": "decision", "caption": caption}
    kinds = {
        "caption": "The model at its cost threshold stands only where it saves something on the folds together, cell by cell. The star is what was stated.",
        "x_title": "share of the class of interest at use",
        "y_title": "false alarms that one miss is worth",
    }
    cells = {"order": REGIONS, "marked": "stated", "title": other} | kinds
    table = result.tables["map"]
    return {
        title: charts.intervals(rows, "value", "name", title=title, **axes),
        other: regions(table, "prevalence_text", "miss_cost_text", "cheapest", **cells),
    }


def stated_table(said: Stated) -> pd.DataFrame:
    """What was said, and what follows from it without any row."""
    alpha, beta = said.density
    rows = {
        "false alarms that one miss is worth": said.ratio,
        "weight": said.weight,
        "prevalence in the table": said.prevalence,
        "prevalence at use": said.at_use,
        "weight on rows of this table": said.weight_here,
        "threshold on probabilities of this table": said.threshold,
        "threshold on probabilities at use": 1 - said.weight,
        "false alarms that one miss is worth at parity": float(parity_ratio(said.at_use)),
        "false alarms that one miss is worth in plain accuracy": float(
            implied_ratio(0.5, said.prevalence, said.at_use)
        ),
        "prevalence in the table at which plain accuracy agrees": float(
            prevalence_of_accuracy(said.weight, said.at_use)
        ),
        "alpha of the weight": alpha,
        "beta of the weight": beta,
    }
    return pd.DataFrame(rows.items(), columns=["measure", "value"])


def decisions_table(study: Study, said: Stated, counts: Counted) -> pd.DataFrame:
    """Every decision by every metric, with intervals over folds."""
    rows = []
    for metric, values in counts.metrics(said).items():
        most = 1.0 if "accuracy" in metric else np.inf
        for name, folds in zip(counts.names, values, strict=True):
            mean, low, high = fold_interval(folds, study.whole.test_ratio)
            rows.append((*name, metric, mean, max(low, 0.0), min(high, most), int((~np.isnan(folds)).sum())))
    columns = ["recipe", "decision", "threshold", "metric", "value", "low", "high", "n_folds"]
    return pd.DataFrame(rows, columns=columns)


def _differences(study: Study, said: Stated, counts: Counted) -> pd.DataFrame:
    """What the cost threshold of each recipe changes: against .5, against the cheaper of calling none and all, against the first recipe."""
    costs = counts.metrics(said)[COST_PER]
    place = {(recipe, decision): i for i, (recipe, decision, _) in enumerate(counts.names)}
    recipes = list(dict.fromkeys(recipe for recipe, decision in place if decision == AT_COST))
    plain = min((NONE, ALL), key=lambda decision: np.nanmean(costs[place["", decision]]))
    families = [
        [((recipe, AT_COST), (recipe, AT_HALF)) for recipe in recipes],
        [((recipe, AT_COST), ("", plain)) for recipe in recipes],
        [((recipe, AT_COST), (recipes[0], AT_COST)) for recipe in recipes[1:]],
        [((recipe, BY_ROW), (recipe, AT_COST)) for recipe in recipes if (recipe, BY_ROW) in place],
    ]
    rows = []
    for (one, other), n_together in ((pair, len(family)) for family in families for pair in family):
        change = costs[place[one]] - costs[place[other]]
        judged = fold_interval(change, study.whole.test_ratio, n_comparisons=n_together)
        against = f"{other[1]}: {other[0]}" if other[0] not in ("", one[0]) else other[1]
        rows.append((*one, against, *judged, int((~np.isnan(change)).sum())))
    return pd.DataFrame(rows, columns=["recipe", "decision", "against", "difference", "low", "high", "n_folds"])


def _calibration(study: Study, probas: dict[Recipe, np.ndarray]) -> pd.DataFrame:
    rows = [
        (recipe.title, *fold_interval(observed_over_expected(study, proba), study.whole.test_ratio))
        for recipe, proba in probas.items()
    ]
    table = pd.DataFrame(rows, columns=["recipe", "observed_over_expected", "low", "high"])
    return table.assign(low=table["low"].clip(lower=0))
