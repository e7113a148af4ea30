"""The ledger on a page: the accounts of a class, and the rows in each, to open and to take home."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.glossary import term
from core.ledger.opened import opened, with_cells
from core.registry import Method
from core.report.tables import to_csv
from core.result import Result
from core.wording import plural, quoted, share
from pages.kit import session, show
from pages.kit.text import md, naming

ROW = "Rows are counted from 1, as they stand in the table."

ALL = "Every account"
OPENED = ("Column", "This row", "Usual in its class", "Usual in the other", "Deviations from its class")


def card(item: Method, result: Result) -> None:
    """Where the missed rows of the class go."""
    with st.container(border=True, key=f"card {item.slug}"):
        show.head(item, result)
        left, right = st.columns([2, 3])
        with left:
            for finding in result.findings:
                st.markdown(md(finding.text))
            show.suggestions(result, item.slug)
        if not result.tables:
            return
        with right:
            show.draw(item.draw(result), item.slug)
        if len(result.tables["accounts"]):
            st.table(_in_words(result.tables["accounts"]), hide_index=True)
            with st.popover("How the gains are known", icon=":material/help:"):
                for row in result.tables["accounts"].itertuples():
                    st.markdown(f"**{md(row.account)}**: {md(row.basis)}")
            rows(result)
        show.details(item.slug, result, {})


def rows(result: Result) -> None:
    """The missed rows of one account, each to be opened; folded until asked for."""
    folded = st.expander("Look at the rows", key="ledger rows", on_change="rerun", icon=":material/table_rows:")
    if not folded.open:
        return
    with folded:
        titles = [ALL, *result.tables["accounts"]["account"]]
        left, right = st.columns(2)
        chosen = left.selectbox("Account", titles, key="ledger account", help=term("Account"))
        table = result.tables["rows"]
        table = table if chosen == ALL else table[table["account"] == chosen]
        study = session.study()
        full = with_cells(study, table)
        show.grid(full, alt=f"Missed rows: {chosen}")
        name = f"missed_rows_{chosen}.csv"
        show.download(f"{plural(len(table), 'row')} as CSV", lambda: to_csv(full).encode("utf-8-sig"), name, "text/csv")
        reasons = dict(zip(table["row"], table["reason"], strict=True))
        texts = {row: f"Row {row}" for row in reasons}
        row = right.selectbox(
            "Open a row", list(texts), format_func=naming(texts), key=f"ledger row {chosen}", help=ROW
        )
        rival = table.loc[table["row"] == row, "most_like"].iloc[0]
        st.markdown(
            f"**Row {row}.** {md(reasons[row])} Of the other classes, whatever their sizes, it is most like {md(quoted(rival))}."
        )
        cells = opened(study, row, rival).set_axis(OPENED, axis=1)
        st.caption(
            "Numbers: the middle value of the class. Text: the most frequent. The most unusual cells come first."
        )
        show.grid(cells, alt=f"Cells of row {row}")


def _in_words(accounts: pd.DataFrame) -> pd.DataFrame:
    gains = [
        f"{share(row.gain)} ({share(row.gain_low)} to {share(row.gain_high)})"
        if row.gain == row.gain
        else "none promised"
        for row in accounts.itertuples()
    ]
    return pd.DataFrame(
        {
            "Account": accounts["account"],
            "Rows": accounts["n_rows"],
            "Of the class": accounts["share"].map(share),
            "What would win them back": accounts["remedy"],
            "Expected gain in recall": gains,
        }
    )
