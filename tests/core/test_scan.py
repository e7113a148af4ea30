"""Large tables: read piece by piece by the same rules, described in one pass, sampled with exact weights, and nothing left behind."""

import gc
import io
import os
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.dataset import Dataset
from core.errors import UserError
from core.numerics.case_control import draw, sampling_plan
from core.population import Population
from core.reading import large, limits, pieces
from core.reading.large import read_large
from core.reading.read import read
from core.reading.suggest import suggest_leave_out
from core.target_rule import TargetRule

N = 400
FORMS = {
    "plain": [lambda i: str(i), lambda i: f"{i / 7:.3f}", lambda i: "rgb"[i % 3], lambda i: "yes" if i % 9 == 0 else "no"],
    "text late": [lambda i: "x" if i == 390 else str(i), lambda i: "0.5" if i > 380 else str(i)],
    "words for missing": [lambda i: "NA" if i < 200 else str(i), lambda i: "?" if i % 3 else "1.5", lambda i: "NA" if i % 2 else "b", lambda i: "NA"],
    "empty first": [lambda i: "" if i < 300 else str(i), lambda i: "" if i < 300 else "blue", lambda i: ""],
    "not numbers": [lambda i: f"0{i % 9}1", lambda i: "1_000", lambda i: str(10**18 + 9 * 10**18 * (i == 399)), lambda i: "inf"],
    "marks": [lambda i: f"{i},000.50", lambda i: f"{i} %", lambda i: f" {i} ", lambda i: f'"{i}\n{i}"'],
    "wrapped": [lambda i: f'="{i:05}"', lambda i: f"b'{i}'"],
    "infinite": [lambda i: "inf" if i == 7 else str(i), lambda i: "1e400" if i == 7 else "1", lambda i: "+5"],
}  # fmt: skip


@pytest.fixture
def low_limits(monkeypatch):
    monkeypatch.setattr(large, "LARGE_BYTES", 0)
    monkeypatch.setattr(large, "LARGE_CELLS", 0)
    monkeypatch.setattr(pieces, "BLOCK", 2000)


def text_of(cells, delimiter=",", head=None):
    names = [f"c{j}" for j in range(len(cells))]
    lines = [delimiter.join(f'"{f(i)}"' if delimiter in f(i) else f(i) for f in cells) for i in range(N)]
    return "\n".join([head or delimiter.join(names), *lines, ""]).encode()


def both(data, monkeypatch, **choices):
    small = read(data, **choices)
    with monkeypatch.context() as lowered:
        lowered.setattr(large, "LARGE_BYTES", 0)
        lowered.setattr(large, "LARGE_CELLS", 0)
        lowered.setattr(pieces, "BLOCK", 2000)
        return small, read(data, **choices)


@pytest.mark.parametrize("form", FORMS)
def test_a_large_file_is_read_by_the_rules_of_a_small_one(monkeypatch, form):
    small, big = both(text_of(FORMS[form]), monkeypatch)
    pd.testing.assert_frame_equal(small.frame, big.frame)
    assert (small.reading.missing_tokens, small.reading.suspects) == (big.reading.missing_tokens, big.reading.suspects)
    assert small.reading.kinds == big.reading.kinds
    assert (big.all_rows is None) == (form == "wrapped"), "cells in wrappers are left to the reader of small files"


def test_headers_that_come_again_empty_rows_footers_tokens_and_encodings(monkeypatch):
    cells = [lambda i: str(i), lambda i: "né" if i % 2 else "b", lambda i: "-999" if i % 5 == 0 else f"{i}.5"]
    lines = text_of(cells).decode().split("\n")
    lines[50:50] = ["c0,c1,c2", ",,"]
    data = "\n".join([*lines[:-1], "Total,,800", ""])
    for encoding, stated in (("utf-8", ""), ("cp1252", "cp1252"), ("utf-16", ""), ("utf-8-sig", "")):
        small, big = both(data.encode(encoding), monkeypatch, missing_tokens=["-999"], encoding=stated)
        assert big.all_rows.n_rows == N
        pd.testing.assert_frame_equal(small.frame, big.frame)
        assert small.reading.missing_tokens == big.reading.missing_tokens == {"-999": 80}


def test_a_column_that_turns_into_text_is_named_with_an_example(low_limits):
    notes = read(text_of(FORMS["text late"])).reading.notes
    assert (
        "Column 'c0' was read as text: its first cells are numbers, but others further down are not, such as 'x'."
        in notes
    )


def test_a_line_that_does_not_fit_is_named_where_the_file_is_too_large_for_memory(low_limits, monkeypatch):
    data = text_of(FORMS["plain"]).replace(b"\n37,", b"\n37,37,")
    with pytest.raises(UserError, match="Line 39 has"):
        read(data)
    monkeypatch.setattr(large, "MAX_BYTES", 100)
    with pytest.raises(UserError, match="Line 39 has another number of cells than the header"):
        read(data)


