"""A class first, then a row of it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from core.numerics.batching import BatchRows, in_shares
from core.params import Range
from core.registry import About

ABOUT = About("Class-aware batches", "What if every class had as many places in a batch?", learners=("neural",))


def class_aware_batches(classifier: Any, *, balance: Annotated[float, Range(0.1, 1, 0.1)] = 1.0) -> Any:
    """Give every class the same part of the places of a batch, and fill them with its rows in turn.

    The share of class c is ``(1 − b) π_c + b / K`` with its share π_c of the rows, K classes and the balance b. The usual draw of a class and then of a row,
    with replacement, has these shares on average; here every batch has them up to a row, and no row of a class comes again before all have come. That
    rows are counted out rather than drawn is ours. The number of steps is that of plain batches, so of common classes some rows wait for a later epoch.

    Why it matters
    --------------
    A rare class is in every step, which helps the hidden layer to see it. In expectation it says the same as class weights: it
    raises every probability of the rare class until they speak of a table in which classes are equally frequent, and threshold .5 then stands
    for a miss that costs as many false alarms as the class is rare. A class of few rows is shown again and again, and may be learned by heart.

    What to do
    ----------
    It may help where the ranking of rare rows is poor and the network learns slowly. Carry the probabilities back or choose the threshold anew, and
    hold it against doing nothing at the right threshold: where only the threshold was wrong, that is all that is needed.

    Parameters
    ----------
    balance : float
        1 makes all classes equally frequent; less keeps some of their own shares.

    References
    ----------
    Shen, Lin and Huang (2016), European Conference on Computer Vision. Kang et al. (2020), International Conference on Learning Representations.
    """
    from core.learners.ensembles import with_inner
    from core.numerics.batching import Batches

    return with_inner(classifier, batches=Batches(_compose, {"balance": balance}))


def _compose(rows: BatchRows, rng: np.random.Generator, *, balance: float) -> np.ndarray:
    here = rows.shares > 0
    return in_shares(rows, rng, (1 - balance) * rows.shares + balance * here / here.sum())
