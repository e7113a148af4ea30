"""Diagnose: every check on the table, the gravest first."""

import streamlit as st

from core.engine import by_severity
from pages.kit import session, show

st.title("Diagnose")
st.markdown("Why the class of interest may fail. Every number is judged against chance at the same class sizes.")

found = session.results(session.of_page())
results = by_severity((item, job.results[0]) for item, job in found.items() if job.results)
if results:
    st.markdown(f"**{show.summary([result for _, result in results])}**")
follow = show.progress(found, "check")
for item, result in results:
    show.card(item, result, figure=result.severity in ("issue", "caution"))
st.page_link("steps/remedy.py", label="Go on to the remedies", icon=":material/arrow_forward:")
follow()
