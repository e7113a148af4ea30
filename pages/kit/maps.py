"""Every map to true probabilities beside a recipe, in one click."""

from __future__ import annotations

import streamlit as st

from core.glossary import term
from core.recipe import Recipe
from core.registry import method
from pages.kit import choices

MAPS = (
    *(("calibrated_probabilities", {"method": shape}) for shape in ("sigmoid", "isotonic", "beta", "temperature")),
    ("venn_abers", {}), ("prior_correction", {}),
)  # fmt: skip


def beside(recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipe with each map that the learner takes; the correction of class shares only where rows were sampled or weighted."""
    bare = recipe.without("calibration").without("decision")
    shares = bare.stage("sampling") or bare.stage("weighting")
    given = [(slug, values) for slug, values in MAPS if slug != "prior_correction" or shares]
    steps = {slug: dict(values) for slug, values in bare.steps}
    served = [(slug, values) for slug, values in given if method(slug).serves(choices.choice("learner"))]
    return tuple(Recipe.of(**steps, **{slug: values}) for slug, values in served)


def offer(recipes: tuple[Recipe, ...]) -> None:
    """A button that adds every map to the last recipe, as recipes of their own."""
    new = [one.text for one in beside(recipes[-1]) if one not in recipes]
    if new and not recipes[-1].stage("calibration"):
        st.button(
            f"Set every calibration beside {'doing nothing' if len(recipes) == 1 else 'the last recipe'}", icon=":material/playlist_add:",
            help=term("Calibrated"), on_click=choices.choose, kwargs={"recipe": (*choices.choice("recipe"), *new)},
        )  # fmt: skip
