"""Every row once, and every class in every batch as far as it reaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.numerics.batching import BatchRows, instance, spread
from core.registry import About

ABOUT = About("Instance batches", "What if every batch held its part of every class?", learners=("neural",))


def instance_batches(classifier: Any, *, evenly: bool = True) -> Any:
    """Show every row once in an epoch, with the classes spread evenly over the batches.

    A class of n_c rows in S batches has ``n_c / S`` of them in each, rounded down or up. Without ``evenly`` rows come in plain random order, as
    the neural learner has them unasked: then ``(1 − B / n)^{n_c}``, nearly, is the part of batches of B rows without the class.

    Why it matters
    --------------
    Steps without a single row of a rare class move away from it, and steps with three of them jump. Even batches take out that chance.
    Shares stay as they are, and so do probabilities.

    What to do
    ----------
    Take it as the measure for the other ways to compose batches, all of which change shares. It does not make a rare class any more frequent; if the
    ranking is good, a lower threshold does more than any batch.

    Parameters
    ----------
    evenly : bool
        Spread classes over the batches; otherwise plain random order.

    References
    ----------
    Neyman (1934), Journal of the Royal Statistical Society 97, for draws within strata. Its use for batches is common practice.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    return with_inner(classifier, batches=Batches(_compose, {"evenly": evenly}))


def _compose(rows: BatchRows, rng: np.random.Generator, *, evenly: bool) -> np.ndarray:
    order = instance(rows, rng)
    return spread(order.ravel(), rows, rng) if evenly else order
