"""Which recipes can be told apart: tests, probabilities beside a margin that matters, and the rows that would be needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts
from core.evaluation import nested
from core.evaluation.gain import GAIN, gain
from core.evaluation.redrawn import REDRAWN, redrawn
from core.evaluation.scoring import CALIBRATION, COST, LOWER_IS_BETTER, TOTAL, FoldOutcome
from core.numerics.multiplicity import holm
from core.numerics.paired import growth, p_value, paired, practical
from core.recipe import Recipe
from core.study import Study

MARGIN = 0.01
"""A difference of a score that is too small to matter; for costs, this share of the baseline's cost."""

SURE = 0.95
"""From which probability on recipes are called practically equal."""

MOST_ROWS = 1_000_000
"""Of the table; beyond it, rows that would be needed are not counted out."""

FEWEST_ROWS = 10
"""Rows of the class of interest below which nothing is claimed."""

BETTER, LITTLE, WORSE, EQUAL, UNTOLD, TOO_FEW = (
    "better", "better by too little to matter", "worse", "practically equal", "not distinguishable", "too few rows to say",
)  # fmt: skip
CHANCES = ["better", "equivalent", "worse"]
BETTER_THAN = ["recipe", "other", "metric", "difference", *CHANCES, "n_folds"]
VERDICTS = ["recipe", "verdict", "difference", "to_tell", "times_more", "positives_needed", "rows_needed"]


def told_apart(
    study: Study,
    outcomes: Mapping[Recipe, Sequence[FoldOutcome]],
    differences: pd.DataFrame,
    key: tuple[str, str],
    margin: float,
) -> dict[str, pd.DataFrame]:
    """What a comparison says beyond scores and differences, see ``core.evaluation.compare.compare``.

    The tables are empty before all folds of all recipes are there: looking again and again would find a winner in noise.

    Parameters
    ----------
    study : Study
    outcomes : mapping of Recipe to sequence of FoldOutcome
        With the baseline.
    differences : pandas.DataFrame
        To the baseline.
    key : (str, str)
        The metric and cut that are judged.
    margin : float
        As for ``core.evaluation.compare.compare``.
    """
    columns = {"better_than": BETTER_THAN, "verdicts": VERDICTS, "gain": GAIN, "redrawn": REDRAWN}
    columns |= {"chosen": nested.CHOSEN, "selection": nested.SELECTION}
    if any(len(own) < len(study.folds) for own in outcomes.values()):
        return {name: pd.DataFrame(columns=names) for name, names in columns.items()}
    margin = margin_of(margin, outcomes[Recipe()], key)
    chosen = nested.choices(outcomes, key, study.n_folds)
    return {
        "better_than": better_than(outcomes, key, margin),
        "verdicts": verdicts(study, outcomes, differences, key, margin),
        "gain": gain(study, outcomes, differences, key),
        "redrawn": redrawn(study, outcomes),
        "chosen": chosen,
        "selection": nested.selection(outcomes, chosen, key),
    }


def margin_of(margin: float, base: Sequence[FoldOutcome], key: tuple[str, str]) -> float:
    """The margin on the scale of a metric and cut; NaN where none has a meaning."""
    if key[0] in CALIBRATION:
        return np.nan
    return margin * float(np.mean([outcome.scores[key] for outcome in base])) if key[0] in (COST, TOTAL) else margin


def tests(values: np.ndarray, test_share: float, metric: str, margin: float) -> tuple[float, float, float, float]:
    """Of differences, one per fold: p, and how probable it is that the true one is better, equivalent and worse by the margin."""
    one = paired(values, test_share)
    if np.isnan(margin):
        return p_value(one), np.nan, np.nan, np.nan
    above, within, below = practical(one, margin)
    better, worse = (below, above) if metric in LOWER_IS_BETTER else (above, below)
    return p_value(one), better, within, worse


def step_down(differences: pd.DataFrame, n_together: int) -> pd.Series:
    """The p-values of all recipes, raised by Holm's steps within each metric and cut."""
    raised = pd.Series(np.nan, index=differences.index)
    for _, rows in differences.groupby(["metric", "cut"], sort=False):
        raised[rows.index] = holm(rows["p"].to_numpy(), n_together)
    return raised


