"""Steps of training: what an optimiser is given, and the one that is used unasked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True, eq=False)
class Step:
    """One step of several networks that are trained together.

    Parameters
    ----------
    number : int
        1 for the first step.
    rate : float
        Length of the step.
    loss : ndarray (n_networks, 1)
        Mean loss of the batch.
    decays : ndarray (n_parameters,)
        1 for parameters that shrink by weight decay, 0 for biases.
    """

    number: int
    rate: float
    loss: np.ndarray
    decays: np.ndarray


@dataclass(frozen=True, eq=False)
class Optimiser:
    """How a step is taken.

    Parameters
    ----------
    update : callable
        ``update(weights, gradient, memory, step, **options)`` changes weights (n_networks, n_parameters) in place; ``memory`` is a dict of its
        own, empty before the first step. Networks never mix.
    options : mapping
        Further arguments of ``update``.
    rate : float
        Length of a step.
    """

    update: Callable[..., None]
    options: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 0.01

    def __call__(self, weights: np.ndarray, gradient: np.ndarray, memory: dict[str, np.ndarray], step: Step) -> None:
        """Take one step in place."""
        self.update(weights, gradient, memory, step, **self.options)


def adam(
    weights: np.ndarray,
    gradient: np.ndarray,
    memory: dict[str, np.ndarray],
    step: Step,
    *,
    weight_decay: float = 0.0,
    scale: np.ndarray | float = 1.0,
) -> None:
    """Adam with decoupled weight decay: ``θ ← θ − rate · scale · (m̂ / (√v̂ + ε) + decay · θ)``.

    Parameters
    ----------
    weights, gradient : ndarray (n_networks, n_parameters)
    memory : dict
        Keeps the running means of the gradient and of its square.
    step : Step
    weight_decay : float
        0 is plain Adam.
    scale : ndarray (n_networks, 1) or float
        Factor of the length of the step.

    References
    ----------
    Kingma and Ba (2015), International Conference on Learning Representations. Loshchilov and Hutter (2019), the same.
    """
    if "mean" not in memory:
        memory.update(mean=np.zeros_like(weights), square=np.zeros_like(weights))
    mean, square = memory["mean"], memory["square"]
    ahead = gradient * (1 - BETA_1)
    mean *= BETA_1
    mean += ahead
    np.multiply(gradient, gradient, out=ahead)
    ahead *= 1 - BETA_2
    square *= BETA_2
    square += ahead
    np.sqrt(square, out=ahead)
    warm, rate = math.sqrt(1 - BETA_2**step.number), float(step.rate)
    ahead += EPSILON * warm
    np.divide(mean, ahead, out=ahead)
    ahead *= scale * (rate * warm / (1 - BETA_1**step.number))
    if weight_decay:
        weights *= 1 - scale * (rate * weight_decay * step.decays)
    weights -= ahead
