"""Which remedy serves which learner: one sentence, before any work is done."""

from dataclasses import replace

import pytest

from core import registry
from core.errors import UserError
from core.recipe import Recipe
from core.registry import methods, served
from core.report.methods import methods_as_markdown, methods_as_text
from core.study import Study
from core.synthetic import planted


@pytest.fixture
def neural_only(monkeypatch):
    """Three remedies of other stages that serve the neural network alone."""
    found = dict(registry.catalogue())
    for slug, group in (("class_weights", "batches"), ("smote", "optimisers"), ("tuned_threshold", "decision")):
        about = replace(found[slug].about, learners=("neural",))
        found[slug] = replace(found[slug], group=group, about=about)
    monkeypatch.setattr(registry, "catalogue", lambda: found)
    monkeypatch.setattr("core.recipe.catalogue", lambda: found)
    monkeypatch.setattr("core.report.methods.catalogue", lambda: found)


@pytest.mark.parametrize(
    ("slug", "learner", "problem"),
    [
        (
            "class_weights",
            "boosted",
            "'Class weights' changes the batches of a neural network; boosted trees have none.",
        ),
        (
            "smote",
            "linear",
            "'SMOTE' changes the steps from batch to batch of a neural network; the linear model has none.",
        ),
        ("tuned_threshold", "boosted", "'Tuned threshold' does not serve the learner 'boosted'."),
    ],
)
def test_a_study_refuses_a_step_that_does_not_serve_its_learner(neural_only, slug, learner, problem):
    study = Study(planted("clean", class_sizes=(60, 20)), learner=learner)
    with pytest.raises(UserError) as error:
        study.classifier(Recipe.of("calibrated_probabilities", slug))
    assert error.value.problem == problem
    assert error.value.remedy.endswith(", or take it out of the recipe.") and "neural" in error.value.remedy
    assert study.classifier(Recipe.of("calibrated_probabilities")) is not None
    Recipe.of(slug).check_serves("neural")


def test_what_serves_a_learner_can_be_listed(neural_only):
    every, left = methods("remedy"), served("boosted")
    assert {item.slug for item in every} - {item.slug for item in left} == {"class_weights", "smote", "tuned_threshold"}
    assert served("neural") == every and [item.slug for item in served("boosted", "weighting", "decision")] == [
        "cost_threshold"
    ]
    for text in (methods_as_text(), methods_as_markdown()):
        assert "What if a rare row counted more? Only for: " in text
        assert text.count("Only for: ") == 3
