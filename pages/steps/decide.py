"""Decide: what errors cost, which threshold follows, and how sure that is."""

import streamlit as st

from core.evaluation.compare import with_baseline
from core.glossary import term
from pages.kit import choices, cutoff, judged, session, show

st.title("Decide")
st.markdown("Say what errors cost, and see which threshold follows, what it would find, and how sure that is.")

study = session.study()  # says what is wrong before anything is asked
left, right = st.columns(2)
with left:
    label = "How many false alarms does one miss cost?"
    bound = choices.bound("cost", float(choices.choice("cost")))
    st.number_input(label, *map(float, choices.LIMITS["cost"]), help=term("Cost of a miss"), format="%g", **bound)
    st.caption("0 states no cost; what follows then takes a miss and a false alarm as equal.")
with right:
    label = "Share of the class of interest where decisions will be made"
    bound = choices.bound("prevalence", float(choices.choice("prevalence")))
    limits = map(float, choices.LIMITS["prevalence"])
    st.number_input(label, *limits, step=0.01, help=term("Prevalence"), format="%g", **bound)
    st.caption(f"0 takes the share in the table, {study.class_shares[study.positive_code]:.3g}.")

recipes = with_baseline(choices.recipes())
jobs = cutoff.first_scores(cutoff.ordered(recipes))
laid = cutoff.found(jobs)
cutoff.control(laid)
follow_scores = show.progress(jobs, "fold")
if laid is not None:
    cutoff.compared(laid)
follow = judged.section(recipes, laid)
st.page_link("steps/explain.py", label="Go on to what the model looks at", icon=":material/arrow_forward:")
follow_scores()
follow()
