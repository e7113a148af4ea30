"""What a judgement of probabilities means, in plain words: untrue only where an interval says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core import wording
from core.evaluation.distinguishing_words import carried
from core.evaluation.scoring import CALIBRATION, SCARCE
from core.evaluation.verdict import FEWEST_ROWS, dependence
from core.recipe import Recipe
from core.result import Finding
from core.study import Study

N_DRAWS = 200
"""Draws of labels from the probabilities themselves."""

Tables = Mapping[str, pd.DataFrame]


def findings(study: Study, chosen: Sequence[Recipe], asked: Sequence[Recipe], tables: Tables) -> tuple[Finding, ...]:
    """One sentence on doing nothing, one on each recipe, then what limits them.

    Parameters
    ----------
    study : Study
    chosen : sequence of Recipe
        As they were judged, doing nothing first.
    asked : sequence of Recipe
        As they were given.
    tables : mapping of str to pandas.DataFrame
        As ``core.evaluation.calibration.calibration_of`` returns them.
    """
    n_own = int(study.judged.class_sizes[study.judged.positive_code])
    if n_own < FEWEST_ROWS:
        text = (
            f"The class of interest {wording.quoted(study.positive)} has {wording.plural(n_own, 'row')}: below {FEWEST_ROWS} nothing is "
            "said about whether its probabilities come true."
        )
        return (Finding("caution", text), *dependence(study))
    parts = [_judged(study, recipe, tables, len(chosen)) for recipe in chosen]
    parts += [_parts(tables), _scarce(study, n_own), _fallen_back(study, chosen), _thresholds(asked)]
    parts.append(
        Finding("fine", f"This rests on {carried(study, study.n_folds)}. Intervals take the models as they are.")
    )
    return tuple(filter(None, [*parts, *dependence(study)]))


def _judged(study: Study, recipe: Recipe, tables: Tables, n_recipes: int) -> Finding:
    """Whether the probabilities of a recipe come true, and what it did to them."""
    totals = tables["totals"].query("recipe == @recipe.title").set_index("measure")
    ratio, untrue = totals.loc[CALIBRATION[0]], []
    if ratio["apart"]:
        untrue.append(f"too {'high' if ratio['value'] < 1 else 'low'} as a whole")
    value = wording.with_interval(ratio["value"], ratio["low"], ratio["high"])
    text = (
        f"{wording.quoted(recipe.title)}: {value} rows of {wording.quoted(study.positive)} come true per row expected"
    )
    if study.judged.class_sizes[study.judged.positive_code] >= SCARCE:
        more, shape = _shape(study, recipe, tables, totals.loc[CALIBRATION[2]], n_recipes)
        text, untrue = f"{text}; {more}", untrue + shape
    text += f". Its probabilities are {joined(untrue)}." if untrue else ". Nothing speaks against its probabilities."
    text += _change(recipe, tables)
    suggests = ("calibrated_probabilities",) if untrue and not recipe.stage("calibration") else ()
    return Finding("caution" if untrue else "fine", text, suggests)


def _shape(study: Study, recipe: Recipe, tables: Tables, slope: pd.Series, n_recipes: int) -> tuple[str, list[str]]:
    """The calibration error beside chance and the slope, and what they say against the probabilities."""
    error = tables["errors"].query("recipe == @recipe.title").set_index("class").loc[study.positive]
    untrue = []
    if slope["apart"]:
        untrue.append("too extreme" if slope["value"] < 1 else "too timid")
    if error["p"] <= max(0.05 / n_recipes, 1 / (1 + N_DRAWS)):
        untrue.append("further from the outcomes than chance explains")
    text = (
        f"the calibration error is {wording.score(error['error'])}, where true probabilities would have {wording.score(error['chance'])} by chance "
        f"(95 % of the time {wording.interval(error['chance_low'], error['chance_high'])})"
    )
    if not np.isnan(slope["value"]):
        text += f", and the calibration slope is {wording.with_interval(slope['value'], slope['low'], slope['high'])}"
    return text, untrue


def joined(items: Sequence[str]) -> str:
    """Join words that are ours.

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def _change(recipe: Recipe, tables: Tables) -> str:
    """What a recipe did to the Brier score against doing nothing; empty for doing nothing."""
    rows = tables["changes"].query("recipe == @recipe.title and metric == 'Brier score'")
    if not len(rows) or np.isnan(rows.iloc[0]["low"]):
        return ""
    row = rows.iloc[0]
    word = "better than" if row["high"] < 0 else "worse than" if row["low"] > 0 else "not told apart from"
    low, high = (wording.number(row[end]) for end in ("low", "high"))
    return (
        f" By the Brier score they are {word} those of doing nothing: it changes by {wording.number(row['difference'])} "
        f"(interval {low} to {high})."
    )


def _parts(tables: Tables) -> Finding:
    """What is to be gained by calibration, and what by ranking."""
    base = tables["brier"].iloc[0]
    gain = (
        wording.number(base["reliability"])
        if base["reliability"] > base["brier"] / 1000
        else "nothing that these rows show"
    )
    text = (
        f"Of the Brier score of doing nothing, {wording.number(base['brier'])}, a better map of the same scores could take away about "
        f"{gain}. The share of the class alone would score {wording.number(base['uncertainty'])}."
    )
    return Finding("fine", text)


def _scarce(study: Study, n_own: int) -> Finding | None:
    if n_own >= SCARCE:
        return None
    text = (
        f"{wording.quoted(study.positive)} has {wording.plural(n_own, 'row')}. Below {SCARCE}, only the sum of the probabilities and the Brier score are "
        "judged: slope, curve and calibration error are shown, but a few rows decide them."
    )
    return Finding("caution", text)


def _fallen_back(study: Study, chosen: Sequence[Recipe]) -> Finding | None:
    """Which recipes learn a sigmoid instead, because a class is too small for their map."""
    from core.learners.cross_fitting import inner_folds
    from core.numerics.calibration_maps import FEWEST

    titles, whole = (
        [recipe.title for recipe in chosen if {"isotonic", "beta", "venn_abers"} & _maps(recipe)],
        study.whole,
    )
    fewest = FEWEST
    for train, _ in whole.folds[: whole.n_folds] if titles else ():
        known = None if whole.rows is None else whole.rows.take(train)
        tested = [test for _, test in inner_folds(whole.codes[train], whole.random_state, known)]
        codes = whole.codes[train]
        counts = np.bincount(codes[np.concatenate(tested)] if tested else codes[:0], minlength=len(whole.classes))
        fewest = min(fewest, int(counts[np.unique(codes)].min()))
    if fewest >= FEWEST:
        return None
    learns, what = "learns" if len(titles) == 1 else "learn", "stay as they are"
    if fewest:
        what = "are mapped by a sigmoid of two numbers for every class"
    text = (
        f"To learn a map from, a fold has {wording.plural(fewest, 'row')} of a class that its model had not seen. Below {FEWEST}, {wording.listing(titles)} "
        f"{learns} no such map there: probabilities {what}."
    )
    return Finding("caution", text)


def _maps(recipe: Recipe) -> set[str]:
    """The remedies at the stage of calibration, and the words that they were given."""
    stage = recipe.stage("calibration")
    return {
        word for slug, values in recipe.steps if stage and slug == stage.slug for word in (slug, *dict(values).values())
    }


def _thresholds(asked: Sequence[Recipe]) -> Finding | None:
    if not any(recipe.stage("decision") for recipe in asked):
        return None
    return Finding(
        "fine", "A threshold leaves probabilities as they are, so recipes that differ in it alone are judged once."
    )
