"""What a recipe changes against what it gains: how far probabilities and ranks of rows move, beside the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import judge
from core.charts_crosses import crosses
from core.evaluation.scoring import LOWER_IS_BETTER, FoldOutcome
from core.recipe import Recipe
from core.study import Study

GAIN = [
    "recipe", "behaviour", "behaviour_low", "behaviour_high", "rank_change", "metric", "difference", "low", "high", "n_folds",
]  # fmt: skip


def gain(
    study: Study,
    outcomes: Mapping[Recipe, Sequence[FoldOutcome]],
    differences: pd.DataFrame,
    key: tuple[str, str],
) -> pd.DataFrame:
    """How far each recipe changes the model, and what that gains.

    The change of behaviour is the mean over tested rows of ``|p − p₀|``: p is the probability of the class of interest from the recipe, p₀
    from doing nothing, on the same fold. The change of ranks is the mean over rows of the change of a row's rank as a share of the rows; it is 0 where
    a recipe only moves all probabilities up or down. The cited work measures the change by profiles of single columns; taking the rows
    themselves is our inference.

    Parameters
    ----------
    study : Study
    outcomes : mapping of Recipe to sequence of FoldOutcome
    differences : pandas.DataFrame
        Of ``core.evaluation.compare.compare``.
    key : (str, str)
        The metric and cut of the score.

    Returns
    -------
    pandas.DataFrame
        recipe, behaviour, behaviour_low, behaviour_high (over folds), rank_change, metric, difference, low, high (as in ``differences``), n_folds.

    References
    ----------
    Stando, Cavus and Biecek (2024), The effect of balancing methods on model behavior in imbalanced classification problems, PMLR 241.
    """
    base, rows = {outcome.fold: _told(outcome) for outcome in outcomes[Recipe()] if outcome.log_odds is not None}, []
    own = differences[(differences["metric"] == key[0]) & (differences["cut"] == key[1])].set_index("recipe")
    for recipe, folds in outcomes.items():
        pairs = [(one, base[one.fold]) for one in folds if one.fold in base and one.log_odds is not None]
        if recipe == Recipe() or not pairs or recipe.title not in own.index:
            continue
        moved = np.array([_moved(study, one.fold, _told(one), theirs) for one, theirs in pairs])
        mean, low, high = judge.fold_interval(moved[:, 0], folds[0].test_share)
        score = own.loc[recipe.title, ["difference", "low", "high"]]
        ends = (max(low, 0.0), min(high, 1.0)) if low == low else (low, high)
        rows.append((recipe.title, mean, *ends, moved[:, 1].mean(), key[0], *score, len(pairs)))
    return pd.DataFrame(rows, columns=GAIN)


def draw_gain(table: pd.DataFrame) -> dict[str, go.Figure]:
    """One cross per recipe: to the right it changes more, upwards it gains more."""
    if not len(table):
        return {}
    metric = table["metric"].iloc[0]
    title, lower = "What a recipe changes and what it gains", metric in LOWER_IS_BETTER
    caption = (
        "Each cross is a recipe, with its intervals over the folds. Further to the right it moves the probabilities of single rows further away from those "
        f"of doing nothing; further {'down' if lower else 'up'} it gains more. A cross that reaches over the dotted line is not told apart from doing nothing."
    )
    axes = {"x_title": "mean change of a row's probability", "y_title": f"difference of {metric}"}
    ends = ("behaviour_low", "behaviour_high"), ("low", "high")
    figure = crosses(table, "behaviour", "difference", by="recipe", ends=ends, title=title, caption=caption, **axes)
    return {title: figure}


def _told(outcome: FoldOutcome) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each row, and its rank as a share of the rows."""
    from scipy.special import expit
    from scipy.stats import rankdata

    odds = np.asarray(outcome.log_odds, dtype=float)
    return expit(odds), rankdata(odds) / len(odds)


def _moved(
    study: Study, fold: int, ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray]
) -> tuple[float, ...]:
    weight = None if study.represents is None else study.represents[study.folds[fold][1]]
    return tuple(
        float(np.average(np.abs(one - other), weights=weight)) for one, other in zip(ours, theirs, strict=True)
    )
