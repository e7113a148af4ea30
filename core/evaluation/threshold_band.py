"""How uncertain a threshold is that was chosen on few rows, and what follows from it."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import UserError
from core.evaluation.distinguishing_words import carried
from core.evaluation.locked import Locked, locked
from core.evaluation.scoring import AT_HALF, AT_OWN, COST, LOWER_IS_BETTER, SCARCE, even_cost
from core.judge import proportion_interval
from core.numerics.ranked_rows import RankedRows, drawn, expanded_tail, ranked
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

FEWEST = 10
LEVEL = 0.9
"""Of the band of a threshold: from 5 to 95 % of the draws."""


def threshold_band(study: Study, recipe: Recipe, *, n_draws: int = 300) -> Result:
    """Choose the threshold of a recipe again on rows drawn anew, and see how far it moves and what that does.

    The out-of-fold rows are drawn with replacement within the class of interest and within the rest, as many as there are, and the recipe's rule
    chooses its threshold on each draw. What follows is computed on the rows as they are, so its band shows what chance in choosing alone does.
    Scores at the locked threshold, which each fold takes from the others, and at .5 have intervals from rows drawn anew as well. On 150 binormal
    tables each of 10, 20, 50 and 100 rows of the class at 1 % prevalence, the band for F1 held the truly best threshold in 88 to 91 %.

    Parameters
    ----------
    study : Study
        Not changed.
    recipe : Recipe
        Its decision, or the one that fits the stated costs.
    n_draws : int
        At least 20.

    Returns
    -------
    Result
        ``band``: measure, value (at the threshold chosen on all rows), low, high (5 and 95 % of the draws).
        ``folds``: fold, threshold. ``draws``: threshold, and F1, recall, precision and, with a stated cost that is the same for every miss, cost per 1,000 rows that follow.
        ``cuts``: cut, metric, value, low, high (95 %). ``differences``: metric, difference (at its own threshold less at .5), low, high.

    Raises
    ------
    UserError
        The recipe's decision is not one threshold.

    References
    ----------
    Hesterberg (2015), The American Statistician 69, for intervals from few rows. Clopper and Pearson (1934), Biometrika 26.
    """
    start, found = time.perf_counter(), locked(study, recipe)
    if np.isnan(found.threshold):
        problem = f"{wording.quoted(recipe.title)} does not decide by one threshold."
        raise UserError(problem, "Choose a recipe with one threshold, such as tuned_threshold.")
    rng = np.random.default_rng(study.random_state)
    cost = even_cost(study)
    draws = _draws(found, cost, n_draws, rng)
    cuts, differences = side_by_side(found, cost, n_draws, rng)
    folds = pd.DataFrame({"fold": np.arange(len(found.thresholds)) + 1, "threshold": found.thresholds})
    tables = {
        "band": _band(found, cost, draws),
        "folds": folds,
        "draws": draws,
        "cuts": cuts,
        "differences": differences,
    }
    values = {"recipe": recipe.text, "n_draws": n_draws}
    stamp = provenance("threshold_band", values, study, time.perf_counter() - start)
    return Result(tables, _findings(study, recipe, found, tables), stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """Thresholds of the draws, and scores at the locked threshold and at .5."""
    figures, draws = {}, result.tables["draws"]
    title, caption = "How far the threshold moves", "Each mark is a threshold chosen on rows drawn anew."
    shown = draws.assign(which="rows drawn anew", rule="threshold")
    axes = {"x_title": "threshold (probability)", "y_title": ""}
    figures[title] = charts.strips(shown, "threshold", "rule", by="which", title=title, caption=caption, **axes)
    title, caption = "At its own threshold and at 0.5", "Each fold takes its threshold from the other folds."
    rows = result.tables["cuts"].query("metric != @COST")
    axes = {"x_title": "score (95 % interval)", "y_title": "score", "by": "cut"}
    figures[title] = charts.intervals(rows, "value", "metric", title=title, caption=caption, **axes)
    return figures


def side_by_side(
    found: Locked, miss_cost: float, n_draws: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores at the locked threshold and at .5, and their differences, with intervals from rows drawn anew; exact ones of recall and precision.

    Returns
    -------
    cuts : pandas.DataFrame
        cut, metric, value, low, high.
    differences : pandas.DataFrame
        metric, difference (at its own threshold less at .5), low, high.
    """
    cell = found.found * 4 + found.taken * 2 + found.at_half
    rows = np.bincount(cell, minlength=8)
    each = np.divide(np.bincount(cell, found.mass, minlength=8), rows, out=np.zeros(8), where=rows > 0)
    counts = np.empty((n_draws + 1, 8))
    counts[0] = rows
    for side in (slice(0, 4), slice(4, 8)):
        n = rows[side].sum()
        counts[1:, side] = rng.multinomial(n, rows[side] / n, size=n_draws) if n else 0
    mass = (counts * each).reshape(-1, 2, 2, 2)
    tail, tables = expanded_tail(int(found.found.sum())), {}
    for cut, axis in ((AT_OWN, 3), (AT_HALF, 2)):
        part = mass.sum(axis=axis)
        tables[cut] = scores(part[:, 1, 1], part[:, 0, 1], part[:, 1].sum(axis=1), part[:, 0].sum(axis=1), miss_cost)
    exact = _exact(found)
    lines = [
        (cut, name, *exact.get((cut, name), _ends(values, tail)))
        for cut, table in tables.items()
        for name, values in table.items()
    ]
    changes = [(name, *_ends(values - tables[AT_HALF][name], tail)) for name, values in tables[AT_OWN].items()]
    return (
        pd.DataFrame(lines, columns=["cut", "metric", "value", "low", "high"]),
        pd.DataFrame(changes, columns=["metric", "difference", "low", "high"]),
    )


