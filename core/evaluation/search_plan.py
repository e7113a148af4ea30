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

BY_COSTS = "cost_threshold"
"""With stated costs, tried right after doing nothing: the threshold that they imply, in place of one that is tuned."""

TWIN = "calibrated_probabilities"
ENTRY = 0.3
"""Share of the rows that candidates are first compared on; those that are left are compared on all rows."""


@dataclass(frozen=True)
class Candidate:
    """A learner with a recipe; a decision that the recipe does not name is added, see ``core.evaluation.scoring.decided``."""

    learner: str
    recipe: Recipe = Recipe()

    @cached_property
    def name(self) -> str:
        """Both in words, what tells candidates apart first."""
        root = plain(self.recipe)
        if self.recipe in (twin(root, costs) for costs in (False, True)):
            return f"{self.learner}, calibrated: {root.title}"
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
        return (*super().key, "searched", len(self.given))


@dataclass(frozen=True, eq=False)
class Plan:
    """On which rows candidates are compared, and in what order.

    Parameters
    ----------
    folds : Folds
        No row is tested twice. First those of the entry, on which candidates are given up, and then those on which the ones that are left are compared; each
        learns from all rows that it does not test, or with an order from all earlier ones.
    rungs : tuple of int
        Folds that a candidate is scored on after each rung of the entry.
    ordered : bool
        Whether the folds follow time.
    """

    folds: Folds
    rungs: tuple[int, ...]
    ordered: bool = False

    @property
    def apart(self) -> range:
        """Positions of the folds on which no candidate is given up."""
        return range(self.rungs[-1], len(self.folds))

    def others(self, fold: int, known: Iterable[int]) -> list[int]:
        """Which folds may choose for one of those on which no candidate is given up: all but it, or with an order the earlier ones."""
        return [f for f in known if f < fold or (f > fold and not self.ordered)]


def plain(recipe: Recipe) -> Recipe:
    """The same recipe without calibration and decision."""
    return recipe.without("calibration").without("decision")


def twin(recipe: Recipe, costs: bool) -> Recipe:
    """The same recipe with calibrated probabilities, and the threshold that costs imply where they are stated."""
    return Recipe.parse(f"{recipe.text}+{TWIN}" + (f"+{BY_COSTS}" if costs else ""))


def candidates(study: Study, recipes: Iterable[Recipe] = ()) -> tuple[Candidate, ...]:
    """All learners with all ``RECIPES`` that serve them, and with stated costs ``BY_COSTS``, recipe by recipe, the study's learner first; doing nothing with it comes first of all.

    Parameters
    ----------
    study : Study
    recipes : iterable of Recipe
        More of them, tried right after doing nothing.
    """
    order = dict.fromkeys((study.learner, "linear", "boosted", "neural", *LEARNERS))
    texts = (RECIPES[0], *([BY_COSTS] if study.miss_cost else []), *RECIPES[1:])
    wanted = dict.fromkeys((Recipe(), *recipes, *map(Recipe.parse, texts)))
    serves = {
        (recipe, name): all(method(slug).serves(name) for slug in recipe.slugs) for recipe in wanted for name in order
    }
    return tuple(Candidate(name, recipe) for recipe in wanted for name in order if serves[recipe, name])


def planned(study: Study) -> Plan:
    """Cut the rows into parts, groups whole, or in the order of time, and make folds of them.

    Rows of the class of interest say how many parts: 20 with 50 and more, 10 with 25 and more, else 5; fewer where groups or times do not allow them. The first
    ``ENTRY`` of them, two by two where there are 20, are the folds of the entry, and each other one is a fold. With an order, the earliest parts are only learned from.
    """
    data, n_own, seed = study.dataset, study.class_sizes[study.positive_code], study.random_state
    told = {"groups": data.group_codes, "order": data.order}
    for n_parts in (20, 10, 5):
        if n_own < 2.5 * n_parts and n_parts > 5:
            continue
        try:
            parts = folds(study.codes, n_folds=n_parts, random_state=seed, **told)
        except UserError:
            if n_parts == 5:
                raise
            continue
        break
    if data.order is not None:
        parts = parts[max(1, n_parts // 7) :]
    n_entry = max(2, round(ENTRY * n_parts))
    entry = parts[:n_entry]
    if n_parts == 20 and data.order is None:
        entry = tuple(_joined(len(study.codes), *pair) for pair in zip(entry[::2], entry[1::2], strict=True))
    rungs = tuple(sorted({2, (len(entry) + 3) // 2, len(entry)}))
    return Plan((*entry, *parts[n_entry:]), rungs, data.order is not None)


def _joined(n: int, one: tuple, other: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Two folds as one: rows that either tests are tested, and those that both learn from are learned from."""
    tested, learned = (np.zeros(n, dtype=int) for _ in range(2))
    for train, test in (one, other):
        learned[train] += 1
        tested[test] = 1
    return np.flatnonzero(learned == 2), np.flatnonzero(tested)
