"""How the rows are spread over the classes."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About("Class distribution", "How are the rows spread over the classes?", judges_sizes=True, names=("few_rows",))

TOO_FEW = 10


def class_distribution(study: Study, *, fewest: Annotated[int, Range(2, 200)] = 30) -> Result:
    """How many rows each class has, and how uneven they are.

    With class shares π_1 … π_K: imbalance ratio = largest count / smallest count; normalised entropy = −Σ π ln π / ln K,
    1 when all classes are equally large; effective number of classes = exp(−Σ π ln π), the number of equally large
    classes with the same entropy.

    How it is detected
    ------------------
    The rows of each class are counted. A class with fewer than 10 rows is an issue, one with fewer than ``fewest`` a caution,
    because every score for it will be uncertain. A large ratio alone is never called a problem: a rare class with thousands of rows can be learned well.

    Why it matters
    --------------
    Few rows make scores uncertain; uneven shares make accuracy meaningless. Both are facts about the table, not faults.

    What to do
    ----------
    Read per-class recall and average precision instead of accuracy. When a class has very few rows, collect more or
    merge it with a class that is treated alike.

    Parameters
    ----------
    fewest : int
        Rows below which a class is called small.

    Returns
    -------
    Result
        ``classes``: class, n_samples (of the whole table), share, n_in_hand (only in a working sample: the rows that are looked at), stratum (head,
        medium or tail; only with more than ten classes).
        ``summary``: measure, value.

    References
    ----------
    Shannon (1948), Bell System Technical Journal 27. Hill (1973), Ecology 54, for the effective number.
    """
    counts = study.dataset.table_counts
    shares = (counts / counts.sum()).to_numpy()
    entropy = float(-(shares * np.log(shares)).sum())
    table = pd.DataFrame({"class": counts.index, "n_samples": counts.to_numpy(), "share": shares})
    if study.represents is not None:
        table["n_in_hand"] = study.class_sizes
    if len(counts) > 10:
        table["stratum"] = strata(shares)
    summary = {
        "imbalance ratio": study.dataset.imbalance_ratio,
        "normalised entropy": entropy / np.log(len(counts)),
        "effective number of classes": float(np.exp(entropy)),
        "classes": len(counts),
        "rows": int(counts.sum()),
    }
    tables = {"classes": table, "summary": pd.DataFrame({"measure": summary.keys(), "value": summary.values()})}
    return Result(tables, _findings(study, table.assign(in_hand=study.class_sizes), summary, fewest))


def strata(shares: np.ndarray) -> np.ndarray:
    """Name the classes that together hold the first half of the rows "head", the next 40 % "medium", the rest "tail"."""
    before = np.cumsum(shares) - shares
    return np.select([before < 0.5, before < 0.9], ["head", "medium"], "tail")


def _findings(study: Study, table: pd.DataFrame, summary: dict[str, float], fewest: int) -> tuple[Finding, ...]:
    rarest, largest = table.iloc[-1], table.iloc[0]
    text = (
        f"The table has {wording.plural(summary['classes'], 'class', 'classes')}. The largest, "
        f"{wording.quoted(largest['class'])}, has {wording.times(summary['imbalance ratio'])} as many rows as the rarest, "
        f"{wording.quoted(rarest['class'])}, with {wording.of(rarest['n_samples'], summary['rows'])}."
    )
    tiny = table.loc[table["in_hand"] < min(TOO_FEW, fewest), "class"]
    small = table.loc[table["in_hand"].between(TOO_FEW, fewest - 1), "class"]
    issue = _small("issue", tiny, min(TOO_FEW, fewest), "no score for so few rows means much")
    caution = _small("caution", small, fewest, "every score for so few rows is uncertain")
    return (*issue, *caution, Finding("fine", text))


def _small(severity: str, classes: pd.Series, limit: int, why: str) -> tuple[Finding, ...]:
    verb = "has" if len(classes) == 1 else "have"
    text = f"{wording.listing(classes)} {verb} fewer than {limit} rows: {why}."
    return (Finding(severity, text),) if len(classes) else ()


def draw(result: Result) -> dict[str, go.Figure]:
    """One bar per class, on a log scale when the ratio is above 50."""
    table = result.tables["classes"]
    log = table["n_samples"].max() > 50 * table["n_samples"].min()
    title, caption = "Rows per class", "Number of rows of each class, the largest first."
    axis = "rows (log scale)" if log else "rows"
    return {
        title: charts.bars(
            table, "n_samples", "class", title=title, x_title=axis, y_title="class", caption=caption, log=log,
            by="stratum" if "stratum" in table else "",
        )
    }  # fmt: skip


def sick(random_state: int = 0) -> Dataset:
    """A class of 6 rows."""
    return synthetic.planted("few_rows", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """A class of 100 rows beside one of 900: rare, and large enough."""
    return synthetic.planted("clean", random_state=random_state)
