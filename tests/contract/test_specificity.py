"""The specificity matrix: each planted condition is named by its own diagnostic and by no other."""

import pytest

from core import engine
from core.registry import methods
from core.study import Study
from core.synthetic import CONDITIONS, planted

OWN = {
    "overlap": {"class_overlap"},
    "label_noise": {"label_noise"},
    "leak": {"target_leakage"},
    "meaningful_gaps": {"missing_cells"},
    "contradictions": {"duplicate_rows"},
    "few_rows": {"class_distribution", "evidence"},
}
"""Which diagnostics name a condition; the conditions that are left out are healthy. Six rows are named as a fact of the
table and as a limit of every score."""

DIAGNOSTICS = [m for m in methods("diagnostic") if m.group != "explanation" and m.cost != "minutes"]


@pytest.mark.parametrize("random_state", [0, 1, 2])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_is_named_by_its_own_diagnostic_and_by_no_other(condition, random_state):
    study = Study(planted(condition, random_state=random_state))
    named = {m.slug for m in DIAGNOSTICS if engine.run(m.slug, study).severity == "issue"}
    assert named == OWN.get(condition, set()) & {m.slug for m in DIAGNOSTICS}


@pytest.mark.parametrize("class_sizes", [(990, 110, 100), (3960, 40)])
@pytest.mark.parametrize("condition", ["clean", "overlap", "label_noise"])
def test_three_classes_and_one_in_a_hundred(condition, class_sizes):
    study = Study(planted(condition, class_sizes=class_sizes))
    own = ("class_overlap", "label_noise", "evidence")
    named = {slug for slug in own if engine.run(slug, study).severity == "issue"}
    few_flips = condition == "label_noise" and min(class_sizes) < 50
    assert named == (set() if few_flips else OWN.get(condition, set()))
