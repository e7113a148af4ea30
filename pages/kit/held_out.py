"""The declared test file: chosen on the Data page, scored once at the end."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import UserError
from core.held_out import pool
from core.recipe import Recipe
from core.wording import clip, count, plural
from pages.kit import choices, recipe_jobs, show, tables, text

APART = "These rows are test rows: nothing is fitted, chosen or looked at by them until you open them."


def section() -> None:
    """Name a second file the test set, or the rows that a column marks; say why both are not joined."""
    with st.expander("Test rows that were kept apart", icon=":material/lock:"):
        st.caption("Nothing is fitted or tuned on them. They are scored once, at the end of the Remedy page.")
        if tables.has_test_file():
            st.button("Forget the test file", on_click=choices.forget_test, icon=":material/delete:")
        elif tables.mark():
            _marked(*tables.mark())
        try:
            data = tables.dataset()
        except UserError:  # the page says what is wrong
            return
        if data.test is None:
            st.file_uploader("Upload a test file", help=APART, **choices.further_uploader("test"))
            return
        st.markdown(text.md(f"{clip(data.test.name)}: {plural(data.test.n_samples, 'row')}."))
        for note in data.test.notes:
            st.caption(text.md(note))
        try:
            pool(data)
        except UserError as reason:
            st.caption(text.md(reason.problem))


def _marked(column: str, value: str) -> None:
    n_rows = int((tables.whole_table().frame[column].astype("str") == value).sum())
    label = f"Keep the {count(n_rows)} rows apart that column {clip(column, 40)} marks as {clip(value, 20)}"
    st.checkbox(text.md(label), help=APART, **choices.bound("mark", bool(choices.choice("mark"))))


def final(recipe: Recipe) -> Callable[[], None]:
    """Score the baseline and one recipe on the test rows, when asked."""
    data = tables.dataset()
    if data.test is None:
        return lambda: None
    st.subheader("The final score")
    who = f"{recipe.title} and doing nothing" if recipe.steps else "Doing nothing"
    st.markdown(text.md(f"{who}, fitted on all training rows, on {plural(data.test.n_samples, 'test row')}."))
    if recipe.text not in choices.choice("opened"):
        st.caption("Choose the recipe by the folds first. Each look at the test rows makes the next one worth less.")
        opened = (*choices.choice("opened"), recipe.text)
        st.button("Open the test rows", on_click=choices.choose, kwargs={"opened": opened}, icon=":material/lock_open:")
        return lambda: None
    job = recipe_jobs.final(recipe)
    follow = show.progress({"final": job}, "final score")
    for result in job.results:
        with st.container(border=True):
            for finding in result.findings:
                st.markdown(text.md(finding.text))
            show.grid(result.tables["scores"], alt="Scores on the test rows")
        show.details("final", result, {})
    return follow