def test_parquet_is_described_where_it_lies(low_limits, monkeypatch, tmp_path):
    frame = pd.DataFrame(
        {
            "n": np.where(np.arange(N) % 4 == 0, np.nan, np.arange(N)),
            "k": pd.array([None if i % 7 == 0 else i for i in range(N)], "Int64"),
            "word": [None if i % 3 == 0 else " b " if i % 3 == 1 else "?" for i in range(N)],
            "flag": np.arange(N) % 2 == 0,
            "y'; DROP TABLE x": ["yes" if i % 9 == 0 else "no" for i in range(N)],
        }
    )
    frame.loc[5, "n"] = np.inf
    path = tmp_path / "a*[1]'.parquet"
    (tmp_path / "ab1'.parquet").write_bytes(b"no table")
    parquet.write_table(pa.Table.from_pandas(frame), path, row_group_size=60)
    big = read(path)
    with monkeypatch.context() as usual:
        usual.setattr(large, "LARGE_CELLS", 10**9)
        small = read(path)
    pd.testing.assert_frame_equal(small.frame, big.frame)
    assert (small.reading.missing_tokens, small.reading.suspects) == (big.reading.missing_tokens, big.reading.suspects)
    same_population(big.all_rows.population("y'; DROP TABLE x"), small.frame, "y'; DROP TABLE x")


