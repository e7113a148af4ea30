"""Reading gzip, Parquet and Excel, from bytes and from disk, and what the fingerprint follows."""

import gzip
import io
import os

import numpy as np
import pandas as pd
import pytest
from workbooks import excel, workbook

from core.dataset import Dataset
from core.errors import UserError
from core.reading.read import read


def cells(data, **choices):
    return read(data, **choices).frame


def parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return file.getvalue()


FRAME = pd.DataFrame({"age": [31, 48, 52], "name": ["Ann", "Bo", "Cy"], "score": [0.5, 1.25, 2.0]})


def test_gzip():
    data = FRAME.to_csv(index=False).encode()
    pd.testing.assert_frame_equal(cells(gzip.compress(data)), FRAME)
    parts = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert cells(parts)["b"].tolist() == [2, 4]
    pd.testing.assert_frame_equal(cells(gzip.compress(parquet(FRAME))), FRAME)


def test_parquet_keeps_its_types():
    frame = FRAME.assign(
        code=["1", "2", "x"],
        flag=[True, False, True],
        gaps=pd.array([1, None, 3], "Int64"),
        group=pd.Categorical(["p", "q", "p"]),
        when=pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
        raw=[b"true", b"\xff", None],
        parts=[[1, 2], [], None],
        nothing=pd.Series([None] * 3, dtype=object),
    )
    table = read(parquet(frame), "t.csv")
    assert table.reading.kind == "Parquet"
    types = table.frame.dtypes.astype(str).to_dict()
    assert types == {
        "age": "int64",
        "name": "str",
        "score": "float64",
        "code": "str",
        "flag": "str",
        "gaps": "Int64",
        "group": "str",
        "when": "str",
        "raw": "str",
        "parts": "str",
        "nothing": "float64",
    }
    assert table.frame["code"].tolist() == ["1", "2", "x"]
    assert table.frame["raw"].tolist()[:2] == ["true", "\\xff"]
    assert cells(parquet(pd.DataFrame({"code": ["1", "2"], "n": [1, 2]})))["code"].tolist() == ["1", "2"]


def test_excel():
    frame = FRAME.assign(gaps=[1, None, 3], mark=["?", 1, 2], code=["007", "010", "x"], flag=[True, False, True])
    table = read(excel(one=frame), "data.csv")
    assert table.reading.kind == "Excel"
    assert table.reading.missing_tokens == {"": 1, "?": 1}
    types = table.frame.dtypes.astype(str).tolist()
    assert types == ["int64", "str", "float64", "Int64", "Int64", "str", "str"]
    assert table.frame["code"].tolist() == ["007", "010", "x"]
    assert table.frame["flag"].tolist() == ["True", "False", "True"]
    pd.testing.assert_frame_equal(table.frame[list(FRAME)], FRAME)


def test_excel_of_a_library():
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    FRAME.assign(when=pd.to_datetime(["2020-01-01"] * 3)).to_excel(file, index=False)
    frame = cells(file.getvalue())
    pd.testing.assert_frame_equal(frame[list(FRAME)], FRAME)
    assert frame["when"].tolist() == ["2020-01-01"] * 3


def test_sheets():
    data = excel(first=FRAME, second=FRAME.assign(age=[1, 2, 3]))
    table = read(data)
    assert table.reading.notes == ("The workbook has 2 sheets, 'first' and 'second'; 'first' was read.",)
    assert read(data, sheet="second").frame["age"].tolist() == [1, 2, 3]
    assert read(data, sheet="second").fingerprint != table.fingerprint
    with pytest.raises(UserError, match="no sheet 'third'"):
        read(data, sheet="third")


def test_excel_with_a_title():
    rows = [["Report", None, None], [None, None, None], ["a", "b", "c"], [1, 2, "x"], [3, 4, "y"], [5, 6, "z"]]
    table = read(workbook({"one": rows}))
    assert table.reading.notes == ("2 rows before the header left out.",)
    assert list(table.frame.columns) == ["a", "b", "c"]
    assert table.frame["b"].tolist() == [2, 4, 6]


def test_sources(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n")
    for source in (path, str(path), os.fspath(path)):
        assert read(source).name == "people.csv"
    assert read(path, "mine").name == "mine"
    assert read(path).fingerprint == read(path.read_bytes(), "x").fingerprint
    with pytest.raises(UserError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UserError, match="There is no file"):
        read(tmp_path / "none.csv")
    with pytest.raises(UserError, match="There is no file"):
        read("a\x00b")


def test_fingerprint_follows_bytes_and_choices():
    data = b"a;b\n1;x\n2;y\n"
    prints = [
        read(data).fingerprint,
        read(data + b"3;z\n").fingerprint,
        read(data, missing_tokens=["x"]).fingerprint,
        read(data, decimal=",").fingerprint,
        read(data, encoding="cp1252").fingerprint,
    ]
    assert len(set(prints)) == len(prints)
    assert read(data).fingerprint == prints[0]


def test_stated_missing_words_hold_in_parquet():
    stored = read(
        parquet(pd.DataFrame({"a": [-999, 1, 2], "b": ["x", "Unknown", "y"]})), missing_tokens=["-999", "Unknown"]
    )
    assert stored.frame.isna().sum().tolist() == [1, 1]
    assert str(stored.frame["a"].dtype) == "Int64"


def test_a_generated_table_comes_back_whole():
    """What is written with a known target, features and class counts is read with the same."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "id": np.arange(3000),
            "amount": rng.lognormal(3, 1, 3000).round(2),
            "visits": pd.array(np.where(rng.random(3000) < 0.1, None, rng.integers(0, 9, 3000)), "Int64"),
            "town": rng.choice(["Köln", "Zürich", "São Paulo", "東京"], 3000),
            "outcome": rng.choice(["<=50K", ">50K", "none"], 3000, p=[0.9, 0.09, 0.01]),
        }
    )
    for data in (
        frame.to_csv(index=False).encode(),
        frame.to_csv(index=False, sep="\t").encode("utf-16"),
        parquet(frame),
    ):
        table = read(data)
        pd.testing.assert_frame_equal(table.frame, frame)
        dataset = Dataset.from_table(table, "outcome", ["id"])
        assert dataset.counts.to_dict() == frame["outcome"].value_counts().to_dict()
        assert table.reading.missing_tokens == {"": int(frame["visits"].isna().sum())}
        assert table.reading.suspects == {"none": int((frame["outcome"] == "none").sum())}
