"""How the file was read, how else it may be read, and what its columns mean."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.glossary import term
from core.table import Table
from core.wording import clip, count, of, plural, quoted
from pages.kit import choices, session, show, text

DELIMITERS = {"": "Find out", ",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Pipe", " ": "Space"}
ENCODINGS = {
    "": "Find out", "utf-8": "UTF-8", "cp1252": "Windows Latin (cp1252)", "latin-1": "Latin-1", "utf-16": "UTF-16",
}  # fmt: skip
DECIMALS = {"": "Find out", ".": "Point", ",": "Comma"}
MOST_COLUMNS = 500


def overrides() -> None:
    """Choices that replace what was found out about the file."""
    with st.expander("Read the file in another way", icon=":material/tune:"):
        named = zip(st.columns(3), choices.READING, (DELIMITERS, ENCODINGS, DECIMALS), strict=False)
        for column, name, known in named:
            bound = choices.bound(name, choices.choice(name) if choices.choice(name) in known else "")
            column.selectbox(name.capitalize(), known, format_func=text.naming(known), **bound)
        tokens = list(choices.choice("missing_tokens"))
        bound = choices.bound("missing_tokens", tokens)
        st.multiselect("Words that mean missing", tokens, accept_new_options=True, placeholder="Type a word", **bound)
        bound = choices.bound("sheet", choices.choice("sheet"))
        st.text_input("Sheet of a workbook", placeholder="The first one that holds cells", **bound)


def meaning() -> bool:
    """The target, the class of interest, and what to leave out; true when they make a study."""
    names = text.labels(session.table().frame.columns)
    left, middle, right = st.columns(3)
    with left:
        bound = choices.bound("target", session.target())
        st.selectbox("Target", names, format_func=text.naming(names), help=term("Target"), **bound)
        st.caption(text.md(session.target_reasons().get(session.target(), "It is not among the likely targets.")))
    with right:
        features = {name: text for name, text in names.items() if name != session.target()}
        bound = choices.bound("leave_out", list(session.leave_out()))
        st.multiselect("Columns to leave out", features, format_func=text.naming(features), placeholder="None", **bound)
        rest = {name: why for name, why in session.leave_out_reasons().items() if name not in session.leave_out()}
        for name, why in list(rest.items())[:5]:
            st.caption(text.md(f"{names[name]}: {why}"))
        if rest:
            st.button("Leave these out", on_click=choices.choose, kwargs={"leave_out": (*session.leave_out(), *rest)})
    with middle:
        study = session.study()
        classes = text.labels(study.classes)
        bound = choices.bound("class", study.positive)
        st.selectbox(
            "Class of interest", classes, format_func=text.naming(classes), help=term("Class of interest"), **bound
        )
        st.caption(text.md(of(study.class_sizes[study.positive_code], study.dataset.n_samples)))
    for note in study.dataset.notes:
        st.caption(text.md(note))
    return True


def facts(table: Table) -> None:
    """What was read: a preview, the decisions, and every column with its type."""
    reading, frame = table.reading, table.frame
    st.subheader("What was read")
    named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}
    lines = [
        ("Table", f"{clip(table.name)}: {plural(len(frame), 'row')}, {plural(frame.shape[1], 'column')}"),
        ("Kind", reading.kind), ("Encoding", reading.encoding), ("Decimal mark", {".": "point", ",": "comma"}.get(reading.decimal, clip(reading.decimal))),
        ("Delimiter", named.get(reading.delimiter, clip(reading.delimiter))),
        ("Taken as missing", _words(reading.missing_tokens)), ("Looks missing, kept as it is", _words(reading.suspects)),
    ]  # fmt: skip
    st.markdown("\n".join(f"- {name}: {text.md(value)}" for name, value in lines if value))
    for note in reading.notes:
        st.caption(text.md(note))
    if reading.suspects:
        tokens = tuple(dict.fromkeys((*choices.choice("missing_tokens"), *reading.suspects)))
        st.button("Take these words as missing", on_click=choices.choose, kwargs={"missing_tokens": tokens})
    show.grid(frame.head(100), alt="The first rows of the table")
    folded = st.expander("Columns and their types", on_change="rerun", icon=":material/view_column:")
    if folded.open:
        with folded:
            show.grid(_columns(frame), alt="Columns and their types")


def _words(tokens: dict[str, int]) -> str:
    parts = [f"{quoted(token) if token else 'the empty cell'} ({count(n)})" for token, n in list(tokens.items())[:8]]
    return ", ".join(parts) + (", …" if len(tokens) > 8 else "")


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    shown = frame.iloc[:, :MOST_COLUMNS]
    kinds = ["number" if pd.api.types.is_numeric_dtype(dtype) else "text" for dtype in shown.dtypes]
    return pd.DataFrame(
        {
            "column": [clip(name, 200) for name in shown],
            "type": kinds,
            "missing": [of(n, len(shown), "cell") for n in shown.isna().sum()],
            "different values": shown.nunique().to_numpy(),
        }
    )
