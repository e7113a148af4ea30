"""Everything about one column, for the page that shows it: what it holds, its gaps, its shape in each class, what it tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, wording
from core.charts_distributions import DASHES, small_multiples
from core.column_information import information_of_columns
from core.column_shapes import difference, shape
from core.column_ties import column_ties
from core.errors import UserError, unknown
from core.numerics.apart import effective_size, ordered_area
from core.numerics.levels import median_ranks, quantiles_by_class
from core.reading.disguise import suspected_missing
from core.result import Finding, Result
from core.sampled_columns import Column, SampledColumns, whole_columns
from core.study import Study

FREQUENT, TIES, EXTREMES = 10, 10, 5
OUTLYING, TO_DEVIATION = 3.5, 0.6744897501960817
"""Robust z from which a cell is an outlier; a normal deviation has this many median absolute deviations as its inverse."""

QUANTILES = {"minimum": 0.0, "q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95, "maximum": 1.0}


def column_profile(study: Study, name: str, checks: Mapping[str, Result] | None = None) -> Result:
    """Everything about one column, from all rows (its ties with other columns from a sample of a large table).

    Outliers have ``|x − median| · 0.6745 / MAD > 3.5``, with the median absolute deviation MAD of the whole column. The area is the chance that
    a row of the class of interest has a higher value than another row.

    Parameters
    ----------
    study : Study
    name : str
        A feature of the table.
    checks : mapping of str to Result, optional
        Results of checks by their titles; sentences of theirs that name the column are told.

    Returns
    -------
    Result
        ``facts``: fact, value (text). ``gaps``: class, n_missing, n_samples, share, low, high. ``frequent``: value, n_rows, share, low, high (of the
        filled cells); without values that stand in one row only, unless there are few. ``quantiles`` (numbers): class, n_samples, minimum, q05, q25, median, low, high (of the median), q75, q95, maximum.
        ``bins``: column, bin, label, from, to, place, class, n_samples, share, low, high, drawn. ``outliers`` (numbers): class, n_outliers, n_samples,
        share, low, high. ``extremes`` (numbers): row (counted from 1), value, robust_z, class. ``difference``: distance, low, high,
        expected, null_high, cut, share_class, share_rest, p. ``information``: as ``information_of_columns``. ``area`` (numbers): area, low,
        high, null_high. ``ties``: other, measure, value, strength, low, high, n_rows. ``suspects`` (values that may stand for a missing one, by the rule of the data page): value, n_rows, confidence, reason.
        ``checks``: check, severity, sentence.

    Raises
    ------
    UserError
        There is no such column among the features.
    """
    if name not in study.dataset.X.columns:
        raise _no_feature(study, name)
    sample = whole_columns(study)
    sample.__dict__["column"] = {name: sample.one(name)}
    column = sample.column[name]
    pairs = column_ties(study).pairs
    tables = {
        "facts": _facts(study, column),
        "gaps": _gaps(sample, column),
        "frequent": _frequent(sample, column),
        "bins": _bins(sample, column),
        "difference": pd.DataFrame([difference(sample, column, study.dataset.X.shape[1])]),
        "information": information_of_columns(sample, (name,), study.dataset.X.shape[1]),
        "ties": _ties(pairs, name),
        "suspects": _suspects(study, name),
        "checks": _said(checks or {}, name),
    }
    if column.numeric:
        tables |= {"quantiles": _quantiles(sample, column), "area": _area(sample, column)}
        tables |= dict(zip(("outliers", "extremes"), _outliers(sample, column), strict=True))
    return Result(tables, _findings(study, column, tables))


def _no_feature(study: Study, name: str) -> UserError:
    dataset = study.dataset
    if name == dataset.target:
        return UserError(
            f"Column {wording.quoted(name)} is the target.", "Choose a column that the classes are told from."
        )
    role = next((role for role, names in dataset.roles.items() if name in names), None)
    if role is None:
        return unknown("column", name, dataset.X.columns)
    problem = f"Column {wording.quoted(name)} is not looked at: its role is {wording.quoted(role)}."
    return UserError(problem, "Make it a feature on the data page, or choose another column.")


def _facts(study: Study, column: Column) -> pd.DataFrame:
    dataset, n = study.dataset, len(column.levels)
    role = next((role for role, names in dataset.roles.items() if column.name in names), "feature")
    facts = {
        "type": "number" if column.numeric else "text",
        "read as": dataset.reading.kinds.get(column.name, ""),
        "unit": dataset.reading.units.get(column.name, ""),
        "role": role,
        "rows": wording.count(n),
        "missing cells": wording.of(column.n_missing, n, "cell"),
        "different values": wording.count((column.size > 0).sum()),
    }
    said = [d for d in dataset.reading.decisions if d.column == column.name]
    facts |= {f"how {d.name} was decided": f"{d.value} ({d.confidence}): {d.reason}" for d in said}
    return pd.DataFrame({"fact": facts.keys(), "value": facts.values()}).query("value != ''").reset_index(drop=True)


def _gaps(sample: SampledColumns, column: Column) -> pd.DataFrame:
    missing = np.bincount(sample.codes[column.levels < 0], minlength=len(sample.sizes))
    low, high = judge.proportion_interval(missing, sample.sizes)
    table = {"class": sample.dataset.classes, "n_missing": missing, "n_samples": sample.sizes}
    return pd.DataFrame(table | {"share": missing / sample.sizes, "low": low, "high": high})


def _frequent(sample: SampledColumns, column: Column) -> pd.DataFrame:
    weight = column.weight(sample.weights)
    top = np.argsort(-weight, kind="stable")[:FREQUENT]
    top = top[column.size[top] > (len(column.size) > FREQUENT)]
    total = max(float(weight.sum()), 1e-300)
    n = max(effective_size(sample.weights[column.levels >= 0]), 1.0)
    low, high = judge.wilson_interval(weight[top] / total * n, np.full(len(top), n))
    shown = [wording.value(float(x)) if column.numeric else str(x) for x in column.distinct[top]]
    table = {"value": shown, "n_rows": column.size[top].astype(int), "share": weight[top] / total}
    return pd.DataFrame(table | {"low": low, "high": high})


def _bins(sample: SampledColumns, column: Column) -> pd.DataFrame:
    one, classes = shape(sample, column), np.array(sample.dataset.classes, dtype=object)
    filled = np.broadcast_to(one.counts.sum(axis=0), one.counts.shape)
    low, high = judge.wilson_interval(one.counts, np.maximum(filled, 1))
    order = [sample.positive_code, *(c for c in range(len(classes)) if c != sample.positive_code)][: len(DASHES)]
    n_bins, n_classes = one.counts.shape
    table = {
        "column": column.name,
        "bin": np.repeat(np.arange(n_bins), n_classes),
        "label": np.repeat(np.array([*one.labels, ""], dtype=object)[:-1], n_classes),
    }
    table |= {"from": np.repeat(one.ends[:, 0], n_classes), "to": np.repeat(one.ends[:, 1], n_classes)}
    table |= {"place": np.repeat(one.places, n_classes), "class": np.tile(classes, n_bins), "n_samples": filled.ravel()}
    table |= {"share": (one.counts / np.maximum(filled, 1)).ravel(), "low": low.ravel(), "high": high.ravel()}
    table = pd.DataFrame(table | {"drawn": np.tile(np.isin(np.arange(n_classes), order), n_bins)})
    return table[table["n_samples"] > 0].reset_index(drop=True)


def _quantiles(sample: SampledColumns, column: Column) -> pd.DataFrame:
    n_classes = len(sample.sizes)
    sizes = np.bincount(sample.codes[column.order], minlength=n_classes)
    wanted = np.column_stack([np.tile([*QUANTILES.values()], (n_classes, 1)), median_ranks(sizes)])
    at = quantiles_by_class(column.order, column.values, sample.codes, n_classes, wanted)[0]
    table = {"class": sample.dataset.classes, "n_samples": sizes}
    return pd.DataFrame(table | dict(zip([*QUANTILES, "low", "high"], at.T, strict=True)))


def _area(sample: SampledColumns, column: Column) -> pd.DataFrame:
    own = column.weight(sample.of_interest.astype(float))
    rest = column.weight(np.where(sample.of_interest, 0.0, sample.weights))
    n_own, n_rest = own.sum(), effective_size(sample.weights[(column.levels >= 0) & ~sample.of_interest])
    if not n_own or not n_rest:
        return pd.DataFrame({"area": [np.nan], "low": [np.nan], "high": [np.nan], "null_high": [np.nan]})
    area, error = ordered_area(own, rest, n_own, n_rest)
    low, high = np.clip([area - 1.96 * error, area + 1.96 * error], 0, 1)
    return pd.DataFrame(
        {"area": [area], "low": [low], "high": [high], "null_high": [judge.area_null(int(n_own), max(int(n_rest), 1))]}
    )


def _outliers(sample: SampledColumns, column: Column) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells far from the median by class, and the farthest on either side."""
    z = np.full(len(column.values), np.nan)
    if len(column.order):
        with np.errstate(over="ignore"):
            away = np.clip(column.values - column.values[column.order[len(column.order) // 2]], -1e300, 1e300)
        deviation = float(np.nanmedian(np.abs(away)))
        z = TO_DEVIATION * away / deviation if deviation > 0 else np.zeros(len(away)) * away
    far = np.abs(z) > OUTLYING
    n_classes = len(sample.sizes)
    sizes = np.bincount(sample.codes[column.order], minlength=n_classes)
    count = np.bincount(sample.codes[far], minlength=n_classes)
    low, high = judge.proportion_interval(count, sizes)
    table = {"class": sample.dataset.classes, "n_outliers": count, "n_samples": sizes}
    table = pd.DataFrame(table | {"share": count / np.maximum(sizes, 1), "low": low, "high": high})
    ends = np.unique(np.concatenate([column.order[:EXTREMES], column.order[-EXTREMES:]]))
    ends = ends[np.argsort(-np.abs(z[ends]), kind="stable")]
    labels = np.array([*sample.dataset.classes, None], dtype=object)[sample.codes[ends]]
    return table, pd.DataFrame({"row": ends + 1, "value": column.values[ends], "robust_z": z[ends], "class": labels})


def _ties(pairs: pd.DataFrame, name: str) -> pd.DataFrame:
    own = pairs[(pairs["column"] == name) | (pairs["other"] == name)].head(TIES)
    other = own["other"].where(own["column"] == name, own["column"])
    return own.drop(columns="column").assign(other=other).reset_index(drop=True)


def _suspects(study: Study, name: str) -> pd.DataFrame:
    """Values of a column that may stand for a missing one; gaps of the other columns speak for some, so all are looked at, once."""
    if "suspected_missing" not in study._memory:
        study._memory["suspected_missing"] = suspected_missing(study.dataset.X)
    found = [one for one in study._memory["suspected_missing"] if one.column == name]
    rows = [(one.value, one.n, one.confidence, one.reason) for one in found]
    return pd.DataFrame(rows, columns=["value", "n_rows", "confidence", "reason"])


def _said(checks: Mapping[str, Result], name: str) -> pd.DataFrame:
    """The sentences of checks that name the column."""
    quoted = (wording.quoted(name), wording.quoted(name, 40))
    rows = [
        (title, finding.severity, finding.text)
        for title, result in checks.items()
        for finding in result.findings
        if any(text in finding.text for text in quoted)
    ]
    return pd.DataFrame(rows, columns=["check", "severity", "sentence"])


def _findings(study: Study, column: Column, tables: Mapping[str, pd.DataFrame]) -> tuple[Finding, ...]:
    told, apart, n = tables["information"].iloc[0], tables["difference"].iloc[0], len(column.levels)
    kind = "numbers" if column.numeric else "text"
    text = (
        f"{wording.quoted(column.name)} holds {kind}: {wording.plural((column.size > 0).sum(), 'different value')} in {wording.plural(n, 'row')}, "
        f"{wording.of(column.n_missing, n, 'cell')} missing."
    )
    found = [Finding("fine", text)]
    above = told["p"] <= 1 - judge.LEVEL
    text = f"Alone it tells {wording.share(told['share'])} of what there is to know about the class ({wording.share(told['low'])} to {wording.share(told['high'])})"
    found.append(
        Finding(
            "fine", f"{text}; chance would give that rarely." if above else f"{text}, no more than chance may give."
        )
    )
    if not np.isnan(apart["distance"]):
        text = (
            f"Values {apart['cut']} are found in {wording.share(apart['share_class'])} of the rows of {wording.quoted(study.positive)} and in "
            f"{wording.share(apart['share_rest'])} of the others: there the two lie furthest apart."
        )
        found.append(Finding("fine", text))
    if len(tables["suspects"]):
        first = tables["suspects"].iloc[0]
        text = f"{wording.quoted(first['value'])} may stand for a missing value. {first['reason']}"
        found.append(Finding("caution", text))
    return tuple(found)


def draw_column(result: Result) -> dict[str, go.Figure]:
    """The shape of the column in each class, its gaps, and its closest ties."""
    bins, gaps, ties = (result.tables[name] for name in ("bins", "gaps", "ties"))
    figures = {}
    if len(bins):
        title, caption = (
            "Distribution per class",
            f"Share of each class in the bins of the column; at most {len(DASHES)} classes.",
        )
        figures[title] = small_multiples(bins.query("drawn"), title=title, caption=caption)
    if gaps["n_missing"].any():
        title, axes = "Gaps per class", {"x_title": "share missing", "y_title": "class"}
        figures[title] = charts.intervals(
            gaps, "share", "class", title=title, caption="Share of each class in which the column is missing.", **axes
        )
    if len(ties):
        title, axes = "Closest columns", {"x_title": "strength (0 none, 1 the same)", "y_title": "column"}
        figures[title] = charts.intervals(
            ties,
            "strength",
            "other",
            title=title,
            caption="How closely other columns go together with this one.",
            **axes,
        )
    return figures
