"""What is known about rows beside their features: which belong together, which came first, and how many each stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Rows:
    """What wrappers need to know about the rows given to ``fit``.

    Parameters
    ----------
    groups : ndarray of int (n_samples,) or None
        The group of each row; inner folds keep a group whole. A negative number stands for a row of its own.
    order : ndarray of float (n_samples,) or None
        When each row came; inner folds test on later rows than they train on.
    represents : ndarray of float (n_samples,) or None
        How many rows of the whole table each row stands for.
    """

    groups: np.ndarray | None = None
    order: np.ndarray | None = None
    represents: np.ndarray | None = None

    def take(self, index: np.ndarray) -> Rows:
        """The same of some rows."""
        return Rows(*(None if values is None else values[index] for values in vars(self).values()))

    @classmethod
    def known(cls, **given: np.ndarray | None) -> Rows | None:
        """What is given, or None when nothing is."""
        return cls(**given) if any(values is not None for values in given.values()) else None


def represented(rows: Rows | None) -> np.ndarray | None:
    """How many rows of the whole table each row stands for; None when each stands for itself."""
    return None if rows is None else rows.represents
