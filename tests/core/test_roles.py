"""Roles of columns: what becomes of each, whole groups and ordered folds everywhere, and tested rows only in every check."""

import re

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.__main__ import main
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation.compare import evaluate
from core.held_out import with_test
from core.learners.cross_fitting import inner_folds
from core.registry import methods
from core.roles import ROLES, SYNTHETIC
from core.study import Study
from core.table import Table

N = 300
HOSTILE = "<img src=x onerror=window.__xss=1>"
DAYS = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) // 2, "D")


def frame(**columns):
    rng = np.random.default_rng(0)
    y = rng.random(N) < 0.2
    given = {"x": rng.normal(size=N) + y, "z": rng.normal(size=N), **columns, "y": np.where(y, "yes", "no")}
    return pd.DataFrame(given)


TABLE = frame(
    patient=[f"p{i}" for i in np.random.default_rng(1).integers(0, 60, N)],
    site=[f"s{i % 3}" for i in range(N)],
    day=DAYS.strftime("%d/%m/%Y"),
    zone=np.arange(N) % 4,
    grade=np.where(np.arange(N) % 5, 1.5, 2.0),
)


def features(**choices):
    return Dataset.from_frame(TABLE, "y", **choices)


ALL = ["x", "z", "patient", "site", "day", "zone", "grade"]


@pytest.mark.parametrize(
    ("role", "kept"),
    [(role, role in ("feature", "sensitive")) for role in ROLES],
)
def test_a_role_decides_what_is_learned_from(role, kept):
    column = {"time": "day", "cost": "zone"}.get(role, "site")
    data, plain = features(roles={column: role}, synthetic_values=["s2"] * (role == SYNTHETIC)), features()
    assert list(data.X) == [name for name in ALL if kept or name != column]
    assert data.roles.get(role, ()) == (() if role == "feature" else (column,))
    assert (data.fingerprint != plain.fingerprint) == (role != "feature")
    assert (data.group_codes is not None, data.order is not None) == (role == "group", role == "time")


def test_every_choice_changes_the_fingerprint_and_equal_choices_do_not():
    choices = [
        {}, {"leave_out": ["zone"]}, {"roles": {"zone": "identifier"}}, {"roles": {"site": "sensitive"}}, {"as_category": ["zone"]},
        {"rule": "keep:yes"}, {"roles": {"site": "group"}}, {"roles": {"patient": "group"}},
    ]  # fmt: skip
    assert len({features(**choice).fingerprint for choice in choices}) == len(choices)
    assert features(leave_out=["zone"]).fingerprint == features(roles={"zone": "leave out"}).fingerprint
    one, other = {"site": "group", "zone": "sensitive"}, {"zone": "sensitive", "site": "group"}
    assert features(roles=one).fingerprint == features(roles=other).fingerprint


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"roles": {"sit": "group"}}, "no column named 'sit'. Did you mean 'site'"),
        ({"roles": {"site": "groups"}}, "no role named 'groups'. Did you mean 'group'"),
        ({"as_category": ["zon"]}, "no column named 'zon'"),
        ({"roles": {"site": "time"}}, "neither numbers nor dates, such as 's0'"),
        ({"roles": dict.fromkeys(ALL, "identifier")}, "No column is left to learn from"),
    ],
)
def test_an_unfit_choice_is_refused_in_words(choices, sentence):
    with pytest.raises(UserError, match=sentence):
        features(**choices)


def priced(**columns):
    return Dataset.from_frame(frame(**columns), "y", roles={"amount": "cost"})


def test_a_cost_column_is_kept_apart_and_goes_where_its_rows_go():
    amount = np.where(np.arange(N) % 50, np.arange(N) % 7 + 1.0, np.nan)
    data = priced(amount=amount)
    assert list(data.X) == ["x", "z"] and data.costs["amount"].isna().sum() == 6
    assert "6 rows without a value in 'amount' taken to cost the mean of the class of interest." in data.notes
    rows = np.array([7, 3, 1])
    assert data.take(rows).costs["amount"].tolist() == [1.0, 4.0, 2.0]
    study = Study(data, positive="yes", learner="linear")
    own = study.codes == study.positive_code
    filled = np.where(np.isnan(amount), np.nanmean(amount[own]), amount)
    assert study.row_costs == pytest.approx(filled)
    both = with_test(data, Table.from_frame(frame(amount=np.arange(N) + 0.5, x=np.arange(N) / 7.0)))
    assert both.test.costs["amount"].iloc[3] == 3.5 and "'amount'" not in " ".join(both.test.notes)
    for column, told in (
        ({}, f"{N} test rows without a value in 'amount' taken to cost the mean"),
        ({"amount": amount - 2}, "6 test rows without a value in 'amount' taken to cost the mean"),
        ({"amount": amount - 2}, r"\d+ test rows with a negative value in 'amount' taken to cost nothing"),
    ):
        test = with_test(data, Table.from_frame(frame(x=np.arange(N) / 7.0).assign(**column))).test
        assert re.search(told, " ".join(test.notes))
    assert with_test(data, Table.from_frame(frame(x=np.arange(N) / 7.0))).test.costs.shape[1] == 0


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (["much"] * N, "Column 'amount' holds text, such as 'much', and not what a miss costs."),
        ([HOSTILE] * N, "holds text, such as '<img src=x"),
        (DAYS.strftime("%Y-%m-%d"), "holds text, such as '2024-01-01'"),
        (np.full(N, np.nan), "has no value in any row"),
        (np.full(N, np.inf), "has no value in any row"),
        (np.where(np.arange(N) < 150, -3.0, 2.0), r"is negative in \d+ rows of 'yes', and a cost is not"),
        (np.zeros(N), "is 0 in all rows of 'yes'"),
        (np.full(N, 1e308), "holds numbers that are too large to be added up"),
    ],
)
def test_what_cannot_be_a_cost_is_said_in_one_sentence(amount, sentence):
    with pytest.raises(UserError, match=sentence) as told:
        Study(priced(amount=amount), positive="yes")
    assert "another role than 'cost'" in told.value.remedy


