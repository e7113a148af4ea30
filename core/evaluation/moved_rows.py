"""What refits on rows drawn anew did: how far the probability of a row moves, and how often the decision turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.evaluation.distinguishing import FEWEST_ROWS
from core.evaluation.distinguishing_words import carried
from core.evaluation.instability import N_REFITS, Refit
from core.judge import LEVEL
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

SUMMARY = ["recipe", "rows", "moved", "low", "high", "turned", "turned_low", "turned_high", "n_rows", "n_refits"]
CHANGE = ["recipe", "difference", "low", "high", "n_refits"]
ROWS = ["recipe", "row", "class", "probability", "low", "high", "moved", "turned"]
MOST_SHOWN = 150
"""Rows of the class of interest, and of the others, that are shown one by one."""


def instability(study: Study, refits: Sequence[Refit], *, n_refits: int = N_REFITS) -> Result:
    """How far probabilities move and decisions turn when a recipe is fitted again on rows drawn anew.

    With p the probability of a row from the model, and p_b from the model fitted on draw b, ``moved`` is the mean of ``|p_b − p|`` over draws (the mean
    absolute prediction error of the row) and ``turned`` is the share of draws whose decision differs from the model's (its classification instability).
    The cited work asks the models about the rows that they have learned from; here they are asked about rows that no fit has seen, which
    is our change: a flexible model knows its own rows by heart.

    Parameters
    ----------
    study : Study
        The one that the refits come from. Not changed.
    refits : sequence of Refit
        What has arrived, in any order.
    n_refits : int
        As it was asked for.

    Returns
    -------
    Result
        ``summary``: recipe, rows ("class of interest" or "other rows"), moved, low, high, turned, turned_low, turned_high, n_rows, n_refits; means over
        rows, with the interval that so few draws leave. ``differences``: recipe, difference (of moved in the class of interest, to doing nothing), low, high,
        n_refits; paired by draw, and the intervals hold together (Bonferroni). ``rows``: recipe, row (counted from 1 in the table), class, probability, low, high (the
        central 90 % of the draws), moved, turned; at most ``MOST_SHOWN`` of each side.

    References
    ----------
    Riley and Collins (2023), Stability of clinical prediction models developed using statistical or machine learning methods, Biometrical
    Journal 65.
    """
    recipes = list(dict.fromkeys((Recipe(), *(one.recipe for one in refits))))
    found = {
        recipe: sorted((one for one in refits if one.recipe == recipe), key=lambda one: one.draw) for recipe in recipes
    }
    values = {"recipes": [recipe.text for recipe in recipes], "n_refits": n_refits, "learner": study.learner}
    stamp = provenance("instability", values, study, sum(one.seconds for one in refits), n_folds=1)
    own = study.codes[study.folds[study.n_folds - 1][1]] == study.positive_code
    if own.sum() < FEWEST_ROWS:
        text = f"The rows that are asked about hold {wording.plural(own.sum(), 'row')} of {wording.quoted(study.positive)}: too few to say how far such rows move."
        return Result({}, (Finding("not applicable", text),), stamp)
    done, total = len(refits), len(recipes) * (n_refits + 1)
    if done < total:
        text = f"{wording.of(done, total, 'fit')} done so far."
        return Result({}, (Finding("caution", text),), stamp)
    moves = {recipe: _moves(own_refits) for recipe, own_refits in found.items()}
    tables = {
        "summary": _summary(moves, own),
        "differences": _differences(moves, own),
        "rows": pd.concat([_rows(study, recipe, found[recipe], own) for recipe in recipes], ignore_index=True)[ROWS],
    }
    return Result(tables, _findings(study, tables, own), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """How far rows move by recipe, and each row's movement at its probability."""
    if not result.tables:
        return {}
    title = "How far probabilities move over refits"
    caption = "Mean over rows that no fit has seen; each refit learns from rows drawn anew. Intervals are those that so few draws leave."
    axes = {"x_title": "mean change of the probability", "y_title": "recipe", "caption": caption}
    figure = charts.intervals(result.tables["summary"], "moved", "recipe", by="rows", title=title, **axes)
    each = "How far single rows move"
    caption = "One mark per row. Rows near 0 and 1 can move less; a row near the threshold may be decided otherwise by another draw."
    axes = {"x_title": "probability of the class of interest", "y_title": "mean change over refits", "caption": caption}
    return {
        title: figure,
        each: charts.points(result.tables["rows"], "probability", "moved", by="recipe", title=each, **axes),
    }


