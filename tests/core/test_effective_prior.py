"""What a recipe asserts: closed forms of shares and costs, whatever the sampler is called."""

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.effective_prior import cost_caption, draw, effective_prior
from core.evaluation.loss_curve import loss_curve
from core.learners import LEARNERS
from core.learners.blind import asserted_shares
from core.numerics.asserted_costs import at_threshold, implied_costs
from core.numerics.focal import focal_optimum
from core.recipe import Recipe
from core.registry import method, methods
from core.study import Study
from core.synthetic import planted

REMEDIES = methods("remedy")


def serving(text):
    """A learner that all steps of a recipe serve."""
    steps = [method(slug) for slug in Recipe.parse(text).slugs]
    return next(learner for learner in ("boosted", *LEARNERS) if all(step.serves(learner) for step in steps))


@pytest.fixture(scope="module")
def table():
    return planted("clean", class_sizes=(900, 100), n_features=2)


@pytest.mark.parametrize(
    ("recipe", "cost", "share", "implied"),
    [
        ("", 0, 0.1, 1),
        ("smote", 0, 0.5, 9),
        ("smote:balance=0.5", 0, 500 / 1400, 5),
        ("random_oversampling:balance=0.5", 0, 500 / 1400, 5),
        ("random_undersampling:balance=0.5", 0, 100 / 600, 1.8),
        ("class_weights", 0, 0.5, 9),
        ("class_weights:power=0.5", 0, 0.25, 3),
        ("smote:balance=0.5+class_weights", 0, 0.5, 9),
        ("smote+class_weights", 0, 0.5, 9),
        ("cost_threshold", 4, 4 / 13, 4),
        ("smote+cost_threshold", 4, 0.8, 36),
        ("smote+calibrated_probabilities+cost_threshold", 4, 4 / 13, 4),
        ("smote+prior_correction", 0, 0.1, 1),
    ],
)
def test_the_effective_share_is_the_product_of_all_steps(table, recipe, cost, share, implied):
    row = effective_prior(Study(table, miss_cost=cost), Recipe.parse(recipe)).tables["classes"].iloc[1]
    assert row["class"] == "rare" and row["share"] == pytest.approx(0.1)
    assert row["effective"] == pytest.approx(share) and row["implied_cost"] == pytest.approx(implied)
    odds = (
        row["after_sampling"]
        / (1 - row["after_sampling"])
        * row[["weight", "batches", "loss", "shift"]].prod()
        * row["threshold"]
    )
    assert row["effective"] == pytest.approx(odds / (1 + odds))
    assert row["cost_optimal"] == pytest.approx((cost or 1) / ((cost or 1) + 9))


def closed(q):
    return pytest.approx(q / np.sum(q), abs=2e-6)


@pytest.mark.parametrize("sizes", [(900, 100), (600, 300, 100), (4000, 50)])
def test_losses_assert_their_closed_forms(sizes):
    study, shares = Study(planted("clean", class_sizes=sizes, n_features=2)), np.array(sizes) / sum(sizes)

    def said(recipe):
        return effective_prior(study, Recipe.parse(recipe)).tables["classes"].set_index("class")

    even, n = np.ones(len(sizes)), np.array(sizes)
    for recipe, q in (
        ("cross_entropy", shares),
        ("cross_entropy:smoothing=0.2", 0.8 * shares + 0.2 / len(sizes)),
        ("weighted_cross_entropy:rule=inverse", even),
        ("weighted_cross_entropy:rule=square root", shares**0.5),
        ("weighted_cross_entropy:rule=cube root", shares ** (2 / 3)),
        ("class_balanced:beta=0.999", n * (1 - 0.999) / (1 - 0.999**n)),
        ("balanced_softmax", even),
        ("logit_adjustment:tau=0.5", shares**0.5),
        ("logit_adjustment:tau=2", 1 / shares),
        ("logit_adjustment:tau=2,calibrated=true", shares),
        ("focal:gamma=2,calibrated=false", focal_optimum(shares, 2.0)[0]),
        ("focal:gamma=5,calibrated=false", focal_optimum(shares, 5.0)[0]),
        ("focal", shares),
        ("adaptive_class_balanced", shares),
        ("ohem:threshold=1", shares),
        ("posthoc_logit_adjustment", even),
        ("posthoc_logit_adjustment:tau=2", 1 / shares),
        ("class_weights+balanced_softmax", even),
        ("smote+logit_adjustment", even),
    ):
        assert said(recipe)["effective"].to_numpy() == closed(q), recipe
    factor = said("focal:gamma=2,calibrated=false")["loss"] / (focal_optimum(shares, 2.0)[0] / shares)
    assert factor.to_numpy() == pytest.approx(np.full(len(n), factor.iloc[0]), rel=1e-4)


