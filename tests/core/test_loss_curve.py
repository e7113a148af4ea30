"""The loss of a single row: closed forms of values and pulls, and sentences that are computed from them."""

import numpy as np
import pytest

from core.evaluation.loss_curve import AT, draw, loss_curve
from core.learners.loss import Loss, settled
from core.numerics.loss_terms import Terms, cross_entropy
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted


@pytest.fixture(scope="module")
def study():
    return Study(planted("clean", class_sizes=(950, 50), n_features=2))


def shown(study, recipe):
    return loss_curve(study, Recipe.parse(recipe)).tables["curve"].set_index("series")


def test_cross_entropy_and_its_reference(study):
    table = shown(study, "cross_entropy")
    assert list(table.index.unique()) == ["common", "rare", "cross-entropy"]
    for _, rows in table.groupby(level=0):
        assert rows["value"].to_numpy() == pytest.approx(-np.log(AT)) and rows["pull"].to_numpy() == pytest.approx(
            1 - AT
        )
    assert shown(study, "")[["value", "pull"]].to_numpy() == pytest.approx(table[["value", "pull"]].to_numpy())


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
def test_focal_loss_in_closed_form(study, gamma):
    rows = shown(study, f"focal:gamma={gamma}").loc["rare"]
    assert rows["value"].to_numpy() == pytest.approx(-((1 - AT) ** gamma) * np.log(AT))
    pull = (1 - AT) ** gamma * ((1 - AT) - gamma * AT * np.log(AT))
    assert rows["pull"].to_numpy() == pytest.approx(pull)


def test_weights_and_logit_adjustment_in_closed_form(study):
    table = shown(study, "class_weights")
    for name, weight in (("common", 0.5 / 0.95), ("rare", 0.5 / 0.05)):
        assert table.loc[name, "pull"].to_numpy() == pytest.approx(weight * (1 - AT))
    first = loss_curve(study, Recipe.of("class_weights")).findings[0].text
    assert first == "A missed row of 'rare', at probability 10 %, pulls 19 times as strongly as one of 'common'."
    table = shown(study, "logit_adjustment")
    for name, share in (("common", 0.95), ("rare", 0.05)):
        told = AT * share / (AT * share + (1 - AT) * (1 - share))
        assert table.loc[name, "value"].to_numpy() == pytest.approx(-np.log(told))
        assert table.loc[name, "pull"].to_numpy() == pytest.approx(1 - told)
    both = shown(study, "class_weights+logit_adjustment")
    assert both.loc["rare", "pull"].to_numpy() == pytest.approx(10 * (1 - AT))


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        (
            "",
            "one at probability 10 % pulls 9.0 times as strongly as one at 90 %. Under cross-entropy it pulls 9.0 times",
        ),
        ("focal", "one at probability 10 % pulls 380 times as strongly as one at 90 %. Under"),
        (
            "cross_entropy:smoothing=0.3",
            "From probability 90 % on, a row of 'rare' is pulled back: it should not be surer.",
        ),
        (
            "adaptive_class_balanced",
            "The loss changes while training goes on, and is shown as at its end. At its beginning a",
        ),
        ("soft_dice", "This loss looks at whole batches, so a row alone has no loss of its own."),
    ],
)
def test_sentences_say_what_the_curve_shows(study, recipe, said):
    texts = [finding.text for finding in loss_curve(study, Recipe.parse(recipe)).findings]
    assert any(said in text for text in texts), texts
    assert any("whole batches" in text for text in texts) == (recipe == "soft_dice")
    assert any("changes while" in text for text in texts) == (recipe == "adaptive_class_balanced")


def test_many_classes_and_the_numbers_of_the_figures(study):
    sizes = tuple(range(140, 20, -10))
    many = Study(planted("clean", class_sizes=sizes, n_features=2), positive="class 5")
    result = loss_curve(many, Recipe.of("balanced_softmax"))
    table = result.tables["curve"]
    assert list(table["class"].unique()) == [*(f"class {i}" for i in (1, 5, 7, 8, 9, 10, 11, 12)), ""]
    assert np.isfinite(table[["value", "pull"]]).all(axis=None) and (table["pull"] >= 0).all()
    figures = draw(result)
    drawn = {round(float(v), 9) for figure in figures.values() for trace in figure.data for v in trace.y}
    assert len(figures) == 2 and drawn <= set(table[["value", "pull"]].to_numpy().ravel().round(9))


def test_a_loss_that_remembers_settles():
    """A running mean m of the rare probability p weighs the rare class by 1 / (1 + m): p solves p (1 + p) / (1 − p) = share / rest."""

    def terms(scores, own, known):
        proba = np.exp(-cross_entropy(scores, np.eye(2)[:, [1]] + 0 * own).value)[..., None, :]
        state = np.zeros((1, 1)) if known.state is None else known.state
        weight = np.where(own[1:] > 0, 1 / (1 + state), 1.0)
        plain = cross_entropy(scores, own, weight=weight)
        return Terms(plain.value, plain.gradient, plain.hessian, 0.9 * state + 0.1 * proba.mean(axis=-1, keepdims=True))

    scores, state = settled(Loss(terms), np.array([900.0, 100.0]))
    p = 1 / (1 + np.exp(scores[0] - scores[1]))
    assert p * (1 + p) / (1 - p) == pytest.approx(1 / 9, rel=0.01)
    assert state.item() == pytest.approx(p, abs=0.002)
