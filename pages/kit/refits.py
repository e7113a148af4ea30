"""How far rows move when a recipe is fitted again on rows drawn anew: asked for, computed recipe by recipe, drawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.evaluation.instability import planned
from core.evaluation.moved_rows import instability
from core.glossary import term
from core.recipe import Recipe
from core.result import Result
from core.wording import share, with_interval
from pages.kit import choices, recipe_jobs, session, show


def section(recipes: tuple[Recipe, ...], drawn: Callable[[str, Result], None]) -> Callable[[], None]:
    """Ask how often to fit again, do it as jobs, and show the recipes that are done."""
    refused = instability(session.study(), ())
    if refused.findings[0].severity == "not applicable":
        drawn("moved_rows", refused)
        return lambda: None
    left, right = st.columns(2, vertical_alignment="bottom")
    bound = choices.bound("refits", choices.choice("refits"))
    n_refits = left.number_input("Refits of each recipe", *choices.LIMITS["refits"], help=term("Bootstrap"), **bound)
    right.caption(f"{planned(recipes, (), n_refits)} More refits make the intervals narrower.")
    jobs = {recipe: recipe_jobs.refits(recipe, n_refits) for recipe in recipes}
    follow = show.progress(jobs, "fit")
    result = recipe_jobs.refitted(jobs, n_refits)
    if result is not None:
        with st.container(border=True, key="judged moved_rows"):
            if "summary" in result.tables:
                show.grid(show.once(_by_recipe, result), alt="How far rows move, by recipe")
            drawn("moved_rows", result)
    return follow


def _by_recipe(result: Result) -> object:
    """The summary as text, a row for each recipe and side."""
    table = result.tables["summary"]
    moved = [with_interval(row.moved, row.low, row.high) for row in table.itertuples()]
    turned = [
        f"{share(row.turned)} ({share(row.turned_low)} to {share(row.turned_high)})" for row in table.itertuples()
    ]
    named = {"mean change of the probability": moved, "decided otherwise": turned}
    return table[["recipe", "rows"]].assign(**named, **{"rows asked about": table["n_rows"]})
