"""One cut-off: said in four ways, laid on kept scores, beside the locked one and .5, chance and people, and what is refused."""

import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom
from sklearn.metrics import f1_score, precision_score, recall_score

from core import wording
from core.__main__ import main
from core.errors import UserError
from core.evaluation.at_cutoff import at_cutoff, draw
from core.evaluation.curves import curves_of
from core.evaluation.curves import draw as draw_curves
from core.evaluation.cutoff import Cutoff, called, reached, seen, tuned_band
from core.evaluation.cutoff_marks import CURVES, marked
from core.evaluation.halving import Search
from core.evaluation.scoring import AT_OWN, COST, fold_outcome, log_odds
from core.evaluation.threshold_band import threshold_band
from core.evaluation.verdict import _threshold as moved_threshold
from core.numerics.flagged import flagged_scores, recall_by_chance, scores_by_chance
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

CHOSEN, OWN, HALF = "at the chosen cut-off", "at its own threshold", "at 0.5"
OTHER = Recipe.of("class_weights")


@cache
def known(sizes=(950, 50), **choices):
    """A study with scores of two recipes that are known: a binormal table, and the same at twice the odds."""
    study = Study(planted("clean", class_sizes=sizes), learner="linear", n_repeats=1, **choices)
    rng, own = np.random.default_rng(0), study.positive_code
    x = rng.normal(1.8 * (study.codes == own), 1)
    odds = np.log(sizes[own] / (sum(sizes) - sizes[own])) + 1.8 * x - 1.8**2 / 2
    outcomes = {}
    for recipe, shift in ((Recipe(), 0.0), (OTHER, np.log(2))):
        p = 1 / (1 + np.exp(-odds - shift))
        proba = np.column_stack([p if k == own else (1 - p) / (len(sizes) - 1) for k in range(len(sizes))])
        study._memory["out_of_fold", recipe] = proba
        outcomes[recipe] = [
            fold_outcome(study, recipe, f, proba[test], 0.2 + 0.02 * (f % 5)) for f, (_, test) in enumerate(study.folds)
        ]
    return study, outcomes, 1 / (1 + np.exp(-odds)), study.codes == own


def values(result, recipe="Do nothing", cut=CHOSEN):
    table = result.tables["scores"]
    return table[(table["recipe"] == recipe) & (table["cut"] == cut)].set_index("metric")


def test_a_cut_off_is_written_and_read():
    for text in ("", "probability:0.001", "probability:0.000001", "top:50", "top:1000000000", "per1000:2.5", "cost:20"):
        assert Cutoff.parse(text).text == text
    assert Cutoff.parse("top:1e9").words == "the 1,000,000,000 most probable cases"
    assert Cutoff.parse("probability:1e-6").words == "the probability 0.000001"
    for text in ("top:2e9", "probability:1e-7", "cost:1e-9"):
        with pytest.raises(UserError) as refused:
            Cutoff.parse(text)
        assert not re.search(r"\de[+-]", f"{refused.value.problem} {refused.value.remedy}")
    assert Cutoff("top", 1500).words == "the 1,500 most probable cases" and Cutoff().words == "what each recipe decides"
    for text in (
        "top:0",
        "top:2.5",
        "probability:1",
        "cost:0",
        "per1000:1001",
        "half",
        "top:many",
        "probability:nan",
        "rm:1",
    ):
        with pytest.raises(UserError):
            Cutoff.parse(text)


@pytest.mark.parametrize("text", ["probability:0.1", "top:40", "per1000:40", "cost:9"])
def test_the_scores_are_those_of_scikit_learn_and_stand_beside_the_locked_ones(text):
    study, outcomes, p, found = known(miss_cost=9.0)
    result = at_cutoff(study, outcomes, Cutoff.parse(text))
    at = result.tables["ways"].set_index("recipe").loc["Do nothing", "threshold"]
    taken = p >= at
    if text[0] in "tp" and "40" in text:
        assert taken.sum() == 40
    else:
        assert at == pytest.approx(0.1)
    table = values(result)
    assert table.loc["F1", "value"] == pytest.approx(f1_score(found, taken))
    assert table.loc["precision", "value"] == pytest.approx(precision_score(found, taken))
    assert table.loc["recall", "value"] == pytest.approx(recall_score(found, taken))
    cost = 9 * (found & ~taken).sum() + (taken & ~found).sum()
    assert table.loc["cost per 1,000 rows", "value"] == pytest.approx(1000 * cost / len(p))
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    locked = p >= (0.2 + 0.02 * study.fold)
    assert values(result, cut=OWN).loc["F1", "value"] == pytest.approx(f1_score(found, locked))
    assert values(result, cut=HALF).loc["F1", "value"] == pytest.approx(f1_score(found, p >= 0.5))
    people = result.tables["people"].query("recipe == 'Do nothing' and cut == @CHOSEN").set_index("outcome")
    assert people["n_cases"].sum() == 1000 and people.loc["found", "n_cases"] == (found & taken).sum()
    assert ((people["low"] <= people["n_cases"]) & (people["n_cases"] <= people["high"])).all()