def scores(
    hits: np.ndarray, alarms: np.ndarray, n_class: np.ndarray | float, n_rest: np.ndarray | float, miss_cost: float
) -> dict[str, np.ndarray]:
    """F1, recall, precision (0 when no row is taken) and, with stated costs, the cost per 1,000 rows."""
    taken = hits + alarms
    found = {
        "F1": 2 * hits / (n_class + taken),
        "recall": hits / n_class,
        "precision": np.divide(hits, taken, out=np.zeros(np.shape(taken)), where=taken > 0),
    }
    cost = 1000 * (miss_cost * (n_class - hits) + alarms) / (n_class + n_rest)
    return found | ({COST: cost} if miss_cost else {})


def _exact(found: Locked) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Exact intervals of recall and precision, where each row counts once."""
    result = {}
    for cut, taken in ((AT_OWN, found.taken), (AT_HALF, found.at_half)):
        hits = int((taken & found.found).sum())
        for name, n in (("recall", int(found.found.sum())), ("precision", int(taken.sum()))):
            if n and found.weight is None:
                result[cut, name] = (hits / n, *(float(end) for end in proportion_interval(hits, n)))
    return result


def _ends(values: np.ndarray, tail: float) -> tuple[float, float, float]:
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return float(values[0]), float(low), float(high)


def _draws(found: Locked, miss_cost: float, n_draws: int, rng: np.random.Generator) -> pd.DataFrame:
    items = ranked(found.score, found.found, found.weight, short=True)
    thresholds = np.empty(n_draws)
    for k, mass in enumerate(drawn(items, n_draws, rng)):
        there = mass > 0
        thresholds[k] = found.rule.best(items.score[there], items.found[there], mass[there])
    whole = ranked(found.score, found.found, found.weight)
    return pd.DataFrame({"threshold": thresholds} | _following(whole, thresholds, miss_cost))


def _following(items: RankedRows, thresholds: np.ndarray, miss_cost: float) -> dict[str, np.ndarray]:
    """What thresholds lead to on the rows as they are."""
    hits, alarms = items.above()
    place = np.searchsorted(-items.cuts, -thresholds, side="right") - 1
    return scores(hits[place], alarms[place], hits[-1], alarms[-1], miss_cost)


def _band(found: Locked, miss_cost: float, draws: pd.DataFrame) -> pd.DataFrame:
    items, at = ranked(found.score, found.found, found.weight), np.array([found.threshold])
    values = {"threshold": at} | _following(items, at, miss_cost)
    ends = draws.quantile([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    rows = [(name, float(value[0]), *(float(end) for end in ends[name])) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high"])


def _findings(study: Study, recipe: Recipe, found: Locked, tables: dict[str, pd.DataFrame]) -> tuple[Finding, ...]:
    n, label = int(found.found.sum()), wording.quoted(study.positive)
    if n < FEWEST:
        text = (
            f"{label} has {wording.plural(n, 'row')}; below {FEWEST} no threshold can be chosen and nothing is claimed."
        )
        return (Finding("caution", text),)
    follows = COST if even_cost(study) else "F1"
    if found.rule.threshold_of_costs is not None:
        text = f"The threshold of '{recipe.title}' is {wording.number(found.threshold)} by the costs alone, so no choice makes it uncertain."
        return (Finding("fine", text), _beside(tables, follows), _rests(study))
    band, placed = tables["band"].set_index("measure"), found.rule.criterion == "calibrated theory"
    own, how = band.loc["threshold"], "placed by the costs and a calibration" if placed else "chosen"
    folds = [wording.number(found.thresholds.min()), wording.number(found.thresholds.max())]
    text = (
        f"The threshold of '{recipe.title}', {how} on {wording.plural(n, 'row')} of {label}, is {wording.number(own['value'])}; over the folds "
        f"it goes from {folds[0]} to {folds[1]}. On rows drawn anew it "
        f"lies between {wording.number(own['low'])} and {wording.number(own['high'])} in 9 of 10 draws, and {follows} on the rows as they are "
        f"between {wording.number(band.loc[follows, 'low'])} and {wording.number(band.loc[follows, 'high'])}."
    )
    few = None if placed else _few(study, n)
    return tuple(filter(None, (Finding("fine", text), few, _beside(tables, follows), _rests(study))))


def _rests(study: Study) -> Finding:
    return Finding("fine", f"This rests on {carried(study, study.n_folds)}, and on rows drawn anew with the same seed.")


def _few(study: Study, n: int) -> Finding | None:
    if n >= SCARCE:
        return None
    first = (
        "Let the threshold follow from the stated costs"
        if study.miss_cost
        else "State what a miss costs, and let the threshold follow from it"
    )
    text = (
        f"Below {SCARCE} rows of the class of interest a chosen threshold mostly follows the chance of which rows there are. {first}, on calibrated scores: "
        "that needs no choosing."
    )
    return Finding("caution", text, ("cost_threshold", "calibrated_probabilities"))


def _beside(tables: dict[str, pd.DataFrame], metric: str) -> Finding:
    cuts = tables["cuts"].set_index(["cut", "metric"])["value"]
    row = tables["differences"].set_index("metric").loc[metric]
    low, high = (row["low"], row["high"]) if metric not in LOWER_IS_BETTER else (-row["high"], -row["low"])
    word = "better" if low > 0 else "worse" if high < 0 else "not told apart from it"
    text = (
        f"At the threshold locked on the other folds {metric} is {wording.number(cuts[AT_OWN, metric])}, and at 0.5 {wording.number(cuts[AT_HALF, metric])}: "
        f"{word} (difference {wording.change(row['difference'])}, interval {wording.change(row['low'])} to {wording.change(row['high'])})."
    )
    return Finding("caution" if word == "worse" else "fine", text)
