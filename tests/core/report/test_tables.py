"""Exports that no spreadsheet runs."""

import io
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.report.tables import cell, cut, to_csv
from core.wording import change, number, value

ROOT = Path(__file__).parents[3]
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠SUM(A1)"]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_a_formula_gets_an_apostrophe_in_cells_and_in_the_header(text, dtype):
    frame = pd.DataFrame({text: pd.Series([text], dtype=dtype), "n": [1]})
    back = pd.read_csv(io.StringIO(to_csv(frame), newline=""))
    assert back.columns[0] == "'" + text
    assert back.iloc[0, 0] == "'" + text
    assert frame.columns[0] == text


def test_numbers_and_harmless_text_stay_as_they_are():
    frame = pd.DataFrame({"a": [-1.5, np.nan], "b": ["-1", "+2.5e3"], "c": ["it's", 'a,"b"'], "d": [None, "x"]})
    back = pd.read_csv(io.StringIO(to_csv(frame)), dtype={"b": str})
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)


def test_duplicate_and_integer_names_survive():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    assert to_csv(frame) == '"a","a","7"\n1,2,3\n'


def test_cells_are_short_and_on_one_line():
    assert cell("x" * 5000).endswith("…")
    assert len(cell("x" * 5000)) == 120
    assert cell(np.bool_(True)) == "yes"
    assert cell(np.int64(12960)) == "12,960"
    assert cell(pd.NA) == "–"
    assert (cell(-0.5), value(-1.5), number(-0.5), change(-0.2)) == ("-0.5", "-1.5", "\u22120.5", "\u22120.200")


def test_a_long_table_says_how_much_of_it_is_shown():
    shown, sentence = cut(pd.DataFrame({"a": range(1204)}), 20)
    assert len(shown) == 20
    assert sentence == "The first 20 of 1,204 rows (1.7 %)."


def test_no_table_leaves_by_another_way():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["client"]["disableDataExport"] is True  # the button and the copying of Streamlit's own tables
    sources = [path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")]
    leaving = [
        path.relative_to(ROOT).as_posix()
        for path in sources
        if re.search(r"\w\.(to_csv|to_excel)\([^.]", path.read_text())
    ]
    assert leaving == ["core/report/tables.py"]
