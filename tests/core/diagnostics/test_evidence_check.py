"""Evidence: counts first, exact intervals, no number that nobody could repeat."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core import synthetic
from core.diagnostics.model.evidence import draw, evidence, healthy, sick
from core.study import Study


def test_recall_has_its_counts_and_the_exact_interval():
    study = Study(synthetic.planted("overlap"))
    table = evidence(study).tables["classes"].set_index("class")
    rare = table.loc["rare"]
    found = int((study.out_of_fold()[study.codes == 1, 1] > 0.5).sum())
    theirs = binomtest(found, 100).proportion_ci(method="exact")
    assert (rare["found"], rare["n_samples"], rare["recall"]) == (found, 100, found / 100)
    assert (rare["low"], rare["high"]) == pytest.approx((theirs.low, theirs.high))
    assert (rare["smallest_fold"], rare["largest_fold"]) == (20, 20)


def test_the_recall_of_six_rows_is_withheld():
    result = evidence(Study(synthetic.planted("few_rows")))
    rare = result.tables["classes"].set_index("class").loc["rare"]
    assert np.isnan([rare["recall"], rare["low"], rare["high"]]).all()
    assert rare["withheld"] == "fewer than 10 rows"
    assert (rare["smallest_fold"], rare["largest_fold"]) == (1, 2)
    assert result.severity == "issue"
    assert "its recall is withheld" in result.findings[0].text
    (figure,) = draw(result).values()
    assert list(figure.data[0].y) == ["common"]


def test_forty_positives_are_a_caution_and_a_hundred_are_fine():
    assert evidence(Study(synthetic.planted("clean", class_sizes=(360, 40)))).severity == "caution"
    assert evidence(Study(healthy())).severity == "fine"


def test_average_precision_is_judged_against_shuffled_labels():
    with_signal, without = (evidence(Study(d)).tables["average_precision"].iloc[0] for d in (healthy(), sick()))
    assert with_signal["null_high"] < with_signal["low"] < with_signal["average_precision"] < with_signal["high"]
    assert with_signal["prevalence"] == without["prevalence"] == 0.1
    assert without["p"] > 0.01
    assert evidence(Study(sick())).severity == "issue"


def test_with_three_classes_the_most_probable_one_counts():
    study = Study(synthetic.planted("clean", class_sizes=(200, 100, 60)))
    result = evidence(study)
    found = (study.out_of_fold().argmax(axis=1) == study.codes) & (study.codes == 2)
    assert result.tables["classes"]["found"].iloc[2] == found.sum()
    assert "as the most probable class" in result.findings[0].text
