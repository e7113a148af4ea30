"""Every result that makes a claim says what it rests on, and makes none on fewer than ten rows of the class of interest."""

import re
from dataclasses import replace

import pytest

from core import Recipe, Study, build, evaluate, run, to_html
from core.evaluation import instability, moved_rows
from core.evaluation.at_cutoff import at_cutoff
from core.evaluation.calibration import calibration_of
from core.evaluation.cost_matrix import matrix_panel
from core.evaluation.costs import cost_panel
from core.evaluation.curves import curves_of
from core.evaluation.cutoff import Cutoff
from core.evaluation.final import final_score
from core.evaluation.live_training import live_training
from core.evaluation.prior_at_use import told
from core.evaluation.recommend import recommend
from core.evaluation.scoring import score_fold
from core.evaluation.search_plan import Candidate
from core.evaluation.threshold_band import threshold_band
from core.report.build import to_json, to_markdown
from core.synthetic import planted

WEIGHTS, TUNED = Recipe.of("class_weights"), Recipe.of("tuned_threshold")
FIELDS = {"rows", "positives", "class_of_interest", "folds", "seed"}
INTERVAL = re.compile(r"interval|between|\(\S+(?: %)? to \S+")
REFUSED = re.compile(r"(below|fewer than) 10|too few|10 are needed|at least 10", re.IGNORECASE)
CLAIMS = re.compile(
    r"'[^']+' helps|does better than|do better than|recommended: '|practically equal|not distinguishable|worse than doing nothing",
    re.IGNORECASE,
)


def compared(study):
    return evaluate(study, [WEIGHTS])


def searched(study):
    """With the fold that was scored first in place of every other one."""
    known = {}

    def score(held, recipe, fold):
        if recipe not in known:
            known[recipe] = score_fold(held, recipe, fold)
        return replace(known[recipe], fold=fold)

    tried = [Candidate(study.learner, Recipe()), Candidate(study.learner, WEIGHTS)]
    *_, last = (one for one in recommend(study, 60.0, tried=tried, clock=lambda: 0.0, score=score) if one is not None)
    return last


def trained(study):
    *_, last = (one for one in live_training(study.with_(learner="neural"), [WEIGHTS]) if one is not None)
    return last


def refitted(study):
    return moved_rows.instability(study, instability.run(study, [WEIGHTS], n_refits=3), n_refits=3)


def cut_off(study):
    outcomes = {Recipe(): [score_fold(study, Recipe(), fold) for fold in range(study.n_folds)]}
    return at_cutoff(study, outcomes, Cutoff.parse("top:30"))


RESULTS = {
    "comparison": compared,
    "live comparison": trained,
    "recommendation": searched,
    "ledger": lambda study: run("missed_rows", study),
    "threshold": lambda study: threshold_band(study, TUNED, n_draws=20),
    "costs": lambda study: cost_panel(study, miss_cost=5.0),
    "cost matrix": lambda study: matrix_panel(study, "miss rare as common = 5"),
    "curves": lambda study: curves_of(study, [TUNED]),
    "cut-off": cut_off,
    "calibration": lambda study: calibration_of(study, [WEIGHTS]),
    "instability": refitted,
    "shares at use": lambda study: told(study, planted("overlap", class_sizes=(80, 80), random_state=3).X),
    "final score": lambda study: final_score(study, WEIGHTS),
}
"""By what it claims; a method that makes a claim of its own is added here."""

EACH = pytest.mark.parametrize("make", RESULTS.values(), ids=list(RESULTS))


def study_of(sizes, seed=4):
    data, other = (planted("overlap", class_sizes=sizes, n_features=6, random_state=s) for s in (0, 1))
    return Study(
        replace(data, test=other), learner="linear", positive="rare", n_folds=3, n_repeats=1, random_state=seed
    )


@pytest.fixture(scope="module")
def enough():
    return study_of((240, 60))


@pytest.fixture(scope="module")
def few():
    return study_of((240, 9))


@EACH
def test_a_claim_carries_rows_positives_folds_seed_and_interval(make, enough):
    result = make(enough)
    text = " ".join(finding.text for finding in result.findings)
    evidence = result.provenance["evidence"]
    assert set(evidence) == FIELDS and (evidence["rows"], evidence["positives"], evidence["seed"]) == (300, 60, 4)
    assert 1 <= evidence["folds"] <= len(enough.folds)
    assert "300" in text and re.search(r"\b60\b", text) and "'rare'" in text, "rows and rows of the class"
    assert "seed 4" in text and re.search(r"\bfold|test rows", text), "how they were drawn"
    assert INTERVAL.search(text), "how sure it is"
    ends = [name for name, table in result.tables.items() if any("low" in column for column in table)]
    assert ends, "no table has an interval"


@EACH
def test_fewer_than_ten_rows_of_the_class_are_refused_in_a_sentence(make, few):
    result = make(few)
    assert any(REFUSED.search(finding.text) for finding in result.findings)
    assert not any(CLAIMS.search(finding.text) for finding in result.findings)
    assert "issue" not in {finding.severity for finding in result.findings}
    advised = {slug for finding in result.findings for slug in finding.suggests}
    assert advised <= {"cost_threshold"}, "what follows from stated costs alone needs no rows"


def test_a_report_says_it_beside_every_section(enough):
    from core import methods

    found = [(method, run(method.slug, enough)) for method in methods("diagnostic") if method.slug == "missed_rows"]
    report = build(enough, found, evaluate(enough, []))
    said = "Rests on 300 rows, 60 of them 'rare'; what was fitted was looked at in 3 folds; seed 4."
    assert [section.rests for section in (report.comparison, *report.diagnoses)] == [said, said]
    assert to_markdown(report).count("Rests on 300 rows, 60 of them 'rare'") == 2
    assert to_html(report).count("Rests on 300 rows") == 2 and to_json(report).count('"positives": 60') == 2
