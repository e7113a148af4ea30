"""The rows that one network each is trained on and those that tell what it has learned; small tables are kept for the next recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.study import Study

KEPT_CELLS = 2**22
"""Cells of the training rows of all parts up to which they are kept for the next recipe; and cells of what they are encoded to."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows that one network is trained on, and rows that tell what it has learned: of a fold, or of an inner fold of its training rows.

    Parameters
    ----------
    fold : int
        Position in ``study.folds``.
    train, test : ndarray of int
        Positions in the table.
    X, X_test : pandas.DataFrame
        The training rows and the others, the same objects for every recipe.
    inner : bool
        Whether the part lies within the training rows of the fold.
    """

    fold: int
    train: np.ndarray
    test: np.ndarray
    X: Any
    X_test: Any
    inner: bool


class Parts(list):
    """Parts of some folds, and their rows as recipes have encoded them; both stay in the process that made them: pickled, it is empty."""

    def __init__(self, parts: Sequence[Part] = ()) -> None:
        super().__init__(parts)
        self.encoded: list[Any] = []

    def __reduce__(self) -> tuple:
        return Parts, ()

    @property
    def n_cells(self) -> int:
        """Cells of the training rows."""
        return sum(part.X.size for part in self)

    def trim(self) -> None:
        """Forget what was encoded longest ago, until the rest has few enough cells."""
        while self.encoded and sum(rows.X.size for *_, rows in self.encoded) > KEPT_CELLS:
            del self.encoded[0]


def kept_parts(study: Study, folds: Sequence[int]) -> Parts:
    """The parts of some folds, with what is encoded of them; of a large table they are made anew.

    A study keeps as many as two halves of its folds may have; those asked for longest ago are dropped first.
    """
    name, memory = ("parts", *folds), study._memory
    parts = memory.pop(name, None) or Parts(_parts(study, folds))
    parts.trim()  # a training that was stopped has not done so
    memory[name] = parts if parts.n_cells <= KEPT_CELLS else Parts()
    kept = [each for each in memory if isinstance(memory[each], Parts)]
    while sum(memory[each].n_cells for each in kept) > 2 * KEPT_CELLS:
        memory[kept.pop(0)] = Parts()
    return parts


def _parts(study: Study, folds: Sequence[int]) -> list[Part]:
    """Folds, and the inner folds of each, on which its threshold is chosen."""
    from core.learners.cross_fitting import inner_folds

    X, parts = study.dataset.X, []
    for fold in folds:
        train, test = study.folds[fold]
        rows = None if study.rows is None else study.rows.take(train)
        parts.append(Part(fold, train, test, X.iloc[train], X.iloc[test], False))
        for learned, left in inner_folds(study.codes[train], study.random_state, rows):
            learned, left = train[learned], train[left]
            parts.append(Part(fold, learned, left, X.iloc[learned], X.iloc[left], True))
    return parts
