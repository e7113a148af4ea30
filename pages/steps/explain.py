"""Explain: what the model looks at, and what a recipe changed."""

import streamlit as st

from core.evaluation.compare import with_baseline
from core.glossary import term
from core.recipe import Recipe
from pages.kit import choices, cutoff, session, show, text

st.title("Explain")
st.markdown("What the model looks at, beside the model that does nothing about the imbalance.")

recipes = {recipe.text: recipe for recipe in with_baseline(choices.recipes())}
titles = {text: recipe.title for text, recipe in recipes.items()}
chosen = choices.explained()
st.selectbox(
    "Recipe", titles, format_func=text.naming(titles), help=term("Recipe"), **choices.bound("explained", chosen.text)
)
if len(recipes) == 1:
    st.caption("Only the baseline is here. Build a recipe on the Remedy page to see what it changes.")

found = session.results(session.of_page(*session.EXPLAIN), session.study(chosen))
follow = show.progress(found, "explanation")
jobs = cutoff.first_scores(tuple(dict.fromkeys((Recipe(), chosen))))
laid = cutoff.found(jobs)
cutoff.control(laid, brief=True)
follow_scores = show.progress(jobs, "fold")
if laid is not None:
    cutoff.rows(jobs, found)
for item, job in found.items():
    if job.results:
        show.card(item, job.results[0], every_figure=True)
st.page_link("steps/report.py", label="Go on to the report", icon=":material/arrow_forward:")
follow_scores()
follow()
