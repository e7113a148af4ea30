"""Neighbourhood types: rarity is not illness, sampled tables state their error."""

import numpy as np
import pytest

from core.dataset import Dataset
from core.diagnostics.geometry.neighbourhood_types import draw, neighbourhood_types
from core.study import Study
from core.synthetic import clouds, names, planted


def classes(result):
    return result.tables["classes"].set_index("class")


@pytest.mark.parametrize("class_sizes", [(900, 100), (3960, 40)])
def test_a_rare_class_that_is_apart_has_safe_rows_at_equal_sizes(class_sizes):
    result = neighbourhood_types(Study(planted("clean", class_sizes=class_sizes)))
    assert result.severity == "fine"
    assert classes(result).loc["rare", "unsafe_equal_sizes"] < 0.2


def test_mixed_classes_stay_unsafe_at_equal_sizes():
    result = neighbourhood_types(Study(planted("overlap")))
    rare = classes(result).loc["rare"]
    assert result.severity == "caution" and rare["unsafe_low"] > 0.5
    assert rare["kdn_null"] == pytest.approx(900 / 999, abs=0.01)
    assert rare["unsafe_null"] == pytest.approx(0.81, abs=0.04)
    assert (classes(result)[["kdn_error", "n3_error", "n1_error"]] == 0).all(axis=None)


def test_shares_add_up_and_rows_are_listed():
    result = neighbourhood_types(Study(planted("label_noise")))
    types, rows = result.tables["types"], result.tables["rows"]
    assert types.groupby("class")["share"].sum().tolist() == pytest.approx([1, 1])
    assert types.groupby("class")["null"].sum().tolist() == pytest.approx([1, 1])
    share = types.set_index(["class", "type"])["share"]
    listed = rows["type"].value_counts()
    assert listed["outlier"] == round(100 * share["rare", "outlier"])
    assert (rows.loc[rows["type"] == "outlier", "foreign"] == 5).all() and (rows["class"] == "rare").all()


def test_a_sample_of_a_large_table_states_its_error():
    rng = np.random.default_rng(0)
    frame, codes = clouds((39_700, 300), n_features=3, distance=2.0, rng=rng)
    study = Study(Dataset.from_frame(frame.assign(outcome=names(codes)), "outcome"))
    table = classes(neighbourhood_types(study))
    assert table["looked_up"].tolist() == [4700, 300]
    assert table.loc["rare", "kdn_error"] == 0 < table.loc["common", "kdn_error"] < 0.002
    assert table.loc["rare", "kdn"] > 0.8 and table.loc["rare", "n1_error"] > table.loc["common", "n1_error"] > 0


def test_figures_stack_the_types():
    result = neighbourhood_types(Study(planted("clean")))
    figure = draw(result)["Types of rows by class"]
    assert figure.layout.barmode == "stack" and figure.data[0].name == "safe"
