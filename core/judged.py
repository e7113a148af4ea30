"""The rows of a study that are tested: with folds that follow time, the earliest rows are only learned from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.errors import unknown
from core.recipe import Recipe
from core.study import Study
from core.validation import Folds


@dataclass(frozen=True, eq=False)
class Judged(Study):
    """A study of tested rows that keeps what the whole study learned.

    Its training rows are those of the whole study that are tested themselves, so the first fold has none; whoever fits models
    takes ``whole`` and its folds.

    Parameters
    ----------
    origin : Study
        The whole study.
    rows_of_origin : ndarray (n_samples,)
        The position there of each row here.
    """

    origin: Study | None = None
    rows_of_origin: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.positive not in self.dataset.classes:
            raise unknown("class", self.positive, self.dataset.classes)

    def with_(self, **changes: Any) -> Study:
        """The tested rows of the whole study with some choices changed."""
        return self.origin.with_(**changes).judged

    @cached_property
    def folds(self) -> Folds:
        """The folds of the whole study, without the rows that are not tested."""
        here = np.full(len(self.origin.codes), -1)
        here[self.place] = np.arange(len(self.place))
        pairs = ([here[rows] for rows in pair] for pair in self.origin.folds)
        return tuple((train[train >= 0], test[test >= 0]) for train, test in pairs)

    @property
    def judged(self) -> Study:
        """Itself."""
        return self

    @property
    def whole(self) -> Study:
        """The study of all rows."""
        return self.origin

    @property
    def place(self) -> np.ndarray:
        """The position of each row in the whole study (n_samples,)."""
        return self.rows_of_origin

    @property
    def test_ratio(self) -> float:
        """Test rows per training row of the whole study."""
        return self.origin.test_ratio

    @property
    def plan(self) -> str:
        """How rows are tested, in plain words."""
        return self.origin.plan

    def out_of_fold(self, recipe: Recipe | None = None) -> np.ndarray:
        """Probabilities (n_samples, n_classes) from the whole study, in the order of the classes here."""
        columns = [self.origin.classes.index(label) for label in self.classes]
        return self.origin.out_of_fold(recipe)[np.ix_(self.place, columns)]


def judged_rows(study: Study) -> Judged:
    """The study of the rows that are tested.

    Parameters
    ----------
    study : Study
        Not changed.
    """
    place = np.flatnonzero(study.tested)
    names = ("positive", "learner", "recipe", "n_folds", "n_repeats", "miss_cost", "random_state")
    choices = {name: getattr(study, name) for name in names}
    return Judged(study.dataset.take(place), **choices, origin=study, rows_of_origin=place)
