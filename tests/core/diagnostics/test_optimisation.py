"""What training does to rare classes: no conflict is cried without rarity, and what is said is what was planted."""

import numpy as np
import pandas as pd
import pytest

from core.dataset import Dataset
from core.diagnostics.optimisation import minority_collapse as collapse
from core.diagnostics.optimisation.focal_lens import focal_lens
from core.diagnostics.optimisation.gradient_interference import draw as draw_interference
from core.diagnostics.optimisation.gradient_interference import gradient_interference
from core.diagnostics.optimisation.learning_order import learning_order
from core.errors import NotApplicable
from core.study import Study
from core.synthetic import planted
from core.training_trace import (
    EPOCHS,
    N_EPOCHS,
    N_NETWORKS,
    allotted,
    middle,
    network_input,
    over_epochs,
    training_trace,
)


@pytest.fixture(scope="module")
def rare_and_close():
    return Study(planted("overlap"))


@pytest.fixture(scope="module")
def three_classes():
    return Study(planted("overlap", class_sizes=(990, 110, 100)))


def test_the_trace_keeps_the_shares_of_the_table_and_the_sizes_of_the_null(rare_and_close):
    trace = training_trace(rare_and_close)
    assert trace.natural.prior.tolist() == [0.9, 0.1] and trace.equal.prior.tolist() == [0.5, 0.5]
    assert trace.natural.sizes.tolist() == [675, 75] and trace.equal.sizes.tolist() == [75, 75]
    assert np.bincount(trace.held_out_codes).tolist() == [225, 25]
    assert trace.natural.inner.shape == (len(EPOCHS), N_NETWORKS, 2, 2)
    assert EPOCHS[0] == 0 and EPOCHS[-1] == N_EPOCHS
    assert training_trace(rare_and_close) is trace


def test_large_tables_are_sampled_and_keep_their_shares():
    study = Study(planted("clean", class_sizes=(8000, 2000, 60)))
    trace = training_trace(study)
    assert trace.natural.sizes.sum() <= 1500 and trace.natural.sizes[2] == 45
    assert trace.natural.prior == pytest.approx(np.array([8000, 2000, 60]) / 10060)
    assert trace.equal.sizes.tolist() == [45, 45, 45]


def test_rows_are_allotted_like_water():
    sizes = np.array([9000, 500, 40, 3])
    for most in (4, 50, 200, 1500, 20_000):
        found = allotted(sizes, most)
        assert (found <= sizes).all() and (found >= 1).all()
        assert found.sum() <= most
        assert most - found.sum() < 4 or (found == sizes).all()


def test_gaps_are_marked_and_constant_columns_dropped():
    Z = np.array([[1.0, np.nan, 5.0], [2.0, 1.0, 5.0], [3.0, 4.0, 5.0], [4.0, np.nan, 5.0]])
    X = network_input(Z, np.array([0, 0, 1, 1]))
    assert X.shape == (4, 3)
    assert X.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-6) and X.std(axis=0) == pytest.approx(
        np.ones(3), abs=1e-6
    )
    assert X[:, 2].tolist() == [1, -1, -1, 1]


def test_of_many_columns_those_are_kept_in_which_classes_differ():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 200)
    Z = rng.normal(size=(400, 150))
    Z[:, 140] += 3 * codes
    X = network_input(Z, codes)
    assert X.shape[1] == 100
    assert max(abs(np.corrcoef(column, codes)[0, 1]) for column in X.T) > 0.7


def test_the_middle_leaves_out_what_is_missing():
    values = np.random.default_rng(0).normal(size=(6, 10, 3))
    values[2, 4:, 1] = np.nan
    expected = np.nanquantile(values, [0.5, 0.025, 0.975], axis=1)
    np.testing.assert_allclose(middle(values, axis=1), expected)
    assert np.isnan(middle(np.full((4, 2), np.nan), axis=0)).all()
    assert over_epochs(np.ones((len(EPOCHS), 2))).tolist() == [1, 1]


@pytest.mark.parametrize("random_state", [0, 1, 2])
@pytest.mark.parametrize("condition", ["clean", "overlap", "label_noise"])
def test_no_conflict_is_cried_on_two_balanced_classes(condition, random_state):
    """Although the cosine of their gradients nears −1."""
    study = Study(planted(condition, class_sizes=(500, 500), random_state=random_state))
    result = gradient_interference(study)
    last = result.tables["pairs"].query("epoch == 100")
    assert (last["cosine"] < -0.9).all() and (last["null"] < -0.9).all()
    assert result.severity == "fine" == learning_order(study).severity
    assert "no sign of conflict" in result.findings[-1].text


@pytest.mark.parametrize("sizes", [(900, 100), (1900, 100), (3960, 40)])
def test_a_rare_class_that_lies_apart_is_not_held_back(sizes):
    study = Study(planted("clean", class_sizes=sizes))
    assert gradient_interference(study).severity == "fine" == learning_order(study).severity


@pytest.mark.parametrize("sizes", [(1900, 100), (3960, 40)])
def test_a_rare_class_that_lies_close_is_held_back(sizes):
    study = Study(planted("overlap", class_sizes=sizes))
    assert gradient_interference(study).severity == "caution" == learning_order(study).severity


def test_what_is_said_of_the_held_back_class(rare_and_close):
    result = gradient_interference(rare_and_close)
    own = result.tables["classes"].iloc[0]
    assert own["class"] == "rare"
    assert own["held_back"] >= own["low"] > 0.9 and own["null_high"] < 0.1
    assert own["peak"] > 2 > own["null_peak"]
    assert own["first_epoch"] > 20 and own["null_first_epoch"] <= 2
    assert own["final_recall"] < 0.3 < 0.6 < own["adjusted_recall"]
    assert result.findings[0].suggests == ("tuned_threshold",)


