"""Remedy: build recipes, score them out of fold, compare them with doing nothing."""

import streamlit as st

from core.evaluation.compare import with_baseline
from core.glossary import term
from core.learners import LEARNERS
from core.registry import methods
from pages.kit import alone, choices, compared, cutoff, held_out, live, made_rows, recommending, session, show, text

st.title("Remedy")
st.markdown("Build recipes and see whether they do better than doing nothing with the right threshold.")

session.study()  # says what is wrong before anything is asked
left, middle, right = st.columns(3)
with left:
    bound = choices.bound("learner", choices.choice("learner"))
    st.selectbox("Learner", LEARNERS, format_func=text.naming(LEARNERS), help=term("Learner"), **bound)
with middle:
    label = "How many false alarms does one miss cost?"
    bound = choices.bound("cost", float(choices.choice("cost")))
    st.number_input(label, *map(float, choices.LIMITS["cost"]), help=term("Cost of a miss"), format="%g", **bound)
with right:
    bound = choices.bound("repeats", choices.choice("repeats"))
    st.number_input("Times the folds are drawn", *choices.LIMITS["repeats"], help=term("Fold"), **bound)

follow_search = recommending.section()
recipes = with_baseline(choices.recipes())
follow_live = alone.part(show.guarded(live.tried))
if len(recipes) == 1:
    every = tuple(item.slug for item in methods("remedy") if item.serves(choices.choice("learner")))
    st.button(
        "Try every remedy alone", on_click=choices.choose, kwargs={"recipe": every}, icon=":material/playlist_add:"
    )

jobs = {recipe: session.scores(recipe) for recipe in recipes}
follow = show.progress(jobs, "fold")
comparison = session.comparison(jobs)
if comparison is not None:
    compared.draw(comparison)
else:
    st.markdown("The first scores appear after two folds.")
laid = cutoff.found(jobs)
cutoff.control(laid)
if laid is not None:
    cutoff.compared(laid)
follow_made = made_rows.section(recipes)
follow_final = held_out.final(choices.explained())
st.page_link("steps/explain.py", label="Go on to what the model looks at", icon=":material/arrow_forward:")
for wait in (follow_search, follow_live, follow, follow_made, follow_final):
    wait()
