"""What doses of synthetic rows did: curves with bands, the dose from which they help, and the one from which they harm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, wording
from core.charts_band import band
from core.engine import provenance
from core.evaluation.dose import DOSES, FEWEST, DoseOutcome, Plan, plan, sampler_of
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

CURVE = ["rows", "size", "dose", "made", "average_precision", "low", "high", "n_folds"]
CHANGE = ["rows", "size", "dose", "difference", "low", "high", "n_folds"]
MARK = ["rows", "size", "mark", "dose", "average_precision", "difference", "low", "high"]
HELPS, HARMS = "therapeutic", "toxic"


def dose_response(
    study: Study,
    recipe: Recipe,
    outcomes: Sequence[DoseOutcome],
    *,
    doses: Sequence[float] = DOSES,
    beyond_parity: bool = False,
) -> Result:
    """Average precision on untouched real rows against synthetic rows per real row, for several sizes of the class of interest.

    A dose is compared with no synthetic rows on the same folds, with the corrected resampled t interval; the intervals of all doses of all
    sizes hold together (Bonferroni). The therapeutic dose is the smallest whose interval lies above zero, the toxic dose the
    smallest whose interval lies below. Where no interval lies above zero, no dose helps. As every such
    interval, they take the folds to agree as much as their shared rows suggest; where they agree more, a mark may be false more often. Nothing is marked before
    all folds have arrived, because looking again and again until one interval leaves zero out would find a dose in noise. That
    sizes and doses are crossed follows the cited work; the marks by paired intervals are our inference.

    Parameters
    ----------
    study : Study
        The one that the outcomes come from, as a rule ``core.evaluation.dose.repeated(study)``. Not changed.
    recipe : Recipe
        As for ``core.evaluation.dose.dose_fold``.
    outcomes : sequence of DoseOutcome
        What has arrived, in any order.
    doses, beyond_parity
        As for ``core.evaluation.dose.plan``.

    Returns
    -------
    Result
        ``curve``: rows (of the class of interest in a training part), size (the same in words), dose, made (synthetic rows, mean over folds),
        average_precision, low, high, n_folds. ``differences`` to dose 0: rows, size, dose, difference, low, high, n_folds.
        ``marks``: rows, size, mark ("therapeutic" or "toxic"), dose, average_precision, difference, low, high.

    References
    ----------
    SALIENT (2026), arXiv 2602.23447, for the ratio that shifts with the number of labelled rows. Nadeau and Bengio (2003).
    """
    sampler_of(study.classifier(recipe))
    asked = plan(study, doses=doses, beyond_parity=beyond_parity)
    values = {"recipe": recipe.text, "doses": list(doses), "beyond_parity": beyond_parity, "learner": study.learner}
    stamp = provenance("dose_response", values, study, sum(outcome.seconds for outcome in outcomes))
    if not asked.rows:
        return Result({}, (_too_few(study),), stamp)
    tables = {"curve": _curve(study, asked, outcomes), "differences": _differences(study, asked, outcomes)}
    done = len({(outcome.rows, outcome.dose, outcome.fold) for outcome in outcomes} & set(asked.tasks))
    complete = done == len(asked.tasks)
    tables["marks"] = _marks(tables) if complete else pd.DataFrame(columns=MARK)
    if not complete:
        text = f"{wording.of(done, len(asked.tasks), 'fit')} done so far. Doses are marked when all are there."
        return Result(tables, (Finding("caution", text),), stamp)
    return Result(tables, _findings(study, recipe, asked, tables), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """The curves with their marks, and the change against no synthetic rows at all sizes."""
    curve, marks = result.tables.get("curve"), result.tables.get("marks")
    if curve is None or not len(curve):
        return {}
    title, caption = (
        "Average precision by dose",
        "Measured on untouched real rows. Bands are 95 % intervals over folds.",
    )
    axes = {"x_title": "synthetic rows per real row", "y_title": "average precision", "caption": caption}
    figure = band(curve, "dose", "average_precision", by="size", title=title, **axes)
    figure.update_yaxes(range=[0, float(min(1.02, 1.1 * curve[["average_precision", "high"]].max().max()))])
    for mark, symbol in ((HELPS, "star"), (HARMS, "x")):
        rows = marks[marks["mark"] == mark]
        look = {"symbol": symbol, "size": 16, "color": charts.GREY, "line": {"width": 1}}
        if len(rows):
            figure.add_scatter(
                x=rows["dose"], y=rows["average_precision"], mode="markers", name=f"{mark} dose", marker=look
            )
    title_of_change = "Change of average precision against no synthetic rows"
    caption = "Paired by fold. A dose helps or harms only where its interval leaves zero out."
    changes = result.tables["differences"].assign(dose=lambda table: table["dose"].map("dose {:g}".format))
    axes = {"x_title": "difference of average precision", "y_title": "dose", "caption": caption}
    intervals = charts.intervals(changes, "difference", "dose", by="size", title=title_of_change, reference=0, **axes)
    return {title: figure, title_of_change: intervals} if len(changes) else {title: figure}


def _by_fold(outcomes: Sequence[DoseOutcome]) -> dict[tuple[int, float], dict[int, DoseOutcome]]:
    cells: dict[tuple[int, float], dict[int, DoseOutcome]] = {}
    for outcome in outcomes:
        cells.setdefault((outcome.rows, outcome.dose), {})[outcome.fold] = outcome
    return cells


def _size(study: Study, rows: int) -> str:
    return f"{wording.plural(rows, 'row')} of {wording.quoted(study.positive)}"


def _curve(study: Study, asked: Plan, outcomes: Sequence[DoseOutcome]) -> pd.DataFrame:
    cells, table = _by_fold(outcomes), []
    for rows, dose in asked.cells:
        found = list(cells.get((rows, dose), {}).values())
        values = np.array([outcome.average_precision for outcome in found])
        if len(found) and not np.isnan(values).all():
            mean, low, high = judge.fold_interval(values, found[0].test_share)
            ends = max(low, 0.0) if low == low else low, min(high, 1.0) if high == high else high
            n_folds = int((~np.isnan(values)).sum())
            made = float(np.mean([outcome.n_made for outcome in found]))
            table.append((rows, _size(study, rows), dose, made, mean, *ends, n_folds))
    return pd.DataFrame(table, columns=CURVE)


def _differences(study: Study, asked: Plan, outcomes: Sequence[DoseOutcome]) -> pd.DataFrame:
    cells, table = _by_fold(outcomes), []
    for rows, dose in asked.cells:
        base, found = cells.get((rows, 0.0), {}), cells.get((rows, dose), {})
        both = sorted(base.keys() & found.keys())
        change = np.array([found[fold].average_precision - base[fold].average_precision for fold in both])
        if dose and len(both) and not np.isnan(change).all():
            n_together = sum(len(tried) - 1 for tried in asked.doses.values())
            interval = judge.fold_interval(change, base[both[0]].test_share, n_comparisons=n_together)
            table.append((rows, _size(study, rows), dose, *interval, int((~np.isnan(change)).sum())))
    return pd.DataFrame(table, columns=CHANGE)


def _marks(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The smallest dose that helps and the smallest that harms, of each size that has one."""
    if not len(tables["differences"]):
        return pd.DataFrame(columns=MARK)
    joined = tables["differences"].merge(tables["curve"][["rows", "dose", "average_precision"]], on=["rows", "dose"])
    better, worse = joined[joined["low"] > 0].assign(mark=HELPS), joined[joined["high"] < 0].assign(mark=HARMS)
    first = [part.sort_values("dose").groupby("rows", sort=False).head(1) for part in (better, worse) if len(part)]
    marks = pd.concat(first) if first else joined[:0].assign(mark="")
    return marks.sort_values(["rows", "dose"], ascending=[False, True], ignore_index=True)[MARK]


