"""Exposure: what the graph of neighbours forecasts is what the attack finds, and what it cannot speak of is said."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from core.dataset import Dataset
from core.evaluation.attack import attack
from core.evaluation.attack import draw as draw_attack
from core.evaluation.exposure import NEVER, draw, exposure
from core.evaluation.record_graphs import fractional, revealed
from core.numerics.exposure import at_least, edges, exposed, rows_on_edges
from core.numerics.neighbours import nearest
from core.numerics.reconstruction import between_others, reconstruct, standardised
from core.recipe import Recipe
from core.study import Study

FORECAST = {
    (5, 5): 0.132,
    (8, 5): 0.505,
    (10, 5): 0.698,
    (15, 5): 0.926,
    (20, 5): 0.986,
    (27, 5): 0.999,
    (20, 3): 0.967,
}
"""What the formula gives for 60 records of 8 normal columns by rows per record and neighbours, as printed."""


def normal(n_rare, n_common, n_columns, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_common + n_rare, n_columns))
    X[n_common:, 0] += shift
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(n_columns)])
    return frame.assign(outcome=np.repeat(["common", "rare"], [n_common, n_rare]))


def study_of(frame):
    return Study(Dataset.from_frame(frame, "outcome"))


def test_rows_on_an_edge_are_those_of_both_ends():
    graph = edges(np.array([[1, 2], [0, 2], [0, 1], [0, 1]]))
    assert list(zip(*(ends.tolist() for ends in graph[:2]), strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
    few = rows_on_edges(np.full(4, 6.0), 2, graph)
    mutual = graph[2] & graph[3]
    assert mutual.tolist() == [True, True, False, True, False]
    for rows, both in zip(few, mutual, strict=True):
        assert rows == pytest.approx(binom.pmf([0, 1, 2], 12 if both else 6, 0.5))
    half = rows_on_edges(np.full(4, 2.5), 2, graph)[2]
    assert half == pytest.approx((binom.pmf([0, 1, 2], 2, 0.5) + binom.pmf([0, 1, 2], 3, 0.5)) / 2)


def test_the_chance_of_three_lines_is_that_of_all_outcomes_added_up():
    first, second = np.array([0, 0, 0, 0, 1]), np.array([1, 2, 3, 4, 2])
    chance = np.array([0.9, 0.3, 0.5, 0.2, 0.6])
    own = sum(
        np.prod(np.where(hits, chance[:4], 1 - chance[:4])) for hits in product([0, 1], repeat=4) if sum(hits) >= 3
    )
    three, two = at_least(chance, first, second, 5, (3, 2))
    assert three[0] == pytest.approx(own) and three[1:].tolist() == [0, 0, 0, 0]
    assert two[1] == pytest.approx(0.9 * 0.6)


@pytest.mark.parametrize(("setting", "printed"), FORECAST.items())
def test_the_forecast_is_the_printed_one(setting, printed):
    ratio, k = setting
    found = []
    for seed in range(5):
        records = np.random.default_rng(seed).normal(size=(60, 8))
        near = nearest(records, records, k, itself=True)[0]
        found.append(exposed(near, np.full(60, float(ratio)), even=False)[0].mean())
    assert np.mean(found) == pytest.approx(printed, abs=0.01)


@pytest.mark.parametrize(
    ("recipe", "n_columns"),
    [
        ("smote:balance=0.5", 8),
        ("smote:k=3", 8),
        ("smote", 2),
        ("adasyn:balance=0.6", 6),
        ("borderline_smote:balance=0.6", 6),
    ],
)
def test_the_attack_finds_what_was_forecast_and_nothing_else(recipe, n_columns):
    forecast, recall = [], []
    for seed in range(3):
        study = study_of(
            normal(60, 660, n_columns, seed, shift=1.5 if "smote:" not in recipe or "border" in recipe else 0)
        )
        chosen = Recipe.parse(recipe)
        result = attack(study, chosen, changes=False)
        row = result.tables["attacks"].iloc[0]
        assert row["precision"] == 1 and row["n_found"] > 0
        assert row["forecast"] == pytest.approx(revealed(study, chosen)[1].chance.mean())
        forecast.append(row["forecast"])
        recall.append(row["recall"])
    assert np.mean(recall) == pytest.approx(np.mean(forecast), abs=0.07)


def test_records_are_told_from_made_rows_and_rounding_stops_only_who_expects_exact_lines():
    result = attack(study_of(normal(60, 660, 8)), Recipe.parse("smote"))
    mixed = result.tables["attacks"].set_index("attack").loc["records and made rows mixed"]
    assert mixed["precision"] == 1 and mixed["recall"] == 1
    changes = result.tables["changes"].set_index(["change", "attacker"])["recall"]
    assert changes["rounded 0.0001", "exact"] == 0 and changes["jitter 0.0001", "exact"] == 0
    assert changes["rounded 1e-06", "tolerant"] > 0.5
    assert "no guarantee of privacy" in " ".join(finding.text for finding in result.findings)
    assert set(draw_attack(result)) == {
        "Records found in the made rows",
        "Records found after a change to the made rows",
    }
    assert result.tables["records"].groupby("found")["forecast"].mean().is_monotonic_increasing


def test_two_lines_are_enough_for_a_bolder_attacker_but_not_in_a_plane():
    wide, flat = (
        attack(study_of(normal(60, 560, n)), Recipe.parse("smote"), changes=False).tables["attacks"] for n in (8, 2)
    )
    found = wide.set_index("attack").loc["made rows, 2 lines"]
    assert found["precision"] == 1 and found["recall"] > wide["recall"].iloc[0] + 0.1
    assert (
        flat["attack"].tolist() == ["made rows, 3 lines", "records and made rows mixed"]
        and flat["precision"].min() == 1
    )


@pytest.mark.parametrize(
    ("recipe", "said"),
    [("smote", "can be picked out"), ("rose", "were not told from them"), ("random_oversampling", "are copies")],
)
def test_records_are_said_to_be_told_only_where_guessing_is_beaten(recipe, said):
    found = attack(study_of(normal(40, 200, 4)), Recipe.parse(recipe), changes=False).findings
    assert any(said in finding.text for finding in found)
    assert sum("picked out" in finding.text for finding in found) == (recipe == "smote")


def test_the_rarest_class_is_told_of_first_where_the_class_of_interest_does_not_grow():
    frame = normal(60, 400, 4).assign(outcome=np.repeat(["common", "less", "rare"], [300, 120, 40]))
    study = Study(Dataset.from_frame(frame, "outcome"), "common")
    assert "record of 'rare'" in exposure(study, Recipe.parse("smote")).findings[0].text


def test_rows_closer_than_numbers_can_say_hinder_nothing():
    Z = np.column_stack([np.zeros(9), 1e-310 * np.arange(9), np.repeat([0.0, 1.0, 2.0], 3)])
    assert between_others(Z, 4).shape == (9,)


def test_more_rows_than_are_attacked_are_thinned_at_the_same_ratio():
    study = study_of(normal(200, 4200, 6))
    result = attack(study, Recipe.parse("smote"), max_rows=500, changes=False)
    row = result.tables["attacks"].iloc[0]
    assert row["n_made"] / row["n_records"] == pytest.approx(20, abs=0.5) and row["n_made"] <= 520
    assert row["recall"] == pytest.approx(row["forecast"], abs=0.07) and row["precision"] == 1
    assert any("random" in finding.text for finding in result.findings)


def test_the_forecast_says_how_many_records_which_balance_and_what_must_not_comfort():
    result = exposure(study_of(normal(100, 1900, 6)), Recipe.parse("smote"))
    row = result.tables["classes"].iloc[0]
    assert (row["n_records"], row["n_made"], row["k"], row["n_columns"]) == (100, 1800, 5, 6)
    assert row["low"] < row["share"] == pytest.approx(result.tables["records"]["probability"].mean())
    assert result.tables["bands"]["n_records"].sum() == 100
    balances = result.tables["balances"]
    assert balances["share"].is_monotonic_increasing and balances["share"].iloc[-1] == pytest.approx(row["share"])
    texts = [finding.text for finding in result.findings]
    assert "of its 100 records" in texts[0] and "At a balance of 0.2" in texts[1] and NEVER in texts
    assert result.severity == "caution", "no forecast comforts"
    assert len(draw(result)) == 2


def test_columns_that_made_rows_keep_show_no_lines():
    frame = normal(40, 400, 6)
    frame["x0"], frame["x1"] = frame["x0"].round(), np.where(frame["x1"] > 0, 0.25, 0.75)
    frame.loc[frame.index[-3], "x2"] = np.nan
    frame["text"] = np.where(frame["x3"] > 0, "a", "b")
    study = study_of(frame)
    assert fractional(study.dataset.X, np.flatnonzero(study.codes == 1)) == ["x3", "x4", "x5"]
    kinds = exposure(study, Recipe.parse("smote")).tables["columns"].set_index("kind")["n_columns"]
    assert kinds.tolist() == [3, 1, 2, 1]
    result = attack(study, Recipe.parse("smote"), changes=False)
    assert result.tables["attacks"].iloc[0]["precision"] == 1 and result.tables["attacks"]["n_columns"].unique() == [3]
    result = exposure(study_of(frame.drop(columns=["x3", "x4"])), Recipe.parse("smote"))
    assert "classes" not in result.tables and "no guarantee" in result.findings[0].text


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [("random_oversampling", "each copy shows a record"), ("tiered_upsampling", "each copy shows a record"),
     ("imbalanced_learn:sampler=RandomOverSampler", "each copy shows a record"), ("imbalanced_learn:sampler=ClusterCentroids", "puts centres"),
     ("imbalanced_learn:sampler=SVMSMOTE", "(sampler SVMSMOTE)'. The attack can be run"), ("random_undersampling", "makes no rows"), ("", "makes no rows"), ("rose", "does not cover"),
     ("copula_synthesis", "exact copies are counted"), ("ceos", "The attack can be run")],
)  # fmt: skip
def test_what_the_forecast_does_not_cover_is_said(recipe, sentence):
    result = exposure(study_of(normal(30, 90, 3)), Recipe.parse(recipe))
    assert result.severity == "not applicable" and sentence in result.findings[0].text


def test_of_a_working_sample_the_ratio_is_that_of_the_whole_table():
    frame = normal(100, 2900, 4)
    whole, part = (Study(Dataset.from_frame(frame, "outcome", working_rows=size)) for size in (0, 900))
    rows = [exposure(study, Recipe.parse("smote:balance=0.3")).tables["classes"].iloc[0] for study in (whole, part)]
    assert part.class_sizes.tolist() == [800, 100] and rows[0]["n_made"] == rows[1]["n_made"] == 840
    assert rows[0]["share"] == pytest.approx(rows[1]["share"], abs=0.02)
    found = attack(part, Recipe.parse("smote"), changes=False).tables["attacks"].iloc[0]
    assert found["n_made"] == 700 and found["recall"] == pytest.approx(found["forecast"], abs=0.1)


def test_equal_records_and_copies_show_themselves():
    frame = normal(40, 400, 5)
    frame.iloc[-10:, :5] = frame.iloc[-1, :5].to_numpy()
    study = study_of(frame)
    assert revealed(study, Recipe.parse("smote"))[1].chance[-10:].min() > 0.99
    result = attack(study, Recipe.parse("smote"), changes=False)
    assert result.tables["attacks"].iloc[0]["precision"] == 1
    assert result.tables["records"]["found"].iloc[-10:].all()
    frame.iloc[400:, :5] = 0.5
    assert revealed(study_of(frame), Recipe.parse("smote"))[1].chance.tolist() == [1.0] * 40


def test_nothing_is_found_where_nothing_was_made_between_records():
    rows = np.random.default_rng(0).normal(size=(200, 5))
    assert len(reconstruct(rows, 50)) == 0
    assert not between_others(standardised(rows)[0], 50).any()
    assert len(reconstruct(rows[:2], 50)) == 0 and len(reconstruct(rows[:, :1], 50)) == 0
