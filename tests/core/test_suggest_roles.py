"""Suggested roles: each with its reason, and none where the column is plainly a feature."""

import time

import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.reading.roles import suggest_categories, suggest_roles
from core.roles import ROLES
from core.table import Table

N = 1200
RNG = np.random.default_rng(0)
RARE = RNG.random(N) < 0.1
KIND = np.where(RARE, "fault", "fine")
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 400, N), "D")
FLAG = np.where(RARE & (RNG.random(N) < 0.5), 1, 0)


def suggested(values, name="w", target=KIND, **choices):
    table = Table.from_frame(pd.DataFrame({"m": RNG.normal(size=N), name: values, "outcome": target}))
    return suggest_roles(table, "outcome", **choices).get(name)


@pytest.mark.parametrize(
    ("name", "values", "role", "reason"),
    [
        ("w", np.arange(N), "identifier", "It numbers the rows: 1,200 whole numbers"),
        ("w", [f"x{i}y" for i in range(N)], "identifier", "its text is different in all 1,200 rows"),
        ("w", ["a"] * N, "leave out", "It has the same value in all 1,200 rows."),
        ("w", [None] * N, "leave out", "It has no value in any row."),
        ("w", DAYS.strftime("%d.%m.%Y"), "time", "It holds dates, written day.month.year."),
        ("w", DAYS.strftime("%Y-%m-%d %H:%M"), "time", "written year-month-day hour:minute"),
        ("Time", np.sort(RNG.integers(0, 900, N)), "time", "it never falls from row to row"),
        ("w", np.where(RARE, "broken", "whole"), "second label", "area under the ROC curve of at least 1.000"),
        ("w", np.where(RARE, RNG.normal(9, 1, N), RNG.normal(-9, 1, N)), "second label", "area under the ROC curve"),
        ("w", FLAG, "second label", "with the value '1' are 'fault': it may follow from the outcome"),
        ("patient_id", RNG.integers(0, 200, N), "group", "and its name says whom they belong to"),
        ("w", [f"p{i}" for i in RNG.integers(0, 200, N)], "group", "and they look like codes"),
        ("Sex", RNG.choice(["f", "m"], N), "sensitive", "Its name holds the word 'sex'"),
        ("age_years", RNG.integers(18, 90, N), "sensitive", "Its name holds the word 'age'"),
        ("w", RNG.normal(size=N), None, ""),
        ("w", np.where(RARE, 1.0, 0.0) + RNG.normal(size=N), None, ""),
        ("w", RNG.choice(["red", "blue"], N), None, ""),
        ("w", np.where(RNG.random(N) < 0.03, 1, 0), None, ""),
        ("time", RNG.integers(0, 900, N), None, ""),
        ("stage", RNG.integers(0, 4, N), None, ""),
    ],
)
def test_a_role_comes_with_its_reason(name, values, role, reason):
    found = suggested(values, name)
    assert (found.role if found else None) == role
    assert found is None or (reason in found.reason and found.role in ROLES and found.reason.endswith("."))
    assert found is None or found.confidence in ("certain", "likely", "guess")


def test_a_coarser_form_of_a_target_of_many_classes_is_a_second_label():
    kinds = RNG.choice(["none", "worm", "probe", "flood"], N, p=[0.4, 0.3, 0.2, 0.1])
    assert "share one value of it" in suggested(np.where(kinds == "none", 0, 1), target=kinds).reason
    assert suggested(np.where(RNG.random(N) < 0.5, 0, 1), target=kinds) is None


def test_columns_beside_the_target_with_its_values_that_go_with_it_are_second_labels():
    near = np.where(RNG.random(N) < 0.9, RARE, ~RARE).astype(int)
    frame = pd.DataFrame({"m": RNG.normal(size=N), "far": 1 - near, "between": RNG.normal(size=N), "beside": near})
    found = suggest_roles(Table.from_frame(frame.assign(outcome=RARE.astype(int))), "outcome")
    assert list(found) == ["beside"] and "It stands beside the target, holds the same values" in found["beside"].reason


def test_a_rule_for_the_target_is_followed_and_many_values_are_no_classes():
    score = RNG.normal(size=N)
    assert suggested(score > 1, target=score, rule="cut:at=1").role == "second label"
    assert suggested(score > 1, target=score) is None
    with pytest.raises(UserError, match="no column named 'outcom'"):
        suggest_roles(Table.from_frame(pd.DataFrame({"a": [1, 2]})), "outcom")


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("zone", RNG.integers(1, 6, N), "Its name says that its 5 whole numbers are codes."),
        (
            "w",
            np.where(RARE, RNG.choice([1, 4], N), RNG.choice([0, 2, 3, 5], N)),
            "turns 4 times over its 6 whole numbers",
        ),
        ("w", RNG.integers(1, 6, N), None),
        ("w", np.where(RARE, RNG.integers(3, 6, N), RNG.integers(1, 6, N)), None),
        ("number_of_zones", RNG.integers(1, 6, N), None),
        ("zone", RNG.integers(0, 50, N), None),
        ("zone", RNG.integers(0, 5, N) / 2, None),
    ],
)
def test_numbers_that_may_be_codes(name, values, reason):
    table = Table.from_frame(pd.DataFrame({name: values, "outcome": KIND}))
    found = suggest_categories(table, "outcome")
    assert (reason is None and not found) or reason in found[name]


def test_ten_thousand_rows_of_twenty_columns_take_half_a_second():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(10_000, 14)))
    for i in range(6):
        frame[f"t{i}"] = rng.choice([f"w{j}" for j in range(5 * 2**i)], 10_000)
    table = Table.from_frame(frame.assign(outcome=rng.choice(["a", "b"], 10_000)))
    start = time.process_time()
    suggest_roles(table, "outcome")
    assert time.process_time() - start < 0.5
