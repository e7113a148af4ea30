"""Complexity measures as a diagnostic: rarity is no complexity, every measure says what it was measured on."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.diagnostics.geometry.complexity_measures import complexity_measures
from core.numerics import complexity
from core.study import Study
from core.synthetic import planted


@pytest.mark.parametrize("class_sizes", [(900, 100), (3960, 40)])
def test_a_rare_class_that_is_apart_is_not_hard(class_sizes):
    result = complexity_measures(Study(planted("clean", class_sizes=class_sizes)))
    summary = result.tables["summary"].set_index("class")["relative_complexity"]
    assert result.severity == "fine" and (summary < 0.5).all()


def test_mixed_classes_are_hard():
    result = complexity_measures(Study(planted("overlap")))
    summary = result.tables["summary"].set_index("class")["relative_complexity"]
    assert result.severity == "caution" and summary["rare"] > 0.8


def test_one_table_holds_all_measures():
    study = Study(planted("clean", class_sizes=(990, 110, 100)))
    result = complexity_measures(study)
    overall = result.tables["overall"].set_index("measure")
    assert list(overall.index) == [*complexity.MEASURES, "imbalance degree", "LRID"]
    assert overall.loc["F1", "value"] == pytest.approx(complexity.fisher(study.Z, study.codes, 3)[0])
    assert overall.loc["imbalance degree", "value"] == complexity.imbalance_degree(np.array([990, 110, 100]))
    sizes = np.array([990, 110, 100])
    assert overall.loc["LRID", "value"] == pytest.approx(2 * (sizes * np.log(sizes * 3 / 1200)).sum())
    assert (overall["value"][:7] < overall["null"][:7]).all()
    assert len(result.tables["classes"]) == 21 and len(result.tables["measures"]) == 9


def test_a_wide_table_leaves_out_what_needs_few_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 301)), columns=[f"x{j}" for j in range(301)])
    frame = frame.assign(outcome=np.where(np.arange(120) < 20, "rare", "common"))
    result = complexity_measures(Study(Dataset.from_frame(frame, "outcome")))
    values = result.tables["overall"].set_index("measure")["value"]
    assert values[["F1v", "L1", "L2"]].isna().all() and values.drop(["F1v", "L1", "L2"]).notna().all()
    assert "301 encoded columns" in result.findings[-1].text


def test_a_large_table_is_sampled_and_says_so():
    rng = np.random.default_rng(1)
    rare = np.arange(31_000) < 200
    frame = pd.DataFrame(rng.normal(size=(31_000, 3)) + rare[:, None], columns=list("abc"))
    result = complexity_measures(Study(Dataset.from_frame(frame.assign(outcome=np.where(rare, "r", "c")), "outcome")))
    overall = result.tables["overall"].set_index("measure")["n_rows"]
    assert overall[["F1", "N2", "N3", "L2"]].tolist() == [31_000, 1000, 5000, 10_000]
    errors = result.tables["classes"].query("measure == 'N2'").set_index("class")["standard_error"]
    assert errors["r"] == 0 < errors["c"] < 0.05
