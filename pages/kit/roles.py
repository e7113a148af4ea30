"""The role of each column: what was suggested, and a table in which it can be changed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.glossary import term
from core.roles import ROLES, SYNTHETIC
from core.synthetic_marks import read_mark
from core.wording import clip
from pages.kit import choices, tables, text

MOST_SHOWN = 5
ASKED = {
    "group": ("Keep its rows together", "its rows seem to belong together; random folds would score too well."),
    "time": ("Test on later rows", "it says when; random folds would learn from the future."),
    SYNTHETIC: (
        "Train on its synthetic rows, never test them",
        "it seems to mark synthetic rows; tested, they would make scores too good.",
    ),
    "second label": ("Leave it out", "it seems to say the same as the target."),
}
"""Roles that change the folds, or which rows are tested, or give the class away: asked about before anything is split."""

KEY = "ask roles"


def questions() -> None:
    """Ask about columns that must not pass in silence: groups, times, marks of synthetic rows, second labels."""
    answered = {*tables.roles(), *tables.leave_out()}
    open_questions = [
        (name, found) for name, found in tables.role_reasons().items() if found.role in ASKED and name not in answered
    ]
    for name, found in open_questions[:MOST_SHOWN]:
        label, meaning = ASKED[found.role]
        with st.container(border=True):
            title = f":orange-badge[:material/help: A question] **{text.md(clip(name, 60))}**"
            st.markdown(f"{title}: {text.md(meaning)} {text.md(found.reason)}")
            with st.container(horizontal=True):
                for words, role in ((label, found.role), ("Use it as it is", "feature")):
                    chosen = {"role": with_role(name, role)}
                    st.button(words, key=f"role {role} {name}", on_click=choices.choose, kwargs=chosen)


def marks() -> None:
    """Which values mean synthetic, where a column marks such rows; a choice overrules what was found out."""
    values = tables.marks()
    if not values:
        return
    name, chosen = tables.mark_columns()[0], tables.synthetic_values()
    try:
        found = read_mark(tables.table().frame[name], chosen).synthetic
    except UserError:  # the page says what is wrong
        found = chosen
    label = f"Values of {text.md(clip(name, 40))} that mark synthetic rows"
    shown = text.labels(values)
    bound = choices.bound("synthetic", list(found))
    st.multiselect(label, shown, format_func=text.naming(shown), help=term("Synthetic mark"), **bound)


def editor() -> None:
    """Every column with its role and how it is read; both can be changed in the table."""
    with st.expander("Roles of the columns", icon=":material/badge:"):
        st.caption(term("Role of a column"))
        base = _table()
        st.session_state["roles shown"] = list(base["column"])
        st.data_editor(
            base.assign(column=[clip(name, 200) for name in base["column"]]),
            key=f"{KEY} {st.session_state.get('roles edited', 0)}", on_change=_edited, hide_index=True, num_rows="fixed",
            disabled=["column", "why"],
            column_config={
                "column": st.column_config.TextColumn("column", width="medium"),
                "why": st.column_config.TextColumn("why", width="large", help="Why the column has this role, or what suggests another one."),
                "role": st.column_config.SelectboxColumn("role", options=list(ROLES), required=True, width="small", help=term("Role of a column")),
                "numbers are codes": st.column_config.CheckboxColumn("numbers are codes", help=term("Category"), width="small"),
            },
        )  # fmt: skip


def with_role(name: str, role: str) -> tuple[str, ...]:
    """The roles that were chosen, with one more."""
    others = tuple(item for item in choices.choice("role") if item.partition(":")[2] != name)
    return (*others, f"{role}:{name}")


def _table() -> pd.DataFrame:
    reasons, chosen, categories = tables.role_reasons(), tables.roles(), set(tables.categories())
    codes, left_out, target = tables.category_reasons(), set(tables.leave_out()), tables.target()
    rows = []
    for name, column in tables.table().frame.items():
        if name == target:
            continue
        found = reasons.get(name)
        role = "leave out" if name in left_out else chosen.get(name, "feature")
        why = (
            f"Suggested: {found.role}. {found.reason}"
            if found and found.role != role
            else (found.reason if found else "")
        )
        why = why or (f"Its numbers may be codes. {codes[name]}" if name in codes else "")
        number = pd.api.types.is_numeric_dtype(column.dtype)
        rows.append((name, role, name in categories if number else None, why))
    return pd.DataFrame(rows, columns=["column", "role", "numbers are codes", "why"])


def _edited() -> None:
    """Take what was changed in the table as choices, and draw the table anew."""
    state = st.session_state
    shown, key = state.get("roles shown", []), f"{KEY} {state.get('roles edited', 0)}"
    role, category, left_out = choices.choice("role"), list(choices.choice("category")), list(tables.leave_out())
    for position, change in state[key].get("edited_rows", {}).items():
        if int(position) >= len(shown):  # of the table before
            continue
        name = shown[int(position)]
        if "role" in change:
            left_out = [item for item in left_out if item != name] + [name] * (change["role"] == "leave out")
            role = tuple(item for item in role if item.partition(":")[2] != name)
            if change["role"] != "leave out":
                role = (*role, f"{change['role']}:{name}")
        if "numbers are codes" in change:
            category = [item for item in category if item != name] + [name] * bool(change["numbers are codes"])
    state["roles edited"] = state.get("roles edited", 0) + 1
    choices.choose(role=role, category=tuple(category), leave_out=tuple(left_out))
