"""Whether the scores that somebody printed can belong to one test, and to a test like this table."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core import charts, judge, wording
from core.dataset import Dataset
from core.errors import NotApplicable, UserError
from core.numerics.published import Limits, implied_by_accuracy, implied_by_precision, rounding_limits
from core.result import Finding, Result

SOURCES = ("this table", "accuracy, sensitivity and specificity", "precision, sensitivity and specificity")

COARSE = 0.5


def published_metrics(
    dataset: Dataset,
    positive: str,
    *,
    sensitivity: str = "",
    specificity: str = "",
    accuracy: str = "",
    precision: str = "",
) -> Result:
    """Work out which share of the class of interest the rows of a published test must have had.

    With sensitivity s, specificity c and prevalence π of a two-class test, accuracy = π s + (1 − π) c, so that
    π = (accuracy − c) / (s − c); and precision = π s / (π s + (1 − π)(1 − c)). Both give limits for π from the printed digits.

    Parameters
    ----------
    dataset : Dataset
        Its share of the class of interest is what the published test is compared with.
    positive : str
        The class of interest.
    sensitivity, specificity, accuracy, precision : str
        As printed, such as "0.8834" or "88.34 %": the digits say how far they are rounded. Empty means not given.

    Returns
    -------
    Result
        ``published``: measure, low, high (the values that round to what was printed). ``prevalence``: source, value, low, high; value is the
        middle of the limits; for this table its share with the exact interval.

    Raises
    ------
    NotApplicable
        Sensitivity or specificity is missing, or both accuracy and precision are.
    UserError
        A text is not a share.

    References
    ----------
    Brown and Heathers (2017), Social Psychological and Personality Science 8, for checks of printed numbers. The formula for the
    prevalence follows from the definitions.
    """
    printed = {"sensitivity": sensitivity, "specificity": specificity, "accuracy": accuracy, "precision": precision}
    limits = {measure: _read(measure, text) for measure, text in printed.items() if text.strip()}
    if not {"sensitivity", "specificity"} <= limits.keys() or not {"accuracy", "precision"} & limits.keys():
        raise NotApplicable(
            "Enter the published sensitivity and specificity, and the accuracy or the precision, as they were printed: 3 numbers are enough."
        )
    both = limits["sensitivity"], limits["specificity"]
    implied = [
        (source, rule(limits[measure], *both))
        for source, measure, rule in zip(
            SOURCES[1:], ("accuracy", "precision"), (implied_by_accuracy, implied_by_precision), strict=True
        )
        if measure in limits
    ]
    n_class, n = int(dataset.table_counts.get(positive, 0)), int(dataset.table_counts.sum())
    low, high = judge.proportion_interval(n_class, n)
    rows = [(SOURCES[0], n_class / n, float(low), float(high))]
    rows += [(source, sum(found) / 2, *found) for source, found in implied if found]
    tables = {
        "published": pd.DataFrame(
            [(measure, *ends) for measure, ends in limits.items()], columns=["measure", "low", "high"]
        ),
        "prevalence": pd.DataFrame(rows, columns=["source", "value", "low", "high"]),
    }
    return Result(tables, _findings(tables["prevalence"], implied, printed, positive))


def _read(measure: str, text: str) -> Limits:
    try:
        return rounding_limits(text)
    except ValueError:
        problem = f"The {measure} {wording.quoted(text)} is not a share between 0 and 1, or between 0 % and 100 %."
        raise UserError(problem, "Enter a number such as 0.8834 or 88.34 %.") from None


def _findings(
    prevalence: pd.DataFrame, implied: list[tuple[str, Limits | None]], printed: dict[str, str], positive: str
) -> tuple[Finding, ...]:
    if any(found is None for _, found in implied):
        text = (
            f"These numbers cannot belong to one test: an accuracy of {wording.clip(printed['accuracy'])} does not lie between a sensitivity of "
            f"{wording.clip(printed['sensitivity'])} and a specificity of {wording.clip(printed['specificity'])}, of which it is a weighted mean."
        )
        return (Finding("issue", text),)
    ends = [found for _, found in implied if found]
    if max(low for low, _ in ends) > min(high for _, high in ends):
        words = " and ".join(f"{_span(found)} by {source}" for source, found in implied if found)
        return (
            Finding(
                "issue",
                f"These numbers cannot belong to one test: the share of the class of interest would be {words}.",
            ),
        )
    if min(high for _, high in ends) - max(low for low, _ in ends) > COARSE:
        text = "Sensitivity and specificity are too alike, or rounded too far, to say which share of the rows is of the class of interest."
        return (Finding("fine", text + " More than half of all shares would fit: 1 more digit may help."),)
    table, low, high = prevalence.iloc[0], max(low for low, _ in ends), min(high for _, high in ends)
    said = (
        f"The published numbers belong to a test in which {_span((low, high))} of the rows are of the class of interest"
    )
    own = f"in this table {wording.share(table['value'])} of the rows are of {wording.quoted(positive)}"
    if low > table["high"] or high < table["low"]:
        text = (
            f"{said}; {own}. A test made more even than the table may hold copies that were made before the split; its accuracy and "
            "precision do not carry over to rows like these."
        )
        return (Finding("caution", text),)
    return (Finding("fine", f"{said}; {own}: the two agree."),)


def _span(limits: Limits) -> str:
    return f"{wording.share(limits[0])} to {wording.share(limits[1])}"


def draw(result: Result) -> dict[str, go.Figure]:
    """The prevalence of this table beside those that the published numbers imply."""
    title, caption = (
        "Prevalence behind published numbers",
        "Share of the class of interest, with limits from the printed digits.",
    )
    axes = {"x_title": "share of the rows", "y_title": "source", "caption": caption}
    return {title: charts.intervals(result.tables["prevalence"], "value", "source", title=title, **axes)}
