"""Two probabilities for every row, and how far they lie apart."""

from __future__ import annotations

from typing import Any

from core.registry import About

ABOUT = About("Venn–Abers probabilities", "How sure are the rows that were seen about this probability?")


def venn_abers(classifier: Any, *, random_state: int = 0) -> Any:
    """Ask for every row what its probability is if it is known to be in the class, and if it is known not to be.

    Three inner folds score the training rows at their natural class sizes. For a new row, isotonic regression of the outcome on the score is fitted
    with that row added, once with the label 0 and once with the label 1: that gives ``p₀ ≤ p₁``, and the probability is ``p₁ / (1 − p₀ + p₁)``. How far
    the two lie apart says how much one more row would change: wide where few rows of the class were seen. The comparison of calibration
    shows that width. With more than two classes each class is mapped against the rest, and the results are scaled to sum 1. Where
    inner folds test fewer than 10 rows of a class, the sigmoid of two numbers is learned instead.

    The method promises that one of the two probabilities is true on average where the scores come from a model that none of the rows has
    trained. Here scores of several inner models are pooled and the model of all rows gives the score of a new one, so that the promise
    holds only roughly; that, and the weights in a working sample, are our reading.

    Why it matters
    --------------
    Isotonic regression alone gives probabilities of exactly 0 and 1 at the ends, where few rows speak. Here no probability is 0 or 1, and a row about
    which little is known says so.

    What to do
    ----------
    Use it as you would calibrated probabilities, where the class has some hundred rows or where the width itself is of use. It leans towards one half
    where little is known, so the sum of its probabilities of a rare class is too high: on a table with 249 rare rows of 5,110 and the linear
    model, 0.92 rows came true per row expected, against 0.99 of doing nothing. The ranking gains nothing, and ties may cost a little average precision.

    References
    ----------
    Vovk, Petej and Fedorova (2015), NeurIPS. Nouretdinov et al. (2018), COPA.
    """
    from core.learners.deciding import Calibrated

    return Calibrated(classifier, "venn_abers", random_state)
