"""Data: choose a table, see how it was read, say what the classes are."""

import streamlit as st

from core.glossary import term
from core.reading.samples import samples
from core.wording import clip, of
from pages.kit import choices, reading, session, show

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
        kinds = ["csv", "tsv", "txt", "gz", "parquet", "xlsx"]
        st.file_uploader("Upload your own table", kinds, **choices.uploader())
        st.caption("The file stays on the machine that runs Counterpoise, and is forgotten when you leave.")
    with right.container(border=True, height="stretch"):
        options = {sample.slug: sample.title for sample in samples()}
        if "upload" in st.session_state or session.source() == choices.UPLOAD:
            name = st.session_state.get("upload", ("not uploaded yet",))[0]
            options = {choices.UPLOAD: f"Your own file: {clip(name)}"} | options
        st.selectbox("Or take an example", options, format_func=options.get, **choices.bound("data", session.source()))
        if sample := session.sample():
            st.markdown(show.md(sample.what_is_wrong))
            st.caption(show.md(f"Source: {sample.source} Licence: {sample.licence}"))


def headline() -> None:
    """The gravest finding on an example; on an upload, how the classes are spread."""
    items = session.of_page() if session.sample() else session.of_page(*session.PROFILE)[:1]
    found = session.results(items)
    with st.container(border=True):
        st.markdown("#### The diagnosis in one line")
        show.headline({item: job.results[0] for item, job in found.items() if job.results})
        show.progress(found, "check")
        link = (
            ("steps/diagnose.py", "See the whole diagnosis") if session.sample() else ("steps/profile.py", "Profile it")
        )
        st.page_link(link[0], label=link[1], icon=":material/arrow_forward:")


def meaning() -> None:
    """The target, the class of interest, and what to leave out."""
    names = show.labels(session.table().frame.columns)
    left, middle, right = st.columns(3)
    with left:
        bound = choices.bound("target", session.target())
        st.selectbox("Target", names, format_func=names.get, help=term("Target"), **bound)
        st.caption(show.md(session.target_reasons().get(session.target(), "It is not among the likely targets.")))
    with right:
        features = {name: text for name, text in names.items() if name != session.target()}
        bound = choices.bound("leave_out", list(session.leave_out()))
        st.multiselect("Columns to leave out", features, format_func=features.get, placeholder="None", **bound)
        rest = {name: why for name, why in session.leave_out_reasons().items() if name not in session.leave_out()}
        for name, why in list(rest.items())[:5]:
            st.caption(show.md(f"{names[name]}: {why}"))
        if rest:
            st.button("Leave these out", on_click=choices.choose, kwargs={"leave_out": (*session.leave_out(), *rest)})
    with middle:
        study = session.study()
        classes = show.labels(study.classes)
        bound = choices.bound("class", study.positive)
        st.selectbox("Class of interest", classes, format_func=classes.get, help=term("Class of interest"), **bound)
        st.caption(show.md(of(study.class_sizes[study.positive_code], study.dataset.n_samples)))


source()
if session.source() == choices.UPLOAD:
    reading.overrides()
session.table()
show.guarded(headline)()
show.guarded(meaning)()
reading.facts(session.table())
