"""What is decided about a text file: each fault of dirty files, how sure the reader is, and how it is overruled."""

import numpy as np
import pytest

from core.errors import UserError
from core.reading.read import read


def decided(table, name, column=""):
    """The value and the confidence of one decision."""
    found = [item for item in table.reading.decisions if item.name == name and item.column in (column, "")]
    return (found[0].value, found[0].confidence) if found else None


def lines(*rows):
    return "\n".join(rows).encode() + b"\n"


BODY = ("1;2.5;x", "2;3.5;y", "3;4.5;x", "4;5.5;y")
TABLES = {
    "thousands with a comma": (lines('a,b', '"1,234",x', '"1,234,567",y'), {"a": [1234, 1234567]}, ("thousands", ",", "certain")),
    "thousands or decimals": (lines('a,b', '"1,234",x', '"12,345",y'), {"a": [1234, 12345]}, ("thousands", ",", "likely")),
    "thousands with a point": (lines("a;b", "1.234,5;x", "12,25;y"), {"a": [1234.5, 12.25]}, ("thousands", ".", "certain")),
    "points that part groups": (
        lines("a;b", "1.234;x", "5;y", "12.345;x", "7;y", "999;x", "2.000;x"), {"a": [1234, 5, 12345, 7, 999, 2000]}, ("thousands", ".", "certain"),
    ),
    "thousands with a blank": (lines("a;b", "1 234;x", "5;y", "12 345 678;y"), {"a": [1234, 5, 12345678]}, ("thousands", " ", "certain")),
    "thousands with an apostrophe": (lines("a;b", "1'234.5;x", "5;y"), {"a": [1234.5, 5]}, ("thousands", "'", "certain")),
    "three decimals stay decimals": (lines("a;b", "1.234;x", "5.678;y", "0.123;z"), {"a": [1.234, 5.678, 0.123]}, ("decimal", ".", "certain")),
    "a comma that may be either": (lines("a;b", "1,234;x", "5,678;y"), {"a": [1.234, 5.678]}, ("decimal", ",", "guess")),
    "percent": (lines("a;b", "12 %;x", "5%;y"), {"a": [12, 5]}, ("kind", "whole number", "certain")),
    "currency": (lines('a;b', "$1,200.50;x", "-$3;y"), {"a": [1200.5, -3]}, ("thousands", ",", "certain")),
    "units in cells": (lines("a;b", "12.5 kg;x", "5 kg;y"), {"a": [12.5, 5]}, ("kind", "number", "certain")),
    "brackets for a minus": (lines("a;b", "(1.5);x", "2.5;y"), {"a": [-1.5, 2.5]}, ("kind", "number", "likely")),
    "footer": (lines("a;b;c", *BODY, "", "Total;16;", "Source: us"), {"a": [1, 2, 3, 4], "c": list("xyxy")}, ("footer", "3", "likely")),
    "no footer": (lines("a;b;c", *BODY, "5;6"), {"a": [1, 2, 3, 4, 5]}, ("footer", "0", "likely")),
    "header again": (lines("a;b;c", *BODY, "a;b;c", *BODY), {"a": [1, 2, 3, 4] * 2}, ("repeated headers", "1", "certain")),
    "units row": (lines("a;b;c", "kg;[mm Hg];-", *BODY), {"a": [1, 2, 3, 4], "b": [2.5, 3.5, 4.5, 5.5]}, ("units", "yes", "certain")),
    "header of two lines": (
        lines("Size;;Name", "width;depth;short", *BODY), {"Size width": [1, 2, 3, 4], "Size depth": [2.5, 3.5, 4.5, 5.5]}, ("header", "yes", "likely"),
    ),
    "index column": (lines(";b;c", "0;5;x", "1;7;y", "2;7;y"), {"column 1": [0, 1, 2]}, ("index column", "column 1", "certain")),
    "two bars": (b"a||b||c\n1||2||3\n4||\"5||6\"||6\n", {"a": [1, 4], "b": ["2", "5||6"]}, ("delimiter", "||", "likely")),
    "an empty column is no delimiter": (b"a||b|c||d\n1||2|x||3\n4||5|y||6\n7||8|x||9\n", {"b": [2, 5, 8]}, ("delimiter", "|", "certain")),
    "two colons": (b"a::b::c\n1::2::3\n4::5::6\n", {"c": [3, 6]}, ("delimiter", "::", "likely")),
    "runs of blanks": (b"  a   b  c\n 1    2  3\n44   5  6\n", {"a": [1, 44], "c": [3, 6]}, ("delimiter", "blanks", "likely")),
    "fixed places": (
        lines("name         n", "New York     1", "Oslo        12", "Rome         3", "Los Angeles  4"), {"n": [1, 12, 3, 4]}, ("delimiter", "fixed", "likely"),
    ),
    "blanks before quotes": (b'a, b, c\n1, "x, y", 2\n3, "z ""q""", 4\n', {"b": ["x, y", 'z "q"']}, ("delimiter", ",", "certain")),
    "apostrophes": (b"a,b,c\n1,'x, y',2\n3,'z',4\n5,'u, v, w',4\n", {"b": ["x, y", "z", "u, v, w"]}, ("quote", "'", "likely")),
    "comments": (lines("# made by us", "a;b;c", *BODY[:2], "# restarted", *BODY[2:]), {"a": [1, 2, 3, 4]}, ("skip", "1", "likely")),
    "booleans": (lines("a;b", "1;True", "2;False", "3;True"), {"b": ["True", "False", "True"]}, ("kind", "yes/no", "certain")),
    "byte literals": (lines("a;b", "1;b'true'", "2;b'false'"), {"b": ["true", "false"]}, ("kind", "yes/no", "certain")),
    "spreadsheet wrappers": (b'a;b\n"=""001""";x\n="23";y\n', {"a": ["001", "23"]}, ("kind", "text", "certain")),
    "dates": (lines("a;b", "31/12/2020;x", "01/02/2021;y"), {"a": ["31/12/2020", "01/02/2021"]}, ("kind", "date", "certain")),
    "dates in either order": (lines("a;b", "1/2/2020;x", "3/4/2021;y"), {"a": ["1/2/2020", "3/4/2021"]}, ("kind", "date", "guess")),
    "names turned into dates": (lines("a;b", "TP53;1", "1-Mar;2", "BRCA1;3", "MYC;4"), {"a": ["TP53", "1-Mar", "BRCA1", "MYC"]}, ("damage", "text", "likely")),
    "shortened identifiers": (lines("a;b", "1.23457E+11;x", "123456789012;y"), {"b": ["x", "y"]}, ("damage", "number", "likely")),
    "leading zeros": (lines("a;b", "007;x", "12;y"), {"a": ["007", "12"]}, ("kind", "text", "certain")),
    "years as names": (lines("id;2018;2019;2020;kind", "x;1;2;3;u", "y;4;5;6;v", "z;7;8;9;u"), {"2018": [1, 4, 7]}, ("header", "yes", "likely")),
    "dates without a header": (lines("2020-01-01;x", "2020-01-02;y", "2020-01-03;x"), {"column 2": list("xyx")}, ("header", "no", "likely")),
    "a level named None": (lines("a;b", "1;None", "2;some", "3;None"), {"b": ["None", "some", "None"]}, ("missing_tokens", "", "likely")),
    "words in numbers": (lines("a;b", "1;x", ".;y", "n.a.;x", "—;z"), {"b": list("xyxz")}, ("missing_tokens", "., n.a., —", "likely")),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_fault_is_read_and_told_with_a_confidence(case):
    data, expected, (name, value, confidence) = TABLES[case]
    table = read(data)
    for column, cells in expected.items():
        assert table.frame[column].tolist() == cells
    assert (value, confidence) in [
        (item.value, item.confidence) for item in table.reading.decisions if item.name == name
    ]
    assert all(
        item.reason.endswith(".") and item.confidence in ("certain", "likely", "guess")
        for item in table.reading.decisions
    )


def test_units_and_kinds():
    table = read(TABLES["units row"][0])
    assert table.reading.units == {"a": "kg", "b": "mm Hg"}
    assert table.reading.kinds == {"a": "whole number", "b": "number", "c": "text"}
    assert read(TABLES["percent"][0]).reading.units == {"a": "%"}
    assert read(TABLES["dates"][0]).reading.kinds["a"] == "date"
    assert (
        "every one fits day/month/year and month/day/year alike"
        in read(TABLES["dates in either order"][0]).reading.notes[0]
    )


DIRTY = lines("made by us", "a;b;c", "kg;-;m", "1.234;'x';1,5", "5.678;'y';2,5", "9.123;'z';3,5", "Total;;7,5")
CHOICES = {
    "as found": ({}, (3, ["a", "b", "c"])),
    "skip": ({"skip": "0"}, (5, None)),
    "footer": ({"footer": "0"}, (4, ["a", "b", "c"])),
    "units": ({"units": "no"}, (4, ["a", "b", "c"])),
    "header": ({"header": "no"}, (5, ["column 1", "column 2", "column 3"])),
    "delimiter": ({"delimiter": ","}, (None, None)),
    "quote": ({"quote": "'"}, (3, ["a", "b", "c"])),
    "none": ({"quote": "none", "thousands": "none", "decimal": ","}, (3, ["a", "b", "c"])),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_choice_holds_and_is_stated(case):
    chosen, (n_rows, names) = CHOICES[case]
    table = read(DIRTY, **chosen)
    assert n_rows is None or len(table.frame) == n_rows
    assert names is None or list(table.frame) == names
    for name, value in chosen.items():
        assert name == "thousands" or decided(table, name) == (value, "stated")
    assert (table.fingerprint == read(DIRTY).fingerprint) == (not chosen)


def test_marks_that_were_stated():
    assert read(DIRTY).frame["a"].tolist() == [1234, 5678, 9123]
    assert read(DIRTY, thousands="none").frame["a"].tolist() == [1.234, 5.678, 9.123]
    assert read(DIRTY, quote="'").frame["b"].tolist() == ["x", "y", "z"]
    assert read(b"a;b\n1,234;x\n5,678;y\n", thousands=",").frame["a"].tolist() == [1234, 5678]
    assert read(b'a\tb\n"x\t1\ny"\t2\n', quote="none").frame["a"].tolist() == ['"x', 'y"']
    assert read(b"a--b\n1--2\n3--4\n", delimiter="--").frame["b"].tolist() == [2, 4]
    assert read(b"a  b\nx  1\ny  2\n", delimiter="blanks").frame["b"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "chosen",
    [
        {"thousands": "x"}, {"quote": "`"}, {"header": "maybe"}, {"skip": "-1"}, {"skip": "two"}, {"footer": "1.5"}, {"units": "kg"},
        {"decimal": ",", "thousands": ","}, {"delimiter": "123456789"}, {"delimiter": "fixed"}, {"skip": "99999999"}, {"skip": "99"}, {"footer": "99"},
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused_with_a_remedy(chosen):
    with pytest.raises(UserError) as caught:
        read(DIRTY, **chosen)
    assert caught.value.remedy.endswith(".")


def test_the_delimiter_is_explained_with_numbers():
    rows = [f"{k};{k},5;x" for k in range(40)]
    reason = next(item for item in read(lines("a;b;c", *rows)).reading.decisions if item.name == "delimiter")
    assert (
        reason.reason
        == "All 41 lines looked at have 3 cells with a semicolon; with a comma 97.6 % have one number of cells."
    )
    assert reason.confidence == "likely"


def test_numbers_come_back_whole():
    table = read(b"a;b;c;d\n9007199254740993;1e5;+5;1_000\n-9223372036854775808;inf;7;2\n")
    assert table.frame["a"].tolist() == [9007199254740993, -9223372036854775808]
    assert table.frame["b"].tolist() == [1e5, np.inf]
    assert table.frame["c"].tolist() == [5, 7]
    assert table.frame["d"].tolist() == ["1_000", "2"]
    broken = read(b'"a\nb";c\r\n"x\r\ny";1\r\nz\x00;2\r\n')
    assert list(broken.frame) == ["a\nb", "c"]
    assert broken.frame["a\nb"].tolist() == ["x\r\ny", "z\x00"]


@pytest.mark.parametrize(
    "data",
    [
        lines("name;n", "one;1", "two;2", "three;3", "all;4"),
        lines("kind;n;m", "f;m;m", "f;2;3", "m;3;4", "m;4;5"),
        lines("grade;score", "A;m", "B;2", "C;3", "D;4"),
        lines("a;b;c", *BODY, "5;;"),
        lines("word;n;m", "total;1;2", "sum;3;4", "total;5;6"),
    ],
)
def test_a_record_is_no_footer_and_no_row_of_units(data):
    assert len(read(data).frame) == data.count(b"\n") - 1
