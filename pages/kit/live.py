"""Losses, batches and optimisers while they are tried: the networks train, and the page shows how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.evaluation.compare import with_baseline
from core.glossary import term
from core.job import Job
from core.recipe import Recipe
from core.result import Result
from pages.kit import alone, chart, choices, compared, made_rows, recipe_jobs, session, show, text

LEARNER = "neural"
MOMENT, ALONE, EARLY = 1.2, 2.0, 0.3
"""Seconds; in the first a changed loss on 10,000 rows is trained on two cores, and where nothing else waits there is time for the second; what has arrived after the third is shown until then."""


def tried() -> Callable[[], None]:
    """Build a recipe, see which ones are compared, and watch their training; what the recipe asserts is shown after a short training, which it would hold up."""
    with st.expander("Build a recipe", icon=":material/add:", expanded=not choices.recipes()):
        building, place = compared.builder(start)
    compared.chosen(with_baseline(choices.recipes()))
    steps = [lambda: _before(building, place), lambda: section(building)]
    follows = [step() for step in (reversed(steps) if _short() else steps)]

    def follow() -> None:
        for wait in follows:
            wait()

    return follow


def _before(building: Recipe, place: Any) -> Callable[[], None]:
    with place:
        return made_rows.before(building)


def _short() -> bool:
    """Whether a training is awaited in the page."""
    return choices.choice("learner") == LEARNER and len(session.study().codes) <= session.AT_ONCE


def start(building: Recipe) -> Job | None:
    """Begin to train the recipe that is being built, and those that were; None for a learner that does not train in steps."""
    return recipe_jobs.live(_tried(building)) if choices.choice("learner") == LEARNER else None


def section(building: Recipe) -> Callable[[], None]:
    """Train the recipe that is being built beside those that were, class by class as it goes."""
    if choices.choice("learner") != LEARNER:
        return alone.nothing
    st.subheader("Training, live", help=term("Epoch"))
    st.caption(
        "All folds of every recipe train together. Losses, batches, optimisers and weights can be tried here before they are added; "
        "what else a recipe changes is scored below."
    )
    recipes = _tried(building)
    job = recipe_jobs.live(recipes)
    above, box = st.container(), Box(st.container(border=True, key="live"))
    _awaited(recipes, job, box)
    with above:
        follow = show.progress({building: job}, "part")
    result = recipe_jobs.trained(recipes, job)
    if result is None:
        box.words.markdown("The first curves appear here.")
    else:
        box.draw(result)
    return follow


class Box:
    """Where a training is shown. Its parts stay where they are while newer ones come: a browser draws them anew far more slowly than it changes them."""

    def __init__(self, box: Any) -> None:
        self.box, self.words, self.columns = box, box.container(), box.columns(2)
        self.said: Any = self.words
        self.charts: dict[int, list[Any]] = {}

    def arrive(self, result: Result) -> None:
        """Show the first curves and what was seen so far."""
        from core.evaluation.live_curves import training_figures

        self._say(result)
        for title, figure in training_figures(result.tables["curves"], most=1).items():
            self._chart(1, title, figure, "arriving")

    def draw(self, result: Result) -> None:
        """Show all that is known."""
        self._say(result)
        complete = "scores" in result.tables
        rest = self.box.container() if complete else self.box.empty()  # where the scores of another training may stand
        if complete:
            with rest:  # tables first: a browser draws them at once
                compared.scores(result)
        figures = list(_figures(result).items())
        if complete:
            with rest:
                show.details("live", result, dict(figures[2:]))
        first = figures[:2] if complete else figures[1::-1]  # recall stays where it arrived
        for side, (title, figure) in enumerate(first):
            self._chart(side, title, figure, "live")

    def _say(self, result: Result) -> None:
        said = [text.md(finding.text) for finding in result.findings]
        self.said = self.said.markdown("\n\n".join([f"**{said[0]}**", *said[1:]]))

    def _chart(self, side: int, title: str, figure: Any, place: str) -> None:
        onto = self.charts.get(side, [self.columns[side]] * 2)
        self.charts[side] = chart.put(title, figure, place, onto)


def _awaited(recipes: tuple[Recipe, ...], job: Job, box: Box) -> None:
    """Wait a moment, once, where all may be trained in it: the page below takes the time of the training. Curves that arrive are shown once."""
    state, early = st.session_state, None
    if state.get("training", (None, 0.0))[0] is not job:
        state.training = (job, time.monotonic())
    moment = ALONE if alone.drawn_alone() else MOMENT
    waited = time.monotonic() - state.training[1]
    while job.live and waited < moment and _short():
        alone.listen()
        if early is None and waited > EARLY and (early := recipe_jobs.trained(recipes, job)) is not None:
            box.arrive(early)
        job.wait(show.POLL_SECONDS)
        waited = time.monotonic() - state.training[1]


def _tried(building: Recipe) -> tuple[Recipe, ...]:
    return (building, *choices.recipes()) if building.steps else choices.recipes()


def _figures(result: Result) -> dict:
    from core.evaluation.live_training import draw

    return show.once(draw, result)