def test_every_recipe_has_its_own_threshold_for_as_many_cases():
    study, outcomes, _, _ = known()
    ways = at_cutoff(study, outcomes, Cutoff("top", 30)).tables["ways"].set_index("recipe")
    odds = ways["threshold"] / (1 - ways["threshold"])
    assert list(ways["flagged"]) == [30, 30]
    assert odds["Class weights"] / odds["Do nothing"] == pytest.approx(2, rel=1e-2)
    everything = at_cutoff(study, outcomes, Cutoff("top", 10**9)).tables["ways"]
    assert list(everything["flagged"]) == [1000, 1000]


def test_another_prevalence_weighs_rows_and_leaves_the_rates():
    study, outcomes, p, found = known()
    usual, rare = (at_cutoff(study, outcomes, Cutoff("probability", 0.1), share) for share in (None, 0.005))
    assert values(rare).loc["recall", "value"] == values(usual).loc["recall", "value"]
    taken, weight = p >= 0.1, np.where(found, 0.1, 0.995 / 0.95)
    assert values(rare).loc["precision", "value"] == pytest.approx(precision_score(found, taken, sample_weight=weight))
    assert rare.tables["people"]["of"].iloc[0] == 1000
    curve = curves_of(study, threshold=0.1, prevalence=0.005).tables["decision_curve"].query("recipe == 'Do nothing'")
    for one, at in ((usual, 0.1), (rare, 1 / (1 + 9 * (0.995 / 0.005) / (0.95 / 0.05)))):
        assert one.tables["marks"]["threshold_at_use"].iloc[0] == pytest.approx(at)
    near = np.interp(np.log(at), np.log(curve["threshold"]), curve["net_benefit_per_1000"])
    assert rare.tables["marks"]["net_benefit_per_1000"].iloc[0] == pytest.approx(near, abs=0.2)
    capacity = at_cutoff(study, outcomes, Cutoff("per1000", 20), 0.005)
    assert 18 < values(capacity).loc["flagged per 1,000", "value"] <= 20
    texts = [
        " ".join(f.text for f in at_cutoff(study, outcomes, Cutoff("cost", 9), at).findings)
        for at in (0.005, 0.05, None)
    ]
    at_use = 1 / (1 + 9 * (0.005 / 0.995) / (0.05 / 0.95))
    assert (
        f"stands for {wording.number(at_use)} on them, and not for 0.1" in texts[0]
        and "too high where it makes up 0.5 %" in texts[0]
    )
    assert all("Probabilities of this table" not in text for text in texts[1:])


def test_a_probability_at_the_threshold_is_called_though_it_was_kept_in_single_precision():
    costs = np.arange(1, 101)
    for at in (1 / (1 + costs), 1 - 1 / (1 + costs)):
        kept = 1 / (1 + np.exp(-log_odds(at, np.inf).astype(np.float32).astype(float)))
        assert (kept < at).sum() > 20 and reached(kept, at).all() and not reached(kept, at * (1 + 1e-6)).any()
    assert not reached(np.array([0.5, 1.0]), np.array([np.nan, 1.5])).any()


def test_moving_by_hand_is_exploratory_and_few_rows_prefer_the_costs():
    study, outcomes, _, _ = known()
    texts = {
        way: " ".join(f.text for f in at_cutoff(study, outcomes, Cutoff.parse(way)).findings) for way in ("", "cost:20")
    }
    assert "exploratory and not validated" in texts["cost:20"] and "'Cost threshold'" in texts["cost:20"]
    assert "exploratory" not in texts[""] and "0.24 in the middle and goes from 0.2 to 0.28" in texts[""]
    assert "in 9 of 10 draws" in texts[""] and "Prefer the threshold" not in texts[""]
    few = known((970, 30))
    findings = at_cutoff(*few[:2], Cutoff()).findings
    reason = next(finding for finding in findings if finding.severity == "caution")
    assert "Prefer the threshold that follows from the costs on calibrated probabilities" in reason.text
    assert ".04 to .41" in reason.text and reason.suggests == ("cost_threshold", "calibrated_probabilities")
    none = at_cutoff(*known((992, 8))[:2], Cutoff("top", 5)).findings
    assert len(none) == 1 and "nothing is claimed" in none[0].text


