"""Circumplex intervention: the degenerate pair gains nothing, the rare but separable class does."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad
from scipy.stats import wilcoxon

from core import engine
from core.diagnostics.geometry.circumplex_intervention import _finding, circumplex_intervention, two_pairs
from core.interventions import GEOMETRIC, NOTHING, REMEDIES, UNIFORM, _cut, error_scores, pair_scores, trials
from core.numerics import plane, softmax_linear
from core.numerics.softmax_linear import expected_cost, fit, loss_and_gradient, with_constant
from core.study import Study


@pytest.fixture(scope="module")
def seen():
    return trials(Study(two_pairs(True)))


@pytest.fixture(scope="module")
def three_classes():
    """A common class and two rare ones, 1.5 standard deviations off in two directions."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [10000, 500, 500])
    return rng.normal(size=(len(codes), 2)) + np.array([[0, 0], [1.5, 0], [0, 1.5]])[codes], codes


def recalls(B, X, codes, shift=0.0):
    taken = (with_constant(X) @ B + shift).argmax(axis=1)
    return [float(np.mean(taken[codes == c] == c)) for c in range(3)]


@pytest.mark.parametrize("random_state", [0, 3])
def test_the_degenerate_pair_does_not_gain_and_the_rare_separable_class_does(random_state):
    result = engine.run("circumplex_intervention", Study(two_pairs(True, random_state)))
    outcome = result.tables["classes"].set_index("class")["outcome"]
    assert outcome["rare"] == "gains"
    assert outcome["pair 2"] == "no gain shown"
    main = result.tables["changes"].query("measure == 'told apart'").set_index(["class", "remedy"])
    for remedy in ("class weights", "logit adjustment", "random oversampling"):
        assert main.loc[("rare", remedy), "low"] > 0
        assert main.loc[("rare", remedy), "change"] > 0.15
    assert (main.loc["pair 2", "low"] < 0).all()
    assert main.loc["pair 2", "change"].abs().max() < 0.08
    assert result.findings[0].suggests[0] == "tuned_threshold"
    assert "moving the threshold may do as well" in result.findings[0].text
    assert result.findings[1].suggests == ()


def test_the_remedy_that_is_named_is_one_that_gains():
    """A larger change whose interval holds zero is not the one that is shown."""
    table = pd.DataFrame(
        {"remedy": ["class weights", "random oversampling"], "change": [0.2, 0.1], "low": [-0.1, 0.05]}
    )
    both = pd.concat([table.assign(measure=name) for name in ("told apart", "balanced AUC")], ignore_index=True)
    text = _finding(pd.Series({"class": "a", "nearest": "b"}), both.assign(baseline=0.5, high=0.4)).text
    assert "gains by 1 remedy" in text and "most by random oversampling" in text and "+0.100 (+0.050 to" in text


def test_what_the_degenerate_class_wins_its_neighbour_loses(seen):
    plain, weighted = (pair_scores(seen, name, 2, 1, 0.05) for name in (NOTHING, "class weights"))
    won = np.mean(weighted["recall"] - plain["recall"])
    lost = np.mean(weighted["recall of the nearest class"] - plain["recall of the nearest class"])
    assert won > 0.1
    assert won + lost == pytest.approx(0, abs=0.06)


def test_weights_move_the_decision_and_not_the_ranking(seen):
    """At equal false alarms, and in the balanced AUC, the rare class gains nothing: its threshold was wrong, not its scores."""
    for name in REMEDIES:
        plain, other = (pair_scores(seen, which, 3, 0, 0.05) for which in (NOTHING, name))
        assert np.mean(other["balanced AUC"] - plain["balanced AUC"]) == pytest.approx(0, abs=0.02)
        gain = np.mean(other["recall at equal false alarms"] - plain["recall at equal false alarms"])
        assert gain == pytest.approx(0, abs=0.1)


def test_an_exact_paired_test_tells_the_rare_class_from_the_pair(seen):
    """Wilcoxon's exact signed ranks over the five folds of one repeat can at best reach 2 / 2⁵."""
    for a, b, expected in ((3, 0, 2 / 2**5), (2, 1, None)):
        plain, weighted = (pair_scores(seen, name, a, b, 0.05)["told apart"][:5] for name in (NOTHING, "class weights"))
        p = wilcoxon(weighted, plain, method="exact").pvalue
        assert p == pytest.approx(expected) if expected else p > 0.1


def test_the_uniform_cost_is_one_minus_the_probability_of_the_truth():
    proba = softmax_linear.probabilities(np.random.default_rng(0).normal(size=(50, 4)))
    codes = np.random.default_rng(1).integers(0, 4, 50)
    np.testing.assert_allclose(expected_cost(proba, codes, 1 - np.eye(4)), 1 - proba[np.arange(50), codes])


