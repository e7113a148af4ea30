"""Learn: what every method does, on a table that has the condition and on one that has not."""

import streamlit as st

from core.glossary import TERMS
from core.registry import catalogue, group_title
from pages.kit import bake_off, kept, session, show, specificity, text

st.title("Learn")
st.markdown("What every method does and why, with a sick and a healthy table of the same class sizes side by side.")

items = catalogue()
names = {slug: f"{group_title(item.kind, item.group)[0]}: {item.title}" for slug, item in items.items()}
order = sorted(items, key=lambda slug: (items[slug].kind, items[slug].group != session.PROFILE[0], names[slug]))
slug = st.selectbox(
    "Method", order, format_func=text.naming(names), key="learn", persist_state="session", help="A check, or a remedy."
)
item = items[slug]
with st.container(border=True):
    st.markdown(f"#### {text.md(item.title)}")
    st.markdown(f"{text.md(item.question)} {text.md(item.maturity.capitalize())} method.")
    st.markdown(text.prose(item.text.summary))
    if item.text.definition:
        st.markdown(text.prose(item.text.definition))
    show.about(item)
    for parameter in item.params:
        st.markdown(f"`{parameter.name}`: {text.prose(parameter.help)} Default: `{parameter.default}`")

follow = None
if item.sick and item.healthy:
    st.subheader("Sick and healthy, side by side")
    studies = {which: session.example(item, which) for which in ("sick", "healthy")}
    found = {which: session.result(item, study) for which, study in studies.items()}
    follow = show.progress(found, "example")
    for column, (which, study) in zip(st.columns(2), studies.items(), strict=True):
        with column.container(border=True):
            results = found[which].results
            verdict = show.tag(results[0].severity) if results else ""
            st.markdown(f"**{which.capitalize()}**: {text.md(study.dataset.name)} {verdict}")
            for result in results:
                for finding in result.findings:
                    st.markdown(text.md(finding.text))
                show.draw(item.draw(result) if result.tables else {}, which)

if (losses := kept.for_all(bake_off.shown, "bake-off of losses")) is not None:
    st.subheader("Which losses earned their keep")
    st.markdown(bake_off.MEANING)
    for sentence in losses.sentences:
        st.markdown(f"- {text.md(sentence)}")
    show.draw(losses.figures, "bake_off")
    for name, table in losses.tables.items():
        show.numbers(name, table, "learn")
measured = specificity.table()
if measured is not None:
    st.subheader("Which check names which condition")
    st.markdown(specificity.MEANING)
    show.draw(specificity.draw(measured), "specificity")
    show.numbers("specificity", measured, "learn")
if (planted := specificity.planted()) is not None:
    st.subheader("Where planted rows stand in the ledger")
    st.markdown(specificity.PLANTED)
    show.numbers("planted_rows", planted, "learn")

st.subheader("Glossary")
for word, meaning in TERMS.items():
    st.markdown(f"**{text.md(word)}**: {text.md(meaning)}")
if follow:
    follow()
