"""Batches: which rows a step of training sees together, and the way that is used unasked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class BatchRows:
    """The training rows of one network, as they stand before an epoch.

    Parameters
    ----------
    codes : ndarray of int (n_samples,)
        Classes.
    counts : ndarray (n_classes,)
        Rows of each class; above 0.
    batch_size : int
        Rows in a step, at most ``n_samples``.
    progress : float
        Share of the training that is over, 0 to 1.
    loss : ndarray (n_samples,) or None
        Loss of each row when it was last seen, NaN for rows not seen yet; None before the first epoch.
    """

    codes: np.ndarray
    counts: np.ndarray
    batch_size: int
    progress: float = 0.0
    loss: np.ndarray | None = None

    @property
    def n_steps(self) -> int:
        """Steps in an epoch in which about every row is seen once."""
        return max(1, round(len(self.codes) / self.batch_size))


@dataclass(frozen=True, eq=False)
class Batches:
    """How batches are composed.

    Parameters
    ----------
    compose : callable
        ``compose(rows, rng, **options) -> ndarray of int (n_steps, batch_size)``: the rows of every step of one epoch. A way that keeps the number of
        steps at ``rows.n_steps`` can be compared with others at equal work.
    options : mapping
        Further arguments of ``compose``.
    """

    compose: Callable[..., np.ndarray]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, rows: BatchRows, rng: np.random.Generator) -> np.ndarray:
        """The rows of every step of one epoch."""
        return self.compose(rows, rng, **self.options)


def instance(rows: BatchRows, rng: np.random.Generator) -> np.ndarray:
    """Every row once, in random order; a last batch that is not full begins the order again."""
    order = rng.permutation(len(rows.codes))
    return np.resize(order, (rows.n_steps, rows.batch_size))
