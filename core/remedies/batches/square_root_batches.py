"""Classes by a root of their size."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.batching import BatchRows, in_shares
from core.params import Range
from core.registry import About

ABOUT = About("Square-root batches", "What if rare classes had some more places in a batch?", learners=("neural",))


def square_root_batches(classifier: Any, *, power: Annotated[float, Range(0.1, 0.9, 0.1)] = 0.5) -> Any:
    """Give classes places in proportion to a power of their size.

    The share of class c is ``n_c^q / Σ_k n_k^q`` with n_c rows and the power q: 1 would be plain batches, 0 class-aware ones. Every batch has these shares
    up to a row, and the rows of a class take turns.

    Why it matters
    --------------
    It stands between showing rare rows hardly ever and showing them over and over: at one rare row in 100, the square root gives the rare class 9 % of
    the places instead of 1 % or 50 %. Probabilities of rare classes come out too high, as with class weights of the power 1 − q.

    What to do
    ----------
    Try it where class-aware batches learn the few rows of a class by heart. Carry probabilities back or choose the threshold anew before they are
    read, and compare with doing nothing at the right threshold.

    Parameters
    ----------
    power : float
        0.5 is the square root; less is nearer to equal classes.

    References
    ----------
    Mahajan et al. (2018), European Conference on Computer Vision. Kang et al. (2020), International Conference on Learning Representations.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    return with_inner(classifier, batches=Batches(_compose, {"power": power}))


def _compose(rows: BatchRows, rng: np.random.Generator, *, power: float) -> np.ndarray:
    mass = rows.shares**power
    return in_shares(rows, rng, mass / mass.sum())
