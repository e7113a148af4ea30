"""The corpus of spoilt tables: each pollution is read exactly, pairs as often as measured, and nothing ends in a traceback."""

import csv
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from compare import cells_of, difference
from generate import EVERY, POLLUTIONS, clean_files, pairs, singles, spoilt

from core.errors import UserError
from core.reading.read import read

MEASURED = Path(__file__).parents[2] / "benchmarks" / "reading.csv"


def outcome(case):
    """What became of a file, as the benchmark names it, and the first difference."""
    try:
        table = read(case.data(), "table.csv")
    except UserError as error:
        return ("exact" if case.sheet.refused else "refused"), str(error)
    reason, place = difference(case.sheet, *cells_of(table.frame), strict=True)
    if case.sheet.refused:
        reason, place = "shape", "read, although it should be refused"
    if not reason:
        return "exact", ""
    return ("wrong and told" if table.reading.notes else "wrong in silence"), f"{reason}: {place}"


def measured(reader, kind, pollution):
    """A row of the benchmark's table."""
    with MEASURED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (row,) = [row for row in rows if (row["reader"], row["kind"], row["pollution"]) == (reader, kind, pollution)]
    return {key: int(value) for key, value in row.items() if key not in ("reader", "kind", "pollution")}


def but_one(cases, n):
    """All files but one, in turn: the benchmark reads them all."""
    return [case for i, case in enumerate(cases) if i != n % len(cases)]


def test_each_pollution_alone_is_read_exactly():
    by_pollution = {}
    for case in singles():
        by_pollution.setdefault(case.pollutions[0], []).append(case)
    drawn = [case for n, cases in enumerate(by_pollution.values()) for case in but_one(cases, n)]
    assert {case.pollutions[0] for case in drawn} == set(POLLUTIONS)
    outcomes = {case.name: outcome(case) for case in [*clean_files(), *drawn]}
    assert {name: found for name, found in outcomes.items() if found[0] != "exact"} == {}
    every = measured("counterpoise", "single", "all")
    assert every["exact"] == every["files"] == len(singles()) > len(drawn) > 150


def test_pairs_are_read_as_often_as_measured():
    found = Counter(outcome(case)[0] for case in pairs(EVERY))
    drawn = measured("counterpoise", "pair", "drawn for the tests")
    assert sum(found.values()) == drawn["files"] > 50
    assert found["exact"] >= drawn["exact"]
    assert found["wrong in silence"] <= drawn["wrong in silence"]


def test_this_project_is_ahead_of_every_other_reader():
    with MEASURED.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["pollution"] == "all"]
    assert {row["reader"] for row in rows} == {
        "counterpoise",
        "pandas",
        "pandas-sniffing",
        "polars",
        "duckdb",
        "clevercsv",
    }
    for kind in ("single", "pair", "triple"):
        (own,) = [row for row in rows if (row["reader"], row["kind"]) == ("counterpoise", kind)]
        for other in rows:
            if other["kind"] == kind and other is not own:
                assert int(own["exact"]) > int(other["exact"])
                assert int(own["wrong in silence"]) < int(other["wrong in silence"])


def test_the_corpus_is_the_same_every_time():
    first, again = spoilt("people", "latin_1", "short_rows"), spoilt("people", "latin_1", "short_rows")
    assert first.data() == again.data()
    assert first.sheet != spoilt("people", "short_rows").sheet


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("", lambda names, columns: None),
        ("shape", lambda names, columns: columns.pop()),
        ("shape", lambda names, columns: [column.pop() for column in columns]),
        ("names", lambda names, columns: names.__setitem__(2, "weigth")),
        ("missing", lambda names, columns: columns[1].__setitem__(7, None)),
        ("missing", lambda names, columns: columns[7].__setitem__(columns[7].index(None), 0.0)),
        ("value", lambda names, columns: columns[1].__setitem__(7, columns[1][7] + 1)),
        ("value", lambda names, columns: columns[8].__setitem__(0, "Stable")),
        ("type", lambda names, columns: columns[1].__setitem__(7, str(columns[1][7]))),
    ],
)
def test_every_difference_is_seen(reason, change):
    sheet = spoilt("people").sheet
    names, columns = [column.name for column in sheet.columns], [list(column.values) for column in sheet.columns]
    change(names, columns)
    assert difference(sheet, names, columns, strict=True)[0] == reason


def test_what_another_reader_read_is_kept_as_text_with_every_value(tmp_path, monkeypatch):
    """The benchmark loads nothing that could run; both ends are tried with the reader that is there."""
    from benchmarks import reading_peers

    lines = ["when,n,x,yes,name", '2024-01-01,1,0.1,True,"ä ""q"" \u2028"', ",2,1e300,False,"]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.csv").write_bytes(b"")
    monkeypatch.setattr(reading_peers.signal, "signal", lambda *_: None)
    reading_peers.main(str(tmp_path), "pandas")
    version, found = json.loads((tmp_path / "pandas.json").read_text())
    columns = [["2024-01-01", None], [1, 2], [0.1, 1e300], [True, False], ['ä "q" \u2028', None]]
    assert version == pd.__version__ and found["a.csv"] == ["", ["when", "n", "x", "yes", "name"], columns, 0]
    assert found["b.csv"][0].startswith("EmptyDataError")
    sources = [path.read_text(encoding="utf-8") for path in MEASURED.parent.glob("*.py")]
    assert len(sources) > 20 and not any("import pickle" in source for source in sources)
