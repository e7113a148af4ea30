"""What a report holds, before anyone decides how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.engine import rests_on


class Figures(Mapping):
    """Figures by title, drawn when the first one is asked for: text and JSON hold none.

    Parameters
    ----------
    draw : callable
        Gives all of them.
    """

    def __init__(self, draw: Callable[[], Mapping[str, go.Figure]]) -> None:
        self._draw = draw

    @cached_property
    def _drawn(self) -> Mapping[str, go.Figure]:
        return self._draw()

    def __getitem__(self, title: str) -> go.Figure:
        return self._drawn[title]

    def __iter__(self) -> Iterator[str]:
        return iter(self._drawn)

    def __len__(self) -> int:
        return len(self._drawn)


@dataclass(frozen=True, eq=False)
class Section:
    """One method's part of a report. All text is plain: whoever writes it down escapes it.

    Parameters
    ----------
    slug, title, question, maturity : str
        As in the catalogue.
    severity : str
        The gravest of the sentences.
    sentences : tuple of (severity, text)
        The findings.
    remedies : tuple of str
        Titles of the suggested remedies.
    figures : mapping of str to Figure
        By title.
    tables : mapping of str to pandas.DataFrame
        By name, uncut.
    how, why, what_to_do, reference : str
        The method's own text.
    provenance : mapping
        As in ``Result``.
    """

    slug: str
    title: str
    question: str
    severity: str
    sentences: tuple[tuple[str, str], ...]
    remedies: tuple[str, ...] = ()
    figures: Mapping[str, go.Figure] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    how: str = ""
    why: str = ""
    what_to_do: str = ""
    reference: str = ""
    maturity: str = "established"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rests(self) -> str:
        """What the sentences rest on, as a sentence."""
        return rests_on(self.provenance)


@dataclass(frozen=True, eq=False)
class Report:
    """One study, ready to be written down.

    Parameters
    ----------
    title : str
        The table and its target.
    facts : tuple of (name, value)
        The first lines: rows of the class of interest, rows per fold, prevalence.
    reading : tuple of (name, value)
        How the file was read.
    comparison : Section or None
        The comparison of recipes, its verdict first.
    diagnoses : tuple of Section
        The gravest first.
    provenance : tuple of (name, value)
        What is needed to repeat it.
    limits : tuple of str
        What the report does not say.
    cutoff : Section or None
        What the cut-off leads to that was in force.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    reading: tuple[tuple[str, str], ...]
    comparison: Section | None
    diagnoses: tuple[Section, ...]
    provenance: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    cutoff: Section | None = None
