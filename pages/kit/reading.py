"""How a file was read, how sure that is, and how else it may be read."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.table import Decision, Table
from core.wording import clip, count, of, plural, quoted
from pages.kit import choices, show, tables, text

FIND_OUT = {"": "Find out"}
YES_NO = FIND_OUT | {"yes": "Yes", "no": "No"}
CONTROLS = {
    "delimiter": (
        "Delimiter",
        FIND_OUT | {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Space", "||": "Two bars", "::": "Two colons"},
    ),
    "quote": ("Quotation mark", FIND_OUT | {'"': 'Double "', "'": "Single '", "none": "None"}),
    "encoding": (
        "Encoding",
        FIND_OUT | {"utf-8": "UTF-8", "cp1252": "Windows Latin (cp1252)", "latin-1": "Latin-1", "utf-16": "UTF-16"},
    ),
    "decimal": ("Decimal mark", FIND_OUT | {".": "Point", ",": "Comma"}),
    "thousands": (
        "Mark between thousands",
        FIND_OUT | {",": "Comma", ".": "Point", " ": "Space", "'": "Apostrophe", "none": "None"},
    ),
    "header": ("The first line names the columns", YES_NO),
    "units": ("A line of units follows", YES_NO),
}  # fmt: skip
HELP = "It is found out from the file. State it where the preview below is wrong."
SHEET = "Which sheet of the workbook, or which file of the archive, is read."
COUNTS = {"skip": "Lines before the table", "footer": "Lines after the table"}
CONFIDENCE = {"certain": "green", "likely": "blue", "guess": "orange", "stated": "gray"}
MOST_COLUMNS = 500
MOST_SHOWN = 8


def overrides() -> None:
    """Choices that replace what was found out about the file; the preview below follows at once."""
    with st.expander("Read the file in another way", icon=":material/tune:"):
        columns = st.columns(3)
        for position, (name, (label, known)) in enumerate(CONTROLS.items()):
            bound = choices.bound(name, choices.choice(name) if choices.choice(name) in known else "")
            columns[position % 3].selectbox(label, known, format_func=text.naming(known), help=HELP, **bound)
        for position, (name, label) in enumerate(COUNTS.items(), start=len(CONTROLS)):
            given = choices.choice(name)
            bound = choices.bound(name, int(given) if given.isdecimal() else None)
            columns[position % 3].number_input(label, 0, 100_000, placeholder="Find out", help=HELP, **bound)
        tokens = list(choices.choice("missing_tokens"))
        bound = choices.bound("missing_tokens", tokens) | {
            "help": "Cells that hold one of these words, and nothing else, count as empty."
        }
        st.multiselect("Words that mean missing", tokens, accept_new_options=True, placeholder="Type a word", **bound)
        _sheets()
        if any(choices.choice(name) != choices.DEFAULTS[name] for name in choices.READING):
            back = {name: choices.DEFAULTS[name] for name in choices.READING}
            st.button("Find everything out again", on_click=choices.choose, kwargs=back, icon=":material/restart_alt:")


def _sheets() -> None:
    try:
        names = tables.sheets()
    except UserError:  # the page says what is wrong
        return
    if len(names) > 1:
        known = FIND_OUT | text.labels(names)
        bound = choices.bound("sheet", choices.choice("sheet") if choices.choice("sheet") in known else "")
        st.selectbox("Sheet, or file in the archive", known, format_func=text.naming(known), help=SHEET, **bound)


def facts(table: Table) -> None:
    """What was read: every decision with its confidence, a preview, and every column with its type."""
    reading, frame = table.reading, table.frame
    st.subheader("What was read")
    n_rows = tables.n_rows()
    lines = [
        ("Table", f"{clip(table.name)}: {plural(n_rows, 'row')}, {plural(frame.shape[1], 'column')}"), ("Kind", reading.kind),
        ("Taken as missing", _words(reading.missing_tokens)), ("Looks missing, kept as it is", _words(reading.suspects)),
    ]  # fmt: skip
    st.markdown("\n".join(f"- {name}: {text.md(value)}" for name, value in lines if value))
    _decisions([item for item in reading.decisions if not item.column])
    for note in reading.notes:
        st.caption(text.md(note))
    if reading.suspects:
        tokens = tuple(dict.fromkeys((*choices.choice("missing_tokens"), *reading.suspects)))
        st.button("Take these words as missing", on_click=choices.choose, kwargs={"missing_tokens": tokens})
    _disguised()
    if tables.source() == choices.UPLOAD:
        overrides()
    show.grid(frame.head(100), alt="The first rows of the table")
    folded = st.expander("Columns and their types", on_change="rerun", icon=":material/view_column:")
    if folded.open:
        with folded:
            show.grid(_columns(table), alt="Columns and their types")


def _decisions(decisions: list[Decision]) -> None:
    """Unsure decisions in the open, all of them one click away."""
    for item in [item for item in decisions if item.confidence == "guess"][:MOST_SHOWN]:
        st.markdown(f"{_sure(item)} {text.md(item.reason)}")
    if decisions:
        label = f"{plural(len(decisions), 'decision')} about the file, with reasons"
        folded = st.expander(label, on_change="rerun", icon=":material/rule:")
        if folded.open:
            with folded:
                shown = pd.DataFrame(decisions)[["name", "value", "confidence", "reason"]]
                shown["value"] = shown["value"].map(
                    lambda value: repr(clip(value, 60)) if value.strip() != value else clip(value, 60)
                )
                show.grid(shown, alt="Decisions about the file")


def _sure(item: Decision) -> str:
    return f":{CONFIDENCE.get(item.confidence, 'gray')}-badge[{item.confidence.capitalize()}]"


def _disguised() -> None:
    """Values that behave like missing ones: offered, never taken unasked."""
    taken = tables.disguised()
    for suspect in tables.suspects()[:MOST_SHOWN]:
        key = json.dumps([suspect.column, suspect.value])
        chosen = (suspect.column, suspect.value) in taken
        left, right = st.columns([5, 1], vertical_alignment="center")
        badge = f":orange-badge[{'Taken as missing' if chosen else 'Missing in disguise?'}]"
        left.markdown(f"{badge} **{text.md(clip(suspect.column, 60))}**: {text.md(suspect.reason)}")
        if tables.as_read().all_rows:
            continue
        now = choices.choice("disguised")
        changed = tuple(item for item in now if item != key) if chosen else (*now, key)
        right.button(
            "Keep it" if chosen else "Take as missing", key=f"disguise {key}", width="stretch",
            on_click=choices.choose, kwargs={"disguised": changed},
        )  # fmt: skip
    if tables.suspects() and tables.as_read().all_rows:
        st.caption(
            "In a table of this size, add such a value to the words that mean missing; it then holds for every column."
        )


def _words(tokens: dict[str, int]) -> str:
    parts = [f"{quoted(token) if token else 'the empty cell'} ({count(n)})" for token, n in list(tokens.items())[:8]]
    return ", ".join(parts) + (", …" if len(tokens) > 8 else "")


def _columns(table: Table) -> pd.DataFrame:
    shown = table.frame.iloc[:, :MOST_COLUMNS]
    usual = ["number" if pd.api.types.is_numeric_dtype(dtype) else "text" for dtype in shown.dtypes]
    reasons = {item.column: f"{item.confidence}: {item.reason}" for item in table.reading.decisions if item.column}
    return pd.DataFrame(
        {
            "column": [clip(name, 200) for name in shown],
            "type": [table.reading.kinds.get(name, kind) for name, kind in zip(shown, usual, strict=True)],
            "unit": [table.reading.units.get(name, "") for name in shown],
            "missing": [of(n, len(shown), "cell") for n in shown.isna().sum()],
            "different values": shown.nunique().to_numpy(),
            "how it was decided": [reasons.get(name, "") for name in shown],
        }
    )
