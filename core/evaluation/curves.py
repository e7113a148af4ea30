"""Recipes over all thresholds: ROC, precision and recall, gain, net benefit and cost, with bands, chance levels and people."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, wording
from core.charts_band import band
from core.engine import provenance
from core.errors import UserError
from core.evaluation.compare import evidence, with_baseline
from core.evaluation.curves_words import CHOSEN, GAIN_AT, RATE, findings
from core.evaluation.cutoff import Cutoff
from core.evaluation.decision_curve import ALL, in_table, thresholds_around, with_plain_lines
from core.evaluation.locked import Locked, locked
from core.evaluation.scoring import AT_OWN, even_cost
from core.evaluation.threshold_band import side_by_side
from core.numerics import curves as shapes
from core.numerics.flagged import recall_by_chance, scores_by_chance
from core.numerics.ranked_rows import RankedRows, drawn, expanded_tail, ranked
from core.recipe import Recipe
from core.result import Result
from core.study import Study

N_DRAWS = 200
CHANCE = ["chance", "chance_low", "chance_high"]
GRID = np.linspace(0.01, 1, 100)
Pair = tuple[np.ndarray, np.ndarray]
"""Rows of the class, and other rows, above each cut."""

RANDOM = "random ranking"
AT_RANDOM = "At each point the band of the random ranking holds 95 of 100 rankings by chance of as many rows."


def curves_of(
    study: Study,
    recipes: Iterable[Recipe] = (),
    *,
    threshold: float | Cutoff | None = None,
    prevalence: float | None = None,
) -> Result:
    """Look at recipes over all thresholds, on out-of-fold probabilities of the first draw of folds.

    Bands are pointwise 95 % intervals from rows drawn anew within the class of interest and within the rest, widened for few rows (expanded percentiles).
    They do not speak of other training rows. That of average precision held the true value in 93 to 94 % of binormal tables with 10, 30 and 100 rows of
    the class at 1 % (200, 200 and 60 tables). Average precision stands beside what a random ranking of as many rows has, its mean in closed
    form and its middle 95 % from random rankings.

    Parameters
    ----------
    study : Study
        Not changed.
    recipes : iterable of Recipe
        Doing nothing is added.
    threshold : float, Cutoff or None
        One threshold for all, or one cut-off, which comes to a threshold of each recipe; None takes each recipe's own, which each fold takes from the other folds.
        A probability is one of the table.
    prevalence : float or None
        The share of the class where the model will be used; None is that of the table. Rows are weighed by it, scores stay as they are. The
        thresholds of net benefit are then those on probabilities at use, each at the rows that it takes there (``threshold_at_use``).

    Returns
    -------
    Result
        ``evidence``: measure, value. ``measures``: recipe, measure, value, low, high, chance, chance_low, chance_high.
        ``roc``: recipe, false_alarm_rate, recall, low, high. ``precision_recall``: recipe, recall, precision, low, high.
        ``gain``: recipe, share_checked, share_found, low, high, lift. ``decision_curve``: recipe ("take all" and "take none" too), threshold (at use), miss_cost
        (that it stands for), threshold_in_table (the same on probabilities of the table), net_benefit_per_1000 (rows of the class found, less
        false alarms at their price), low, high.
        ``cost_curve``: recipe, probability_cost, cost (1 is erring on every row), low, high, least (at the best cut for each point, known afterwards).
        ``decisions``: recipe, cut, metric, value, low, high, chance, chance_low, chance_high (flagging as many rows at random).
        ``chance``: curve, at, value, low, high, of random rankings (the mean and the middle 95 %). ``people``: recipe, cut, threshold (median of the folds), outcome,
        n_cases, of (1,000 cases, or as many more that some belong to a rare class).

    Raises
    ------
    UserError
        The threshold or the prevalence does not lie between 0 and 1.

    References
    ----------
    Fawcett (2006), Pattern Recognition Letters 27. Vickers and Elkin (2006), Medical Decision Making 26, for net benefit. Drummond and Holte (2006), Machine
    Learning 65, for cost curves. Davis and Goadrich (2006), ICML. Hesterberg (2015), The American Statistician 69.
    """
    start = time.perf_counter()
    for name, value in (("threshold", threshold), ("prevalence", prevalence)):
        if value is not None and not isinstance(value, Cutoff) and not 0 < value < 1:
            raise UserError(f"The {name} is {wording.plain(value)}.", "Choose a value between 0 and 1.")
    threshold = Cutoff("probability", threshold) if isinstance(threshold, float | int) else threshold
    chosen = with_baseline(recipes)
    parts = [_of(study, recipe, threshold, prevalence) for recipe in chosen]
    tables = {"evidence": evidence(study, draws=1)}
    for name in parts[0]:
        tables[name] = pd.concat([part[name] for part in parts], ignore_index=True)
    tables["decision_curve"] = with_plain_lines(tables["decision_curve"], study, prevalence)
    tables["chance"] = _random(study, prevalence)
    values = {
        "recipes": [recipe.text for recipe in chosen],
        "threshold": threshold.text if threshold else None,
        "prevalence": prevalence,
    }
    stamp = provenance("curves", values, study, time.perf_counter() - start)
    return Result(tables, findings(study, tables, chosen, threshold, prevalence), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """Precision and recall, ROC, gain, lift, net benefit, costs, and people."""
    figures, gain = {}, result.tables["gain"]
    lifts = gain.assign(low=gain["low"] / gain["share_checked"], high=gain["high"] / gain["share_checked"])
    for title, rows, x, y, x_title, y_title, caption in (
        ("Precision and recall", result.tables["precision_recall"], "recall", "precision", "recall", "precision", "Bands are 95 % intervals; a random ranking stays near the prevalence."),
        ("ROC curve", result.tables["roc"], "false_alarm_rate", "recall", "share of other rows taken", "recall", "A random ranking lies about the diagonal."),
        ("Gain", gain, "share_checked", "share_found", "share of rows checked", "share of the class found", "The most probable rows first."),
        ("Lift", lifts, "share_checked", "lift", "share of rows checked", "times as many as at random", "The most probable rows first; a random ranking has 1."),
    ):  # fmt: skip
        shown = _with_chance(rows, result.tables["chance"], title, x, y)
        text, ends = f"{caption} {AT_RANDOM}", None if title == "Lift" else (0, 1.02)
        axes = {"x_title": x_title, "y_title": y_title, "caption": text, "y_range": ends}
        figures[title] = band(shown, x, y, by="recipe", title=title, marks=9, log=title == "Lift", **axes)
    title, rows = "Net benefit", result.tables["decision_curve"]
    top = rows.loc[rows["recipe"] != ALL, ["net_benefit_per_1000", "high"]].max(axis=None)
    scale = "probability" if result.provenance["parameters"]["prevalence"] is None else "probability at use"
    texts = {"x_title": f"threshold ({scale})", "y_title": "net benefit per 1,000 rows", "title": title}
    caption = "A recipe is of use at thresholds where it lies above taking all rows and above taking none."
    figures[title] = band(
        rows, "threshold", "net_benefit_per_1000", by="recipe", caption=caption, y_range=(-0.3 * top, 1.1 * top), marks=9, log=True, **texts
    )  # fmt: skip
    title, caption = (
        "Cost curve",
        "At the threshold of each recipe; to the right, misses matter more. 1 is the cost of erring on every row.",
    )
    texts = {
        "x_title": f"weight of the class of interest (share{scale.removeprefix('probability')} and cost)",
        "y_title": "cost (share of the most)",
        "title": title,
    }
    figures[title] = band(
        result.tables["cost_curve"], "probability_cost", "cost", by="recipe", caption=caption, marks=9, **texts
    )
    of = wording.count(result.tables["people"]["of"].iloc[0])
    title, caption = f"Of {of} cases", "Whole people, at each recipe's threshold."
    rows = result.tables["people"].query("cut != 'at 0.5' and outcome != 'rightly left'")
    figures[title] = charts.bars(
        rows, "n_cases", "recipe", by="outcome", title=title, x_title="cases", y_title="recipe", caption=caption
    )
    return figures


def _with_chance(table: pd.DataFrame, chance: pd.DataFrame, title: str, x: str, y: str) -> pd.DataFrame:
    """The table with the line of random rankings."""
    line = chance[chance["curve"] == title].rename(columns={"at": x, "value": y}).assign(recipe=RANDOM)
    return pd.concat([table, line[["recipe", x, y, "low", "high"]]], ignore_index=True)


def _random(study: Study, prevalence: float | None) -> pd.DataFrame:
    """What rankings by chance look like on every curve, at the class sizes of the rows that are judged."""
    judged = study.judged
    own, sizes, mass = judged.positive_code, judged.class_sizes, judged.table_sizes
    n_class, n_rest, share = int(sizes[own]), int(sizes.sum() - sizes[own]), mass[own] / mass.sum()
    share = share if prevalence is None else prevalence
    odds, rng = (1 - share) / n_rest / (share / n_class), np.random.default_rng(study.random_state)
    lines = shapes.random_curves(n_class, n_rest, GRID, N_DRAWS, rng, odds)
    lines["lift"] = lines["found"] / GRID
    parts = []
    for title, name in zip(("Precision and recall", "ROC curve", "Gain", "Lift"), lines, strict=True):
        low, high = np.quantile(lines[name], [0.025, 0.975], axis=0)
        columns = {"curve": title, "at": GRID, "value": lines[name].mean(axis=0), "low": low, "high": high}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _of(study: Study, recipe: Recipe, threshold: Cutoff | None, prevalence: float | None) -> dict[str, pd.DataFrame]:
    found, rng = locked(study, recipe), np.random.default_rng(study.random_state)
    rows_of_table, usual = found.mass, found.prevalence
    if prevalence is not None:
        ratio = np.where(found.found, prevalence / found.prevalence, (1 - prevalence) / (1 - found.prevalence))
        found = replace(found, weight=found.mass * ratio)
    if threshold is not None:
        at = threshold.threshold(found.score, rows_of_table, found.mass)
        found = replace(found, taken=found.score >= at, thresholds=np.full(len(found.thresholds), at), threshold=at)
    items = ranked(found.score, found.found, found.weight, short=True)
    drawn_rows = items.above(drawn(items, N_DRAWS, rng))
    exact = ranked(found.score, found.found, found.weight)
    tables = _curves(found, exact, items.cuts, drawn_rows, usual) | {"cost_curve": _costs(found, exact, rng)}
    null = np.random.default_rng(study.random_state)  # the same for all recipes
    tables |= {"measures": _measures(found, exact, drawn_rows, null)} | _decisions(study, found, rng, threshold)
    return {name: table.assign(recipe=recipe.title)[["recipe", *table.columns]] for name, table in tables.items()}


def _curves(found: Locked, exact: RankedRows, cuts: np.ndarray, draws: Pair, usual: float) -> dict[str, pd.DataFrame]:
    """Curves of all rows, with the band of rows drawn anew, which are counted above ``cuts``; ``usual`` is the share of the class in the table."""
    above, rates = exact.above(), thresholds_around(found.prevalence)
    here = in_table(rates, usual, found.prevalence)
    roc, precision, gain = (
        [curve(*one, GRID) for one in (above, draws)]
        for curve in (shapes.recall_at_alarm_rate, shapes.precision_at_recall, shapes.found_among_checked)
    )
    benefit = [1000 * shapes.net_benefit(at, *one, rates, here) for at, one in ((exact.cuts, above), (cuts, draws))]
    tables = {
        "roc": _banded(found, "false_alarm_rate", "recall", GRID, *roc),
        "precision_recall": _banded(found, "recall", "precision", GRID, *precision),
        "gain": _banded(found, "share_checked", "share_found", GRID, *gain).assign(lift=gain[0] / GRID),
        "decision_curve": _banded(found, "threshold", "net_benefit_per_1000", rates, *benefit),
    }
    tables["decision_curve"].insert(1, "miss_cost", 1 / rates - 1)
    tables["decision_curve"].insert(2, "threshold_in_table", here)
    return tables


def _banded(found: Locked, x: str, y: str, at: np.ndarray, line: np.ndarray, lines: np.ndarray) -> pd.DataFrame:
    tail = expanded_tail(int(found.found.sum()))
    low, high = np.quantile(lines, [tail, 1 - tail], axis=0)
    return pd.DataFrame({x: at, y: line, "low": low, "high": high})


def _costs(found: Locked, exact: RankedRows, rng: np.random.Generator) -> pd.DataFrame:
    """The cost curve of the decisions that were taken, and the least that any cut would have cost."""
    sides = (found.found, ~found.found)
    recall, rate = (np.average(found.taken[side], weights=found.mass[side]) for side in sides)
    drawn_recall, drawn_rate = (
        rng.binomial(side.sum(), share, N_DRAWS) / side.sum() for side, share in zip(sides, (recall, rate), strict=True)
    )
    lines = [
        shapes.normalised_cost(1 - hit, alarm, GRID) for hit, alarm in ((recall, rate), (drawn_recall, drawn_rate))
    ]
    table = _banded(found, "probability_cost", "cost", GRID, *lines)
    return table.assign(least=shapes.least_normalised_cost(*exact.above(), GRID))


def _measures(found: Locked, exact: RankedRows, draws: Pair, rng: np.random.Generator) -> pd.DataFrame:
    from scipy.stats import binom

    above = exact.above()
    n_class, n_rest = int(found.found.sum()), int((~found.found).sum())
    odds = float(found.mass[~found.found].mean() / found.mass[found.found].mean())
    chance = shapes.random_precisions(n_class, n_rest, 2 * N_DRAWS, rng, odds)
    mean = shapes.expected_random_precision(n_class, n_rest) if abs(odds - 1) < 1e-9 else chance.mean()
    top, share = judge.area_null(n_class, n_rest), np.array([GAIN_AT])
    within = binom.ppf([0.025, 0.975], n_class, RATE) / n_class
    lift = tuple(recall / GAIN_AT for recall in recall_by_chance(n_class, n_rest, GAIN_AT))
    lines = (
        ("average precision", shapes.average_precision, (mean, *np.quantile(chance, [0.025, 0.975]))),
        ("ROC-AUC", shapes.roc_area, (0.5, 1 - top, top)),
        ("recall at 1 % false alarms", lambda *one: shapes.recall_within(*one, RATE), (RATE, *within)),
        ("lift in the first 10 %", lambda *one: shapes.found_among_checked(*one, share)[..., 0] / GAIN_AT, lift),
    )  # fmt: skip
    tail, rows = expanded_tail(n_class), []
    for name, measure, null in lines:
        rows.append([name, float(measure(*above)), *np.quantile(measure(*draws), [tail, 1 - tail]), *null])
    recall = rows[2]  # where all rows are found, or none, rows drawn anew do not tell how sure that is
    low, high = judge.proportion_interval(round(recall[1] * n_class), n_class)
    recall[2:4] = min(recall[2], float(low)), max(recall[3], float(high))
    columns = ["measure", "value", "low", "high", "chance", "chance_low", "chance_high"]
    return pd.DataFrame(rows, columns=columns)


def _decisions(
    study: Study, found: Locked, rng: np.random.Generator, threshold: Cutoff | None
) -> dict[str, pd.DataFrame]:
    own = AT_OWN if threshold is None else CHOSEN
    cuts = side_by_side(found, even_cost(study), N_DRAWS, rng)[0].assign(**dict.fromkeys(CHANCE, np.nan))
    rows, of, sides = [], cases(found.prevalence), (int(found.found.sum()), int((~found.found).sum()))
    for cut, taken, at in ((own, found.taken, float(np.median(found.thresholds))), ("at 0.5", found.at_half, 0.5)):
        recall, rate = (np.average(taken[side], weights=found.mass[side]) for side in (found.found, ~found.found))
        rows += [(cut, at, *pair, of) for pair in shapes.people(recall, rate, found.prevalence, of).items()]
        share = float(np.average(taken, weights=found.mass))
        for name, null in scores_by_chance(*sides, share, found.prevalence).items():
            there = (cuts["cut"] == (AT_OWN if cut == own else cut)) & (cuts["metric"] == name)
            cuts.loc[there, CHANCE] = null
    people = pd.DataFrame(rows, columns=["cut", "threshold", "outcome", "n_cases", "of"])
    return {"decisions": cuts.replace({"cut": {AT_OWN: own}}), "people": people}


def cases(prevalence: float) -> int:
    """How many cases to speak of: 1,000, or ten times more until at least five belong to the class."""
    n = 1000
    while n * prevalence < 5 and n < 10_000_000:
        n *= 10
    return n
