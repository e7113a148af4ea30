"""Each sample table is diagnosed with what its own line says is wrong with it, and with no other cause."""

import pytest

from core import engine
from core.dataset import Dataset
from core.reading.samples import load, samples
from core.study import Study

CAUSES = ("class_overlap", "label_noise", "target_leakage", "missing_cells", "missingness_leak")
EXPECTED = {
    "pump_failures": {"label_noise"},
    "loan_defaults": {"class_overlap"},
    "ward_sepsis": {"missing_cells"},
    "support_escalations": {"target_leakage"},
    "breast_cancer_rare": set(),
    "wine_cultivars": set(),
}


@pytest.mark.parametrize("sample", [s for s in samples() if s.slug in EXPECTED], ids=lambda s: s.slug)
def test_a_sample_is_named_by_its_own_cause(sample):
    dataset = Dataset.from_table(load(sample.slug), sample.target, sample.leave_out)
    study = Study(dataset, positive=sample.positive)
    issues = {slug for slug in CAUSES if engine.run(slug, study).severity == "issue"}
    assert issues == EXPECTED[sample.slug], sample.what_is_wrong


def test_every_generated_sample_has_its_expectation():
    generated = {sample.slug for sample in samples() if sample.source.startswith("Generated")}
    assert generated <= set(EXPECTED)
    assert len(generated) >= 3