def test_one_column_says_what_a_miss_costs():
    with pytest.raises(UserError, match="'zone' and 'grade' both have the role 'cost'"):
        features(roles={"zone": "cost", "grade": "cost"})


def test_the_command_line_takes_a_cost_column_out_of_the_features(tmp_path, capsys):
    path = tmp_path / "priced.csv"
    frame(amount=np.arange(N) % 9 + 1.0, site=[f"s{i % 3}" for i in range(N)]).to_csv(path, index=False)
    start = ["costs", str(path), "--target", "y", "--class", "yes", "--learner", "linear", "--cost-column"]
    assert main([*start, "amount", "--alarm-cost", "0.5"]) == 0
    told = capsys.readouterr().out
    assert "Counts of errors still speak of cost" in told and "by the cost of each row" in told
    assert main([*start, "site", "--cost", "5"]) == 2
    assert "holds text, such as 's0'" in capsys.readouterr().err
    assert main(["costs", *start[1:-1], "--alarm-cost", "1"]) == 2
    assert "Give the role 'cost' to a column of numbers" in capsys.readouterr().err


def test_dates_that_stay_features_are_counted_in_days_and_told():
    data = features()
    assert data.X["day"].iloc[[0, 2, 299]].tolist() == [19723.0, 19724.0, 19872.0]
    assert data.notes == ("Dates in 'day', day/month/year, counted in days.",)
    assert data.suspected == {"group": ("patient",), "time": ("day",)} and data.roles["group"] == ()


def test_numbers_that_are_codes_become_text_as_they_stand_in_the_file():
    data = features(as_category=["zone", "grade"])
    assert list(data.X["zone"].cat.categories) == ["0", "1", "2", "3"]
    assert list(data.X["grade"].cat.categories) == ["1.5", "2"]


def test_several_group_columns_make_one_key_and_a_row_without_a_group_stands_alone():
    table = TABLE.assign(patient=TABLE["patient"].where(np.arange(N) > 3), site=TABLE["site"].where(np.arange(N) > 3))
    data = Dataset.from_frame(table, "y", roles={"patient": "group", "site": "group"})
    key = data.group_codes
    assert (key[:4] == -1).all() and len(set(key[4:])) == len(
        set(zip(TABLE["patient"][4:], TABLE["site"][4:], strict=True))
    )
    assert "4 rows without a value in 'patient' and 'site' taken as a group of one row each." in data.notes


@pytest.mark.parametrize("roles", [{"patient": "group"}, {"day": "time"}, {"patient": "group", "day": "time"}])
def test_groups_stay_whole_and_time_runs_forward_in_outer_and_inner_folds(roles):
    study = Study(features(roles=roles), learner="linear")
    codes, order = study.dataset.group_codes, study.dataset.order
    assert len(study.folds) == (10 if order is None else 5)
    pairs = list(study.folds)
    for train, _ in study.folds:
        inner = inner_folds(study.codes[train], 0, study.rows.take(train))
        assert inner
        pairs += [(train[a], train[b]) for a, b in inner]
    for train, test in pairs:
        assert codes is None or not set(codes[train]) & set(codes[test])
        assert order is None or order[train].max() < order[test].min()
    assert all(
        ("'patient'" in study.plan, "'day'" in study.plan)[i] == (name in roles)
        for i, name in enumerate(("patient", "day"))
    )


def drifting():
    """The class depends on the batch, batches follow each other in time, and a tenth of the cells is empty."""
    rng = np.random.default_rng(3)
    batch = np.sort(rng.integers(0, 30, N))
    y = rng.random(N) < np.where(rng.random(30) < 0.25, 0.8, 0.05)[batch]
    x = np.where(rng.random(N) < 0.1, np.nan, rng.normal(size=N) + y)
    data = pd.DataFrame({"x": x, "z": rng.normal(size=N) + y, "batch_no": [f"b{b}" for b in batch], "when": batch})
    return data.assign(y=np.where(y, "yes", "no")).sample(frac=1, random_state=0, ignore_index=True)


