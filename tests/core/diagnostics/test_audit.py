"""The leakage audit: near-copies, groups on both sides of a split, copies before the split, sites, hidden classes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from core import engine
from core.dataset import Dataset
from core.errors import UserError
from core.numerics.memorised import between_others, scores_of_copies
from core.numerics.near_copies import columns_apart, different_rows, distance_dimension, near_copies
from core.numerics.neighbours import nearest, squared_distances
from core.numerics.paired_ranking import draw_groups, weighted_average_precision
from core.numerics.told_apart import mean_area, mean_area_error, shuffled_mean_areas
from core.study import Study
from core.synthetic import clouds, names, planted

LABELS = np.array(["common", "rare"])


def study_of(frame, labels, **choices):
    return Study(Dataset.from_frame(pd.DataFrame(frame).assign(outcome=labels), "outcome"), **choices)


@pytest.mark.parametrize("n_features", [1, 2, 5, 8])
def test_the_dimension_of_a_normal_cloud_is_its_number_of_columns(n_features):
    rows = np.random.default_rng(0).normal(size=(1500, n_features))
    found = distance_dimension(nearest(rows, rows, 10, itself=True)[1])
    assert found == pytest.approx(n_features, rel=0.2)


def test_independent_rows_have_hardly_a_near_copy_whatever_their_dimension():
    rng = np.random.default_rng(1)
    one = rng.normal(size=(2000, 1)) @ rng.normal(size=(1, 12))
    for rows in (
        rng.normal(size=(2000, 6)),
        rng.exponential(size=(2000, 3)) ** 3,
        one,
        one + rng.normal(0, 0.01, one.shape),
    ):
        found = near_copies(rows, np.arange(2000), 10)
        assert len(np.unique(found["row"])) <= 20


def test_rows_that_differ_in_one_column_are_as_close_as_it_allows():
    assert columns_apart(np.array([0.0, 0.3, 0.0])) == 1.0
    assert columns_apart(np.array([0.0, 0.0])) == 1.0
    rng = np.random.default_rng(0)
    frame = np.column_stack([rng.integers(0, 4, 600), rng.integers(0, 3, 600), rng.gamma(0.3, size=600)])
    assert len(near_copies(frame, np.arange(600), 10)["row"]) == 0


def test_steps_of_a_grid_are_no_near_copies():
    rows = np.unique(np.random.default_rng(0).integers(0, 8, (500, 4)), axis=0).astype(float)
    assert len(near_copies(rows, np.arange(len(rows)), 10)["row"]) == 0


def test_every_noisy_copy_is_found_with_its_source():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(120, 6))
    rows[80:] = rows[:40] + rng.normal(0, 0.01, (40, 6))
    found = near_copies(rows, np.arange(120), 10)
    assert {(int(a), int(b)) for a, b in zip(found["row"], found["other"], strict=True)} == {
        pair for i in range(40) for pair in ((i, 80 + i), (80 + i, i))
    }


def test_equal_rows_count_once():
    rows = np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan], [1.0, 0.0]])
    assert different_rows(rows).tolist() == [0, 1, 3]
    dataset = planted("clean")
    twice = pd.concat([dataset.X, dataset.X[dataset.y == "rare"]], ignore_index=True)
    labels = [*dataset.y, *["rare"] * 100]
    result = engine.run("near_duplicates", study_of(twice, labels))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert (rare["n_samples"], rare["n_different"], rare["n_close"]) == (200, 100, 0)
    assert result.severity == "fine"


def test_recall_with_and_without_near_copies_is_counted_over_the_same_folds():
    study = Study(planted("near_duplicates"))
    result = engine.run("near_duplicates", study)
    rare, recall = (result.tables[name].set_index("class").loc["rare"] for name in ("classes", "recall"))
    assert rare["n_close"] >= 90
    assert 60 <= rare["n_across"] <= rare["n_close"]  # a fifth of the pairs falls into one fold
    assert recall["n_without"] == 100 - rare["n_across"]
    found = study.out_of_fold()[study.codes == 1].argmax(axis=1) == 1
    assert recall["recall"] == found.mean()
    assert recall["low"] <= recall["difference"] <= recall["high"]


def test_a_class_of_near_copies_only_is_said_to_be_remembered():
    rng = np.random.default_rng(0)
    frame, codes = clouds((900, 100), n_features=6, distance=1.0, rng=rng)
    rare = np.flatnonzero(codes == 1)
    frame.iloc[rare] = np.repeat(frame.iloc[rare[:20]].to_numpy(), 5, axis=0) + rng.normal(0, 0.01, (100, 6))
    result = engine.run("near_duplicates", study_of(frame, names(codes)))
    assert result.severity == "issue"
    assert "100 of 100 different rows" in result.findings[0].text
    assert "how well the model remembers" in result.findings[0].text


def test_weighted_average_precision_is_that_of_sklearn():
    rng = np.random.default_rng(0)
    scores, positive = rng.random(300).round(1), rng.random(300) < 0.2
    weight = draw_groups(np.arange(300) // 3, 5, rng)
    expected = [average_precision_score(positive, scores, sample_weight=w) for w in weight]
    assert weighted_average_precision(scores, positive, weight) == pytest.approx(expected)
    assert (weight.sum(axis=1) == 300).all()


def test_groups_held_together_are_scored_on_the_same_rows():
    study = Study(planted("groups"))
    result = engine.run("groups_across_folds", study)
    scores = result.tables["scores"].set_index(["measure", "plan"])["value"]
    positive = study.codes == study.positive_code
    plain = average_precision_score(positive, study.out_of_fold()[:, study.positive_code])
    assert scores["average precision", "rows at random"] == pytest.approx(plain)
    assert scores["average precision", "difference"] > 0.2
    groups = result.tables["groups"].iloc[0]
    assert (groups["column"], groups["n_groups"], groups["largest"], groups["n_across"]) == ("patient", 200, 5, 100)


def test_a_group_column_that_was_left_out_is_kept_for_the_folds():
    dataset = planted("groups")
    frame = dataset.X.assign(patient=dataset.X["patient"].astype(str), outcome=dataset.y)
    without = Dataset.from_frame(frame, "outcome", leave_out=["patient"])
    assert "patient" not in without.X.columns
    assert without.groups["patient"].tolist() == frame["patient"].tolist()
    assert engine.run("groups_across_folds", Study(without)).severity == "issue"


def test_a_group_column_may_be_named_and_must_exist():
    dataset = planted("groups")
    frame = dataset.X.rename(columns={"patient": "who"}).assign(outcome=dataset.y)
    frame["who"] = frame["who"].astype(str).str.replace("p", "person ")
    study = Study(Dataset.from_frame(frame, "outcome"))
    assert engine.run("groups_across_folds", study, column="who").severity == "issue"
    with pytest.raises(UserError, match="no column named 'whom'"):
        engine.run("groups_across_folds", study, column="whom")


def test_no_groups_and_few_groups_get_sentences():
    assert "name it in the settings" in engine.run("groups_across_folds", Study(planted("clean"))).findings[0].text
    dataset = planted("clean")
    ward = np.where(dataset.y == "rare", 0, 1 + np.arange(dataset.n_samples) % 12)
    result = engine.run("groups_across_folds", study_of(dataset.X.assign(ward=ward), dataset.y))
    assert result.findings[0].text.startswith("The rows of 'rare' belong to 1 group of column 'ward'")


def test_groups_without_likeness_make_no_gap():
    gaps = []
    for seed in range(3):
        dataset = planted("overlap", random_state=seed)
        patient = np.random.default_rng(seed).permutation(1000) // 5
        result = engine.run("groups_across_folds", study_of(dataset.X.assign(patient=patient), dataset.y))
        assert result.severity == "fine"
        gaps.append(result.tables["scores"]["value"].iloc[2])
    assert abs(np.mean(gaps)) < 0.05


def noise(n_rare=60, n_common=540, n_features=10, random_state=0):
    rng = np.random.default_rng(random_state)
    Z = rng.normal(size=(n_rare + n_common, n_features))
    return Z, np.sqrt(squared_distances(Z, Z)).round(9), np.arange(len(Z)) < n_rare


def test_on_pure_noise_a_plain_split_of_copies_finds_everything_and_a_grouped_one_nothing():
    _, distances, rare = noise()
    recall = {}
    for copies in (1, 2, 4, 8):
        for together in (False, True):
            drawn = [
                scores_of_copies(distances, rare, copies, 5, together, np.random.default_rng(seed))
                for seed in range(10)
            ]
            assert drawn[0][1].sum() == 60 * copies
            recall[copies, together] = np.mean([(scores[truth] > 0.5).mean() for scores, truth in drawn])
    assert recall[2, False] == pytest.approx(0.8, abs=0.05)
    assert recall[4, False] >= 0.95 and recall[8, False] >= 0.999
    assert max(recall[copies, True] for copies in (1, 2, 4, 8)) <= 0.2
    assert recall[1, False] <= 0.2


def test_a_forest_is_fooled_by_noisy_copies_of_noise_just_the_same():
    """Four noisy copies of each rare row: all found by a forest with copies at random, none with copies held together."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    rng = np.random.default_rng(0)
    Z, _, rare = noise(n_rare=80, n_common=400)
    source = np.repeat(np.arange(len(Z)), np.where(rare, 4, 1))
    frame, labels = Z[source] + rng.normal(0, 0.02, (len(source), Z.shape[1])), rare[source]
    recall = []
    for plan, arguments in ((StratifiedKFold, (frame, labels)), (StratifiedGroupKFold, (frame, labels, source))):
        found = np.zeros(len(labels), dtype=bool)
        for train, test in plan(5, shuffle=True, random_state=0).split(*arguments):
            forest = RandomForestClassifier(60, random_state=0).fit(frame[train], labels[train])
            found[test] = forest.predict(frame[test])
        recall.append(found[labels].mean())
    assert recall[0] >= 0.95 and recall[1] <= 0.05


