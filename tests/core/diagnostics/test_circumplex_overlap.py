"""Circumplex overlap: the verdict is about overlap where classes lie on each other, and about frequency where they only are rare."""

import numpy as np
import pandas as pd
import pytest

from core import engine, synthetic
from core.charts_plane import MOST_COLOURED, circumplex, spread_out
from core.class_plane import class_plane, error_table, measured_pairs, pair_table
from core.dataset import Dataset
from core.diagnostics.geometry.circumplex_intervention import two_pairs
from core.diagnostics.geometry.circumplex_overlap import circumplex_overlap, draw
from core.errors import UserError
from core.numerics import pair_areas
from core.recipe import Recipe
from core.study import Study


def verdicts(result):
    table = result.tables["classes"]
    return dict(zip(table["class"], table["verdict"], strict=True))


def on_centres(centres, sizes, seed=0, names="measure"):
    """Unit normal clouds on given centres, in a table."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    values = rng.normal(size=(len(codes), np.shape(centres)[1])) + np.asarray(centres, dtype=float)[codes]
    frame = pd.DataFrame(values, columns=[f"{names} {j}" for j in range(values.shape[1])])
    return Dataset.from_frame(frame.assign(outcome=[f"c{c}" for c in codes]), "outcome")


def guessing(study):
    """The study with a model that says the class shares for every row: what is left is geometry."""
    share = study.class_sizes / study.class_sizes.sum()
    study._memory["out_of_fold", Recipe()] = np.tile(share, (len(study.codes), 1))
    return study


@pytest.mark.parametrize("class_sizes", [(900, 100), (3960, 40), (300, 300)])
def test_classes_one_spread_apart_overlap_whatever_their_sizes(class_sizes):
    result = circumplex_overlap(Study(synthetic.planted("overlap", class_sizes=class_sizes)))
    rare = result.tables["classes"].iloc[-1]
    assert rare["low"] < 0.76 < rare["high"] < 0.9
    if class_sizes[0] > class_sizes[1]:
        assert rare["verdict"] == "overlap"
        assert result.severity == "issue"
        assert "More rows of it are not expected to part the two" in result.findings[0].text


def test_a_rare_class_that_is_apart_is_missed_for_its_rarity():
    data = on_centres([[0, 0, 0], [2.2, 0, 0]], (4000, 60))
    result = circumplex_overlap(Study(data, learner="linear"))
    row = result.tables["classes"].iloc[-1]
    assert row["recall"] < 0.5 < 0.7 < row["equal_recall"]
    assert row["verdict"] == "frequency"
    assert result.severity == "caution"
    assert result.suggests == ("tuned_threshold", "class_weights")
    assert "Its rarity goes far to explain its misses" in result.findings[0].text


def test_a_rare_class_that_partly_overlaps_is_missed_for_both():
    data = on_centres([[0, 0, 0], [1.45, 0, 0]], (5000, 700))
    row = circumplex_overlap(Study(data, learner="linear")).tables["classes"].iloc[-1]
    assert 0.75 <= row["low"] < row["high"] < 0.9
    assert row["verdict"] == "both"


def test_the_two_pairs_get_their_verdicts():
    found = verdicts(circumplex_overlap(Study(two_pairs(True))))
    assert (found["pair 2"], found["rare"], found["common"]) == ("overlap", "frequency", "found")
    assert set(verdicts(circumplex_overlap(Study(two_pairs(False)))).values()) == {"found"}


def test_equal_sizes_are_never_blamed_on_frequency():
    centres = 1.6 * np.eye(6)
    result = circumplex_overlap(Study(on_centres(centres, (40,) * 6), learner="linear"))
    assert "frequency" not in verdicts(result).values()
    assert "both" not in verdicts(result).values()
    table = result.tables["classes"]
    assert table["equal_recall"].tolist() == table["recall"].tolist()


def test_a_deterministic_table_of_words_does_not_overlap():
    """A linear score is lost on it; the model is not."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 3, (3000, 6))
    rare = (cells[:, 0] == cells[:, 1]) & (cells[:, 2] == cells[:, 3])
    frame = pd.DataFrame({f"answer {j}": np.array(list("uvw"))[column] for j, column in enumerate(cells.T)})
    study = Study(Dataset.from_frame(frame.assign(outcome=np.where(rare, "rare", "common")), "outcome"))
    result = circumplex_overlap(study)
    assert result.severity == "fine"
    assert result.tables["pairs"].loc[0, ["linear_auc", "model_auc"]].tolist() == pytest.approx([0.5, 1.0], abs=0.08)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_does_not_contradict_class_overlap(seed):
    for condition in ("clean", "overlap", "contradictions", "near_duplicates"):
        study = Study(synthetic.planted(condition, random_state=seed))
        both = {engine.run(slug, study).severity for slug in ("class_overlap", "circumplex_overlap")}
        assert both == ({"issue"} if condition == "overlap" else {"fine"}), condition


