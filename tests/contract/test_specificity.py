"""The specificity matrix: each planted condition is named by its own diagnostics and by no other.

Which condition a diagnostic names stands in its own file (``ABOUT.names``). "Named" is an issue. Several class sizes and many
seeds are measured by ``benchmarks/specificity.py``; here every pair is held at one size.
"""

from pathlib import Path

import pandas as pd
import pytest

from core import engine
from core.registry import methods
from core.study import Study
from core.synthetic import CONDITIONS, planted

DIAGNOSTICS = [m for m in methods("diagnostic") if m.group != "explanation" and m.cost != "minutes"]


def own(condition):
    """The diagnostics whose file says that they name this condition."""
    return {method.slug for method in DIAGNOSTICS if condition in method.about.names}


def test_whoever_calls_an_issue_says_which():
    for method in methods("diagnostic"):
        assert bool(method.about.names) == (method.about.gravest == "issue"), method.slug
        assert set(method.about.names) <= set(CONDITIONS), method.slug


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_is_named_by_its_own_diagnostics_and_by_no_other(condition):
    study = Study(planted(condition))
    assert {m.slug for m in DIAGNOSTICS if engine.run(m.slug, study).severity == "issue"} == own(condition)


@pytest.mark.parametrize("class_sizes", [(990, 110, 100), (3960, 40)])
@pytest.mark.parametrize("condition", ["clean", "overlap", "label_noise"])
def test_three_classes_and_one_in_a_hundred(condition, class_sizes):
    study = Study(planted(condition, class_sizes=class_sizes))
    judged = ("class_overlap", "label_noise", "evidence")
    named = {slug for slug in judged if engine.run(slug, study).severity == "issue"}
    assert named == own(condition) & set(judged)


def test_the_measured_matrix_holds():
    """What ``benchmarks/specificity.py`` wrote: own conditions in at least 90 % of the tables, others in at most 10 %."""
    measured = pd.read_csv(Path(__file__).parents[2] / "benchmarks" / "specificity.csv")
    sums = measured.groupby(["condition", "method"], as_index=False)[["named", "n_seeds"]].sum()
    known = {method.slug: method for method in DIAGNOSTICS}
    assert set(sums["condition"]) == set(CONDITIONS)
    for row in sums[sums["method"].isin(known)].itertuples():
        share = row.named / row.n_seeds
        own_one = row.condition in known[row.method].about.names
        assert share >= 0.9 if own_one else share <= 0.1, (row.condition, row.method, share)
