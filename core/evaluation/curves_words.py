"""What curves of recipes say, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core import wording
from core.evaluation.scoring import AT_HALF, AT_OWN, SCARCE
from core.evaluation.verdict import evidence_finding
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

FEWEST = 10
MOST = 3
"""Recipes that are spoken of one by one; the tables have all of them."""

RATE, GAIN_AT = 0.01, 0.1
CHOSEN = "at the chosen threshold"


def findings(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    recipes: Sequence[Recipe],
    threshold: object | None,
    prevalence: float | None = None,
) -> tuple[Finding, ...]:
    """Whether each ranking beats chance, what its decisions do to people, what it is of use for, and what limits it."""
    judged = study.judged
    n = int(judged.class_sizes[judged.positive_code])
    if n < FEWEST:
        text = (
            f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n, 'row')}: too few to read curves. "
            "Collect more rows first."
        )
        return (Finding("caution", text),)
    found: list[Finding | None] = []
    heard = set()
    for recipe in recipes[:MOST]:
        title, scores = recipe.title, recipe.without("decision")
        if scores not in heard:
            found.append(_chance(study, tables, title))
        found.append(_people(study, tables, title, threshold, prevalence))
        if scores not in heard:
            found += [_first(study, tables, title), _benefit(tables, title)]
        heard.add(scores)
    found.append(_scales(study, prevalence))
    found.append(evidence_finding(study, tables))
    if n < SCARCE:
        text = (
            f"With {wording.plural(n, 'row')} of the class of interest the bands are wide, and average precision is more often too high than too low. "
            "A threshold that was tuned on so few rows is mostly chance: prefer the one that the costs imply, on calibrated scores."
        )
        found.append(Finding("caution", text, ("cost_threshold", "calibrated_probabilities")))
    return tuple(filter(None, found))


def _row(tables: Mapping[str, pd.DataFrame], recipe: str, measure: str) -> pd.Series:
    table = tables["measures"]
    return table[(table["recipe"] == recipe) & (table["measure"] == measure)].iloc[0]


def _chance(study: Study, tables: Mapping[str, pd.DataFrame], recipe: str) -> Finding:
    row = _row(tables, recipe, "average precision")
    beats = row["value"] > row["chance_high"]
    text = (
        f"'{recipe}' has average precision {wording.with_interval(row['value'], row['low'], row['high'])}. A random ranking has {wording.score(row['chance'])}, "
        f"and by chance {wording.interval(row['chance_low'], row['chance_high'])}: "
    )
    text += "this is more than chance." if beats else "this is not told apart from chance."
    return Finding("fine" if beats else "caution", text)


def _people(
    study: Study, tables: Mapping[str, pd.DataFrame], recipe: str, threshold: object | None, prevalence: float | None
) -> Finding:
    cut = AT_OWN if threshold is None else CHOSEN
    table = tables["people"].query("recipe == @recipe")
    own, half = (table[table["cut"] == name].set_index("outcome")["n_cases"] for name in (cut, AT_HALF))
    at = table.loc[table["cut"] == cut, "threshold"].iloc[0]
    of_table = "" if prevalence is None else " on probabilities of this table"
    where = "By its own rule" if np.isnan(at) else f"At the threshold {wording.number(at)}{of_table}"
    scores = tables["decisions"].query("recipe == @recipe and metric == 'F1'").set_index("cut")
    f1, other = scores.loc[cut], scores.loc[AT_HALF]
    text = (
        f"Of {wording.count(table['of'].iloc[0])} cases {wording.count(own['found'] + own['missed'])} are {wording.quoted(study.positive)}. {where} '{recipe}' finds {wording.count(own['found'])} of "
        f"them, misses {wording.count(own['missed'])}, and raises {wording.plural(own['false alarms'], 'false alarm')}; at 0.5 it finds "
        f"{wording.count(half['found'])} with {wording.plural(half['false alarms'], 'false alarm')}. F1 is "
        f"{wording.with_interval(f1['value'], f1['low'], f1['high'])}, and {wording.with_interval(other['value'], other['low'], other['high'])} at 0.5."
    )
    return Finding("fine", text)


def _first(study: Study, tables: Mapping[str, pd.DataFrame], recipe: str) -> Finding:
    within, lift = (_row(tables, recipe, name) for name in ("recall at 1 % false alarms", "lift in the first 10 %"))
    text = (
        f"With at most 1 % of the other rows taken, '{recipe}' finds {wording.share(within['value'])} of {wording.quoted(study.positive)} "
        f"(interval {wording.share(within['low'])} to {wording.share(within['high'])}). The most probable 10 % of all rows hold "
        f"{wording.share(lift['value'] * GAIN_AT)} of them, {wording.times(lift['value'])} as many as rows taken at random."
    )
    return Finding("fine", text)


def _scales(study: Study, prevalence: float | None) -> Finding | None:
    """Which thresholds are those of the table, and which those at use; None where no other prevalence is stated."""
    if prevalence is None:
        return None
    judged = study.judged
    usual = wording.share(float(judged.class_shares[judged.positive_code]))
    text = (
        f"Probabilities are those of rows among which {wording.quoted(study.positive)} makes up {usual}. Thresholds of net benefit and what a miss costs "
        f"are those where it makes up {wording.share(prevalence)}; the threshold on probabilities of this table that takes the same rows stands beside each. It holds if rows of each class look there as they do in the table."
    )
    return Finding("fine", text)


def _benefit(tables: Mapping[str, pd.DataFrame], recipe: str) -> Finding:
    """The longest run of thresholds at which the interval of the net benefit lies above taking all rows and above taking none."""
    table = tables["decision_curve"]
    own = table[table["recipe"] == recipe]
    everybody = table.loc[table["recipe"] == "take all", "net_benefit_per_1000"].to_numpy()
    useful = (own["low"].to_numpy() > np.maximum(everybody, 0)) & own["low"].notna().to_numpy()
    if not useful.any():
        text = f"At no threshold is '{recipe}' surely worth more than taking all rows or none, its scores read as probabilities."
        return Finding("caution", text, ("calibrated_probabilities",))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], useful.astype(int), [0]])))
    start, stop = max(zip(edges[::2], edges[1::2], strict=True), key=lambda run: run[1] - run[0])
    low, high = own["threshold"].iloc[start], own["threshold"].iloc[stop - 1]
    costs = [wording.number(1 / t - 1, 2) for t in (high, low)]
    where = f"{costs[0]} to {costs[1]} false alarms (thresholds {wording.number(low)} to {wording.number(high)}"
    if start == stop - 1:
        where = f"about {costs[0]} false alarms (threshold {wording.number(low)}"
    here = [wording.number(own["threshold_in_table"].iloc[at]) for at in (start, stop - 1)]
    moved = own["threshold_in_table"].iloc[start] != low
    where += f" at use, {' to '.join(dict.fromkeys(here))} on probabilities of this table)" if moved else ")"
    text = f"Where one miss costs {where}, '{recipe}' is worth more than taking all rows and more than taking none."
    return Finding("fine", text)