def test_losses_of_sets_of_rows_assert_something_near_the_table():
    """Count, proportion and overlap losses have their minimum near the shares of the table when no column is known."""
    study = Study(planted("clean", class_sizes=(600, 300, 100), n_features=2))
    for slug in ("count_regulariser", "soft_dice", "ohem", "proportion_regulariser"):
        found = effective_prior(study, Recipe.of(slug)).tables["classes"]
        assert found["effective"].to_numpy() == pytest.approx([0.6, 0.3, 0.1], abs=0.03), slug


@pytest.mark.parametrize(
    ("recipe", "share"),
    [
        ("class_aware_batches", 0.5),
        ("class_aware_batches:balance=0.5", 0.3),
        ("progressive_batches", 0.5),
        ("square_root_batches", 0.25),
        ("rotating_batches", 0.5),
        ("instance_batches", 0.1),
        ("class_aware_batches+class_weights", 0.9),
        ("class_aware_batches+balanced_softmax", 0.9),
        ("class_aware_batches+weighted_cross_entropy:rule=inverse", 0.9),
        ("class_weights+balanced_softmax", 0.5),
        ("adamw+class_aware_batches+calibrated_probabilities", 0.1),
        ("adam", 0.1),
    ],
)
def test_batches_and_optimisers(table, recipe, share):
    result = effective_prior(Study(table, learner="neural"), Recipe.parse(recipe))
    row = result.tables["classes"].iloc[1]
    assert row["effective"] == pytest.approx(share, abs=0.005)
    odds = row["after_sampling"] / (1 - row["after_sampling"]) * row[["weight", "batches", "loss", "shift"]].prod()
    assert row["effective"] == pytest.approx(odds / (1 + odds))
    assert "adam" not in recipe or not any("Adam" in step for step in result.tables["steps"]["step"])


def test_batches_of_hard_rows_are_said_to_be_decided_in_training(table):
    study = Study(table, learner="neural")
    said = "Which rows 'Hard-example batches' show is decided while training goes on."
    hard = effective_prior(study, Recipe.parse("hard_example_batches:kept=0.05"))
    assert (
        any(finding.text.startswith(said) for finding in hard.findings)
        and hard.tables["classes"]["effective"].iloc[1] > 0.2
    )
    for other in ("class_aware_batches", "rotating_batches"):
        assert not any(
            "decided while training" in finding.text for finding in effective_prior(study, Recipe.of(other)).findings
        )


def test_a_schedule_is_counted_at_its_end_and_said_to_have_begun_elsewhere(table):
    said = "begins by acting as if 'rare' made up {} of the rows and ends with {}, which is what is counted here."
    for recipe, start, end in (
        ("progressive_batches", "10 %", "50 %"),
        ("adaptive_class_balanced", "35 %", "10 %"),
        ("class_aware_batches", None, None),
        ("balanced_softmax", None, None),
    ):
        study = Study(table, learner=serving(recipe))
        texts = [finding.text for finding in effective_prior(study, Recipe.parse(recipe)).findings]
        assert any("changes while training goes on" in text for text in texts) == (start is not None), recipe
        assert start is None or any(said.format(start, end) in text for text in texts), texts


def test_the_linear_model_knows_no_steps():
    """All its rows are one batch: weights that follow earlier batches stay equal, and no schedule has a beginning."""
    study = Study(planted("clean", class_sizes=(700, 200, 100), n_features=2), learner="linear")
    for recipe in ("gradient_equalised", "adaptive_class_balanced"):
        result = effective_prior(study, Recipe.parse(recipe))
        assert result.tables["classes"]["effective"].to_numpy() == pytest.approx([0.7, 0.2, 0.1], abs=1e-4)
        texts = [finding.text for finding in (*result.findings, *loss_curve(study, Recipe.parse(recipe)).findings)]
        assert not any("changes while training goes on" in text for text in texts), recipe
    boosted = effective_prior(study.with_(learner="boosted"), Recipe.of("gradient_equalised")).tables["classes"]
    assert boosted["effective"].iloc[2] > 0.14


def test_several_classes():
    study = Study(planted("clean", class_sizes=(600, 300, 100), n_features=2), positive="class 3")
    table = effective_prior(study, Recipe.of("smote")).tables["classes"]
    assert np.allclose(table["effective"], 1 / 3)
    assert table["implied_cost"].iloc[2] == pytest.approx(0.5 / (1 / 9))
    weighed = effective_prior(study, Recipe.of("class_weights", class_weights={"power": 0.5})).tables["classes"]
    assert np.allclose(weighed["weight"], [1, 2**0.5, 6**0.5])


