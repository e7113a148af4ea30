"""One cut-off on figures over all thresholds: a star on every curve, an upright line where probabilities stand."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core import wording
from core.charts import GREY, PALETTE, label

CURVES = {
    "Precision and recall": ("recall", "precision"),
    "ROC curve": ("false_alarm_rate", "recall"),
    "Gain": ("share_checked", "recall"),
    "Lift": ("share_checked", "lift"),
    "Net benefit": ("threshold_at_use", "net_benefit_per_1000"),
    "Cost curve": ("probability_cost", "cost"),
}
"""Columns of the table ``marks`` of ``core.evaluation.at_cutoff`` that a figure of ``core.evaluation.curves`` shows."""

UPRIGHT = ("Reliability of the probabilities", "How far the threshold moves")
"""Figures with the probability along the lower axis."""


def marked(figures: Mapping[str, go.Figure], marks: pd.DataFrame, recipe: str) -> dict[str, go.Figure]:
    """Copies of figures with the place of a cut-off; those that have no place for it are given as they are.

    Parameters
    ----------
    figures : mapping of str to Figure
        By title. Not changed.
    marks : pandas.DataFrame
        recipe, threshold, and the columns of ``CURVES``.
    recipe : str
        The one that upright lines stand for.

    Returns
    -------
    dict of str to Figure
    """
    drawn = {}
    for title, figure in figures.items():
        drawn[title] = figure
        if title in CURVES:
            drawn[title] = _starred(figure, marks, *CURVES[title])
        elif title in UPRIGHT:
            for at in marks.loc[marks["recipe"] == recipe, "threshold"].dropna():
                drawn[title] = _lined(figure, float(at))
    return drawn


def _starred(figure: go.Figure, marks: pd.DataFrame, x: str, y: str) -> go.Figure:
    names = [trace.name for trace in figure.data if trace.name]
    shown = marks[[label(recipe) in names for recipe in marks["recipe"]]].dropna(subset=[x, y])
    if shown.empty:
        return figure
    copy = go.Figure(figure)
    colours = [PALETTE[names.index(label(recipe)) % len(PALETTE)] for recipe in shown["recipe"]]
    copy.add_scatter(
        x=shown[x],
        y=shown[y],
        mode="markers",
        name="the cut-off",
        text=[label(recipe) for recipe in shown["recipe"]],
        marker={"symbol": "star", "size": 17, "color": colours, "line": {"color": GREY, "width": 1.5}},
    )
    return copy


def _lined(figure: go.Figure, at: float) -> go.Figure:
    copy = go.Figure(figure)
    end = (copy.layout.xaxis.range or (0, 1))[1]
    text = f"cut-off {wording.number(at)}" + (", further right" if at > end else "")
    side = "top left" if at > end / 2 else "top right"
    copy.add_vline(
        x=min(at, end), line={"color": GREY, "width": 2}, annotation={"text": text}, annotation_position=side
    )
    return copy
