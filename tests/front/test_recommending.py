"""The page and the command search the same way: equal tables, seeds and times give equal sentences and recipes."""

import numpy as np

from core.__main__ import main
from core.evaluation import recommend as searching
from core.evaluation.scoring import AT_HALF, AT_OWN, COST, FoldOutcome
from core.synthetic import planted


class Clock:
    """Time that passes only while something is scored."""

    now = 0.0

    def __call__(self):
        return self.now


def scored(clock):
    """In place of fits: costs by learner, recipe, fold and seed, and what they take."""

    def score(study, recipe, fold):
        rng = np.random.default_rng([study.random_state, fold, *map(ord, study.learner + recipe.text)])
        cost = 100 - 30 * (study.learner == "linear") + rng.normal(0, 5)
        names = [(COST, AT_HALF), (COST, AT_OWN), ("F1", AT_HALF), ("F1", AT_OWN), ("Brier score", "")]
        clock.now += 0.1
        matrices = {AT_OWN: np.diag(study.class_sizes)}
        return FoldOutcome(recipe, fold, dict.fromkeys(names, cost), 0.5, matrices, 0.1, 0.0)

    return score


def test_page_and_command_give_the_same_sentence_and_recipe(opened, monkeypatch, tmp_path, capsys):
    plain = searching.recommend

    def recommend(study, seconds, **given):
        clock = Clock()
        return plain(study, seconds, **(given | {"clock": clock, "score": scored(clock)}))

    monkeypatch.setattr(searching, "recommend", recommend)
    data = planted("clean", class_sizes=(100, 60), n_features=2)
    data.X.assign(y=data.y.to_numpy()).to_csv(tmp_path / "t.csv", index=False)
    table = ["recommend", str(tmp_path / "t.csv"), "--target", "y", "--class", "rare", "--cost", "5"]
    assert main([*table, "--seconds", "20", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    upload = ("t.csv", (tmp_path / "t.csv").read_bytes(), "text/csv")
    link = {"target": "y", "class": "rare", "cost": "5", "seed": "3", "repeats": "1", "folds": "2"}
    app = opened("remedy", upload=upload, data="upload", **link)
    app.selectbox(key="search seconds").set_value("20").run()
    next(one for one in app.button if one.label == "Search").click().run()
    told = [one.value for one in app.markdown if one.value.startswith("**Use ")]
    sentence = next(line for line in printed.splitlines() if "Use " in line).partition("Use ")[2]
    assert told and told[0].strip("*").replace("\\", "") == f"Use {sentence}"
    label = next(one.label for one in app.button if one.label.startswith("Take "))
    assert "linear model" in label
    next(one for one in app.button if one.label == label).click().run()
    recipe = next(line for line in printed.splitlines() if line.startswith("Recipe: ")).removeprefix("Recipe: ")
    taken = app.query_params["recipe"]
    assert not app.exception and app.query_params["learner"] in ("linear", ["linear"])
    assert recipe in ([taken] if isinstance(taken, str) else taken)
