"""One pass over all rows of a large table: its classes, its missing cells and the profile of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from core.errors import UserError
from core.population import QUANTILES, Population
from core.reading.database import Field, Relation, listed, opened
from core.wording import count, quoted

MAX_VALUES = 150
MOST_VALUES = 100_000
BATCH = 100_000
QUANTILE_ROWS, SHARES = 100_000, list(QUANTILES.values())
"""About how many rows quantiles are computed from, drawn by a hash of their numbers: a rank is right to about half a percentage point."""
TYPES = {"whole": pa.int64(), "number": pa.float64()}
CHOOSE = "Choose another target column, or make fewer classes of it by a rule such as bins:n=3 or merge:fewer_than=10."


def profile(relation: Relation, target: str = "") -> Population:
    """Describe all rows in one pass.

    Parameters
    ----------
    relation : Relation
        The table.
    target : str
        The column with the classes; empty for none.

    Returns
    -------
    Population
        Quantiles (of ``QUANTILE_ROWS`` rows at random) and numbers of different values are approximate; everything else is exact.

    Raises
    ------
    UserError
        The target has more than ``MAX_VALUES`` different values.
    """
    fields = relation.shown
    chosen = next((field for field in fields if field.name == target), None)
    values = [f"{relation.value(field)} AS v{field.position}" for field in fields]
    if chosen:
        check_values(relation, chosen)
    step = max(1, parquet.read_metadata(relation.path).num_rows // QUANTILE_ROWS)
    finite = [_finite(field) for field in fields] + ["drawn"]
    if chosen:
        finite.append(f"coalesce(CAST(v{chosen.position} AS VARCHAR), '') AS label")
    source = f"(SELECT {listed(values)}, hash(place) % {step} = 0 AS drawn FROM {relation.sql})"
    source = f"(SELECT {listed(finite)} FROM {source})"
    try:
        whole, parts = _answers(relation, fields, source, bool(chosen), True)
    except OverflowError:
        whole, parts = _answers(relation, fields, source, bool(chosen), False)
    n_rows, classes = whole[-1, "n"], {label: answer[-1, "n"] for label, answer in parts.items()}
    columns = pd.DataFrame([_described(field, whole, n_rows) for field in fields])
    gaps = {f.name: {label: n - parts[label][f.position, "n"] for label, n in classes.items()} for f in fields}
    spelled = {} if chosen is None else {key: _label(key, chosen) for key in classes}
    return Population.of_counts(target, n_rows, columns, classes, gaps, spelled)


def _answers(
    relation: Relation, fields: Sequence[Field], source: str, grouped: bool, spread: bool
) -> tuple[dict, dict[str, dict]]:
    """What is asked of every column, over all rows and, in the same pass, over those of each class."""
    asked = {(-1, "label"): "label" if grouped else "NULL", (-1, "n"): "count(*)"}
    for field in fields:
        asked |= {(field.position, key): sql for key, sql in _asked(field, spread).items()}
    groups = " GROUP BY GROUPING SETS ((), (label))" if grouped else ""
    with opened(relation) as run:
        rows = run(f"SELECT {listed(list(asked.values()))} FROM {source}{groups}").fetchall()
    answers = {row[0]: dict(zip(asked, row, strict=True)) for row in rows}
    return answers.pop(None), answers


def check_values(relation: Relation, field: Field) -> None:
    """Refuse a target with very many different values before they are counted.

    Raises
    ------
    UserError
        There are more than ``MAX_VALUES``.
    """
    value = relation.value(field)
    with opened(relation) as run:
        n = run(f"SELECT approx_count_distinct({value}) FROM {relation.sql}").fetchall()[0][0]
    if n > MAX_VALUES:
        raise _too_many(field, n, "about")


def _finite(field: Field) -> str:
    """A cell, and where it is a number also the number if it is finite."""
    v, f = f"v{field.position}", f"f{field.position}"
    if field.kind == "whole":
        return f"{v}, CAST({v} AS DOUBLE) AS {f}"
    return f"{v}, CASE WHEN isfinite({v}) THEN {v} END AS {f}" if field.kind == "number" else v


def _asked(field: Field, spread: bool) -> dict[str, str]:
    v, f = f"v{field.position}", f"f{field.position}"
    asked = {"n": f"count({v})", "n_different": f"approx_count_distinct({v})"}
    if field.numeric:
        asked |= {
            "n_finite": f"count({f})", "mean": f"avg({f})", "sd": f"stddev_samp({f})", "low": f"min({f})",
            "high": f"max({f})", "quantiles": f"approx_quantile({f}, {SHARES}) FILTER (WHERE drawn)",
        }  # fmt: skip
        asked |= {} if spread else {"mean": "NULL", "sd": "NULL"}
    return asked


def _described(field: Field, answer: dict, n_rows: int) -> dict:
    found = {key: value for (position, key), value in answer.items() if position == field.position}
    numbers = dict.fromkeys(("mean", "sd", "low", *QUANTILES, "high"), np.nan)
    if field.numeric:
        numbers |= {key: np.nan if found[key] is None else found[key] for key in ("mean", "sd", "low", "high")}
        numbers |= dict(zip(QUANTILES, found["quantiles"] or [np.nan] * len(QUANTILES), strict=True))
    return {
        "column": field.name,
        "kind": "number" if field.numeric else "text",
        "n_missing": n_rows - found["n"],
        "n_infinite": found["n"] - found.get("n_finite", found["n"]),
        "n_different": min(found["n_different"], found["n"]),
        **numbers,
    }


def _label(text: str, field: Field) -> str:
    """The label as a small table would spell it."""
    if not text or field.kind != "number":
        return text
    return str(float(text))


def rows_of(relation: Relation, rows: Sequence[int] | np.ndarray) -> pd.DataFrame:
    """Take some rows.

    Parameters
    ----------
    relation : Relation
    rows : ndarray of int (n_kept,)
        Their numbers, rising.
    """
    values = [f"{relation.value(field)} AS v{field.position}" for field in relation.shown]
    with opened(relation) as run:
        run("CREATE TEMP TABLE kept AS SELECT unnest($rows) AS n", rows=np.asarray(rows).tolist())
        found = run(
            f"SELECT {listed(values)} FROM {relation.sql} WHERE place IN (SELECT n FROM kept) ORDER BY place"
        ).to_arrow_table()
    return pd.DataFrame({field.name: _series(found.column(j), field) for j, field in enumerate(relation.shown)})


def numbers_of(relation: Relation, field: Field) -> np.ndarray:
    """A column of numbers (n_samples,), NaN where it is missing."""
    parts = [batch.column(0).cast("float64").to_numpy(zero_copy_only=False) for batch in _streamed(relation, field)]
    return np.concatenate(parts) if parts else np.zeros(0)


def values_of(relation: Relation, field: Field) -> tuple[np.ndarray, pd.Series]:
    """A column with few different values.

    Returns
    -------
    codes : ndarray of int (n_samples,)
        Which value each row has; −1 where it is missing.
    values : pandas.Series (n_values,)
        The different values, typed as in a small table.

    Raises
    ------
    UserError
        There are more than ``MOST_VALUES``.
    """
    seen: dict = {}
    parts = []
    for batch in _streamed(relation, field):
        encoded = batch.column(0).dictionary_encode()
        places = np.array(
            [seen.setdefault(value, len(seen)) for value in encoded.dictionary.to_pylist()] + [-1], "int32"
        )
        parts.append(places[encoded.indices.fill_null(len(places) - 1).to_numpy()])
        if len(seen) > MOST_VALUES:
            raise _too_many(field, len(seen), "more than")
    values = _series(pa.chunked_array([pa.array(list(seen), TYPES.get(field.kind, pa.string()))]), field)
    return np.concatenate(parts) if parts else np.zeros(0, "int32"), values.rename(field.name)


def _streamed(relation: Relation, field: Field) -> Iterator[pa.RecordBatch]:
    with opened(relation) as run:
        yield from run(f"SELECT {relation.value(field)} AS v FROM {relation.sql}").to_arrow_reader(BATCH)


def _too_many(field: Field, n: int, about: str) -> UserError:
    kind = "different values" if field.numeric else "classes"
    problem = f"Column {quoted(field.name)} has {about} {count(n)} {kind}; at most 100 classes can be analysed."
    return UserError(problem, CHOOSE)


def _series(column: pa.ChunkedArray, field: Field) -> pd.Series:
    if field.kind == "whole":
        if not column.null_count:
            return pd.Series(column.to_numpy())
        gaps = column.is_null().to_numpy()
        return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy(), gaps))
    if field.kind == "number" or column.null_count == len(column):
        return pd.Series(column.cast(pa.float64()).to_numpy() if field.numeric else np.full(len(column), np.nan))
    dtype = pd.StringDtype("pyarrow", na_value=np.nan)
    return pd.Series(dtype.__from_arrow__(column.cast(pa.large_string())))
