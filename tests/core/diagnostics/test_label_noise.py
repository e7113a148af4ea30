"""Label noise: planted flips are found, overlap and rarity are not taken for them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import synthetic
from core.dataset import Dataset
from core.diagnostics.labels.label_noise import draw, healthy, label_noise, sick
from core.errors import NotApplicable
from core.study import Study
from core.wording import plural


def flipped(sizes, share, seed, distance=4.0):
    """A table with exchanged labels, and which rows carry one."""
    rng = np.random.default_rng(seed)
    frame, codes = synthetic.clouds(sizes, n_features=6, distance=distance, rng=rng)
    noisy = synthetic.swap_labels(codes, share, rng) if share else codes
    return Dataset.from_frame(frame.assign(outcome=synthetic.names(noisy)), "outcome"), noisy != codes


@pytest.mark.parametrize("learner", ["boosted", "linear"])
@pytest.mark.parametrize(
    ("sizes", "share"),
    [((500, 500), 0.05), ((900, 100), 0.1), ((900, 100), 0.2), ((2000, 100), 0.05), ((300, 300, 300), 0.1)],
)
def test_planted_flips_are_found(sizes, share, learner):
    found = true = wrong = 0
    for seed in (0, 1, 2):
        dataset, bad = flipped(sizes, share, seed)
        rows = label_noise(Study(dataset, learner=learner)).tables["review"]["row"].to_numpy() - 1
        found, true, wrong = found + len(rows), true + bad[rows].sum(), wrong + bad.sum()
    assert true / found >= 0.7
    assert true / wrong >= 0.6


@pytest.mark.parametrize("learner", ["boosted", "linear"])
@pytest.mark.parametrize(("sizes", "distance"), [((2970, 30), 1.8), ((1900, 100), 1.8), ((900, 100), 4.0)])
def test_right_labels_are_left_alone(sizes, distance, learner):
    for seed in (0, 1):
        table = label_noise(Study(flipped(sizes, 0, seed, distance)[0], learner=learner)).tables["classes"]
        assert (table["share"] <= 0.02).all()
        assert table["named"].sum() <= 0.01 * sum(sizes)


def test_a_deterministic_table_of_text_columns_has_no_noise():
    rng = np.random.default_rng(0)
    frame = synthetic.clouds((2000,), n_features=6, distance=0, rng=rng)[0].gt(0.5).astype("str")
    yes = (frame == "True").sum(axis=1)
    dataset = Dataset.from_frame(
        frame.assign(outcome=np.where(yes > 3, "many", np.where(yes > 1, "some", "few"))), "outcome"
    )
    for learner in ("boosted", "linear"):
        assert label_noise(Study(dataset, learner=learner)).severity == "fine"


@pytest.mark.parametrize(("share", "max_share"), [(0.13, 0.1), (0.2, 0.05)])
def test_the_share_of_a_class_is_capped_and_the_sentence_says_so(share, max_share):
    study = Study(flipped((500, 500), share, 0)[0])
    result = label_noise(study, max_share=max_share)
    table, review = result.tables["classes"], result.tables["review"]
    assert (table["cap"] == 500 * max_share).all()
    assert (table["named"] <= table["cap"]).all()
    everyone = label_noise(study, max_share=0.4).tables
    assert (table["named"] + table["capped"]).tolist() == everyone["classes"]["named"].tolist()
    surest = everyone["review"].groupby("given label").head(int(500 * max_share))
    assert set(review["row"]) <= set(surest["row"])
    row = table.sort_values("share", ascending=False, kind="stable").iloc[0]
    assert f"{row['capped']} more row" in result.findings[0].text
    assert f"above the cap of {row['cap']}; the excess is likely overlap" in result.findings[0].text


def test_rows_that_are_mixed_without_the_suspects_too_are_overlap():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(4000, 4)), columns=list("abcd"))
    leaves = 0.08 + 0.52 / (1 + np.exp(2 - 4 * frame["a"] - 2 * frame["b"]))
    outcome = np.where(rng.random(4000) < leaves, "leaves", "stays")
    result = label_noise(Study(Dataset.from_frame(frame.assign(outcome=outcome), "outcome")))
    (pair,) = result.tables["pairs"].itertuples(index=False)
    assert pair[-2] > 100
    assert pair[-1] > 1 / 3
    assert result.severity == "fine"
    assert f"even without {pair[-2]:,} suspect rows" in result.findings[1].text


def test_rows_that_lie_together_are_a_group_and_not_wrong_labels():
    rng = np.random.default_rng(0)
    frame, codes = synthetic.clouds((1500, 300), n_features=6, distance=6, rng=rng)
    near = np.flatnonzero(codes == 1)[:40]
    frame.iloc[near] = frame[codes == 0].mean().to_numpy() + rng.normal(0, 0.3, (40, 6)) + [0, 0, 0, 0, 0, 2]
    table = label_noise(Study(Dataset.from_frame(frame.assign(outcome=synthetic.names(codes)), "outcome"))).tables[
        "classes"
    ]
    assert table["named"].sum() <= 5


def test_an_identical_row_of_another_class_is_left_to_another_check():
    assert label_noise(Study(synthetic.planted("contradictions"))).severity != "issue"


def test_the_review_queue_says_what_to_look_at():
    result = label_noise(Study(sick()))
    review, classes = result.tables["review"], result.tables["classes"].set_index("class")
    assert review["wrong"].is_monotonic_decreasing
    assert review["wrong"].ge(0.7).all()
    assert review["margin"].gt(0).all()
    assert (review["given label"] != review["likely label"]).all()
    own = review["given label"] == "rare"
    assert classes["named"].to_dict() == {"common": (~own).sum(), "rare": own.sum()}
    assert classes.loc["rare", "null"] == pytest.approx((1 - review["wrong"])[own].sum())
    assert "do not delete them unseen" in result.findings[0].text
    (figure,) = draw(result).values()
    assert list(figure.data[0].x) == result.tables["classes"]["named"].tolist()


def test_nothing_is_drawn_when_nothing_is_named():
    result = label_noise(Study(healthy()))
    assert result.severity == "fine"
    assert draw(result) == {}
    assert result.tables["review"].empty


def test_ten_rows_are_too_few():
    with pytest.raises(NotApplicable, match="second largest class has 6 rows"):
        label_noise(Study(synthetic.planted("few_rows")))


def test_what_overlap_hides_is_said():
    result = label_noise(Study(synthetic.planted("overlap")))
    assert result.severity == "fine"
    assert "In 1 pair of classes, overlap is too strong" in result.findings[1].text


def test_rows_that_share_no_column_are_survived():
    half, gaps = np.arange(150.0), np.full(150, np.nan)
    frame = pd.DataFrame({"a": np.r_[gaps, half], "b": np.r_[half, gaps], "outcome": ["x", "y"] * 150})
    assert label_noise(Study(Dataset.from_frame(frame, "outcome"))).severity == "fine"


def test_each_suspect_comes_with_its_reasons_and_a_second_opinion():
    study = Study(sick())
    result = label_noise(study)
    review, classes = result.tables["review"], result.tables["classes"]
    assert (review["kind"] == "suspect").all()
    first = review.iloc[0]
    assert first["reason"].startswith(
        f"10 of its 10 nearest rows are '{first['likely label']}'; with class sizes made equal"
    )
    assert review["reason"].str.endswith("confident learning agrees.").tolist() == review["confirmed"].tolist()
    assert (classes["confident"] <= 0.1 * classes["n_samples"]).all()
    assert classes["confirmed"].sum() == review["confirmed"].sum()
    left = classes["confident_capped"].sum()
    assert f"{plural(left, 'less sure row')} beyond 10 % of a class left out" in result.findings[2].text


def test_confident_learning_counts_much_of_a_clean_rare_class_and_names_nothing():
    result = label_noise(Study(flipped((9900, 100), 0, 0, 1.8)[0]))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert (rare["confident"], rare["confident_capped"]) == (10, 23)
    assert result.severity == "fine" and result.tables["review"].empty


def test_a_row_outvoted_by_equal_rows_is_queued_with_its_reason_and_not_called_a_suspect():
    dataset = synthetic.planted("clean")
    frame = dataset.X.assign(outcome=dataset.y)
    copied = (
        frame[frame["outcome"] == "common"].iloc[[0, 0, 0, 0]].assign(outcome=["common", "common", "rare", "common"])
    )
    result = label_noise(Study(Dataset.from_frame(pd.concat([frame, copied], ignore_index=True), "outcome")))
    (row,) = result.tables["review"].itertuples(index=False)
    assert (row.row, row.kind) == (1003, "contradiction")
    assert row.wrong == pytest.approx(4 / 5)
    assert row.reason == "Equal rows have different labels: 4 of class 'common', 1 of class 'rare'."
    assert result.tables["classes"]["named"].sum() == 0
    assert result.findings[-1].text.startswith("1 row equals rows of another class that are as many or more")


def test_the_measured_grid_keeps_the_limits():
    """The table that benchmarks/label_noise.py wrote: classes 4 and 5 standard deviations apart, both learners, three seeds each."""
    lines = (Path(__file__).parents[3] / "benchmarks" / "label_noise.md").read_text(encoding="utf-8").splitlines()
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|"))
    grid = pd.DataFrame(rows, columns=head)
    numbers = head[2:3] + head[4:]
    grid[numbers] = grid[numbers].replace("–", np.nan).astype(float)
    grid = grid[(grid["check"] == "label_noise") & (grid["distance"] >= 4)]
    assert grid.groupby(["learner", "sizes"]).size().tolist() == [8] * 10
    planted, clean = grid[grid["planted"] > 0], grid[grid["planted"] == 0]
    assert planted["precision"].min() >= 0.7 and planted["recall"].min() >= 0.6
    assert clean["of a class"].max() <= 0.02 and clean["of all rows"].max() <= 0.01
