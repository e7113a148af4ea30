"""A study: one dataset, one plan of validation, and what several methods need, each computed once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core import learners
from core.cost_column import row_costs
from core.dataset import Dataset
from core.errors import UserError, unknown
from core.learners.encoding import distance_matrix_input
from core.learners.rows import Rows
from core.marked_rows import apart_sentence
from core.numerics.neighbours import NeighbourTable, neighbour_table
from core.recipe import Recipe
from core.validation import Folds, describe, folds
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
        A key of ``core.learners.LEARNERS``.
    recipe : Recipe
        The recipe that is explained and reported; the empty one does nothing.
    n_folds, n_repeats : int
        Folds, and how often they are drawn anew; folds that follow time are drawn once.
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
        self._check_sizes()
        counts = self._learnable()
        if not self.positive:
            enough = counts[counts >= FEWEST]
            object.__setattr__(self, "positive", (enough if len(enough) > 1 else counts).index[-1])
        if self.positive not in counts.index:
            rows = plural(self.dataset.counts[self.positive], "row")
            problem = (
                f"No fold both learns from and is tested on class {quoted(self.positive)} with its {rows}. {self.plan}"
            )
            raise UserError(problem, "Choose another class of interest, or another role for the column.")
        _ = self.row_costs  # says what is wrong before anything is computed

    def _learnable(self) -> pd.Series:
        """Tested rows of the classes that some fold learns from and is tested on, most frequent first."""
        counts = self.dataset.counts
        if self.dataset.group_codes is None and self.dataset.order is None:
            return counts
        n, first = len(counts), self.folds[: self.n_folds]
        sides = np.array([[np.bincount(self.codes[rows], minlength=n) for rows in pair] for pair in first])
        known = pd.Series(sides[:, 1].sum(axis=0), counts.index)[(sides > 0).all(axis=1).any(axis=0)]
        if len(known) < 2:
            problem = f"Fewer than 2 classes stand on both sides of some fold. {self.plan}"
            raise UserError(problem, "Give another role to the column that keeps rows together or orders them.")
        return known.sort_values(ascending=False, kind="stable")

    def _check_sizes(self) -> None:
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
                problem,
                "Choose another target column, or make fewer classes of it by a rule such as merge:fewer_than=10.",
            )

    @property
    def key(self) -> tuple:
        """Equal for studies that give equal results."""
        choices = (self.positive, self.learner, self.recipe, self.n_folds, self.n_repeats, self.miss_cost)
        return (self.dataset.fingerprint, *choices, self.random_state)

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
        found, labels = pd.factorize(self.dataset.y)
        return np.array([code[label] for label in labels], dtype=np.intp)[found]

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
        data = self.dataset
        return Rows.known(groups=data.group_codes, order=data.order, represents=self.represents)

    @cached_property
    def row_costs(self) -> np.ndarray | None:
        """What a miss of each row costs (n_samples,), in the unit of the column with that role; None without such a column."""
        for name, column in self.dataset.costs.items():
            return row_costs(name, column.to_numpy(), self.codes == self.positive_code, self.positive)
        return None

    @cached_property
    def folds(self) -> Folds:
        """Train and test rows of every fold of every repeat, as the roles of the columns ask, see ``core.validation.folds``."""
        data, choices = self.dataset, {"n_repeats": self.n_repeats, "random_state": self.random_state}
        return folds(self.codes, n_folds=self.n_folds, groups=data.group_codes, order=data.order, **choices)

    @property
    def plan(self) -> str:
        """How rows are tested, in plain words."""
        data = self.dataset
        group, time = (" and ".join(data.roles.get(role, ())) for role in ("group", "time"))
        codes = data.group_codes if group else np.zeros(0, dtype=int)
        n_groups = len(np.unique(codes[codes >= 0])) + int((codes < 0).sum())
        n_first = int((~self.tested & ~np.isnan(data.order)).sum()) if time else 0
        plan = describe(self.n_folds, self.n_repeats, group=group, n_groups=n_groups, time=time, n_first=n_first)
        return f"{plan} {apart_sentence(data)}".strip()

    @cached_property
    def tested(self) -> np.ndarray:
        """Rows (n_samples,) that stand in a test fold; all of them, unless folds follow time."""
        tested = np.zeros(len(self.codes), dtype=bool)
        for _, test in self.folds[: self.n_folds]:
            tested[test] = True
        return tested

    @cached_property
    def fold(self) -> np.ndarray:
        """The fold that tests each row (n_samples,) in the first repeat; −1 for a row that none tests."""
        fold = np.full(len(self.codes), -1)
        for f, (_, test) in enumerate(self.folds[: self.n_folds]):
            fold[test] = f
        return fold

    def learned(self, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Whether the model that tests a row has learned from another row, pair by pair; False for rows that are not tested."""
        trained = np.zeros((self.n_folds + 1, len(self.codes)), dtype=bool)
        for f, (train, _) in enumerate(self.folds[: self.n_folds]):
            trained[f, train] = True
        return trained[self.fold[rows], others]

    @property
    def test_ratio(self) -> float:
        """Test rows per training row, for intervals over folds."""
        if self.dataset.order is None:
            return 1 / (self.n_folds - 1)
        return float(np.mean([len(test) / len(train) for train, test in self.folds]))

    @cached_property
    def judged(self) -> Study:
        """The study of the rows that are tested, which every method looks at that reads ``out_of_fold``; mostly itself."""
        if self.tested.all():
            return self
        from core.judged import judged_rows

        return judged_rows(self)

    @property
    def whole(self) -> Study:
        """The study of all rows."""
        return self

    @cached_property
    def place(self) -> np.ndarray:
        """The position of each row in the whole study (n_samples,)."""
        return np.arange(len(self.codes))

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
        """The learner wrapped by a recipe that serves it, unfitted; that of a working sample speaks of the whole table."""
        recipe = recipe or Recipe()
        recipe.check_serves(self.learner)
        learner = learners.make(self.learner, self.random_state)
        if self.represents is not None:
            from core.learners.wrapping import PriorCorrected

            learner = PriorCorrected(learner)
        context = {"random_state": self.random_state, "positive": self.positive_code, "miss_cost": self.miss_cost}
        context |= {"imported": self.dataset.imported, "sensitive": self.dataset.roles.get("sensitive", ())}
        context["classes"] = self.classes
        return recipe.apply(learner, **context)

    def out_of_fold(self, recipe: Recipe | None = None) -> np.ndarray:
        """Probabilities (n_samples, n_classes) of every row from the fold that did not train on it; first repeat.

        A class that is absent from a training fold has probability 0 there. A row that is not ``tested`` has NaN; methods read
        this from the ``judged`` study, which has no such rows.
        """
        recipe = recipe or Recipe()
        if ("out_of_fold", recipe) not in self._memory:
            proba = np.full((len(self.codes), len(self.classes)), np.nan)
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
