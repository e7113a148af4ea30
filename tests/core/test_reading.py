"""Reading a file: encodings, delimiters, headers, types and missing cells, each decision noted."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.reading.read import read


def cells(data, **choices):
    return read(data, **choices).frame


def column(values, **choices):
    """Read one column beside another of letters."""
    lines = "".join(f"{value};{'abc'[i % 3]}\n" for i, value in enumerate(values))
    return read(("v;w\n" + lines).encode(), **choices)


FRAME = pd.DataFrame({"age": [31, 48, 52], "name": ["Ann", "Bo", "Cy"], "score": [0.5, 1.25, 2.0]})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter, ends):
    table = read(FRAME.to_csv(index=False, sep=delimiter, lineterminator=ends).encode())
    pd.testing.assert_frame_equal(table.frame, FRAME)
    assert table.reading.delimiter == delimiter
    assert table.reading.notes == ()


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Straße 正例 🦠"),
        ("utf-8-sig", "Straße 正例 🦠"),
        ("utf-16", "Straße 正例"),
        ("utf-16-le", "Strasse"),
        ("utf-16-be", "Strasse"),
        ("utf-32", "Straße 正例"),
        ("cp1252", "Straße in Köln, Übergrößenträger"),
        ("cp1250", "Zażółć gęślą jaźń"),
        ("cp1251", "Санкт-Петербург это большой город"),
        ("shift_jis", "東京都と大阪府にあります"),
    ],
)
def test_encodings(encoding, text):
    table = read(f'n,"{text}"\n1,"{text}"\n2,b\n'.encode(encoding))
    assert list(table.frame.columns) == ["n", text]
    assert table.frame[text].tolist() == [text, "b"]


def test_a_guessed_encoding_is_told_and_a_stated_one_holds():
    data = "name,n\nMüller,1\nGroß,2\n".encode("cp1252")
    assert read(data).reading.notes == ("The encoding cp1252 is a guess; check letters beyond ASCII.",)
    stated = read(data, encoding="cp1252")
    assert stated.reading.notes == ()
    assert stated.frame["name"].tolist() == ["Müller", "Groß"]
    with pytest.raises(UserError, match="cannot be read with the encoding 'utf-8'"):
        read(data, encoding="utf-8")
    with pytest.raises(UserError, match="encoding 'utf-9' is not known"):
        read(data, encoding="utf-9")


def test_mixed_encodings_are_read_line_by_line():
    data = "name,n\nMüller,1\n".encode() + "Größe,2\n".encode("cp1252")
    table = read(data)
    assert table.frame["name"].tolist() == ["Müller", "Größe"]
    assert "mixes encodings" in table.reading.notes[0]


def test_decimal_comma():
    table = read(b"a;b;c\n1,5;x;2\n2,25;y;3\n")
    assert table.frame["a"].tolist() == [1.5, 2.25]
    assert table.frame["c"].dtype == "int64"
    assert table.reading.decimal == ","
    assert table.reading.notes == ("Numbers are written with a decimal comma.",)
    assert read(b"a;b\n1,5;2,5\n2,25;3,0\n").frame["b"].tolist() == [2.5, 3.0]
    assert read(b'a,b\n"1,5",x\n"2,25",y\n').frame["a"].tolist() == [1.5, 2.25]
    assert read(b"a;b\n1,5;x\n2,5;y\n", decimal=".").frame["a"].tolist() == ["1,5", "2,5"]


def test_numbers_with_irregular_marks_stay_text_and_are_told():
    table = read(b'a,b\n"1,23,4",x\n"12,345",y\n')
    assert table.frame["a"].tolist() == ["1,23,4", "12,345"]
    assert table.reading.notes == ("Column 'a' was kept as text: its numbers hold other marks, such as '1,23,4'.",)


@pytest.mark.parametrize(
    "data",
    [
        b"1,2,x\n3,4,y\n5,6,x\n",
        b"0.5;1;x\n3.5;4;y\n5.5;6;x\n",
        b"p,x,s\np,y,s\ne,x,t\np,x,t\n",
        b"39, State-gov, 77516\n50, Private, 83311\n38, Private, 215646\n",
    ],
)
def test_no_header(data):
    table = read(data)
    assert list(table.frame.columns) == ["column 1", "column 2", "column 3"]
    assert len(table.frame) == data.count(b"\n")
    assert any("no header" in note for note in table.reading.notes)


@pytest.mark.parametrize(
    "data",
    [
        b"0,1,2\n5,6,x\n7,8,y\n9,1,z\n",
        b"id,2001,2002,2003\n5,6,1,3\n7,8,2,3\n9,1,3,3\n",
        b"parent,child\nusual,proper\ngreat,proper\nusual,critical\n",
        b",v\n1,2\n2,3\n3,4\n",
    ],
)
def test_a_header_is_kept(data):
    table = read(data)
    assert len(table.frame) == data.count(b"\n") - 1
    assert not any("no header" in note for note in table.reading.notes)


def test_preamble_and_names_of_rows():
    table = read(b"Report, 2024\nMade by us\n\na,b,c,d\n1,2,x,2\n4,5,y,2\n6,7,z,1\n")
    assert list(table.frame.columns) == ["a", "b", "c", "d"]
    assert table.reading.notes == ("2 lines before the header left out.",)
    rows = read(b'"a","b","c"\n"1",2,3,x\n"2",3,4,y\n"3",3,5,y\n')
    assert list(rows.frame.columns) == ["column 1", "a", "b", "c"]
    stated = read(b"sep=;\na;b\n1;2\n3;4\n")
    assert stated.frame["b"].tolist() == [2, 4]


def test_types():
    frame = cells(b"whole;gaps;real;code;text;truth;when\n1;1;1.5;007;a;true;2020-01-01\n2;;2;010;b;false;2020-01-02\n")
    assert frame.dtypes.astype(str).tolist() == ["int64", "Int64", "float64", "str", "str", "str", "str"]
    assert frame["code"].tolist() == ["007", "010"]
    assert frame["truth"].tolist() == ["true", "false"]


def test_labels_keep_their_spelling():
    gaps = read(b"v;w\n1;a\n;b\n0;c\n1;d\n")
    assert str(gaps.frame["v"].dtype) == "Int64"
    assert Dataset.from_table(gaps, "v").classes == ("1", "0")
    assert Dataset.from_table(read(b"v;w\n0.0;1\n1.0;2\n0.0;3\n"), "v").classes == ("0.0", "1.0")
    assert Dataset.from_table(read(b"v;w\n'-1';1\n'1';2\n'-1';3\n"), "v").classes == ("'-1'", "'1'")
    assert column(["ckd", "ckd\t", "notckd", "ckd"]).frame["v"].nunique() == 2


@pytest.mark.parametrize("word", ["", "NA", "n/a", "#N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", " ", " na "])
def test_missing_words_in_a_column_of_numbers(word):
    table = column(["1", word, "3", word])
    assert table.frame["v"].isna().tolist() == [False, True, False, True]
    assert dict(table.reading.missing_tokens) == {word.strip(): 2}
    assert dict(table.reading.suspects) == {}


@pytest.mark.parametrize("word", ["NA", "N/A", "nan", "None", "null", "?", "-", "Unknown"])
def test_missing_words_in_a_column_of_text_are_kept_and_named(word):
    table = column(["x", word, "y", word, ""])
    assert table.frame["v"].tolist()[:4] == ["x", word, "y", word]
    assert table.frame["v"].isna().sum() == 1
    assert dict(table.reading.missing_tokens) == {"": 1}
    assert dict(table.reading.suspects) == {word: 2}


def test_stated_missing_words_hold_everywhere():
    table = read(b"a,b\n-999,x\n1,Unknown\n2,y\n", missing_tokens=["-999", "Unknown"])
    assert table.frame.isna().sum().tolist() == [1, 1]
    assert dict(table.reading.missing_tokens) == {"-999": 1, "Unknown": 1}


def test_special_numbers():
    assert column(["inf", "-inf", "1.5"]).frame["v"].tolist() == [np.inf, -np.inf, 1.5]
    assert column(["1e200", "+2", "-.5", "3."]).frame["v"].tolist() == [1e200, 2, -0.5, 3]
    assert column(["4611686018427387904", "1"]).frame["v"].dtype == "int64"
    assert column(["12345678901234567890123", "1"]).frame["v"].tolist() == ["12345678901234567890123", "1"]
    assert column(["0x1F", "1"]).frame["v"].tolist() == ["0x1F", "1"]
    assert column(["1_000", "1"]).frame["v"].tolist() == ["1_000", "1"]
    assert column(["", " "]).frame["v"].isna().all()


def test_a_few_cells_that_are_no_numbers_are_told():
    table = column([*"123456789", "kg"])
    assert table.frame["v"].iloc[-1] == "kg"
    assert table.reading.notes == ("Column 'v' was read as text, because 1 of 10 cells is no number, such as 'kg'.",)


def test_blanks_and_empty_places():
    table = read(b" a , b,c\n 1, x ,2\n2,y,3\n,,\n3,z,4\n")
    assert list(table.frame.columns) == ["a", "b", "c"]
    assert table.frame["b"].tolist() == ["x", "y", "z"]
    assert table.frame["a"].dtype == "int64"
    assert table.reading.notes == (
        "Blanks around column names removed.",
        "1 row without a single value left out.",
        "Blanks around the text of 2 cells removed.",
    )
    trailing = read(b"a,b,\n1,2,\n3,4,\n")
    assert list(trailing.frame.columns) == ["a", "b"]
    assert trailing.reading.notes == ("Empty column at the end of the table left out.",)
    assert list(cells(b"a,b,c\n1,2,3,\n4,5,6,\n")) == ["a", "b", "c"]


def test_names_are_made_unique():
    table = read(b"a,a,,a.2\n1,2,3,4\n1,2,3,4\n")
    assert list(table.frame.columns) == ["a", "a.2", "column 3", "a.2.2"]
    assert table.reading.notes == ("3 columns had no name or one that was taken: now 'a.2', 'column 3' and 'a.2.2'.",)


def test_quotes():
    assert cells(b'a,b\n1,"say ""hi"", ok"\n2,y\n')["b"].tolist() == ['say "hi", ok', "y"]
    assert cells(b'a,b\n1,"say \\"hi, you\\" ok"\n2,y\n')["b"].tolist() == ['say "hi, you" ok', "y"]
    assert cells(b'a,b\n1,"two\nlines"\n2,y\n')["b"].tolist() == ["two\nlines", "y"]
    assert cells(b'a,b\n1,5" pipe\n2,y\n')["b"].tolist() == ['5" pipe', "y"]
    assert cells(b'"a\nb",c\n1,2\n3,4\n')["a\nb"].tolist() == [1, 3]


def test_the_exact_way_reads_the_same(monkeypatch):
    data = b'a,b,c\n1,"x\ny",2\n2,"say ""hi""",3\n\n3,,4\n'
    fast = read(data)
    monkeypatch.setattr("core.reading.records._fast", lambda *args: None)
    exact = read(data)
    pd.testing.assert_frame_equal(fast.frame, exact.frame)
    assert fast.reading.notes == exact.reading.notes == ("1 row without a single value left out.",)
    assert fast.fingerprint == exact.fingerprint


