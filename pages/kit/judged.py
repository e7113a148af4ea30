"""Views of recipes as decisions: what they cost, what they find, whether their probabilities come true, how sure a threshold is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import streamlit as st

from core.recipe import Recipe
from core.result import Result
from pages.kit import choices, recipe_jobs, show, text

VIEWS = {
    "costs": ("What it costs", "What each decision costs, and which one is the cheapest elsewhere."),
    "curves": ("Over all thresholds", "What each recipe finds and at what price, wherever the threshold stands."),
    "calibration": ("Do probabilities come true", "Of 100 rows with probability .2, do 20 belong to the class?"),
    "threshold_band": (
        "How sure the threshold is",
        "The threshold of the last recipe, chosen again on rows drawn anew.",
    ),
}
"""Module of ``core.evaluation`` that draws a view, its title, and what it shows."""

MADE = {
    "costs": recipe_jobs.costs, "curves": recipe_jobs.curves, "calibration": recipe_jobs.calibration,
    "threshold_band": recipe_jobs.threshold,
}  # fmt: skip


def section(recipes: tuple[Recipe, ...]) -> Callable[[], None]:
    """One view of the recipes."""
    titles = {key: title for key, (title, _) in VIEWS.items()}
    view = st.pills("View", titles, format_func=titles.get, default="costs", key="judged view", required=True)
    st.caption(VIEWS[view][1])
    job = MADE[view](recipes, choices.choice("prevalence"))
    follow = show.progress({view: job}, "view")
    for result in job.results:
        with st.container(border=True, key=f"judged {view}"):
            _drawn(view, result)
    return follow


def _drawn(view: str, result: Result) -> None:
    for position, finding in enumerate(result.findings):
        mark = f"{show.tag(finding.severity)} " if finding.severity in ("issue", "caution") else ""
        st.markdown(mark + (f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text)))
    if result.tables:
        show.side_by_side(show.once(import_module(f"core.evaluation.{view}").draw, result), f"judged {view}")
        show.details(f"judged {view}", result, {})
