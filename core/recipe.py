"""A recipe: which remedies, with which parameters, in the one order in which they compose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import UserError, unknown
from core.params import checked, unwritten, written
from core.registry import Method, catalogue, method, methods
from core.wording import clip, listing, quoted

STAGES = ("optimisers", "batches", "weighting", "losses", "sampling", "ensembles", "calibration", "decision")
"""From the innermost wrapper to the outermost: weights are computed on the sampled rows, thresholds on calibrated scores."""


NEURAL = {"optimisers": "the steps from batch to batch", "batches": "the batches", "losses": "the inner layer"}
"""What a remedy of a stage changes where it is for the neural network alone."""

LACKING = {"boosted": "boosted trees have none", "linear": "the linear model has none"}


@dataclass(frozen=True)
class Recipe:
    """A sorted tuple of remedies; equal recipes have equal keys. The empty recipe is *do nothing*.

    Parameters
    ----------
    steps : tuple of (slug, tuple of (parameter, value))
        Use ``Recipe.of`` or ``Recipe.parse`` instead of writing this by hand.

    Examples
    --------
    >>> Recipe.of("class_weights").title
    'Class weights'
    >>> Recipe.parse("class_weights") == Recipe.of("class_weights")
    True
    """

    steps: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()

    @classmethod
    def of(cls, /, *slugs: str, **parameters: Mapping[str, Any]) -> Recipe:
        """Make a recipe: ``Recipe.of("smote", smote={"k": 3})``; what is not given keeps its default.

        Raises
        ------
        UserError
            A remedy or parameter is not known, or two remedies stand at the same stage.
        """
        chosen = [_remedy(slug) for slug in dict.fromkeys((*slugs, *parameters))]
        _one_per_stage(chosen)
        chosen.sort(key=lambda remedy: (STAGES.index(remedy.group), remedy.slug))
        values = (checked(remedy.params, parameters.get(remedy.slug, {})) for remedy in chosen)
        return cls(
            tuple((remedy.slug, tuple(sorted(value.items()))) for remedy, value in zip(chosen, values, strict=True))
        )

    @classmethod
    def parse(cls, text: str) -> Recipe:
        """Read the text form: ``smote:k=3+tuned_threshold``; the empty text is *do nothing*.

        In a value, % and two digits stand for a sign that divides recipes: %2B is a plus, %2C a comma, %3A a colon, %25 a percent sign.

        Raises
        ------
        UserError
            As ``Recipe.of``, or a remedy or a parameter stands twice.
        """
        parameters: dict[str, dict[str, str]] = {}
        for part in filter(None, (piece.strip() for piece in text.split("+"))):
            slug, _, settings = part.partition(":")
            pairs = [setting.partition("=")[::2] for setting in filter(None, settings.split(","))]
            twice = [name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i])] or [slug] * (
                slug in parameters
            )
            if twice:
                raise UserError(
                    f"{quoted(twice[0])} stands twice in the recipe {quoted(text)}.", "Keep one of the two."
                )
            parameters[slug] = {name: unwritten(value) for name, value in pairs}
        return cls.of(**parameters)

    @property
    def text(self) -> str:
        """The text form, with only the parameters that differ from their default."""
        parts = []
        for slug, values in self.steps:
            default = {parameter.name: parameter.default for parameter in method(slug).params}
            changed = ",".join(f"{name}={written(value)}" for name, value in values if value != default[name])
            parts.append(f"{slug}:{changed}" if changed else slug)
        return "+".join(parts)

    @property
    def title(self) -> str:
        """The recipe in words."""
        words = []
        for slug, values in self.steps:
            default = {parameter.name: parameter.default for parameter in method(slug).params}
            changed = ", ".join(
                f"{name.replace('_', ' ')} {clip(value, 1000)}" for name, value in values if value != default[name]
            )
            words.append(method(slug).title + (f" ({changed})" if changed else ""))
        return " + ".join(words) or "Do nothing"

    @property
    def slugs(self) -> tuple[str, ...]:
        """The remedies' slugs, innermost first."""
        return tuple(slug for slug, _ in self.steps)

    def stage(self, name: str) -> Method | None:
        """The remedy at a stage, if there is one."""
        return next((method(slug) for slug in self.slugs if method(slug).group == name), None)

    def without(self, stage: str) -> Recipe:
        """The same recipe with nothing at one stage."""
        return Recipe(tuple(step for step in self.steps if method(step[0]).group != stage))

    def check_serves(self, learner: str) -> None:
        """Look whether all remedies may be tried on a learner.

        Raises
        ------
        UserError
            One of them may not.
        """
        for remedy in map(method, self.slugs):
            if remedy.serves(learner):
                continue
            problem = f"{quoted(remedy.title)} does not serve the learner {quoted(learner)}."
            others = f"one of the learners {listing(remedy.about.learners)}"
            if remedy.about.learners == ("neural",) and learner in LACKING and remedy.group in NEURAL:
                problem = (
                    f"{quoted(remedy.title)} changes {NEURAL[remedy.group]} of a neural network; {LACKING[learner]}."
                )
                others = "the neural network as the learner"
            raise UserError(problem, f"Choose {others}, or take it out of the recipe.")

    def apply(self, classifier: Any, **context: Any) -> Any:
        """Wrap an unfitted classifier; the result is an unfitted classifier.

        Parameters
        ----------
        classifier : scikit-learn classifier
            Not fitted, and not changed.
        **context
            What the study knows (``core.params.CONTEXT``), given to every remedy that asks for it by name.
        """
        for slug, values in self.steps:
            fn = method(slug).fn
            asked = {name: context[name] for name in (fn.__kwdefaults__ or {}) if name in context}
            classifier = fn(classifier, **dict(values), **asked)
        return classifier


def recipes(texts: Iterable[str]) -> tuple[Recipe, ...]:
    """Read several recipes, each once, keeping their order."""
    return tuple(dict.fromkeys(Recipe.parse(text) for text in texts))


def _remedy(slug: str) -> Method:
    if slug not in catalogue():
        raise unknown("remedy", slug, (remedy.slug for remedy in methods("remedy")))
    if method(slug).kind != "remedy":
        raise UserError(f"'{slug}' is a diagnostic.", "A recipe is made of remedies.")
    return method(slug)


def _one_per_stage(chosen: list[Method]) -> None:
    seen: dict[str, Method] = {}
    for remedy in chosen:
        if remedy.group in seen:
            problem = f"'{seen[remedy.group].title}' and '{remedy.title}' both stand at the stage '{remedy.group}'."
            raise UserError(problem, "Keep one of them, or make two recipes.")
        seen[remedy.group] = remedy
