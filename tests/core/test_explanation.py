"""Shapley values: against brute force, on the original prior, on text, gaps, several classes and odd names."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.errors import NotApplicable, UserError
from core.learners import make
from core.learners.contributions import contributions, innermost
from core.learners.explained import allotted, by_class, explain, largest_gap
from core.recipe import Recipe
from core.registry import method
from core.study import Study
from core.synthetic import planted

HOSTILE = ["<img src=x onerror=alert(1)>", "$x$", ":material/bug:", "**b**", "=cmd()", "n" * 5000]


def mixed(n=240, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.repeat(np.arange(n_classes), [n - 40 * (n_classes - 1)] + [40] * (n_classes - 1)))
    frame = pd.DataFrame({"a": rng.normal(size=n) + codes, "b": rng.normal(size=n), "c": rng.normal(size=n)})
    frame.loc[rng.random(n) < 0.2, "b"] = np.nan
    frame["text"] = np.where(rng.random(n) < 0.5 + 0.2 * (codes > 0), "x", rng.choice(["y", "z", "<b>"], n))
    frame.loc[rng.random(n) < 0.1, "text"] = None
    return Dataset.from_frame(frame.assign(y=[f"class {c}" for c in codes]), "y")


def shapley(value, n):
    """The definition: averages over all coalitions of the n columns."""
    phi = np.zeros(n)
    for j in range(n):
        others = [i for i in range(n) if i != j]
        for size in range(n):
            for coalition in combinations(others, size):
                weight = factorial(size) * factorial(n - size - 1) / factorial(n)
                phi[j] += weight * (value({*coalition, j}) - value({*coalition}))
    return phi


def tree_value(node, x, known):
    """A tree's output when only some columns are known: children weighted by the rows that went their way."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return tree_value(left if x[node["split_feature"]] <= node["threshold"] else right, x, known)
    sizes = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    return np.average([tree_value(left, x, known), tree_value(right, x, known)], weights=sizes)


def test_trees_agree_with_brute_force_after_centring():
    data = planted("overlap", class_sizes=(90, 30), n_features=3)
    codes = (data.y == "rare").to_numpy().astype(int)
    train, test = np.arange(100), np.arange(100, 120)
    learner = make("boosted").set_params(n_estimators=5, num_leaves=4).fit(data.X.iloc[train], codes[train])
    found = explain(make("boosted").set_params(n_estimators=5, num_leaves=4), data.X, codes, [(train, test)], test[:3])
    trees = [tree["tree_structure"] for tree in learner.model_.booster_.dump_model()["tree_info"]]
    Z = learner.encode(data.X)

    def brute(x):
        return shapley(lambda known: sum(tree_value(tree, x, known) for tree in trees), 3)

    centre = np.mean([brute(x) for x in Z[train]], axis=0)
    np.testing.assert_allclose(found.parts[:, :, 1], [brute(x) - centre for x in Z[test[:3]]], atol=1e-9)


def test_linear_agrees_with_brute_force_over_original_rows():
    data = mixed(120)
    codes = (data.y == "class 1").to_numpy().astype(int)
    train, test = np.arange(90), np.arange(90, 120)
    learner = make("linear").fit(data.X.iloc[train], codes[train])
    found = explain(make("linear"), data.X, codes, [(train, test)], test[:2])
    ground = data.X.iloc[train]

    def value(row, known):
        blended = ground.copy()
        for j in known:
            column = ground.columns[j]
            blended[column] = pd.Series([row[column]] * len(ground), index=ground.index, dtype=ground[column].dtype)
        return learner.model_.decision_function(learner.encode(blended)).mean()

    for i in range(2):
        expected = shapley(lambda known, i=i: value(data.X.iloc[test[i]], known), 4)
        np.testing.assert_allclose(found.parts[i, :, 1], expected, atol=1e-9)


@pytest.mark.parametrize("learner", ["boosted", "linear"])
@pytest.mark.parametrize("recipe", ["random_oversampling", "smote", "class_weights", "random_undersampling"])
def test_base_value_is_the_mean_score_of_original_rows(learner, recipe):
    study = Study(mixed(), learner=learner)
    train, test = study.folds[0]
    found = explain(study.classifier(Recipe.parse(recipe)), study.dataset.X, study.codes, [(train, test)], test)
    inner = innermost(study.classifier(Recipe.parse(recipe)).fit(study.dataset.X.iloc[train], study.codes[train]))
    original = contributions(inner, study.dataset.X.iloc[train])[2]
    np.testing.assert_allclose(found.base[0], original.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        found.base + found.parts.sum(axis=1), contributions(inner, study.dataset.X.iloc[test])[2]
    )


def test_a_sampled_background_keeps_the_class_shares(monkeypatch):
    monkeypatch.setattr("core.learners.explained.BACKGROUND", 100)
    codes = np.repeat([0, 1], [900, 30])
    rows, weight = by_class(codes, 100, random_state=0)
    assert np.bincount(codes[rows]).tolist() == [70, 30]
    assert np.average(codes[rows], weights=weight) == pytest.approx(30 / 930)


def test_all_rows_of_small_classes_are_chosen_first():
    assert allotted(np.array([5000, 249]), 300).tolist() == [150, 150]
    assert allotted(np.array([5000, 40, 2]), 300).tolist() == [258, 40, 2]
    assert allotted(np.array([5, 5, 5, 5]), 2).min() == 1