def test_with_classes_at_equal_distances_geometry_and_control_are_the_same():
    centres = np.array([[1, 0], [-0.5, np.sqrt(3) / 2], [-0.5, -np.sqrt(3) / 2]])
    np.testing.assert_allclose(plane.centre_costs(centres), 1 - np.eye(3), atol=1e-12)


def test_with_two_classes_geometry_and_control_are_the_same():
    study = Study(two_pairs(True))
    two = study.dataset.y.isin(["common", "rare"]).to_numpy()
    frame = study.dataset.X[two].assign(outcome=study.dataset.y[two].astype(str))
    seen = trials(Study(type(study.dataset).from_frame(frame, "outcome")))
    for left, right in zip(seen.scores[GEOMETRIC], seen.scores[UNIFORM], strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_the_gradient_is_closed(three_classes):
    X, codes = three_classes
    rng = np.random.default_rng(0)
    cost = rng.random((3, 3)) * (1 - np.eye(3))
    rows = (with_constant(X[::100]), codes[::100], rng.dirichlet(np.ones(len(codes[::100]))), rng.normal(size=3), cost)
    error = check_grad(
        lambda flat: loss_and_gradient(flat, *rows)[0],
        lambda flat: loss_and_gradient(flat, *rows)[1],
        rng.normal(size=9),
    )
    assert error < 1e-6


def test_the_sign_of_logit_adjustment(three_classes):
    """Trained with + log π, or shifted by − log π afterwards, the rare classes are found; trained with − log π they vanish."""
    X, codes = three_classes
    shift = np.log(np.bincount(codes) / len(codes))
    plain, right, wrong = (fit(X, codes, 3, shift=s) for s in (None, shift, -shift))
    common, *rare = recalls(plain, X, codes)
    assert common > 0.98
    assert max(rare) < 0.25
    adjusted = recalls(right, X, codes)
    assert adjusted[0] < 0.7
    assert min(adjusted[1:]) > 0.65
    assert recalls(plain, X, codes, -shift) == pytest.approx(adjusted, abs=0.02)
    assert max(recalls(wrong, X, codes)[1:]) < 0.02
    assert recalls(wrong, X, codes, -shift) == pytest.approx([common, *rare], abs=0.02)


def test_a_strong_geometric_cost_makes_errors_milder_than_its_control(three_classes):
    """Two of the three classes are near each other; the cost of the far one is felt when it is large."""
    X, codes = three_classes
    centres = np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 3.0]])
    cost = plane.centre_costs(centres)
    plain = np.log(np.bincount(codes) / len(codes))
    severity = []
    for strength in (cost, (1 - np.eye(3)) * cost[cost > 0].mean()):
        taken = (with_constant(X) @ fit(X, codes, 3, shift=plain, cost=20 * strength)).argmax(axis=1)
        wrong = taken != codes
        severity.append(cost[codes[wrong], taken[wrong]].mean())
    assert severity[0] < severity[1]


def test_error_scores_are_of_the_errors_only(seen):
    scores = error_scores(seen, NOTHING)
    assert all(((values >= 0) & (values <= 1)).all() for values in scores.values())
    assert scores["error severity"].mean() < 0.75


def test_test_rows_never_reach_the_training(seen):
    """Every row is tested once per repeat."""
    tests = np.concatenate(seen.tests)
    assert (np.bincount(tests, minlength=len(seen.codes)) == 2).all()


def test_a_table_where_nothing_fails_needs_no_remedy():
    result = circumplex_intervention(Study(two_pairs(False)))
    assert result.severity == "fine"
    assert not result.tables["classes"]["failing"].any()
    assert result.suggests == ()


def test_a_sample_keeps_the_shares_of_the_table(monkeypatch):
    """Small classes stand whole among fewer rows of the large one, whose weight makes up for it: who fails and who gains stays."""
    monkeypatch.setattr("core.interventions.MOST_ROWS", 900)
    study = Study(two_pairs(True))
    seen = trials(study)
    assert 850 <= len(seen.codes) <= 900
    assert np.bincount(seen.codes)[1:].tolist() == study.class_sizes[1:].tolist()
    np.testing.assert_allclose(np.bincount(seen.codes, seen.weights), study.class_sizes)
    plain, weighted = (pair_scores(seen, name, 3, 0, 0.05) for name in (NOTHING, "class weights"))
    assert plain["recall"].mean() < 0.4
    assert np.mean(weighted["told apart"] - plain["told apart"]) > 0.15


def test_false_alarms_are_counted_by_weight():
    scores, weights = np.array([0.9, 0.8, 0.7, 0.1]), np.array([1.0, 1.0, 8.0, 10.0])
    assert _cut(scores, weights, 0.1) == 0.7
    assert _cut(scores, weights, 0.04) == 0.9
    assert _cut(scores, weights, 0.6) == 0.1
