"""Decide: what errors cost, which threshold follows, and how sure that is."""

import streamlit as st

from core.evaluation.compare import with_baseline
from pages.kit import choices, costing, cutoff, judged, session, show

st.title("Decide")
st.markdown("Say what errors cost, and see which threshold follows, what it would find, and how sure that is.")

session.study()  # says what is wrong before anything is asked
told = costing.section()
recipes = with_baseline(choices.recipes())
jobs = cutoff.first_scores(cutoff.ordered(recipes))
follow_scores = show.progress(jobs, "fold")
laid = cutoff.found(jobs)
cutoff.control(laid)
if laid is not None:
    cutoff.compared(laid)
follow = judged.section(recipes, laid, told)
st.page_link("steps/explain.py", label="Go on to what the model looks at", icon=":material/arrow_forward:")
follow_scores()
follow()
