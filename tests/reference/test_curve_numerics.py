"""Curves against scikit-learn, closed forms and brute force."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from core.numerics.curves import (
    average_precision,
    expected_random_precision,
    found_among_checked,
    least_normalised_cost,
    net_benefit,
    net_benefit_of_all,
    normalised_cost,
    people,
    precision_at_recall,
    probability_cost,
    random_precisions,
    rates_at,
    recall_at_alarm_rate,
    recall_within,
    roc_area,
)
from core.numerics.cutoffs import WAYS, threshold_of, value_of
from core.numerics.ranked_rows import drawn, expanded_tail, ranked
from core.numerics.ranking import bootstrap_average_precision

GRID = np.linspace(0.01, 0.99, 99)


def rows(n=500, seed=0, digits=2):
    rng = np.random.default_rng(seed)
    found = rng.random(n) < 0.15
    score = np.round(np.clip(rng.normal(0.3 + 0.2 * found, 0.15), 0.01, 0.99), digits)
    return score, found, rng.integers(1, 5, n).astype(float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("digits", [1, 4])
def test_curves_are_those_of_scikit_learn(weighted, digits):
    score, found, weight = rows(digits=digits)
    weight = weight if weighted else None
    items = ranked(score, found, weight)
    above = items.above()
    rate, recall, cuts = roc_curve(found, score, sample_weight=weight, drop_intermediate=False)
    assert np.array_equal(items.cuts, cuts)
    assert rates_at(items.cuts, *above, cuts)[0] == pytest.approx(recall)
    assert rates_at(items.cuts, *above, cuts)[1] == pytest.approx(rate)
    assert recall_within(*above, 0.1) == pytest.approx(recall[rate <= 0.1].max())
    keep = np.append(rate[1:] > rate[:-1], True)
    assert recall_at_alarm_rate(*above, GRID) == pytest.approx(np.interp(GRID, rate[keep], recall[keep]))
    assert average_precision(*above) == pytest.approx(average_precision_score(found, score, sample_weight=weight))
    assert roc_area(*above) == pytest.approx(roc_auc_score(found, score, sample_weight=weight))
    precision, recall, _ = precision_recall_curve(found, score, sample_weight=weight)
    wanted = [precision[:-1][recall[:-1] >= r - 1e-12][-1] for r in GRID]
    assert precision_at_recall(*above, GRID) == pytest.approx(wanted)


def test_gain_benefit_and_cost_are_what_they_say():
    score, found, weight = rows()
    items = ranked(score, found, weight)
    above, n = items.above(), weight.sum()
    prevalence = weight[found].sum() / n
    for cut in (0.2, 0.35, 0.6):
        taken = score >= cut
        hits, alarms = weight[taken & found].sum(), weight[taken & ~found].sum()
        gain = found_among_checked(*above, np.array([(hits + alarms) / n]))
        assert gain == pytest.approx(hits / weight[found].sum())
        benefit = net_benefit(items.cuts, *above, np.array([cut]))
        assert benefit == pytest.approx(hits / n - alarms / n * cut / (1 - cut))
        cost = 1 / cut - 1  # benefit is the cost saved against taking no row, in misses per row
        assert benefit == pytest.approx(prevalence - (cost * (weight[found].sum() - hits) + alarms) / (cost * n))
        recall, rate = rates_at(items.cuts, *above, cut)
        at = probability_cost(prevalence, cost)
        whole = (cost * (weight[found].sum() - hits) + alarms) / (cost * weight[found].sum() + weight[~found].sum())
        assert normalised_cost(1 - recall, rate, np.array([at])) == pytest.approx(whole)
    assert net_benefit(items.cuts, *above, np.array([0.001])) == pytest.approx(
        net_benefit_of_all(prevalence, np.array([0.001]))
    )
    recall, rate = rates_at(items.cuts, *above, items.cuts)
    every = normalised_cost(1 - recall, rate, GRID).min(axis=0)
    assert least_normalised_cost(*above, GRID) == pytest.approx(every)
    assert (every <= np.minimum(GRID, 1 - GRID) + 1e-12).all()


def test_a_binormal_ranking_has_the_curves_of_its_closed_form():
    rng = np.random.default_rng(0)
    found = np.arange(120_000) < 6_000
    x = rng.normal(1.8 * found, 1)
    p = 0.05 * np.exp(1.8 * x - 1.62) / (0.05 * np.exp(1.8 * x - 1.62) + 0.95)
    whole, short = ranked(p, found), ranked(p, found, short=True)
    assert len(short.score) < 8_100 and short.rows.sum() == len(p)
    t = np.array([0.02, 0.05, 0.2])
    at = (np.log(t / (1 - t)) - np.log(0.05 / 0.95) + 1.62) / 1.8
    benefit = 0.05 * norm.sf(at - 1.8) - 0.95 * norm.sf(at) * t / (1 - t)
    for items in (whole, short):
        above = items.above()
        assert recall_at_alarm_rate(*above, GRID) == pytest.approx(norm.cdf(1.8 + norm.ppf(GRID)), abs=0.015)
        assert net_benefit(items.cuts, *above, t) == pytest.approx(benefit, abs=0.001)
    assert average_precision(*short.above()) == pytest.approx(average_precision(*whole.above()), abs=1e-4)
    assert roc_area(*short.above()) == pytest.approx(roc_area(*whole.above()), abs=1e-5)


def test_rows_drawn_anew_spread_as_rows_do():
    """Within each class as many rows as there are; the spread of average precision is that of drawing row by row."""
    score, found, weight = rows()
    items, rng = ranked(score, found, weight), np.random.default_rng(1)
    mass = drawn(items, 300, rng)
    assert (mass[:, items.found] / items.mass[items.found]).sum(axis=1) == pytest.approx(found.sum())
    ours = average_precision(*items.above(mass))
    theirs = bootstrap_average_precision(score, found, 300, rng, weight)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.01)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.15)
    assert expanded_tail(10) < expanded_tail(30) < expanded_tail(10**6) == pytest.approx(0.025, abs=1e-4)
    assert expanded_tail(1) == 0


@pytest.mark.parametrize(("n_class", "n_rest"), [(1, 9), (10, 990), (30, 70)])
def test_chance_has_an_average_precision_a_little_above_the_prevalence(n_class, n_rest):
    draws = random_precisions(n_class, n_rest, 2000, np.random.default_rng(0))
    mean = expected_random_precision(n_class, n_rest)
    assert draws.mean() == pytest.approx(mean, abs=4 * draws.std() / np.sqrt(2000))
    assert mean > n_class / (n_class + n_rest)


def test_chance_counts_rows_as_often_as_they_stand_for():
    place = np.random.default_rng(3).choice(40, 8, replace=False, shuffle=False)
    labels = np.isin(np.arange(40), place)
    one = random_precisions(8, 32, 1, np.random.default_rng(3), odds=5.0)
    assert one == pytest.approx(average_precision_score(labels, -np.arange(40), sample_weight=np.where(labels, 1, 5)))


def test_people_are_whole_and_add_up():
    for recall, rate, share in ((0.8, 0.1, 0.05), (1 / 3, 0.0123, 0.0101), (0, 0, 0.5)):
        counts = people(recall, rate, share)
        assert sum(counts.values()) == 1000 and all(isinstance(n, int) for n in counts.values())
        assert counts["found"] == pytest.approx(1000 * share * recall, abs=1)


def test_one_cut_off_is_said_in_every_way_and_back():
    score, found, weight = rows(seed=4)
    usual = weight[found].sum() / weight.sum()
    for way in WAYS:
        for threshold in (0.15, 0.305, 0.5):
            value = value_of(way, threshold, score, usual, weight)
            back = threshold_of(way, value, score, usual, weight)
            assert np.array_equal(score >= back, score >= threshold), way
    assert value_of("cost of a miss", 0.1, score, usual) == pytest.approx(9)
    assert value_of("log-odds", 0.01, score, usual) == pytest.approx(-4.595, abs=1e-3)
    assert threshold_of("times usual odds", 1, score, 0.0003) == pytest.approx(0.0003)
    taken = (score >= threshold_of("alarms per 1,000", 50, score, usual)).mean()
    assert 0.03 < taken <= 0.05
