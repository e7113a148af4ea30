"""Probabilities of resampled or weighted rows, carried back to the class shares of the table."""

from __future__ import annotations

from typing import Any

from core.registry import About

ABOUT = About("Prior correction", "What would the probabilities be at the class shares of the table?")


def prior_correction(classifier: Any, *, check: bool = True, random_state: int = 0) -> Any:
    """Undo what sampling and weights did to the probabilities by a formula, where rows that were left out say that it works.

    A probability p of class c becomes ``p · π_c / π′_c``, scaled to sum 1: π are the class shares of the training rows and π′ those that
    the learner was told of, read from what the sampler and the weights really do. Nothing is fitted, so it works with few rows of a
    class. The ranking of two classes stays as it is, and with it average precision.

    Why it matters
    --------------
    The formula is exact for a learner that takes the false shares on as they are. A linear model nearly does: on six generated tables 0.93
    to 1.04 rows of the rare class came true per row expected. Boosted trees do not: they fit copied, synthetic and heavy rows one by one,
    take on less than they are told, and the formula over-corrects: 2.2 to 3.1 rows came true per row expected after copies, SMOTE or weights,
    0.8 after undersampling. So it is checked before it is believed: three inner folds predict rows that they did not learn from, at their
    natural class sizes, and the correction stays only where their log loss does not rise. It often stays and still over-corrects, because
    no correction would be worse. Doing nothing at all had the best Brier score on these tables, with both learners.

    What to do
    ----------
    Use it with the linear learner after sampling or weights, and look at observed over expected in the comparison. With boosted trees take
    calibrated probabilities, which learn how much was taken on. Without sampling and weights neither is needed.

    Parameters
    ----------
    check : bool
        Correct only where inner folds do not speak against it.

    References
    ----------
    Dal Pozzolo, Caelen, Johnson and Bontempi (2015), IEEE SSCI. Saerens, Latinne and Decaestecker (2002), Neural Computation 14. The check is
    our own.
    """
    from core.learners.prior_correction import CheckedCorrection

    return CheckedCorrection(classifier, check, random_state)
