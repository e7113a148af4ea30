"""Report: everything that was found, to take away."""

import streamlit as st

from core.evaluation.compare import with_baseline
from core.report.build import build, to_html, to_json, to_markdown
from pages.kit import choices, cutoff, session, show, text

st.title("Report")
st.markdown("One file that holds everything found so far, with what is needed to repeat it.")

study = session.study(choices.explained())
found = session.results([*session.of_page(*session.LEDGER, *session.PROFILE), *session.of_page()])
found |= session.results(session.of_page(*session.EXPLAIN), study)
scored = {recipe: session.scores(recipe) for recipe in with_baseline(choices.recipes())}
follow = show.progress(found | scored, "step")

comparison = session.comparison(scored)
laid = cutoff.found(scored)
cutoff.control(laid, brief=True)
report = build(study, [(item, job.results[0]) for item, job in found.items() if job.results], comparison, laid)

with st.container(horizontal=True):
    show.download("HTML", lambda: to_html(report).encode(), "counterpoise-report.html", "text/html")
    show.download("Markdown", lambda: to_markdown(report).encode(), "counterpoise-report.md", "text/markdown")
    show.download("JSON", lambda: to_json(report).encode(), "counterpoise-report.json", "application/json")
st.caption("The HTML file holds its figures and opens without a network.")

st.subheader(text.md(report.title))
st.markdown("\n".join(f"- {text.md(name)}: {text.md(value)}" for name, value in report.facts))
if report.comparison:
    st.markdown(f"**{text.md(report.comparison.sentences[0][1])}**")
for section in report.diagnoses:
    st.markdown(f"{show.tag(section.severity)} **{text.md(section.title)}**: {text.md(section.sentences[0][1])}")
with st.expander("How it was made", icon=":material/fingerprint:"):
    st.markdown("\n".join(f"- {text.md(name)}: {text.md(value)}" for name, value in report.provenance))
follow()