@pytest.mark.parametrize("learner", ["boosted", "linear"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_text_gaps_and_several_classes_add_up(learner, n_classes):
    study = Study(mixed(400, n_classes), learner=learner, recipe=Recipe.of("smote"))
    result = engine.run("shapley_values", study, max_rows=80)
    checks = result.tables["checks"]
    assert (checks["largest_gap"] < 1e-9).all()
    assert checks["recipe"].tolist() == ["baseline", "recipe"]
    assert set(result.tables["importance"]["column"]) == {"a", "b", "c", "text"}
    assert result.tables["importance"]["class"].nunique() == (1 if n_classes == 2 else n_classes)
    assert {"missing", "text"} <= set(result.tables["values"]["level"])
    row = result.tables["row"]["contribution"]
    assert row.iloc[:-1].sum() == pytest.approx(row.iloc[-1])


def test_every_row_is_explained_by_a_model_that_did_not_see_it():
    study = Study(mixed())
    seen = {}

    class Spy(type(make("linear"))):
        def fit(self, X, y, sample_weight=None):
            self.seen_ = frozenset(X.index)
            return super().fit(X, y, sample_weight)

        def encode(self, X):
            seen.setdefault(self.seen_, set()).update(X.index)
            return super().encode(X)

    rows = np.arange(0, 240, 7)
    explain(Spy(), study.dataset.X, study.codes, study.folds[:5], rows)
    assert len(seen) == 5
    assert set().union(*(asked - trained for trained, asked in seen.items())) == set(rows.tolist())


def test_calibration_and_threshold_leave_the_explanation_alone():
    bare = engine.run("shapley_values", Study(mixed(), recipe=Recipe.of("smote")))
    full = Study(mixed(), recipe=Recipe.of("smote", "calibrated_probabilities", "tuned_threshold"))
    pd.testing.assert_frame_equal(bare.tables["values"], engine.run("shapley_values", full).tables["values"])
    threshold = engine.run("shapley_values", Study(mixed(), recipe=Recipe.of("tuned_threshold")))
    assert any("only calibrates or moves the threshold" in finding.text for finding in threshold.findings)


def test_a_row_that_was_asked_for_is_taken_apart_without_moving_the_importance():
    study = Study(mixed())
    usual = engine.run("shapley_values", study, max_rows=40)
    absent = next(row for row in range(1, 241) if row not in set(usual.tables["values"]["row"]))
    asked = engine.run("shapley_values", study, max_rows=40, row=absent)
    assert asked.tables["row"]["row"].unique().tolist() == [absent]
    pd.testing.assert_frame_equal(usual.tables["importance"], asked.tables["importance"])
    with pytest.raises(UserError, match="There is no row 241"):
        engine.run("shapley_values", study, row=241)
    with pytest.raises(UserError, match="no class named 'clas 1'"):
        engine.run("shapley_values", study, of_class="clas 1")


def test_sums_that_do_not_hold_are_never_shown():
    parts, base = np.ones((2, 3, 1)), np.zeros(1)
    assert largest_gap(parts, base, np.full((2, 1), 3.0)) == 0
    with pytest.raises(ArithmeticError, match="miss the model's output"):
        largest_gap(parts, base, np.full((2, 1), 3.001))


def test_other_models_and_single_classes_are_not_applicable():
    with pytest.raises(NotApplicable, match="one class only"):
        contributions(make("boosted").fit(pd.DataFrame({"a": [1.0, 2.0]}), np.zeros(2)), pd.DataFrame({"a": [1.0]}))
    other = type("Forest", (), {"classes_": np.arange(2)})()
    with pytest.raises(NotApplicable, match="Forest cannot be explained"):
        contributions(other, pd.DataFrame({"a": [1.0]}))


def test_a_class_of_one_row_and_a_table_of_constants_get_an_answer():
    lonely = mixed().y.where(np.arange(240) > 0, "alone")
    data = Dataset.from_frame(mixed().X.assign(y=lonely), "y")
    result = engine.run("shapley_values", Study(data, positive="alone"))
    assert result.tables["checks"]["rows_explained"].iloc[0] < result.tables["checks"]["rows_available"].iloc[0]
    constant = Dataset.from_frame(pd.DataFrame({"a": [1.0] * 60, "y": ["p", "q"] * 30}), "y")
    assert "No column moves the score" in engine.run("shapley_values", Study(constant)).findings[0].text


def test_hostile_names_reach_no_figure_as_markup():
    data = mixed(n_classes=3)
    frame = data.X.set_axis(HOSTILE[:4], axis=1).assign(
        **{HOSTILE[5]: data.y.map(dict(zip(data.classes, HOSTILE, strict=False)))}
    )
    study = Study(Dataset.from_frame(frame, HOSTILE[5]), recipe=Recipe.of("class_weights"))
    result = engine.run("shapley_values", study, max_rows=60)
    drawn = "".join(figure.to_json() for figure in method("shapley_values").draw(result).values())
    assert "<img" not in drawn.replace("\\u003c", "<")
    assert "$x$" not in drawn
    assert not any("\n" in finding.text for finding in result.findings)


def test_importance_weighs_every_class_by_its_share():
    study = Study(planted("clean"))
    result = engine.run("shapley_values", study, max_rows=200)
    everything = engine.run("shapley_values", study, max_rows=2000)
    few, many = (r.tables["importance"].set_index("column")["contribution"] for r in (result, everything))
    assert few["measure 1"] == pytest.approx(many["measure 1"], rel=0.1)


def test_one_row_of_a_class_is_no_reason_to_suspect_a_column():
    """No ranking can be measured on one row."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": [9.0, *rng.normal(size=59)], "y": ["v"] + ["u"] * 59})
    lonely = Study(Dataset.from_frame(frame, "y"), positive="v", learner="linear")
    assert not any("carries" in finding.text for finding in engine.run("shapley_values", lonely).findings)
