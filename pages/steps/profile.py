"""Profile: what is in the table, and where its gaps are."""

import streamlit as st

from pages.kit import column, session, show

st.title("Profile")
st.markdown("What is in the table, how the classes are spread, and what the gaps mean.")

found = session.results(session.of_page(*session.PROFILE))
follow = show.progress(found, "check")
show.cards(found)
follow_column = column.section()
st.page_link("steps/diagnose.py", label="Go on to the diagnosis", icon=":material/arrow_forward:")
follow()
follow_column()