def test_more_classes_are_judged_as_one_against_the_rest():
    study, outcomes, p, found = known((600, 330, 70))
    result = at_cutoff(study, outcomes, Cutoff("top", 50))
    assert values(result).loc["flagged per 1,000", "value"] == 50
    at = result.tables["ways"]["threshold"].iloc[0]
    assert values(result).loc["F1", "value"] == pytest.approx(f1_score(found, p >= at))


def test_the_rows_that_are_called_and_the_side_of_each():
    study, outcomes, p, _ = known()
    told = seen(study, outcomes[Recipe()])
    table = called(study, told, Cutoff("top", 40))
    assert table["flagged"].sum() == 40 and table["probability"].is_monotonic_decreasing
    assert set(table.loc[table["flagged"], "row"]) == set(np.argsort(-p)[:40] + 1)
    assert (table["times_odds"].ge(1) == table["flagged"]).all()
    own = called(study, told, Cutoff())
    assert told.single and own["flagged"].sum() == (p >= 0.2 + 0.02 * study.fold).sum()
    assert seen(study, outcomes[Recipe()][:4]) is None
    with pytest.raises(UserError, match="not complete"):
        at_cutoff(study, {Recipe(): outcomes[Recipe()][:4]}, Cutoff())


def test_the_band_of_a_tuned_threshold_is_wide_where_rows_are_few():
    """As published for F1 at a prevalence of 1 %, it narrows as rows are added; a threshold of the costs has none."""
    widths = []
    for sizes in ((990, 10), (2970, 30)):
        study, outcomes, _, _ = known(sizes)
        low, high = tuned_band(study, Recipe(), seen(study, outcomes[Recipe()]), 100)
        widths.append(high - low)
    assert widths[0] > 1.3 * widths[1]
    own = threshold_band(study, Recipe()).tables["band"].set_index("measure").loc["threshold"]
    assert tuned_band(study, Recipe(), seen(study, outcomes[Recipe()])) == pytest.approx(
        (own["low"], own["high"]), rel=1e-3
    )
    study, outcomes, _, _ = known((970, 30), miss_cost=20.0)
    assert tuned_band(study, Recipe.of("cost_threshold"), seen(study, outcomes[Recipe()])) is None


def test_marks_lie_on_the_curves_and_numbers_of_figures_stand_in_tables():
    study, outcomes, _, _ = known()
    laid = at_cutoff(study, outcomes, Cutoff("probability", 0.15))
    result = curves_of(study, [OTHER], threshold=Cutoff("probability", 0.15))
    mark = laid.tables["marks"].set_index("recipe").loc["Do nothing"]
    roc = result.tables["roc"].query("recipe == 'Do nothing'")
    assert np.interp(mark["false_alarm_rate"], roc["false_alarm_rate"], roc["recall"]) == pytest.approx(
        mark["recall"], abs=0.03
    )
    benefit = result.tables["decision_curve"].query("recipe == 'Do nothing'")
    near = np.interp(np.log(0.15), np.log(benefit["threshold"]), benefit["net_benefit_per_1000"])
    assert mark["net_benefit_per_1000"] == pytest.approx(near, abs=1)
    same = result.tables["decisions"].query("recipe == 'Do nothing' and metric == 'F1'")["value"].iloc[0]
    assert values(laid).loc["F1", "value"] == pytest.approx(same)
    plain = draw_curves(result)
    drawn = marked(plain, laid.tables["marks"], "Do nothing")
    for title in CURVES:
        star = drawn[title].data[-1]
        assert star.name == "the cut-off" and len(star.x) == 2
        assert len(plain[title].data) == len(drawn[title].data) - 1, "what was given is not changed"
    numbers = np.concatenate([t.select_dtypes("number").to_numpy().ravel() for t in laid.tables.values()])
    for figure in draw(laid).values():
        for trace in figure.data:
            assert np.isin(np.asarray(trace.x, dtype=float), numbers).all()


def test_chance_is_that_of_as_many_rows_at_random():
    for n, k, share in ((1000, 50, 0.03), (100, 5, 0.5), (100_000, 40, 0.001)):
        want = hypergeom.ppf([0.025, 0.975], n, k, round(share * n)) / k
        assert recall_by_chance(k, n - k, share)[1:] == pytest.approx(tuple(want))
    rng, hits = np.random.default_rng(0), []
    for _ in range(4000):
        hits.append((rng.permutation(200)[:20] < 30).sum())
    mean, low, high = scores_by_chance(30, 170, 0.1, 0.15)["F1"]
    drawn = np.quantile(2 * np.array(hits) / (30 + 20), [0.025, 0.975])
    assert (low, high) == pytest.approx(tuple(drawn)) and mean == pytest.approx(2 * 3 / 50)
    assert flagged_scores(0.0, 0.0, 0.1)["precision"] == 0


