"""A second interval of a difference: how far it moves when the tested rows are drawn anew, without another fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.evaluation.scoring import FoldOutcome
from core.judge import LEVEL
from core.numerics.paired_ranking import weighted_average_precision
from core.recipe import Recipe
from core.study import Study

N_DRAWS, FEWEST_DRAWS = 200, 50
CELLS = 40_000_000
"""Rows times draws times recipes that are looked at; tables that would need more have fewer draws."""

REDRAWN = ["recipe", "metric", "difference", "low", "high", "n_draws"]


def redrawn(study: Study, outcomes: Mapping[Recipe, Sequence[FoldOutcome]]) -> pd.DataFrame:
    """Bootstrap intervals of the change of average precision against doing nothing.

    Tested rows are drawn with replacement within the class of interest and within the rest, whole groups where rows belong together. A row
    counts as often in every fold of every repeat as it was drawn, for the recipe and for the baseline alike. The interval is
    ``d ± t s``: s is the standard deviation of the difference over draws, t the quantile of Student's t with one degree of freedom less than there are rows
    (or groups) of the class of interest, for all recipes together (Bonferroni). It speaks of other rows to test on and not of other
    rows to learn from: where it is narrower than that of the folds, the fits differ.

    Parameters
    ----------
    study : Study
    outcomes : mapping of Recipe to sequence of FoldOutcome
        All folds of the baseline and of each recipe.

    Returns
    -------
    pandas.DataFrame
        ``REDRAWN``; no rows where probabilities of rows are missing.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 12.
    """
    from scipy.special import stdtrit

    recipes = [recipe for recipe in outcomes if recipe != Recipe()]
    if not recipes or any(one.log_odds is None for own in outcomes.values() for one in own):
        return pd.DataFrame(columns=REDRAWN)
    n_rows = sum(len(test) for _, test in study.folds) * len(outcomes)
    drawn = _drawn(study, int(np.clip(CELLS // n_rows, FEWEST_DRAWS, N_DRAWS)))
    scores = _scores(study, outcomes, drawn)
    n = _n_units(study)
    t = float(stdtrit(n - 1, 1 - (1 - LEVEL) / 2 / len(recipes))) if n > 1 else np.nan
    rows = []
    for recipe in recipes:
        change = scores[recipe] - scores[Recipe()]
        reach = t * float(np.nanstd(change[1:], ddof=1))
        rows.append(
            (recipe.title, "average precision", change[0], change[0] - reach, change[0] + reach, len(drawn) - 1)
        )
    return pd.DataFrame(rows, columns=REDRAWN)


def _drawn(study: Study, n_draws: int) -> np.ndarray:
    """How often each row counts (n_draws + 1, n_samples): once in the first line, then as drawn."""
    rng, found = np.random.default_rng([study.random_state, 0]), study.codes == study.positive_code
    unit = _units(study)
    holds = np.zeros(unit.max() + 1, dtype=bool)
    holds[unit[found]] = True
    counts = np.ones((n_draws + 1, len(holds)), dtype=np.uint8)
    for side in (np.flatnonzero(holds), np.flatnonzero(~holds)):
        for line in counts[1:] if len(side) else ():
            line[side] = np.bincount(rng.integers(0, len(side), len(side)), minlength=len(side))
    return counts[:, unit]


def _units(study: Study) -> np.ndarray:
    """What is drawn as a whole: the group of each row, or the row."""
    codes = study.dataset.group_codes
    if codes is None:
        return np.arange(len(study.codes))
    alone = codes < 0
    return np.unique(np.where(alone, codes.max() + 1 + np.arange(len(codes)), codes), return_inverse=True)[1]


def _n_units(study: Study) -> int:
    return len(np.unique(_units(study)[(study.codes == study.positive_code) & study.tested]))


def _scores(
    study: Study, outcomes: Mapping[Recipe, Sequence[FoldOutcome]], drawn: np.ndarray
) -> dict[Recipe, np.ndarray]:
    """The mean average precision over folds under every weighting of the rows (n_draws + 1,), recipe by recipe."""
    values = {recipe: np.full((len(study.folds), len(drawn)), np.nan) for recipe in outcomes}
    by_fold = {recipe: {outcome.fold: outcome for outcome in own} for recipe, own in outcomes.items()}
    for fold, (_, test) in enumerate(study.folds):
        weight = np.take(drawn, test, axis=1)
        if study.represents is not None:
            weight = weight * study.represents[test]
        found = study.codes[test] == study.positive_code
        for recipe, own in by_fold.items():
            values[recipe][fold] = weighted_average_precision(own[fold].log_odds, found, weight)
    return {recipe: _mean(own) for recipe, own in values.items()}


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the folds that can be scored; NaN where none can."""
    known = ~np.isnan(values)
    total, n = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    return np.divide(total, n, out=np.full(len(total), np.nan), where=n > 0)
