"""What a network is to learn: its rows, its loss, and how long and in what steps it is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from core.numerics.batching import Batches
from core.numerics.loss_terms import Known, Terms
from core.numerics.network import Shape
from core.numerics.network_rows import TrainingRows
from core.numerics.optimising import Optimiser


@dataclass(frozen=True)
class Plan:
    """How long and in what portions networks are trained.

    Parameters
    ----------
    n_epochs : int
    batch_size : int
        Rows in a step; cut to the rows there are.
    least_steps : int
        Steps of an epoch at least: small tables are seen several times in it.
    patience : int
        Epochs without a better loss on held-out rows after which a network stops; 0 never stops.
    fading : bool
        Let the length of the steps fall to 0 along half a cosine.
    recorded : bool
        Keep what happened to each class.
    """

    n_epochs: int = 30
    batch_size: int = 256
    least_steps: int = 1
    patience: int = 0
    fading: bool = True
    recorded: bool = True


@dataclass(frozen=True, eq=False)
class Lesson:
    """One network to be trained.

    Parameters
    ----------
    rows : TrainingRows
        Lessons that hold the same object share its batches.
    shape : Shape
    start : ndarray (n_parameters,)
        Parameters before training.
    plan : Plan
    optimiser : Optimiser
        Lessons with the same object take their steps together.
    loss : callable or None
        ``loss(scores, own, known) -> Terms``; lessons with the same object are given to it together. None is cross-entropy.
    hidden : callable or None
        ``hidden(H, own, known) -> (value, gradient)`` of the hidden layer (…, width, n_samples), added to the loss.
    told : mapping
        ``cost`` and ``ties`` of ``Known`` for this table.
    batches : Batches or None
        None takes every row once, in random order.
    seed : int
        Of the order of rows.
    """

    rows: TrainingRows
    shape: Shape
    start: np.ndarray
    plan: Plan
    optimiser: Optimiser
    loss: Callable[..., Terms] | None = None
    hidden: Callable[..., tuple[np.ndarray, np.ndarray]] | None = None
    told: Mapping[str, np.ndarray] = field(default_factory=dict)
    batches: Batches | None = None
    seed: int = 0


def plain(scores: np.ndarray, own: np.ndarray, known: Known | None = None) -> Terms:
    """Cross-entropy without its second derivative, which no network needs."""
    shifted = scores - scores.max(axis=-2, keepdims=True)
    proba = np.exp(shifted)
    total = proba.sum(axis=-2, keepdims=True)
    shifted *= own
    value = np.log(total[..., 0, :]) - shifted.sum(axis=-2)
    proba /= total
    proba -= own
    return Terms(value, proba, proba)