def test_a_working_sample_speaks_of_the_whole_table(table):
    stands = np.where(table.y == "common", 11.0, 1.0)
    study = Study(replace(table, represents=stands, fingerprint="working"))
    for recipe, share in (
        ("", 100 / 10_000),
        ("smote", 0.5),
        ("class_weights", 0.5),
        ("random_undersampling", 0.5),
        ("balanced_softmax", 0.5),
        ("logit_adjustment:tau=0.5", 0.1 / (0.1 + 0.99**0.5)),
        ("posthoc_logit_adjustment", 0.5),
        ("class_aware_batches", 0.5),
        ("square_root_batches", 0.1 / (0.1 + 0.99**0.5)),
        ("class_aware_batches+cross_entropy", 0.5),
        ("class_aware_batches+balanced_softmax", 0.99),
    ):
        row = effective_prior(study.with_(learner=serving(recipe)), Recipe.parse(recipe)).tables["classes"].iloc[1]
        assert row["share"] == pytest.approx(0.01) and row["effective"] == pytest.approx(share, abs=0.003), recipe


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda remedy: remedy.slug)
def test_every_remedy_is_asked_and_none_is_known_by_name(remedy):
    study = Study(planted("overlap", class_sizes=(90, 30), n_features=3), learner=serving(remedy.slug), miss_cost=2)
    result = effective_prior(study, Recipe.of(remedy.slug))
    effective = result.tables["classes"]["effective"]
    assert effective.sum() == pytest.approx(1) and (effective > 0).all()
    assert list(result.tables["steps"]["step"]) in ([remedy.title], [])
    assert result.findings[0].text.endswith(".")


def test_the_caption_says_which_costs_parity_stands_for(table):
    study = Study(table)
    said = "Growing 'rare' to parity says that one miss costs as much as 9 false alarms."
    assert cost_caption(study, Recipe.of("smote")) == f"{said} Without it, the threshold 0.1 says the same."
    assert cost_caption(study, Recipe.of("random_undersampling")).startswith(
        "Leaving out rows until 'rare' is at parity"
    )
    assert cost_caption(study, Recipe.of("class_weights")).startswith("Weighting 'rare' to parity")
    assert "one miss counts as much as one false alarm" in cost_caption(study, Recipe())
    for recipe, said in (
        (
            "logit_adjustment",
            "Training by 'Logit adjustment in training' says that one miss costs as much as 9 false alarms.",
        ),
        (
            "posthoc_logit_adjustment",
            "'Logit adjustment after training' says that one miss costs as much as 9 false alarms.",
        ),
        (
            "class_aware_batches",
            "Filling batches with 'rare' to parity says that one miss costs as much as 9 false alarms.",
        ),
        (
            "class_aware_batches+class_weights",
            "Weighting 'rare' to parity and filling batches with 'rare' to 90 % of the rows say",
        ),
        ("focal", "This recipe leaves the class shares as they are:"),
        ("sgd_momentum", "This recipe leaves the class shares as they are:"),
    ):
        assert cost_caption(study.with_(learner=serving(recipe)), Recipe.parse(recipe)).startswith(said)
    alone = effective_prior(Study(table, miss_cost=4), Recipe.of("cost_threshold")).findings
    assert alone[1].text.endswith("instead of 10 %: as if one miss cost 4 false alarms.")
    for cost, severity in ((9, "fine"), (5, "fine"), (2, "caution"), (40, "caution")):
        caption = effective_prior(Study(table, miss_cost=cost), Recipe.of("smote")).findings[0]
        assert caption.severity == severity and f"You stated {cost}" in caption.text


def test_a_class_that_shrinks_is_not_said_to_grow(table):
    study = Study(table, positive="common")
    said = "Growing other classes until 'common' is at parity says that one false alarm costs as much as 9 misses."
    assert cost_caption(study, Recipe.of("smote")) == f"{said} Without it, the threshold 0.9 says the same."
    assert cost_caption(study, Recipe.of("class_weights")).startswith("Weighting other classes until 'common' is at")
    assert cost_caption(study, Recipe.of("random_undersampling")).startswith("Leaving out rows until 'common' is at")
    both = cost_caption(Study(table), Recipe.of("case_control", "class_weights"))
    assert both.startswith("Weighting 'rare' to parity says that one miss costs as much as 9 false alarms.")
    both = cost_caption(study, Recipe.of("smote", "posthoc_logit_adjustment"))
    said = "Growing other classes until 'common' is at parity and 'Logit adjustment after training' say that one false"
    assert both.startswith(said) and both.endswith("Without them, the threshold 0.988 says the same.")
    several = Study(planted("clean", class_sizes=(540, 240, 200, 20), n_features=2), positive="class 3")
    said = cost_caption(several, Recipe.parse("class_weights:power=0.3"))
    assert said.startswith(
        "Weighting 'class 3' to 23 % of the rows says"
    )  # near a quarter, but the classes are not even


