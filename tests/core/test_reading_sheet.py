"""Sheets of workbooks: what stands above, under and between the records is left out, and the analyst can overrule it."""

import pytest
from workbooks import workbook

from core.reading.read import read

RECORDS = [["lathe", 70.5, 12], ["press", 68.2, 7], ["saw", 71.25, 9], ["lathe", 69.9, 11], ["press", 70.1, 8]]
NAMES = ["machine", "heat", "runs"]
CASES = {
    "plain": ([NAMES], [], [], ""),
    "units": ([NAMES, [None, "°C", "1/min"]], [], [], "it holds units or types, '°C' and '1/min'."),
    "two lines": ([["About", "Measured", None], NAMES], [], [], "The header has two lines"),
    "total": ([NAMES], [], [["Total", 349.95, 47]], "1 row at the end left out: they begin with 'Total'"),
    "source": (
        [NAMES],
        [],
        [[None], ["Source: own survey"]],
        "at the end left out: they begin with 'Source: own survey'",
    ),
    "comment": ([NAMES], [["# restarted"]], [], "1 row that begins with # left out."),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_record_is_left_out_and_told(case):
    above, between, below, told = CASES[case]
    table = read(workbook({"one": [*above, *RECORDS[:3], *between, *RECORDS[3:], *below]}))
    assert table.frame.iloc[:, 1].tolist() == [70.5, 68.2, 71.25, 69.9, 70.1]
    assert table.frame.iloc[:, 2].dtype == "int64"
    assert all(name.endswith(end) for name, end in zip(table.frame.columns, NAMES, strict=True))
    assert told in " ".join(table.reading.notes)
    assert bool(told) == bool(table.reading.notes)


def test_units_of_a_sheet_are_kept():
    assert dict(read(workbook({"one": [*CASES["units"][0], *RECORDS]})).reading.units) == {
        "heat": "°C",
        "runs": "1/min",
    }


@pytest.mark.parametrize(
    ("choices", "n_rows", "names"),
    [
        ({"footer": "0"}, 6, NAMES),
        ({"footer": "2"}, 4, NAMES),
        ({"header": "no"}, 6, ["column 1", "column 2", "column 3"]),
        ({"skip": "1"}, 4, ["lathe", "70.5", "12"]),
    ],
)
def test_the_analyst_overrules_a_sheet(choices, n_rows, names):
    table = read(
        workbook({"one": [NAMES, *RECORDS, ["Total", 349.95, 47]]}), header=choices.pop("header", "yes"), **choices
    )
    assert len(table.frame) == n_rows
    assert list(table.frame.columns) == names
