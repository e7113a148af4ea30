"""Published scores beside the table: which share of the class their test must have had."""

from __future__ import annotations

import streamlit as st

from core.errors import NotApplicable, UserError
from core.evaluation.published import draw, published_metrics
from core.glossary import term
from pages.kit import session, show
from pages.kit.text import md

ASKED = {
    "sensitivity": ("Sensitivity (recall)", "0.87"), "specificity": ("Specificity", "0.89"),
    "accuracy": ("Accuracy", "0.88"), "precision": ("Precision", "0.62"),
}  # fmt: skip


def section() -> None:
    """Ask for printed scores and say whether they fit together, and this table."""
    folded = st.expander("Check published scores", key="published", on_change="rerun", icon=":material/fact_check:")
    if not folded.open:
        return
    with folded:
        st.markdown(
            "Scores that were printed for a test with two classes imply which share of it was the class of interest."
        )
        given = {}
        for column, (name, (label, example)) in zip(st.columns(len(ASKED)), ASKED.items(), strict=True):
            given[name] = column.text_input(
                label, placeholder=f"as printed: {example}", help=term(label.split(" (")[0]), key=f"published {name}"
            )
        held = session.study()
        try:
            result = published_metrics(held.dataset, held.positive, **given)
        except NotApplicable as reason:
            st.caption(md(reason))
            return
        except UserError as error:
            st.error(f"{md(error.problem)} {md(error.remedy)}", icon=":material/error:")
            return
        for finding in result.findings:
            st.markdown(f"{show.tag(finding.severity)} {md(finding.text)}")
        show.draw(draw(result), "published")
        for name, frame in result.tables.items():
            show.numbers(name, frame, "published")
