"""A study: one dataset, one plan of validation, and what several methods need, each computed once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from core import learners
from core.dataset import Dataset
from core.errors import UserError, unknown
from core.learners.encoding import distance_matrix_input
from core.learners.rows import Rows
from core.numerics.neighbours import NeighbourTable, neighbour_table
from core.recipe import Recipe
from core.wording import plural, quoted

N_NEIGHBOURS = 10
"""Nearest rows in the table of neighbours that several methods share."""

FEWEST = 10
"""Rows that a class should have before it is the class of interest unasked."""


@dataclass(frozen=True, eq=False)
class Study:
    """What is asked of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The table with its target.
    positive : str
        The class of interest; empty chooses the rarest class with at least ``FEWEST`` rows, or else the rarest.
    learner : str
        "boosted" or "linear".
    recipe : Recipe
        The recipe that is explained and reported; the empty one does nothing.
    n_folds, n_repeats : int
        Stratified folds, and how often they are drawn anew.
    miss_cost : float
        How many false alarms one miss costs; 0 when no costs are stated.
    random_state : int
        The only source of randomness.
    """

    dataset: Dataset
    positive: str = ""
    learner: str = "boosted"
    recipe: Recipe = Recipe()
    n_folds: int = 5
    n_repeats: int = 2
    miss_cost: float = 0.0
    random_state: int = 0
    _memory: dict = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.learner not in learners.LEARNERS:
            raise unknown("learner", self.learner, learners.LEARNERS)
        if self.positive and self.positive not in self.dataset.classes:
            raise unknown("class", self.positive, self.dataset.classes)
        if not self.positive:
            counts = self.dataset.counts
            enough = counts[counts >= FEWEST]
            object.__setattr__(self, "positive", (enough if len(enough) > 1 else counts).index[-1])
        if self.dataset.n_samples < 2 * self.n_folds:
            problem = (
                f"The table has {self.dataset.n_samples} rows with a label; at least {2 * self.n_folds} are needed."
            )
            raise UserError(problem, "Choose a table with more rows.")
        if self.dataset.counts.iloc[0] < self.n_folds:
            problem = (
                f"The largest class of column {quoted(self.dataset.target)} has {plural(self.dataset.counts.iloc[0], 'row')}; "
                f"at least {self.n_folds} are needed."
            )
            raise UserError(
                problem, "Choose another target column, or merge its values into fewer classes in the file."
            )

    @property
    def key(self) -> tuple:
        """Equal for studies that give equal results."""
        choices = (
            self.positive,
            self.learner,
            self.recipe,
            self.n_folds,
            self.n_repeats,
            self.miss_cost,
            self.random_state,
        )
        return (self.dataset.fingerprint, *choices)

    def with_(self, **changes: Any) -> Study:
        """The same study with some choices changed; nothing computed is carried over."""
        return replace(self, _memory={}, **changes)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels, most frequent first; ``codes`` count along them."""
        return self.dataset.classes

    @property
    def positive_code(self) -> int:
        """The code of the class of interest."""
        return self.classes.index(self.positive)

    @cached_property
    def codes(self) -> np.ndarray:
        """The labels (n_samples,) as codes: 0 is the most frequent class."""
        code = {label: i for i, label in enumerate(self.classes)}
        return self.dataset.y.map(code).to_numpy(dtype=np.intp)

    @cached_property
    def class_sizes(self) -> np.ndarray:
        """Rows in hand per class (n_classes,), in the order of ``classes``: how much evidence there is."""
        return np.bincount(self.codes, minlength=len(self.classes))

    @cached_property
    def table_sizes(self) -> np.ndarray:
        """Rows of the whole table per class (n_classes,); those in hand unless these are a working sample."""
        return self.dataset.table_counts.to_numpy()

    @property
    def class_shares(self) -> np.ndarray:
        """The share of each class in the whole table (n_classes,): how frequent it is."""
        return self.table_sizes / self.table_sizes.sum()

    @property
    def standing(self) -> np.ndarray:
        """How many rows of the whole table one row of each class stands for (n_classes,)."""
        return self.table_sizes / self.class_sizes

    @property
    def represents(self) -> np.ndarray | None:
        """How many rows of the whole table each row stands for (n_samples,); None when every row of the table is in hand."""
        return self.dataset.represents

    @cached_property
    def rows(self) -> Rows | None:
        """What is known about the rows beside their features; None when nothing is."""
        return Rows.known(represents=self.represents)

    @cached_property
    def folds(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Train and test rows of every fold of every repeat, stratified by class."""
        from sklearn.model_selection import RepeatedStratifiedKFold

        plan = RepeatedStratifiedKFold(n_splits=self.n_folds, n_repeats=self.n_repeats, random_state=self.random_state)
        with warnings.catch_warnings():  # a class may have fewer rows than there are folds; the evidence check says so
            warnings.simplefilter("ignore", UserWarning)
            return tuple(plan.split(np.zeros(len(self.codes)), self.codes))

    @cached_property
    def Z(self) -> np.ndarray:
        """The rows encoded for distances (n_samples, n_encoded); NaN where a numeric cell is missing."""
        return distance_matrix_input(self.dataset.X)

    @property
    def neighbours(self) -> NeighbourTable:
        """The nearest rows of every row, or of a sample of each class beyond 30,000 rows; shared by several methods."""
        if "neighbours" not in self._memory:
            found = neighbour_table(self.Z, self.codes, N_NEIGHBOURS, random_state=self.random_state)
            self._memory["neighbours"] = found
        return self._memory["neighbours"]

    def classifier(self, recipe: Recipe | None = None) -> Any:
        """The learner wrapped by a recipe, unfitted; that of a working sample speaks of the whole table."""
        learner = learners.make(self.learner, self.random_state)
        if self.represents is not None:
            from core.learners.wrapping import PriorCorrected

            learner = PriorCorrected(learner)
        context = {"random_state": self.random_state, "positive": self.positive_code, "miss_cost": self.miss_cost}
        return (recipe or Recipe()).apply(learner, **context)

    def out_of_fold(self, recipe: Recipe | None = None) -> np.ndarray:
        """Probabilities (n_samples, n_classes) of every row from the fold that did not train on it; first repeat.

        A class that is absent from a training fold has probability 0 there.
        """
        recipe = recipe or Recipe()
        if ("out_of_fold", recipe) not in self._memory:
            proba = np.zeros((len(self.codes), len(self.classes)))
            for train, test in self.folds[: self.n_folds]:
                proba[test] = self.fit_predict_proba(recipe, train, test)
            self._memory["out_of_fold", recipe] = proba
        return self._memory["out_of_fold", recipe]

    def fitted(self, recipe: Recipe | None, train: np.ndarray, codes: np.ndarray | None = None) -> Any:
        """Fit a recipe on some rows; other labels than ``codes`` (n_samples,) may be given."""
        from core.learners.wrapping import fit_on

        codes = self.codes if codes is None else codes
        known = None if self.rows is None else self.rows.take(train)
        return fit_on(self.classifier(recipe), self.dataset.X.iloc[train], codes[train], known)

    def fit_predict_proba(self, recipe: Recipe, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        """Fit a recipe on some rows and give the probabilities (n_test, n_classes) of others."""
        fitted = self.fitted(recipe, train)
        proba = np.zeros((len(test), len(self.classes)))
        proba[:, fitted.classes_] = fitted.predict_proba(self.dataset.X.iloc[test])
        return proba
