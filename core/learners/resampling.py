"""How many rows of each class there are after sampling, and what they stand for when they are a working sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def targets(y: np.ndarray, balance: float, *, down: bool = False) -> dict[Any, int]:
    """Rows per class after sampling.

    Parameters
    ----------
    y : ndarray (n_samples,)
    balance : float
        How far towards equal sizes, between 0 (as they are) and 1 (all as the largest, or as the smallest with ``down``).
    down : bool
        Take rows away instead of adding them.

    Examples
    --------
    >>> targets(np.array([0, 0, 0, 0, 1, 1]), 0.5)
    {0: 4, 1: 3}
    """
    labels, sizes = np.unique(y, return_counts=True)
    return dict(zip(labels.tolist(), target_sizes(sizes, balance, down=down).tolist(), strict=True))


def target_sizes(sizes: np.ndarray, balance: float, *, down: bool = False) -> np.ndarray:
    """Rows per class (n_classes,) after sampling, from the rows before; the rest as in ``targets``."""
    goal = sizes.min() if down else sizes.max()
    return np.rint(sizes + balance * (goal - sizes)).astype(int)


@dataclass(frozen=True)
class Reached:
    """What sampling makes of the classes of a working sample, so that it means the same as on the whole table.

    Parameters
    ----------
    wanted : dict of label to int
        Rows of the sample after sampling.
    rows : dict of label to float
        Rows of the whole table, had it been sampled: ``targets`` of its class sizes.
    """

    wanted: dict[Any, int]
    rows: dict[Any, float]


def reached(
    y: np.ndarray,
    represents: np.ndarray,
    balance: float,
    *,
    down: bool = False,
    made: bool = False,
    goal: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Reached:
    """Carry sampling over to a working sample.

    A class with N rows in the table grows or shrinks to M = N + balance · (goal − N) rows, goal being the largest or the smallest
    class of the table. Of n rows in the sample, as many are kept as M allows, ``min(n, M)``; or so many are there after copying that
    no row stands for more of the M than a row of the largest class does, ``max(n, M · n_largest / N_largest)``.
    Synthetic rows (``made``) are drawn where M is above N, at least as many as there are rows. The rule is our inference.

    Parameters
    ----------
    y : ndarray (n_samples,)
    represents : ndarray (n_samples,)
        How many rows of the table each row stands for.
    balance : float
        As in ``targets``.
    down : bool
        As in ``targets``.
    made : bool
        The rows that are added are synthetic: they are not like copies.
    goal : callable or None
        Rows per class M from the rows per class N, in place of ``balance``.

    Examples
    --------
    >>> reached(np.repeat([0, 1], [50, 10]), np.repeat([99.0, 5.0], [50, 10]), 1.0).wanted
    {0: 50, 1: 50}
    """
    labels, positions, sizes = np.unique(y, return_inverse=True, return_counts=True)
    table = np.bincount(positions, represents)
    rows = table + balance * ((table.min() if down else table.max()) - table) if goal is None else goal(table)
    if down:
        wanted = np.minimum(sizes, np.maximum(np.round(rows), 1))
    else:
        most = represents[positions == table.argmax()].mean()
        fewest = np.minimum(sizes, np.round(rows - table)) if made else 0
        wanted = sizes + np.maximum(np.round(rows / most) - sizes, fewest)
    return Reached(
        dict(zip(labels.tolist(), wanted.astype(int).tolist(), strict=True)),
        dict(zip(labels.tolist(), rows.tolist(), strict=True)),
    )


def shared_out(represents: np.ndarray, y: np.ndarray, rows: dict[Any, float]) -> np.ndarray:
    """Scale what the rows of each class stand for so that it adds up to the rows of the class."""
    labels, positions = np.unique(y, return_inverse=True)
    total = np.array([rows[label] for label in labels.tolist()])
    return represents * (total / np.bincount(positions, represents))[positions]


def with_synthetic(represents: np.ndarray, y: np.ndarray, rows: dict[Any, float]) -> np.ndarray:
    """Let the synthetic rows, which come last, stand for what the rows of their class do not."""
    labels, positions = np.unique(y, return_inverse=True)
    n = len(represents)
    made = np.bincount(positions[n:], minlength=len(labels))
    total = np.array([rows[label] for label in labels.tolist()])
    left = total - np.bincount(positions[:n], represents, minlength=len(labels))
    stands = np.concatenate([represents, (left / np.maximum(made, 1))[positions[n:]]])
    return shared_out(stands, y, rows)
