"""Costs of every error, as an analyst writes them, and the decision of least expected cost."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import UserError, unknown
from core.learners.deciding import Thresholded
from core.numerics.cost_matrices import least_cost
from core.wording import count, number, quoted

EXAMPLE = "miss fraud as honest = 20; miss honest as fraud = 1; miss unsure as * = 3"
FORM = f"Write costs like: {EXAMPLE}. Put a name with a sign of its own between quotation marks; * is any class."
ANY = "*"
MOST = 1e9
NAME = r"""('[^'\n]*'|"[^"\n]*"|[^;\n]+?)"""
STATEMENT = re.compile(rf"\s*(?:miss\s+)?{NAME}\s+as\s+{NAME}\s*=\s*([^;=\n]*?)\s*(?:[;\n]\s*|$)")
PLAIN = re.compile(r"""(?!miss\s|['"*\s])(?!.*(\s+as\s|[;=\n]|\s$)).+""")


@dataclass(frozen=True)
class Statement:
    """What it costs to take a row of one class for another.

    Parameters
    ----------
    own : str or None
        The class of the row; None is any class.
    called : str or None
        What it is taken for; None is any class, but only errors are meant.
    cost : float
    """

    own: str | None
    called: str | None
    cost: float

    @property
    def text(self) -> str:
        """The statement as it is written."""
        return f"miss {_written(self.own)} as {_written(self.called)} = {self.cost:.15g}"


def read_costs(text: str) -> tuple[Statement, ...]:
    """Read statements such as ``miss fraud as honest = 20``, divided by semicolons or line ends.

    Raises
    ------
    UserError
        A statement is not one, or says what another one says.

    Examples
    --------
    >>> read_costs("miss a as * = 3")
    (Statement(own='a', called=None, cost=3.0),)
    """
    found: list[Statement] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = STATEMENT.match(text, position)
        if match is None:
            raise UserError(f"{quoted(text[position:])} states no cost.", FORM)
        own, called, cost = match.groups()
        found.append(Statement(_name(own), _name(called), _cost(cost)))
        position = match.end()
    pairs = [(one.own, one.called) for one in found]
    if twice := [one for i, one in enumerate(found) if pairs[i] in pairs[:i]]:
        raise UserError(f"{quoted(twice[0].text)} is said twice.", "Keep one of the two.")
    return tuple(found)


def stated_table(costs: np.ndarray, classes: Sequence[str]) -> tuple[Statement, ...]:
    """The statements of a whole table (n_classes, n_classes): one for each cell that says something else than cost 0 for what is right and 1 for an error."""
    usual = 1.0 - np.eye(len(costs))
    cells = np.argwhere(np.asarray(costs) != usual)
    return tuple(Statement(str(classes[i]), str(classes[j]), float(costs[i][j])) for i, j in cells)


def tidied(text: str) -> str:
    """The same statements in one form, or ``UserError`` when they say nothing."""
    return "; ".join(one.text for one in read_costs(text))


def cost_table(
    text: str | Sequence[Statement], classes: Sequence[str], positive: int | None = None, miss_cost: float = 0.0
) -> np.ndarray:
    """What each decision costs on a row of each class.

    Right decisions cost 0 and errors 1, a miss of the class of interest what the study says that one costs; then what is
    written, the general before the particular.

    Parameters
    ----------
    text : str or sequence of Statement
        As for ``read_costs``, or what it returns.
    classes : sequence of str
        The labels.
    positive : int or None
        The position of the class of interest.
    miss_cost : float
        How many false alarms one miss of it costs; 0 when that is not stated.

    Returns
    -------
    ndarray (n_classes, n_classes)
        Rows are the class of a row, columns what it is taken for.

    Raises
    ------
    UserError
        A class is not known, or a right decision is to cost as much as an error.
    """
    names, n = [str(label) for label in classes], len(classes)
    costs = 1.0 - np.eye(n)
    if positive is not None and miss_cost:
        costs[positive] *= miss_cost
    statements = read_costs(text) if isinstance(text, str) else tuple(text)
    for one in sorted(statements, key=lambda one: (one.own is not None) + (one.called is not None)):
        if strange := [name for name in (one.own, one.called) if name is not None and name not in names]:
            raise unknown("class", strange[0], names)
        own, called = (slice(None) if name is None else names.index(name) for name in (one.own, one.called))
        meant = np.zeros((n, n), dtype=bool)
        meant[own, called] = True
        if None in (one.own, one.called):
            meant &= ~np.eye(n, dtype=bool)
        costs[meant] = one.cost
    _check(costs, names)
    return costs


