"""Known answers about single columns: three forms of a leak, and honest columns that are none."""

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.study import Study

SIZES = (5000, 300, 200)


@pytest.fixture
def codes():
    return np.random.default_rng(0).permutation(np.repeat([0, 1, 2], SIZES))


def run(codes, **columns):
    noise = np.random.default_rng(1).normal(size=(len(codes), 2))
    frame = pd.DataFrame(noise, columns=["n1", "n2"]).assign(**columns)
    label = np.array(["common", "rare", "third"])[codes]
    return engine.run("target_leakage", Study(Dataset.from_frame(frame.assign(outcome=label), "outcome")))


def verdict(result, column):
    return result.tables["columns"].set_index("column").loc[column, "verdict"]


def test_noise_is_fine(codes):
    result = run(codes)
    assert result.severity == "fine" and "No column alone decides a class." in result.findings[0].text


def test_a_flag_that_marks_a_part_of_a_rare_class_is_named(codes):
    """As the failure modes of a machine: each explains a part of the failures, and is never set without one."""
    two = np.minimum(codes, 1)
    flag = (two == 1) & (np.random.default_rng(2).random(len(two)) < 0.2)
    result = run(two, mode=flag.astype(int))
    assert result.severity == "issue" and verdict(result, "mode") == "marks part of the class"
    mark = result.tables["marks"].iloc[0]
    assert (mark["value"], mark["precision"], mark["coverage"]) == ("1", 1.0, flag.sum() / (two == 1).sum())
    assert "'mode'" in result.findings[0].text and "may be honest" in result.findings[0].text


def test_an_honest_symptom_is_not_a_flag(codes):
    """Nine of ten with the symptom have the disease: strong, and not clean."""
    rng = np.random.default_rng(3)
    two = np.minimum(codes, 1)
    symptom = rng.random(len(two)) < np.where(two == 1, 0.5, 0.005)
    assert run(two, symptom=symptom.astype(int)).severity == "fine"


def test_text_that_refines_the_class_decides_it(codes):
    """As the name of an attack beside its family."""
    name = np.char.add(
        np.array(["c", "r", "t"])[codes], np.random.default_rng(4).integers(0, 4, len(codes)).astype(str)
    )
    result = run(codes, name=name)
    assert result.severity == "issue" and verdict(result, "name") == "decides the class"


def test_a_coarser_copy_of_the_class_is_named(codes):
    """As "attack: yes or no" beside the kind of attack."""
    result = run(codes, attacked=np.where(codes > 0, "yes", "no"))
    assert result.severity == "issue" and verdict(result, "attacked") == "copies the class"


def test_a_rule_that_decides_one_large_class_is_a_caution():
    """Health decides one of three large classes and not the others, as in a table that was made by a rule."""
    rng = np.random.default_rng(5)
    health = rng.integers(0, 3, 3000)
    codes = np.where(health == 2, 2, (rng.random(3000) < 0.4 + 0.2 * health).astype(int))
    result = run(codes, health=np.array(["good", "fair", "poor"])[health])
    assert result.severity == "caution" and verdict(result, "health") == "decides one class"


@pytest.mark.parametrize(
    "make", [lambda c, r: c + r.normal(0, 0.01, len(c)), lambda c, r: np.where(c > 0, np.nan, r.normal(size=len(c)))]
)
def test_numbers_and_gaps_that_decide_the_class_are_named(codes, make):
    two = np.minimum(codes, 1)
    result = run(two, late=make(two.astype(float), np.random.default_rng(6)))
    assert verdict(result, "late") in ("decides the class", "copies the class")


def test_a_majority_is_not_a_decision(codes):
    """Taking every row for the common class is right nearly always; that tells nothing."""
    rare = np.where(codes == 2, 1, 0)
    assert (
        run(rare, weak=np.where(rare == 1, 0.3, 0.0) + np.random.default_rng(7).normal(size=len(rare))).severity
        == "fine"
    )


def test_shuffled_labels_stay_below_the_null(codes):
    table = run(
        np.random.default_rng(8).permutation(codes), word=np.random.default_rng(9).choice(list("abcdef"), len(codes))
    )
    columns = table.tables["columns"]
    assert (columns["auc"] < columns["null_high"]).all()


def test_a_large_table_is_sampled_and_says_so(codes):
    frame = pd.DataFrame(
        {"a": np.random.default_rng(0).normal(size=len(codes)), "outcome": np.array(list("crt"))[codes]}
    )
    study = Study(Dataset.from_frame(frame, "outcome"))
    result = engine.run("target_leakage", study, max_rows=2000)
    assert result.tables["looked_at"].iloc[0].tolist() == [2000, 5500]
    assert "2,000 of 5,500 rows (36 %), drawn at random, were looked at." in result.findings[-1].text