def test_the_scores_of_copies_are_those_of_one_nearest_neighbour():
    Z, distances, rare = noise(random_state=3)
    source = np.repeat(np.arange(len(Z)), np.where(rare, 3, 1))
    scores, truth = scores_of_copies(distances, rare, 3, 5, False, np.random.default_rng(7))
    rng, fold = np.random.default_rng(7), np.empty(len(source), dtype=int)
    for kind in (False, True):
        rows = np.flatnonzero(rare[source] == kind)
        fold[rows] = rng.permutation(len(rows)) % 5
    pred = np.empty(len(source), dtype=bool)
    for f in range(5):
        model = KNeighborsClassifier(1).fit(Z[source[fold != f]], truth[fold != f])
        pred[fold == f] = model.predict(Z[source[fold == f]])
    assert (pred == (scores > 0.5)).all()


def test_the_false_gain_is_shown_on_the_table_and_on_noise():
    result = engine.run("resample_before_split", Study(planted("overlap")))
    gap = result.tables["gap"].set_index(["table", "split", "copies", "measure"])["value"]
    for table in ("this table", "labels at random"):
        assert gap[table, "copies at random", 4, "recall"] >= 0.95
    assert gap["labels at random", "copies held together", 4, "recall"] <= 0.2
    assert gap["labels at random", "copies at random", 4, "average precision"] >= 0.8
    assert result.severity == "fine" and "the size of the false gain" in result.findings[-1].text


