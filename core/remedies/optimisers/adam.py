"""Steps that every weight scales by its own gradients."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.optimising import Step
from core.numerics.optimising import adam as take_step
from core.params import Range
from core.registry import About

ABOUT = About("Adam", "What if every weight took steps of its own scale?", learners=("neural",))


def adam(
    classifier: Any,
    *,
    rate: Annotated[float, Range(0.001, 0.1, 0.001)] = 0.01,
    penalty: Annotated[float, Range(0, 0.1, 0.001)] = 0.0,
) -> Any:
    """Divide the running mean of each weight's gradient by the running size of it.

    ``m ← .9 m + .1 g``, ``v ← .999 v + .001 g²`` and ``θ ← θ − rate · m̂ / (√v̂ + 10⁻⁸)``, where m̂ and v̂ are divided by ``1 − .9ᵗ`` and ``1 − .999ᵗ``.
    The first step of every weight is as long as the rate. A penalty adds ``penalty · θ`` to the gradient g, biases left out.

    Why it matters
    --------------
    Weights that few rows move, as those of a rare class, take steps as long as the others.
    Unasked, the neural learner takes the same steps and shrinks weights beside them, as AdamW does.

    What to do
    ----------
    Change the rate when the training curves are still falling at the end, or jump. The penalty is divided by √v̂ like all of the gradient, so weights with
    small gradients are pulled to zero hardest; AdamW avoids that. Probabilities keep their meaning: compare at the right threshold.

    Parameters
    ----------
    rate : float
        Length of the first step of every weight.
    penalty : float
        How much of each weight is added to its gradient; 0 adds nothing.

    References
    ----------
    Kingma and Ba (2015), International Conference on Learning Representations.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.optimising import Optimiser

    return with_inner(classifier, optimiser=Optimiser(_update, {"penalty": penalty}, float(rate)))


def _update(
    weights: np.ndarray, gradient: np.ndarray, memory: dict[str, np.ndarray], step: Step, *, penalty: float
) -> None:
    if penalty:
        gradient = gradient + (penalty * step.decays).astype(weights.dtype) * weights
    take_step(weights, gradient, memory, step)
