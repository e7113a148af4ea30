"""The catalogue: finds every method by its file. One file is one method; nothing is listed by hand."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType

from core.docstrings import Docstring, paragraph, parse
from core.errors import unknown
from core.params import Parameter, parameters_of

KINDS = {"diagnostic": "core.diagnostics", "remedy": "core.remedies"}
COSTS = ("instant", "seconds", "minutes")


@dataclass(frozen=True)
class About:
    """What a method's file says of itself, beside its docstring.

    Parameters
    ----------
    title : str
        A noun from the literature, in sentence case.
    question : str
        The question that the method answers, in the reader's words.
    maturity : str
        "established", or "emerging" when the formula is recent or inferred.
    cost : str
        "instant", "seconds" or "minutes" at 10,000 rows; "minutes" runs only when asked for.
    gravest : str
        The severity that a diagnostic's sick example reaches: "issue"; "caution" when the method describes and never
        calls anything an issue.
    judges_sizes : bool
        Whether the class sizes themselves are what a diagnostic judges. Only then may its two examples differ in them.
    names : tuple of str
        The planted conditions of ``core.synthetic`` that a diagnostic calls an issue; the specificity matrix holds it to
        these and to no other. Empty for a method that only describes.
    learners : tuple of str
        The learners that a remedy is for; empty for all of them.
    """

    title: str
    question: str
    maturity: str = "established"
    cost: str = "instant"
    gravest: str = "issue"
    judges_sizes: bool = False
    names: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Method:
    """One diagnostic or remedy of the catalogue.

    Parameters
    ----------
    kind : str
        "diagnostic" or "remedy".
    group : str
        The family of a diagnostic or the stage of a remedy: the name of its folder.
    slug : str
        The name of the file and of the function in it.
    about : About
        Title, question, maturity and cost.
    fn : callable
        ``fn(study, **parameters) -> Result`` or ``fn(classifier, **parameters) -> classifier``.
    draw : callable or None
        ``draw(result) -> dict[title, Figure]``; diagnostics only.
    sick, healthy : callable or None
        ``sick(random_state=0) -> Dataset``, two tables with the same class sizes; diagnostics only.
    """

    kind: str
    group: str
    slug: str
    about: About
    fn: Callable
    draw: Callable | None = None
    sick: Callable | None = None
    healthy: Callable | None = None

    @property
    def title(self) -> str:
        """The method's name as a reader sees it."""
        return self.about.title

    @property
    def question(self) -> str:
        """The question that the method answers."""
        return self.about.question

    @property
    def maturity(self) -> str:
        """ "established" or "emerging"."""
        return self.about.maturity

    @property
    def cost(self) -> str:
        """ "instant", "seconds" or "minutes"."""
        return self.about.cost

    def serves(self, learner: str) -> bool:
        """Whether a remedy may be tried on a learner."""
        return not self.about.learners or learner in self.about.learners

    @cached_property
    def text(self) -> Docstring:
        """The docstring, taken apart."""
        return parse(self.fn)

    @cached_property
    def params(self) -> tuple[Parameter, ...]:
        """The parameters that an analyst may set."""
        return parameters_of(self.fn)

    @property
    def how(self) -> str:
        """How it is detected, or how it works."""
        return paragraph(self.text.sections.get("How it is detected", self.text.definition))

    @property
    def why(self) -> str:
        """Why it matters."""
        return paragraph(self.text.sections.get("Why it matters", ""))

    @property
    def what_to_do(self) -> str:
        """What to do about it."""
        return paragraph(self.text.sections.get("What to do", ""))

    @property
    def reference(self) -> str:
        """Where the method comes from."""
        return paragraph(self.text.sections.get("References", ""))


@cache
def catalogue() -> dict[str, Method]:
    """Every method by its slug, diagnostics first, in the order of folders and files.

    Raises
    ------
    TypeError
        A file does not hold what its kind needs; a defect, not an analyst's error.
    """
    found: dict[str, Method] = {}
    for kind, package in KINDS.items():
        for group in _children(package, folders=True):
            for slug in _children(f"{package}.{group}", folders=False):
                found[slug] = _method(kind, group, slug, importlib.import_module(f"{package}.{group}.{slug}"))
    return found


def methods(kind: str, *groups: str) -> tuple[Method, ...]:
    """The methods of one kind, of all groups or of the named ones in the given order."""
    of_kind = [method for method in catalogue().values() if method.kind == kind]
    if not groups:
        return tuple(of_kind)
    return tuple(sorted((m for m in of_kind if m.group in groups), key=lambda m: groups.index(m.group)))


def served(learner: str, *groups: str) -> tuple[Method, ...]:
    """The remedies that may be tried on a learner, of all stages or of the named ones in the given order."""
    return tuple(item for item in methods("remedy", *groups) if item.serves(learner))


def method(slug: str) -> Method:
    """One method by its slug.

    Raises
    ------
    UserError
        There is none; close matches are offered.
    """
    if slug not in catalogue():
        raise unknown("method", slug, catalogue())
    return catalogue()[slug]


@cache
def group_title(kind: str, group: str) -> tuple[str, str]:
    """The title and the question of a family or stage, from its folder's docstring."""
    title, _, question = (importlib.import_module(f"{KINDS[kind]}.{group}").__doc__ or "").strip().partition(": ")
    return title, question


def _children(package: str, *, folders: bool) -> list[str]:
    path = importlib.import_module(package).__path__
    return sorted(name for _, name, is_folder in pkgutil.iter_modules(path) if is_folder == folders)


def _method(kind: str, group: str, slug: str, module: ModuleType) -> Method:
    needed = ("ABOUT", slug, "draw", "sick", "healthy") if kind == "diagnostic" else ("ABOUT", slug)
    if missing := [name for name in needed if not hasattr(module, name)]:
        raise TypeError(f"{module.__name__} lacks {', '.join(missing)}")
    extra = [getattr(module, name, None) for name in ("draw", "sick", "healthy")]
    return Method(kind, group, slug, module.ABOUT, getattr(module, slug), *extra)
