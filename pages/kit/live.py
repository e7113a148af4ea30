"""Losses, batches and optimisers while they are tried: the networks train, and the page shows how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from core.glossary import term
from core.job import Job
from core.recipe import Recipe
from core.result import Result
from pages.kit import choices, compared, recipe_jobs, session, show, text

LEARNER = "neural"
MOMENT, EARLY = 1.2, 0.4
"""Seconds; in the first a changed loss on 10,000 rows is trained on two cores; what has arrived after the second is shown until then."""


def start(building: Recipe) -> Job | None:
    """Begin to train the recipe that is being built, and those that were; None for a learner that does not train in steps."""
    return recipe_jobs.live(_tried(building)) if choices.choice("learner") == LEARNER else None


def section(building: Recipe) -> Callable[[], None]:
    """Train the recipe that is being built beside those that were, class by class as it goes."""
    if choices.choice("learner") != LEARNER:
        return _nothing
    st.subheader("Training, live", help=term("Epoch"))
    st.caption(
        "All folds of every recipe train together. Losses, batches, optimisers and weights can be tried here before they are added; "
        "what else a recipe changes is scored below."
    )
    recipes = _tried(building)
    job = recipe_jobs.live(recipes)
    above, place = st.container(), st.empty()
    _awaited(recipes, job, place)
    with above:
        follow = show.progress({building: job}, "part")
    result = recipe_jobs.trained(recipes, job)
    if result is not None:
        with place.container(border=True, key="live"):
            _drawn(result)
    return follow


def _awaited(recipes: tuple[Recipe, ...], job: Job, place: Any) -> None:
    """Wait a moment, once, where all may be trained in it: the page below takes the time of the training. Curves that arrive are shown once."""
    state, early = st.session_state, None
    if state.get("training", (None, 0.0))[0] is not job:
        state.training = (job, time.monotonic())
    waited = time.monotonic() - state.training[1]
    while job.live and waited < MOMENT and len(session.study().codes) <= session.AT_ONCE:
        state.get("choices")  # where a click is heard
        if early is None and waited > EARLY and (early := recipe_jobs.trained(recipes, job)) is not None:
            with place.container(border=True, key="arriving"):
                _said(early)
                show.side_by_side(dict(list(_figures(early).items())[:2]), "arriving")
        time.sleep(show.POLL_SECONDS)
        waited = time.monotonic() - state.training[1]


def _tried(building: Recipe) -> tuple[Recipe, ...]:
    return (building, *choices.recipes()) if building.steps else choices.recipes()


def _said(result: Result) -> None:
    for position, finding in enumerate(result.findings):
        st.markdown(f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text))


def _drawn(result: Result) -> None:
    _said(result)
    figures = list(_figures(result).items())
    show.side_by_side(dict(figures[:2]), "live")
    if "scores" in result.tables:
        compared.scores(result)
        show.details("live", result, dict(figures[2:]))


def _figures(result: Result) -> dict:
    from core.evaluation.live_training import draw

    return show.once(draw, result)


def _nothing() -> None:
    """Nothing is awaited."""
