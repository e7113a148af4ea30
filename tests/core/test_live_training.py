"""Losses side by side: the numbers of the ordinary comparison, nothing from test rows, partial results, and verdicts that keep to intervals."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import jobs
from core.__main__ import main
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import live_parts, live_words
from core.evaluation import live_training as live
from core.evaluation.live_folds import BASELINE, SIDES, known, train
from core.evaluation.live_training import draw, live_result, live_tasks, live_training, tried_together
from core.evaluation.live_words import ADJUSTED, BASE
from core.evaluation.scoring import AT_OWN, score_fold
from core.learners.neural import NeuralNetwork
from core.recipe import Recipe
from core.study import Study
from core.synthetic import planted

FOCAL, WEIGHTS = Recipe.of("focal"), Recipe.of("class_weights")
AFTER = Recipe.of("posthoc_logit_adjustment")


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch):
    hidden, _, *rest = NeuralNetwork.__init__.__defaults__
    monkeypatch.setattr(NeuralNetwork.__init__, "__defaults__", (hidden, 5, *rest))


def table(n=140, seed=0):
    """Text, gaps, three classes of which one is tiny, groups and times."""
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) < 0.75 * n, "a", np.where(np.arange(n) < n - 6, "b", "c"))
    x = rng.normal(size=(n, 3)) + (y == "b")[:, None]
    x[rng.random(x.shape) < 0.1] = np.nan
    columns = {"x0": x[:, 0], "x1": x[:, 1], "x2": x[:, 2], "text": rng.choice(["r", "g", None], n)}
    frame = pd.DataFrame(columns | {"who": rng.integers(0, 40, n), "when": rng.permutation(n), "y": y})
    return frame.sample(frac=1, random_state=seed, ignore_index=True)


def odd(**roles):
    left_out = [column for column in ("who", "when") if column not in roles]
    return Dataset.from_frame(table(), "y", left_out, roles=roles)


def sampled():
    data = planted("overlap", class_sizes=(120, 24), n_features=3)
    return replace(data, represents=np.where(data.y == "common", 5.0, 1.0), fingerprint="sample")


def placed():
    data = planted("overlap", class_sizes=(120, 36), n_features=3)
    return replace(data, X=data.X.assign(place=pd.Categorical(np.resize(["here", "there"], 156))))


CASES = {
    "two classes": (lambda: planted("overlap", class_sizes=(120, 24), n_features=3), WEIGHTS),
    "three classes with text and gaps": (odd, Recipe.of("focal", "class_thresholds")),
    "a threshold for each place": (placed, Recipe.of(group_thresholds={"column": "place"})),
    "groups": (lambda: odd(who="group"), WEIGHTS),
    "times": (lambda: odd(when="time"), FOCAL),
    "working sample": (sampled, WEIGHTS),
}


def study_of(data, **choices):
    return Study(data, learner="neural", n_folds=3, **choices)


def last(study, recipes=(), **given):
    return [result for result in live_training(study, recipes, **given) if result is not None][-1]


def equal(ours, theirs):
    assert ours.threshold == pytest.approx(theirs.threshold, abs=1e-5, nan_ok=True)
    for key, value in theirs.scores.items():
        assert ours.scores[key] == pytest.approx(value, abs=1e-5, nan_ok=True), key


@pytest.mark.parametrize("case", CASES)
def test_every_score_is_that_of_the_ordinary_comparison(case):
    make, recipe = CASES[case]
    study = study_of(make())
    result = last(study, [recipe])
    equal(known(study, recipe, 1).outcome, score_fold(study, recipe, 1))
    equal(known(study, BASELINE, 2).adjusted, score_fold(study, AFTER, 2))
    curves = result.tables["curves"]
    assert curves["class"].iloc[0] == study.positive
    assert set(curves["rows"]) == set(SIDES)
    for name in ("loss", "recall", "gradient_norm"):
        mean, low, high = (curves[name + end] for end in ("", "_low", "_high"))
        assert ((low <= mean + 1e-6) & (mean <= high + 1e-6) | mean.isna()).all()
    assert set(result.tables["scores"]["recipe"]) == {BASE, ADJUSTED, recipe.title}
    assert set(result.tables["differences"]["against"]) == {BASE, ADJUSTED}
    assert len(draw(result)) == 6


def test_nothing_is_learned_from_test_rows():
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    _, test = study.folds[0]
    X = study.dataset.X.copy()
    X.iloc[test] = 7.0
    spoilt = study_of(replace(study.dataset, X=X, fingerprint="spoilt"))
    for one in (study, spoilt):
        last(one, [FOCAL])
    for recipe in (BASELINE, FOCAL):
        ours, theirs = known(study, recipe, 0), known(spoilt, recipe, 0)
        assert np.array_equal(ours.curves, theirs.curves, equal_nan=True)
        assert ours.outcome.threshold == theirs.outcome.threshold
        assert ours.outcome.scores != theirs.outcome.scores
        ours, theirs = known(study, recipe, 1), known(spoilt, recipe, 1)
        assert not np.array_equal(ours.curves, theirs.curves, equal_nan=True)


def test_partial_results_arrive_and_a_stopped_training_leaves_nothing(monkeypatch):
    monkeypatch.setattr(live, "PACE", 0.0)
    monkeypatch.setattr(live, "TIMES", 0.0)
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    training = live_training(study, [FOCAL])
    first = next(result for result in training if result is not None)
    assert list(first.tables) == ["curves"]
    assert first.tables["curves"]["epoch"].max() == 1
    assert "'Cross-entropy' and 'Focal loss' in training, 1 epoch so far" in first.findings[0].text
    assert len(draw(first)) == 5
    training.close()
    assert known(study, BASELINE, 0) is None
    alone = last(study)
    assert len(alone.findings) >= 2
    assert "Choose a loss to compare it" in alone.findings[0].text
    base = known(study, BASELINE, 0)
    job = jobs.Runner(0).start([(live_training, (study, [FOCAL, WEIGHTS]))])
    assert known(study, BASELINE, 0) is base, "a changed loss trains only the new recipe"
    (changed,) = job.results
    assert changed.tables["training"]["n_together"].tolist() == [1, 2, 2]
    assert changed.tables["curves"]["recipe"].drop_duplicates().tolist() == [BASE, "Focal loss", "Class weights"]
    assert sum(result is not None for result in live_training(study, [FOCAL])) == 1, "all is known"


def test_a_recipe_that_cannot_decide_is_named_and_the_others_go_on():
    unfit = Recipe.of(group_thresholds={"column": "x0"})
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    result = last(study, [unfit, WEIGHTS])
    assert set(result.tables["scores"]["recipe"]) == {BASE, ADJUSTED, "Class weights"}
    told = [
        finding.text for finding in result.findings if finding.text.startswith(f"'{unfit.title}' could not be tried: ")
    ]
    assert len(told) == 1 and told[0].endswith("Name a column with few values that is not left out.")
    assert sum(one is not None for one in live_training(study, [unfit, WEIGHTS])) == 1, "all is known"


def test_folds_that_are_shared_out_give_the_same_numbers(monkeypatch):
    monkeypatch.setattr(live, "PACE", 0.0)
    monkeypatch.setattr(live, "TIMES", 0.0)
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    ours, theirs = ([*function(*given)] for function, given in live_tasks(study, [FOCAL]))
    ours, theirs = ([seen for seen in told if seen is not None] for told in (ours, theirs))
    assert live_result(study, [FOCAL], []) is None
    early = live_result(study, [FOCAL], [ours[3], theirs[1]])
    curves = early.tables["curves"]
    assert curves.groupby("recipe")["epoch"].max().tolist() == [2, 2], "as far as the slower task"
    assert (curves["n_folds"] == 3).all()
    half = live_result(study, [FOCAL], [ours[-1], theirs[2]])
    assert list(half.tables) == ["curves"]
    whole, alone = live_result(study, [FOCAL], [ours[-1], theirs[-1]]), last(again(study), [FOCAL])
    for name, table in whole.tables.items():
        pd.testing.assert_frame_equal(table, alone.tables[name])
    assert whole.findings == alone.findings


def again(study):
    """The same study with all that was trained."""
    other = study.with_()
    other._memory.update(study._memory)
    return other


def made(study, shift=0.0, noise=0.0, adjusted=0.0):
    """The baseline, and focal loss whose average precision is that of the baseline with a shift and noise."""
    last(study)
    rng, key = np.random.default_rng(0), ("average precision", "")

    def moved(outcome, by):
        return replace(outcome, scores=outcome.scores | {key: outcome.scores[key] + by})

    for fold in range(study.n_folds):
        base = known(study, BASELINE, fold)
        focal = replace(base, outcome=moved(base.outcome, shift + noise * rng.normal()), adjusted=None)
        study._memory["live", BASELINE, fold] = replace(base, adjusted=moved(base.outcome, adjusted))
        study._memory["live", FOCAL, fold] = focal
    return last(study, [FOCAL]).findings[0].text


def test_a_verdict_keeps_to_the_intervals():
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    last(study)
    better = made(again(study), shift=0.1, noise=0.001)
    assert "'Focal loss' does better than cross-entropy with the right threshold" in better
    assert "after Holm's correction for 2; 144 rows, 24 of them 'rare', in 3 folds drawn with seed 0)" in better
    assert ", and than the same with logit adjustment" in better
    assert "too small" not in better
    assert "too small to matter" in made(again(study), shift=0.005, noise=0.0001)
    assert ", but not than the same with logit adjustment" in made(again(study), shift=0.1, noise=0.01, adjusted=0.1)
    assert made(again(study)).endswith("'Focal loss' comes out equal to it.")
    for noise in (0.1, 0.3):
        text = made(again(study), shift=0.05, noise=noise)
        assert text.startswith("No loss does better than cross-entropy with the right threshold")


def test_intervals_hold_together_over_recipes_and_references():
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    made(study, shift=0.1, noise=0.01)
    for fold in range(3):
        study._memory["live", WEIGHTS, fold] = known(study, FOCAL, fold)
    one, two = last(study, [FOCAL]).tables["differences"], last(study, [FOCAL, WEIGHTS]).tables["differences"]
    at = "recipe == 'Focal loss' and against == @BASE and metric == 'average precision'"
    widths = [(table.query(at)["high"] - table.query(at)["low"]).iloc[0] for table in (one, two)]
    assert widths[1] > 1.2 * widths[0]
    p, raised, four = one.query(at)["p"].iloc[0], one.query(at)["p_holm"].iloc[0], two.query(at)["p_holm"].iloc[0]
    assert raised == pytest.approx(2 * p) and four == pytest.approx(
        4 * p
    )  # both references count, and equal p-values stand first together
    steps = pd.DataFrame({"p_holm": [0.01, 0.04, 0.2], "gain": [0.1, 0.05, 0.05]}, ["first", "second", "third"])
    text = live_words._by_steps(steps, steps.index[:1], 6)
    assert text.startswith(" After Holm's correction for 6, 'second' does better, too") and "third" not in text
    with_cost = study.with_(miss_cost=5.0)
    costs = last(with_cost, metric="").tables["scores"].query("metric == 'cost per 1,000 rows'")
    assert AT_OWN in set(costs["cut"])


def test_only_what_is_trained_alike_is_trained_together():
    smote, decided = Recipe.of("smote"), Recipe.of("focal", "tuned_threshold")
    together, apart = tried_together([FOCAL, smote, decided, FOCAL, BASELINE, Recipe.of("cross_entropy"), AFTER])
    assert (together, apart) == ((FOCAL, decided), (smote,))
    with pytest.raises(UserError, match="neural learner"):
        next(live_training(Study(planted(class_sizes=(60, 30)))))
    study = study_of(planted("overlap", class_sizes=(60, 8), n_features=3))
    texts = [finding.text for finding in last(study, [smote]).findings]
    assert "has 8 rows: too few to say which loss is better" in texts[0]
    assert any("'SMOTE' is not tried here" in text for text in texts)


@pytest.mark.parametrize("learner", ["neural", "linear"])
def test_the_command_prints_the_same_numbers(tmp_path, capsys, learner):
    path = tmp_path / "table.csv"
    table(100).drop(columns=["who", "when"]).to_csv(path, index=False)
    options = ["--target", "y", "--folds", "2", "--repeats", "1", "--recipe", "focal", "--learner", learner]
    assert main(["losses", str(path), *options]) == 0
    held = capsys.readouterr()
    assert "Focal loss" in held.out
    assert "average precision" in held.out
    assert ("Focal loss, less Cross-entropy" in held.out) == (learner == "neural")
    assert "2 of 2 folds" in held.err if learner == "neural" else "folds" in held.err


def test_rows_that_were_encoded_for_one_recipe_serve_the_next():
    study, anew = (Study(odd(), learner="neural", n_folds=2) for _ in range(2))
    list(live_training(study, [FOCAL]))
    parts = study._memory["parts", 0, 1]
    before = list(map(id, parts.encoded))
    assert before and not pickle.loads(pickle.dumps(parts))
    kept = list(live_training(study, [WEIGHTS, Recipe.of("balanced_softmax")]))[-1]
    assert list(map(id, parts.encoded))[: len(before)] == before
    new = list(live_training(anew, [WEIGHTS, Recipe.of("balanced_softmax")]))[-1]
    pd.testing.assert_frame_equal(kept.tables["scores"], new.tables["scores"])
    pd.testing.assert_frame_equal(kept.tables["curves"], new.tables["curves"])


def test_trainings_that_are_stopped_do_not_pile_up_encoded_rows(monkeypatch):
    study = study_of(planted("overlap", class_sizes=(120, 24), n_features=3))
    sizes = []
    for power in (0.1, 0.3, 0.5, 0.7):
        training = train(study, [Recipe.of(class_weights={"power": power})], [0])
        next(each for each in training if each)
        training.close()
        sizes.append(sum(rows.X.size for *_, rows in study._memory["parts", 0].encoded))
        monkeypatch.setattr(live_parts, "KEPT_CELLS", 2 * sizes[0])
    assert sizes == [sizes[0], 2 * sizes[0], 3 * sizes[0], 3 * sizes[0]]


def test_folds_one_by_one_keep_no_more_rows_than_two_halves(monkeypatch):
    study = Study(planted("overlap", class_sizes=(120, 24), n_features=3), n_folds=5)
    monkeypatch.setattr(live_parts, "KEPT_CELLS", live_parts.kept_parts(study, [0]).n_cells + 9)
    for fold in (1, 2, 0, 3):
        assert live_parts.kept_parts(study, [fold])
    kept = {fold: bool(study._memory["parts", fold]) for fold in range(4)}
    assert kept == {0: True, 1: False, 2: False, 3: True}
