"""Printed numbers that cannot be, gaps that say something about the class of interest, and scores of too few rows."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from core import engine, judge
from core.dataset import Dataset
from core.errors import NotApplicable, UserError
from core.evaluation.published import draw, published_metrics
from core.numerics.published import implied_by_accuracy, implied_by_precision, rounding_limits
from core.study import Study
from core.synthetic import planted

HALF = {"accuracy": "88.34 %", "sensitivity": "87.56 %", "specificity": "89.13 %"}
"""Printed for skin images of which about 1 in 6 is malignant: they belong to a test of as many of each."""


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.8834", 0.88335, 0.88345),
        ("88.34", 0.88335, 0.88345),
        ("0,9", 0.85, 0.95),
        ("100 %", 0.995, 1.0),
        ("1", 0.5, 1.0),
        ("0", 0, 0.5),
    ],
)
def test_printed_digits_say_how_far_they_are_rounded(text, low, high):
    assert rounding_limits(text) == pytest.approx((low, high))


@pytest.mark.parametrize("text", ["", "high", "-0.2", "120 %", "nan", "inf"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match=r"could not convert|is not a share"):
        rounding_limits(text)


def test_the_prevalence_behind_a_printed_accuracy():
    exact = [(x, x) for x in (0.8834, 0.8756, 0.8913)]
    assert implied_by_accuracy(*exact) == pytest.approx((0.5032, 0.5032), abs=1e-4)
    low, high = implied_by_accuracy(
        *(rounding_limits(HALF[name]) for name in ("accuracy", "sensitivity", "specificity"))
    )
    assert low < 0.5032 < high and high - low < 0.02


@pytest.mark.parametrize("prevalence", [0.02, 0.3, 0.9])
def test_numbers_of_one_test_give_back_its_prevalence(prevalence):
    sensitivity, specificity = 0.7312, 0.9187
    accuracy = prevalence * sensitivity + (1 - prevalence) * specificity
    right, wrong = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    printed = [rounding_limits(f"{x:.4f}") for x in (accuracy, sensitivity, specificity, right / (right + wrong))]
    for low, high in (implied_by_accuracy(*printed[:3]), implied_by_precision(printed[3], *printed[1:3])):
        assert low <= prevalence <= high and high - low < 0.01


def test_an_accuracy_outside_of_sensitivity_and_specificity_cannot_be():
    assert implied_by_accuracy(*(rounding_limits(x) for x in ("0.95", "0.80", "0.90"))) is None
    assert implied_by_accuracy(*(rounding_limits(x) for x in ("0.904", "0.80", "0.90"))) == pytest.approx(
        (0.0, 0.0015 / 0.1)
    )


def test_printed_scores_are_compared_with_the_table():
    dataset = planted("clean")
    even = published_metrics(dataset, "rare", **HALF)
    assert (
        even.severity == "caution"
        and "50 % to 51 %" in even.findings[0].text
        and "10 % of the rows" in even.findings[0].text
    )
    assert list(even.tables["prevalence"]["source"]) == ["this table", "accuracy, sensitivity and specificity"]
    (figure,) = draw(even).values()
    assert figure.layout.title.text == "Prevalence behind published numbers"
    fits = published_metrics(dataset, "rare", accuracy="0.890", sensitivity="0.800", specificity="0.900")
    assert fits.severity == "fine" and "the two agree" in fits.findings[0].text
    coarse = published_metrics(dataset, "rare", accuracy="0.9", sensitivity="0.9", specificity="0.9")
    assert coarse.severity == "fine" and "too alike, or rounded too far" in coarse.findings[0].text


def test_printed_scores_that_contradict_each_other_are_an_issue():
    dataset = planted("clean")
    outside = published_metrics(dataset, "rare", accuracy="0.95", sensitivity="0.80", specificity="0.90")
    assert outside.severity == "issue" and "cannot belong to one test" in outside.findings[0].text
    apart = published_metrics(
        dataset, "rare", accuracy="0.890", sensitivity="0.800", specificity="0.900", precision="0.900"
    )
    assert apart.severity == "issue" and "by precision" in apart.findings[0].text


def test_too_few_or_wrong_numbers_get_a_sentence():
    dataset = planted("clean")
    with pytest.raises(NotApplicable, match="3 numbers are enough"):
        published_metrics(dataset, "rare", accuracy="0.9", sensitivity="0.8")
    with pytest.raises(UserError, match="The accuracy 'high' is not a share"):
        published_metrics(dataset, "rare", accuracy="high", sensitivity="0.8", specificity="0.9")


def test_the_interval_of_a_difference_is_the_published_one():
    """Newcombe (1998), table II, method 10."""
    printed = {(56, 70, 48, 80): (0.0524, 0.3339), (9, 10, 3, 10): (0.1705, 0.8090), (10, 10, 0, 20): (0.6791, 1.0)}
    for counts, limits in printed.items():
        assert judge.difference_interval(*counts) == pytest.approx(limits, abs=1e-4)


def test_what_a_gap_says_about_the_class_of_interest():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [4861, 249])
    frame = pd.DataFrame(rng.normal(size=(5110, 3)), columns=["bmi", "age", "glucose"])
    frame.loc[np.concatenate([np.arange(161), 4861 + np.arange(40)]), "bmi"] = np.nan
    frame.loc[rng.random(5110) < 0.1, "age"] = np.nan
    study = Study(Dataset.from_frame(frame.assign(outcome=np.array(["no", "yes"])[codes]), "outcome"))
    result = engine.run("missing_cells", study)
    row = result.tables["of_interest"].iloc[0]
    assert (row["column"], row["n_missing"], row["n_class"]) == ("bmi", 201, 40)
    assert row["prevalence"] == pytest.approx(0.199, abs=5e-4)
    assert row["prevalence_filled"] == pytest.approx(0.0426, abs=5e-4)
    one = 2 * hypergeom.sf(39, 5110, 201, 249)
    assert (row["p"], row["p_holm"]) == pytest.approx((one, 2 * one))
    assert row["difference"] == pytest.approx(40 / 249 - 161 / 4861)
    assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert result.severity == "issue"
    text = "Where 'bmi' is missing, 40 of 201 rows (20 %) belong to 'yes'; where it is filled, 4.3 %."
    assert any(text in finding.text for finding in result.findings)


def test_corrected_p_values_never_fall_and_stay_below_one():
    study = Study(planted("random_gaps"))
    table = engine.run("missing_cells", study).tables["of_interest"]
    assert (table["p_holm"].diff().dropna() >= 0).all() and table["p_holm"].max() <= 1.0
    assert len(table) == 2


def test_one_of_one_says_next_to_nothing():
    assert [float(x) for x in judge.proportion_interval(1, 1)] == pytest.approx([0.025, 1.0])
    assert [float(x) for x in judge.proportion_interval(0, 1)] == pytest.approx([0.0, 0.975])
    assert float(judge.proportion_interval(0, 100)[1]) == pytest.approx(0.0362, abs=1e-4)


def test_no_score_is_reported_for_fewer_than_ten_rows():
    result = engine.run("evidence", Study(planted("few_rows")))
    precision = result.tables["average_precision"].iloc[0]
    assert np.isnan(precision[["average_precision", "low", "high"]].astype(float)).all()
    assert precision["withheld"] == "fewer than 10 rows"
    said = " ".join(finding.text for finding in result.findings)
    assert "No score is reported for 'rare': with 6 rows" in said and "Average precision for" not in said
