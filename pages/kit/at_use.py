"""How frequent the class of interest is where decisions will be made, estimated from rows without labels."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.evaluation.prior_at_use import share_to_take
from core.glossary import term
from core.held_out import rows_at_use
from core.recipe import Recipe
from core.result import Result
from core.wording import clip, plural, share
from pages.kit import choices, kept, recipe_jobs, session, show, tables, text


def section(recipes: tuple[Recipe, ...], drawn: Callable[[str, Result], None]) -> Callable[[], None]:
    """Ask for rows without labels, estimate the class shares there, and offer to take the estimate over."""
    try:
        found = _rows()
    except UserError as error:
        st.error(text.md(str(error)), icon=":material/error:")
        return _nothing
    if found is None:
        return _nothing
    name, X, notes = found
    st.markdown(text.md(f"{clip(name)}: {plural(len(X), 'row')}, scored by models that do nothing to rows or weights."))
    for note in notes:
        st.caption(text.md(note))
    job = recipe_jobs.at_use(X, name)
    follow = show.progress({"shares": job}, "estimate")
    for result in job.results:
        with st.container(border=True, key="judged prior_at_use"):
            _offer(result)
            drawn("prior_at_use", result)
    return follow


def _rows() -> tuple[str, pd.DataFrame, tuple[str, ...]] | None:
    """Name, columns and notes of the rows that were given."""
    data = tables.dataset()
    if choices.AT_USE in st.session_state:
        st.button(
            "Forget the rows at use", on_click=choices.forget_test, args=(choices.AT_USE,), icon=":material/delete:"
        )
        held = tables.rows_at_use()
        key = ("rows at use", data.fingerprint, held.fingerprint)
        return (held.name, *kept.large(lambda: rows_at_use(data, held), *key))
    label = "Upload rows from where decisions will be made; labels are not needed"
    st.file_uploader(label, help=term("Label shift"), **choices.further_uploader(choices.AT_USE))
    if data.test is None:
        return None
    label = f"Take the {plural(data.test.n_samples, 'test row')} that were kept apart, their labels left aside"
    if not st.checkbox(text.md(label), key="test rows at use", help=term("Label shift")):
        return None
    return data.test.name, data.test.X, data.test.notes


def _offer(result: Result) -> None:
    """A button that takes the estimate over, unless the rows contradict it."""
    found = share_to_take(session.study().judged, result)
    if found != found:
        if result.tables:
            st.caption("The estimate is not offered for use, because the rows contradict it.")
        return
    least, most = 1e-6, choices.LIMITS["prevalence"][1]
    taken = min(max(round(found, 6), least), most)
    st.button(
        f"Take {share(taken)} as the share where decisions will be made", on_click=choices.choose, kwargs={"prevalence": taken},
        disabled=choices.choice("prevalence") == taken, icon=":material/check:", type="primary",
    )  # fmt: skip


def _nothing() -> None:
    """Nothing is awaited."""
