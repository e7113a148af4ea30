"""Recipes: built from the catalogue stage by stage, and shown side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation.compare import draw as draw_comparison
from core.evaluation.cost_scores import told_once
from core.evaluation.scoring import COST, COST_METRICS
from core.glossary import TERMS
from core.recipe import STAGES, Recipe
from core.registry import Method, group_title, method, methods
from core.result import Result
from core.wording import clip, listing, number, with_interval
from pages.kit import apart, asking, choices, show, text

PER_ROW = 4
"""Stages beside each other."""


def builder(ahead: Callable[[Recipe], object]) -> tuple[Recipe, Any]:
    """Choose at most one remedy of each stage, set its parameters, and add the recipe; ``ahead`` starts what takes long. Returns the place for what it asserts, too."""
    offered = {stage: _offered(stage) for stage in STAGES}
    stages = [stage for stage, items in offered.items() if items]
    picked: dict[str, dict] = {}
    for first in range(0, len(stages), PER_ROW):
        row = stages[first : first + PER_ROW]
        for column, stage in zip(st.columns(PER_ROW), row, strict=False):
            with column:
                picked |= _asked(stage, offered[stage])
    st.session_state.built = picked  # widgets of a page that is left forget what they held
    recipe = Recipe.of(**picked)
    st.markdown(f"This recipe: **{text.md(recipe.title)}**")
    ahead(recipe)
    place = st.container()
    texts = (*choices.choice("recipe"), recipe.text)
    st.button(
        "Add the recipe", type="primary", icon=":material/add:", on_click=choices.choose, kwargs={"recipe": texts},
        disabled=not recipe.steps or recipe in choices.recipes(),
    )  # fmt: skip
    return recipe, place


def _offered(stage: str) -> tuple[Method, ...]:
    """The remedies of a stage that the learner can take."""
    return tuple(item for item in methods("remedy", stage) if item.serves(choices.choice("learner")))


def _asked(stage: str, items: tuple[Method, ...]) -> dict[str, dict]:
    """Ask for one remedy of a stage and for its parameters."""
    title, question = group_title("remedy", stage)
    options = {"": "Nothing"} | {item.slug: item.title for item in items}
    before = st.session_state.get("built", {})
    st.session_state.setdefault(f"stage {stage}", next((slug for slug in before if slug in options), ""))
    slug = st.selectbox(title, options, format_func=text.naming(options), key=f"stage {stage}", help=text.md(question))
    if not slug or slug not in options:
        return {}
    st.caption(text.md(method(slug).question))
    values = asking.parameters(method(slug), "builder", before.get(slug, {}))
    with st.popover("About", icon=":material/help:", key=f"about {slug}"):
        show.about(method(slug))
    return {slug: values}


def chosen(recipes: tuple[Recipe, ...]) -> None:
    """The recipes that are compared, each with a button that takes it away."""
    with st.container(horizontal=True, gap="small"):
        st.badge("Do nothing, with the right threshold", icon=":material/anchor:", color="blue")
        for recipe in recipes[1:]:
            left = tuple(other for other in choices.choice("recipe") if other != recipe.text)
            st.button(
                text.md(clip(recipe.title, 120)), icon=":material/close:", key=f"remove {recipe.text}",
                help="Take this recipe away", on_click=choices.choose, kwargs={"recipe": left},
            )  # fmt: skip
    if waiting := choices.waiting():
        titles = listing([recipe.title for recipe in waiting])
        st.caption(text.md(f"Left out, because they are for another learner: {titles}."))


def draw(result: Result) -> None:
    """Evidence first, then the verdict, then scores in both currencies, then figures and numbers."""
    st.subheader("How much evidence there is")
    rows = result.tables["evidence"].itertuples()
    lines = [f"- {text.md(row.measure)}: **{text.md(number(row.value))}**" for row in rows]
    st.markdown("\n".join(lines))
    st.subheader("The verdict")
    apart.margin(result.provenance["parameters"]["metric"])
    with st.container(border=True):
        for position, finding in enumerate(result.findings):
            st.markdown(f"**{text.md(finding.text)}**" if position == 0 else text.md(finding.text))
        show.suggestions(result, "verdict")
    apart.verdicts(result)
    st.subheader("Scores with their intervals")
    st.caption(
        "Mean over the folds, and where the true value plausibly lies at 95 %. Costs, log loss and Brier score: lower is better."
    )
    scores(result)
    show.side_by_side(show.once(draw_comparison, result), "comparison")
    show.details("comparison", result, {})
    with st.expander("What the scores mean", icon=":material/help:"):
        for name in sorted(set(told_once(result)["metric"]), key=str.lower):
            meaning = next((text for word, text in TERMS.items() if word.lower() == name.lower()), "")
            if meaning:
                st.markdown(f"**{text.md(name)}**: {text.md(meaning)}")


def scores(result: Result) -> None:
    """The scores of every recipe, a table for each cut."""
    for title, wide in show.once(by_cut, result).items():
        st.markdown(f"**{title}**")
        alt = f"Scores of every recipe with their intervals. {title}."
        show.grid(wide, alt=alt, column_config=meanings(wide.columns))
    if COST not in set(result.tables["scores"]["metric"]):
        st.caption(
            "State what a miss costs, and the total classification cost and the weighted accuracy stand beside these scores."
        )


def meanings(names: Iterable[str]) -> dict[str, Any]:
    """The definition of each column that is a term, shown at its head."""
    terms = {word.lower(): word for word in TERMS}
    return {
        name: st.column_config.Column(name, help=TERMS[terms[name.lower()]]) for name in names if name.lower() in terms
    }


def by_cut(result: Result) -> dict[str, pd.DataFrame]:
    """The scores as tables with a row for each recipe, by the name of the cut."""
    parts = told_once(result).groupby("cut", sort=False)
    return {f"Cut {cut}" if cut else "Whatever the cut": side_by_side(rows) for cut, rows in parts}


def side_by_side(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per recipe, one column per metric: a value with its interval as text; what it costs first, where a cost is stated."""
    texts = [with_interval(row.value, row.low, row.high) for row in scores.itertuples()]
    long = scores[["recipe", "metric"]].assign(text=texts)
    wide = long.pivot_table(index="recipe", columns="metric", values="text", aggfunc="first", sort=False)
    names = list(long["metric"].drop_duplicates())
    first = [name for name in (COST, *COST_METRICS) if name in names] if COST in names else []
    order = [*first, *(name for name in names if name not in first)]
    return wide.reindex(columns=order).fillna("").reset_index()