def test_ragged_records_are_named():
    short = read(b"a,b,c\n1,2,3\n4,5\n6,7,8\n")
    assert short.frame["c"].isna().tolist() == [False, True, False]
    assert short.reading.notes == ("1 record has fewer than 3 cells and the rest was taken as missing: line 3.",)
    with pytest.raises(UserError, match="Line 3 has 4 cells, but the table has 3 columns"):
        read(b"a,b,c\n1,2,3\n4,5,6,7\n6,7,8\n")
    with pytest.raises(UserError, match="Line 5 has 4 cells"):
        read(b'a,b,c\n1,"2\n2",3\n\n4,5,6,7\n6,7,8\n')


@pytest.mark.parametrize(
    "choices", [{"delimiter": "a\nb"}, {"delimiter": '"'}, {"decimal": ";"}, {"delimiter": ",", "decimal": ","}]
)
def test_impossible_choices(choices):
    with pytest.raises(UserError):
        read(b"a,b\n1,2\n", **choices)


def test_a_stated_delimiter_holds():
    assert list(cells(b"a;b\n1;2\n3;4\n", delimiter=",")) == ["a;b"]


def test_one_column():
    assert cells(b"x\n1\n2\n3\n")["x"].tolist() == [1, 2, 3]
    assert cells(b"name\nNew York\nOslo\nLos Angeles, CA\n")["name"].iloc[2] == "Los Angeles, CA"
