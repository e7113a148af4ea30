"""Weighted accuracy and costs: the paper's worked example, its band, its grid of metrics, closed forms and identities."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, rankdata

from core.numerics.cost_matrices import class_weighted_accuracy, least_cost, matrix_cost, normalised_accuracy
from core.numerics.decisions import best_threshold
from core.numerics.weighted_accuracy import (
    EMBLEMATIC,
    comparison_bounds,
    cost_ratio,
    cost_weight,
    density_of,
    expected_weighted_accuracy,
    most_cost,
    parity_ratio,
    possible_orders,
    prevalence_of_accuracy,
    total_cost,
    weight_at_use,
    weighted_accuracy,
    weights_of_order,
)

N_ROWS = 200
GRID = np.r_[0.01, np.arange(1, 10) / 10, 0.99]
WORKS, MEAN_REVENUE, SPREAD = 0.25, 64.76, 30.09
PUBLISHED = {
    "WA": 0.960,
    "EWA": 0.955,
    "ACD": 0.843,
    "WCA": 0.591,
    "accuracy": 0.536,
    "CBA": 0.483,
    "ROC-AUC": 0.169,
    "MCC": 0.155,
    "kappa": 0.143,
    "F1": 0.138,
    "precision": 0.117,
    "P4": 0.067,
    "G-mean": 0.059,
    "recall": 0.033,
}
"""Mean rank correlation with the total cost, from the authors' own tables (churn, 100 draws)."""


