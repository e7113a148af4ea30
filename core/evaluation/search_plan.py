"""What a search over recipes tries, which rows choose, and which rows have no part in the choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import UserError
from core.learners import LEARNERS
from core.recipe import Recipe
from core.registry import method
from core.study import Study
from core.validation import Folds, folds

RECIPES = (
    "", "class_weights:power=0.5", "class_weights", "focal", "logit_adjustment", "class_balanced", "balanced_bagging", "random_undersampling",
    "random_oversampling", "smote",
)  # fmt: skip
"""From the simplest to what changes most; of near-equal candidates the earlier one is taken."""

TWIN = "calibrated_probabilities"
APART = 0.4
"""Share of the rows that have no part in the choice."""


@dataclass(frozen=True)
class Candidate:
    """A learner with a recipe; a decision that the recipe does not name is added, see ``core.evaluation.scoring.decided``."""

    learner: str
    recipe: Recipe = Recipe()

    @cached_property
    def name(self) -> str:
        """Both in words, what tells candidates apart first."""
        plain = self.recipe.without("calibration")
        if plain != self.recipe and self.recipe == Recipe.parse(f"{plain.text}+{TWIN}"):
            return f"{self.learner}, calibrated: {plain.title}"
        return f"{self.learner}: {self.recipe.title}"


@dataclass(frozen=True, eq=False)
class Searched(Study):
    """A study whose folds are given.

    Parameters
    ----------
    given : tuple of (train, test)
    """

    given: Folds = ()

    @cached_property
    def folds(self) -> Folds:
        """Those that were given."""
        return self.given

    @property
    def key(self) -> tuple:
        """Never that of the study on its own folds."""
        return (*super().key, "searched")


@dataclass(frozen=True, eq=False)
class Plan:
    """Which rows choose, and which only judge the choice.

    Parameters
    ----------
    folds : Folds
        Those that choose, whose rows all lie on one side, and then those that test the rows apart; these learn from all rows that they do not test, or
        with an order from all earlier ones.
    rungs : tuple of int
        Folds that a candidate is scored on after each rung.
    """

    folds: Folds
    rungs: tuple[int, ...]

    @property
    def apart(self) -> range:
        """Positions of the folds that test rows apart."""
        return range(self.rungs[-1], len(self.folds))


def candidates(study: Study, recipes: Iterable[Recipe] = ()) -> tuple[Candidate, ...]:
    """All learners with all ``RECIPES`` that serve them, recipe by recipe, the study's learner first; doing nothing with it comes first of all.

    Parameters
    ----------
    study : Study
    recipes : iterable of Recipe
        More of them, tried right after doing nothing.
    """
    order = dict.fromkeys((study.learner, "linear", "boosted", "neural", *LEARNERS))
    wanted = dict.fromkeys((Recipe(), *recipes, *map(Recipe.parse, RECIPES)))
    serves = {
        (recipe, name): all(method(slug).serves(name) for slug in recipe.slugs) for recipe in wanted for name in order
    }
    return tuple(Candidate(name, recipe) for recipe in wanted for name in order if serves[recipe, name])


def planned(study: Study) -> Plan:
    """Set ``APART`` of the rows aside, groups whole, or the latest ones where rows have an order; and lay folds through both parts.

    Rows of the class of interest say how many parts: 20 with 50 and more, 10 with 25 and more, else 5; fewer where groups or times do not allow them.
    """
    data, n_own, seed = study.dataset, study.class_sizes[study.positive_code], study.random_state
    told = {"groups": data.group_codes, "order": data.order}
    for n_parts in (20, 10, 5):
        if n_own < 2.5 * n_parts and n_parts > 5:
            continue
        try:
            parts = folds(study.codes, n_folds=n_parts, random_state=seed + 1, **told)
            last = parts[-round(APART * n_parts) :]
            away = np.isin(np.arange(len(study.codes)), np.concatenate([test for _, test in last]))
            rows = np.flatnonzero(~away) if data.order is None else last[0][0]
            inside = {name: None if values is None else values[rows] for name, values in told.items()}
            choice = {"n_folds": study.n_folds, "n_repeats": 2, "random_state": seed}
            chosen = folds(study.codes[rows], **choice, **inside)
        except UserError:
            if n_parts == 5:
                raise
            continue
        break
    first = min(2, study.n_folds)
    rungs = tuple(sorted({first, study.n_folds, len(chosen)}))
    return Plan((*((rows[train], rows[test]) for train, test in chosen), *last), rungs)
