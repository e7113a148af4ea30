"""One click: a search over learners and recipes within a time, which ends in one sentence and a recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import streamlit as st

from core.evaluation.compare import BASELINE
from core.learners import LEARNERS
from core.result import Result
from pages.kit import choices, recipe_jobs, session, show, text

TIME = "What the search may take. In more time more candidates are tried, on more rows, so that smaller gains can be told from chance."
SECONDS = ("20", "60", "180", "600")


def section() -> Callable[[], None]:
    """Ask for the time, search when asked to, and show how far the search is."""
    mark = hashlib.sha256(repr(session.study().key).encode()).hexdigest()[:16]
    asked = choices.choice("searched")
    asked = asked if len(asked) == 2 and asked[0] in SECONDS and asked[1] == mark else ()
    with st.expander("Recommend a recipe", icon=":material/auto_awesome:", expanded=bool(asked)):
        st.caption(
            "Learners, recipes, calibration and thresholds are tried on a part of the rows, and the best ones on all of them. The winner is recommended "
            "only if choosing it beats doing nothing on rows that had no part in the choice."
        )
        left, right = st.columns([2, 3], vertical_alignment="bottom")
        seconds = left.selectbox("Seconds to search", SECONDS, 1, key="search seconds", help=TIME)
        wanted = {"searched": (seconds, mark)}
        right.button(
            "Search",
            icon=":material/search:",
            on_click=choices.choose,
            kwargs=wanted,
            disabled=asked == wanted["searched"],
        )
        if not asked:
            return _nothing
        job = recipe_jobs.recommendation(float(asked[0]))
        follow = show.progress({"search": job}, "search")
        for result in job.latest:
            _drawn(result)
    return follow


def _drawn(result: Result) -> None:
    from core.evaluation.recommend import draw, recommended

    for position, finding in enumerate(result.findings):
        st.markdown(f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text))
    if "choice" in result.tables:
        learner, recipe = recommended(result)
        if recipe.without("decision") != BASELINE or learner != choices.choice("learner"):
            chosen = {"learner": learner, "recipe": (*choices.choice("recipe"), recipe.text), "searched": ()}
            label = text.md(f"Take '{recipe.title}' on {LEARNERS[learner].lower()}")
            st.button(label, icon=":material/add:", on_click=choices.choose, kwargs=chosen)
    show.side_by_side(dict(list(show.once(draw, result).items())[:2]), "recommend")
    if result.tables:
        show.details("recommend", result, dict(list(show.once(draw, result).items())[2:]))


def _nothing() -> None:
    """Nothing is awaited."""