def _check(costs: np.ndarray, names: list[str]) -> None:
    errors = costs + np.where(np.eye(len(costs), dtype=bool), np.inf, 0)
    for own in np.flatnonzero(np.diag(costs) >= errors.min(axis=1))[:1]:
        called = int(errors[own].argmin())
        problem = (
            f"Taking {quoted(names[own])} for what it is costs {number(costs[own, own])}, and taking it for "
            f"{quoted(names[called])} costs {number(costs[own, called])}."
        )
        raise UserError(problem, "Let a right decision cost less than an error.")


def _name(text: str) -> str | None:
    text = text.strip()
    if text == ANY:
        return None
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _written(name: str | None) -> str:
    if name is None:
        return ANY
    if PLAIN.fullmatch(name):
        return name
    return f'"{name}"' if "'" in name else f"'{name}'"


def _cost(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= MOST:
        raise UserError(f"{quoted(text)} is not a cost.", f"Give a number like 20 or 0.5, at most {count(MOST)}.")
    return value


class LeastCost(Thresholded):
    """Takes each row for the class that is expected to cost least.

    With two classes this is one threshold. With more it is not, and ``threshold_`` is NaN.

    Parameters
    ----------
    classifier : scikit-learn classifier
    costs : str
        As for ``read_costs``.
    classes : tuple of str
        The names of the labels 0, 1, 2 …; labels are their own names when it is empty.
    positive : label or None
        The class of interest.
    miss_cost : float
        How many false alarms one miss of it costs; 0 when that is not stated.

    Attributes
    ----------
    costs_ : ndarray (n_classes, n_classes)
        Of the classes given to ``fit``.
    """

    def __init__(
        self,
        classifier: Any,
        costs: str = "",
        classes: tuple[str, ...] = (),
        positive: Any = None,
        miss_cost: float = 0.0,
    ) -> None:
        super().__init__(classifier, "theory", positive, miss_cost)
        self.costs = costs
        self.classes = classes

    def choose(
        self,
        y: np.ndarray,
        classes: np.ndarray,
        stands: np.ndarray | None,
        out_of_fold: Callable[[], np.ndarray],
        X: Any = None,
    ) -> LeastCost:
        """Look up the costs of the classes that are there; nothing is tuned."""
        self.order_, self.positive_ = np.asarray(classes), self._positive(y, stands)
        names = self.classes or tuple(str(label) for label in self.order_)
        labels = self.order_ if self.classes else np.arange(len(self.order_))
        own = np.flatnonzero((np.arange(len(names)) if self.classes else self.order_) == self.positive_)
        own = int(own[0]) if len(own) else None
        self.costs_ = cost_table(self.costs, names, own, self.miss_cost)[np.ix_(labels, labels)]
        there = len(self.order_) == 2 and own is not None and own in labels
        self.threshold_ = threshold_of(self.costs_, int(np.flatnonzero(labels == own)[0])) if there else np.nan
        return self

    @property
    def threshold_of_costs(self) -> float:
        """The threshold for the class of interest if its misses and its false alarms all cost what they cost in the mean; our inference."""
        if not self.classes or self.positive is None:
            return 1 / (1 + (self.miss_cost or 1))
        return threshold_of(cost_table(self.costs, self.classes, self.positive, self.miss_cost), self.positive)

    def decide(self, proba: np.ndarray, X: Any = None) -> np.ndarray:
        """Positions (n_samples,) in ``order_`` of the class that is expected to cost least."""
        return least_cost(proba, self.costs_)


def threshold_of(costs: np.ndarray, own: int) -> float:
    """From which probability on a class is called, against all others as one: ``alarm / (alarm + miss)``, in what errors cost beyond right decisions; our inference."""
    beyond = costs - np.diag(costs)[:, None]
    miss, alarm = np.delete(beyond[own], own).mean(), np.delete(beyond[:, own], own).mean()
    return float(alarm / (alarm + miss))
