"""Parameters of a method, read from its signature and its docstring."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from core.docstrings import parse
from core.errors import UserError, unknown
from core.wording import count, number, quoted

CONTEXT = ("random_state", "positive", "miss_cost", "imported", "sensitive", "classes")
"""Keyword arguments that the study fills in; an analyst is not asked for them."""


@dataclass(frozen=True)
class Range:
    """The values that a number may take, both ends included.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.
    step : float
        The step of a slider.
    """

    low: float
    high: float
    step: float = 1


@dataclass(frozen=True, init=False)
class Choice:
    """The words that a parameter may be.

    Parameters
    ----------
    *options : str
        In the order in which they are offered.
    """

    options: tuple[str, ...]

    def __init__(self, *options: str) -> None:
        object.__setattr__(self, "options", options)


@dataclass(frozen=True)
class Text:
    """Free text that a parameter may be.

    Parameters
    ----------
    most : int
        The largest number of characters.
    example : str
        What may be written.
    read : callable
        Gives the text in the form in which it is kept, or raises ``UserError`` when it says nothing.
    """

    most: int
    example: str = ""
    read: Callable[[str], str] = str.strip


@dataclass(frozen=True)
class Parameter:
    """One keyword-only argument of a method.

    Parameters
    ----------
    name : str
        The argument's name.
    kind : type
        ``int``, ``float``, ``str`` or ``bool``.
    default : object
        Its default value.
    help : str
        One or two sentences from the docstring.
    constraint : Range, Choice, Text or None
        What the value may be.
    """

    name: str
    kind: type
    default: Any
    help: str
    constraint: Range | Choice | Text | None

    @property
    def label(self) -> str:
        """The name as words: ``miss_cost`` is shown as "Miss cost"."""
        return self.name.replace("_", " ").capitalize()

    def check(self, value: Any) -> Any:
        """Return the value in the right type, or raise ``UserError``."""
        try:
            wrong_bool = (
                self.kind is bool and not isinstance(value, bool) and str(value).lower() not in ("true", "false")
            )
            cast = str(value).lower() == "true" if self.kind is bool else self.kind(value)
            wrong = wrong_bool or (self.kind is int and isinstance(value, float) and cast != value)
        except (TypeError, ValueError, OverflowError):
            wrong, cast = True, None
        if wrong:
            raise UserError(f"{quoted(value)} is not a value of '{self.name}'.", f"Give a value like {self.default}.")
        match self.constraint:
            case Range(low, high) if not low <= cast <= high:
                raise UserError(
                    f"'{self.name}' is {number(cast)}.", f"Choose a value from {number(low)} to {number(high)}."
                )
            case Choice(options) if cast not in options:
                raise unknown(f"value of '{self.name}'", cast, options)
            case Text(most) if len(cast) > most:
                raise UserError(f"'{self.name}' has {count(len(cast))} characters.", f"Write at most {count(most)}.")
            case Text(read=read):
                return read(cast)
        return cast


def parameters_of(function: Callable) -> tuple[Parameter, ...]:
    """List the keyword-only arguments of a method; those of ``CONTEXT`` are the study's and are left out.

    Parameters
    ----------
    function : callable
        Arguments are annotated ``Annotated[int, Range(1, 50)]`` or ``Annotated[str, Choice("a", "b")]``.

    Returns
    -------
    tuple of Parameter
        In the order of the signature.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    texts = parse(function).parameters
    found = []
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is argument.KEYWORD_ONLY and name not in CONTEXT:
            kind, constraint, *_ = (
                (*typing.get_args(hints[name]), None) if typing.get_origin(hints[name]) else (hints[name], None)
            )
            found.append(Parameter(name, kind, argument.default, texts.get(name, ""), constraint))
    return tuple(found)


def checked(parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters with the given values or their defaults.

    Raises
    ------
    UserError
        A name is not known or a value is out of range.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in known:
            raise unknown("parameter", name, known)
    return {name: parameter.check(values.get(name, parameter.default)) for name, parameter in known.items()}


def written(value: Any) -> str:
    """A value as it stands in the text of a recipe: the signs that divide recipes, and line ends, become % and two digits.

    Examples
    --------
    >>> written(0.5), written("dose + weight: 1,5")
    ('0.5', 'dose %2B weight%3A 1%2C5')
    """
    return re.sub(r"[%+:,\x00-\x1f]", lambda found: f"%{ord(found[0]):02X}", str(value))


def unwritten(text: str) -> str:
    """What ``written`` was given.

    Examples
    --------
    >>> unwritten("dose %2B weight%3A 1%2C5")
    'dose + weight: 1,5'
    """
    return unquote(text)
