"""Counterpoise finds out why a rare class fails, shows what would help, and proves it.

A diagnostic is a function from a ``Study`` to a ``Result``; a remedy is a function from an unfitted classifier to an unfitted
classifier. Names are imported when they are first used, so that ``import core`` costs nothing.

Examples
--------
>>> import core
>>> table = core.read("sample_data/pump_failures.csv")
>>> study = core.Study(core.Dataset.from_table(table, target="failed_within_90_days"))
>>> core.run("class_distribution", study).severity
'fine'
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "read": "core.reading.read",
    "Dataset": "core.dataset",
    "Study": "core.study",
    "Recipe": "core.recipe",
    "sampler": "core.learners.sampling.by_name",
    "Finding": "core.result",
    "Result": "core.result",
    "methods": "core.registry",
    "run": "core.engine",
    "run_all": "core.engine",
    "evaluate": "core.evaluation.compare",
    "build": "core.report.build",
    "to_html": "core.report.build",
    "UserError": "core.errors",
}

__all__ = [  # noqa: RUF022  (from the file to the report)
    "read",
    "Dataset",
    "Study",
    "Recipe",
    "sampler",
    "Finding",
    "Result",
    "methods",
    "run",
    "run_all",
    "evaluate",
    "build",
    "to_html",
    "UserError",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
