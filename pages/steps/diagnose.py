"""Diagnose: where the missed rows of a class go, then every check on the table, the gravest first."""

import streamlit as st

from core.engine import by_severity
from core.glossary import term
from pages.kit import choices, ledger, published, session, show, text

st.title("Diagnose")
st.markdown("Why the class of interest may fail. Every number is judged against chance at the same class sizes.")

study = session.study()
names = text.labels(study.classes)
bound = choices.bound("class", study.positive)
st.selectbox("Class of interest", names, format_func=text.naming(names), help=term("Class of interest"), **bound)

accounts = session.results(session.of_page(*session.LEDGER))
found = session.results(session.of_page())
place = st.container()
for item, job in accounts.items():
    for result in job.results:
        ledger.card(item, result)

st.subheader("The checks")
results = by_severity((item, job.results[0]) for item, job in found.items() if job.results)
if results:
    st.markdown(f"**{show.summary([result for _, result in results])}**")
with place:
    follow = show.progress(accounts | found, "check")
for item, result in results:
    show.card(item, result, figure=result.severity in ("issue", "caution"))
published.section()
st.page_link("steps/remedy.py", label="Go on to the remedies", icon=":material/arrow_forward:")
follow()