def test_parquet_that_is_not_what_it_was_or_seems(low_limits, monkeypatch, tmp_path):
    path = tmp_path / "t.parquet"
    hours = pa.array(range(0, 3600 * N, 3600), pa.timestamp("s", tz="Asia/Kolkata"))
    parquet.write_table(pa.table({"when": hours, "y": ["a", "b"] * (N // 2)}), path)
    held = read(path)
    assert held.frame["when"].iloc[1] == "1970-01-01 01:00:00+00:00", "the same on every machine"
    parquet.write_table(pa.table({"when": hours[:9], "y": list("ababababa")}), path)
    with pytest.raises(UserError, match="has changed or gone"):
        Dataset.from_table(held, "y")
    ends = pa.py_buffer(np.arange(N + 1, dtype="int32").tobytes())
    odd = pa.Array.from_buffers(pa.string(), N, [None, ends, pa.py_buffer(b"\xff" * N)])
    parquet.write_table(pa.table({"a": odd}), path)
    with pytest.raises(UserError, match="cannot be read"):
        read(path.read_bytes())
    monkeypatch.setattr(large, "LARGE_CELLS", 10**9)
    with pytest.raises(UserError, match="cannot be read"):
        read(path.read_bytes())


def same_population(found, frame, target):
    labels = TargetRule().apply(frame[target])
    exact = Population.of_frame(frame, target, labels)
    assert (found.n_rows, found.n_unlabelled) == (exact.n_rows, exact.n_unlabelled)
    pd.testing.assert_series_equal(found.counts, exact.counts)
    keys = ["column", "class"]
    pd.testing.assert_frame_equal(
        found.missing.sort_values(keys, ignore_index=True), exact.missing.sort_values(keys, ignore_index=True)
    )
    counted = ["column", "kind", "n_missing", "n_infinite", "mean", "sd", "low", "high"]
    pd.testing.assert_frame_equal(found.columns[counted], exact.columns[counted], check_dtype=False, rtol=1e-12)
    spread = (exact.columns["high"] - exact.columns["low"]).fillna(0) + 1e-9
    for name in ("p05", "p25", "p50", "p75", "p95"):
        assert ((found.columns[name] - exact.columns[name]).abs().fillna(0) <= 0.15 * spread).all()
    assert (found.columns["n_different"] / exact.columns["n_different"]).between(0.8, 1.2).all()


@pytest.mark.parametrize("target", ["c3", "whole", "half"])
def test_one_pass_counts_what_a_frame_counts(low_limits, target):
    values = {
        "whole": lambda i: "" if i % 11 == 0 else str(i % 3),
        "half": lambda i: f"{i % 4}.5",
        "c3": lambda i: "no" if i % 9 else "yes",
    }
    gaps = [
        lambda i: "" if i % 5 == 0 else str(i),
        lambda i: "NA" if i % 7 == 0 else f"{i / 3:.4f}",
        lambda i: "" if i % 9 == 0 else "r",
    ]
    table = read(text_of([*gaps, values[target]], head=f"a,b,c,{target}"))
    same_population(table.all_rows.population(target), table.frame, target)


def test_the_sample_is_that_of_a_small_table_with_exact_weights(monkeypatch):
    cells = [lambda i: str(i), lambda i: "" if i % 40 == 3 else "rare" if i % 20 == 0 else "ab"[i % 2]]
    small, big = both(text_of(cells), monkeypatch)
    frame, represents = big.all_rows.sample("c1", 90)
    one, other = (Dataset.from_table(table, "c1", working_rows=90) for table in (small, big))
    pd.testing.assert_frame_equal(one.X, other.X)
    assert one.X["c0"].tolist() == frame["c0"].tolist()
    assert one.represents.tolist() == other.represents.tolist() == represents.tolist()
    assert one.sampled == other.sampled
    assert one.sampled == (
        "All 20 rows of 'rare', 35 of the 190 rows of 'b' and 35 of the 180 rows of 'a' make the working sample; counts of classes, "
        "gaps and the profile of columns come from all 400 rows."
    )
    assert one.notes == other.notes == ("10 rows without a label in column 'c1' left out.",)
    assert one.classes == ("b", "a", "rare")
    assert one.table_counts.to_dict() == {"b": 190, "a": 180, "rare": 20}
    assert one.counts.to_dict() == {"a": 35, "b": 35, "rare": 20}
    whole = Dataset.from_table(big, "c1", working_rows=0)
    assert (whole.n_samples, whole.represents, whole.sampled) == (390, None, "")
    assert Dataset.from_table(big, "c1", working_rows=90).fingerprint == other.fingerprint != whole.fingerprint


def test_rules_for_the_target_hold_for_all_rows(monkeypatch):
    cells = [lambda i: str(i), lambda i: f"{i}.25", lambda i: "abcdefgh"[min(i % 50, 7)]]
    small, big = both(text_of(cells), monkeypatch)
    for target, rule in (("c1", "cut:above=0.9"), ("c1", "bins:n=3"), ("c2", "merge:fewer_than=30"), ("c2", "keep:h")):
        one, other = (Dataset.from_table(table, target, rule=rule, working_rows=100) for table in (small, big))
        assert one.y.tolist() == other.y.tolist()
        assert one.table_counts.to_dict() == other.table_counts.to_dict()
        assert other.population.counts.sum() == N


def test_a_target_with_too_many_values_gets_two_sentences(low_limits, monkeypatch):
    table = read(text_of(FORMS["plain"]))
    with pytest.raises(UserError, match=r"'c0' has 400"):
        Dataset.from_table(table, "c0", working_rows=50)
    monkeypatch.setattr("core.reading.scan.MAX_VALUES", 50)
    with pytest.raises(UserError, match="'c0' has about"):
        table.all_rows.population("c0")


def test_a_column_that_numbers_the_rows_is_seen_in_a_sample(low_limits, monkeypatch):
    monkeypatch.setattr(large, "PREVIEW_ROWS", 150)
    table = read(text_of([lambda i: str(i + 7), lambda i: str(3 * i), lambda i: "ab"[i % 2]]))
    assert (len(table.frame), table.n_rows) == (150, N)
    assert list(suggest_leave_out(table, "c2")) == ["c0"]


def test_private_files_die_with_the_table(low_limits):
    table = read_large(io.BytesIO(text_of(FORMS["plain"])), "upload.csv")
    folder = table.all_rows.folder.name
    assert os.listdir(folder) == ["rows.parquet"], "the copy of the upload is gone as soon as its rows are stored"
    assert os.stat(folder).st_mode & 0o077 == 0
    assert table.name == "upload.csv"
    del table
    gc.collect()
    assert not os.path.exists(folder)


def test_the_database_reads_one_file_and_nothing_else(low_limits, tmp_path):
    from core.reading.database import opened

    table = read(text_of(FORMS["plain"]))
    with opened(table.all_rows.relation) as run:
        for sql in (
            "SELECT * FROM read_text('/etc/hostname')",
            f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
            "INSTALL httpfs",
        ):
            with pytest.raises(Exception, match="disabled by configuration"):
                run(sql).fetchall()


def test_a_full_disk_gets_two_sentences(low_limits, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(large, "store", full)
    with pytest.raises(UserError, match="no room for the private copy"):
        read(text_of(FORMS["plain"]))


def test_numbers_at_the_edge_of_what_a_double_holds(low_limits):
    table = read(text_of([lambda i: f"{random.Random(i).uniform(-1, 1)}e308", lambda i: "ab"[i % 2]]))
    found = table.all_rows.population("c1")
    assert found.counts.to_dict() == {"a": 200, "b": 200}
    assert abs(found.columns["high"][0]) > 1e307


def test_limits_are_where_they_were_measured():
    assert large.LARGE_BYTES < limits.MAX_BYTES
    codes = np.repeat([0, 1], [90, 10])
    rows, represents = draw(codes, sampling_plan(np.array([90, 10]), 30))
    assert (len(rows), represents.sum()) == (30, pytest.approx(100))
