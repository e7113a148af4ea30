"""The tables and sentences of ``benchmarks/sampling_quality.md``."""

from __future__ import annotations

import pandas as pd

RULES = ("as they come", "learned share", "tuned")
METRICS = ("average precision", "Brier score", *(f"{what}, {rule}" for rule in RULES for what in ("recall", "cost")))


def written(table: pd.DataFrame) -> str:
    """The whole page."""
    return table.to_string()