def _findings(study: Study, recipe: Recipe, asked: Plan, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    marks, curve = tables["marks"], tables["curve"]
    most, title = asked.rows[0], wording.quoted(recipe.stage("sampling").title)
    found = []
    for rows in asked.rows:
        base = curve[(curve["rows"] == rows) & (curve["dose"] == 0)]
        if len(base):
            own = marks[marks["rows"] == rows].set_index("mark")
            found.append((rows, own, float(base["average_precision"].iloc[0]), max(asked.doses[rows])))
    if not found or found[0][0] != most:
        return (_too_few(study),)
    first = f"With all {_size(study, most)} of a training part, {_said(*found[0][1:], title)}"
    severity = "caution" if HARMS in found[0][1].index else "fine"
    rest = [f"with {_size(study, rows)} {_short(own)}" for rows, own, *_ in found[1:]]
    text = f"Made scarcer by leaving rows out: {'; '.join(rest)}." if rest else ""
    return tuple(Finding(kind, part) for kind, part in ((severity, first), ("fine", text)) if part)


def _said(own: pd.DataFrame, base: float, largest: float, title: str) -> str:
    if HELPS in own.index:
        row = own.loc[HELPS]
        text = (
            f"the smallest dose of {title} that helps is {_dose(row['dose'])}: average precision goes from {wording.number(base)} to "
            f"{wording.number(row['average_precision'])} {_interval(row)}."
        )
    else:
        text = f"no dose helps: up to {_dose(largest)}, no dose of {title} raises average precision above {wording.number(base)} by more than chance."
    if HARMS in own.index:
        row = own.loc[HARMS]
        text += f" From {_dose(row['dose'])} on it harms: {wording.number(row['average_precision'])} {_interval(row)}."
    return text


def _short(own: pd.DataFrame) -> str:
    helps = f"{_dose(own.loc[HELPS, 'dose'])} helps" if HELPS in own.index else "no dose helps"
    return helps + (f" and {_dose(own.loc[HARMS, 'dose'])} harms" if HARMS in own.index else "")


def _dose(dose: float) -> str:
    return f"{wording.number(dose)} synthetic row{'' if dose == 1 else 's'} per real row"


def _interval(row: pd.Series) -> str:
    return (
        f"({wording.change(row['difference'])}, interval {wording.change(row['low'])} to {wording.change(row['high'])})"
    )


def _too_few(study: Study) -> Finding:
    text = (
        f"No dose can be tried: a training part holds fewer than {FEWEST} rows of {wording.quoted(study.positive)}, or the class is "
        "already as large as the largest one, or no test part holds a row of it."
    )
    return Finding("not applicable", text)
