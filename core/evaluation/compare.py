"""Recipes side by side: scores with intervals, paired differences to the baseline, and a verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge
from core.engine import provenance
from core.evaluation.cost_scores import with_costs
from core.evaluation.distinguishing import CHANCES, MARGIN, draw_better_than, margin_of, step_down, tests, told_apart
from core.evaluation.gain import draw_gain
from core.evaluation.kept_scores import scored_enough
from core.evaluation.scoring import (
    AT_HALF,
    AT_OWN,
    CALIBRATION,
    COST,
    COST_METRICS,
    DECISIONS,
    PROBABILITY,
    RANKING,
    TOTAL,
    FoldOutcome,
)
from core.evaluation.verdict import findings
from core.recipe import Recipe
from core.result import Result
from core.study import Study

BASELINE = Recipe()
METRICS = (*RANKING, *DECISIONS, COST, *COST_METRICS, *PROBABILITY, *CALIBRATION)
BOUNDS = {"Matthews correlation": (-1, 1)} | dict.fromkeys(CALIBRATION[1:], (-np.inf, np.inf))
BOUNDS |= dict.fromkeys(("log loss", COST, TOTAL, CALIBRATION[0]), (0, np.inf))
"""Where a score may lie; between 0 and 1 unless named here."""

DIFFERENCES = ["recipe", "metric", "cut", "difference", "low", "high", "n_folds", "p", "p_holm", *CHANCES]
SHOWN = ["recipe", "difference", "low", "high"]

Outcomes = Mapping[Recipe, Sequence[FoldOutcome]]


def with_baseline(recipes: Iterable[Recipe]) -> tuple[Recipe, ...]:
    """The recipes, each once, with *do nothing* first."""
    return tuple(dict.fromkeys((BASELINE, *recipes)))


def n_fold_tasks(study: Study) -> int:
    """How many folds one recipe is scored on: ``n_folds · n_repeats``, or ``n_folds`` when they follow time."""
    return len(study.folds)


def evaluate(
    study: Study,
    recipes: Iterable[Recipe],
    *,
    metric: str = "",
    margin: float = MARGIN,
    prevalence_at_use: float | None = None,
    **scoring: Any,
) -> Result:
    """Score recipes and the baseline out of fold, and compare them.

    Parameters
    ----------
    study : Study
        Not changed.
    recipes : iterable of Recipe
        *Do nothing, with the right threshold* is added.
    metric, margin, prevalence_at_use
        As for ``compare``.
    **scoring
        ``progress``, ``store``, ``engine``, ``workers``, ``limit`` and ``cancelled`` of ``core.evaluation.kept_scores.scored``; the numbers are
        the same whatever they are, as long as every fold is scored.

    Returns
    -------
    Result
        As ``compare`` returns it, of the folds that were scored.

    Raises
    ------
    UserError
        Time ran out before doing nothing was scored on two folds.
    """
    outcomes = scored_enough(study, with_baseline(recipes), **scoring)
    return compare(study, outcomes, metric=metric, margin=margin, prevalence_at_use=prevalence_at_use)


def compare(study: Study, outcomes: Outcomes, *, metric: str = "", margin: float = MARGIN, **said: Any) -> Result:
    """Compare what recipes did on the same folds.

    Parameters
    ----------
    study : Study
        Not changed.
    outcomes : mapping of Recipe to sequence of FoldOutcome
        Must hold the baseline ``Recipe()`` with at least one fold. Differences use the folds that both sides have. A recipe
        without folds yet is not shown, but is counted: no verdict is given before it is scored.
    metric : str
        What "better" means; empty takes the cost when one is stated, and average precision otherwise.
    margin : float
        A difference up to it is too small to matter; of costs, this share of the baseline's cost.
    **said
        ``prevalence_at_use`` and ``between`` of ``core.evaluation.cost_scores.prices``, by which total cost and weighted accuracies are counted.

    Returns
    -------
    Result
        ``evidence``: measure, value. Of a working sample, its rows and those of the whole table; all scores speak of the table.
        ``scores``: recipe, metric, cut, value, low, high, n_folds.
        ``differences``: recipe, metric, cut, difference, low, high, n_folds, p, p_holm, better, equivalent, worse; paired by fold, to
        the baseline at the same cut; the intervals of all recipes hold together (Bonferroni). p is that of the corrected resampled
        t-test, p_holm the same raised for all recipes; better, equivalent and worse are how probable a difference beyond the margin, within it, and beyond it
        on the wrong side is.
        ``thresholds``: recipe, median, smallest, largest, n_folds.
        ``confusion``: recipe, cut, class, predicted, rows_per_1000.
        Of the metric alone, and empty before all folds are there: ``better_than``: recipe, other, metric, difference, better, equivalent,
        worse, n_folds. ``verdicts``: recipe, verdict, difference, to_tell, times_more, positives_needed, rows_needed. ``gain``: recipe,
        behaviour, behaviour_low, behaviour_high, rank_change, metric, difference, low, high, n_folds. ``redrawn``: recipe, metric, difference, low, high, n_draws.
        ``chosen``: fold, recipe, metric, value, baseline, difference. ``selection``: recipe, metric, naive, value, difference, low, high,
        times_chosen, n_folds.
        The first finding is the verdict.
    """
    metric = metric or (COST if study.miss_cost else "average precision")
    outcomes = with_costs(study, outcomes, **said)
    order = [recipe for recipe in with_baseline(outcomes) if outcomes[recipe]]
    tables = {
        "evidence": evidence(study),
        "scores": pd.concat([mean_scores(recipe.title, outcomes[recipe]) for recipe in order], ignore_index=True),
        "differences": _differences(order, outcomes, margin),
        "thresholds": pd.DataFrame([chosen_thresholds(recipe.title, outcomes[recipe]) for recipe in order]),
        "confusion": pd.concat([_confusion(study, recipe, outcomes[recipe]) for recipe in order], ignore_index=True),
    }
    done = {recipe: outcomes[recipe] for recipe in with_baseline(outcomes)}
    key = next(key for key in _keys(done[BASELINE]) if key[0] == metric and key[1] != AT_HALF)
    tables |= told_apart(study, done, tables["differences"], key, margin)
    seconds = sum(outcome.seconds for recipe in order for outcome in outcomes[recipe])
    values = {
        "recipes": [recipe.text for recipe in order],
        "metric": metric,
        "margin": margin,
        **said,
        "learner": study.learner,
    }
    stamp = provenance("evaluate", values, study, seconds, len(study.folds))
    return Result(tables, findings(study, tables, metric, with_baseline(outcomes), margin), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """Gain over the baseline, what is changed for it, who beats whom, both currencies, and what the decisions find."""
    metric = result.provenance["parameters"]["metric"]
    figures = {}
    gains = result.tables["differences"].query("metric == @metric and cut in ('', @AT_OWN) and recipe != 'Do nothing'")
    if len(gains):
        title = f"Change of {metric} against doing nothing"
        caption = "Paired over the same folds. A recipe is better or worse only where its interval leaves zero out."
        again = result.tables["redrawn"].query("metric == @metric").assign(interval="over tested rows drawn anew")
        parts = [gains.assign(interval="over the folds"), again] if len(again) else [gains]
        if len(again):
            caption += " The interval over the folds decides; the other one leaves out that the model learns from other rows, too."
        axes = {"x_title": f"difference of {metric}", "y_title": "recipe", "by": "interval" if len(again) else ""}
        table = pd.concat([part[[*SHOWN, "interval"] if len(again) else SHOWN] for part in parts], ignore_index=True)
        figures[title] = charts.intervals(
            table, "difference", "recipe", title=title, caption=caption, reference=0, **axes
        )
    figures |= draw_gain(result.tables["gain"]) | draw_better_than(result.tables["better_than"])
    scores = result.tables["scores"]
    for name, title in (
        ("F1", "F1 in both currencies"),
        ("recall", "Recall in both currencies"),
        ("precision", "Precision in both currencies"),
    ):
        caption = f"{name[0].upper()}{name[1:]} of the class of interest: cut at 0.5, and at the threshold chosen inside the training rows."
        rows = scores[scores["metric"] == name]
        axes = {"x_title": f"{name} (mean over folds, 95 % interval)", "y_title": "recipe"}
        figures[title] = charts.intervals(rows, "value", "recipe", by="cut", title=title, caption=caption, **axes)
    return figures


def evidence(study: Study, draws: int = 0) -> pd.DataFrame:
    """How much there is to judge by, in all draws of the folds or in the first ones: measure, value."""
    study = study.judged
    folds = study.folds[: draws * study.n_folds or None]
    sizes, positive = study.class_sizes, study.positive_code
    in_folds = [np.bincount(study.codes[test], minlength=len(sizes)) for _, test in folds]
    rows = {
        "rows of the class of interest": sizes[positive],
        "other rows": sizes.sum() - sizes[positive],
        "prevalence (average precision of a random ranking)": study.class_shares[positive],
        "fewest rows of the class of interest in a test fold": min(counts[positive] for counts in in_folds),
        "fewest rows of any class in a test fold": min(counts.min() for counts in in_folds),
        "folds": study.n_folds,
        "repeats": len(folds) // study.n_folds,
        "seed": study.random_state,
    }
    if study.represents is not None:
        whole = study.table_sizes
        rows["rows of the class of interest in the whole table"] = whole[positive]
        rows["other rows in the whole table"] = whole.sum() - whole[positive]
    return pd.DataFrame({"measure": rows.keys(), "value": [float(value) for value in rows.values()]})


def _keys(outcomes: Sequence[FoldOutcome]) -> list[tuple[str, str]]:
    known = outcomes[0].scores
    order = [(metric, cut) for metric in METRICS for cut in ("", AT_HALF, AT_OWN)]
    return [key for key in order if key in known]


def mean_scores(title: str, outcomes: Sequence[FoldOutcome]) -> pd.DataFrame:
    """Every score over some folds, with its interval: recipe, metric, cut, value, low, high, n_folds."""
    rows = []
    for metric, cut in _keys(outcomes):
        values = np.array([outcome.scores[metric, cut] for outcome in outcomes])
        mean, low, high = judge.fold_interval(values, outcomes[0].test_share)
        floor, ceiling = BOUNDS.get(metric, (0, 1))
        low, high = np.maximum(low, floor), np.minimum(high, ceiling)
        rows.append((title, metric, cut, mean, low, high, int((~np.isnan(values)).sum())))
    return pd.DataFrame(rows, columns=["recipe", "metric", "cut", "value", "low", "high", "n_folds"])


def _differences(order: Sequence[Recipe], outcomes: Outcomes, margin: float) -> pd.DataFrame:
    base, n_recipes = outcomes[BASELINE], max(1, len(with_baseline(outcomes)) - 1)
    at = {(metric, cut): (metric, AT_HALF) for metric, cut in _keys(base) if cut == AT_OWN}
    own = paired_differences(BASELINE.title, base, base, at=at, margin=margin)
    own = own.assign(cut="own threshold against 0.5", p_holm=own["p"])  # the gain of the threshold alone
    tables = [
        paired_differences(recipe.title, outcomes[recipe], base, n_together=n_recipes, margin=margin)
        for recipe in order[1:]
    ]
    tables = [table for table in tables if len(table)]
    others = pd.concat(tables, ignore_index=True) if tables else own[:0]
    others = others.assign(p_holm=step_down(others, n_recipes))
    return pd.concat([own, others] if len(others) else [own], ignore_index=True)[DIFFERENCES]


def paired_differences(
    title: str,
    outcomes: Sequence[FoldOutcome],
    base: Sequence[FoldOutcome],
    *,
    n_together: int = 1,
    at: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    margin: float = MARGIN,
) -> pd.DataFrame:
    """What outcomes have more than others on the folds that both have.

    Columns are recipe, metric, cut, difference, low, high, n_folds, p, better, equivalent, worse.

    Parameters
    ----------
    title : str
        The recipe.
    outcomes, base : sequence of FoldOutcome
    n_together : int
        Comparisons whose intervals hold together (Bonferroni).
    at : mapping or None
        Which (metric, cut) of the base stands against which of the outcomes; the same one without.
    margin : float
        As for ``compare``.
    """
    theirs, rows = {outcome.fold: outcome for outcome in base}, []
    pairs = [(outcome, theirs[outcome.fold]) for outcome in outcomes if outcome.fold in theirs]
    for key in (at or _keys(outcomes)) if pairs else ():
        other_key = at[key] if at else key
        change = np.array([ours.scores[key] - other.scores[other_key] for ours, other in pairs])
        interval = judge.fold_interval(change, base[0].test_share, n_comparisons=n_together)
        said = tests(change, base[0].test_share, key[0], margin_of(margin, base, other_key))
        rows.append((title, *key, *interval, int((~np.isnan(change)).sum()), *said))
    return pd.DataFrame(rows, columns=[name for name in DIFFERENCES if name != "p_holm"])


def chosen_thresholds(title: str, outcomes: Sequence[FoldOutcome]) -> dict[str, object]:
    """The thresholds over some folds: recipe, median, smallest, largest, n_folds."""
    values = np.array([outcome.threshold for outcome in outcomes])
    row = {"recipe": title, "median": np.median(values), "smallest": values.min(), "largest": values.max()}
    return row | {"n_folds": len(values)}


def _confusion(study: Study, recipe: Recipe, outcomes: Sequence[FoldOutcome]) -> pd.DataFrame:
    parts = []
    for cut in (AT_HALF, AT_OWN):
        total = sum(outcome.matrices[cut] for outcome in outcomes)
        actual, predicted = np.indices(total.shape).reshape(2, -1)
        labels = np.asarray(study.classes, dtype=object)
        rows = {"recipe": recipe.title, "cut": cut, "class": labels[actual], "predicted": labels[predicted]}
        parts.append(pd.DataFrame(rows | {"rows_per_1000": 1000 * total.ravel() / total.sum()}))
    return pd.concat(parts, ignore_index=True)