def rng_decisions(n=50, seed=0):
    """Random decisions on 120 rows of a class and 880 others."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 121, n), rng.integers(0, 881, n)


def test_the_worked_example():
    """Calling none is right on 80 of 100 rows and scores .308; a model that is right on 65 scores .712."""
    found, quiet = np.array([0, 15]), np.array([80, 50])
    assert weighted_accuracy(found, quiet, 20, 80, 0.9) == pytest.approx([8 / 26, 18.5 / 26])
    assert weighted_accuracy(found, quiet, 20, 80, 0.5) == pytest.approx([0.8, 0.65])


@pytest.mark.parametrize("ratio", [0.1, 1.0, 9.0, 250.0])
def test_weighted_accuracy_is_what_is_left_of_the_cost(ratio):
    found, quiet = rng_decisions()
    cost = total_cost(120 - found, 880 - quiet, ratio, least=77.0)
    value = weighted_accuracy(found, quiet, 120, 880, cost_weight(ratio))
    assert value == pytest.approx(1 - (cost - 77.0) / most_cost(120, 880, ratio))
    assert (np.diff(value[np.argsort(cost, kind="stable")]) <= 1e-12).all()
    assert cost_ratio(cost_weight(ratio)) == pytest.approx(ratio)


@pytest.mark.parametrize("density", [(2.0, 2.0), (0.3, 4.0), (40.0, 2.5), (900.0, 100.0)])
@pytest.mark.parametrize("sizes", [(2, 998), (499, 500), (500, 500), (990, 10)])
def test_expected_weighted_accuracy_is_the_integral(density, sizes):
    found, quiet = 0.7 * sizes[0], 0.4 * sizes[1]
    middle = density[0] / sum(density)
    parts = [
        quad(lambda w: weighted_accuracy(found, quiet, *sizes, w) * beta.pdf(w, *density), *ends, limit=200)[0]
        for ends in ((0, middle), (middle, 1))
    ]
    value = expected_weighted_accuracy(found, quiet, *sizes, density)
    assert value == pytest.approx(sum(parts), abs=1e-7)
    if sum(density) < 100 and sizes[0] <= sizes[1]:
        ratio, total = sizes[0] / sizes[1], sum(density)
        share = ratio * density[0] / total * hyp2f1(1, density[0] + 1, total + 1, 1 - ratio)
        assert value == pytest.approx(share * 0.7 + (1 - share) * 0.4, abs=1e-9)


def test_a_narrow_density_gives_weighted_accuracy():
    alpha, other = density_of(0.9, 0.001)
    assert (alpha / (alpha + other), beta.std(alpha, other)) == pytest.approx((0.9, 0.001))
    value = expected_weighted_accuracy(15, 50, 20, 80, (alpha, other))
    assert value == pytest.approx(weighted_accuracy(15, 50, 20, 80, 0.9), abs=1e-5)
    with pytest.raises(ValueError, match="no Beta density"):
        density_of(0.9, 0.3)


def test_another_prevalence_is_as_if_rows_were_drawn_again():
    """The weight at use on 120 and 880 rows is the weight of the costs on rows at the prevalence of use."""
    found, quiet = rng_decisions()
    there = weighted_accuracy(found / 120 * 0.02, quiet / 880 * 0.98, 0.02, 0.98, 0.95)
    here = weighted_accuracy(found, quiet, 120, 880, weight_at_use(0.95, 0.12, 0.02))
    assert here == pytest.approx(there)
    assert weight_at_use(0.95, 0.12, 0.12) == pytest.approx(0.95)


@pytest.mark.parametrize("at_use", [0.01, 0.12, 0.4])
def test_parity_and_plain_accuracy_are_each_right_at_one_cost_ratio(at_use):
    """Balanced accuracy weighs a row of the class by N / P; it agrees with the costs only where these are the other rows per row at use."""
    balanced = 1 - 0.12
    assert weight_at_use(cost_weight(parity_ratio(at_use)), 0.12, at_use) == pytest.approx(balanced)
    prevalence = prevalence_of_accuracy(0.9, at_use)
    assert weight_at_use(0.9, prevalence, at_use) == pytest.approx(0.5)


def test_rebalancing_reverses_a_ranking_where_the_costs_do_not_ask_for_it():
    """At one false alarm per miss and 5 % of rows, balanced accuracy prefers the decision that costs nine times as much."""
    timid, eager = (0.5, 0.999), (0.95, 0.8)
    costs = [total_cost(50 * (1 - own), 950 * (1 - rest), 1.0) for own, rest in (timid, eager)]
    weighted = [weighted_accuracy(50 * own, 950 * rest, 50, 950, 0.5) for own, rest in (timid, eager)]
    assert costs[1] / costs[0] == pytest.approx(192.5 / 25.95)
    assert weighted[0] > weighted[1] and np.mean(timid) < np.mean(eager)


@pytest.mark.parametrize(("weight", "printed"), [(0.5, 0.508), (0.9, 0.101), (0.98, 0.026)])
def test_the_threshold_on_calibrated_probabilities(weight, printed):
    """Over all thresholds, weighted accuracy is greatest near one less the weight."""
    rng = np.random.default_rng(1)
    proba = rng.beta(0.5, 1.5, 100_000)
    found = rng.random(100_000) < proba
    threshold = best_threshold(proba, found, "expected cost", cost_ratio(weight))
    assert threshold == pytest.approx(1 - weight, abs=0.03)
    assert threshold == pytest.approx(printed, abs=0.03)


def test_the_band_of_a_ranking():
    """The printed order at 5 % of rows and α = .6: from .919 to .927; the lower end is that of "bad on others" against "call none"."""
    order = [EMBLEMATIC.index(name) for name in ("call all", "bad", "call none", "bad on others", "bad on class")]
    low, high = weights_of_order(order, 0.05, 0.6)
    assert (round(low, 3), round(high, 3)) == (0.919, 0.927)
    assert low == pytest.approx(1 / (1 + 0.05 / (0.6 * 0.95)))
    assert high == pytest.approx(1 / (1 + 0.6 * 0.05 / (0.4 * 0.95)))
    bounds = {(worse, better): (least, most) for worse, better, least, most in comparison_bounds(order, 0.05, 0.6)}
    assert bounds[1, 3][0] == pytest.approx(low) and bounds[0, 2][1] == pytest.approx(high)
    assert weights_of_order(order[::-1], 0.05, 0.6) is None


@pytest.mark.parametrize(("prevalence", "wrong"), [(0.05, 0.6), (0.3, 0.5), (0.01, 0.75)])
def test_possible_orders_cover_all_weights_and_agree_with_direct_ranking(prevalence, wrong):
    found = possible_orders(prevalence, wrong)
    assert found[0][1] == 0 and found[-1][2] == 1
    assert [high for *_, high in found[:-1]] == [low for _, low, _ in found[1:]]
    for order, low, high in found:
        assert weights_of_order(order, prevalence, wrong) == pytest.approx((low, high), abs=1e-9)


def metrics(tp, tn, n_class, weight, density):
    """Scores of decisions on ``N_ROWS`` rows, larger is better."""
    n_rest = N_ROWS - n_class
    fn, fp = n_class - tp, n_rest - tn
    recall, quiet, right = tp / n_class, tn / n_rest, (tp + tn) / N_ROWS
    value = weighted_accuracy(tp, tn, n_class, n_rest, weight)
    spread = np.sqrt((tp + fp) * float(n_class * n_rest) * (tn + fn)) + 1e-9
    return {
        "WA": value,
        "EWA": expected_weighted_accuracy(tp, tn, n_class, n_rest, density),
        "ACD": -np.hypot(1 - right, 1 - value),
        "WCA": weight * recall + (1 - weight) * quiet,
        "accuracy": right,
        "CBA": tp / np.maximum(n_class, tp + fp) + tn / np.maximum(n_rest, tn + fn),
        "ROC-AUC": recall + quiet,
        "MCC": (tp * tn - fp * fn) / spread,
        "kappa": (tp * tn - fn * fp) / ((tp + fp) * n_rest + n_class * (fn + tn)),
        "F1": tp / (2 * tp + fp + fn),
        "precision": tp / (tp + fp + 1e-9),
        "P4": tp * tn / (4 * tp * tn + (tp + tn) * (fp + fn)),
        "G-mean": tp * tn,
        "recall": recall,
    }


def correlations(seed=0):
    """The authors' first grid: random decisions that call 0 to 200 rows, and a miss that costs a quarter of the row's revenue less the campaign.

    Their revenues are 200 monthly charges of a phone company. Here stand as many numbers in two groups, with the same mean and spread.
    """
    rng = np.random.default_rng(seed)
    revenue = np.r_[np.linspace(18.5, 26, 50), np.linspace(45, 117, 150)]
    revenue = (revenue - revenue.mean()) / revenue.std() * 29.83 + 63.63
    found = {name: [] for name in PUBLISHED}
    for n_class in (N_ROWS * GRID).round().astype(int):
        own = rng.permutation(N_ROWS) < n_class
        called = rng.random((N_ROWS + 1, N_ROWS)).argsort(axis=1).argsort(axis=1) < np.arange(N_ROWS + 1)[:, None]
        tp, alarms = (called & own).sum(axis=1), (called & ~own).sum(axis=1)
        lost = WORKS * ((~called & own) @ revenue)
        for weight in GRID:
            campaign = WORKS * MEAN_REVENUE * (1 - weight)
            cost = ranks(-(campaign * (alarms - (n_class - tp)) + lost))
            spread = campaign * SPREAD / (np.sqrt(N_ROWS) * WORKS * MEAN_REVENUE**2)
            b = max(weight * (1 - weight) ** 2 / spread - (1 - weight), 2)
            density = b / (1 - weight) - b, b
            for name, value in metrics(tp, N_ROWS - n_class - alarms, n_class, weight, density).items():
                found[name].append(cosine(ranks(value), cost))
    return {name: np.array(values) for name, values in found.items()}


def ranks(values):
    ranked = rankdata(np.round(values, 9))
    return ranked - ranked.mean()


def cosine(one, other):
    return one @ other / np.sqrt((one @ one) * (other @ other))


def test_the_grid_ranks_metrics_as_published():
    """121 pairs of prevalence and weight; on the authors' own revenues all means come out within .011, and on these within .03."""
    found = correlations()
    means = {name: np.nanmean(values) for name, values in found.items()}
    assert sorted(means, key=means.get, reverse=True) == list(PUBLISHED)
    assert means == pytest.approx(PUBLISHED, abs=0.03)
    assert (found["WA"] >= 0.8).mean() == pytest.approx(0.93, abs=0.03)
    assert np.nanmin(found["F1"]) == pytest.approx(-0.96, abs=0.02)