def test_a_file_that_was_oversampled_before_is_noticed():
    from imblearn.over_sampling import SMOTE, RandomOverSampler

    dataset = planted("overlap")
    for sampler, kind in ((SMOTE, "on the line between two others"), (RandomOverSampler, "equal to an earlier row")):
        frame, labels = sampler(random_state=0).fit_resample(dataset.X, dataset.y)
        result = engine.run("resample_before_split", study_of(frame, labels, positive="rare"))
        assert result.severity == "caution" and kind in result.findings[0].text


def test_lines_of_computed_columns_are_not_taken_for_interpolation():
    rng = np.random.default_rng(0)
    height, width, dark = np.ones(200), rng.integers(1, 60, 200), rng.random(200)
    rows = np.column_stack([height, width, height * width, 2 * width, dark, rng.random(200)])
    near = nearest(rows, rows, 10, itself=True)[0]
    assert not between_others(rows, np.arange(200), near).any()


def test_a_mean_area_is_that_of_sklearn_and_its_error_that_of_draws():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    scores = rng.normal(size=(400, 3)) + 0.8 * (labels[:, None] == np.arange(3))
    expected = np.mean([roc_auc_score(labels == i, scores[:, i]) for i in range(3)])
    assert mean_area(scores, labels) == pytest.approx(expected)
    assert shuffled_mean_areas(scores, labels, 200, rng).mean() == pytest.approx(0.5, abs=0.01)
    two = []
    for _ in range(300):
        x = rng.normal(size=100) + np.repeat([0.0, 1.0], 50)
        two.append(np.column_stack([-x, x]))
    spread = np.std([mean_area(x, np.repeat([0, 1], 50)) for x in two])
    assert np.mean([mean_area_error(x, np.repeat([0, 1], 50)) for x in two]) == pytest.approx(spread, rel=0.15)


