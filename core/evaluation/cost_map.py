"""Which decision is the cheapest, over the prevalence at use and what a miss is worth."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from core.evaluation.cost_decisions import ALL, NONE, Stated
from core.evaluation.verdict import FEWEST_ROWS
from core.judge import fold_interval
from core.numerics.weighted_accuracy import cost_weight, weight_at_use
from core.study import Study
from core.wording import number, share

PREVALENCES = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0, 50.0, 100.0, 300.0, 1000.0)
CLOSE = 1.25
"""How many times values of the grid differ at least from the one that was stated."""

MODEL = "the model"
REGIONS = (NONE, MODEL, ALL)


def cost_map(study: Study, said: Stated, proba: np.ndarray) -> pd.DataFrame:
    """The cheapest of calling none, calling all, and the model at its cost threshold.

    The model stands only where it is cheaper than both on the folds together: where the interval of what it saves lies above zero, cell by
    cell, and never with fewer than ``FEWEST_ROWS`` rows of the class. The grid holds what was stated.

    Parameters
    ----------
    study : Study
        Its rows are all tested.
    said : Stated
    proba : ndarray (n_samples, n_classes)
        Out of fold.

    Returns
    -------
    pandas.DataFrame
        prevalence, prevalence_text, miss_cost, miss_cost_text, weight, threshold (on probabilities of this table), call_none, call_all and
        model (cost per 1,000 cases), saving (of the model, against the cheaper of the other two) with low and high, cheapest, stated.
    """
    at_use, ratios = _with(PREVALENCES, said.at_use), _with(RATIOS, said.ratio)
    grid = pd.MultiIndex.from_product([ratios[::-1], at_use], names=["miss_cost", "prevalence"]).to_frame(index=False)
    own, ratio = grid["prevalence"].to_numpy(), grid["miss_cost"].to_numpy()
    grid["weight"] = cost_weight(ratio)
    grid["threshold"] = 1 - weight_at_use(grid["weight"].to_numpy(), said.prevalence, own)
    grid["call_none"], grid["call_all"] = 1000 * own * ratio, 1000 * (1 - own)
    found, quiet = _rates(study, proba[:, study.positive_code], grid["threshold"].to_numpy())
    costs = 1000 * (own * ratio * (1 - found) + (1 - own) * (1 - quiet))
    savings = (grid[["call_none", "call_all"]].min(axis=1).to_numpy() - costs).round(9)
    judged = np.array([fold_interval(values, study.whole.test_ratio) for values in savings.T])
    grid["model"] = np.nanmean(costs, axis=0)
    grid[["saving", "low", "high"]] = judged
    plain = np.where(grid["call_none"] <= grid["call_all"], NONE, ALL)
    enough = study.class_sizes[study.positive_code] >= FEWEST_ROWS
    grid["cheapest"] = np.where((grid["low"] > 0) & enough, MODEL, plain)
    grid["stated"] = (own == said.at_use) & (ratio == said.ratio)
    grid["prevalence_text"], grid["miss_cost_text"] = grid["prevalence"].map(percent), grid["miss_cost"].map(number)
    return grid


def percent(value: float) -> str:
    """A share as a percentage, also where it is below 0.1 %.

    Examples
    --------
    >>> percent(0.049), percent(0.00044)
    ('4.9 %', '0.044 %')
    """
    return share(value) if value >= 0.001 else f"{number(100 * value)} %"


def _with(values: tuple[float, ...], own: float) -> np.ndarray:
    """The grid with a value of one's own, in place of those that are close to it."""
    return np.sort([own, *(value for value in values if not 1 / CLOSE < value / own < CLOSE)])


def _rates(study: Study, score: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall and specificity (n_folds, n_thresholds) of calling from each threshold on."""
    own = study.codes == study.positive_code
    counts = np.ones(len(own)) if study.represents is None else study.represents
    folds = [study.fold == fold for fold in np.unique(study.fold)]
    below = partial(_below, thresholds=thresholds)
    found = [1 - below(score[here & own], counts[here & own]) for here in folds]
    quiet = [below(score[here & ~own], counts[here & ~own]) for here in folds]
    return np.array(found), np.array(quiet)


def _below(score: np.ndarray, counts: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The share of rows with a score below each threshold; NaN without rows."""
    if not len(score):
        return np.full(len(thresholds), np.nan)
    order = np.argsort(score, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(counts[order])])
    return reached[np.searchsorted(score[order], thresholds, side="left")] / reached[-1]