def test_intervals_hold_the_true_score_and_random_rankings_stay_in_their_band():
    """F1 of known rates: 95 % intervals, on 200 tables of 12 rows of the class."""
    from core.evaluation.at_cutoff import _at

    rng, truth, inside = np.random.default_rng(1), float(flagged_scores(0.6, 0.05, 0.1)["F1"]), 0
    study, outcomes, _, _ = known((108, 12))
    told = seen(study, outcomes[Recipe()])
    for _ in range(200):
        flagged = float(rng.binomial(12, 0.6)), float(rng.binomial(108, 0.05))
        lines, _, _ = _at(told, flagged, 0.1, 0.0, rng)
        inside += lines[0][2] <= truth <= lines[0][3]
    assert 0.92 < inside / 200 < 0.99
    chance = curves_of(study).tables["chance"]
    assert ((chance["low"] <= chance["value"]) & (chance["value"] <= chance["high"])).all()
    roc = chance[chance["curve"] == "ROC curve"]
    assert roc["value"].to_numpy() == pytest.approx(roc["at"].to_numpy(), abs=0.1)
    assert (roc["high"] - roc["low"]).max() > 0.4, "twelve rows of the class leave a wide band"


def test_the_command_line_lays_one_cut_off_on_what_it_compares(capsys, tmp_path):
    rng = np.random.default_rng(0)
    lines = [f"{rng.normal(2 * (i % 8 == 0)):.3f},{'yes' if i % 8 == 0 else 'no'}" for i in range(160)]
    path, report = tmp_path / "table.csv", tmp_path / "report.md"
    path.write_text("\n".join(["size,outcome", *lines]), encoding="utf-8")
    plain = [str(path), "--target", "outcome", "--learner", "linear", "--folds", "2", "--repeats", "1"]
    compare = ["compare", *plain, "--recipes", "class_weights", "--cutoff", "top:16", "--report", str(report)]
    assert main(compare) == 0
    out = capsys.readouterr().out
    assert "At one cut-off for all recipes" in out and "exploratory and not validated" in out
    assert re.search(r"Class weights, at the chosen cut-off: probability 0\.\d+\n  F1 .*; at random", out)
    assert "flagged per 1,000                          100 (" in out and "found, of 1,000 cases" in out
    assert "Cut-off: set by hand to the 16 most probable cases, exploratory" in report.read_text(encoding="utf-8")
    assert main([*compare[:-4], "--cutoff", "half"]) == 2
    assert "'half' is no cut-off." in capsys.readouterr().err
    assert main(["curves", *plain, "--cutoff", "top:16", "--threshold", "0.5"]) == 2
    assert "are both given" in capsys.readouterr().err


def test_where_a_column_prices_each_row_costs_are_not_counted_as_if_all_misses_cost_alike():
    study, outcomes, _, found = known(miss_cost=9.0)
    priced = study.with_(dataset=replace(study.dataset, costs=pd.DataFrame({"amount": np.arange(1.0, len(found) + 1)})))
    priced._memory.update(study._memory)
    for one, there in ((study, True), (priced, False)):
        scores = at_cutoff(one, outcomes, Cutoff("top", 40)).tables["scores"]
        cuts = threshold_band(one, Recipe(), n_draws=20).tables["cuts"]
        assert all((COST in set(table["metric"])) == there for table in (scores, cuts))
    pairs = [
        (
            SimpleNamespace(matrices={AT_OWN: np.array([[900, 50], [10, 40]]) - k}),
            SimpleNamespace(matrices={AT_OWN: np.array([[900, 50], [10, 40]])}),
        )
        for k in (0, np.array([[5, -5], [2, -2]]))
    ]
    raw = np.flatnonzero(found) + 1
    for one, squared in ((study, 81.0), (priced, 81.0 * np.mean(raw**2) / np.mean(raw) ** 2)):
        error = Search._error_of_counts(SimpleNamespace(key=(COST, AT_OWN), study=one), pairs)
        assert error == pytest.approx(1000 * np.sqrt(squared * 2 + 5) / 2000)


def test_a_threshold_that_does_harm_is_not_said_to_change_nothing():
    study = known()[0]
    scores = pd.DataFrame({"recipe": "Do nothing", "metric": "F1", "cut": ["at 0.5", OWN], "value": [0.5, 0.3]})
    changes = pd.DataFrame({"recipe": ["Do nothing"], "metric": "F1", "cut": "", "low": -0.3, "high": -0.1})
    tables = {
        "scores": scores,
        "differences": changes,
        "thresholds": pd.DataFrame({"recipe": ["Do nothing"], "median": 0.1}),
    }
    assert "changes F1 from 0.5 to 0.3" in moved_threshold(study, tables, "average precision")
    tables["differences"] = changes.assign(high=0.1)
    assert "beyond the noise" in moved_threshold(study, tables, "average precision")
