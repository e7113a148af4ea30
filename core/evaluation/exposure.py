"""What SMOTE would give away: the chance of every rare record to be computed from the made rows, before any row is made."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import charts, wording
from core.engine import provenance
from core.errors import NotApplicable
from core.evaluation.record_graphs import (
    MOST_RECORDS,
    UNTRIED,
    Graph,
    Revealed,
    balance_of,
    graphs_of,
    kept_columns,
    rows_made,
)
from core.numerics.exposure import POINTS
from core.recipe import Recipe
from core.result import Finding, Result
from core.study import Study

BALANCES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
BANDS = np.linspace(0, 1, 11)
LITTLE = 0.05
"""Share of revealed records up to which a balance is named as revealing few."""

NEVER = "How near made rows lie to records says nothing about this: a record can be computed exactly although no made row comes near it."


def exposure(study: Study, recipe: Recipe) -> Result:
    """Forecast which records SMOTE's made rows reveal, from the graph of neighbours alone.

    A made row lies on the line between a record and one of its neighbours. Three made rows show such a line, and where three lines meet
    stands a record: whoever has the made rows alone can compute it to the last digit. An undirected edge of the graph of the k nearest records of the
    class gets ``m · r / k`` rows on average, with r rows per record and m = 2 where both are neighbours of each other, else 1. It is a line with
    probability π = P(at least 3 rows), and a record is exposed with P(at least 3 of its edges are lines), a Poisson-binomial number that is
    computed exactly. Seeds are even here, so the rows on an edge are binomial; with seeds at random they are Poisson.
    The formula is our inference. It takes the edges of a record as independent, although they share its rows, and forecasts a little too much at small
    ratios: by up to 0.05 on the tables of ``benchmarks/exposure.md``, where it stands beside the attack.

    Why it matters
    --------------
    Made rows pass for anonymous. Handing them on can hand on the patients they were made from.

    What to do
    ----------
    Hand on the model, not the rows. A smaller balance makes fewer lines. Rounding stops this attack and guarantees nothing.

    Parameters
    ----------
    study : Study
        Not changed; no row is made.
    recipe : Recipe
        One with SMOTE, Borderline-SMOTE or ADASYN; for others a sentence says what is known.

    Returns
    -------
    Result
        ``classes``: class, n_records, n_made, ratio (made rows per record), k, n_columns (fractional, without gaps), share (of records expected to be
        revealed), low, high (where the share of one run lies, 95 %), two_lines (when two lines are enough).
        ``records``: class, row, probability, lines (expected). ``bands``: class, probability, n_records.
        ``balances``: class, balance, n_made, ratio, share. ``columns``: kind, n_columns.

    References
    ----------
    "SMOTE and Mirrors" for the attack (ReconSMOTE). Chawla et al. (2002), Journal of Artificial Intelligence Research 16.
    """
    start = time.perf_counter()
    try:
        result = _forecast(study, recipe)
    except NotApplicable as reason:
        result = Result.sentence("not applicable", str(reason))
    stamp = provenance("exposure", {"recipe": recipe.text}, study, time.perf_counter() - start)
    return Result(result.tables, result.findings, stamp)


def draw(result: Result) -> dict[str, go.Figure]:
    """How many records are likely to be revealed, and how the share grows with the balance."""
    if "bands" not in result.tables:
        return {}
    bands, title = result.tables["bands"], "Records by their chance to be revealed"
    caption = "Each record's chance to be computed from the made rows, before any row is made."
    axes = {"x_title": "records", "y_title": "chance to be revealed"}
    figures = {title: charts.bars(bands, "n_records", "probability", by="class", title=title, caption=caption, **axes)}
    grown, title = result.tables["balances"], "Share of records revealed by balance"
    caption = "The expected share of records that made rows alone reveal, for every balance of the classes."
    axes = {"x_title": "balance (0 as they are, 1 all classes as large as the largest)", "y_title": "share revealed"}
    figures[title] = charts.points(
        grown, "balance", "share", by="class", lines=True, title=title, caption=caption, **axes
    )
    return figures


def _forecast(study: Study, recipe: Recipe) -> Result:
    graphs = graphs_of(study, recipe)
    found = {code: graph.at(rows_made(study, code, balance_of(recipe))) for code, graph in graphs.items()}
    usable = {code: one for code, one in found.items() if one.n_columns > 1}
    tables = {
        "classes": pd.DataFrame([_summary(study, one, code) for code, one in usable.items()]),
        "records": pd.concat([_records(study, one, code) for code, one in usable.items()] or [pd.DataFrame()]),
        "bands": pd.concat([_bands(study, one, code) for code, one in usable.items()] or [pd.DataFrame()]),
        "balances": pd.DataFrame([_at(study, graphs[code], code, share) for code in usable for share in BALANCES]),
    }
    tables = {name: table.reset_index(drop=True) for name, table in tables.items() if len(table)}
    return Result(tables | {"columns": _columns(study)}, _findings(study, recipe, found, tables))


def _summary(study: Study, one: Revealed, code: int) -> dict[str, object]:
    n, share = study.class_sizes[code], float(one.chance.mean())
    reach = 1.96 * float(np.sqrt((one.chance * (1 - one.chance)).sum())) / len(one.chance)
    row = {"class": study.classes[code], "n_records": n, "n_made": one.n_made, "ratio": one.n_made / n, "k": one.k}
    row |= {"n_columns": one.n_columns, "share": share, "low": max(share - reach, 0.0), "high": min(share + reach, 1.0)}
    return row | {"two_lines": float(one.bold.mean())}


def _records(study: Study, one: Revealed, code: int) -> pd.DataFrame:
    rows = {"class": study.classes[code], "row": one.rows + 1, "probability": one.chance, "lines": one.n_lines}
    return pd.DataFrame(rows).sort_values("probability", ascending=False, kind="stable")


def _bands(study: Study, one: Revealed, code: int) -> pd.DataFrame:
    counts = np.histogram(one.chance, BANDS)[0]
    names = [f"{100 * low:.0f} to {100 * high:.0f} %" for low, high in pairwise(BANDS)]
    return pd.DataFrame({"class": study.classes[code], "probability": names, "n_records": counts})


def _at(study: Study, graph: Graph, code: int, balance: float) -> dict[str, object]:
    n_made = rows_made(study, code, balance)
    share = float(graph.at(n_made).chance.mean())
    return {
        "class": study.classes[code],
        "balance": balance,
        "n_made": n_made,
        "ratio": n_made / study.class_sizes[code],
        "share": share,
    }


def _columns(study: Study) -> pd.DataFrame:
    """Columns of the table by what they do to lines."""
    data = study.dataset
    whole = np.array(list(kept_columns(data.X).values()), dtype=bool)
    gaps = data.X[list(data.numeric)].isna().any().to_numpy()
    kinds = {
        "fractions, complete": int((~whole & ~gaps).sum()),
        "fractions, with gaps": int((~whole & gaps).sum()),
        "whole numbers or two values": int(whole.sum()),
        "text": len(data.categorical),
    }
    return pd.DataFrame({"kind": kinds.keys(), "n_columns": kinds.values()})


def _findings(
    study: Study, recipe: Recipe, found: dict[int, Revealed], tables: dict[str, pd.DataFrame]
) -> tuple[Finding, ...]:
    first, *others = found
    told = _without_lines if found[first].n_columns < 2 else _share
    findings = [told(study, found[first], first)]
    if found[first].n_columns > 1 and found[first].chance.mean() > LITTLE:
        findings.append(_smaller(tables["balances"], study.classes[first]))
    shares = {study.classes[code]: found[code].chance.mean() for code in others if found[code].n_columns > 1}
    many = [name for name, share in shares.items() if share > LITTLE]
    if many:
        names = wording.listing(sorted(many, key=shares.get, reverse=True))
        start = f"Of {wording.plural(len(others), 'other class', 'other classes')} that grow, {wording.count(len(many))} would have"
        text = f"{start} more than {wording.share(LITTLE)} of the records revealed: {names}."
        findings.append(Finding("caution", text))
    return (*findings, *_limits(study, found))


def _share(study: Study, one: Revealed, code: int) -> Finding:
    name, n = wording.quoted(study.classes[code]), study.class_sizes[code]
    ratio = wording.number(one.n_made / n)
    if one.k == 0:
        return Finding("caution", f"The records of {name} are alike or only one: made rows are copies and reveal them.")
    text = (
        f"With {ratio} made rows per record of {name}, {wording.share(one.chance.mean())} of its {wording.plural(n, 'record')} can be expected to be "
        f"computed exactly from the made rows alone; {wording.share(one.bold.mean())} by someone content with two lines."
    )
    if one.k < POINTS:
        text += f" With {wording.plural(one.k, 'neighbour')} there are few lines, and the forecast is rough."
    return Finding("caution", text)


def _without_lines(study: Study, one: Revealed, code: int) -> Finding:
    text = (
        f"Rows made of {wording.quoted(study.classes[code])} show no lines: two columns with fractions and without gaps in this class are needed, and there "
        f"{'is 1' if one.n_columns == 1 else 'are none'}. This attack does not work here, which is no guarantee: cells of text are taken from records as "
        "they stand, and so are many whole numbers."
    )
    if study.dataset.X[list(study.dataset.numeric)].isna().any(axis=None):
        text += f" {UNTRIED}"
    return Finding("not applicable" if one.k else "caution", text)


def _smaller(balances: pd.DataFrame, name: str) -> Finding:
    """The largest balance at which few records are revealed."""
    few = balances[(balances["class"] == name) & (balances["share"] <= LITTLE)]
    if len(few):
        best = few.iloc[-1]
        text = f"At a balance of {wording.number(best['balance'])}, {wording.share(best['share'])} of the records of {wording.quoted(name)} would be revealed."
    else:
        text = f"Even at a balance of {BALANCES[0]}, more than {wording.share(LITTLE)} of the records of {wording.quoted(name)} would be revealed."
    return Finding("caution", text)


def _limits(study: Study, found: dict[int, Revealed]) -> list[Finding]:
    """What breaks lines in this table, what the forecast leaves out, and what must not comfort."""
    n = _columns(study).set_index("kind")["n_columns"]
    parts = {
        "whole numbers or two values": "lines are broken in {} kept to whole numbers or to two values",
        "text": "cells of {} of text are copied from records",
        "fractions, with gaps": "in {} with gaps a cell is copied where one of both records has a gap",
    }
    broken = [text.format(wording.plural(n[kind], "column")) for kind, text in parts.items() if n[kind]]
    notes = [NEVER]
    if broken:
        notes.append(f"Lines show only in columns with fractions and without gaps: {'; '.join(broken)}.")
    if study.represents is not None:
        notes.append(
            "The ratio of made rows to records is that of the whole table; on this working sample samplers make fewer, and the attack finds fewer."
        )
    if any(len(one.rows) < study.class_sizes[code] for code, one in found.items()):
        notes.append(f"Of larger classes, {wording.count(MOST_RECORDS)} random records were looked at.")
    return [Finding("caution", text) for text in notes]
