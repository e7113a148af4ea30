"""What a cut-off leads to, how sure that is, and what a cut-off that was moved by hand does not show, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core import wording
from core.evaluation.distinguishing_words import carried
from core.evaluation.scoring import AT_HALF, AT_OWN, SCARCE
from core.numerics.weighted_accuracy import cost_weight, weight_at_use
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

CHOSEN = "at the chosen cut-off"
FEWEST = 10
"""Rows of the class of interest below which nothing is claimed."""

SAME = 1e-3
"""How far shares may lie apart, as a part of the usual one, and count as the same."""

EXPLORATORY = (
    "This cut-off was set by hand while looking at the rows that it is judged on. It is exploratory and not validated: its scores tend to be too good, and their "
    "intervals do not know of the choice. A threshold locked inside the folds was chosen without the rows that judge it. If the cut-off follows from a "
    "cost or a capacity that was fixed before, add {remedy} to the recipe: then it is locked too."
)
REMEDY = {"cost": "'Cost threshold'", "top": "'Capacity threshold'", "per1000": "'Capacity threshold'"}


def findings(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    way: str,
    recipes: Sequence[Recipe],
    prevalence: float | None = None,
) -> tuple[Finding, ...]:
    """People at the cut of the last recipe, F1 side by side, the spread of the locked threshold, what is not validated, and what another prevalence at use asks for."""
    n, recipe = int(study.judged.class_sizes[study.judged.positive_code]), recipes[-1]
    if n < FEWEST:
        text = f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n, 'row')}: too few to judge a cut-off by, and nothing is claimed."
        return (Finding("caution", f"{text} Collect more rows first."),)
    cut = CHOSEN if way else AT_OWN
    found: list[Finding | None] = [_people(study, tables, recipe, cut), _side_by_side(tables, recipe, cut)]
    found.append(Finding("fine", spread(tables, recipe)))
    if way:
        remedy = REMEDY.get(way, "'Cost threshold' or 'Capacity threshold'")
        found.append(Finding("caution", EXPLORATORY.format(remedy=remedy)))
    if way == "cost":
        text = "A miss that costs C false alarms stands for the threshold 1 / (1 + C), which is right where the probabilities come true."
        found.append(Finding("fine", f"{text} Whether they do is shown under 'Do probabilities come true'."))
        found.append(_elsewhere(study, float(tables["ways"]["miss_cost"].iloc[-1]), prevalence))
    if n < SCARCE:
        found.append(Finding("caution", few(study, n), ("cost_threshold", "calibrated_probabilities")))
    rests = (
        f"This rests on {carried(study, study.n_folds)}; intervals stand beside every score and every count of people."
    )
    return tuple(filter(None, [*found, Finding("fine", rests)]))


def _elsewhere(study: Study, cost: float, prevalence: float | None) -> Finding | None:
    """Which threshold a cost stands for where the class has another share than among the rows that are tested; None where it has the same."""
    judged = study.judged
    usual = float(judged.class_shares[judged.positive_code])
    if prevalence is None or abs(prevalence - usual) <= SAME * usual:
        return None
    at = 1 - float(weight_at_use(cost_weight(cost), usual, prevalence))
    text = (
        f"Probabilities of this table, among whose tested rows {wording.quoted(study.positive)} makes up {wording.share(usual)}, are too {'high' if prevalence < usual else 'low'} where it makes up "
        f"{wording.share(prevalence)}: there this cost stands for {wording.number(at)} on them, and not for {wording.number(1 / (1 + cost))}. The cut-off stays as you said it."
    )
    return Finding("caution", text)


def few(study: Study, n: int) -> str:
    """Why a threshold that follows from the costs is preferred to a chosen one where the class has few rows."""
    cost = study.miss_cost
    implied = (
        f"With a miss worth {wording.number(cost)} false alarms it is {wording.number(1 / (1 + cost))}"
        if cost
        else "State what a miss costs: it is 1 / (1 + cost)"
    )
    return (
        f"{wording.quoted(study.positive)} has {wording.plural(n, 'row')}. Below {SCARCE} a chosen threshold mostly follows the chance of which rows there are: at a prevalence of 1 %, one "
        f"tuned for F1 on 10 such rows comes out anywhere from .04 to .41. Prefer the threshold that follows from the costs on calibrated probabilities, which needs no choosing. {implied}."
    )


def spread(tables: Mapping[str, pd.DataFrame], recipe: Recipe) -> str:
    """How far the threshold of a recipe goes over the folds, and on rows drawn anew."""
    table, band = tables["thresholds"], tables["band"]
    values = table.loc[table["recipe"] == recipe.title, "threshold"].to_numpy()
    name = f"'{recipe.title}'"
    if np.isnan(values).any():
        return (
            f"{name} does not decide by one threshold; its own rule was chosen inside the training rows of each fold."
        )
    low, middle, high = (wording.number(float(x)) for x in (values.min(), np.median(values), values.max()))
    text = f"The threshold of {name}, locked inside the training rows of each of {len(values)} folds, is {middle}"
    text += " in all of them." if low == high else f" in the middle and goes from {low} to {high}."
    for row in band[band["recipe"] == recipe.title].itertuples():
        text += f" Chosen again on the rows of all folds, drawn anew, it lies between {wording.number(row.low)} and {wording.number(row.high)} in 9 of 10 draws."
    return text


def _people(study: Study, tables: Mapping[str, pd.DataFrame], recipe: Recipe, cut: str) -> Finding:
    table = tables["people"]
    own = table[(table["recipe"] == recipe.title) & (table["cut"] == cut)].set_index("outcome")
    ways = tables["ways"].set_index("recipe").loc[recipe.title]
    n_found, n_missed, alarms = (own.loc[name] for name in ("found", "missed", "false alarms"))
    where = (
        f"At a probability of {wording.number(ways['threshold'])} and above"
        if cut == CHOSEN
        else "By its own decision, locked inside the folds,"
    )
    text = (
        f"Of {wording.count(own['of'].iloc[0])} cases {wording.count(n_found['n_cases'] + n_missed['n_cases'])} are {wording.quoted(study.positive)}. {where} '{recipe.title}' finds "
        f"{wording.count(n_found['n_cases'])} of them ({_reach(n_found)}), misses {wording.count(n_missed['n_cases'])}, and raises "
        f"{wording.plural(alarms['n_cases'], 'false alarm')} ({_reach(alarms)})."
    )
    return Finding("fine", text)


def _reach(row: pd.Series) -> str:
    return f"interval {wording.count(round(row['low']))} to {wording.count(round(row['high']))}"


def _side_by_side(tables: Mapping[str, pd.DataFrame], recipe: Recipe, cut: str) -> Finding:
    table = tables["scores"]
    f1 = table[(table["recipe"] == recipe.title) & (table["metric"] == "F1")].set_index("cut")
    names = {CHOSEN: "at this cut-off", AT_OWN: "at its own decision, locked inside the folds", AT_HALF: "at 0.5"}
    parts = [
        f"{wording.with_interval(row['value'], row['low'], row['high'])} {names[name]}" for name, row in f1.iterrows()
    ]
    chance = f1.loc[cut]
    text = (
        f"F1 of '{recipe.title}' is {', '.join(parts[:-1])}, and {parts[-1]}. Flagging as many rows at random as the first one does gives {wording.score(chance['chance'])}, and by chance "
        f"{wording.interval(chance['chance_low'], chance['chance_high'])}."
    )
    return Finding("fine", text)
