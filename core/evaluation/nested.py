"""The winner's curse: what choosing the best of several recipes gains, scored where the choice was not made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core import judge
from core.evaluation.scoring import LOWER_IS_BETTER, FoldOutcome
from core.recipe import Recipe

CHOSEN = ["fold", "recipe", "metric", "value", "baseline", "difference"]
SELECTION = ["recipe", "metric", "naive", "value", "difference", "low", "high", "times_chosen", "n_folds"]


def choices(outcomes: Mapping[Recipe, Sequence[FoldOutcome]], key: tuple[str, str], n_folds: int) -> pd.DataFrame:
    """Choose a recipe anew for every fold, by the other folds of the same draw, and score it on that fold.

    The best of several scores is too good, because luck was chosen along with merit. A fold that had no part in the choice does not share that
    luck. Only the other folds of the same draw choose: folds of another draw hold some of the same rows. No fit is made for it, any metric
    can be chosen by, and no row chooses the recipe that it then scores. What is left of the bias: the recipes that are scored in the other folds have learned from the
    rows of this one. A choice by fewer folds is a little worse than one by all, so the value errs to the low side.

    Parameters
    ----------
    outcomes : mapping of Recipe to sequence of FoldOutcome
        All folds; doing nothing is one of those that can be chosen.
    key : (str, str)
        The metric and cut to choose by.
    n_folds : int
        Folds of one draw.

    Returns
    -------
    pandas.DataFrame
        fold, recipe (the one that was chosen), metric, value, baseline, difference; no rows where a draw has one fold that can be scored.

    References
    ----------
    Cawley and Talbot (2010), Journal of Machine Learning Research 11. Tsamardinos, Greasidou and Borboudakis (2018), Machine Learning 107, for
    choosing on stored predictions and scoring on those that are left out.
    """
    recipes, rows = list(outcomes), []
    scores = np.array([[one.scores[key] for one in sorted(own, key=lambda one: one.fold)] for own in outcomes.values()])
    signed = -scores if key[0] in LOWER_IS_BETTER else scores
    known, base = ~np.isnan(scores).any(axis=0), recipes.index(Recipe())
    for fold in np.flatnonzero(known):
        draw = fold // n_folds
        others = [f for f in range(draw * n_folds, min((draw + 1) * n_folds, len(known))) if f != fold and known[f]]
        if not others:
            continue
        mean = signed[:, others].mean(axis=1)
        best = base if mean[base] >= mean.max() else int(mean.argmax())
        own, other = scores[best, fold], scores[base, fold]
        rows.append((int(fold), recipes[best].title, key[0], own, other, own - other))
    return pd.DataFrame(rows, columns=CHOSEN)


def selection(
    outcomes: Mapping[Recipe, Sequence[FoldOutcome]], chosen: pd.DataFrame, key: tuple[str, str]
) -> pd.DataFrame:
    """What choosing gains: the recipe with the best mean, its own (naive) difference, and the value and difference of ``choices`` with its interval.

    Returns
    -------
    pandas.DataFrame
        One row: recipe, metric, naive, value, difference, low, high, times_chosen (the folds for which this recipe was chosen), n_folds.
    """
    means = {recipe: np.nanmean([one.scores[key] for one in own]) for recipe, own in outcomes.items() if len(chosen)}
    if not means:
        return pd.DataFrame(columns=SELECTION)
    best = (min if key[0] in LOWER_IS_BETTER else max)(means, key=means.get)
    mean, low, high = judge.fold_interval(chosen["difference"].to_numpy(), outcomes[best][0].test_share)
    times = int((chosen["recipe"] == best.title).sum())
    naive = means[best] - means[Recipe()]
    row = (best.title, key[0], naive, chosen["value"].mean(), mean, low, high, times, len(chosen))
    return pd.DataFrame([row], columns=SELECTION)
