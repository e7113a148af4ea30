"""Columns that say which rows belong together or came first, and what the verdict makes of them."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.evaluation.compare import evaluate
from core.reading.dependence import dependent_columns
from core.study import Study
from core.synthetic import planted

N = 200
REPEATED = [f"v{i % 40}" for i in range(N)]


@pytest.mark.parametrize("name", ["patient_id", "PatientID", "customer", "site code", "Machine No", "user_name"])
def test_repeated_identifiers_name_groups(name):
    assert dependent_columns(pd.DataFrame({name: REPEATED, "y": 1}), "y")["group"] == (name,)


@pytest.mark.parametrize("name", ["customer_since", "smoking", "idle", "grouping method", ""])
def test_other_names_do_not(name):
    assert dependent_columns(pd.DataFrame({name: REPEATED}), "y")["group"] == ()


def test_unique_few_or_measured_values_name_no_groups():
    frame = pd.DataFrame({"row_id": range(N), "site": ["a", "b"] * (N // 2), "sensor": np.linspace(0, 1, N)})
    assert dependent_columns(frame, "y")["group"] == ()


@pytest.mark.parametrize("text", ["2024-01-31", "31.01.2024", "1/31/24", "2024/01/31 10:22", "2024-01-31T10:22:01Z"])
def test_dates_are_seen(text):
    assert dependent_columns(pd.DataFrame({"when": [text] * N}), "y")["time"] == ("when",)


@pytest.mark.parametrize("text", ["10/49", "1.2.3", "2024", "a-b-c", "31-01"])
def test_other_texts_are_no_dates(text):
    assert dependent_columns(pd.DataFrame({"when": [text] * N}), "y")["time"] == ()


def test_the_verdict_says_that_random_folds_may_flatter():
    clean = planted("overlap", class_sizes=(160, 40))
    frame = clean.X.assign(patient_id=REPEATED, visited="2024-05-06", outcome=clean.y)
    dataset = Dataset.from_frame(frame, "outcome", leave_out=["patient_id"])
    assert dataset.suspected["group"] == ("patient_id",)
    texts = [finding.text for finding in evaluate(Study(dataset, learner="linear"), []).findings]
    assert any(text.startswith("'patient_id' may say which rows belong together") for text in texts)
    assert any(text.startswith("'visited' holds dates") for text in texts)
