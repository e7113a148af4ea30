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

CHOOSE = "Choose the neural network as the learner, or take it out of the recipe."


@pytest.mark.parametrize(
    ("slug", "learner", "problem"),
    [
        ("class_aware_batches", "boosted", "changes the batches of a neural network; boosted trees have none."),
        ("adamw", "linear", "changes the steps from batch to batch of a neural network; the linear model has none."),
        ("supervised_contrastive", "boosted", "changes the inner layer of a neural network; boosted trees have none."),
    ],
)
def test_a_study_refuses_a_step_that_does_not_serve_its_learner(slug, learner, problem):
    study = Study(planted("clean", class_sizes=(60, 20)), learner=learner)
    with pytest.raises(UserError) as error:
        study.classifier(Recipe.of("calibrated_probabilities", slug))
    assert error.value.problem == f"'{registry.method(slug).title}' {problem}" and error.value.remedy == CHOOSE
    assert study.classifier(Recipe.of("calibrated_probabilities")) is not None
    assert study.with_(learner="neural").classifier(Recipe.of("calibrated_probabilities", slug)) is not None


def test_other_learners_are_named_too(monkeypatch):
    found = dict(registry.catalogue())
    about = replace(found["tuned_threshold"].about, learners=("linear", "neural"))
    found["tuned_threshold"] = replace(found["tuned_threshold"], about=about)
    monkeypatch.setattr(registry, "catalogue", lambda: found)
    with pytest.raises(
        UserError, match=r"does not serve the learner 'boosted'\. Choose one of the learners 'linear' and 'neural'"
    ):
        Recipe.of("tuned_threshold").check_serves("boosted")


def test_what_serves_a_learner_can_be_listed():
    every = methods("remedy")
    assert served("neural") == every
    left = {item.slug for item in every} - {item.slug for item in served("boosted")}
    assert left == {item.slug for item in methods("remedy", "batches", "optimisers")} | {"supervised_contrastive"}
    assert served("boosted", "batches", "decision") == methods("remedy", "decision")
    for text in (methods_as_text(), methods_as_markdown()):
        assert text.count("Only for: Neural network") == len(left)
