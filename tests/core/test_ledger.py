"""The ledger: accounts add up, and a planted cause stands in its own account."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from causes import CAUSES, COSTS, SIZES, untouched

from core import engine
from core.dataset import Dataset
from core.errors import NotApplicable
from core.ledger.accounts import ACCOUNTS, ledger
from core.ledger.opened import opened, with_cells
from core.ledger.sorting import SORTERS
from core.study import Study
from core.synthetic import planted

INNOCENT = ("threshold", "unexplained")
"""Accounts that blame nothing."""


@cache
def judged(cause, ratio):
    """The study of a planted table, which keeps what it measures, and which rows were planted."""
    dataset, rows = CAUSES[cause](SIZES[ratio], 0)
    return Study(dataset, miss_cost=COSTS.get(cause, 0.0)), rows


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("ratio", SIZES)
def test_a_planted_cause_stands_in_its_own_account(cause, ratio):
    study, planted_rows = judged(cause, ratio)
    found = ledger(study)
    rows = planted_rows[found.missed]
    assert rows.sum() >= 15
    assert np.mean(found.account[rows] == cause) >= 0.8


@pytest.mark.parametrize("ratio", SIZES)
def test_the_misses_of_a_clean_table_are_blamed_on_nothing(ratio):
    studies = [Study(untouched(SIZES[ratio], seed)[0]) for seed in (0, 1, 2)]
    accounts = np.concatenate([ledger(study).account for study in studies])
    assert len(accounts) >= 20
    assert np.mean(~np.isin(accounts, INNOCENT)) <= 0.1


def test_every_account_has_a_rule_and_the_order_is_that_of_the_list():
    assert [*SORTERS, "unexplained"] == list(ACCOUNTS)


@pytest.mark.parametrize("condition", ["overlap", "label_noise", "random_gaps"])
@pytest.mark.parametrize("class_sizes", [(900, 100), (500, 200, 40)])
def test_accounts_add_up(condition, class_sizes):
    study = Study(planted(condition, class_sizes=class_sizes))
    tables = engine.run("missed_rows", study).tables
    missed = (study.codes == study.positive_code) & (study.out_of_fold().argmax(axis=1) != study.positive_code)
    assert sorted(tables["rows"]["row"] - 1) == np.flatnonzero(missed).tolist()
    assert tables["accounts"]["n_rows"].sum() == missed.sum()
    assert tables["rows"]["account"].value_counts().to_dict() == dict(
        zip(tables["accounts"]["account"], tables["accounts"]["n_rows"], strict=True)
    )
    steps = tables["waterfall"].set_index("step")["value"]
    now = 1 - missed.sum() / study.class_sizes[study.positive_code]
    assert steps["Found now"] == pytest.approx(now)
    assert steps["All rows of the class"] == 1
    assert steps["Within reach"] == pytest.approx(now + steps.filter(like="Won back").sum())


def test_the_gain_of_the_threshold_is_the_recall_that_it_adds():
    study, _ = judged("threshold", "1:20")
    found, result = ledger(study), engine.run("missed_rows", study)
    before, after = result.tables["alarms"].itertuples()
    assert after.recall - before.recall == pytest.approx(found.gains["threshold"].value)
    assert found.gains["threshold"].low > 0 and before.recall < 0.5 < after.recall
    assert after.false_alarms > before.false_alarms
    assert result.suggests[0] == "tuned_threshold"


def test_what_cannot_be_won_back_is_said_and_gains_nothing():
    study, _ = judged("contradicted", "1:20")
    found, result = ledger(study), engine.run("missed_rows", study)
    assert found.gains["contradicted"].value == found.gains["contradicted"].high == 0
    assert any("cannot be won back" in finding.text and "20 of 100 rows" in finding.text for finding in result.findings)


def test_gaps_are_worth_what_complete_rows_are():
    study, rows = judged("gaps", "1:20")
    found = ledger(study)
    whole = (study.codes == 1) & ~rows
    hits = (study.out_of_fold()[whole, 1] > 0.5).mean()
    gain = found.gains["gaps"]
    assert gain.value == pytest.approx((found.account == "gaps").mean() * len(found.missed) / 100 * hits, abs=0.02)
    assert gain.low < gain.value <= gain.high


def test_a_stated_cost_is_the_threshold():
    dataset = planted("overlap")
    assert np.all(ledger(Study(dataset, miss_cost=19)).threshold == 0.05)
    low, high = (np.sum(ledger(Study(dataset, miss_cost=c)).account == "threshold") for c in (2, 50))
    assert low < high


def test_a_class_that_is_found_has_no_account():
    result = engine.run("missed_rows", Study(planted("leak")))
    assert result.severity == "fine" and result.tables["accounts"].empty
    assert result.findings[0].text.startswith("No row of 'rare' is missed: all 100 rows")


def test_too_few_rows_get_a_sentence():
    with pytest.raises(NotApplicable, match=r"'rare' has 6 rows; 10 are needed"):
        ledger(Study(planted("few_rows"), positive="rare"))


def test_rows_are_opened_with_their_cells():
    dataset = planted("overlap")
    frame = dataset.X.assign(row=range(dataset.n_samples), ward=np.where(np.arange(dataset.n_samples) % 3, "b", "a"))
    study = Study(Dataset.from_frame(frame.assign(outcome=dataset.y), "outcome"))
    rows = engine.run("missed_rows", study).tables["rows"].head(3)
    full = with_cells(study, rows)
    assert full["row, cell"].tolist() == (rows["row"] - 1).tolist()
    one = opened(study, int(rows["row"].iloc[0]), "common").set_index("column")
    ward = "b" if (rows["row"].iloc[0] - 1) % 3 else "a"
    assert one.loc["ward", ["this row", "its class", "rival"]].tolist() == [ward, "b", "b"]
    first = one.iloc[0]
    assert first["distance"] == one["distance"].max()


def test_names_of_cells_stay_unique():
    dataset = planted("overlap")
    frame = dataset.X.iloc[:, :2].set_axis(["row", "row, cell"], axis=1)
    study = Study(Dataset.from_frame(frame.assign(outcome=dataset.y), "outcome"))
    full = with_cells(study, pd.DataFrame({"row": [3]}))
    assert full.columns.tolist() == ["row", "row, cell", "row, cell.2"]


@pytest.mark.parametrize("sizes", [(920, 80), (291, 11)])
def test_no_threshold_finds_rows_of_a_model_that_knows_nothing(sizes):
    labels = np.repeat(["common", "rare"], sizes)
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(sum(sizes))], "outcome": labels})
    found = ledger(Study(Dataset.from_frame(frame, "outcome")))
    assert len(found.missed) == sizes[1] and not (found.account == "threshold").any()
    assert found.alarms == (0, 0)


def test_the_largest_numbers_are_opened_without_overflow():
    dataset = planted("overlap")
    values = (np.arange(dataset.n_samples) % 3 - 1) * 1.79e308
    frame = pd.DataFrame({"a": values, "outcome": dataset.y})
    one = opened(Study(Dataset.from_frame(frame, "outcome")), 1, "common")
    assert one.loc[0, "this row"] == "-1.79e+308" and np.isfinite(one["distance"]).all()
