"""Data: choose a table, see how it was read, say what the classes are."""

from collections.abc import Callable

import streamlit as st

from core.reading.samples import samples
from core.wording import clip
from pages.kit import choices, held_out, kept_session, meaning, reading, session, show, tables, text

EXAMPLE = "A small table with a known fault, opened as an upload would be; what is wrong with it stands below."

KINDS = "CSV and its relatives, ARFF, Parquet, Excel and ODS, also packed, or a saved session. The content decides, not the name."

st.title("Counterpoise")
st.markdown("Finds out why a rare class fails, shows what would help, and proves it.")
st.markdown(
    "1. **Choose a table** and say which column holds the classes. An example is open already.\n"
    "2. **Read the diagnosis**: what is wrong with the table, judged against chance.\n"
    "3. **Try remedies** on rows that the model has not seen, and take the report away."
)


def source() -> None:
    """Upload a file, or take an example."""
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.file_uploader("Upload your own table", help=KINDS, **choices.uploader())
        kept_session.controls()
    with right.container(border=True, height="stretch"):
        options = {sample.slug: sample.title for sample in samples()}
        if "upload" in st.session_state or tables.source() == choices.UPLOAD:
            name = st.session_state.get("upload", ("not uploaded yet",))[0]
            options = {choices.UPLOAD: f"Your own file: {clip(name)}"} | options
        st.selectbox(
            "Or take an example", options, format_func=text.naming(options), help=EXAMPLE,
            **choices.bound("data", tables.source()),
        )  # fmt: skip
        if sample := tables.sample():
            st.markdown(text.md(sample.what_is_wrong))
            st.caption(text.md(f"Source: {sample.source} Licence: {sample.licence}"))


def headline() -> Callable[[], None]:
    """How the classes are spread, with the gravest finding: of all checks on an example, of the class sizes on an upload."""
    sizes = session.results([item for item in session.of_page(*session.PROFILE) if item.about.judges_sizes])
    found = session.results(session.of_page()) if tables.sample() else sizes
    with st.container(border=True):
        st.markdown("#### The diagnosis in one line")
        show.headline({item: job.results[0] for item, job in found.items() if job.results})
        if not tables.rule().kind:  # the rule shows the classes that it makes
            show.first_figures(sizes)
        follow = show.progress(found | sizes, "check")
        page, label = (
            ("diagnose", "See the whole diagnosis") if tables.sample() else ("profile", "Go on to the profile")
        )
        st.page_link(f"steps/{page}.py", label=label, icon=":material/arrow_forward:")
    return follow


source()
held = show.guarded(tables.table)()
if held is not None and not tables.sample():
    session.ahead(session.of_page(*session.PROFILE))
top = st.container()
follow = None
if held is None and "upload" in st.session_state:
    reading.overrides()
elif held is not None:
    studied = show.guarded(meaning.chosen)()
    show.guarded(held_out.section)()
    if studied:
        with top:
            follow = headline()
    reading.facts(held)
if follow:
    follow()