def _moves(refits: Sequence[Refit]) -> tuple[np.ndarray, np.ndarray]:
    """Change of the probability and of the decision, draw by row."""
    from scipy.special import expit

    proba = np.array([expit(one.log_odds.astype(float)) for one in refits])
    found = np.array([one.found for one in refits])
    return np.abs(proba[1:] - proba[0]), found[1:] != found[0]


def _over_draws(values: np.ndarray, n_together: int = 1) -> tuple[float, float, float]:
    from scipy.special import stdtrit

    mean, n = float(values.mean()), len(values)
    reach = stdtrit(n - 1, 1 - (1 - LEVEL) / 2 / n_together) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return mean, mean - reach, mean + reach


def _summary(moves: dict[Recipe, tuple[np.ndarray, np.ndarray]], own: np.ndarray) -> pd.DataFrame:
    rows = []
    for recipe, (moved, turned) in moves.items():
        for name, side in (("class of interest", own), ("other rows", ~own)):
            told = [np.clip(_over_draws(part[:, side].mean(axis=1)), 0, 1) for part in (moved, turned)]
            rows.append((recipe.title, name, *told[0], *told[1], int(side.sum()), len(moved)))
    return pd.DataFrame(rows, columns=SUMMARY)


def _differences(moves: dict[Recipe, tuple[np.ndarray, np.ndarray]], own: np.ndarray) -> pd.DataFrame:
    each = {recipe: moved[:, own].mean(axis=1) for recipe, (moved, _) in moves.items()}
    others = [recipe for recipe in each if recipe != Recipe()]
    rows = [
        (recipe.title, *_over_draws(each[recipe] - each[Recipe()], len(others)), len(each[recipe])) for recipe in others
    ]
    return pd.DataFrame(rows, columns=CHANGE)


def _rows(study: Study, recipe: Recipe, refits: Sequence[Refit], own: np.ndarray) -> pd.DataFrame:
    from scipy.special import expit

    rng = np.random.default_rng(study.random_state)
    sides = [np.flatnonzero(side) for side in (own, ~own)]
    kept = np.sort(np.concatenate([rng.permutation(side)[:MOST_SHOWN] for side in sides]))
    proba = np.array([expit(one.log_odds[kept].astype(float)) for one in refits])
    found = np.array([one.found[kept] for one in refits])
    places = study.folds[study.n_folds - 1][1][kept]
    low, high = np.quantile(proba[1:], [0.05, 0.95], axis=0)
    table = {
        "recipe": recipe.title,
        "row": places + 1,
        "class": np.asarray(study.classes, dtype=object)[study.codes[places]],
    }
    table |= {"probability": proba[0], "low": low, "high": high, "moved": np.abs(proba[1:] - proba[0]).mean(axis=0)}
    return pd.DataFrame(table | {"turned": (found[1:] != found[0]).mean(axis=0)})


def _findings(study: Study, tables: dict[str, pd.DataFrame], own: np.ndarray) -> tuple[Finding, ...]:
    mine = tables["summary"].query("rows == 'class of interest'").set_index("recipe")
    base, label = mine.loc["Do nothing"], wording.quoted(study.positive)
    first = (
        f"Fitted again {wording.plural(base['n_refits'], 'time')} on rows drawn anew (seed {study.random_state}), doing nothing moves the probability of a row of {label} by "
        f"{wording.with_interval(base['moved'], base['low'], base['high'])} on average, and decides {wording.share(base['turned'])} of these rows otherwise. Asked about are "
        f"{wording.plural(len(own), 'row')} that no fit has seen, {wording.count(own.sum())} of them {label}."
    )
    said = [Finding("fine", first)]
    changes = tables["differences"].set_index("recipe")
    for word, rows in (("more", changes[changes["low"] > 0]), ("less", changes[changes["high"] < 0])):
        if len(rows):
            name = rows["difference"].abs().idxmax()
            row, one = rows.loc[name], len(rows) == 1
            text = (
                f"{wording.listing(rows.index)} {'makes' if one else 'make'} them move {word}{',' if one else f': {wording.quoted(name)}'} by {wording.change(row['difference'])} "
                f"(interval {wording.change(row['low'])} to {wording.change(row['high'])}), and decides {wording.share(mine.loc[name, 'turned'])} of them otherwise."
            )
            if word == "more":
                text += " A recipe that raises all probabilities of a rare class also makes them move further."
            said.append(Finding("fine", text))
    said.append(
        Finding("fine", f"This rests on {carried(study, 1)}: models learn from the rest and are asked about its rows.")
    )
    return tuple(said)
