"""Reading packed files, Parquet, ARFF and workbooks, from bytes and from disk, and what the fingerprint follows."""

import bz2
import gzip
import io
import lzma
import os
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbooks import binary_workbook, excel, old_workbook, opendocument, workbook, zipped

from core.dataset import Dataset
from core.errors import UserError
from core.reading.read import read, sheets


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


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, lambda data: zipped({"a.csv": data})])
def test_other_packings(pack):
    data = FRAME.to_csv(index=False).encode()
    pd.testing.assert_frame_equal(cells(pack(data)), FRAME)
    pd.testing.assert_frame_equal(cells(pack(parquet(FRAME))), FRAME)
    assert sheets(pack(data)) == ()


def test_parts_one_after_another():
    assert cells(bz2.compress(b"a,b\n1,2\n") + bz2.compress(b"3,4\n"))["b"].tolist() == [2, 4]
    assert cells(lzma.compress(b"a,b\n1,2\n") + lzma.compress(b"3,4\n"))["b"].tolist() == [2, 4]


def test_an_archive_of_several_files():
    data = zipped(
        {
            "__MACOSX/a.csv": b"x",
            "readme.txt": "About, this\n",
            "photo.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
            "in/b.csv": "a,b\n1,2\n3,4\n",
            "c.xlsx": excel(one=FRAME, two=FRAME),
        }
    )
    table = read(data)
    assert table.frame["b"].tolist() == [2, 4]
    assert table.reading.notes == (
        "The archive holds 4 files; 'in/b.csv' was read. Not read: 'readme.txt', 'photo.png' and 'c.xlsx'.",
    )
    assert sheets(data) == ("in/b.csv", "c.xlsx")
    pd.testing.assert_frame_equal(cells(data, sheet="c.xlsx"), FRAME)
    with pytest.raises(UserError, match=r"no file 'd\.csv'"):
        read(data, sheet="d.csv")
    alone = zipped({"c.xlsx": excel(one=FRAME, two=FRAME.assign(age=[1, 2, 3]))})
    assert sheets(alone) == ("one", "two")
    assert cells(alone, sheet="two")["age"].tolist() == [1, 2, 3]


ROWS = [["age", "name"], [31, "Ann"], [48, "Bo"], [52.5, "Cy"]]


@pytest.mark.parametrize("write", [workbook, binary_workbook, old_workbook, opendocument])
def test_workbooks_of_every_kind(write):
    data = write({"none": [], "one": ROWS, "two": [["x", "y"], [1, 2]]})
    table = read(data, "data.csv")
    assert table.frame.to_dict("list") == {"age": [31, 48, 52.5], "name": ["Ann", "Bo", "Cy"]}
    assert sheets(data) == ("one", "two")
    assert cells(data, sheet="two").to_dict("list") == {"x": [1], "y": [2]}


def test_shared_texts_of_an_old_workbook():
    data = old_workbook({"one": [["age", "name"], [31, -1], [48, -2], [52, -1]]}, ("Ann", "Bo"))
    assert cells(data)["name"].tolist() == ["Ann", "Bo", "Ann"]


def test_macros_are_never_run():
    parts = dict(_parts(excel(one=FRAME)))
    table = read(zipped({**parts, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}))
    assert table.reading.notes == ("The workbook holds macros; they were not run and never are.",)
    pd.testing.assert_frame_equal(table.frame, FRAME)


def _parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


ARFF = r"""% a comment
@RELATION 'a b'
@ATTRIBUTE 'my col' NUMERIC
@attribute "o'k" {'a b', "c,d", e\'f}
@attribute level{1,2,3}
@attribute note string
@Attribute "when" DATE 'yyyy-MM-dd'
@attribute size real
@DATA
% another
1,'a b',2,'x, \'y\' 100\%',"2020-01-01",0.5
?,"c,d",?,?,?,?
-3, e\'f ,1,"two\nlines",2020-01-02,1e3
{0 5, 3 'q r', 2 3}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_arff(end):
    table = read(ARFF.replace("\n", end).encode(), "data.csv")
    assert table.reading.kind == "ARFF"
    frame = table.frame
    assert list(frame) == ["my col", "o'k", "level", "note", "when", "size"]
    assert frame["my col"].tolist()[:1] + frame["my col"].tolist()[2:] == [1, -3, 5]
    assert frame["o'k"].tolist() == ["a b", "c,d", "e'f", "a b"]
    assert frame["level"].fillna("?").tolist() == ["2", "?", "1", "3"]
    assert frame["note"].fillna("?").tolist() == ["x, 'y' 100%", "?", "two\nlines", "q r"]
    assert frame["size"].fillna(-1).tolist() == [0.5, -1, 1000, 0]
    assert frame["when"].fillna("?").tolist() == ["2020-01-01", "?", "2020-01-02", "?"]
    assert table.reading.missing_tokens == {"?": 6}
    assert "1 column of numbers is declared as categories and stays text: 'level'." in table.reading.notes


def test_arff_without_quotation_marks_is_read_as_the_same_table():
    plain = b"@relation r\n@attribute a integer\n@attribute b {x,y}\n@data\n1,x\n\n% no\n ? , y\n3,z\n"
    table = read(plain)
    assert table.frame["b"].tolist() == ["x", "y", "z"] and str(table.frame["a"].dtype) == "Int64"
    assert table.reading.notes == (
        "Column 'b' holds 1 cell that its declaration does not list, such as 'z'; kept as they are.",
    )
    pd.testing.assert_frame_equal(cells(plain.replace(b"{x,y}", b"{'x',y}").replace(b"3,z", b"3,'z'")), table.frame)


def test_parquet_with_nested_and_rarely_packed_columns():
    frame = pa.table(
        {
            "lists": [["a", "b"], None, ["a"]],
            "maps": pa.array([[("k", b"v")], [], None], pa.map_(pa.string(), pa.binary())),
            "raw": [b"q", b"\xff", b"q"],
            "name": ["Ann", "Anna", "Annas"],
        }
    )
    read_back = cells(stored(frame))
    assert read_back["lists"].fillna("?").tolist() == ["['a', 'b']", "?", "['a']"]
    assert read_back["maps"].fillna("?").tolist() == ["[('k', b'v')]", "[]", "?"]
    assert read_back["raw"].tolist() == ["q", "\\xff", "q"]
    prefixed = stored(frame.select(["name"]), use_dictionary=False, column_encoding={"name": "DELTA_BYTE_ARRAY"})
    assert cells(prefixed)["name"].tolist() == ["Ann", "Anna", "Annas"]
    assert cells(stored(frame, data_page_version="2.0"))["name"].tolist() == ["Ann", "Anna", "Annas"]


def stored(table, **options):
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


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
