"""The bake-off of losses: its thresholds and splits, and sentences that follow from the numbers."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from benchmarks import loss_bakeoff
from benchmarks.loss_bakeoff_words import in_docstrings
from benchmarks.right_thresholds import macro_f1, right_thresholds
from core.judge import fold_interval
from core.registry import method, served
from pages.kit import bake_off
from pages.kit.bake_off import ADJUSTED, CALIBRATION, CURRENCIES, DECISIONS, GOALS, PLAIN

LOSSES = ("cross_entropy", "focal", "ohem", "tversky", "lovasz")


def planted(gains, seeds=10):
    """Scores on five tables; ``gains`` says what a loss adds to every decision, table by table."""
    rng = np.random.default_rng(0)
    names = [f"{metric}, {currency}" for metric, currency in product(DECISIONS, CURRENCIES)]
    records = []
    for table, learner, seed in product(range(5), ("neural", "boosted"), range(seeds)):
        for side in (PLAIN, ADJUSTED, *LOSSES):
            gain = gains.get((learner, side), [0] * 5)[table]
            record = {"table": f"table {table}", "seed": seed, "learner": learner, "side": side, "seconds": 0.1}
            record |= {name: 0.6 + gain + rng.normal(0, 0.005) for name in names}
            records.append(record | {name: 0.3 - gain + rng.normal(0, 0.005) for name in CALIBRATION})
    return pd.DataFrame(records)


GAINS = {
    ("neural", "focal"): [0.1, 0.1, 0.1, 0, 0],
    ("neural", "ohem"): [0.1, 0, 0, 0, 0],
    ("neural", "tversky"): [0.1, 0.1, 0.1, 0, -0.1],
    ("boosted", "lovasz"): [-0.1, 0, 0, 0, 0],
}


def test_sentences_say_what_was_planted():
    measured = planted(GAINS)
    said = bake_off.sentences(measured)
    assert said[0].startswith(
        "Of 5 losses these earned their keep: Focal loss with neural network (macro-F1, both with right thresholds), "
    )
    assert said[1].startswith("Measured on 5 tables with 10 seeds each.")
    assert said[2].startswith(
        "Neural network, macro-F1, both with right thresholds: Focal loss earned its keep; better on one table: Online hard example mining; "
        "better on some tables and worse on others: Tversky loss; not distinguishable on any table: 2 of 5 losses. The raised intervals reach 0.0"
    )
    assert said[2].endswith(
        "In the mean over all tables better: Focal loss, Online hard example mining and Tversky loss."
    )
    assert (
        "no loss earned its keep; worse on at least one table and better on none: Lovász loss; not distinguishable on any table: 4 of 5 losses."
    ) in said[7]
    table = bake_off.summary(measured).set_index(["learner", "loss"])
    assert table.loc[("neural network", "Tversky loss")].tolist()[:3] == [3, 1, 1]
    assert table.loc[("boosted trees", "Lovász loss"), "balanced accuracy: verdict"] == "worse"
    assert table.loc[("neural network", "Focal loss"), "Brier score: better"] == 3


def test_without_differences_no_loss_is_named():
    said = bake_off.sentences(planted({}))
    assert said[0] == "None of 5 losses earned its keep, with either learner, for any of 3 goals."
    for sentence in said[2:]:
        assert ": no loss earned its keep; not distinguishable on any table: 5 of 5 losses." in sentence
        assert sentence.endswith("In the mean over all tables no loss is distinguishable.")


def test_intervals_are_those_of_the_judge():
    measured = planted(GAINS)
    row = (
        bake_off.compared(measured, "macro-F1", bake_off.TUNED)
        .set_index(bake_off.KEYS)
        .loc[("table 0", "neural", "focal")]
    )
    sides = measured[(measured["table"] == "table 0") & (measured["learner"] == "neural")].set_index("side")
    values = sides["macro-F1, thresholds"].loc["focal"].to_numpy() - sides["macro-F1, thresholds"].loc[PLAIN].to_numpy()
    for n, name in ((1, ""), (len(LOSSES), "sure ")):
        expected = fold_interval(values, 0.2 / 0.6, n_comparisons=n)
        assert row[["difference", f"{name}low", f"{name}high"]].tolist() == pytest.approx(expected)


def test_right_thresholds_find_the_best_place_of_a_class_and_never_lose():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [80, 15, 5])
    proba = rng.dirichlet([1, 1, 1], 100) + 0.4 * np.eye(3)[codes] * rng.random((100, 1)) + [0.5, 0, 0]
    moved = np.log(proba) + right_thresholds(proba, codes, [np.zeros(3)])
    found = macro_f1(codes, moved.argmax(axis=1), 3)
    assert found > macro_f1(codes, proba.argmax(axis=1), 3) + 0.02
    for c, step in product(range(3), np.linspace(-3, 3, 61)):
        assert macro_f1(codes, (moved + step * np.eye(3)[c]).argmax(axis=1), 3) <= found + 1e-12


def test_digits_are_cut_and_their_test_rows_have_the_shares_of_the_training():
    split = loss_bakeoff.split_of(None, "digits, ratio 50", 3)
    sizes = np.bincount(split.codes[split.train])
    assert sizes.argsort()[-3:].tolist() == [9, 8, 7]
    assert split.tail.tolist() == [6, 5, 4]
    parts = (split.train, split.validation, split.test)
    assert sorted(np.concatenate(parts)) == list(range(len(split.codes)))
    shares = np.bincount(split.codes[split.test], split.weight) / len(split.test)
    kept = np.bincount(split.codes[np.concatenate(parts[:2])])
    assert shares == pytest.approx(kept / kept.sum())
    assert kept.max() / kept.min() == pytest.approx(50, rel=0.1)


def test_every_loss_of_the_catalogue_was_measured_with_ten_seeds():
    measured = bake_off.measurements()
    for learner in ("neural", "boosted"):
        own = measured[measured["learner"] == learner]
        assert set(own["side"]) == {PLAIN, ADJUSTED, *(item.slug for item in served(learner, "losses"))}
        assert own.groupby(["table", "side"])["seed"].nunique().eq(10).all()
        assert own["table"].nunique() == 5
    page = bake_off.MEASURED.with_suffix(".md").read_text("utf-8")
    assert all(f"- {sentence}\n" in page for sentence in bake_off.sentences(measured))
    for row in bake_off.summary(measured).itertuples(index=False):
        assert f"| {' | '.join(map(str, row))} |\n" in page
    assert "nan" not in page
    assert len(GOALS) == 3


def test_docstrings_say_what_was_measured():
    for loss, sentence in in_docstrings(bake_off.measurements()).items():
        assert sentence in " ".join(method(loss).fn.__doc__.split()), loss
