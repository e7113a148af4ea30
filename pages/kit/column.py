"""Everything about one column, on the Profile page."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.column_profile import draw_column
from pages.kit import choices, session, show, tables, text

NONE = ""


def section() -> Callable[[], None]:
    """Choose a column and see what is known about it."""
    st.subheader("One column")
    names = {NONE: "Choose a column"} | text.labels(tables.dataset().X.columns)
    chosen = choices.choice("column") if choices.choice("column") in names else NONE
    st.selectbox(
        "Column", names, format_func=text.naming(names), label_visibility="collapsed", **choices.bound("column", chosen)
    )
    if not chosen:
        st.caption("Its type, its gaps, how it is spread in each class, and what it says about the class.")
        return lambda: None
    job = session.column(chosen)
    follow = show.progress({chosen: job}, "column")
    for result in job.results:
        with st.container(border=True, key="card one column"):
            st.markdown(f"#### {text.md(names[chosen])}")
            for finding in result.findings:
                st.markdown(text.md(finding.text))
            figures = draw_column(result)
            for place, (title, figure) in zip([*st.columns(2)] * len(figures), figures.items(), strict=False):
                with place:
                    show.draw({title: figure}, "column")
            show.details("one column", result, {})
    return follow
