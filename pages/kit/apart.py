"""Which recipes can be told apart: the margin that matters, and one line for each recipe."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.evaluation.distinguishing_words import against_nothing, probability, rows_in_words
from core.evaluation.scoring import COST
from core.glossary import term
from core.result import Result
from core.wording import MISSING, change, clip
from pages.kit import choices, show, text


def margin(metric: str) -> None:
    """Ask how large a difference must be to matter."""
    of_cost = metric == COST
    label = (
        "A difference that is too small to matter, as a share of the baseline's cost"
        if of_cost
        else f"A difference of {metric} that is too small to matter"
    )
    bound = choices.bound("margin", float(choices.choice("margin")))
    limits = map(float, choices.LIMITS["margin"])
    st.number_input(text.md(label), *limits, step=0.005, format="%g", help=term("Equivalence margin"), **bound)


def verdicts(result: Result) -> None:
    """Every recipe beside doing nothing; nothing before all folds are there."""
    if len(result.tables["verdicts"]):
        alt = "What each recipe is beside doing nothing: verdict, difference, test, probabilities, rows needed"
        show.grid(show.once(by_recipe, result), alt=alt)
        st.caption(
            "Differences and their intervals are paired over the same folds and hold for all recipes together. p is that of the corrected resampled t-test, raised by "
            "Holm's steps. Probabilities are those of a true difference beyond the margin, within it, and beyond it on the wrong side. The rows needed are those of the "
            "whole table at which the difference that was seen, or the margin, would be told from none. How far single rows move when a recipe is fitted again stands on Decide, under 'How sure a row's probability is'."
        )


def by_recipe(result: Result) -> pd.DataFrame:
    """One line for each recipe, as text."""
    differences = against_nothing(result.tables, result.provenance["parameters"]["metric"])
    table = result.tables["verdicts"].drop(columns="difference").merge(differences, on="recipe", sort=False)
    rows = [
        {
            "recipe": clip(row.recipe, 120), "verdict": row.verdict,
            "difference": f"{change(row.difference)} ({change(row.low)} to {change(row.high)})", "p after Holm": probability(row.p_holm),
            "better": probability(row.better), "equal": probability(row.equivalent), "worse": probability(row.worse),
            "rows needed": _rows(row.times_more, row.rows_needed),
        }
        for row in table.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _rows(times_more: float, needed: float) -> str:
    """The rows at which a difference would be told from none."""
    if times_more != times_more:
        return MISSING
    return "no more than there are" if times_more <= 1 else rows_in_words(needed)
