"""One cut-off for all recipes, said in one of four ways, and the rows that it is laid on: those that were kept out of fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import wording
from core.errors import UserError
from core.evaluation.scoring import AT_HALF, AT_OWN, FoldOutcome, decided, log_odds
from core.numerics.cutoffs import threshold_of
from core.numerics.ranked_rows import drawn, ranked
from core.recipe import Recipe
from core.study import Study

WAYS = {
    "probability": "probability",
    "top": "cases flagged",
    "per1000": "flagged of 1,000",
    "cost": "the cost of a miss",
}
"""How a cut-off may be said; without one each recipe decides as it does."""

LIMITS = {"probability": (1e-6, 1 - 1e-6), "top": (1, 10**9), "per1000": (0.001, 1000.0), "cost": (1e-3, 1e6)}


@dataclass(frozen=True)
class Cutoff:
    """Where a row begins to be called one of the class of interest.

    Parameters
    ----------
    way : str
        A key of ``WAYS``; empty leaves it to each recipe.
    value : float
        A probability; a number of cases, or of cases in 1,000, with the highest probabilities; or how many false alarms a miss costs,
        C, which stands for the probability ``1 / (1 + C)``.
    """

    way: str = ""
    value: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Cutoff:
        """Read "probability:0.02", "top:50", "per1000:5" or "cost:20"; nothing leaves it to each recipe.

        Raises
        ------
        UserError
            There is no such way, or the value lies outside of its limits.
        """
        if not text:
            return cls()
        way, _, number = text.partition(":")
        try:
            value = float(number)
        except ValueError:
            value = np.nan
        remedy = "Write probability:0.02, top:50, per1000:5 or cost:20."
        if way not in WAYS or np.isnan(value):
            raise UserError(f"{wording.quoted(text)} is no cut-off.", remedy)
        low, high = LIMITS[way]
        if not low <= value <= high or (way == "top" and value != round(value)):
            kind = "whole number" if way == "top" else "value"
            problem = f"{wording.plain(value)} is out of range for a cut-off by {WAYS[way]}."
            raise UserError(
                problem, f"Choose a {kind} from {wording.plain(low)} to {wording.plain(high, grouped=True)}."
            )
        return cls(way, value)

    @property
    def text(self) -> str:
        """What ``parse`` reads."""
        return f"{self.way}:{wording.plain(self.value)}" if self.way else ""

    @property
    def words(self) -> str:
        """The cut-off in plain words."""
        value = wording.plain(self.value, grouped=True)
        said = {
            "probability": f"the probability {value}", "top": f"the {value} most probable cases", "per1000": f"{value} of 1,000 cases",
            "cost": f"what a miss worth {value} false alarms implies",
        }  # fmt: skip
        return said.get(self.way, "what each recipe decides")

    def threshold(self, score: np.ndarray, weight: np.ndarray, at_use: np.ndarray) -> float:
        """The probability from which on rows are flagged.

        Parameters
        ----------
        score : ndarray (n_samples,)
        weight : ndarray (n_samples,)
            How many rows of the table each one counts as, for a number of cases.
        at_use : ndarray (n_samples,)
            The same where decisions will be made, for cases in 1,000.
        """
        if self.way == "probability":
            return self.value
        if self.way == "cost":
            return threshold_of("cost of a miss", self.value, score, 0.5)
        weight, share = (weight, 1000 * self.value / weight.sum()) if self.way == "top" else (at_use, self.value)
        return threshold_of("alarms per 1,000", min(share, 1000.0), score, 0.5, weight)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a recipe said of the rows of the first draw of folds, each by a model that had not seen it.

    Parameters
    ----------
    rows : ndarray of int (n_tested,)
        Positions in the study.
    score : ndarray (n_tested,)
        Probability of the class of interest.
    found : ndarray of bool (n_tested,)
        Whether the row belongs to it.
    weight : ndarray (n_tested,)
        How many rows of the whole table it stands for.
    own : ndarray (n_tested,)
        The threshold that was chosen inside the training rows; NaN where the rule is not one threshold.
    thresholds : ndarray (n_folds,)
        The same, once for each fold.
    matrices : mapping of cut to ndarray (n_classes, n_classes)
        Added up over the folds.
    code : int
        The place of the class in them.
    """

    rows: np.ndarray
    score: np.ndarray
    found: np.ndarray
    weight: np.ndarray
    own: np.ndarray
    thresholds: np.ndarray
    matrices: Mapping[str, np.ndarray]
    code: int

    @property
    def prevalence(self) -> float:
        """The share of the class in the whole table."""
        return float(np.average(self.found, weights=self.weight))

    @property
    def single(self) -> bool:
        """Whether the decision of the recipe is one threshold in each fold, for all rows alike."""
        taken = reached(self.score, self.own)
        flagged = self.weight[taken & self.found].sum(), self.weight[taken].sum()
        return bool(np.allclose(flagged, (self.hits(AT_OWN), self.matrices[AT_OWN][:, self.code].sum())))

    def hits(self, cut: str) -> float:
        """Rows of the class that the decision of the folds takes, as many as the whole table has."""
        return float(self.matrices[cut][self.code, self.code])

    def at_use(self, prevalence: float | None) -> np.ndarray:
        """How many rows each one counts as where the class has another share."""
        if prevalence is None:
            return self.weight
        usual = self.prevalence
        return self.weight * np.where(self.found, prevalence / usual, (1 - prevalence) / (1 - usual))

    def threshold(self, cutoff: Cutoff, prevalence: float | None = None) -> float:
        """The probability from which on rows are flagged."""
        return cutoff.threshold(self.score, self.weight, self.at_use(prevalence))


