"""What may go wrong: an analyst's mistake, or a method that does not apply."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from core.wording import quoted


class UserError(Exception):
    """The one error that is meant for the analyst: what is wrong, and what to do next.

    Pages and the command line print both sentences and nothing else. Anything that is not a
    ``UserError`` is a defect and is not caught.

    Parameters
    ----------
    problem : str
        What is wrong, with the value and the place.
    remedy : str
        What to do next.

    Examples
    --------
    >>> str(UserError("The file is empty.", "Choose another file."))
    'The file is empty. Choose another file.'
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}"


class NotApplicable(Exception):
    """A reason why a method says nothing about this table; it becomes a finding, never a failure."""


def unknown(kind: str, name: str, options: Iterable[str]) -> UserError:
    """Say that a name is not known, and offer the closest ones.

    Parameters
    ----------
    kind : str
        What the name stands for, as a singular noun: "column", "method".
    name : str
        The name that was given.
    options : iterable of str
        The names that would have been right.

    Examples
    --------
    >>> str(unknown("column", "targt", ["age", "target"]))
    "There is no column named 'targt'. Did you mean 'target'?"
    """
    known = [str(option) for option in options]
    near = get_close_matches(str(name), known, n=3, cutoff=0.6)
    if near:
        remedy = "Did you mean " + " or ".join(quoted(option) for option in near) + "?"
    else:
        remedy = (
            "Choose one of "
            + ", ".join(quoted(option) for option in known[:8])
            + (", …" if len(known) > 8 else "")
            + "."
        )
    return UserError(f"There is no {kind} named {quoted(name)}.", remedy)
