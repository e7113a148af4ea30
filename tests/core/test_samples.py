"""The sample tables are what their script writes, and hold what their index says."""

import json

import pandas as pd
import pytest

from core.dataset import Dataset
from core.errors import UserError
from core.reading.samples import FOLDER, load, samples
from sample_data.make import make

SAMPLES = {sample.slug: sample for sample in samples()}


def test_the_script_writes_what_is_committed(tmp_path):
    make(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        written, committed = path.read_text(encoding="utf-8"), (FOLDER / path.name).read_text(encoding="utf-8")
        assert written == committed, f"{path.name} differs; run python -m sample_data.make"
    assert {path.name for path in FOLDER.glob("*.csv")} == {path.name for path in tmp_path.glob("*.csv")}


@pytest.mark.parametrize("slug", SAMPLES)
def test_each_sample_is_small_and_ready(slug):
    sample = SAMPLES[slug]
    assert (FOLDER / sample.file).stat().st_size < 200_000
    dataset = Dataset.from_table(load(slug), sample.target, sample.leave_out)
    assert sample.positive in dataset.classes
    assert dataset.notes == ()
    for line in (sample.title, sample.source, sample.licence, sample.what_is_wrong):
        assert line
        assert "\n" not in line
    assert sample.what_is_wrong in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_opening_example():
    opening = samples()[0]
    dataset = Dataset.from_table(load(opening.slug), opening.target, opening.leave_out)
    share = dataset.counts[opening.positive] / dataset.n_samples
    assert 1000 <= dataset.n_samples <= 2000
    assert 0.05 <= share <= 0.08
    assert len(dataset.classes) == 2
    assert dataset.numeric
    assert dataset.categorical
    assert 0.005 < dataset.X.isna().to_numpy().mean() < 0.05


def test_the_planted_conditions_are_there():
    sepsis = load("ward_sepsis").frame
    measured = sepsis["lactate_mmol_l"].notna().groupby(sepsis["sepsis"]).mean()
    assert measured["yes"] > 0.75
    assert measured["no"] < 0.25
    tickets = load("support_escalations").frame
    apart = tickets.groupby("escalated")["handover_minutes"].agg(["min", "max"])
    assert apart.loc["yes", "min"] > apart.loc["no", "max"] - 2
    loans = load("loan_defaults").frame
    numbers = loans.select_dtypes("number").drop(columns="loan_number")
    means = numbers.groupby(loans["loan_status"]).mean()
    assert ((means.loc["default"] - means.loc["repaid"]).abs() / numbers.std() < 0.8).all()


def test_real_tables_are_those_of_the_library():
    from sklearn.datasets import load_breast_cancer

    ours = load("breast_cancer_rare").frame
    theirs = load_breast_cancer(as_frame=True).data
    assert (ours["diagnosis"] == "benign").sum() == 357
    assert len(ours.merge(theirs.drop_duplicates(), on=list(theirs.columns))) == len(ours)


def test_index_and_unknown_sample():
    entries = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    assert [entry["slug"] for entry in entries] == list(SAMPLES)
    with pytest.raises(UserError, match="Did you mean 'pump_failures'"):
        load("pump_failure")


def test_loading_twice_is_the_same():
    first, second = load("wine_cultivars"), load("wine_cultivars")
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_frame_equal(first.frame, second.frame)
