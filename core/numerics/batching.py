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

    @property
    def shares(self) -> np.ndarray:
        """The share of each class (n_classes,)."""
        return np.bincount(self.codes, minlength=len(self.counts)) / len(self.codes)


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


def in_shares(rows: BatchRows, rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """Batches in which classes have given shares, in the epoch and, up to a row, in every batch.

    A class gets ``shares · places`` places of the epoch, rounded down or up by a draw that keeps its mean, so that no class is left out for good.
    Its rows take turns in random order: none comes a second time before all have come once.

    Parameters
    ----------
    rows : BatchRows
    rng : numpy.random.Generator
    shares : ndarray (n_classes,)
        Sum 1; a class without rows is given nothing.

    Returns
    -------
    ndarray of int (n_steps, batch_size)
    """
    size = np.bincount(rows.codes, minlength=len(shares))
    shares = np.where(size > 0, shares, 0)
    edges = np.cumsum(shares / shares.sum()) * rows.n_steps * rows.batch_size
    edges[-1] = rows.n_steps * rows.batch_size
    places = np.diff(np.floor(edges + rng.random()).astype(int), prepend=0)
    order = rng.permutation(len(rows.codes))
    order = order[_by_class(rows.codes[order])]
    turn = np.arange(places.sum()) - np.repeat(np.cumsum(places) - places, places)
    turn %= np.repeat(np.maximum(size, 1), places)
    return spread(order[np.repeat(np.cumsum(size) - size, places) + turn], rows, rng)


def spread(drawn: np.ndarray, rows: BatchRows, rng: np.random.Generator) -> np.ndarray:
    """Deal drawn rows out so that no batch has more than one row of a class more than another batch.

    Parameters
    ----------
    drawn : ndarray of int
        As many rows as fill whole batches; those of a class stay in their order.
    rows : BatchRows
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int (n_steps, batch_size)
    """
    kinds = rows.codes[drawn]
    grouped = _by_class(kinds)
    dealt = kinds[grouped].reshape(rows.batch_size, -1).T
    dealt = rng.permutation(dealt).ravel()
    batches = np.empty_like(drawn)
    batches[_by_class(dealt)] = drawn[grouped]
    return batches.reshape(-1, rows.batch_size)


def _by_class(codes: np.ndarray) -> np.ndarray:
    """The order that puts classes together; short integers are sorted by their digits, in linear time."""
    return np.argsort(codes.astype(np.int16), kind="stable")