def seen(study: Study, outcomes: Sequence[FoldOutcome]) -> Seen | None:
    """Put together what a recipe said of the rows of the first draw of folds; None until all its folds are there.

    Parameters
    ----------
    study : Study
    outcomes : sequence of FoldOutcome
        Of one recipe, in any order; those of further draws are left aside.
    """
    first = {outcome.fold: outcome for outcome in outcomes if outcome.fold < study.n_folds}
    folds = range(len(study.folds[: study.n_folds]))
    if any(fold not in first or first[fold].log_odds is None for fold in folds):
        return None
    tests, arrived = [study.folds[fold][1] for fold in folds], [first[fold] for fold in folds]
    rows = np.concatenate(tests)
    found = study.codes[rows] == study.positive_code
    if found.all() or not found.any():
        return None
    return Seen(
        rows=rows,
        score=_probability(np.concatenate([outcome.log_odds for outcome in arrived])),
        found=found,
        weight=np.ones(len(rows)) if study.represents is None else study.represents[rows],
        own=np.concatenate([np.full(len(test), one.threshold) for test, one in zip(tests, arrived, strict=True)]),
        thresholds=np.array([outcome.threshold for outcome in arrived]),
        matrices={cut: sum(outcome.matrices[cut] for outcome in arrived) for cut in (AT_OWN, AT_HALF)},
        code=study.positive_code,
    )


def reached(score: np.ndarray, at: np.ndarray | float) -> np.ndarray:
    """Whether scores of ``Seen`` reach a threshold. They were kept as log-odds in single precision, so it is rounded as they are: 1 of 6 reaches 1/6."""
    rounded = _probability(log_odds(np.asarray(at, dtype=float), np.inf).astype(np.float32))
    return score >= np.where(np.asarray(at) > 1, at, rounded)


def _probability(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds.astype(float)))


def called(study: Study, found: Seen, cutoff: Cutoff, prevalence: float | None = None) -> pd.DataFrame:
    """Which rows a cut-off flags, the most probable first; that of the recipe where the cut-off leaves it to it and it decides by one threshold.

    Parameters
    ----------
    study : Study
    found : Seen
    cutoff : Cutoff
    prevalence : float or None
        As for ``core.evaluation.at_cutoff.at_cutoff``.

    Returns
    -------
    pandas.DataFrame
        row (counted from 1), label, probability, threshold, flagged, times_odds (the odds of the row over those of the threshold). ``flagged`` is
        missing where the recipe does not decide by one threshold.
    """
    at = np.full(len(found.rows), found.threshold(cutoff, prevalence)) if cutoff.way else found.own
    table = pd.DataFrame({"row": found.rows + 1, "label": study.dataset.y.iloc[found.rows].to_numpy()})
    table = table.assign(probability=found.score, threshold=at, flagged=reached(found.score, at))
    table["times_odds"] = np.exp(log_odds(found.score, np.inf) - log_odds(at, np.inf))
    if not cutoff.way and not found.single:
        table = table.assign(threshold=np.nan, times_odds=np.nan, flagged=pd.array([pd.NA] * len(table), "boolean"))
    return table.sort_values("probability", ascending=False, kind="stable").reset_index(drop=True)


def tuned_band(study: Study, recipe: Recipe, found: Seen, n_draws: int = 300) -> tuple[float, float] | None:
    """Where 9 of 10 thresholds lie that the rule of a recipe chooses on rows drawn anew within each class; None where nothing is chosen.

    Parameters
    ----------
    study : Study
        Remembers the answer.
    recipe : Recipe
    found : Seen
    n_draws : int

    References
    ----------
    As ``core.evaluation.threshold_band``.
    """
    key = ("tuned band", recipe, n_draws)
    if key not in study._memory:
        rule, band = study.classifier(decided(study, recipe)), None
        if found.single and rule.threshold_of_costs is None:
            rng, weight = np.random.default_rng(study.random_state), None if study.represents is None else found.weight
            items = ranked(found.score, found.found, weight, short=True)
            chosen = [rule.best(items.score[m > 0], items.found[m > 0], m[m > 0]) for m in drawn(items, n_draws, rng)]
            band = tuple(float(end) for end in np.quantile(chosen, [0.05, 0.95]))
        study._memory[key] = band
    return study._memory[key]
