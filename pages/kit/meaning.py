"""What the columns mean: the target and its classes, the class of interest, and a role for every column."""

from __future__ import annotations

import streamlit as st

from core.glossary import term
from core.study import Study
from core.wording import count, of, plural
from pages.kit import choices, classes, roles, session, show, tables, text

LEFT_OUT = "Columns that no method may see, such as row numbers, and what is known only after the decision."

MOST_SHOWN = 5


def chosen() -> bool:
    """The target, the class of interest, and the roles; true when they make a study, else all can still be changed."""
    held, target, left_out = tables.table(), tables.target(), tables.leave_out()
    names = text.labels(held.frame.columns)
    if len(held.frame) < held.n_rows:
        st.caption(f"Suggestions and the preview look at {plural(len(held.frame), 'row')} drawn at random.")
    left, middle, right = st.columns(3)
    with left:
        bound = choices.bound("target", target)
        st.selectbox("Target", names, format_func=text.naming(names), help=term("Target"), **bound)
        st.caption(text.md(tables.target_reasons().get(target, "It is not among the likely targets.")))
        classes.rule()
    with right:
        features = {name: text for name, text in names.items() if name != target}
        bound = choices.bound("leave_out", list(left_out))
        bound |= {"help": LEFT_OUT, "placeholder": "None"}
        st.multiselect("Columns to leave out", features, format_func=text.naming(features), **bound)
        rest = {name: why for name, why in tables.leave_out_reasons().items() if name not in left_out}
        for name, why in list(rest.items())[:MOST_SHOWN]:
            st.caption(text.md(f"{names[name]}: {why}"))
        if rest:
            st.button("Leave these out", on_click=choices.choose, kwargs={"leave_out": (*left_out, *rest)})
    study = show.guarded(session.study)()
    if study is not None:
        with middle:
            of_interest(study)
        for note in study.dataset.notes:
            st.caption(text.md(note))
    roles.questions()
    roles.marks()
    roles.editor()
    if study is None:
        return False
    st.caption(text.md(study.plan))
    sample(study)
    return True


def of_interest(study: Study) -> None:
    """The class of interest, and how rare it is."""
    shown = text.labels(study.classes)
    bound = choices.bound("class", study.positive)
    st.selectbox("Class of interest", shown, format_func=text.naming(shown), help=term("Class of interest"), **bound)
    st.caption(text.md(of(study.table_sizes[study.positive_code], study.table_sizes.sum())))


def sample(study: Study) -> None:
    """How many rows the checks look at, where the table has more than that."""
    total = tables.n_rows()
    if total <= choices.LIMITS["rows"][0]:
        return
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    bound = choices.bound("rows", choices.choice("rows"))
    left.number_input(
        "Rows of the working sample",
        *choices.LIMITS["rows"],
        step=5000,
        help=term("Working sample"),
        **bound,
    )
    right.caption(text.md(study.dataset.sampled or f"All {count(total)} rows are looked at."))