def test_many_noise_columns_do_not_draw_classes_apart():
    """Places are out of fold: by axes of all rows, 300 columns of noise would part 60 rows."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 300)), columns=[f"noise {j}" for j in range(300)])
    study = guessing(Study(Dataset.from_frame(frame.assign(outcome=np.repeat(["a", "b"], 60)), "outcome")))
    pair = pair_table(study, class_plane(study)).iloc[0]
    assert pair["mahalanobis"] < 0.6
    assert pair["low"] < 0.5


def test_two_columns_span_the_plane_in_units_of_the_spread():
    centres = [[2, 0, 0], [0, 2, 0], [-2, 0, 0], [0, -2, 0]]
    study = guessing(Study(on_centres(centres, (400, 300, 200, 100))))
    result = circumplex_overlap(study, x_column="measure 0", y_column="measure 1")
    table = result.tables["classes"].set_index("class")
    turn = (table["angle"] + 180) % 360 - 180
    assert turn.loc[["c0", "c1", "c3"]].tolist() == pytest.approx([0, 90, -90], abs=6)
    assert abs(turn["c2"]) == pytest.approx(180, abs=6)
    assert table["radius"].tolist() == pytest.approx([2] * 4, abs=0.25)
    assert table["dispersion"].tolist() == pytest.approx([1] * 4, abs=0.1)
    pairs = result.tables["pairs"].set_index(["class", "partner"])
    assert pairs.loc[("c0", "c2"), "angular_gap"] == pytest.approx(180, abs=6)
    assert pairs.loc[("c0", "c1"), "mahalanobis"] == pytest.approx(np.sqrt(8), abs=0.25)
    assert pairs.loc[("c0", "c1"), "bhattacharyya"] == pytest.approx(1, abs=0.2)
    assert result.tables["measured"].loc[0, "x_axis"] == "measure 0"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x_column": "mesure 0", "y_column": "measure 1"}, "Did you mean 'measure 0'"),
        ({"x_column": "measure 0"}, "Name a second one"),
        ({"x_column": "measure 0", "y_column": "measure 0"}, "two different columns"),
    ],
)
def test_wrong_columns_are_named_with_what_to_do(columns, words):
    with pytest.raises(UserError, match=words):
        circumplex_overlap(guessing(Study(on_centres([[0, 0], [1, 1]], (40, 30)))), **columns)


def test_errors_near_the_truth_keep_the_quadrant_and_are_mild():
    """Each class is taken for its neighbour on one side of the plane only; shuffled predictions are not."""
    centres = [[3, 3], [3.2, 3], [-3, -3], [-3.2, -3]]
    study = Study(on_centres(centres, (80, 80, 80, 80)))
    study._memory["out_of_fold", Recipe()] = np.eye(4)[np.array([1, 0, 3, 2])[study.codes]]
    severity, kept = error_table(study, class_plane(study, "measure 0", "measure 1")).to_dict("records")
    assert severity["n_errors"] == 320
    assert kept["value"] == 1 > kept["null_high"]
    assert severity["high"] < 0.15 < 0.4 < severity["null_low"]


def test_shuffled_predictions_leave_hits_out():
    cost = 1 - np.eye(2)
    null = pair_areas.shuffled_costs(cost, np.array([0, 1]), np.array([1, 0]), 50, np.random.default_rng(0))
    assert set(null[~np.isnan(null)]) == {1.0}
    assert np.isnan(null).any()


def test_many_classes_are_quick_and_few_are_coloured():
    rng = np.random.default_rng(0)
    study = guessing(Study(on_centres(rng.normal(0, 2, (40, 5)), (30,) * 40)))
    seen = class_plane(study)
    assert 200 <= len(measured_pairs(seen)) <= 400
    result = circumplex_overlap(study)
    assert result.tables["classes"]["coloured"].sum() == MOST_COLOURED
    assert len(result.findings) <= 9
    figure = draw(result)["Circumplex of the classes"]
    assert sum(trace.name == "other classes" for trace in figure.data) == 2


def test_names_stand_apart():
    heights = spread_out(np.array([-1.0, 0.0, 0.01, 0.02, 3.0]), 0.5)
    assert (np.diff(heights) >= 0.5 - 1e-12).all()
    assert heights[[0, 4]].tolist() == [-1.0, 3.0]
    assert heights[1:4].mean() == pytest.approx(0.01)


def test_the_figure_has_equal_scales_and_an_ellipse_for_each_coloured_class():
    result = circumplex_overlap(guessing(Study(on_centres([[0, 0], [2, 0], [0, 2]], (60, 50, 40)))))
    figure = draw(result)["Circumplex of the classes"]
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis.scaleratio) == ("x", 1)
    assert [shape.type for shape in figure.layout.shapes].count("path") == 3
    assert {note.text for note in figure.layout.annotations} == {"c0", "c1", "c2"}
    assert len({trace.marker.symbol for trace in figure.data}) == 3


def test_hostile_names_stay_text_in_the_figure():
    classes = pd.DataFrame({"class": ["<b>x</b>", "y"], "x": [0.0, 1.0], "y": [0.0, 1.0]})
    classes = classes.assign(x_spread=1.0, y_spread=1.0, tilt=0.0, coloured=True)
    words = {"title": "t", "x_title": "x", "y_title": "y", "caption": "c."}
    assert "<b>" not in circumplex(classes, classes, **words).to_json()