def test_scores_with_folds_that_follow_time_do_not_profit_from_later_rows():
    found = {}
    for role in ("leave out", "time"):
        study = Study(Dataset.from_frame(drifting(), "y", roles={"when": role}), learner="linear", n_repeats=1)
        result = evaluate(study, [])
        found[role] = result.tables["scores"].set_index("metric").loc["average precision", "value"]
    assert found["leave out"] > found["time"] + 0.05
    assert any(finding.text == study.plan for finding in result.findings)
    evidence = result.tables["evidence"].set_index("measure")["value"]
    assert evidence["folds"] == 5 and evidence["repeats"] == 1
    assert evidence.iloc[:2].sum() == study.tested.sum() < N


def test_every_check_runs_with_folds_that_follow_time_and_names_tested_rows_only():
    study = Study(Dataset.from_frame(drifting(), "y", roles={"when": "time"}), learner="linear")
    assert np.isnan(study.out_of_fold()[~study.tested]).all() and 0 < study.tested.sum() < N
    labels, sizes = study.dataset.y.to_numpy(), study.dataset.y[study.tested].value_counts()
    named = {"missed_rows", "hidden_positives", "label_noise", "sub_clusters", "shapley_values"}
    for item in methods("diagnostic"):
        result = engine.run(item.slug, study)
        for table in result.tables.values() if item.slug in named else ():
            if "row" in table and len(table):
                rows = table["row"].to_numpy(dtype=int) - 1
                assert study.tested[rows].all(), item.slug
                column = next(iter({"given label", "label"} & set(table)), None)
                expected = table[column] if column else table.get("class", study.positive)
                assert (labels[rows] == expected).all(), item.slug
        if item.slug in ("evidence", "hidden_class"):
            assert result.tables["classes"].set_index("class")["n_samples"].to_dict() == sizes.to_dict()
    with pytest.raises(UserError, match="is only learned from, so no model explains it"):
        engine.run("shapley_values", study, row=int(np.flatnonzero(~study.tested)[0]) + 1)


def test_groups_across_folds_has_nothing_to_warn_of_once_the_folds_keep_groups():
    patient = np.random.default_rng(2).permutation(N) // 5
    twins = np.random.default_rng(3).normal(size=(60, 2))[patient]
    data = pd.DataFrame(
        {"a": twins[:, 0], "b": twins[:, 1], "patient": patient, "y": np.where(patient % 6 == 0, "yes", "no")}
    )
    before = engine.run("groups_across_folds", Study(Dataset.from_frame(data, "y", leave_out=["patient"])))
    study = Study(Dataset.from_frame(data, "y", roles={"patient": "group"}))
    after = engine.run("groups_across_folds", study)
    assert before.severity == "issue" and after.severity == "fine" and after.findings[0].text == study.plan
    assert after.tables["groups"]["n_across"].item() == 0 < before.tables["groups"]["n_across"].item()


@pytest.mark.parametrize(
    ("choices", "roles", "sentence"),
    [
        (
            {"positive": "yes"},
            {"home": "group"},
            "No fold both learns from and is tested on class 'yes' with its 20 rows",
        ),
        ({}, {"home": "group"}, "Fewer than 2 classes stand on both sides"),
        ({}, {"three": "group"}, "The rows are in 3 groups; at least 5 are needed for 5 folds"),
        ({"positive": "yes"}, {"late": "time"}, "Fold 1 of 5 in the order of time would learn from"),
    ],
)
def test_a_class_that_no_fold_can_judge_is_said_in_words(choices, roles, sentence):
    y = np.repeat(["no", "yes"], (100, 20))
    home, third = np.where(y == "yes", "one home", [f"h{i // 4}" for i in range(120)]), np.arange(120) % 3
    columns = {"x": np.arange(120.0), "home": home, "three": third, "late": np.arange(120), "y": y}
    if choices and "home" in roles:
        columns["y"] = np.where(np.arange(120) % 5 == 0, "maybe", y)
        columns["y"][100:] = "yes"
    with pytest.raises(UserError, match=sentence):
        Study(Dataset.from_frame(pd.DataFrame(columns), "y", roles=roles), **choices)


def test_the_command_line_takes_roles_codes_and_a_rule(tmp_path, capsys):
    path = tmp_path / "plant.csv"
    TABLE.assign(level=np.arange(N) % 30).to_csv(path, index=False)
    command = ["diagnose", str(path), "--only", "class_distribution", "--target", "level", "--target-rule", "cut:at=24"]
    roles = ["--role", "day=time", "--role", "patient=group", "--category", "zone"]
    assert main([*command, *roles]) == 0
    told = capsys.readouterr()
    assert "Class of interest '24 or more': 60 of 300 rows (20 %)\nFolds follow 'day'" in told.out
    assert "all rows of one 'patient' together: " in told.out and "patient" not in told.err and "zone" not in told.err
    assert main([*command, "--role", "day"]) == 2
    assert "'day' gives no role to a column." in capsys.readouterr().err
    assert main(["suggest", str(path), "--target", "level"]) == 0
    told = capsys.readouterr().out
    assert "'day': time. It holds dates, written day/month/year." in told and "'zone': Its name says" in told
    assert "Target rule\n  cut:above=0.9: It has 30 different numbers." in told
