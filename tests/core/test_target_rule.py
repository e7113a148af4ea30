"""Rules for the target: written and read back, applied, counted beforehand, suggested."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.target_rule import TargetRule, preview, suggested_rule

NUMBERS = pd.Series([1, 2, 2, 3, 5, 7, 7, 9, 11, np.nan], name="score")
WORDS = pd.Series(["a"] * 5 + ["b"] * 3 + ["c|d"] * 2 + ["other", None], name="kind")


@pytest.mark.parametrize(
    ("rule", "column", "expected"),
    [
        ("", WORDS, {"a": 5, "b": 3, "c|d": 2, "other": 1}),
        ("merge:fewer_than=3", WORDS, {"a": 5, "b": 3, "other": 3}),
        ("merge:fewer_than=2", WORDS, {"a": 5, "b": 3, "c|d": 2, "other": 1}),
        ("merge:a|b", WORDS, {"other 2": 8, "c|d": 2, "other": 1}),
        ("keep:c%7Cd|a", WORDS, {"a": 5, "other": 4, "c|d": 2}),
        ("keep:2|7", NUMBERS.astype("Int64"), {"other": 5, "2": 2, "7": 2}),
        ("cut:at=7", NUMBERS, {"below 7": 5, "7 or more": 4}),
        ("cut:at=-0.5", -NUMBERS / 4, {"below -0.5": 6, "-0.5 or more": 3}),
        ("cut:above=0.75", NUMBERS, {"up to 7": 7, "above 7": 2}),
        ("bins:n=3", NUMBERS, {"up to 2": 3, "above 2 to 7": 4, "above 7": 2}),
        ("bins:n=2", pd.Series([0] * 8 + [1, 2]), {"up to 0": 8, "above 0": 2}),
    ],
)
def test_a_rule_makes_classes_and_shows_them_beforehand(rule, column, expected):
    parsed = TargetRule.parse(rule)
    assert TargetRule.parse(parsed.text) == parsed
    shown = preview(column, parsed)
    assert shown.set_index("class")["n_samples"].to_dict() == expected == parsed.apply(column).value_counts().to_dict()
    assert list(shown["class"]) == list(expected) and np.isclose(shown["share"].sum(), 1)
    assert parsed.apply(column).isna().equals(column.isna())


@pytest.mark.parametrize("name", ["a|b", "100 %", "x=1", "cut:at=7", "ü 正例", "a+b&c#d", " spaced "])
def test_any_name_survives_the_text_of_a_rule(name):
    for kind in ("merge", "keep"):
        rule = TargetRule(kind, names=(name, "z"))
        assert TargetRule.parse(rule.text) == rule


@pytest.mark.parametrize(
    ("rule", "column", "sentence"),
    [
        ("cut", NUMBERS, "'cut' is no rule for a target. Write merge:fewer_than=30"),
        ("bins:n=3.5", NUMBERS, "'3.5' does not fit in 'bins:n=3.5'. Write a whole number from 2 to 20"),
        ("bins:n=99", NUMBERS, "'99' does not fit"),
        ("cut:at=nan", NUMBERS, "'nan' does not fit"),
        ("cut:above=1", NUMBERS, "'1' does not fit"),
        ("cut:at=100", NUMBERS, "all rows of column 'score' fall into one class; its values go from 1 to 11"),
        ("cut:above=0.9", pd.Series([0, 1, 1, 1], name="flag"), "75 % of them are 1"),
        ("cut:at=7", WORDS, "holds text, which cannot be cut"),
        ("keep:zz", WORDS, "Column 'kind' has no class 'zz'"),
    ],
)
def test_an_unfit_rule_is_refused_in_words(rule, column, sentence):
    with pytest.raises(UserError, match=sentence):
        TargetRule.parse(rule).apply(column)


LEVELS = pd.Series([f"k{i}" for i in range(150) for _ in range(1 + 40 // (1 + i))], name="kind")


@pytest.mark.parametrize(
    ("column", "rule", "reason"),
    [
        (
            pd.Series(np.linspace(0, 1, 500)),
            "cut:above=0.9",
            "500 different numbers. Above 0.899799599198397 lie 50 rows (10 %).",
        ),
        (pd.Series(np.arange(1000) % 29), "cut:above=0.9", "29 different numbers. Above 26 lie 68 rows (6.8 %)."),
        (LEVELS, "merge:fewer_than=10", "150 classes; 146 of them have fewer than 10 rows."),
        (WORDS, None, ""),
        (pd.Series([f"k{i}" for i in range(500)]), None, ""),
        (
            pd.Series([0] * 100 + list(range(25))),
            "cut:above=0.9",
            "25 different numbers. Above 12 lie 12 rows (9.6 %).",
        ),
        (pd.Series([7] * 900 + list(range(-30, 0))), None, ""),
    ],
)
def test_a_rule_is_suggested_where_classes_are_too_many(column, rule, reason):
    found = suggested_rule(column)
    assert (found[0].text if found else None) == rule
    assert found is None or reason in found[1]


def test_a_target_with_too_many_values_is_analysed_by_the_rule_that_is_suggested():
    frame = pd.DataFrame({"x": range(len(LEVELS)), "kind": LEVELS, "size": np.arange(len(LEVELS)) / 7})
    for target in ("kind", "size"):
        with pytest.raises(UserError, match="make fewer classes of it by a rule such as"):
            Dataset.from_frame(frame, target)
        rule = suggested_rule(frame[target])[0]
        data = Dataset.from_frame(frame, target, rule=rule.text)
        assert data.counts.sum() == len(frame) and 2 <= len(data.classes) <= 100
