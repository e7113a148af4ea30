"""Whether probabilities come true, out of fold: reliability, calibration errors beside chance, and what each recipe did to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge
from core.charts_band import band
from core.engine import provenance
from core.evaluation.calibration_words import N_DRAWS, findings
from core.evaluation.compare import BASELINE, evidence, with_baseline
from core.evaluation.scoring import CALIBRATION, SCARCE, calibration, fold_outcome, log_odds
from core.evaluation.verdict import FEWEST_ROWS
from core.numerics.calibration import binned, brier_parts, class_errors, line_errors, places
from core.recipe import Recipe
from core.result import Result
from core.study import Study

N_BINS = 10
PER_BIN = 10
"""Rows of the class of interest for each bin of the reliability diagram, up to ``N_BINS``."""

CHANGES: dict[str, tuple[str, Callable[[float], float]]] = {
    "Brier score": ("Brier score", float),
    "log loss": ("log loss", float),
    "observed over expected, distance from 1": (
        CALIBRATION[0],
        lambda ratio: abs(np.log(ratio)) if ratio > 0 else np.nan,
    ),
    "calibration slope, distance from 1": (CALIBRATION[2], lambda slope: abs(slope - 1)),
}
"""What is compared with doing nothing; less is better. The distance of a ratio is the size of its logarithm."""


def calibration_of(
    study: Study, recipes: Iterable[Recipe], *, progress: Callable[[int, int], None] | None = None
) -> Result:
    """Judge the probabilities of recipes and of doing nothing, on rows that were not trained on.

    Parameters
    ----------
    study : Study
        Not changed.
    recipes : iterable of Recipe
        *Do nothing* is added, and a threshold is left out: it leaves probabilities as they are.
    progress : callable or None
        Called with the number of recipes done and of all recipes.

    Returns
    -------
    Result
        ``evidence``: measure, value. With fewer than ten rows of the class of interest there is nothing else.
        ``reliability``: recipe, bin, mean_probability, observed (share of the class of interest), low, high (exact), n_rows, n_found (of that class). Bins
        hold about the same sum of ``p (1 − p)``, so that a rare class is not left to one of them; that is our choice.
        ``totals``: recipe, measure ("observed over expected", "calibration intercept", "calibration slope"), value, low, high, ideal,
        apart (whether the interval that holds for all recipes together leaves the ideal out).
        ``errors``: recipe, class, error (expected calibration error in ten bins of equal size), chance (its mean when the same
        probabilities are true), chance_low, chance_high, p, excess (error less chance), n_rows (of the class in hand).
        ``brier``: recipe, brier, reliability, resolution, uncertainty, within; of the class of interest, corrected for the bins.
        ``changes``: recipe, metric, difference, low, high, n_folds; paired by fold, to doing nothing; below 0 is better; the
        intervals of all recipes hold together (Bonferroni).
        ``widths``: recipe, bin, mean_probability, width, widest, n_rows; of Venn–Abers probabilities of the class of interest.
        Intervals take rows as independent and the models as they are.

    References
    ----------
    Van Calster et al. (2019), BMC Medicine 17. Bröcker and Smith (2007), Weather and Forecasting 22. Murphy (1973), Journal of Applied Meteorology 12.
    """
    start, asked = time.perf_counter(), tuple(recipes)
    chosen = with_baseline(recipe.without("decision") for recipe in asked)
    judged, tables = study.judged, {"evidence": evidence(study, draws=1)}
    if judged.class_sizes[judged.positive_code] >= FEWEST_ROWS:
        found = {}
        for done, recipe in enumerate(chosen, start=1):
            found[recipe] = _probabilities(study.whole, recipe)
            if progress:
                progress(done, len(chosen))
        tables |= _tables(study, found)
    values = {"recipes": [recipe.text for recipe in chosen], "learner": study.learner}
    stamp = provenance("calibration", values, study, time.perf_counter() - start)
    return Result(tables, findings(study, chosen, asked, tables), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """Reliability, observed over expected, calibration errors beside chance, the parts of the Brier score, and what each recipe changed."""
    tables, figures = result.tables, {}
    if "reliability" not in tables:
        return figures
    figures["Reliability of the probabilities"] = _reliability_diagram(tables["reliability"])
    title = "Rows found per row expected"
    rows = tables["totals"].query("measure == @CALIBRATION[0]")
    caption = "1 is right; below 1 the probabilities are too high, above 1 too low. Exact 95 % intervals."
    axes = {"x_title": "observed over expected", "y_title": "recipe"}
    figures[title] = charts.intervals(rows, "value", "recipe", title=title, caption=caption, reference=1, **axes)
    title = "Calibration error by class"
    caption = (
        "Mean distance of probability and outcome in ten bins, less what chance alone gives to true probabilities."
    )
    axes = {"x_title": "class", "y_title": "recipe", "value_title": "error<br>beyond chance", "caption": caption}
    figures[title] = charts.heatmap(tables["errors"], "class", "recipe", "excess", title=title, low=0, **axes)
    title = "Parts of the Brier score"
    parts = tables["brier"].melt("recipe", ["reliability", "resolution"], "part", "value")
    caption = "Reliability is what a better map could take away: less is better. Resolution is what telling rows apart gains: more is better."
    axes = {"x_title": "part of the Brier score", "y_title": "recipe", "caption": caption}
    figures[title] = charts.bars(parts, "value", "recipe", by="part", title=title, **axes)
    return figures | _what_recipes_did(tables["changes"])


def _what_recipes_did(table: pd.DataFrame) -> dict[str, go.Figure]:
    """Changes against doing nothing: of the Brier score, and of how far the probabilities are from calibrated."""
    figures = {}
    apart = table["metric"].str.endswith("distance from 1")
    for title, rows, axes in (
        (
            "Change of the Brier score against doing nothing",
            table[table["metric"] == "Brier score"],
            {"x_title": "difference of the Brier score"},
        ),
        (
            "What each recipe did to calibration",
            table[apart & table["low"].notna()],
            {"x_title": "change of the distance from calibrated", "by": "metric"},
        ),
    ):
        if len(rows):
            caption = "Paired over the same folds. Left of zero the probabilities are better; only an interval that leaves zero out says so."
            axes |= {"y_title": "recipe", "title": title, "caption": caption, "reference": 0}
            figures[title] = charts.intervals(rows, "difference", "recipe", **axes)
    return figures


def _reliability_diagram(table: pd.DataFrame) -> go.Figure:
    """The share that came true against the probability, with the line where both are equal."""
    title = "Reliability of the probabilities"
    caption = "Each point is a bin of rows, with its exact 95 % interval. On the grey line probabilities come true; below it they are too high."
    axes = {"x_title": "mean probability", "y_title": "share of the class of interest"}
    figure = band(table, "mean_probability", "observed", by="recipe", title=title, caption=caption, **axes)
    end = min(1.02, 1.1 * float(table[["mean_probability", "observed"]].max(axis=None)))
    line = {"color": charts.GREY, "dash": "dot"}
    figure.add_shape(type="line", x0=0, y0=0, x1=end, y1=end, line=line, layer="below")
    figure.update_xaxes(range=[0, end])
    figure.update_yaxes(range=[0, end])
    return figure


def _probabilities(study: Study, recipe: Recipe) -> tuple[np.ndarray, np.ndarray | None]:
    """Out-of-fold probabilities (n_samples, n_classes), and the widths (n_samples,) for the class of interest where a method gives them."""
    if "venn_abers" not in recipe.slugs:
        return study.out_of_fold(recipe), None
    proba, width = np.full((len(study.codes), len(study.classes)), np.nan), np.full(len(study.codes), np.nan)
    for train, test in study.folds[: study.n_folds]:
        fitted, X = study.fitted(recipe, train), study.dataset.X.iloc[test]
        proba[test] = 0
        proba[np.ix_(test, fitted.classes_)] = fitted.predict_proba(X)
        between = fitted.probability_interval(X)
        own = np.flatnonzero(fitted.classes_ == study.positive_code)
        if between is not None and len(own):
            width[test] = (between[1] - between[0])[:, own[0]]
    return proba, width


def _tables(study: Study, found: Mapping[Recipe, tuple]) -> dict[str, pd.DataFrame]:
    judged, parts = study.judged, {"reliability": [], "totals": [], "errors": [], "brier": [], "widths": []}
    codes, own = judged.codes, judged.positive_code
    weight = np.ones(len(codes)) if judged.represents is None else judged.represents
    columns = [study.whole.classes.index(label) for label in judged.classes]
    n_bins = int(np.clip(judged.class_sizes[own] // PER_BIN, 2, N_BINS))
    for recipe, (proba, width) in found.items():
        proba = proba[judged.place][:, columns]
        score, title = proba[:, own], recipe.title
        place = places(score, weight * score * (1 - score), n_bins)
        brier = brier_parts(score, codes == own, place, weight)
        rows = {
            "reliability": _reliability(score, codes == own, place, weight),
            "totals": _totals(score, codes == own, weight, len(found)),
            "errors": _errors(judged, proba),
            "brier": pd.DataFrame([vars(brier)]),
            "widths": None if width is None else _widths(score, width[judged.place], place, weight),
        }
        for name, table in rows.items():
            if table is not None and len(table):
                table.insert(0, "recipe", title)
                parts[name].append(table)
    tables = {name: pd.concat(each, ignore_index=True) for name, each in parts.items() if each}
    return tables | {"changes": _changes(study.whole, found)}


def _reliability(score: np.ndarray, found: np.ndarray, place: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    """The bins with exact intervals; in a working sample those of the rows in hand, carried to the table."""
    bins = binned(score, found, place, weight)
    n, k = bins.n_rows, bins.n_found
    own = weight[found].mean()
    others = np.where(n > k, (bins.mass - bins.mass_found) / np.maximum(n - k, 1), weight[~found].mean())
    low, high = (end * own / (end * own + (1 - end) * others) for end in judge.proportion_interval(k, n))
    table = {"bin": np.arange(1, len(n) + 1), "mean_probability": bins.mean, "observed": bins.observed}
    return pd.DataFrame(table | {"low": low, "high": high, "n_rows": n, "n_found": k})


def _totals(score: np.ndarray, found: np.ndarray, weight: np.ndarray, n_together: int) -> pd.DataFrame:
    """Observed over expected, intercept and slope of all rows, with intervals."""
    from scipy.special import ndtri

    values, tail = calibration(score, found, weight), (1 - judge.LEVEL) / 2
    ratio, k, n = values[CALIBRATION[0]], int(found.sum()), len(found)
    ends = [
        [float(end) * n / k * ratio for end in judge.proportion_interval(k, n, 1 - 2 * tail / m)]
        for m in (1, n_together)
    ]
    rows = [(CALIBRATION[0], ratio, *ends[0], 1.0, not ends[1][0] <= 1 <= ends[1][1])]
    intercept, slope = (values[name] for name in CALIBRATION[1:])
    errors = (np.nan, np.nan) if np.isnan(slope) else line_errors(log_odds(score), found, intercept, slope, weight)
    one, all_ = (-float(ndtri(tail / m)) for m in (1, n_together))
    for name, value, error, ideal in zip(CALIBRATION[1:], (intercept, slope), errors, (0.0, 1.0), strict=True):
        rows.append((name, value, value - one * error, value + one * error, ideal, abs(value - ideal) > all_ * error))
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "ideal", "apart"])


def _errors(study: Study, proba: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng(study.random_state)
    errors, chance = class_errors(proba, study.codes, study.standing, N_BINS, N_DRAWS, rng)
    rows = [vars(judge.against_null(error, draws)) for error, draws in zip(errors, chance.T, strict=True)]
    names = {"value": "error", "null": "chance", "null_low": "chance_low", "null_high": "chance_high"}
    table = pd.DataFrame(rows).rename(columns=names)
    table.insert(0, "class", list(study.classes))
    return table.assign(excess=table["error"] - table["chance"], n_rows=study.class_sizes)


def _widths(score: np.ndarray, width: np.ndarray, place: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    known = ~np.isnan(width)
    rows = pd.DataFrame({"bin": place + 1, "score": score * weight, "width": width, "weight": weight})[known]
    each = rows.groupby("bin")
    table = {"mean_probability": each["score"].sum() / each["weight"].sum(), "width": each["width"].mean()}
    return pd.DataFrame(table | {"widest": each["width"].max(), "n_rows": each.size()}).reset_index()


def _changes(study: Study, found: Mapping[Recipe, tuple]) -> pd.DataFrame:
    scores = {
        recipe: [fold_outcome(study, recipe, f, proba[test], 0.5).scores for f, (_, test) in enumerate(study.folds[: study.n_folds])]
        for recipe, (proba, _) in found.items()
    }  # fmt: skip
    names = list(CHANGES)[: None if study.class_sizes[study.positive_code] >= SCARCE else 2]
    rows, n_together = [], max(1, len(found) - 1)
    for recipe in found:
        for name in names if recipe != BASELINE else ():
            metric, distance = CHANGES[name]
            ours, theirs = (np.array([distance(one[metric, ""]) for one in scores[r]]) for r in (recipe, BASELINE))
            change = judge.fold_interval(ours - theirs, study.test_ratio, n_comparisons=n_together)
            rows.append((recipe.title, name, *change, int((~np.isnan(ours - theirs)).sum())))
    return pd.DataFrame(rows, columns=["recipe", "metric", "difference", "low", "high", "n_folds"])
