"""Safe rows, borderline rows, rare rows and outliers of each class."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, synthetic, wording
from core.dataset import Dataset
from core.errors import NotApplicable
from core.judge import LEVEL, proportion_interval
from core.numerics.neighbourhoods import (
    MEASURES,
    N_SPANNED,
    TYPES,
    K,
    example_types,
    measures_at_equal_sizes,
    measures_of_classes,
)
from core.params import Range
from core.registry import About
from core.result import Finding, Result
from core.study import Study

ABOUT = About(
    "Neighbourhood types", "Which rows of a class stand among rows of another?", cost="seconds", gravest="caution"
)

FEWEST, LISTED = 10, 1000
"""Rows that a class needs to be judged; most rows that are listed."""

DRAWN, N_DRAWS, MOST_DRAWS, EQUALISED = 200, 3, 60, 60
"""Rows of a class in a draw at equal sizes; draws per class, and over all classes; rarest classes for which they are made."""


def neighbourhood_types(study: Study, *, level: Annotated[float, Range(0.1, 0.9, 0.05)] = 0.5) -> Result:
    """How many rows of each class are safe, borderline, rare or outliers among their five nearest rows.

    Of the five nearest rows of a row, none or one of another class makes it safe, two or three borderline, five an outlier. Four
    make it rare when its one own neighbour has no further own neighbour, and borderline otherwise. kDN is the mean foreign share
    of the five; N3 the share of rows whose nearest row is foreign (the error of leave-one-out 1-NN); N1 the share of rows
    that an edge of the minimum spanning tree joins to another class.

    How it is detected
    ------------------
    All neighbours come from the one shared table, which skips missing cells. Each number stands beside two others. The first
    is its mean over shuffled labels: what class frequencies alone give. The second is its mean on draws of as many rows of
    the class as of all others together: what is left when rarity is taken away. A class is named, as a caution, when
    with sizes made equal the share of rows that are not safe exceeds ``level``, also at the low end of its exact interval.

    Why it matters
    --------------
    A rare class may have few safe rows only because it is rare. Where rows stay unsafe at equal sizes, the columns do
    not tell the classes apart there, and a copy or an interpolation of an outlier is another outlier.

    What to do
    ----------
    Read the listed outliers: they may be mislabelled, or a kind of their own. Resample with care where most rows are
    borderline or worse; weigh errors instead and move the threshold.

    Parameters
    ----------
    level : float
        Share of unsafe rows at equal sizes above which a class is named.

    Returns
    -------
    Result
        ``types``: class, type, share with low and high, null (shuffled labels), equal_sizes, equal_sizes_null. ``classes``: class,
        n_rows, looked_up (all rows, but a sample in tables of more than 30,000), kdn, n3 and n1, with shuffled labels (kdn_null,
        n3_null, n1_null) and at equal sizes (kdn_equal_sizes, n3_equal_sizes, n1_equal_sizes), kdn_error, n3_error and
        n1_error (standard errors of the sample: 0 where all rows are looked
        up), unsafe_equal_sizes with unsafe_low, unsafe_high and unsafe_null. Numbers at equal sizes are missing but for the 60 rarest
        classes. ``rows``: row (1 is the first), class, type and foreign (of five) of outliers and rare rows of all
        classes but the largest, at most 1,000. N1 is exact up to 1,000 rows, and found within the graph of ten nearest
        rows beyond; above 30,000 rows it is that of a random 5,000.

    References
    ----------
    Napierala and Stefanowski (2016), Journal of Intelligent Information Systems 46. Smith, Martinez and Giraud-Carrier (2014),
    Machine Learning 95 (kDN). Ho and Basu (2002), IEEE TPAMI 24 (N1, N3). The numbers at equal sizes are our addition.
    """
    judged = np.flatnonzero(study.class_sizes >= FEWEST)
    if len(judged) < 2:
        second = wording.plural(study.class_sizes[1], "row")
        raise NotApplicable(f"The second largest class has {second}; {FEWEST} are needed.")
    table = study.neighbours
    found = table.rows, table.indices, table.distances
    seed = study.random_state
    own, null = measures_of_classes(study.Z, study.codes, found, sampled=table.sampled, random_state=seed)
    equal, equal_null, n_equal = _equal_sizes(study, judged)
    names = np.array(study.classes, dtype=object)
    looked_up = np.bincount(study.codes[table.rows], minlength=len(names))
    classes = {"class": names, "n_rows": study.class_sizes, "looked_up": looked_up}
    for j, measure in enumerate(MEASURES[len(TYPES) :], start=len(TYPES)):
        columns = {measure: own, f"{measure}_null": null, f"{measure}_equal_sizes": equal}
        classes |= {name: values[:, j] for name, values in columns.items()}
    classes |= _errors(study, own[:, -1]) | {"unsafe_equal_sizes": 1 - equal[:, 0], "unsafe_null": 1 - equal_null[:, 0]}
    tail = 1 - (1 - LEVEL) / len(judged)
    low, high = proportion_interval((1 - np.nan_to_num(equal[:, 0])) * n_equal, n_equal, tail)
    classes |= {"unsafe_low": np.where(n_equal, low, np.nan), "unsafe_high": np.where(n_equal, high, np.nan)}
    types = pd.concat([_types(names[c], looked_up[c], own[c], null[c], equal[c], equal_null[c]) for c in judged])
    tables = {"types": types.reset_index(drop=True)}
    tables["classes"] = pd.DataFrame(classes).iloc[judged].reset_index(drop=True)
    tables["rows"] = _rows(study)
    return Result(tables, _findings(study, tables, level))


def _equal_sizes(study: Study, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measures and their null at equal sizes (n_classes, 7), and the rows per draw; 0 where none was made."""
    rng = np.random.default_rng(study.random_state)
    shape = (len(study.classes), len(MEASURES))
    equal, null, n_rows = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape[0], dtype=int)
    rarest = judged[-EQUALISED:]
    draws = int(np.clip(MOST_DRAWS // len(rarest), 1, N_DRAWS))
    for c in rarest:
        n_rows[c] = min(study.class_sizes[c], len(study.codes) - study.class_sizes[c], DRAWN)
        measured = measures_at_equal_sizes(study.Z, study.codes == c, n_rows[c], n_draws=draws, rng=rng)
        equal[c], null[c] = measured
    return equal, null, n_rows


def _errors(study: Study, n1: np.ndarray) -> dict[str, np.ndarray]:
    """Standard errors of kDN, N3 and N1 where only a sample of a class was looked up."""
    rows, indices = study.neighbours.rows, study.neighbours.indices[:, :K]
    foreign = study.codes[indices] != study.codes[rows][:, None]
    n = np.bincount(study.codes[rows], minlength=len(study.classes))
    left_out = np.sqrt(1 - n / study.class_sizes)
    errors = {}
    for name, values in (("kdn_error", foreign.mean(axis=1)), ("n3_error", foreign[:, 0].astype(float))):
        spread = [values[study.codes[rows] == c].std() for c in range(len(n))]
        errors[name] = np.array(spread) * left_out / np.sqrt(n)
    share = N_SPANNED / len(study.codes) if study.neighbours.sampled else 1.0
    m = share * study.class_sizes
    likely = (n1 * m + 2) / (m + 4)
    errors["n1_error"] = np.sqrt(likely * (1 - likely) * (1 - share) / (m + 4))
    return errors


def _types(
    name: str, n: int, own: np.ndarray, null: np.ndarray, equal: np.ndarray, equal_null: np.ndarray
) -> pd.DataFrame:
    low, high = proportion_interval(np.round(own[:4] * n), np.full(4, n))
    columns = {"share": own[:4], "low": low, "high": high, "null": null[:4]}
    return pd.DataFrame(
        {"class": name, "type": TYPES} | columns | {"equal_sizes": equal[:4], "equal_sizes_null": equal_null[:4]}
    )


def _rows(study: Study) -> pd.DataFrame:
    """Outliers first, then rare rows, of all classes but the largest."""
    table, rng = study.neighbours, np.random.default_rng(study.random_state)
    kind = example_types(study.codes, table.rows, table.indices, rng)
    codes = study.codes[table.rows]
    foreign = (study.codes[table.indices[:, :K]] != codes[:, None]).sum(axis=1)
    chosen = np.flatnonzero((kind >= 2) & (codes > 0))
    chosen = chosen[np.argsort(-kind[chosen], kind="stable")][:LISTED]
    words = {"class": np.array(study.classes, object)[codes[chosen]], "type": np.array(TYPES, object)[kind[chosen]]}
    return pd.DataFrame({"row": table.rows[chosen] + 1} | words | {"foreign": foreign[chosen]})


def _findings(study: Study, tables: dict[str, pd.DataFrame], level: float) -> tuple[Finding, ...]:
    classes = tables["classes"]
    shares = tables["types"].pivot(index="class", columns="type", values="share")
    named = classes[classes["unsafe_low"] > level].sort_values("unsafe_equal_sizes", ascending=False, kind="stable")
    if len(classes) == 2 and (named["class"] == study.positive).any():
        named = named[named["class"] == study.positive]
    findings = []
    for row in named.head(5).itertuples():
        text = (
            f"With class sizes made equal, {wording.share(1 - row.unsafe_equal_sizes)} of the rows of {wording.quoted(row[1])} are safe "
            f"(as they are: {wording.share(shares.loc[row[1], 'safe'])}); shuffled labels would leave "
            f"{wording.share(1 - row.unsafe_null)}. Rarity does not explain that."
        )
        findings.append(Finding("caution", text, ("tuned_threshold", "class_weights")))
    calm = classes[~classes["class"].isin(named["class"]) & (classes["class"] == study.positive)]
    for row in calm.itertuples():
        counts = ", ".join(f"{wording.share(shares.loc[row[1], name])} {name}" for name in TYPES)
        hand = (
            ""
            if study.represents is None
            else " among the rows in hand; in the whole table rows of larger classes stand closer"
        )
        text = f"Of the rows of {wording.quoted(row[1])}, {counts}{hand}. "
        text = text.replace(" outlier.", " outliers.")
        if not np.isnan(row.unsafe_equal_sizes):
            text += f"With class sizes made equal {wording.share(1 - row.unsafe_equal_sizes)} are safe."
        findings.append(Finding("fine", text.strip()))
    if not findings:
        text = f"In none of {wording.plural(len(classes), 'class', 'classes')} do most rows stay unsafe at equal sizes."
        findings.append(Finding("fine", text))
    return tuple(findings)


def draw(result: Result) -> dict[str, go.Figure]:
    """Shares of the types per class, as they are and at equal sizes."""
    table = result.tables["types"].drop(columns=["low", "high"])
    figures = {}
    for column, title in (("share", "Types of rows by class"), ("equal_sizes", "Types of rows at equal sizes")):
        axes = {"x_title": "share of the rows of the class", "y_title": "class", "caption": f"{title}, stacked."}
        figures[title] = charts.bars(table, column, "class", title=title, by="type", **axes)
        figures[title].update_layout(barmode="stack")
    return figures


def sick(random_state: int = 0) -> Dataset:
    """Centres one standard deviation apart: most rows are borderline or worse, also at equal sizes."""
    return synthetic.planted("overlap", random_state=random_state)


def healthy(random_state: int = 0) -> Dataset:
    """Centres four standard deviations apart: as rare, and safe."""
    return synthetic.planted("clean", random_state=random_state)
