"""Plain steps down the slope that keep some of their direction."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.optimising import Step
from core.params import Range
from core.registry import About

ABOUT = About("SGD with momentum", "What if every weight took steps of the same scale?", learners=("neural",))


def sgd_momentum(
    classifier: Any,
    *,
    rate: Annotated[float, Range(0.01, 1, 0.01)] = 0.1,
    momentum: Annotated[float, Range(0, 0.99, 0.01)] = 0.9,
    nesterov: bool = False,
) -> Any:
    """Step against the gradient, and keep a part of the step before.

    ``v ← μ v + g`` and ``θ ← θ − rate · v`` with the gradient g of a batch and the momentum μ; with Nesterov's form ``θ ← θ − rate · (g + μ v)``.
    Under a gradient that stays the same, v grows to ``g / (1 − μ)``.

    Why it matters
    --------------
    The gradient of a batch is a sum over rows, and most rows are of the common class: weights that only the rare class moves get small
    steps. Adam scales every weight's steps by its own gradients and takes part of that away, so the two can learn a rare class at different speed.

    What to do
    ----------
    Use it to see whether a result hangs on how steps are taken. It changes how quickly the training gets to its end more than where that end lies, and it
    leaves the meaning of probabilities as it is. What is then still missed is a matter of the threshold before anything else.

    Parameters
    ----------
    rate : float
        Length of a step; about ten times as long as Adam's.
    momentum : float
        The part of the step before that is kept; 0 is plain gradient descent.
    nesterov : bool
        Look one step ahead, which turns earlier.

    References
    ----------
    Polyak (1964), USSR Computational Mathematics and Mathematical Physics 4. Sutskever et al. (2013), International Conference on Machine Learning.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.optimising import Optimiser

    return with_inner(
        classifier, optimiser=Optimiser(_update, {"momentum": momentum, "nesterov": nesterov}, float(rate))
    )


def _update(
    weights: np.ndarray,
    gradient: np.ndarray,
    memory: dict[str, np.ndarray],
    step: Step,
    *,
    momentum: float,
    nesterov: bool,
) -> None:
    if not memory:
        memory["speed"] = np.zeros_like(weights)
    speed = memory["speed"]
    speed *= momentum
    speed += gradient
    ahead = gradient + momentum * speed if nesterov else speed
    weights -= (step.rate * ahead).astype(weights.dtype, copy=False)
