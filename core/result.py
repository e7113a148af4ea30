"""What a method gives back: tables first, then sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

SEVERITIES = ("failed", "issue", "caution", "fine", "not applicable", "skipped")


@dataclass(frozen=True)
class Finding:
    """One plain sentence with a number, and what it suggests.

    Parameters
    ----------
    severity : str
        One of ``SEVERITIES``.
    text : str
        Plain text; names from the file are already on one line.
    suggests : tuple of str
        Slugs of remedies that may help, the most promising first.
    """

    severity: str
    text: str
    suggests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"unknown severity {self.severity!r}")


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one method on one study.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Every number that a page shows stands in one of them, with ``low`` and ``high`` beside it where it has an interval.
    findings : tuple of Finding
        At least one.
    provenance : mapping
        ``method``, ``evidence`` (rows, positives, class_of_interest, folds, seed), ``parameters``, ``fingerprint``, ``random_state``, ``versions``, ``seconds``;
        filled by ``core.engine.provenance``.
    """

    tables: Mapping[str, pd.DataFrame]
    findings: tuple[Finding, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """The gravest severity among the findings."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index)

    @property
    def suggests(self) -> tuple[str, ...]:
        """Every remedy that a finding suggests, once, in order."""
        return tuple(dict.fromkeys(slug for finding in self.findings for slug in finding.suggests))

    @classmethod
    def sentence(cls, severity: str, text: str) -> Result:
        """Make a result of one sentence and no tables."""
        return cls({}, (Finding(severity, text),))
