"""Run methods: check parameters, measure seconds, stamp provenance, turn reasons into findings."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any

from core.errors import NotApplicable, UserError
from core.params import checked
from core.registry import Method, method
from core.result import SEVERITIES, Result
from core.wording import count, plural, quoted

PACKAGES = ("numpy", "pandas", "scikit-learn", "imbalanced-learn", "lightgbm", "shap")

strict = False
"""When true, an unexpected error of a method is raised instead of shown as a failed card; the tests set it."""


def run(slug: str, study: Any, **parameters: Any) -> Result:
    """Run one diagnostic on a study.

    Parameters
    ----------
    slug : str
        The diagnostic's name.
    study : core.study.Study
        Never changed.
    **parameters
        Those of the method; the rest keep their defaults.

    Returns
    -------
    Result
        With provenance. A reason not to run is a finding "not applicable"; an unexpected error is a finding "failed".

    Raises
    ------
    UserError
        The method or a parameter is not known, or the study cannot be analysed at all.
    """
    chosen = method(slug)
    values = checked(chosen.params, parameters)
    start = time.perf_counter()
    try:
        result = chosen.fn(study, **values)
    except NotApplicable as reason:
        result = Result.sentence("not applicable", str(reason))
    except UserError:
        raise
    except Exception as error:
        if strict:
            raise
        logging.getLogger(__name__).exception("the method %s failed", slug)
        text = f"This check failed on this table ({type(error).__name__}). The other checks are not affected."
        result = Result.sentence("failed", text)
    return replace(result, provenance=provenance(chosen.slug, values, study, time.perf_counter() - start))


def run_all(
    study: Any,
    chosen: Iterable[Method],
    *,
    slow: bool = False,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[tuple[Method, Result]]:
    """Run several diagnostics, one after the other; each shows up exactly once.

    Parameters
    ----------
    study : core.study.Study
        Never changed.
    chosen : iterable of Method
        Diagnostics.
    slow : bool
        Whether to run those that cost minutes; they are "skipped" otherwise.
    parameters : mapping of str to mapping, optional
        Parameters by slug; the rest keep their defaults.
    """
    for item in chosen:
        if item.cost == "minutes" and not slow:
            yield item, Result.sentence("skipped", "This check takes minutes and runs only when asked for.")
        else:
            yield item, run(item.slug, study, **(parameters or {}).get(item.slug, {}))


def by_severity(results: Iterable[tuple[Method, Result]]) -> list[tuple[Method, Result]]:
    """Sort results, the gravest first, then by title."""
    return sorted(results, key=lambda pair: (SEVERITIES.index(pair[1].severity), pair[0].title))


def provenance(slug: str, values: dict[str, Any], study: Any, elapsed: float, n_folds: int = 0) -> dict[str, Any]:
    """What is needed to repeat a result, and what it rests on; ``n_folds`` are those that were looked at, one draw of them unless told."""
    judged = study.judged
    sizes = judged.class_sizes
    evidence = {
        "rows": int(sizes.sum()),
        "positives": int(sizes[judged.positive_code]),
        "class_of_interest": study.positive,
        "folds": n_folds or study.n_folds,
        "seed": study.random_state,
    }
    return {
        "method": slug,
        "evidence": evidence,
        "parameters": values,
        "fingerprint": study.dataset.fingerprint,
        "random_state": study.random_state,
        "versions": versions(),
        "seconds": elapsed,
    }


def rests_on(given: Mapping[str, Any]) -> str:
    """The evidence of a provenance as a sentence; empty where there is none."""
    if "evidence" not in given:
        return ""
    told = given["evidence"]
    return (
        f"Rests on {plural(told['rows'], 'row')}, {count(told['positives'])} of them {quoted(told['class_of_interest'])}; what was fitted was looked at in "
        f"{plural(told['folds'], 'fold')}; seed {told['seed']}."
    )


@cache
def versions() -> dict[str, str]:
    """The versions of Python and of the libraries that compute."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
