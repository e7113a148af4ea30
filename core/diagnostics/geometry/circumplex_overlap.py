"""Classes in one plane: which failing class lies on top of another one, and which is only rare."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, charts_plane, synthetic, wording
from core.class_plane import (
    FEWEST,
    ClassPlane,
    class_plane,
    error_table,
    followed_columns,
    least_pair_error,
    pair_table,
)
from core.dataset import Dataset
from core.judge import LEVEL, proportion_interval
from core.numerics import pair_areas, plane
from core.numerics.neighbours import even_sample
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Circumplex overlap",
    "Is a class missed because it lies on top of another one, or because it is rare?",
    maturity="emerging",
    cost="seconds",
    names=("overlap",),
)

OVERLAP, FREQUENCY, BOTH, NEITHER, FOUND = "overlap", "frequency", "both", "neither", "found"

FOLLOWED = 0.5
"""Correlation from which the title of a discriminant axis names the column that it follows."""

DRAWN = 1500
"""Rows in the figure."""


def circumplex_overlap(
    study: Study,
    *,
    x_column: str = "",
    y_column: str = "",
    overlap_below: Annotated[float, Range(0.6, 0.95, 0.05)] = 0.9,
    apart_from: Annotated[float, Range(0.6, 0.95, 0.05)] = 0.75,
) -> Result:
    """Whether a missed class lies on top of its nearest class, is only outnumbered, both, or neither.

    For a pair of classes the balanced AUC is the chance that, of one row of each, the right one is ranked first: 0.5 is guessing. No class
    size enters it. It is the best of three: a linear score ``xᵀ S⁻¹ (μ_a − μ_b)`` trained on equally many rows of both and read
    out of fold; the shares of the two classes among the ten nearest rows, each over its share of the table; and the ratio of the model's out-of-fold
    probabilities. The plane shows two columns, or the two discriminant axes in units of the spread within classes. In it a class has an
    angle ``atan2(y, x)``, a radius, and a dispersion ``√(trace of its covariance / 2)``.

    How it is detected
    ------------------
    A class fails when the model finds less than half of its rows out of fold, taking the most probable class. Its nearest class
    is the one with the lowest upper end of the balanced AUC. It is *overlap* when that upper end is below ``overlap_below``. It is *frequency* when the lower
    end is at least ``apart_from`` and, once every class counts the same (probabilities over class shares), the same model finds more of
    its rows beyond chance (exact test of the rows that change). Both may hold, or neither. Intervals are Newcombe's, widened for all pairs
    and for taking the best of three. Overlap is an issue for the class of interest, or when half of the classes fail by it; else a
    caution. The two levels, the verdicts and the best of three are our inference: hence emerging.

    Why it matters
    --------------
    The two look alike, for both have a low recall, and ask for opposite steps. More rows, weights or another threshold help a class that is
    rare and apart. They do not part a class from one that it lies on: what is won there is lost on its neighbour.

    What to do
    ----------
    For overlap look for a column that tells the two classes apart, or merge classes that are treated alike. For frequency move the threshold or weigh
    the classes. Where rows are near-copies of each other, look at those first: they make classes seem apart.

    Parameters
    ----------
    x_column : str
        A numeric column along the plane, such as valence; empty, with the other one, for discriminant axes. It changes the plane, not the verdicts.
    y_column : str
        A numeric column across the plane, such as arousal.
    overlap_below : float
        Balanced AUC below which two classes overlap; 0.9 is a balanced error of 18 % for two equal normal clouds.
    apart_from : float
        Balanced AUC from which a class lies apart enough for its rarity to be the reason; 0.75 is a balanced error of 32 %.

    Returns
    -------
    Result
        ``classes``: class, n_rows, x, y, angle (degrees), radius, dispersion, x_spread, y_spread, tilt (correlation of x and y), recall with recall_low
        and recall_high, equal_recall (every class counting the same), change_p (exact test that the two differ), rest_auc (the class
        against all others), nearest, balanced_auc with low and high, evidence, least_error with least_error_low and least_error_high (balanced
        error that no rule beats, estimated from the nearest neighbour; Cover and Hart), verdict, coloured. ``pairs``: class, partner,
        angular_gap (degrees), mahalanobis, bhattacharyya (all in the plane), linear_auc, neighbour_auc, model_auc, balanced_auc with low and
        high, standard_error, evidence. ``errors``: measure, value, low, high, null, null_low, null_high, n_errors; error severity is the mean distance of class
        centres between truth and prediction over the largest such distance, quadrant preservation the share of errors in the true
        quadrant, the null shuffles the predictions among the errors. ``axes``: column, x, y (how closely it follows each axis). ``rows``: class, x, y (at most
        1,500 rows, small classes whole). ``measured``: n_rows, standard_error (the largest of a balanced AUC), x_axis, y_axis, x_like,
        y_like (the column that an axis follows most). Classes of
        fewer than 10 rows are left out.

    References
    ----------
    Huynh (2026), arXiv 2606.15763 (degenerate pairs in the circumplex; error severity and quadrants; the table form is ours). Russell (1980), Journal of
    Personality and Social Psychology 39. Newcombe (2006), Statistics in Medicine 25. Cover and Hart (1967), IEEE Transactions on Information Theory 13.
    """
    study = study.judged
    seen = class_plane(study, x_column, y_column)
    pairs = pair_table(study, seen)
    classes = _verdicts(_classes(study, seen, pairs), study.positive, overlap_below, apart_from)
    labels = np.array([study.classes[c] for c in seen.judged], dtype=object)
    named = pairs.assign(**{"class": labels[pairs["a"]], "partner": labels[pairs["b"]]})
    errors, axes = error_table(study, seen), followed_columns(study, seen)
    kept = even_sample(seen.own, DRAWN, np.random.default_rng(study.random_state))
    rows = pd.DataFrame({"class": labels[seen.own[kept]], "x": seen.places[kept, 0], "y": seen.places[kept, 1]})
    measured = pd.DataFrame({"n_rows": [len(seen.rows)], "standard_error": [pairs["standard_error"].max()]})
    described = {f"{axis}_axis": wording.clip(title, 40) for axis, title in zip("xy", seen.titles, strict=True)}
    described |= {f"{axis}_like": _like(seen, axes, axis) for axis in "xy"}
    tables = {
        "classes": classes,
        "pairs": named[["class", "partner", *pairs.columns.drop(["a", "b"])]],
        "errors": errors,
        "axes": axes,
        "rows": rows,
        "measured": measured.assign(**described),
    }
    return Result(tables, _findings(study, tables, apart_from))


def _like(seen: ClassPlane, axes: pd.DataFrame, which: str) -> str:
    """The column that a discriminant axis follows most, in words; nothing for a column, or where none is followed closely."""
    row = axes.loc[axes[which].abs().idxmax()]
    followed = seen.discriminant and abs(row[which]) >= FOLLOWED
    return f"most like {wording.quoted(row['column'], 24)} ({wording.number(row[which], 2)})" if followed else ""


def _classes(study: Study, seen: ClassPlane, pairs: pd.DataFrame) -> pd.DataFrame:
    """Where each class lies, how it fares, and the class that is nearest to it."""
    n = len(seen.judged)
    centres, covariances, _ = plane.plane_clouds(seen.places, seen.own, n)
    angle, radius = plane.polar(centres)
    spread = np.sqrt(covariances[:, [0, 1], [0, 1]])
    tilt = covariances[:, 0, 1] / np.maximum(spread.prod(axis=1), 1e-12)
    table = pd.DataFrame({"class": [study.classes[c] for c in seen.judged], "n_rows": study.class_sizes[seen.judged]})
    table[["x", "y"]], table["angle"], table["radius"] = centres, angle, radius
    table["dispersion"] = np.sqrt(np.trace(covariances, axis1=1, axis2=2) / 2)
    table[["x_spread", "y_spread"]], table["tilt"] = spread, np.clip(tilt, -1, 1)
    table = table.join(pd.DataFrame([_recall(study, c) for c in seen.judged]))
    both = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})], ignore_index=True)
    nearest = both.sort_values(["high", "balanced_auc", "mahalanobis"], kind="stable").groupby("a").head(1)
    nearest = nearest.sort_values("a").reset_index(drop=True)
    table["nearest"] = [study.classes[seen.judged[b]] for b in nearest["b"]]
    table = table.join(nearest[["balanced_auc", "low", "high", "evidence"]])
    bound = [
        least_pair_error(study, seen.judged[a], seen.judged[b]) for a, b in zip(nearest["a"], nearest["b"], strict=True)
    ]
    return table.join(pd.DataFrame(bound, columns=["least_error", "least_error_low", "least_error_high"]))


def _recall(study: Study, c: int) -> dict:
    """How much of a class is found as it is, and when every class counts the same."""
    from scipy.stats import binomtest

    proba, share = study.out_of_fold(), study.class_shares
    own = study.codes == c
    natural, equal = proba[own].argmax(axis=1) == c, (proba[own] / share).argmax(axis=1) == c
    low, high = proportion_interval(natural.sum(), own.sum())
    won, lost = int((equal & ~natural).sum()), int((natural & ~equal).sum())
    p = binomtest(won, won + lost).pvalue if won + lost else 1.0
    area = pair_areas.pair_area(proba[own, c], proba[~own, c])
    if study.represents is not None:  # the rest as it is in the whole table: each of its classes by its share
        rest = [k for k in range(len(share)) if k != c and (study.codes == k).any()]
        areas = [pair_areas.pair_area(proba[own, c], proba[study.codes == k, c]) for k in rest]
        area = float(np.average(areas, weights=share[rest]))
    found = {"recall": natural.mean(), "recall_low": float(low), "recall_high": float(high)}
    return found | {"equal_recall": equal.mean(), "change_p": float(p), "rest_auc": area}


def _verdicts(table: pd.DataFrame, positive: str, overlap_below: float, apart_from: float) -> pd.DataFrame:
    overlap = table["high"] < overlap_below
    more = (table["equal_recall"] > table["recall"]) & (table["change_p"] * len(table) < 1 - LEVEL)
    frequency = (table["low"] >= apart_from) & more
    failed = table["recall"] < 0.5
    verdict = np.select(
        [~failed, overlap & frequency, overlap, frequency], [FOUND, BOTH, OVERLAP, FREQUENCY], default=NEITHER
    )
    table = table.assign(verdict=verdict)
    order = table.assign(first=table["class"] != positive, missed=table["n_rows"] * (table["recall"] - 1))
    order = order[failed].sort_values(["first", "missed"], kind="stable")
    wanted = [name for pair in zip(order["class"], order["nearest"], strict=True) for name in pair]
    if len(table) <= charts_plane.MOST_COLOURED or not wanted:
        wanted += list(table["class"])
    wanted = list(dict.fromkeys(wanted))
    return table.assign(coloured=table["class"].isin(wanted[: charts_plane.MOST_COLOURED]))


def _findings(study: Study, tables: dict[str, pd.DataFrame], apart_from: float) -> tuple[Finding, ...]:
    classes = tables["classes"]
    failed = classes[classes["verdict"] != FOUND]
    overlapping = failed[failed["verdict"].isin([OVERLAP, BOTH])]
    half = 2 * len(overlapping) >= len(classes)
    told = failed.assign(
        first=failed["class"] != study.positive, clear=failed["verdict"] == NEITHER, width=failed["high"]
    ).sort_values(["first", "clear", "width"], kind="stable")
    findings = [_finding(row, study, half, apart_from) for _, row in told.head(5).iterrows()]
    if not len(failed):
        row = classes.loc[classes["recall"].idxmin()]
        text = (
            f"Every class is found in at least half of its rows. The least found, {wording.quoted(row['class'])}, has a recall "
            f"of {wording.share(row['recall'])}; from {wording.quoted(row['nearest'])}, its nearest class, {_pairs(row)}."
        )
        findings.append(Finding("fine", text))
    elif len(failed) > 1:
        counts = failed["verdict"].value_counts()
        words = ", ".join(f"{name} {counts[name]}" for name in (OVERLAP, FREQUENCY, BOTH, NEITHER) if name in counts)
        text = f"Of {wording.plural(len(classes), 'class', 'classes')}, {len(failed)} lose more than half of their rows: {words}."
        findings.append(Finding("issue" if half else "fine", text))
    if len(classes) > 2 and tables["errors"]["n_errors"].iloc[0]:
        findings.append(Finding("fine", _on_errors(tables["errors"])))
    measured = tables["measured"].iloc[0]
    if measured["n_rows"] < classes["n_rows"].sum():
        text = (
            f"Measured on {wording.plural(measured['n_rows'], 'row')}, small classes whole; standard errors are at most "
            f"{wording.score(measured['standard_error'])}."
        )
        findings.append(Finding("fine", text))
    if left_out := len(study.classes) - len(classes):
        text = f"{wording.plural(left_out, 'class', 'classes')} of fewer than {FEWEST} rows cannot be judged and {'is' if left_out == 1 else 'are'} left out."
        findings.append(Finding("fine", text))
    return tuple(findings)


def _finding(row: pd.Series, study: Study, half: bool, apart_from: float) -> Finding:
    """One sentence on a failing class."""
    name, other = wording.quoted(row["class"]), wording.quoted(row["nearest"])
    lost = f"{name} is missed ({wording.share(row['recall'])} of {wording.plural(row['n_rows'], 'row')} found)"
    equal = f"counting every class the same, the same model finds {wording.share(row['equal_recall'])} of them"
    if row["verdict"] in (OVERLAP, BOTH):
        lies = "lies on top of" if row["high"] < apart_from else "overlaps with"
        text = f"{lost} and {lies} {other}: {_pairs(row)}. "
        text += "More rows of it are not expected to part the two; another column may."
        if row["verdict"] == BOTH:
            text = f"{lost}, and two reasons are seen: it {lies} {other}, where {_pairs(row)}; and it is outnumbered: {equal}."
        severity = "issue" if half or row["class"] == study.positive else "caution"
        return Finding(severity, text, ("tuned_threshold",))
    if row["verdict"] == FREQUENCY:
        text = f"{name} is rare but lies apart: from {other}, its nearest class, {_pairs(row)}. Its rarity goes far to explain its misses: {equal} instead of {wording.share(row['recall'])}."
        return Finding("caution", text, ("tuned_threshold", "class_weights"))
    text = (
        f"{lost}; neither overlap nor rarity is shown to be the reason: from {other}, its nearest class, {_pairs(row)}."
    )
    return Finding("caution", text)


def _pairs(row: pd.Series) -> str:
    low, value, high = (wording.number(100 * row[key]) for key in ("low", "balanced_auc", "high"))
    return f"one row of each is told apart in {value} of 100 cases (interval {low} to {high}; 50 is guessing)"


def _on_errors(errors: pd.DataFrame) -> str:
    kept, severity = errors.iloc[1], errors.iloc[0]
    return (
        f"Of {wording.plural(kept['n_errors'], 'error')}, {wording.share(kept['value'])} stay in the quadrant of the true class (shuffled "
        f"predictions: {wording.share(kept['null'])}); their mean distance is {wording.with_interval(severity['value'], severity['low'], severity['high'])} "
        f"of the largest between two classes (shuffled: {wording.score(severity['null'])})."
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """The circumplex, and how well each class is told apart from its nearest one."""
    classes, measured = result.tables["classes"], result.tables["measured"].iloc[0]
    first, second = "Circumplex of the classes", "Told apart from the nearest class"
    x_title, y_title = (
        "<br>".join(charts.label(measured[f"{a}_{part}"], 60) for part in ("axis", "like")) for a in "xy"
    )
    text = "Rows and class centres, in units of the spread within classes; ellipses hold half of a class."
    axes = {"x_title": x_title, "y_title": y_title, "caption": text}
    text = "Balanced AUC with the nearest class: 0.5 is guessing, and no class size enters."
    bars = {"x_title": "balanced AUC", "y_title": "class", "caption": text, "by": "verdict", "reference": 0.5}
    return {
        first: charts_plane.circumplex(classes, result.tables["rows"], title=first, **axes),
        second: charts.intervals(classes, "balanced_auc", "class", title=second, **bars),
    }


def sick(random_state: int = 0) -> Dataset:
    """Centres one standard deviation apart."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Centres four standard deviations apart: as rare, and separable."""
    return synthetic.planted("clean", random_state=random_state)
