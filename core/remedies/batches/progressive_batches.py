"""From the shares of the table to equal classes, while the training goes on."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.batching import BatchRows, in_shares
from core.params import Range
from core.registry import About

ABOUT = About(
    "Progressively balanced batches", "What if classes became equal only late in training?", learners=("neural",)
)


def progressive_batches(
    classifier: Any,
    *,
    start: Annotated[float, Range(0, 0.9, 0.1)] = 0.0,
    balance: Annotated[float, Range(0.1, 1, 0.1)] = 1.0,
) -> Any:
    """Begin with rows as they come and end with equal classes.

    The share of class c is ``(1 − b t) π_c + b t / K`` with its share π_c of the rows, K classes, the balance b and the part t of the training that is over, counted
    from ``start``. Every batch has these shares up to a row. The delay and the balance are ours; with start 0 and balance 1 it is the published rule.

    Why it matters
    --------------
    The hidden layer learns from all rows first, and the rare class is not learned by heart from the beginning. What counts for the probabilities
    is the end: they come out too high for rare classes, nearly as with class-aware batches. Training that stops early ends at the shares that it had reached.

    What to do
    ----------
    Try it where class-aware batches make the common classes worse. Carry probabilities back or choose the threshold anew before they are read; doing nothing at
    the right threshold is the thing to beat.

    Parameters
    ----------
    start : float
        Part of the training that keeps the shares of the table.
    balance : float
        How near to equal the classes are at the end; 1 is equal.

    References
    ----------
    Kang et al. (2020), International Conference on Learning Representations.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    return with_inner(classifier, batches=Batches(_compose, {"start": start, "balance": balance}))


def _compose(rows: BatchRows, rng: np.random.Generator, *, start: float, balance: float) -> np.ndarray:
    part = balance * min(max((rows.progress - start) / (1 - start), 0.0), 1.0)
    here = rows.shares > 0
    return in_shares(rows, rng, (1 - part) * rows.shares + part * here / here.sum())
