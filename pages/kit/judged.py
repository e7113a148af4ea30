"""Views of recipes as decisions: what they cost, what they find, whether their probabilities come true, how sure a threshold is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import streamlit as st

from core.recipe import Recipe
from core.result import Result
from pages.kit import at_use, choices, costing, cutoff, maps, recipe_jobs, refits, show, text

VIEWS = {
    "costs": ("What it costs", "What each decision costs, and which one is the cheapest elsewhere."),
    "curves": ("Over all thresholds", "What each recipe finds and at what price, wherever the threshold stands."),
    "calibration": ("Do probabilities come true", "Of 100 rows with probability .2, do 20 belong to the class?"),
    "threshold_band": (
        "How sure the threshold is",
        "The threshold of the last recipe, chosen again on rows drawn anew.",
    ),
    "moved_rows": (
        "How sure a row's probability is",
        "How far the probability of a row moves when each recipe is fitted again on rows drawn anew, and how often the decision turns.",
    ),
    "prior_at_use": (
        "How frequent it is at use",
        "From rows without labels: the share of the class where decisions will be made, and whether only the shares have changed.",
    ),
}
"""Module of ``core.evaluation`` that draws a view, its title, and what it shows."""

VIEW = "What is looked at; it is computed when it is chosen, and the line below says what it shows."
MADE = {
    "costs": costing.job, "curves": recipe_jobs.curves, "calibration": recipe_jobs.calibration,
    "threshold_band": recipe_jobs.threshold,
}  # fmt: skip

DRAWN = {"matrix_panel": "cost_matrix"}
"""The module that draws what a method made for the view of another one."""

ASKING = {"moved_rows": refits.section, "prior_at_use": at_use.section}
"""Views that ask for more than recipes."""


def section(recipes: tuple[Recipe, ...], laid: Result | None = None, told: tuple[str, ...] = ()) -> Callable[[], None]:
    """One view of the recipes, with the place of the cut-off that was laid on them; sentences that were told above are left out."""
    titles = {key: title for key, (title, _) in VIEWS.items()}
    view = st.pills(
        "View", titles, format_func=titles.get, default="costs", key="judged view", required=True, help=VIEW
    )
    st.caption(VIEWS[view][1])
    if view == "calibration":
        maps.offer(recipes)
    if view in ASKING:
        return ASKING[view](recipes, _drawn)
    job = MADE[view](recipes, choices.choice("prevalence"))
    follow = show.progress({view: job}, "view")
    for result in job.results:
        with st.container(border=True, key=f"judged {view}"):
            _drawn(DRAWN.get(result.provenance.get("method"), view), result, recipes[-1], laid, told)
    return follow


def _drawn(
    view: str, result: Result, recipe: Recipe | None = None, laid: Result | None = None, told: tuple[str, ...] = ()
) -> None:
    for position, finding in enumerate(finding for finding in result.findings if finding.text not in told):
        mark = f"{show.tag(finding.severity)} " if finding.severity in ("issue", "caution") else ""
        st.markdown(mark + (f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text)))
    if result.tables:
        figures = show.once(import_module(f"core.evaluation.{view}").draw, result)
        show.side_by_side(cutoff.marked(result, figures, laid, recipe), f"judged {view}")
        show.details(f"judged {view}", result, {})
