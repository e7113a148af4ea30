"""Adam with weights that shrink beside the step."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.optimising import Step, adam
from core.params import Range
from core.registry import About

ABOUT = About("AdamW", "What if weights shrank by the same part at every step?", learners=("neural",))


def adamw(
    classifier: Any,
    *,
    rate: Annotated[float, Range(0.001, 0.1, 0.001)] = 0.01,
    weight_decay: Annotated[float, Range(0, 1, 0.05)] = 0.5,
) -> Any:
    """Take Adam's step, and beside it shrink every weight by the same part.

    ``θ ← θ − rate · (m̂ / (√v̂ + 10⁻⁸) + decay · θ)`` with m̂ and v̂ as in Adam; biases do not shrink. Without gradients a weight keeps
    ``(1 − rate · decay)`` of itself at every step. With its defaults this is what the neural learner does unasked.

    Why it matters
    --------------
    A network with few rows of a class can learn them by heart. Weights that shrink make it smoother, for all classes alike: a rare class, whose rows
    hold their weights up with the smallest gradients, can lose more by it than the common one.

    What to do
    ----------
    Raise the decay when held-out loss rises while training loss falls, and look at the recall of the rare class as you do. Much decay draws
    probabilities towards the class shares. It is no cure for imbalance; the threshold is the thing to try first.

    Parameters
    ----------
    rate : float
        Length of the first step of every weight.
    weight_decay : float
        Part of a weight that is taken off in a step, before the rate is multiplied in; 0 is Adam.

    References
    ----------
    Loshchilov and Hutter (2019), International Conference on Learning Representations.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.optimising import Optimiser

    return with_inner(classifier, optimiser=Optimiser(_update, {"weight_decay": weight_decay}, float(rate)))


def _update(
    weights: np.ndarray, gradient: np.ndarray, memory: dict[str, np.ndarray], step: Step, *, weight_decay: float
) -> None:
    adam(weights, gradient, memory, step, weight_decay=weight_decay)