def test_a_matrix_of_two_classes_is_weighted_accuracy():
    found, quiet = rng_decisions()
    confusion = np.stack([np.stack([quiet, 880 - quiet], -1), np.stack([120 - found, found], -1)], -2)
    costs = np.array([[0.0, 1.0], [9.0, 0.0]])
    value = weighted_accuracy(found, quiet, 120, 880, 0.9)
    assert normalised_accuracy(confusion, costs) == pytest.approx(value)
    assert class_weighted_accuracy(confusion, np.array([0.1, 0.9])) == pytest.approx(value)
    assert matrix_cost(confusion, costs) == pytest.approx(total_cost(120 - found, 880 - quiet, 9.0))


def test_several_classes_are_ranked_as_by_their_cost():
    rng = np.random.default_rng(2)
    sizes, costs = np.array([700, 200, 60, 40]), rng.uniform(0, 9, (4, 4))
    tables = np.stack(
        [
            [rng.multinomial(n, share) for n, share in zip(sizes, rng.dirichlet(np.ones(4), 4), strict=True)]
            for _ in range(40)
        ]
    )
    total = np.array([sum(table[c, d] * costs[c, d] for c in range(4) for d in range(4)) for table in tables])
    assert matrix_cost(tables, costs) == pytest.approx(total)
    assert (np.argsort(normalised_accuracy(tables, costs)) == np.argsort(-total)).all()
    by_class = np.repeat(np.array([1.0, 4, 9, 20])[:, None], 4, axis=1) * (1 - np.eye(4))
    assert class_weighted_accuracy(tables, by_class.max(axis=1)) == pytest.approx(normalised_accuracy(tables, by_class))
    best = np.eye(4)[costs.argmin(axis=1)] * sizes[:, None]
    assert normalised_accuracy(best, costs) == pytest.approx(1.0)
    assert np.isnan(normalised_accuracy(tables[0], np.ones((4, 4))))


