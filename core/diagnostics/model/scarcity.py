"""Whether the class of interest has too few rows for its pattern to be learned."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, charts_band, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.learning_curve import AHEAD, FEWEST, POINTS, LearningCurve, learning_curve
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Scarcity",
    "Are there too few rows of the class of interest, and how many more would help?",
    maturity="emerging",
    cost="seconds",
    names=("scarcity",),
)

KNOWN = 50
"""Rows of the class of interest from which on a flat curve is taken for flat; with fewer, recall jumps by too much."""

CURVES = 12
"""Classes whose curves are drawn at most: the class of interest and the largest others."""


def scarcity(study: Study, *, enough: Annotated[float, Range(0.5, 1.0, 0.05)] = 0.85) -> Result:
    """The learning curve of the class of interest: recall with a quarter, a half and all rows, and what more rows would bring.

    Recall is at prevalence: in each test fold as many rows are taken as the class has there, those of the largest out-of-fold
    probability, ``recall = found / rows``; at this cut recall and precision are equal, and no threshold has to be chosen. Every
    class is thinned alike, so that class shares stay and only the amount of rows changes: a rare class that is merely rare
    has a flat curve. The slope per doubling is ``(s(1) − s(¼)) / 2`` per fold, with the corrected resampled t interval.
    Beyond the table the curve follows an inverse power law ``a − b n^(−c)`` with ``a ≤ 1`` and ``c ≤ 1``: its middle and its band come
    from curves drawn around the measured one. The rule below and the band are our inference, hence emerging.

    How it is detected
    ------------------
    The curve still climbs when the interval of the slope of average precision, the steadier score, leaves zero out, when
    its last doubling gained at least half of that slope, and when recall grew too. It is an issue when the curve still climbs,
    twice the rows would gain five points of recall or more, and recall is below ``enough``; a caution where a column seems to say which rows belong together, because more rows of known cases
    raise the curve too. Where twice the rows would gain fewer than five points even at the upper end of the band of the gain,
    more rows are not expected to help; that is said of a class of 50 rows or more, or of one that is found well enough. In between, the table
    has too few rows to say.

    Why it matters
    --------------
    Collecting rows costs time and money. On a class that is scarce nothing else helps as much; on one that overlaps with another, or
    whose labels are wrong, more rows of the same kind help nothing.

    What to do
    ----------
    If the curve climbs, collect rows of the class first, about as many as the table says, and measure again. If it is flat, look
    at overlap, labels and missing columns instead. Synthetic rows are not new rows.

    Parameters
    ----------
    enough : float
        Recall from which on more rows are not asked for.

    Returns
    -------
    Result
        ``curve``: class, kind (measured, or expected for the class of interest beyond the table), rows (of the class that are learned
        from: four fifths of it with five folds), recall with low and high, average_precision. ``slopes``: class, slope (of recall,
        per doubling of all rows) with low and high, gain (of recall, from half to all rows) with gain_low and gain_high,
        precision_slope (of average precision) with precision_low and precision_high, climbs. ``needed``: class, n_samples, points
        (to be gained), rows (that the class would need in all, with the others in proportion) with low and high; infinite where that
        is beyond four times the rows. ``ahead``: times (the rows), rows, recall with low and high, gain (over recall with all rows) with
        gain_low and gain_high. Classes of fewer than 10 rows are left out.

    References
    ----------
    Figueroa et al. (2012), BMC Medical Informatics and Decision Making 12 (inverse power law). Nadeau and Bengio (2003), Machine
    Learning 52. Viering and Loog (2023), IEEE Transactions on Pattern Analysis and Machine Intelligence 45 (learning curves).
    """
    n_own = int(study.class_sizes[study.positive_code])
    fewest = max(FEWEST, study.n_folds)
    if n_own < fewest:
        name, rows = wording.quoted(study.positive), wording.plural(n_own, "row")
        raise NotApplicable(
            f"Class {name} has {rows}; {fewest} are needed for a learning curve, so it is scarce in any case."
        )
    measured = learning_curve(study)
    own = measured.slopes[measured.slopes["class"] == study.positive].iloc[0]
    rows, low, high = measured.rows_needed
    needed = {"class": study.positive, "n_samples": n_own, "points": POINTS, "rows": rows, "low": low, "high": high}
    tables = {"curve": _curve(study, measured), "slopes": measured.slopes, "needed": pd.DataFrame([needed])}
    tables["ahead"] = measured.ahead
    return Result(tables, (_finding(study, measured, own, enough),))


def _curve(study: Study, measured: LearningCurve) -> pd.DataFrame:
    """Measured points, and for the class of interest those expected, at the rows of it that are learned from."""
    points = measured.points.drop(columns="share").assign(kind="measured")
    last = points[points["class"] == study.positive].iloc[[-1]]
    ahead = measured.ahead.assign(rows=measured.ahead["times"] * last["rows"].iloc[0], average_precision=np.nan)
    expected = pd.concat([last, ahead.drop(columns=["times", "gain", "gain_low", "gain_high"])]).assign(
        **{"class": study.positive, "kind": "expected"}
    )
    columns = ["class", "kind", "rows", "recall", "low", "high", "average_precision"]
    return pd.concat([points, expected], ignore_index=True)[columns]


def _finding(study: Study, measured: LearningCurve, own: pd.Series, enough: float) -> Finding:
    name, n_own = wording.quoted(study.positive), int(study.class_sizes[study.positive_code])
    recall = measured.points[measured.points["class"] == study.positive]["recall"].to_numpy()
    twice = measured.ahead.iloc[0]
    grew = f"from {wording.share(recall[1])} with half of the rows to {wording.share(recall[2])} with all"
    band = f"{wording.share(twice['low'])} to {wording.share(twice['high'])}"
    if measured.climbs:
        together = study.dataset.suspected.get("group", ())
        severity = "fine" if recall[2] >= enough else "caution" if together else "issue"
        text = (
            f"Recall of class {name} still climbs: {grew}, when as many rows are taken as the class has. Twice the rows would find "
            f"{band} of it. {_rows(measured.rows_needed, n_own)}"
        )
        if together:
            text += f" Part of this may come from rows that belong together by column {wording.quoted(together[0])}."
        return Finding(severity, text + " It is high enough as it is." if severity == "fine" else text)
    if own["climbs"]:
        text = (
            f"Recall of class {name} still climbs, but slowly: {grew}. Twice the rows would find {band} of it, most likely "
            f"fewer than {round(100 * POINTS)} points more."
        )
        return Finding("fine", text)
    if twice["gain_high"] < POINTS and (n_own >= KNOWN or recall[2] >= enough):
        text = (
            f"More rows are not expected to help class {name}: its recall went {grew}, and twice the rows would gain fewer than "
            f"{round(100 * POINTS)} points (band {_points(twice['gain_low'])} to {_points(twice['gain_high'])})."
        )
        return Finding("fine", text)
    text = (
        f"It is not shown that more rows would help class {name}: recall went {grew}, a slope of {_points(own['slope'])} per doubling "
        f"(interval {_points(own['low'])} to {_points(own['high'])}). Twice the rows would find {band} of it."
    )
    return Finding("fine", text)


def _points(x: float) -> str:
    return f"{wording.number(round(100 * x, 1) + 0.0)} points"


def _rows(needed: tuple[float, float, float], n_own: int) -> str:
    rows, low, high = needed
    beyond = f"more than {wording.count(AHEAD[-1] * n_own)}"
    if np.isinf(rows):
        return f"The next {round(100 * POINTS)} points need {beyond} rows of it, {AHEAD[-1]} times what there is."
    more, least = wording.plural(rows - n_own, "more row"), wording.count(low)
    most = beyond if np.isinf(high) else wording.count(high)
    return (
        f"The next {round(100 * POINTS)} points need about {more} of it, {wording.count(rows)} in all "
        f"(interval {least} to {most}), with the other classes in proportion."
    )


def draw(result: Result) -> dict[str, go.Figure]:
    """The curve of the class of interest with its band, and the curves of all classes."""
    if not result.tables:
        return {}
    curve = result.tables["curve"]
    name = result.tables["needed"]["class"].iloc[0]
    own, first, second = curve[curve["class"] == name], "Learning curve", "Learning curves of all classes"
    measured = curve[(curve["kind"] == "measured") & curve["class"].isin(curve["class"].drop_duplicates().tail(CURVES))]
    axes = {"x_title": "rows of the class that are learned from", "y_title": "recall at prevalence"}
    captions = "Recall by rows, measured and carried on with its band.", "Recall of each class by rows."
    return {
        first: charts_band.band(own, "rows", "recall", by="kind", title=first, caption=captions[0], **axes),
        second: charts.points(
            measured, "rows", "recall", by="class", lines=True, title=second, caption=captions[1], **axes
        ),
    }


def sick(random_state: int = 0) -> Dataset:
    """The rare class lies along a wave through two columns: separable, with too few rows to see its bends."""
    return synthetic.planted("scarcity", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Clouds 4 standard deviations apart: as rare, and known from few rows."""
    return synthetic.planted("clean", random_state=random_state)
