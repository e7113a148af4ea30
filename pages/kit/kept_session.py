"""What outlives a refresh of the browser: the uploaded files and the finished folds, by a token in the link; and the session as a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.safekeeping import LIFETIME, Safe
from core.session_file import pack
from core.wording import plural
from pages.kit import choices, kept, tables

PARTS = {"table": "upload", "test": "test", "at_use": choices.AT_USE}
"""A kept file, and where the session holds it."""


def restore() -> None:
    """Take the files that the token of the link stands for, once per session."""
    state, token = st.session_state, st.query_params.get(choices.TOKEN, "")
    if "restored" in state:
        return
    state.restored = True
    if choices.choice("data") != choices.UPLOAD or _safe().get(token, "table") is None:
        return
    for part, name in PARTS.items():
        if found := _safe().get(token, part):
            state[name] = choices.from_path(*found)
    state.token, state.kept_files = token, _digests()


def keep() -> None:
    """Keep the files that are new since; another table gets another token, so that a link opens what it was made for."""
    state, now = st.session_state, _digests()
    if "upload" not in state:
        _safe().delete(state.pop("token", ""))
        return
    nothing = ("",) * len(PARTS)
    before = state.get("kept_files", nothing)
    token = state.get("token", "")
    if now == before and _safe().place(token):
        return
    if now[0] != before[0] or not _safe().place(token):
        _safe().delete(token)
        token, before = _safe().new(), nothing
    for (part, name), digest, known in zip(PARTS.items(), now, before, strict=True):
        if digest == known:
            continue
        if name in state:
            file, content, _ = state[name]
            _safe().put(token, part, file, Path(content.path) if hasattr(content, "path") else content, digest)
        else:
            _safe().drop(token, part)
    state.token, state.kept_files = token, now


def store() -> str:
    """Where finished folds are kept: beside the uploaded file, or for all sessions where it is an example."""
    if tables.source() != choices.UPLOAD:
        return str(_safe().root / "examples")
    place = _safe().place(st.session_state.get("token", ""))
    return str(place / "folds") if place else ""


def controls() -> None:
    """Say what is kept and for how long; delete it, or take it away as a file."""
    hours = plural(round(LIFETIME / 3600), "hour")
    if "token" in st.session_state and tables.source() == choices.UPLOAD:
        st.caption(
            f"Kept in a private folder on the machine that runs Counterpoise for {hours} after its last use, or until Counterpoise is started anew, "
            "so that a refresh finds it. Until then whoever has the link of this page can open it."
        )
    else:
        st.caption(f"The file stays on the machine that runs Counterpoise, for {hours} after its last use.")
    with st.container(horizontal=True):
        if not _is_large():
            name, icon = "counterpoise-session.zip", ":material/download:"
            st.download_button("Save the session", _packed(), name, "application/zip", on_click="ignore", icon=icon)
        if "token" in st.session_state:
            st.button("Delete what is kept", on_click=_delete, icon=":material/delete:")
    if _is_large():
        st.caption("A file of this size is not put into a session file; keep the file and the link of this page.")
    if refused := st.session_state.get("refused"):
        st.error(refused)


def _safe() -> Safe:
    return kept.for_all(Safe, "safe")


def _digests() -> tuple[str, ...]:
    return tuple(st.session_state.get(name, ("", b"", ""))[2] for name in PARTS.values())


def _is_large() -> bool:
    return tables.source() == choices.UPLOAD and any(
        hasattr(st.session_state.get(name, ("", b"", ""))[1], "path") for name in PARTS.values()
    )


def _packed() -> Callable[[], bytes]:
    """What makes the session file of now, without asking the session again."""
    files: dict[str, Any] = {}
    if tables.source() == choices.UPLOAD:
        files = {part: st.session_state[name][:2] for part, name in PARTS.items() if name in st.session_state}
    return partial(pack, choices.link(tables.source()), files)


def _delete() -> None:
    state = st.session_state
    _safe().delete(state.pop("token"))
    for name in (*PARTS.values(), "kept_files"):
        state.pop(name, None)
    choices.choose(data="")
