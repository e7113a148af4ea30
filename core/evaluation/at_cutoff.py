"""What one cut-off leads to for every recipe, on rows that were kept out of fold: scores beside chance, people, and places on curves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import UserError
from core.evaluation.cost_scores import prices
from core.evaluation.curves import cases
from core.evaluation.cutoff import Cutoff, Seen, reached, seen, tuned_band
from core.evaluation.cutoff_words import CHOSEN, findings
from core.evaluation.scoring import AT_HALF, AT_OWN, FoldOutcome, even_cost
from core.judge import proportion_interval
from core.numerics import curves as shapes
from core.numerics.cutoffs import threshold_at_use, value_of
from core.numerics.flagged import flagged_scores, rate_draws, scores_by_chance
from core.recipe import Recipe
from core.result import Result
from core.study import Study

AT_RANDOM = {CHOSEN: "random, chosen cut-off", AT_OWN: "random, own threshold", AT_HALF: "random, at 0.5"}
BY_CHANCE = ("F1", "recall", "precision")
COLUMNS = {
    "scores": ("cut", "threshold", "metric", "value", "low", "high", "chance", "chance_low", "chance_high"),
    "people": ("cut", "outcome", "n_cases", "low", "high", "of"),
    "thresholds": ("fold", "threshold"),
    "ways": ("threshold", "flagged", "flagged_per_1000", "miss_cost"),
    "marks": (
        "threshold", "false_alarm_rate", "recall", "precision", "share_checked", "lift", "threshold_at_use", "net_benefit_per_1000", "probability_cost", "cost",
    ),
}  # fmt: skip
Outcomes = Mapping[Recipe, Sequence[FoldOutcome]]


def at_cutoff(study: Study, outcomes: Outcomes, cutoff: Cutoff, prevalence: float | None = None) -> Result:
    """Say what one cut-off leads to for every recipe, beside the threshold locked inside the folds and .5; nothing is fitted.

    Rows are those of the first draw of folds, all folds together. Recall and the false alarm rate have exact intervals; those of F1, precision, cost and
    flagged rows come from draws of both rates (Jeffreys), which is inferred. The intervals take the cut-off as given: that it was chosen
    on the same rows they do not know. Where a column says what a miss of each row costs, costs per 1,000 rows are left out: they ask which rows are missed. ``chance`` is what flagging as many rows at random gives, with its middle 95 %.

    Parameters
    ----------
    study : Study
        Not changed.
    outcomes : mapping of Recipe to sequence of FoldOutcome
        Recipes whose first draw of folds is not complete are left out; one at least is.
    cutoff : Cutoff
    prevalence : float or None
        The share of the class where decisions will be made; None is that of the table.

    Returns
    -------
    Result
        ``scores``: recipe, cut, threshold (the median over the folds of a locked one), metric, value, low, high, chance, chance_low, chance_high.
        ``people``: recipe, cut, outcome, n_cases, low, high, of (1,000 cases, or as many more that some belong to a rare class).
        ``thresholds``: recipe, fold, threshold. ``band``: recipe, low, high, of the last recipe (9 of 10 thresholds that its rule chooses on
        rows drawn anew; no row where it chooses none). ``ways``: recipe, threshold, flagged, flagged_per_1000, miss_cost, of one cut in all ways.
        ``marks``: recipe, threshold, false_alarm_rate, recall, precision, share_checked, lift, threshold_at_use, net_benefit_per_1000,
        probability_cost, cost; the place of the cut on every curve. Thresholds are those on probabilities of the table but for ``threshold_at_use``.

    Raises
    ------
    UserError
        No recipe has all folds of the first draw, or they hold no row of the class of interest.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26. Brown, Cai and DasGupta (2001), Statistical Science 16.
    """
    start, rows = time.perf_counter(), {name: [] for name in COLUMNS}
    each = {recipe: found for recipe in outcomes if (found := seen(study, outcomes[recipe])) is not None}
    if not each:
        problem = "The first draw of folds is not complete, or tests no row of the class of interest."
        raise UserError(problem, "Score the recipes first, or choose fewer folds.")
    for recipe, found in each.items():
        for name, lines in _of(study, found, cutoff, prevalence).items():
            rows[name] += [(recipe.title, *line) for line in lines]
    tables = {name: pd.DataFrame(lines, columns=["recipe", *COLUMNS[name]]) for name, lines in rows.items()}
    last, found = list(each.items())[-1]
    band = tuned_band(study, last, found)
    tables["band"] = pd.DataFrame([(last.title, *band)] if band else [], columns=["recipe", "low", "high"])
    values = {"recipes": [recipe.text for recipe in each], "cutoff": cutoff.text, "prevalence": prevalence}
    stamp = provenance("cutoff", values, study, time.perf_counter() - start)
    return Result(tables, findings(study, tables, cutoff.way, list(each), prevalence), stamp)


def _of(study: Study, found: Seen, cutoff: Cutoff, prevalence: float | None) -> dict[str, list[tuple]]:
    share, own, cost = prevalence or found.prevalence, float(np.median(found.thresholds)), study.miss_cost
    priced = prices(study, prevalence_at_use=share).accuracies
    cuts = {name: (at, _flagged(found, name)) for name, at in ((AT_OWN, own), (AT_HALF, 0.5))}
    threshold, cut = own, AT_OWN
    if cutoff.way:
        threshold, cut = found.threshold(cutoff, prevalence), CHOSEN
        taken = reached(found.score, threshold)
        chosen = tuple(float(found.weight[taken & side].sum()) for side in (found.found, ~found.found))
        cuts = {CHOSEN: (threshold, chosen)} | cuts
    scores, people, marked = [], [], {}
    for name, (at, flagged) in cuts.items():
        lines, values, told = _at(
            found, flagged, share, even_cost(study), np.random.default_rng(study.random_state), priced
        )
        scores += [(name, at, *line) for line in lines]
        people += [(name, *line) for line in told]
        marked[name] = values
    values = {name: float(value) for name, value in marked[cut].items()}
    implied = value_of("cost of a miss", threshold, found.score, 0.5) if not np.isnan(threshold) else np.nan
    return {
        "scores": scores,
        "people": people,
        "thresholds": [(fold + 1, float(at)) for fold, at in enumerate(found.thresholds)],
        "ways": [(threshold, round(sum(cuts[cut][1])), values["flagged per 1,000"], implied)],
        "marks": [_mark(values, threshold, found.prevalence, share, cost)],
    }


def _flagged(found: Seen, cut: str) -> tuple[float, float]:
    """Rows of the class, and others, that a decision of the folds takes, as many as the whole table has."""
    hits = found.hits(cut)
    return hits, float(found.matrices[cut][:, found.code].sum()) - hits


def _at(
    found: Seen,
    flagged: tuple[float, float],
    share: float,
    cost: float,
    rng: np.random.Generator,
    priced: Callable[..., dict] = lambda found, quiet: {},
) -> tuple[list[tuple], dict[str, np.ndarray], list[tuple]]:
    """Scores, their plain values, and people at one cut; ``priced`` gives further scores of a recall and a specificity."""
    rates, ends, draws, n = [], [], [], []
    for mass, side in zip(flagged, (found.found, ~found.found), strict=True):
        n.append(int(side.sum()))
        rows = min(
            mass / float(found.weight[side].mean()), n[-1]
        )  # those in hand, where all of a side stand for as many
        rates.append(rows / n[-1])
        ends.append(tuple(float(end) for end in proportion_interval(rows, n[-1])))
        draws.append(rate_draws(rows, n[-1], rng))
    values, spread = (flagged_scores(*pair, share, cost) | priced(pair[0], 1 - pair[1]) for pair in (rates, draws))
    exact, taken = {"recall": ends[0], "false alarm rate": ends[1]}, float(values["flagged per 1,000"]) / 1000
    chance, lines = scores_by_chance(*n, taken, share), []
    for name, value in values.items():
        low, high = exact.get(name) or (float(end) for end in np.quantile(spread[name], [0.025, 0.975]))
        null = chance.get(name, (np.nan,) * 3)
        lines.append((name, float(value), min(low, float(value)), max(high, float(value)), *null))
    return lines, values, _people(rates, ends, share)


def _people(rates: Sequence[float], ends: Sequence[tuple[float, float]], share: float) -> list[tuple]:
    of = cases(share)
    counts = shapes.people(*rates, share, of)
    n_class, n_rest = counts["found"] + counts["missed"], counts["false alarms"] + counts["rightly left"]
    (low, high), (least, most) = ends
    reach = {
        "found": (n_class * low, n_class * high), "missed": (n_class * (1 - high), n_class * (1 - low)),
        "false alarms": (n_rest * least, n_rest * most), "rightly left": (n_rest * (1 - most), n_rest * (1 - least)),
    }  # fmt: skip
    return [(name, n, min(reach[name][0], n), max(reach[name][1], n), of) for name, n in counts.items()]


def _mark(scores: Mapping[str, float], threshold: float, usual: float, share: float, cost: float) -> tuple[float, ...]:
    """Where a cut lies on every curve; on the cost curve at the stated cost, or else at the one that its threshold stands for at use."""
    recall, rate, taken = scores["recall"], scores["false alarm rate"], scores["flagged per 1,000"] / 1000
    known = 0 < threshold < 1
    there = threshold_at_use(threshold, usual, share) if known and share != usual else threshold
    at = shapes.probability_cost(share, cost or ((1 - there) / there if known else np.nan))
    benefit = share * recall - (1 - share) * rate * there / (1 - there) if known else np.nan
    lift = recall / taken if taken else np.nan
    paid = (1 - recall) * at + rate * (1 - at)
    return threshold, rate, recall, scores["precision"], taken, lift, there, 1000 * benefit, at, paid


def draw(result: Result) -> dict[str, go.Figure]:
    """The last recipe in people, at every cut, and F1, recall and precision at every cut beside chance."""
    recipe = result.tables["people"]["recipe"].iloc[-1]
    people, scores = (table[table["recipe"] == recipe] for table in map(result.tables.get, ("people", "scores")))
    title = f"Of {wording.count(people['of'].iloc[0])} cases"
    caption = f"Whole people, by {charts.label(wording.quoted(recipe))}, with 95 % intervals; those rightly left are not drawn."
    axes = {"x_title": "cases", "y_title": "decision", "by": "outcome", "caption": caption}
    figures = {title: charts.bars(people[people["outcome"] != "rightly left"], "n_cases", "cut", title=title, **axes)}
    rows, title = scores[scores["metric"].isin(BY_CHANCE)], "F1, recall and precision at each cut"
    chance = rows.assign(value=rows["chance"], low=rows["chance_low"], high=rows["chance_high"])
    chance = chance.assign(cut=chance["cut"].map(AT_RANDOM))
    shown = pd.concat([rows, chance])
    caption = "With 95 % intervals. Below each: what flagging as many rows at random gives, and its middle 95 %."
    axes = {"x_title": "score", "y_title": "", "by": "metric", "caption": caption}
    order = [name for cut in rows["cut"].drop_duplicates() for name in (cut, AT_RANDOM[cut])]
    shown = shown.sort_values("cut", key=lambda names: names.map(order.index), kind="stable")
    return figures | {title: charts.intervals(shown, "value", "cut", title=title, **axes)}
