"""What an analyst says about costs, and what decisions on out-of-fold probabilities cost, fold by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.cost_column import row_costs
from core.errors import UserError, unknown
from core.evaluation.scoring import AT_HALF, EXPECTED, WEIGHTED
from core.numerics.cost_row import top_share
from core.numerics.weighted_accuracy import (
    KNOWN_LITTLE,
    cost_weight,
    density_of,
    expected_weighted_accuracy,
    total_cost,
    weight_at_use,
    weighted_accuracy,
)
from core.recipe import Recipe
from core.roles import COST
from core.study import Study
from core.wording import plain, quoted

AT_COST, BY_ROW, NONE, ALL = "at the cost threshold", "by the cost of each row", "call none", "call all"
COST_PER = "cost per 1,000 cases"
UNKNOWN = "weighted accuracy if nothing were known of costs"
MISSED, ALARMS = "missed per 1,000 cases", "false alarms per 1,000 cases"
MOST = 1e6
ABOUT_SO = 2.0
"""How many times larger or smaller a single stated cost may be, where its mean over a density is taken."""

LEAST = 1e-9
"""A smaller cost of a miss counts as this one where the mean over a density is taken: its weight is 0 to nine digits, and its square must not be."""

NARROW = 1e-3
"""How far the ends of a band stand apart at least, as a part of them."""

TOP = 0.02
"""The share of the rows of the class whose part of the cost is looked at."""

HEAVY, TOO_HEAVY = 0.4, 0.6
"""From which part of the cost on counts of errors mislead, and from which on they must not be used (Lombardo et al. 2026, section 4.3)."""


@dataclass(frozen=True, eq=False)
class Stated:
    """What was said about costs and use.

    Parameters
    ----------
    ratio : float
        How many false alarms one miss is worth.
    between : tuple of float or None
        The least and the greatest that it may be.
    prevalence, at_use : float
        The share of the class of interest in the whole table, and where decisions will be used.
    column : str
        The column with what a miss of each row costs, or empty.
    row_costs : ndarray (n_samples,)
        What a miss of each row costs, in false alarms; ``ratio`` in the mean over the class of interest.
    heavy : float
        Which part of the cost the top ``TOP`` of the rows of the class carry.
    priced : ndarray of bool (n_samples,)
        Whether the cell of the row itself says a cost above 0; a blank one does not.
    """

    ratio: float
    between: tuple[float, float] | None
    prevalence: float
    at_use: float
    column: str = ""
    row_costs: np.ndarray = field(default_factory=lambda: np.zeros(0))
    heavy: float = 0.0
    priced: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def weight(self) -> float:
        """The cost of a miss over that of both errors."""
        return float(cost_weight(self.ratio))

    @property
    def weight_here(self) -> float:
        """The weight on rows of this table that judges for the prevalence at use."""
        return float(weight_at_use(self.weight, self.prevalence, self.at_use))

    @property
    def threshold(self) -> float:
        """From which probability on a call is the cheaper decision, where probabilities are true for this table."""
        return 1 - self.weight_here

    @property
    def density(self) -> tuple[float, float]:
        """α and β of the weight: those of an even spread over the band, or over half to twice the ratio where no band is stated; our inference."""
        low, high = self.between or (self.ratio / ABOUT_SO, self.ratio * ABOUT_SO)
        low = max(low, LEAST)
        ends = cost_weight(np.array([low, max(high, low * (1 + NARROW))]))
        return density_of(float(ends.mean()), float(np.ptp(ends) / np.sqrt(12)))

    @property
    def counts_mislead(self) -> bool:
        """Whether few rows carry so much of the cost that only summed costs are shown."""
        return self.heavy >= HEAVY


def stated(
    study: Study,
    miss_cost: float | None = None,
    between: tuple[float, float] | None = None,
    prevalence_at_use: float | None = None,
    cost_column: str = "",
) -> Stated:
    """Check what an analyst says; what is not said comes from the study.

    Raises
    ------
    UserError
        No cost is stated, a number is out of range, or the column holds no costs.
    """
    if between is not None:
        low, high = sorted(float(end) for end in between)
        _inside("A cost of a miss", (low, high), MOST)
        middle = (cost_weight(low) + cost_weight(high)) / 2
        between, miss_cost = (low, high), miss_cost or middle / (1 - middle)
    ratio = study.miss_cost if miss_cost is None else float(miss_cost)
    if ratio == 0:
        raise UserError("No cost of a miss is stated.", "Say how many false alarms you would accept to avoid one miss.")
    _inside("The cost of a miss", (ratio,), MOST)
    prevalence = float(study.class_shares[study.positive_code])
    at_use = prevalence if prevalence_at_use is None else float(prevalence_at_use)
    if not 0 < at_use < 1:
        raise UserError(f"The prevalence at use is {plain(at_use)}.", "Give a share between 0 and 1, such as 0.01.")
    said = ratio, between, prevalence, at_use
    cost_column = cost_column or next(iter(study.dataset.costs), "")
    if not cost_column:
        return Stated(*said)
    raw, own = costs_of_rows(study, cost_column), study.codes == study.positive_code
    data = study.dataset
    priced = (data.costs if cost_column in data.costs else data.X)[cost_column].to_numpy(dtype=float) > 0
    return Stated(*said, cost_column, raw * ratio / raw[own].mean(), float(top_share(raw[own], TOP)), priced)


def costs_of_rows(study: Study, column: str) -> np.ndarray:
    """What a miss of each row (n_samples,) costs, in the unit of a column; a missing cell is taken as the mean of the class of interest."""
    data = study.dataset
    if column in data.costs.columns:
        return study.row_costs
    if column not in data.X.columns:
        hidden = [role for role, columns in data.roles.items() if column in columns]
        if hidden:
            problem = f"Column {quoted(column)} has the role {quoted(hidden[0])}, so its values are not kept."
            raise UserError(problem, f"Give it the role '{COST}' to use it as a cost.")
        raise unknown("column of numbers", column, data.numeric)
    if column not in data.numeric:
        raise UserError(f"Column {quoted(column)} holds text.", "Choose a column of numbers as the cost of a miss.")
    return row_costs(column, data.X[column].to_numpy(dtype=float), study.codes == study.positive_code, study.positive)


def ratio_of_column(study: Study, alarm_cost: float) -> float:
    """How many false alarms a miss is worth in the mean, where a column says what misses cost and a false alarm costs so much in its unit.

    Raises
    ------
    UserError
        No column has the role "cost", or a false alarm costs nothing.
    """
    if study.row_costs is None:
        problem = "No column says what a miss of each row costs, so a false alarm has no unit."
        raise UserError(problem, f"Give the role '{COST}' to a column of numbers.")
    if not alarm_cost > 0:
        raise UserError(f"The cost of a false alarm is {plain(alarm_cost)}.", "Give a number above 0.")
    return float(study.row_costs[study.codes == study.positive_code].mean() / alarm_cost)


def _inside(what: str, values: Sequence[float], most: float) -> None:
    if not all(0 < value <= most for value in values):
        bad = next(value for value in values if not 0 < value <= most)
        raise UserError(f"{what} is {plain(bad)}.", f"Give a number above 0 and up to {most:,.0f}, in false alarms.")


@dataclass(frozen=True, eq=False)
class Counted:
    """What decisions do in each fold.

    Parameters
    ----------
    names : list of (recipe, decision, threshold)
        The recipe is empty for decisions that look at no row.
    found, quiet : ndarray (n_decisions, n_folds)
        Recall and specificity; NaN where a fold holds no such row.
    lost : ndarray (n_decisions, n_folds)
        Cost of misses per row of the class of interest, in false alarms.
    """

    names: list[tuple[str, str, float]]
    found: np.ndarray
    quiet: np.ndarray
    lost: np.ndarray

    def metrics(self, said: Stated) -> dict[str, np.ndarray]:
        """Each metric (n_decisions, n_folds) at the prevalence of use."""
        own, rest = said.at_use, 1 - said.at_use
        rows = self.found * own, self.quiet * rest, own, rest
        values = {COST_PER: 1000 * total_cost(own * self.lost, rest * (1 - self.quiet), 1.0)}
        if not said.counts_mislead:
            values[WEIGHTED] = weighted_accuracy(*rows, said.weight)
            values[EXPECTED] = expected_weighted_accuracy(*rows, said.density)
            values[UNKNOWN] = expected_weighted_accuracy(*rows, KNOWN_LITTLE)
        return values | {MISSED: 1000 * own * (1 - self.found), ALARMS: 1000 * rest * (1 - self.quiet)}


def counted(study: Study, said: Stated, probas: dict[Recipe, np.ndarray]) -> Counted:
    """Decide by every recipe in every way, and count in each fold of the first repeat.

    Parameters
    ----------
    study : Study
        Its rows are all tested.
    said : Stated
    probas : mapping of Recipe to ndarray (n_samples, n_classes)
        Out of fold.
    """
    own = study.codes == study.positive_code
    names, called = [("", NONE, 1.0), ("", ALL, 0.0)], [np.zeros(len(own), bool), np.ones(len(own), bool)]
    for recipe, proba in probas.items():
        score = proba[:, study.positive_code]
        half = proba.argmax(axis=1) == study.positive_code if proba.shape[1] > 2 else score >= 0.5
        ways = [(AT_HALF, 0.5, half), (AT_COST, said.threshold, score >= said.threshold)]
        if said.column and not known_afterwards(said, own):
            weight = weight_at_use(cost_weight(said.row_costs), said.prevalence, said.at_use)
            ways.append((BY_ROW, np.nan, (score >= 1 - weight) & (said.row_costs > 0)))
        names += [(recipe.title, name, threshold) for name, threshold, _ in ways]
        called += [calls for *_, calls in ways]
    return Counted(names, *_in_folds(study, said, np.array(called), own))


def known_afterwards(said: Stated, own: np.ndarray) -> bool:
    """Whether the costs of rows give the class away: they are filled in and above 0 less than half as often outside of it (own, of booleans). The half is our choice."""
    return bool(said.priced[~own].mean() < 0.5 * said.priced[own].mean())


def _in_folds(study: Study, said: Stated, called: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, ...]:
    counts = np.ones(len(own)) if study.represents is None else study.represents
    costs = said.row_costs if said.column else np.full(len(own), said.ratio)
    folds = [study.fold == fold for fold in np.unique(study.fold)]
    found, quiet, lost = (np.full((len(called), len(folds)), np.nan) for _ in range(3))
    for f, here in enumerate(folds):
        ours, others = here & own, here & ~own
        if ours.any():
            mass = counts[ours].sum()
            found[:, f] = called[:, ours] @ counts[ours] / mass
            lost[:, f] = ~called[:, ours] @ (counts[ours] * costs[ours]) / mass
        if others.any():
            quiet[:, f] = ~called[:, others] @ counts[others] / counts[others].sum()
    return found.round(12), quiet.round(12), lost


def observed_over_expected(study: Study, proba: np.ndarray) -> np.ndarray:
    """Rows of the class of interest over the sum of their probabilities, in each fold of the first repeat; NaN where that is 0."""
    own = pd.Series(study.codes == study.positive_code, dtype=float)
    counts = np.ones(len(own)) if study.represents is None else study.represents
    sums = pd.DataFrame({"seen": own * counts, "expected": proba[:, study.positive_code] * counts})
    sums = sums.groupby(study.fold).sum()
    return (sums["seen"] / sums["expected"].where(sums["expected"] > 0)).to_numpy()


def by_recipe(decisions: pd.DataFrame) -> pd.DataFrame:
    """Decisions with a ``name``: the recipe, or what is done without one."""
    without = decisions["recipe"] == ""
    name = decisions["recipe"].where(~without, decisions["decision"])
    return decisions.assign(name=name, decision=decisions["decision"].where(~without, "without a model"))
