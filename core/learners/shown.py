"""How often the rows of each class stand in the batches of a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.numerics.batching import Batches, BatchRows

N_EPOCHS = 8
"""Epochs that are composed, of which the first says only what the loss of each row is."""

BATCH_SIZE = 256
MOST_ROWS = 100_000
UNEQUAL = 1e-3


def times_shown(
    batches: Batches,
    codes: np.ndarray,
    loss: Callable[[np.ndarray], np.ndarray] | None = None,
    progress: float = 1.0,
) -> np.ndarray:
    """How often each row stands in the batches of an epoch.

    Parameters
    ----------
    batches : Batches
    codes : ndarray of int (n_samples,)
        Classes.
    loss : callable or None
        ``loss(times) -> ndarray (n_samples,)``, the loss of each row for a model that has seen rows so often; None where nothing is known.
        Rows of a class do not stay exactly equal, as columns would not leave them so. Batches of hard rows settle where classes are about equally
        hard: the times of all epochs are averaged.
    progress : float
        Share of the training that is over.

    Returns
    -------
    ndarray (n_samples,)
    """
    n, counts, rng = len(codes), np.bincount(codes).astype(float), np.random.default_rng(0)
    times, known = np.ones(n), None
    for epoch in range(N_EPOCHS):
        shown = batches(BatchRows(codes, counts, min(BATCH_SIZE, n), progress, known), rng)
        times += (np.bincount(shown.ravel(), minlength=n) - times) / max(epoch, 1)
        known = None if loss is None else loss(times) * (1 + UNEQUAL * rng.random(n))
    return times


def follows_losses(batches: Batches, codes: np.ndarray) -> bool:
    """Whether a composer looks at the loss of the rows, so that only training decides what it shows."""
    n, drawn = len(codes), np.random.default_rng(1).random(len(codes))
    rows = [BatchRows(codes, np.bincount(codes).astype(float), min(BATCH_SIZE, n), 1.0, loss) for loss in (None, drawn)]
    return not np.array_equal(*(batches(each, np.random.default_rng(0)) for each in rows))


def rate_shown(batches: Batches, counts: np.ndarray) -> np.ndarray:
    """How much more often than one row each a table with so many rows per class would show its classes (n_classes,), up to a factor."""
    scaled = np.maximum(np.round(counts * min(1.0, MOST_ROWS / counts.sum())), 1).astype(int)
    codes = np.repeat(np.arange(len(counts)), scaled)
    shown = np.bincount(codes, times_shown(batches, codes))
    return np.maximum(shown, 1e-12 * shown.sum()) / scaled