def test_shares_and_levels_of_several_classes(three_classes):
    tables = gradient_interference(three_classes).tables
    assert (tables["pairs"]["level"] == -0.5).all()
    assert len(tables["pairs"]) == 6 * len(EPOCHS)
    assert tables["training"].groupby(["run", "epoch"])["norm_share"].sum().between(0.9, 1.1).all()
    assert tables["training"]["consistency"].dropna().between(-1, 1).all()
    assert tables["mass"]["conflict_mass"].between(0, 1).all()
    assert "Conflict matrix after training" in draw_interference(gradient_interference(three_classes))


def test_cosines_are_those_of_both_directions(three_classes):
    pairs = gradient_interference(three_classes).tables["pairs"].query("epoch == 100")
    grid = pairs.pivot(index="class", columns="other_class", values="cosine")
    np.testing.assert_allclose(grid, grid.T)


def test_the_order_of_learning_and_what_never_comes(rare_and_close):
    table = learning_order(rare_and_close).tables["classes"].set_index("class")
    assert table["position"].to_dict() == {"common": 1, "rare": 2}
    assert table.loc["rare", "half_way"] == N_EPOCHS + 1 and table.loc["rare", "null_half_way"] < 10
    assert table.loc["common", "centre_distance"] == table.loc["rare", "centre_distance"]


def test_correlations_need_several_classes(rare_and_close):
    assert learning_order(rare_and_close).tables["correlation"]["correlation"].isna().all()
    study = Study(planted("clean", class_sizes=(800, 400, 200, 100, 50), n_features=6))
    result = learning_order(study)
    table = result.tables["correlation"].set_index("property")
    assert table.loc["share of the rows", "correlation"] < -0.5
    assert table["correlation"].between(-1, 1).all() and "Rank correlation" in result.findings[-1].text


def test_spread_is_the_sum_of_variances():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], 400)
    frame = pd.DataFrame(
        rng.normal(size=(800, 2)) * np.where(codes, 3, 1)[:, None] + 5 * codes[:, None], columns=["a", "b"]
    )
    table = learning_order(Study(Dataset.from_frame(frame.assign(outcome=codes), "outcome"))).tables["classes"]
    spread = table.set_index("class")["variance"]
    assert spread["1"] / spread["0"] == pytest.approx(9, rel=0.15)


def test_two_classes_cannot_collapse():
    with pytest.raises(NotApplicable, match="2 classes"):
        collapse.minority_collapse(Study(planted("clean")))


def test_class_sizes_predict_a_merger_and_the_network_need_not_show_it():
    result = collapse.minority_collapse(Study(collapse.healthy()))
    pair = result.tables["pairs"].set_index(["class", "other_class"]).loc[("class 2", "class 3")]
    assert pair["predicted"] == pytest.approx(1, abs=1e-3) and pair["cosine"] < 0
    assert result.severity == "fine" and "1 of 1 pair" in result.findings[-1].text
    summary = result.tables["summary"].set_index("measure")["value"]
    assert summary[collapse.RATIO] == pytest.approx(1800 / 210)
    assert summary["ratio from which equal rare classes merge"] == pytest.approx((1 + np.e**2) / 2)


def test_a_lower_temperature_keeps_the_classes_apart():
    result = collapse.minority_collapse(Study(collapse.sick()), tau=0.3)
    pair = result.tables["pairs"].set_index(["class", "other_class"]).loc[("class 2", "class 3")]
    assert pair["predicted"] < 0.9 < pair["cosine"]
    assert result.severity == "fine" and "The class sizes alone would put them at" in result.findings[0].text


def test_columns_that_are_an_embedding():
    result = collapse.minority_collapse(Study(collapse.sick()), embedding="columns")
    pair = result.tables["pairs"].set_index(["class", "other_class"]).loc[("class 2", "class 3")]
    assert pair["low"] < pair["cosine"] < pair["high"] and pair["cosine"] > 0.85
    assert np.isnan(pair["null"])
    table = Study(planted("clean", class_sizes=(300, 60, 50)))
    text = table.dataset.X.gt(0).astype("str")
    only_text = Study(Dataset.from_frame(text.assign(outcome=table.dataset.y), "outcome"))
    with pytest.raises(NotApplicable, match="0 numeric columns"):
        collapse.minority_collapse(only_text, embedding="columns")


def test_balanced_classes_have_no_rare_pair():
    result = collapse.minority_collapse(Study(planted("clean", class_sizes=(100, 100, 100))))
    assert result.severity == "fine" and "fewer than two are rarer" in result.findings[0].text


def test_the_lens_names_the_class_that_focal_loss_takes_from():
    sizes = (*range(306, 299, -1), 12)
    study = Study(planted("clean", class_sizes=sizes, n_features=8))
    table = focal_lens(study).tables["classes"].set_index("class")
    assert table.index[table["effect"] == "over-suppressed"].tolist() == ["class 8"]
    assert table.loc["class 8", "ratio"] == pytest.approx(0.860, abs=0.001)
    assert table["recovered"].to_numpy() == pytest.approx(table["share"].to_numpy(), abs=1e-12)
    assert focal_lens(study).findings[1].severity == "caution"


def test_the_lens_at_gamma_zero_and_on_two_classes():
    study = Study(planted("clean"))
    assert (focal_lens(study, gamma=0.0).tables["classes"]["effect"] == "unchanged").all()
    table = focal_lens(study).tables["classes"]
    assert table["effect"].tolist() == ["suppressed", "amplified"]
    assert table["focal_share"].iloc[1] == pytest.approx(0.306, abs=0.0005)
