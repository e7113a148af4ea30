"""A page that shows every hostile text once, for the browser test: what is read must be what was given."""

import sys
from pathlib import Path

import streamlit as st

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from hostile_tables import HOSTILE  # noqa: E402

from pages.kit.text import md  # noqa: E402

for position, text in enumerate(HOSTILE):
    with st.container(key=f"text{position}"):
        st.markdown(md(text))
    with st.container(key=f"bold{position}"):
        st.markdown(f"**{md(text)}**: {md(text)}")
    with st.container(key=f"line{position}"):
        st.markdown(f"- {md(text)}")
    st.caption(md(text))
    st.error(md(text), title=md(text))
