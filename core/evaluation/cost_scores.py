"""What costs say of decisions that were counted: total classification cost, weighted accuracy, and its mean over costs that are possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.evaluation.cost_decisions import Stated, stated
from core.evaluation.scoring import COST, EXPECTED, TOTAL, WEIGHTED, FoldOutcome
from core.numerics.weighted_accuracy import KNOWN_LITTLE, expected_weighted_accuracy, weighted_accuracy
from core.recipe import Recipe
from core.result import Result
from core.study import Study

SAME = 0.01
"""How far two costs may lie apart, as a part of one of them, and be told as one: folds share out rows up to whole ones."""


@dataclass(frozen=True)
class Prices:
    """What is needed to price a confusion matrix.

    Parameters
    ----------
    at_use : float
        The share of the class of interest where decisions will be used.
    weighted : float or None
        The weight of the recall in the weighted accuracy; None where no cost is stated, or where few rows carry most of it.
    expected : float or None
        The same of its mean over costs; over all costs where none is stated. None where few rows carry most of the cost.
    """

    at_use: float
    weighted: float | None
    expected: float | None

    def of(self, matrix: np.ndarray, positive: int, lost: float | None = None) -> dict[str, float]:
        """The scores of decisions; NaN where a side has no rows.

        Parameters
        ----------
        matrix : ndarray (n_classes, n_classes)
            Rows of each class by what they are taken for.
        positive : int
            The class of interest.
        lost : float or None
            What all misses cost together, in false alarms; None where no cost is stated.

        Returns
        -------
        dict of str to float
            Those of ``COST_METRICS`` that have a meaning: the total classification cost is that of 1,000 cases at use, ``1000 (t · lost / n_class +
            (1 − t) · alarms / n_rest)``, in false alarms; the weighted accuracies are ``g · recall + (1 − g) · specificity``.
        """
        own = float(matrix[positive].sum())
        rest, alarms = float(matrix.sum()) - own, float(matrix[:, positive].sum() - matrix[positive, positive])
        found = matrix[positive, positive] / own if own else np.nan
        quiet = 1 - alarms / rest if rest else np.nan
        scores = {}
        if lost is not None:
            scores[TOTAL] = (
                1000 * (self.at_use * max(lost, 0.0) / own + (1 - self.at_use) * (1 - quiet)) if own else np.nan
            )
        return scores | {name: float(value) for name, value in self.accuracies(found, quiet).items()}

    def accuracies(self, found: Any, quiet: Any) -> dict[str, Any]:
        """The weighted accuracies of a recall and a specificity, numbers or arrays."""
        shares = {WEIGHTED: self.weighted, EXPECTED: self.expected}
        return {name: share * found + (1 - share) * quiet for name, share in shares.items() if share is not None}


def prices(
    study: Study, *, prevalence_at_use: float | None = None, between: tuple[float, float] | None = None
) -> Prices:
    """The prices that a study states.

    Parameters
    ----------
    study : Study
        With its cost of a miss, or none.
    prevalence_at_use : float or None
        The share of the class of interest where decisions will be used; that of the table when left out.
    between : tuple of float or None
        The least and the greatest cost of a miss that is possible; half to twice the stated one when left out.

    Raises
    ------
    UserError
        As ``core.evaluation.cost_decisions.stated``.
    """
    said = stated(study, study.miss_cost or 1.0, between if study.miss_cost else None, prevalence_at_use)
    found = prices_of(said)
    if study.miss_cost or said.counts_mislead:
        return found
    return replace(found, weighted=None, expected=_share(said, expected_weighted_accuracy, KNOWN_LITTLE))


def prices_of(said: Stated) -> Prices:
    """The prices of what was said about costs and use."""
    if said.counts_mislead:
        return Prices(said.at_use, None, None)
    weighted, expected = (
        _share(said, weighted_accuracy, said.weight),
        _share(said, expected_weighted_accuracy, said.density),
    )
    return Prices(said.at_use, weighted, expected)


def _share(said: Stated, accuracy: Callable[..., Any], weight: Any) -> float:
    """The weight of the recall: the accuracy of finding all rows of the class and getting all others wrong."""
    return float(accuracy(said.at_use, 0.0, said.at_use, 1 - said.at_use, weight))


def with_costs(
    study: Study, outcomes: Mapping[Recipe, Sequence[FoldOutcome]], **said: object
) -> dict[Recipe, list[FoldOutcome]]:
    """The outcomes of folds with the scores that costs give them, fold by fold.

    Parameters
    ----------
    study : Study
        Not changed.
    outcomes : mapping
        By recipe, or by any name.
    **said
        As for ``prices``.
    """
    known = prices(study, **said)
    return {recipe: [_priced(study, known, one) for one in own] for recipe, own in outcomes.items()}


def told_once(result: Result) -> pd.DataFrame:
    """The scores of a comparison for a reader: the total classification cost is left out where it is the cost per 1,000 rows once more.

    That is where no other prevalence at use was stated and the folds have the shares of the table, so that both agree up to ``SAME``; folds that
    keep groups together or follow time may not. Columns as in ``result``.
    """
    scores, said = result.tables["scores"], result.provenance["parameters"]
    if result.provenance["method"] != "evaluate" or said.get("prevalence_at_use"):
        return scores
    one, other = (scores.loc[scores["metric"] == name, "value"].to_numpy() for name in (COST, TOTAL))
    twice = len(one) == len(other) > 0 and np.allclose(other, one, rtol=SAME, atol=0, equal_nan=True)
    return scores[scores["metric"] != TOTAL] if twice else scores


def _priced(study: Study, known: Prices, one: FoldOutcome) -> FoldOutcome:
    positive, scores = study.positive_code, dict(one.scores)
    for cut, matrix in one.matrices.items():
        lost = None
        if (COST, cut) in scores:
            alarms = matrix[:, positive].sum() - matrix[positive, positive]
            lost = float(scores[COST, cut] * matrix.sum() / 1000 - alarms)
        scores |= {(name, cut): value for name, value in known.of(matrix, positive, lost).items()}
    return replace(one, scores=scores)
