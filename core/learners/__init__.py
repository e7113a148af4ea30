"""Learners: the classifiers that recipes are tried on."""

from __future__ import annotations

from typing import Any

from core.errors import unknown

LEARNERS = {
    "boosted": "Boosted trees (LightGBM)",
    "linear": "Linear model (logistic regression)",
    "neural": "Neural network (multilayer perceptron)",
}


def make(name: str, random_state: int = 0) -> Any:
    """Make an unfitted classifier that takes a table with gaps and text columns.

    Parameters
    ----------
    name : str
        A key of ``LEARNERS``.
    random_state : int
        Seed.

    Raises
    ------
    UserError
        There is no such learner.
    """
    if name == "boosted":
        from core.learners.boosted import BoostedTrees

        return BoostedTrees(random_state=random_state)
    if name == "linear":
        from core.learners.linear import LinearModel

        return LinearModel(random_state=random_state)
    if name == "neural":
        from core.learners.neural import NeuralNetwork

        return NeuralNetwork(random_state=random_state)
    raise unknown("learner", name, LEARNERS)
