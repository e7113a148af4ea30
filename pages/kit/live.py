"""Losses, batches and optimisers while they are tried: the networks train, and the page shows how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core.glossary import term
from core.job import Job
from core.recipe import Recipe
from core.result import Result
from pages.kit import choices, compared, recipe_jobs, session, show, text

LEARNER = "neural"
MOMENT = 1.2
"""Seconds; on two cores a changed loss on 10,000 rows is trained in less, beside the page."""


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
    _awaited(job)
    follow = show.progress({building: job}, "part")
    result = recipe_jobs.trained(recipes, job)
    if result is not None:
        with st.container(border=True, key="live"):
            _drawn(result)
    return follow


def _awaited(job: Job) -> None:
    """Wait a moment where all may be trained in it: a page that draws how far it is takes the time of the training."""
    end = time.monotonic() + MOMENT * (len(session.study().codes) <= session.AT_ONCE)
    while job.live and time.monotonic() < end:
        st.session_state.get("choices")  # where a click is heard
        time.sleep(show.POLL_SECONDS)


def _tried(building: Recipe) -> tuple[Recipe, ...]:
    return (building, *choices.recipes()) if building.steps else choices.recipes()


def _drawn(result: Result) -> None:
    for position, finding in enumerate(result.findings):
        st.markdown(f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text))
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
