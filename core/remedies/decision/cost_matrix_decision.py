"""The decision that is expected to cost least, with a cost for every error."""

from __future__ import annotations

from typing import Annotated, Any

from core.learners.cost_matrix import EXAMPLE, tidied
from core.params import Text
from core.registry import About

ABOUT = About("Cost matrix", "Which decision is expected to cost least?")


def cost_matrix_decision(
    classifier: Any,
    *,
    costs: Annotated[str, Text(2000, EXAMPLE, tidied)] = "",
    positive: Any = None,
    miss_cost: float = 0.0,
    classes: tuple[str, ...] = (),
) -> Any:
    """Take each row for the class that is expected to cost least, where errors of different kinds cost differently.

    With the cost C of taking a row of class c for class d, the class d with the least ``Σ_c p_c C_cd`` is taken. With two classes this is
    the threshold ``alarm / (alarm + miss)``. With more, no single threshold says it. The probabilities are left alone, and nothing is
    tuned, so nothing is uncertain but the probabilities.

    Why it matters
    --------------
    The most probable class is right most often. Where one error is much worse than another, it is not the cheapest.

    What to do
    ----------
    Write down what errors cost, in any unit. Combine with calibrated probabilities, and compare the cost with that of doing nothing.

    Parameters
    ----------
    costs : str
        What errors cost, such as "miss fraud as honest = 20"; the others cost 1, and a miss of the class of interest what was stated.

    References
    ----------
    Elkan (2001), The foundations of cost-sensitive learning, IJCAI.
    """
    from core.learners.cost_matrix import LeastCost

    return LeastCost(classifier, costs, classes, positive, miss_cost)