def better_than(outcomes: Mapping[Recipe, Sequence[FoldOutcome]], key: tuple[str, str], margin: float) -> pd.DataFrame:
    """Every recipe against every other: ``BETTER_THAN``."""
    rows = []
    for ours, own in outcomes.items():
        theirs = {outcome.fold: outcome for outcome in own}
        for other, folds in outcomes.items():
            if ours == other:
                continue
            change = np.array([theirs[one.fold].scores[key] - one.scores[key] for one in folds])
            known = change[~np.isnan(change)]
            mean = float(known.mean()) if len(known) else np.nan
            chances = tests(change, folds[0].test_share, key[0], margin)[1:]
            rows.append((ours.title, other.title, key[0], mean, *chances, len(known)))
    return pd.DataFrame(rows, columns=BETTER_THAN)


def draw_better_than(table: pd.DataFrame) -> dict[str, go.Figure]:
    """Every recipe against every other; nothing for one recipe and doing nothing, which other figures show."""
    names = table["recipe"].unique()
    if len(names) < 3:
        return {}
    title = "How probably one recipe beats another"
    caption = f"Probability, from what the folds showed, that the recipe of the line beats the recipe of the column in {table['metric'].iloc[0]} by more than the margin that matters."
    square = pd.DataFrame({"recipe": names, "other": names}).merge(
        table, on=["recipe", "other"], how="outer", sort=False
    )
    place = {name: i for i, name in enumerate(names)}
    square = square.sort_values(["recipe", "other"], key=lambda column: column.map(place))
    axes = {"x_title": "than", "y_title": "recipe", "value_title": "probability", "low": 0, "high": 1}
    return {title: charts.heatmap(square, "other", "recipe", "better", title=title, caption=caption, **axes)}


def verdicts(
    study: Study,
    outcomes: Mapping[Recipe, Sequence[FoldOutcome]],
    differences: pd.DataFrame,
    key: tuple[str, str],
    margin: float,
) -> pd.DataFrame:
    """What each recipe is beside doing nothing, and the rows that would tell: ``VERDICTS``.

    A recipe is better or worse where its interval leaves zero out, practically equal where the difference lies within the margin with
    probability ``SURE``, and otherwise not distinguishable. With fewer than ``FEWEST_ROWS`` rows of the class of interest none is given.
    ``to_tell`` is what is to be told from none with probability .8 (``core.numerics.paired.growth``): the difference that was seen, or the margin
    where less was seen. ``times_more`` says by how many times as many rows, and the last two columns how many that are, of the class of interest and in all.
    """
    own = differences[(differences["metric"] == key[0]) & (differences["cut"] == key[1])].set_index("recipe")
    base, rows = {outcome.fold: outcome for outcome in outcomes[Recipe()]}, []
    sizes, positive = study.judged.class_sizes, study.judged.positive_code
    share = study.judged.class_shares[positive]
    for recipe, folds in outcomes.items():
        if recipe == Recipe():
            continue
        change = np.array([one.scores[key] - base[one.fold].scores[key] for one in folds])
        one = paired(change, folds[0].test_share)
        wanted = float(np.fmax(abs(one.mean), margin))
        times = growth(one, wanted, n_together=len(outcomes) - 1)
        verdict = TOO_FEW if sizes[positive] < FEWEST_ROWS else _verdict(own.loc[recipe.title], key[0], margin)
        rows.append(
            (recipe.title, verdict, one.mean, wanted, times, times * sizes[positive], times * sizes[positive] / share)
        )
    return pd.DataFrame(rows, columns=VERDICTS)


def _verdict(row: pd.Series, metric: str, margin: float) -> str:
    least, most = (-row["high"], -row["low"]) if metric in LOWER_IS_BETTER else (row["low"], row["high"])
    if least > 0:
        return BETTER if least > margin else LITTLE
    if most < 0:
        return WORSE
    return EQUAL if row["equivalent"] >= SURE else UNTOLD
