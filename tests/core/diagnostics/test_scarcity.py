"""Scarcity: what the sentence says is what the tables hold."""

import numpy as np
import pytest

from core import synthetic
from core.dataset import Dataset
from core.diagnostics.model.scarcity import draw, healthy, scarcity, sick
from core.errors import NotApplicable
from core.learning_curve import learning_curve
from core.study import Study
from core.synthetic import planted


def test_the_tables_are_the_curve():
    study = Study(sick())
    result, measured = scarcity(study), learning_curve(study)
    curve, needed = result.tables["curve"], result.tables["needed"].iloc[0]
    own = curve[curve["class"] == "rare"]
    assert own["kind"].tolist() == ["measured"] * 3 + ["expected"] * 3
    assert own["rows"].tolist() == [20, 40, 80, 80, 160, 320]
    assert own["recall"].is_monotonic_increasing
    assert own["recall"].iloc[2] == own["recall"].iloc[3]
    assert (own["low"] <= own["recall"]).all() and (own["recall"] <= own["high"]).all()
    assert (needed["rows"], needed["low"], needed["high"]) == measured.rows_needed
    slope = result.tables["slopes"].set_index("class").loc["rare"]
    assert slope["slope"] == pytest.approx((own["recall"].iloc[2] - own["recall"].iloc[0]) / 2)
    assert slope["gain"] == pytest.approx(own["recall"].iloc[2] - own["recall"].iloc[1])
    assert slope["low"] < slope["slope"] < slope["high"]


def test_the_sentence_says_how_many_rows_are_needed():
    study = Study(sick())
    (finding,) = scarcity(study).findings
    rows, low, _ = learning_curve(study).rows_needed
    assert finding.severity == "issue"
    assert f"about {rows - 100:.0f} more rows of it, {rows:.0f} in all" in finding.text
    assert f"(interval {low:.0f} to" in finding.text


def test_it_is_no_issue_where_recall_is_enough_or_rows_belong_together():
    assert scarcity(Study(sick()), enough=0.5).findings[0].text.endswith("It is high enough as it is.")
    (finding,) = scarcity(Study(planted("groups", class_sizes=(3960, 40)))).findings
    assert finding.severity == "caution"
    assert "rows that belong together by column 'patient'" in finding.text


def test_more_rows_do_not_help_where_the_curve_is_flat():
    (finding,) = scarcity(Study(planted("clean", class_sizes=(2700, 300)), learner="linear")).findings
    assert finding.severity == "fine"
    assert finding.text.startswith("More rows are not expected to help class 'rare'")


def test_a_flat_curve_of_few_rows_proves_nothing():
    frame, codes = synthetic.clouds((1500, 15), n_features=6, distance=0, rng=np.random.default_rng(0))
    few = Study(Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome"))
    assert learning_curve(few).ahead["gain_high"].iloc[0] == 0
    assert scarcity(few).findings[0].text.startswith("It is not shown that more rows would help")


def test_the_linear_model_cannot_follow_a_wave_and_is_not_told_to_collect_rows():
    assert scarcity(Study(sick(), learner="linear")).severity == "fine"


def test_six_rows_are_scarce_in_any_case():
    with pytest.raises(NotApplicable, match="Class 'rare' has 6 rows; 10 are needed"):
        scarcity(Study(planted("few_rows"), positive="rare"))


def test_the_band_and_the_lines_are_drawn():
    result = scarcity(Study(healthy()))
    first, second = draw(result).values()
    lines = [trace for trace in first.data if trace.mode == "lines+markers"]
    assert [len(trace.x) for trace in lines] == [3, 3]
    assert [trace.name for trace in lines] == ["measured", "expected"]
    assert len(second.data) == 2
    assert np.nanmax(first.data[0].y) <= 1
