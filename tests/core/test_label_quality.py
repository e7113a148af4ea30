"""What is known of each label, as the checks and the ledger read it."""

import numpy as np
import pytest

from core.label_quality import label_quality
from core.study import Study
from core.synthetic import planted


def test_suspects_are_the_planted_rows_and_their_likely_class_is_the_other():
    study = Study(planted("label_noise"))
    clean = Study(planted("clean"))
    wrong = study.codes != clean.codes  # the same seed draws the same rows
    quality = label_quality(study)
    assert (wrong.sum(), quality.suspect.sum(), (wrong & quality.suspect).sum()) == (40, 37, 36)
    right = wrong & quality.suspect
    assert (quality.likely[right] == clean.codes[right]).all()
    assert (quality.likely[~quality.suspect] == study.codes[~quality.suspect]).all()
    assert quality.error_probability[quality.suspect].min() >= 0.7
    assert quality.error_probability[wrong].mean() > 0.7 > 0.05 > quality.error_probability[~wrong].mean()


def test_it_is_computed_once_and_changes_with_its_parameters():
    study = Study(planted("label_noise"))
    assert label_quality(study) is label_quality(study)
    assert label_quality(study, confidence=0.99).suspect.sum() < label_quality(study).suspect.sum()


def test_nothing_is_judged_where_overlap_is_too_strong():
    quality = label_quality(Study(planted("overlap")))
    assert not quality.suspect.any()
    assert not quality.error_probability.any()
    assert quality.pairs["mixing without them"].iloc[0] > 0.8


def test_equal_rows_of_two_classes_are_contradicted_and_never_suspects():
    study = Study(planted("contradictions"))
    quality = label_quality(study)
    assert quality.contradicted.sum() == 20
    assert not quality.suspect[quality.contradicted].any()
    values = study.dataset.X.to_numpy()[quality.contradicted]
    assert len(np.unique(values, axis=0)) == 10 == len(np.unique(quality.group[quality.contradicted]))


@pytest.mark.parametrize("sizes", [(9, 3), (11, 1), (6, 3, 3)])
def test_tiny_tables_are_survived(sizes):
    quality = label_quality(Study(planted("clean", class_sizes=sizes, n_features=4)))
    assert not quality.suspect.any() and quality.pairs.empty
    np.testing.assert_allclose(quality.balanced.sum(axis=1), 1)
