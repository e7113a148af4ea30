"""Whether probabilities come true, and how frequent classes are at use: tables, sentences, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import __main__ as command_line
from core import learners
from core.dataset import Dataset
from core.errors import NotApplicable, UserError
from core.evaluation import prior_at_use as at_use
from core.evaluation.calibration import calibration_of, draw
from core.evaluation.prior_at_use import prior_at_use
from core.learners.probability_maps import learned_maps
from core.learners.rows import Rows
from core.recipe import Recipe, recipes
from core.study import Study
from core.synthetic import planted

RECIPES = recipes(
    ["class_weights", "class_weights+calibrated_probabilities:method=beta", "venn_abers", "tuned_threshold"]
)


@pytest.fixture(scope="module")
def study():
    return Study(planted("overlap", class_sizes=(540, 60)), learner="linear")


@pytest.fixture(scope="module")
def result(study):
    done = []
    result = calibration_of(study, RECIPES, progress=lambda *given: done.append(given))
    assert done == [(i, 4) for i in range(1, 5)], "a threshold alone is judged as doing nothing"
    return result


def test_weights_break_probabilities_and_a_map_mends_them(result):
    totals = result.tables["totals"].query("measure == 'observed over expected'").set_index("recipe")
    none, broken, mended, twofold = totals.index
    assert totals.loc[broken, "high"] < 0.5 < totals.loc[mended, "low"] < 1 < totals.loc[mended, "high"]
    assert totals.loc[none, "low"] < 1 < totals.loc[none, "high"]
    assert totals["apart"].tolist() == [False, True, False, False]
    errors = result.tables["errors"].set_index(["recipe", "class"])
    assert errors.loc[(broken, "rare"), "error"] > 3 * errors.loc[(broken, "rare"), "chance_high"]
    assert (errors["chance"] > 0).all() and errors.loc[(none, "rare"), "p"] > 0.05
    changes = result.tables["changes"].set_index(["recipe", "metric"])
    assert changes.loc[(broken, "Brier score"), "low"] > 0 and len(changes) == 3 * 4
    assert changes.loc[(mended, "Brier score"), "low"] < 0.01 and (changes["n_folds"] == 5).all()
    brier = result.tables["brier"].set_index("recipe")
    whole = brier["reliability"] - brier["resolution"] + brier["uncertainty"] + brier["within"]
    assert np.allclose(whole, brier["brier"]) and brier.loc[broken, "reliability"] > 0.05
    widths = result.tables["widths"]
    assert set(widths["recipe"]) == {twofold} and widths["n_rows"].sum() == 600
    assert ((widths["width"] > 0) & (widths["width"] <= widths["widest"])).all()


def test_points_of_the_diagram_hold_all_rows_within_exact_intervals(result):
    table = result.tables["reliability"]
    assert (table.groupby("recipe")[["n_rows", "n_found"]].sum() == [600, 60]).all(axis=None)
    assert ((table["low"] <= table["observed"]) & (table["observed"] <= table["high"])).all()
    assert table.groupby("recipe")["bin"].max().max() <= 6, "ten rows of the class for each bin"
    figures = draw(result)
    assert len(figures) == 6 and all(figure.layout.meta["caption"] for figure in figures.values())
    lines = [trace for trace in figures["Reliability of the probabilities"].data if trace.name]
    assert np.array_equal(np.concatenate([trace.y for trace in lines]), table["observed"])


def test_every_recipe_has_its_sentence(result):
    texts = [finding.text for finding in result.findings]
    assert texts[0].startswith("'Do nothing': ") and "Nothing speaks against its probabilities." in texts[0]
    assert "too high as a whole" in texts[1] and "they are worse than those of doing nothing" in texts[1]
    assert [finding.severity for finding in result.findings[:3]] == ["fine", "caution", "fine"]
    assert result.findings[1].suggests == ("calibrated_probabilities",)
    assert any("recipes that differ in it alone are judged once" in text for text in texts)


@pytest.mark.parametrize(
    ("n_rare", "said", "n_tables"), [(8, "below 10 nothing is said", 1), (30, "a few rows decide them", 6)]
)
def test_few_rows_say_less(n_rare, said, n_tables):
    few = Study(planted("overlap", class_sizes=(200, n_rare)), learner="linear", positive="rare")
    found = calibration_of(few, [Recipe.of("class_weights")])
    assert any(said in finding.text for finding in found.findings) and len(found.tables) == n_tables
    assert not any("slope is" in finding.text for finding in found.findings)
    assert len(draw(found)) == (5 if n_tables > 1 else 0)


def odd(name):
    """A study that needs care."""
    rng = np.random.default_rng(0)
    if name == "tiny class":
        return Study(planted("overlap", class_sizes=(150, 30, 1)), learner="linear", positive="class 2", n_folds=3)
    data = planted("overlap", class_sizes=(240, 60))
    if name == "sample":
        return Study(replace(data, represents=np.where(data.y == "common", 9.0, 1.0)), learner="linear", n_folds=3)
    frame = data.X.assign(when=np.arange(300), y=rng.permutation(data.y))
    return Study(Dataset.from_frame(frame, "y", roles={"when": "time"}), learner="linear", n_folds=3)


@pytest.mark.parametrize("name", ["tiny class", "sample", "time"])
def test_odd_tables_are_judged_too(name):
    asked = odd(name)
    found = calibration_of(asked, recipes(["venn_abers", "calibrated_probabilities:method=isotonic"]))
    table, judged = found.tables["reliability"], asked.judged
    assert (table.groupby("recipe")["n_rows"].sum() == len(judged.codes)).all()
    assert (table.groupby("recipe")["n_found"].sum() == judged.class_sizes[judged.positive_code]).all()
    assert ((table["low"] <= table["observed"] + 1e-12) & (table["observed"] <= table["high"] + 1e-12)).all()
    assert any("learn no such map there" in finding.text for finding in found.findings) == (name != "sample")
    if name == "sample":
        base = found.tables["totals"].iloc[0]
        assert base["low"] < 1 < base["high"] and found.tables["brier"]["uncertainty"][0] == pytest.approx(
            0.0266, abs=1e-3
        )


@pytest.mark.parametrize(
    "text", ["calibrated_probabilities:method=beta", "calibrated_probabilities:method=isotonic", "venn_abers"]
)
@pytest.mark.parametrize("sizes", [(120, 40), (120, 40, 30), (120, 9)])
def test_maps_keep_the_order_and_give_way_where_a_class_is_too_small(text, sizes):
    data = planted("overlap", class_sizes=sizes)
    codes, rows = Study(data).codes, Rows(represents=np.where(Study(data).codes == 0, 4.0, 1.0))
    fitted = Recipe.parse(text).apply(learners.make("linear"), random_state=0).fit(data.X, codes, rows=rows)
    asked = "venn_abers" if text == "venn_abers" else text.split("=")[1]
    assert fitted.method_ == ("sigmoid" if min(sizes) < 10 else asked)
    assert ("tests 9 rows" in fitted.sentence_.replace("test 9", "tests 9")) == (min(sizes) < 10)
    before, after = fitted.classifier_.predict_proba(data.X), fitted.predict_proba(data.X)
    assert np.allclose(after.sum(axis=1), 1)
    if len(sizes) == 2:
        assert (np.diff(after[np.argsort(before[:, 1]), 1]) >= -1e-9).all()
    between = fitted.probability_interval(data.X)
    assert (between is None) == (fitted.method_ != "venn_abers")
    if between is not None:
        assert (between[0] <= between[1] + 1e-12).all() and between[0].min() >= 0
        assert len(sizes) > 2 or ((between[0] <= after + 1e-12) & (after <= between[1] + 1e-12)).all()


def test_a_single_class_is_left_as_it_is():
    fitted = Recipe.of("venn_abers").apply(learners.make("linear"), random_state=0)
    fitted.map_ = learned_maps("venn_abers", np.ones((40, 1)), np.zeros(40), np.zeros(1), None)
    assert (fitted._mapped(np.ones((60, 1))) == 1).all()


def test_shares_at_use_are_found_without_labels(study):
    new = planted("overlap", class_sizes=(250, 250), random_state=1)
    found = prior_at_use(study, new.X)
    shares = found.tables["shares"].set_index(["class", "method"])
    for method in (at_use.EM, at_use.CALLS):
        row = shares.loc[("rare", method)]
        assert row["low"] < 0.5 < row["high"] and row["low"] > 0.2
    assert shares.loc[("rare", at_use.TABLE), "share"] == pytest.approx(0.1)
    assert np.allclose(shares.groupby("method")["share"].sum(), 1)
    assert np.allclose(found.tables["calls"].groupby("class")["share"].sum(), 1)
    change = found.tables["changes"].set_index(["class", "method"]).loc[("rare", at_use.EM)]
    odds = shares.loc[("rare", at_use.EM), "share"] / shares.loc[("common", at_use.EM), "share"]
    assert change["odds_factor"] == pytest.approx(odds * 9) and change["low"] > 0
    assert "too low there: multiply the odds" in found.findings[0].text and "which agrees" in found.findings[1].text
    assert len(at_use.draw(found)) == 1
    same = prior_at_use(study, planted("overlap", class_sizes=(450, 50), random_state=2).X)
    assert same.findings[0].severity == "fine" and "may be chance" in same.findings[0].text


def test_a_share_at_use_is_refused_where_nothing_can_be_said(study):
    few = Study(planted("overlap", class_sizes=(200, 8)), learner="linear", positive="rare")
    noise = planted("overlap", class_sizes=(200, 50))
    blind = Study(replace(noise, X=noise.X.sample(frac=1, random_state=1).reset_index(drop=True)), learner="linear")
    for asked, X, text in (
        (few, study.dataset.X, "has 8 rows; below 10"),
        (study, study.dataset.X.head(5), "There are 5 rows at use"),
        (blind, study.dataset.X, "the calls do not tell the classes 'common' and 'rare' apart"),
    ):
        with pytest.raises(NotApplicable, match=text):
            prior_at_use(asked, X)
    with pytest.raises(UserError, match="The rows at use lack"):
        prior_at_use(study, study.dataset.X.iloc[:, 1:])
    three = Study(planted("overlap", class_sizes=(200, 60, 4)), learner="linear", positive="class 2")
    found = prior_at_use(three, three.dataset.X)
    assert set(found.tables["shares"]["class"]) == {"class 1", "class 2"}
    assert "'class 3' has fewer than 10 rows" in found.findings[-1].text


def test_the_command_prints_what_was_found(capsys, tmp_path, study):
    data, new = study.dataset, planted("overlap", class_sizes=(60, 60), random_state=3)
    for name, rows in (("table.csv", data), ("later.csv", new)):
        pd.concat([rows.X, rows.y.rename("outcome")], axis=1).to_csv(tmp_path / name, index=False)
    asked = ["--target", "outcome", "--learner", "linear", "--recipes", "class_weights", "tuned_threshold"]
    code = command_line.main(
        ["calibration", str(tmp_path / "table.csv"), *asked, "--test", str(tmp_path / "later.csv")]
    )
    out = capsys.readouterr().out
    assert code == 0 and "CAUTION: 'Class weights':" in out and "calibration error of rare: " in out
    assert "by probabilities (EM)" in out and "Of 120 rows at use, 'rare' makes up" in out
    new.X.to_csv(tmp_path / "unlabelled.csv", index=False)
    assert (
        command_line.main(
            ["calibration", str(tmp_path / "table.csv"), *asked[:4], "--at-use", str(tmp_path / "unlabelled.csv")]
        )
        == 0
    )
    again = capsys.readouterr().out
    assert out[out.index("Of 120 rows at use") :] == again[again.index("Of 120 rows at use") :], "labels are left aside"
