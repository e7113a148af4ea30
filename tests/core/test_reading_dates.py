"""Dates in text: which way of writing fits, how sure that is, and the values."""

import pandas as pd
import pytest

from core.reading.dates import date_format, other_order, parse_dates, spoken

COLUMNS = [
    (["2020-01-02", "2021-12-31", "NA"], "%Y-%m-%d", "certain"),
    (["2020-01-02 10:00", "2021-12-31 11:11"], "%Y-%m-%d %H:%M", "certain"),
    (["2020-01-02T10:00:00Z", "2021-12-31T11:11:11Z"], "%Y-%m-%dT%H:%M:%S%z", "certain"),
    (["1/13/2020", "3/4/2021"], "%m/%d/%Y", "certain"),
    (["13/1/2020", "3/4/2021"], "%d/%m/%Y", "certain"),
    (["3/4/2020", "5/6/2021"], "%d/%m/%Y", "guess"),
    (["1.2.2020", "3.4.2021"], "%d.%m.%Y", "likely"),
    (["12-25-99", "01-31-01"], "%m-%d-%y", "certain"),
    (["01-Mar-2020", "13-Apr-2021"], "%d-%b-%Y", "certain"),
    (["March 1, 2020", "April 13, 2021"], "%B %d, %Y", "certain"),
    (["20200101", "20211231"], "%Y%m%d", "likely"),
    (["soon", *[f"2020-01-{day}" for day in range(10, 32)]], "%Y-%m-%d", "guess"),
]


@pytest.mark.parametrize(("texts", "form", "sure"), COLUMNS, ids=[form for _, form, _ in COLUMNS])
def test_a_way_of_writing_is_found_and_read(texts, form, sure):
    assert date_format(texts) == (form, sure)
    dates = parse_dates(pd.Series(texts), form)
    assert dates.dtype.kind == "M"
    assert dates.notna().sum() == sum(text not in ("NA", "soon") for text in texts)


@pytest.mark.parametrize(
    "texts",
    [[], ["a", "b"], ["1.5", "2.5"], ["2020-02-30"] * 2, ["192.168.1.1"], ["MARCH1", "SEPT2"], ["1-Mar"], ["9:15"]],
)
def test_other_texts_are_no_dates(texts):
    assert date_format(texts) is None


def test_the_rival_order_is_named():
    assert other_order("%d/%m/%Y %H:%M") == "%m/%d/%Y %H:%M"
    assert spoken("%d/%m/%Y") == "day/month/year"
    dates = parse_dates(pd.Series(["2020-01-02 10:00+02:00"]), "%Y-%m-%d %H:%M%z")
    assert dates.tolist() == [pd.Timestamp("2020-01-02 08:00")]
