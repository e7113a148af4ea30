"""The rows that a sampler makes: what a recipe asserts and gives away before it is added, and what its rows are like after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

import streamlit as st

from core.glossary import term
from core.recipe import Recipe
from core.result import Result
from pages.kit import choices, recipe_jobs, show, text

VIEW = "What is asked about the rows that are made; the line below says what it shows."

VIEWS = {
    "exposure": ("What it gives away", "Which records could be computed from the made rows, before any is made."),
    "synthetic_rows": ("Beside real rows", "The made rows against real rows that the sampler did not see."),
    "attack": ("Under attack", "Rows are made, and records are looked for in them and in nothing else."),
    "dose_response": ("By dose", "Average precision on untouched real rows, by synthetic rows per real row."),
}
"""Module of ``core.evaluation`` that draws a view, its title, and what it shows."""

Follow = Callable[[], None]


def before(recipe: Recipe) -> Follow:
    """What a recipe asserts and what its sampler would give away; nothing is fitted for it."""
    if not recipe.steps:
        return _nothing
    with st.container(border=True, key="before"):
        st.markdown("**Before you add it**", help=term("Effective prior"))
        jobs = {"effective_prior": recipe_jobs.asserted(recipe)}
        if recipe.stage("sampling"):
            jobs["exposure"] = recipe_jobs.exposure(recipe)
        if recipe.stage("losses"):
            jobs["loss_curve"] = recipe_jobs.loss_curve(recipe)
        follow = show.progress(jobs, "forecast")
        for name, job in jobs.items():
            for result in job.results:
                _sentences(result)
                if name == "exposure":
                    show.details("before", result, _figures(name, result))
                elif name == "loss_curve":
                    show.side_by_side(_figures(name, result), name)
    return follow


def section(recipes: Sequence[Recipe]) -> Follow:
    """One view of the rows that one recipe's sampler makes."""
    with_sampler = {recipe.text: recipe for recipe in recipes if recipe.stage("sampling")}
    if not with_sampler:
        return _nothing
    st.subheader("The rows that a sampler makes", help=term("Synthetic row"))
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    titles = {key: recipe.title for key, recipe in with_sampler.items()}
    chosen = left.selectbox("Recipe", titles, format_func=text.naming(titles), key="made by", help=term("Recipe"))
    names = {key: title for key, (title, _) in VIEWS.items()}
    shown = {"default": "exposure", "key": "made view", "required": True, "help": VIEW}
    view = right.pills("View", names, format_func=names.get, **shown)
    st.caption(VIEWS[view][1])
    recipe = with_sampler[chosen]
    if view == "dose_response":
        return _doses(recipe)
    job = {"exposure": recipe_jobs.exposure, "synthetic_rows": recipe_jobs.fidelity, "attack": recipe_jobs.attack}[
        view
    ](recipe)
    follow = show.progress({recipe: job}, "audit")
    _drawn(view, job.results)
    return follow


def _doses(recipe: Recipe) -> Follow:
    """The dose–response curves, when they are asked for: hundreds of fits."""
    if reason := recipe_jobs.no_doses(recipe):
        st.markdown(text.md(reason))
        return _nothing
    if recipe.text not in choices.choice("doses"):
        asked = (*choices.choice("doses"), recipe.text)
        st.caption("This fits the learner some hundred times. Results arrive one by one, and it can be stopped.")
        st.button("Try the doses", on_click=choices.choose, kwargs={"doses": asked}, icon=":material/science:")
        return _nothing
    job = recipe_jobs.doses(recipe)
    follow = show.progress({recipe: job}, "fit")
    result = recipe_jobs.dosed(recipe, job)
    _drawn("dose_response", [result] if result else [])
    return follow


def _drawn(view: str, results: Sequence[Result]) -> None:
    for result in results:
        with st.container(border=True, key=f"made {view}"):
            _sentences(result)
            show.draw(_figures(view, result), f"made {view}")
            if result.tables:
                show.details(f"made {view}", result, {})


def _sentences(result: Result) -> None:
    for finding in result.findings:
        mark = f"{show.tag(finding.severity)} " if finding.severity in ("issue", "caution") else ""
        st.markdown(mark + text.md(finding.text))


def _figures(view: str, result: Result) -> dict:
    return show.once(import_module(f"core.evaluation.{view}").draw, result)


def _nothing() -> None:
    """Nothing is awaited."""
