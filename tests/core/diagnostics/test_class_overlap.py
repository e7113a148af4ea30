"""Class overlap: frequency is removed, rarity is not illness."""

import numpy as np
import pytest

from core import synthetic
from core.dataset import Dataset
from core.diagnostics.geometry.class_overlap import class_overlap, draw
from core.errors import NotApplicable
from core.numerics.mixing import balanced_mixing
from core.study import Study


@pytest.mark.parametrize("class_sizes", [(900, 100), (2000, 20), (100, 100)])
def test_a_rare_class_that_is_apart_is_fine(class_sizes):
    result = class_overlap(Study(synthetic.planted("clean", class_sizes=class_sizes)))
    assert result.severity == "fine"
    assert (result.tables["classes"]["mixing"] < 0.3).all()


@pytest.mark.parametrize("class_sizes", [(900, 100), (100, 100)])
def test_mixed_classes_are_named_whatever_their_sizes(class_sizes):
    result = class_overlap(Study(synthetic.planted("overlap", class_sizes=class_sizes)))
    assert result.severity == "issue"
    assert result.suggests == ("tuned_threshold",)
    assert "Resampling cannot separate" in result.findings[0].text
    table = result.tables["classes"]
    assert (table["low"] < table["mixing"]).all()
    assert (table["mixing"] < table["high"]).all()


def test_the_base_rate_alone_makes_the_raw_share_high():
    table = class_overlap(Study(synthetic.planted("overlap"))).tables["classes"].set_index("class").loc["rare"]
    assert table["base_rate"] == pytest.approx(900 / 999)
    assert table["foreign_share"] > 0.75


def test_shuffled_labels_are_their_own_null():
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(400, 4))
    rows = rng.permutation(400)
    shares, null = balanced_mixing(Z, rows[:100], rows[100:], 5, n=100, n_draws=5, n_null=40, rng=rng)
    assert null.mean() == pytest.approx(100 / 199, abs=0.01)
    assert shares.mean() / null.mean() == pytest.approx(1, abs=0.1)


def test_only_the_mixed_pair_of_three_classes_is_named():
    rng = np.random.default_rng(0)
    frame, codes = synthetic.clouds((300, 300, 60), n_features=4, distance=6, rng=rng)
    split = np.where((codes == 0) & (rng.random(len(codes)) < 0.5), 3, codes)
    labels = np.array(["a", "b", "rare", "twin of a"])[split]
    result = class_overlap(Study(Dataset.from_frame(frame.assign(outcome=labels), "outcome"), positive="rare"))
    table = result.tables["classes"].set_index("class")
    assert (table.loc["a", "partner"], table.loc["twin of a", "partner"]) == ("twin of a", "a")
    assert table.loc["a", "mixing"] > 0.8
    assert table.loc[["b", "rare"], "mixing"].max() < 0.2


def test_where_the_model_tells_classes_apart_mixed_neighbours_are_fine():
    rng = np.random.default_rng(0)
    frame, codes = synthetic.clouds((400, 100), n_features=25, distance=0, rng=rng)
    frame["measure 1"] = codes * 1.0 + rng.normal(0, 0.3, len(codes))
    result = class_overlap(Study(Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome")))
    table = result.tables["classes"]
    assert table["mixing"].min() > 0.5
    assert table["model_mixing"].max() < 0.5
    assert result.severity == "fine"


def test_many_classes_meet_their_nearest_partners_only():
    result = class_overlap(Study(synthetic.planted("clean", class_sizes=[20] * 14, n_features=14)))
    assert "only with the 3 whose centres are nearest" in result.findings[-1].text
    assert len(result.tables["pairs"]) < 14 * 13


def test_figures_show_the_tables():
    result = class_overlap(Study(synthetic.planted("overlap")))
    bars, grid = draw(result).values()
    assert list(bars.data[0].x) == result.tables["classes"]["mixing"].tolist()
    assert np.nanmax(grid.data[0].z) == result.tables["pairs"]["mixing"].max()


def test_six_rows_are_too_few():
    with pytest.raises(NotApplicable, match="6 rows; 10 are needed"):
        class_overlap(Study(synthetic.planted("few_rows")))