def test_the_decision_of_least_cost():
    """Against brute force; a threshold with two classes; permuted with the classes; the most probable class at equal costs."""
    rng = np.random.default_rng(3)
    proba, costs = rng.dirichlet(np.ones(4) * 0.5, 500), rng.uniform(0, 9, (4, 4))
    brute = [min(range(4), key=lambda d: sum(row[c] * costs[c, d] for c in range(4))) for row in proba]
    decided = least_cost(proba, costs)
    assert decided.tolist() == brute
    order = np.array([2, 0, 3, 1])
    assert (order[least_cost(proba[:, order], costs[np.ix_(order, order)])] == decided).all()
    assert (least_cost(proba, 1 - np.eye(4)) == proba.argmax(axis=1)).all()
    assert (least_cost(proba, np.ones((4, 4))) == proba.argmax(axis=1)).all()
    two = np.stack([1 - proba[:, 0], proba[:, 0]], axis=1)
    assert (least_cost(two, np.array([[0.0, 1.0], [9.0, 0.0]])) == (proba[:, 0] >= 0.1)).all()


@pytest.mark.parametrize(
    ("prevalence", "weight", "literal", "corrected"),
    [(0.2, 0.01, {"precision": 0.79}, {"precision": 0.0077}), (0.01, 0.1, {"F1": 0.89}, {"F1": 0.0088})],
)
def test_what_it_costs_to_choose_a_model_by_another_score(prevalence, weight, literal, corrected):
    """The paper's table of losses, per row: printed for ``TPR = FPR²``, whose area is 1/3, and far smaller on ``TPR = √FPR``, whose area is the 2/3 of its text."""
    alarm = np.arange(101) / 100
    for found, lost in ((alarm**2, literal), (np.sqrt(alarm), corrected)):
        tp, fp = prevalence * found, (1 - prevalence) * alarm
        cost = (1 - weight) * total_cost(prevalence - tp, fp, cost_ratio(weight))
        scores = {"precision": tp / (tp + fp + 1e-9), "F1": 2 * tp / (tp + fp + prevalence)}
        scores["WA"] = weighted_accuracy(tp, 1 - prevalence - fp, prevalence, 1 - prevalence, weight)
        losses = {name: cost[score.argmax()] - cost.min() for name, score in scores.items()}
        assert losses["WA"] == 0
        assert {name: losses[name] for name in lost} == pytest.approx(lost, rel=0.01)