@pytest.mark.parametrize(
    ("recipe", "severity", "end"),
    [
        ("", "caution", "You stated 10: this asserts 10 times less. The threshold 0.091 says what you stated."),
        ("smote+calibrated_probabilities", "caution", "10 times less. The threshold 0.091 says what you stated."),
        ("cost_threshold", "fine", "one miss counts as much as one false alarm."),
        ("smote:balance=0.1+tuned_threshold", "fine", "as much as 1.8 false alarms."),
    ],
)
def test_stated_costs_are_held_against_every_recipe_that_has_no_threshold(table, recipe, severity, end):
    first = effective_prior(Study(table, miss_cost=10), Recipe.parse(recipe)).findings[0]
    assert first.severity == severity and first.text.endswith(end)


@pytest.mark.parametrize(
    ("recipe", "cost", "warned"),
    [
        ("smote", 2, False),
        ("smote+cost_threshold", 9, True),
        ("smote+calibrated_probabilities+cost_threshold", 9, False),
        ("smote:balance=0.5+class_weights", 0, True),
        ("smote+class_weights", 0, False),
        ("smote:balance=0.1+class_weights:power=0.1", 1.2, False),
        ("smote+tuned_threshold", 9, False),
        ("smote:balance=0.5+logit_adjustment", 0, True),
        ("smote+logit_adjustment", 0, False),
        ("smote+posthoc_logit_adjustment", 0, True),
        ("balanced_softmax+posthoc_logit_adjustment", 0, True),
        ("balanced_softmax+calibrated_probabilities", 0, False),
        ("balanced_softmax+cost_threshold", 9, True),
        ("class_aware_batches+class_weights", 0, True),
        ("class_aware_batches+balanced_softmax", 0, True),
        ("class_aware_batches", 9, False),
        ("focal+cost_threshold", 9, False),
    ],
)
def test_stacked_corrections_are_warned_of(table, recipe, cost, warned):
    result = effective_prior(Study(table, miss_cost=cost, learner=serving(recipe)), Recipe.parse(recipe))
    assert any("each raise 'rare'" in finding.text for finding in result.findings) == warned


def test_a_measured_threshold_counts(table):
    recipe = Recipe.of("smote", "tuned_threshold")
    unknown = effective_prior(Study(table), recipe)
    assert unknown.tables["classes"]["threshold"].isna().tolist() == [False, True]
    steps = unknown.tables["steps"].iloc[0]
    assert steps[["odds_factor", "share", "implied_cost", "same_threshold"]].tolist() == pytest.approx([9, 0.5, 9, 0.1])
    assert "tuned on probabilities" in unknown.findings[-1].text
    known = effective_prior(Study(table), recipe, threshold=0.8).tables["classes"].iloc[1]
    assert known["threshold"] == pytest.approx(0.25) and known["effective"] == pytest.approx(0.2)


def test_numbers_of_the_figure_stand_in_the_table(table):
    result = effective_prior(Study(table, miss_cost=3), Recipe.of("smote"))
    values = {round(v, 9) for v in result.tables["classes"][["share", "effective", "cost_optimal"]].to_numpy().ravel()}
    drawn = [value for figure in draw(result).values() for trace in figure.data for value in trace.x]
    assert len(drawn) == 6 and {round(value, 9) for value in drawn} <= values


def test_costs_and_shares_in_closed_form():
    shares = np.array([0.6, 0.3, 0.1])
    costs = implied_costs(shares, np.full(3, 1 / 3))
    assert np.allclose(costs, [0.5 / 1.5, 0.5 / (3 / 7), 0.5 / (1 / 9)])
    assert np.allclose(at_threshold(shares, 2, 0.5), shares)
    cut = at_threshold(shares, 2, 0.1)
    assert cut[2] / (1 - cut[2]) == pytest.approx(1) and cut[0] / cut[1] == pytest.approx(2)


def test_the_learner_is_not_fitted(table):
    class Refuses:
        def fit(self, X, y):
            raise AssertionError

    study = Study(table)
    shares, n = asserted_shares(Refuses(), table.X, study.codes)
    assert np.allclose(shares, [0.9, 0.1]) and n == 1000
