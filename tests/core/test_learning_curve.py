"""The learning curve: only the amount of rows changes, and what it says ahead comes true."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.learning_curve import _parts, learning_curve
from core.study import Study
from core.synthetic import planted


def test_every_part_keeps_the_class_shares_and_halves_are_disjoint():
    codes = np.repeat([0, 1, 2], [800, 80, 1])
    quarters, halves = _parts(codes, np.arange(881), np.random.default_rng(0))
    assert [np.bincount(codes[part]).tolist() for part in quarters] == [[200, 20, 1]] * 2
    assert [np.bincount(codes[part]).tolist() for part in halves] == [[400, 40, 1]] * 2
    assert np.intersect1d(*halves).tolist() == [880]
    assert set(quarters[0]) <= set(halves[0])


def test_large_tables_are_measured_with_fewer_parts():
    codes, rng = np.repeat([0, 1], [5000, 500]), np.random.default_rng(0)
    assert [len(parts) for parts in _parts(codes, np.arange(5500), rng)] == [1, 2]


def test_the_last_point_is_the_out_of_fold_prediction():
    study = Study(planted("clean"))
    curve = learning_curve(study)
    assert learning_curve(study) is curve
    own = study.out_of_fold()[np.arange(1000), study.codes]
    assert (curve.own_full == own).all()
    assert np.corrcoef(curve.own_half, own)[0, 1] > 0.8 and not (curve.own_half == own).all()
    rare = curve.points[curve.points["class"] == "rare"]
    assert rare["rows"].tolist() == [20, 40, 80]
    assert curve.points[curve.points["class"] == "common"]["rows"].tolist() == [180, 360, 720]


@pytest.mark.parametrize("condition", ["clean", "overlap", "label_noise"])
def test_a_flat_curve_does_not_climb(condition):
    assert not any(learning_curve(Study(planted(condition, random_state=seed))).climbs for seed in (0, 1))


def test_a_curve_that_climbs_says_where_it_goes():
    truth, covered = learning_curve(Study(_more(2))).points["recall"].iloc[-1], 0
    for seed in (0, 1, 2, 3):
        curve = learning_curve(Study(planted("scarcity", random_state=seed)))
        assert curve.climbs
        recall = curve.points[curve.points["class"] == "rare"]["recall"].to_numpy()
        assert (np.diff(recall) > 0.1).all()
        twice, four = curve.ahead.itertuples()
        assert recall[-1] < twice.recall < four.recall <= 1
        covered += twice.low <= truth <= twice.high
        rows, low, high = curve.rows_needed
        assert 100 < low <= rows <= high and rows < 200
    assert covered >= 3


def _more(times):
    """The wave of 100 rows with several times the rows, and as many bends."""
    tables = [planted("scarcity", random_state=10 + seed) for seed in range(times)]
    frame = pd.concat([table.X.assign(outcome=table.y) for table in tables], ignore_index=True)
    return Dataset.from_frame(frame, "outcome")


def test_few_rows_have_no_curve():
    curve = learning_curve(Study(planted("few_rows"), positive="rare"))
    assert curve.points.empty and not curve.climbs
    assert (curve.own_half == curve.own_full).all()
    assert np.isinf(curve.rows_needed).all()
