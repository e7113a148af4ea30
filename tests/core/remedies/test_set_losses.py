"""Losses of whole sets of rows, and those that weigh classes against each other: their formulas by hand, their zeros and their optima."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import jaccard_score

from core.learners.loss import constant_scores
from core.numerics.loss_terms import Known, indicator, log_softmax, softmax
from core.registry import method

RNG_SEED = 5


def loss_of(slug, **options):
    return method(slug).fn(BaseEstimator(), **options).loss


def rows(n_classes=3, n=40, scale=1.5, **more):
    """Scores, classes, weights and shares of a small batch, in which every class has a row."""
    rng = np.random.default_rng(RNG_SEED)
    codes = np.r_[np.arange(n_classes), rng.integers(0, n_classes, n - n_classes)]
    weight = rng.uniform(0.5, 1.5, (1, n))
    known = Known(np.array([[600.0], [90.0], [310.0]])[:n_classes], weight=weight / weight.mean(), **more)
    return scale * rng.normal(size=(n_classes, n)), codes, known


def mean_of(loss, scores, codes, known):
    """The weighted mean of a loss over a batch."""
    terms = loss(scores, indicator(codes, len(scores)), known)
    weight = np.ones(len(codes)) if known.weight is None else known.weight[0]
    return float((weight * terms.value).sum() / weight.sum())


def sure(codes, n_classes=3):
    return 1e4 * indicator(codes, n_classes)


def test_lovasz_is_one_minus_intersection_over_union_where_rows_are_sure():
    _, codes, known = rows()
    loss = loss_of("lovasz", share=1.0)
    for seed in range(5):
        taken = np.random.default_rng(seed).integers(0, 3, len(codes))
        for weight in (None, known.weight):
            found = mean_of(loss, sure(taken), codes, Known(known.counts, weight=weight))
            mass = None if weight is None else weight[0]
            overlap = jaccard_score(codes, taken, average="macro", sample_weight=mass)
            assert found == pytest.approx(1 - overlap, abs=1e-12)
    assert mean_of(loss, sure(codes), codes, known) == 0
    half = mean_of(loss, np.zeros((2, 4)), np.array([0, 0, 0, 1]), Known(np.ones((2, 1))))
    assert half == pytest.approx(0.5)  # all errors are one half, and so is every mean of them


def test_dice_and_tversky_at_their_ends_and_in_between():
    scores, codes, known = rows()
    proba, own, weight = softmax(scores), indicator(codes, 3), known.weight
    alone = {"cross_entropy_share": 0.0}
    assert mean_of(loss_of("soft_dice", **alone), sure(codes), codes, known) == pytest.approx(0, abs=1e-12)
    true, found, both = ((weight * part).sum(axis=1) for part in (own, proba, own * proba))
    wrong = mean_of(loss_of("soft_dice", **alone, smoothing=0.0), sure((codes + 1) % 3), codes, known)
    assert wrong == pytest.approx(1, abs=1e-12)
    dice = mean_of(loss_of("soft_dice", **alone), scores, codes, known)
    assert dice == pytest.approx((1 - (2 * both + 1) / (true + found + 1)).mean(), rel=1e-12)
    assert mean_of(loss_of("tversky", miss=0.5, **alone), scores, codes, known) == pytest.approx(dice, rel=1e-12)
    by_hand = 1 - (both + 0.5) / (both + 0.2 * (found - both) + 0.8 * (true - both) + 0.5)
    assert mean_of(loss_of("tversky", miss=0.8, **alone), scores, codes, known) == pytest.approx(by_hand.mean())
    mixed = mean_of(loss_of("soft_dice"), scores, codes, known)
    assert mixed == pytest.approx(0.75 * dice + 0.25 * mean_of(loss_of("cross_entropy"), scores, codes, known))
    absent = codes % 2  # no row of the third class, which then does not enter the mean
    two = mean_of(loss_of("soft_dice", **alone), sure(absent), absent, known)
    assert two == pytest.approx(0, abs=1e-12)


def test_the_uniform_cost_is_one_minus_the_own_probability():
    cost = np.array([[0, 0.2, 1], [0.3, 0, 0.7], [0.9, 0.6, 0]])
    scores, codes, known = rows(cost=cost)
    plain = loss_of("cross_entropy")(scores, indicator(codes, 3), known).value
    own = softmax(scores)[codes, np.arange(len(codes))]
    extra = {
        costs: loss_of("geometric_cost", costs=costs, strength=2.0)(scores, indicator(codes, 3), known).value - plain
        for costs in ("uniform", "geometric")
    }
    np.testing.assert_allclose(extra["uniform"], 2 * (1 - own), rtol=1e-12)
    np.testing.assert_allclose(extra["geometric"], 2 * (softmax(scores) * cost[codes].T).sum(axis=0), rtol=1e-12)


def test_local_class_reweighting_without_ties_is_weighted_binary_cross_entropy():
    ties = np.array([[0, 0.5], [0.5, 0]])
    scores, codes, known = rows(2, ties=ties)
    u = scores[1] - scores[0]
    for rule, local in (("square root", True), ("square root", False), ("inverse", True), ("cube root", True)):
        share = (known.weight[0] * codes).mean() if local else 90 / 690
        grown = {"square root": -1 / 2, "inverse": -1, "cube root": -1 / 3}[rule]
        expected = np.where(codes == 1, share**grown * np.logaddexp(0, -u), (1 - share) ** grown * np.logaddexp(0, u))
        options = {"rule": rule, "local": local}
        found = loss_of("local_class_reweighting", **options, consistency=0.0)(scores, indicator(codes, 2), known)
        np.testing.assert_allclose(found.value, expected, rtol=1e-12)
        tied = loss_of("local_class_reweighting", **options, consistency=0.2)(scores, indicator(codes, 2), known)
        np.testing.assert_allclose(tied.value - found.value, 0.2 / 4 * 2 * 0.5 * u**2, rtol=1e-9)


def test_positive_negative_balance_by_hand():
    scores, codes, known = rows()
    share = known.shares[:, 0]
    lift = (share.max() / share) ** 0.5
    lift = lift / lift.mean()
    p = softmax(scores)
    for gamma in (0.0, 2.0):
        positive = -(1 - share)[:, None] * (1 - p) ** gamma * np.log(p)
        negative = -share[:, None] * p**gamma * np.log(1 - p)
        expected = (lift[:, None] * np.where(indicator(codes, 3) > 0, positive, negative)).mean(axis=0)
        found = loss_of("positive_negative_balance", gamma=gamma)(scores, indicator(codes, 3), known).value
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_mining_keeps_the_hard_rows_and_at_least_its_share():
    for right, kept in ((0.9, 10), (0.6, 100)):
        score = np.log(right / (1 - right)) + np.linspace(0, 0.01, 100)
        scores, codes = np.stack([score, 0 * score]), np.zeros(100, dtype=int)
        terms = loss_of("ohem", least=0.1)(scores, indicator(codes, 2), Known(np.array([[90.0], [10.0]])))
        assert (terms.value > 0).sum() == kept and set(np.flatnonzero(terms.value)) == set(range(kept))
        plain = -log_softmax(scores)[0]
        assert terms.value.mean() == pytest.approx(plain[:kept].mean())
    heavy = np.r_[5.0, np.ones(99)]  # the hardest row stands for five, so that with a tenth of the weight 5.4 others go
    known = Known(np.array([[90.0], [10.0]]), weight=(heavy / heavy.mean())[None])
    scores = np.stack([3 + np.linspace(0, 1, 100), np.zeros(100)])
    assert (loss_of("ohem", least=0.1)(scores, indicator(codes, 2), known).value > 0).sum() == 7


def test_the_hardest_rows_and_the_divisor_of_each_class():
    codes = np.repeat([0, 1], [160, 40])
    score = np.r_[np.linspace(3, 1, 160), np.linspace(2.9, 0.9, 40)]
    scores = np.stack([np.where(codes == 0, score, 0), np.where(codes == 1, score, 0)])
    plain = -log_softmax(scores)[codes, np.arange(200)]
    loss = loss_of("hard_example", hardest_share=25.0, power=0.3)
    terms = loss(scores, indicator(codes, 2), Known(np.array([[160.0], [40.0]])))
    hard = [plain[(codes == c) & (plain > np.sort(plain)[-51])] for c in (0, 1)]
    assert [(terms.value[codes == c] > 0).sum() for c in (0, 1)] == [38, 12] == [len(part) for part in hard]
    expected = sum(part.sum() / (len(part) ** 0.7 * 50**0.3) for part in hard)
    assert terms.value.mean() == pytest.approx(expected)


def test_weights_that_equalise_planted_lengths_of_gradients():
    scores, codes, known = rows(state=np.array([[0.4], [0.1], [0.1]]))
    own = indicator(codes, 3)
    plain = loss_of("cross_entropy")(scores, own, known)
    terms = loss_of("gradient_equalised", power=0.5)(scores, own, known)
    weights = np.array([0.5, 2**0.5, 2**0.5]) * np.array([2**0.5, 1, 1])  # the mean length is 0.2
    weights = weights / weights.mean()
    np.testing.assert_allclose(terms.value, weights[codes] * plain.value, rtol=1e-12)
    length = [np.linalg.norm((known.weight * plain.gradient * (codes == c)).sum(axis=1)) / len(codes) for c in range(3)]
    np.testing.assert_allclose(terms.state[:, 0], 0.9 * known.state[:, 0] + 0.1 * np.array(length), rtol=1e-12)
    first = loss_of("gradient_equalised")(scores, own, Known(known.counts, weight=known.weight))
    np.testing.assert_allclose(first.value, plain.value)
    far = Known(known.counts, state=np.array([[1.0], [1e-5], [1e-5]]))
    limits = loss_of("gradient_equalised", power=1.0)(scores, own, far).value / plain.value
    assert limits[codes == 1][0] / limits[codes == 0][0] == pytest.approx(15, rel=1e-4)  # 5 and a third
    unseen = Known(known.counts, state=np.array([[0.3], [0.3], [0.0]]))
    np.testing.assert_allclose(loss_of("gradient_equalised")(scores, own, unseen).value, plain.value)


def test_counts_that_agree_in_every_group_cost_nothing():
    codes, groups = np.array([0, 1, 0, 0, 0, 1]), np.array([4, 4, 9, 9, 9, 9])
    share = np.array([0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
    scores, known = np.log(np.stack([1 - share, share])), Known(np.array([[4.0], [2.0]]), groups=groups)
    plain = mean_of(loss_of("cross_entropy"), scores, codes, known)
    assert mean_of(loss_of("count_regulariser"), scores, codes, known) == pytest.approx(plain, abs=1e-12)
    moved = np.array([0.9, 0.5, 0.25, 0.25, 0.25, 0.25])
    scores = np.log(np.stack([1 - moved, moved]))
    plain = mean_of(loss_of("cross_entropy"), scores, codes, known)
    expected = 2 * (np.hypot(0.4, 1) - 1) / 6
    assert mean_of(loss_of("count_regulariser", strength=2.0), scores, codes, known) - plain == pytest.approx(expected)
    alone = Known(known.counts, groups=np.full(6, -1))
    gaps = np.hypot(np.where(codes == 1, 1 - moved, moved), 1) - 1
    assert mean_of(loss_of("count_regulariser"), scores, codes, alone) - plain == pytest.approx(gaps.mean())


def test_the_mean_prediction_is_pulled_to_the_shares():
    scores, codes, known = rows()
    own, share = indicator(codes, 3), known.shares
    for drawn in (False, True):
        loss = loss_of("proportion_regulariser", strength=2.0, temperature=0.5, drawn=drawn)
        plain = mean_of(loss_of("cross_entropy"), scores, codes, known)
        means = [mean_of(loss, scores, codes, Known(known.counts, weight=known.weight, step=s)) for s in range(300)]
        middle = (known.weight * softmax(2 * scores)).mean(axis=1)
        assert np.mean(means) - plain == pytest.approx(-2 * (share[:, 0] * np.log(middle)).sum(), rel=0.01)
        assert (np.std(means) > 0.01) == drawn
    whole = Known(np.array([[20.0], [15.0], [5.0]]))  # a batch of all 40 rows draws the shares themselves
    both = [loss_of("proportion_regulariser", drawn=drawn)(scores, own, whole).value for drawn in (False, True)]
    np.testing.assert_allclose(*both, rtol=1e-12)
    at_shares = np.repeat(0.5 * np.log(share), 40, axis=1)
    least = loss_of("proportion_regulariser", strength=1.0, drawn=False)(at_shares, own, known)
    plain = loss_of("cross_entropy")(at_shares, own, known)
    np.testing.assert_allclose(least.value - plain.value, -(share * np.log(share)).sum(), rtol=1e-9)
    np.testing.assert_allclose(least.gradient, plain.gradient, atol=1e-12)


@pytest.mark.parametrize("softness", [0.0, 0.5])
def test_classes_of_any_size_stand_at_one_cosine(softness):
    """The least value is 0, at the cosine 1 + τ log ε = 1 − (1 − softness) K / (K − 1) for every pair of classes."""
    from scipy.optimize import minimize

    codes = np.repeat(np.arange(4), [24, 8, 4, 2])
    own, known = indicator(codes, 4), Known(np.bincount(codes)[:, None].astype(float))
    loss = loss_of("supervised_contrastive", strength=1.0, temperature=0.5, softness=softness)

    def objective(flat):
        value, gradient = loss.hidden(flat.reshape(4, -1), own, known, **loss.options)
        return value.sum(), gradient.ravel()

    start = np.random.default_rng(0).normal(size=4 * len(codes))
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 400, "ftol": 1e-13})
    H = found.x.reshape(4, -1)
    Z = H / np.linalg.norm(H, axis=0)
    across = (Z.T @ Z)[codes[:, None] != codes]
    assert found.fun == pytest.approx(0, abs=0.02)
    np.testing.assert_allclose(across, 1 - (1 - softness) * 4 / 3, atol=0.03)


def test_the_contrastive_term_of_a_large_batch_is_estimated_from_some_of_its_rows():
    """The mean over draws is the term of all rows, for values and gradients; a gradient is that of its own draw."""
    from core.remedies.losses import supervised_contrastive as module

    _, codes, known = rows(n=96)
    own, loss = indicator(codes, 3), loss_of("supervised_contrastive", strength=1.0)
    H, weight = np.abs(np.random.default_rng(1).normal(size=(5, 96))), known.weight[0]

    def found(at, step):
        return loss.hidden(at, own, Known(known.counts, weight=known.weight, step=step), **loss.options)

    drawn = [found(H, step) for step in range(300)]
    means = [np.mean(parts, axis=0) for parts in zip(*drawn, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ASKING", 96)
        value, gradient = found(H, 0)
    assert means[0] @ weight == pytest.approx(value @ weight, rel=0.003)
    assert np.std([each @ weight for each, _ in drawn]) > 0
    assert np.abs(means[1] - gradient).max() < 0.1 * np.abs(gradient).max()
    way, step = np.random.default_rng(2).normal(size=H.shape), 1e-5
    ends = [found(H + sign * step * way, 7)[0] @ weight for sign in (1, -1)]
    assert (weight * drawn[7][1] * way).sum() == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


TWICE = {
    "local_class_reweighting": {},
    "soft_dice": {},
    "tversky": {},
    "lovasz": {"share": 1.0},
    "count_regulariser": {},
    "ohem": {"threshold": 0.5, "least": 0.05},
    "hard_example": {"hardest_share": 35.0},
    "gradient_equalised": {},
    "proportion_regulariser": {"drawn": False},
}


@pytest.mark.parametrize("slug", TWICE)
def test_a_row_of_weight_two_is_two_rows(slug):
    scores, codes, _ = rows()
    heavy = np.where(np.arange(40) % 3 == 0, 2, 1)
    state = np.array([[0.4], [0.1], [0.2]]) if slug == "gradient_equalised" else None
    loss, counts = loss_of(slug, **TWICE[slug]), np.array([[60.0], [9.0], [31.0]])
    known = Known(counts, weight=heavy[None].astype(float), groups=np.arange(40) % 5, state=state)
    weighted = loss(scores, indicator(codes, 3), known)
    each = np.repeat(np.arange(40), heavy)
    plain = loss(scores[:, each], indicator(codes[each], 3), Known(counts, groups=each % 5, state=state))
    copies = np.stack([np.bincount(each, line) for line in plain.gradient])
    np.testing.assert_allclose(heavy * weighted.gradient, copies, rtol=1e-9, atol=1e-12)
    assert (heavy * weighted.value).sum() == pytest.approx(plain.value.sum())


@pytest.mark.parametrize(
    ("slug", "options", "share"),
    [
        ("local_class_reweighting", {}, 0.25),
        ("local_class_reweighting", {"rule": "inverse"}, 0.5),
        ("local_class_reweighting", {"rule": "logarithm"}, 0.7083),
        ("positive_negative_balance", {}, 0.5),
        ("hard_example", {}, 0.5),
        ("hard_example", {"hardest_share": 100.0}, 0.25),
        ("ohem", {}, 0.3),
        ("geometric_cost", {}, 0.057),
        ("proportion_regulariser", {}, 0.1166),
        ("soft_dice", {"smoothing": 0.0}, 0.1),
        ("count_regulariser", {}, 0.1),
        ("gradient_equalised", {}, 0.1),
        ("supervised_contrastive", {}, 0.1),
    ],
)
def test_what_becomes_of_a_share_of_ten_percent_where_no_column_tells_anything(slug, options, share):
    scores = constant_scores(loss_of(slug, **options), np.array([900.0, 100.0]))
    assert softmax(scores[:, None])[1, 0] == pytest.approx(share, abs=2e-4)
