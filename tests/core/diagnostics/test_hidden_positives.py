"""Hidden positives: planted ones are found, no others, and the probes say how many are."""

import numpy as np
import pytest

from benchmarks.label_noise import hidden
from core.diagnostics.labels import hidden_positives as module
from core.diagnostics.labels.hidden_positives import draw, healthy, hidden_positives, sick
from core.errors import NotApplicable
from core.study import Study
from core.synthetic import planted


@pytest.mark.parametrize(("learner", "share"), [("boosted", 0.2), ("linear", 0.1)])
def test_planted_rows_are_found(share, learner):
    flagged = right = there = 0
    for seed in (0, 1, 2):
        dataset, wrong = hidden((900, 100), share, 4.0, seed)
        rows = hidden_positives(Study(dataset, learner=learner)).tables["review"]["row"].to_numpy() - 1
        flagged, right, there = flagged + len(rows), right + wrong[rows].sum(), there + wrong.sum()
    assert right / flagged >= 0.7
    assert right / there >= 0.6


@pytest.mark.parametrize("condition", ["clean", "overlap", "contradictions"])
def test_none_are_found_where_none_are(condition):
    assert hidden_positives(Study(planted(condition, random_state=1))).tables["review"].empty


def test_only_rows_with_another_label_are_flagged_and_the_tables_agree():
    study = Study(sick())
    result = hidden_positives(study)
    review, audit = result.tables["review"], result.tables["audit"].iloc[0]
    assert (review["given label"] == "common").all()
    assert (study.codes[review["row"] - 1] == 0).all()
    assert audit["flagged"] == len(review) and audit["share"] == len(review) / 200
    assert audit["null"] == pytest.approx((1 - review["hidden"]).sum())
    assert audit["null"] <= 0.005 * 1800
    assert audit["probes"] == 20 and audit["found_low"] < audit["found_share"] <= audit["found_high"]
    assert review["hidden"].min() >= 0.7
    assert review["reason"].str.contains(r"of its 10 nearest rows are 'rare'").all()
    groups = result.tables["hardness"].groupby("group")["hardness"]
    assert groups.size().to_dict() == {"flagged": len(review), "ordinary": 200, "probe": 20}
    assert groups.median()["probe"] > 20 * groups.median()["ordinary"]
    (figure,) = draw(result).values()
    assert sum(len(trace.x) for trace in figure.data) == len(result.tables["hardness"])


def test_a_probe_is_found_on_the_terms_on_which_a_row_is_named(monkeypatch):
    study = Study(sick())
    found = hidden_positives(study).tables["audit"].loc[0, "probes_found"]
    monkeypatch.setattr(module, "_surrounded", lambda study, rows: np.zeros(len(rows), dtype=bool))
    audit = hidden_positives(study).tables["audit"].iloc[0]
    assert found > 0 and audit["flagged"] == 0 and audit["probes_found"] == 0


def test_a_stricter_rule_flags_fewer():
    study = Study(sick())
    rows = set(hidden_positives(study).tables["review"]["row"])
    strict = hidden_positives(study, confidence=0.99).tables["review"]
    assert set(strict["row"]) < rows and strict["hidden"].min() >= 0.99
    assert set(hidden_positives(study, false_alarms=0.001).tables["review"]["row"]) <= rows


def test_rows_that_overlap_are_said_to_hide_them():
    (finding,) = hidden_positives(Study(planted("overlap"))).findings
    assert "a hidden row cannot be told from overlap" in finding.text


def test_healthy_tables_show_the_probes():
    result = hidden_positives(Study(healthy()))
    assert result.severity == "fine"
    assert not np.isnan(result.tables["audit"].drop(columns="class").to_numpy(dtype=float)).any()


def test_a_class_of_few_rows_is_not_audited():
    with pytest.raises(NotApplicable, match="Class 'rare' has 6 rows; 20 are needed"):
        hidden_positives(Study(planted("few_rows"), positive="rare"))
