"""Suggestions of a target and of columns to leave out."""

import numpy as np
import pandas as pd
import pytest

from core.errors import UserError
from core.reading.samples import load, samples
from core.reading.suggest import MAX_SUGGESTIONS, suggest_leave_out, suggest_targets
from core.table import Table

N = 60


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def table(**columns):
    return Table.from_frame(pd.DataFrame(columns))


def test_a_name_beats_the_last_place(rng):
    suggestions = suggest_targets(table(churn=["no", "yes"] * 30, age=rng.normal(size=N), plan=["a", "b", "c"] * 20))
    assert [suggestion.column for suggestion in suggestions] == ["churn", "plan"]
    assert suggestions[0].reason == "Its name holds the word 'churn' and it has 2 different values."
    assert suggestions[1].reason == "It is the last column that has classes and it has 3 different values."


def test_no_identifier_constant_or_measurement_is_a_target(rng):
    columns = {"id": range(N), "class": ["one"] * N, "label": rng.normal(size=N), "target": [np.nan] * N}
    assert suggest_targets(table(**columns)) == ()


def test_whole_numbers_written_as_decimals_are_classes():
    assert suggest_targets(table(x=[0.5] * N, y=[0.0, 1.0] * 30))[0].column == "y"


def test_not_too_many():
    assert len(suggest_targets(table(**{f"c{j}": ["a", "b"] * 30 for j in range(20)}))) == MAX_SUGGESTIONS


@pytest.mark.parametrize("name", ["Class", "machineFailure", "loan_status", "is fraud", "TARGET_5", "HeartDisease"])
def test_names_in_many_spellings(name, rng):
    columns = {name: ["a", "b"] * 30, "sex": ["m", "f"] * 30, "size": rng.normal(size=N)}
    assert suggest_targets(table(**columns))[0].column == name


def test_leave_out(rng):
    columns = {
        "row": range(N),
        "customer_id": rng.permutation(10_000)[:N],
        "code": [f"P{j}" for j in range(N)],
        "nearly": [f"P{min(j, 57)}" for j in range(N)],
        "constant": "k",
        "empty": np.nan,
        "weight": rng.normal(size=N),
        "distance": rng.permutation(10_000)[:N],
        "only with gaps": [1.0, np.nan] * 30,
        "steps": np.arange(N) * 100,
        "outcome": ["a", "b"] * 30,
    }
    reasons = suggest_leave_out(table(**columns), "outcome")
    assert list(reasons) == ["row", "customer_id", "code", "nearly", "constant", "empty"]
    assert reasons["constant"] == "It has the same value in all 60 rows."
    assert reasons["nearly"] == "Its text is new in nearly every row: 58 different texts in 60 rows."
    assert all(reason.endswith(".") for reason in reasons.values())


def test_the_target_is_never_left_out():
    assert suggest_leave_out(table(x=[1, 2] * 30, code=[f"P{j}" for j in range(N)]), "code") == {}
    with pytest.raises(UserError, match="no column named 'cod'"):
        suggest_leave_out(table(code=["a"] * N), "cod")


def test_tiny_tables_have_no_identifiers():
    assert suggest_leave_out(table(a=["x", "y"], b=[1, 2], y=["p", "q"]), "y") == {}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.slug)
def test_samples(sample):
    loaded = load(sample.slug)
    assert suggest_targets(loaded)[0].column == sample.target
    assert set(sample.leave_out) <= set(suggest_leave_out(loaded, sample.target))


def test_odd_names_do_not_break_suggestions():
    names = ["n" * 5000, "<b>", "", "a\nb", "名前"]
    odd = table(**dict.fromkeys(names, ["a", "b"] * 30))
    assert len(suggest_targets(odd)) == MAX_SUGGESTIONS