def with_site(offset, shares, random_state=0):
    dataset = planted("clean", random_state=random_state)
    second = np.random.default_rng(random_state).random(1000) < np.where(dataset.y == "rare", shares[1], shares[0])
    frame = dataset.X.copy()
    frame.iloc[:, -1] += offset * second
    return study_of(frame.assign(site=np.where(second, "B", "A")), dataset.y)


@pytest.mark.parametrize(
    ("offset", "shares", "severity"),
    [(3, (0.3, 0.8), "issue"), (3, (0.4, 0.4), "fine"), (0, (0.3, 0.8), "caution"), (3, (0.3, 1.0), "issue")],
)
def test_a_nuisance_leaks_when_it_is_told_and_the_class_depends_on_it(offset, shares, severity):
    result = engine.run("nuisance_leak", with_site(offset, shares))
    assert result.severity == severity
    sites = result.tables["sites"]
    assert sites["n_samples"].sum() == 1000 and sites["n_class"].sum() == 100
    told = result.tables["told"]["auc"].max()
    assert told > 0.9 if offset else told < 0.65


def test_sites_may_be_numbers_with_gaps_and_rare_ones_are_left_out():
    dataset = planted("nuisance", class_sizes=(1800, 200))
    rng = np.random.default_rng(0)
    second = (dataset.X["site"] == "south clinic").to_numpy()
    number = np.where(second, 2.0, 1.0)
    number[rng.random(2000) < 0.05] = np.nan
    number[:8] = [3, 4, 5, 6, 7, 8, 9, 9]
    study = study_of(dataset.X.drop(columns="site").assign(batch=number), dataset.y)
    result = engine.run("nuisance_leak", study)
    sites = result.tables["sites"]
    assert sites["site"].tolist() == ["1", "2"]
    assert sites["n_samples"].tolist() == [(number == 1).sum(), (number == 2).sum()]
    assert result.severity == "issue"


def test_honest_columns_that_go_together_are_not_looked_at_unasked():
    study = with_site(3, (0.3, 0.8))
    renamed = study_of(study.dataset.X.rename(columns={"site": "side"}), study.dataset.y)
    assert "name it in the settings" in engine.run("nuisance_leak", renamed).findings[0].text
    assert engine.run("nuisance_leak", renamed, column="side").severity == "issue"
    with pytest.raises(UserError, match="no column named 'slide'"):
        engine.run("nuisance_leak", renamed, column="slide")


def test_averages_that_hide_a_class():
    from sklearn.metrics import f1_score

    from core.diagnostics.model.hidden_class import sick

    study = Study(sick())
    result = engine.run("hidden_class", study)
    pred = study.out_of_fold().argmax(axis=1)
    value = result.tables["averages"].set_index("average")["value"]
    assert value.iloc[0] == pytest.approx((pred == study.codes).mean())
    assert value["weighted F1"] == pytest.approx(f1_score(study.codes, pred, average="weighted"))
    assert value["macro F1"] == pytest.approx(f1_score(study.codes, pred, average="macro"))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert rare["recall"] <= 0.05 and rare["high"] < 0.12 and value.iloc[0] >= 0.94
    assert result.severity == "caution" and "no weighted average shows it" in result.findings[0].text
