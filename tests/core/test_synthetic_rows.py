"""The audit of made rows: real rows pass, each planted fault is named, and nothing is claimed of what was not looked at."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from scipy.stats.contingency import association as cramer
from sklearn.metrics import roc_auc_score

from core import charts
from core.__main__ import main
from core.dataset import Dataset
from core.evaluation.audited_columns import Rows, marginals
from core.evaluation.fidelity_words import kept_findings
from core.evaluation.row_audit import JOINT, _frechet, _quadratic, fidelity_of
from core.evaluation.synthetic_rows import draw, fidelity, parted
from core.learners.sampling.rules import read_rules
from core.numerics.associations import associations
from core.numerics.fidelity import area, clustered_area, frechet, gap_p, largest_gap, within
from core.recipe import Recipe
from core.study import Study
from core.wording import share

SEEN, UNSEEN, MADE = 120, 60, 400


def rows(n, seed, gaps=0.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    X[:, 1] += X[:, 0]
    X[rng.random(X.shape) < gaps] = np.nan
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(6)])
    text = pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b"])
    return frame.assign(whole=rng.integers(0, 9, n).astype(float), text=text)


def audited(made, **given):
    own = pd.concat([rows(SEEN, 0), rows(UNSEEN, 1)])
    found = fidelity_of(rows(SEEN, 0), made, rows(UNSEEN, 1), table=pd.concat([own, rows(2000, 2)]), **given)
    return found, found["measures"].set_index("measure")


def study_of(gaps=0.0, sizes=(600, 180), **options):
    frame = pd.concat([rows(n, seed, gaps).assign(x0=lambda X, s=seed: X["x0"] + s) for seed, n in enumerate(sizes)])
    return Study(
        Dataset.from_frame(frame.assign(outcome=np.repeat([f"c{i}" for i in range(len(sizes))], sizes)), "outcome"),
        **options,
    )


def test_distances_agree_with_scipy_scikit_learn_and_closed_forms():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=300), rng.normal(0.3, 1.2, 200)
    peer = ks_2samp(first, second)
    assert largest_gap(first, second) == pytest.approx(peer.statistic)
    assert gap_p(peer.statistic, 300, 200) == pytest.approx(peer.pvalue, rel=0.15)
    ties = np.round(first, 1), np.round(second, 1)
    expected = roc_auc_score(np.repeat([1, 0], [300, 200]), np.concatenate(ties))
    assert area(*ties) == pytest.approx(expected)
    value, alone = clustered_area(*ties, np.arange(300))
    _, together = clustered_area(*ties, np.arange(300) // 100)
    copied, once = clustered_area(np.repeat(ties[0], 5), ties[1], np.repeat(np.arange(300), 5))
    assert value == pytest.approx(expected) == copied and together != alone and once == pytest.approx(alone)
    half = rng.normal(size=(4000, 3))
    assert frechet(half, half * 2 + 1) == pytest.approx(3 + 3, rel=0.05)
    assert frechet(half, half) == pytest.approx(0, abs=1e-9)
    covered, balls = within(np.array([[0.0], [5.0]]), np.array([[0.5], [0.9], [9.0]]), np.array([1.0, 1.0]))
    assert covered.tolist() == [True, False] and balls.tolist() == [1, 1, 0]


def test_associations_agree_with_pandas_scipy_and_the_formula():
    rng = np.random.default_rng(0)
    frame = rows(200, 0, 0.1)
    X, levels = frame[["x0", "x1"]].to_numpy(), np.column_stack([rng.integers(0, 3, 200), frame["text"].cat.codes])
    levels[:, 1] = np.where(rng.random(200) < 0.5, levels[:, 0] > 0, levels[:, 1])
    levels[:9, 0] = -1
    found = associations(X, levels, 5)
    assert found[:2, :2] == pytest.approx(pd.DataFrame(X).corr().to_numpy())
    known = levels[:, 0] >= 0
    table = pd.crosstab(levels[known, 0], levels[known, 1]).to_numpy()
    assert found[2, 3] == pytest.approx(cramer(table, method="cramer")) == found[3, 2]
    both = known & ~np.isnan(X[:, 1])
    of_all, by_level = X[both, 1], pd.Series(X[both, 1]).groupby(levels[both, 0]).transform("mean")
    assert found[2, 1] == pytest.approx(np.std(by_level, ddof=0) / np.std(of_all))
    assert np.isnan(associations(np.full((5, 2), np.nan), np.full((5, 1), -1), 3)).all()
    assert associations(np.empty((5, 0)), np.empty((5, 0), dtype=int), 3).shape == (0, 0)


def test_new_real_rows_pass():
    found, measures = audited(rows(MADE, 4))
    assert not measures["differs"].any() and len(measures) == 11
    assert measures.loc["real rows covered", "value"] > 0.9
    assert found["columns"]["p_adjusted"].min() > 0.05


def test_copies_are_told_and_everything_else_of_them_passes():
    chosen = np.random.default_rng(5).integers(0, SEEN, MADE)
    _, measures = audited(rows(SEEN, 0).iloc[chosen])
    assert measures.index[measures["differs"]].tolist() == ["exact copies"]
    assert measures.loc["exact copies", "value"] == 1


def test_made_rows_count_as_no_more_than_the_rows_they_were_drawn_from():
    rng = np.random.default_rng(0)
    seen, unseen = (pd.DataFrame({"x": rng.normal(size=n)}) for n in (40, 30))
    made = seen.iloc[rng.integers(0, 40, 160)].reset_index(drop=True)
    found = marginals(Rows(seen, made, unseen, seen, rng)).iloc[0]
    assert found["p"] == gap_p(found["distance"], 160 * 40 // 200, 30)


def test_a_few_far_cells_of_skewed_columns_do_not_make_new_rows_differ():
    rng, n_told = np.random.default_rng(0), 0
    for _ in range(60):
        seen, made = (pd.DataFrame(np.exp(rng.normal(size=(n, 4)))) for n in (30, 60))
        n_told += _frechet(Rows(seen, made, seen.iloc[:0], seen, rng))[-1]
    assert n_told <= 6  # 13 of 60 without the cut


def test_columns_that_are_all_alike_hinder_nothing():
    every = np.column_stack([np.random.default_rng(0).normal(size=(97, 2)), np.tile(np.linspace(-3, 3, 50), (97, 1))])
    y = np.arange(97) % 2
    scores = _quadratic(every, y, [(np.arange(48), np.arange(48, 97)), (np.arange(48, 97), np.arange(48))])
    assert np.isfinite(scores).all() and 0.3 < roc_auc_score(y, scores) < 0.7


def test_what_cannot_be_is_counted_and_named():
    made = rows(MADE, 3)
    made.loc[:9, "whole"] += 0.5
    made.loc[10:29, "x2"] = 99.0
    made["text"] = made["text"].astype("str")
    made.loc[30:34, "text"] = "unheard"
    found, measures = audited(made, rules=read_rules("x2 < 50"))
    cells = found["cells"].set_index(["column", "problem"])["n_cells"]
    assert cells["whole", "not whole"] == 10 and cells["x2", "out of range"] == 20 and cells["text", "never seen"] == 5
    assert measures.loc["rows with odd cells", "value"] == pytest.approx(15 / MADE)
    assert measures.loc["rows beyond the table", "value"] == pytest.approx(20 / MADE, abs=0.01)
    assert measures.loc["rows that break a rule", "value"] == pytest.approx(20 / MADE)
    assert measures.loc[["rows with odd cells", "rows beyond the table", "rows that break a rule"], "differs"].all()


def test_narrow_columns_lost_pairs_and_left_out_parts_are_told():
    made = rows(MADE, 3)
    made["x1"] = made["x1"].sample(frac=1, random_state=0).to_numpy() / 3
    made["x2"] = np.abs(made["x2"])
    found, measures = audited(made)
    assert measures.loc[["columns that differ", "largest difference between pairs of columns"], "differs"].all()
    assert measures.loc["told apart by curves", "low"] > 0.6
    columns = found["columns"].set_index("column")
    assert columns.loc["x1", "spread_ratio"] < 0.5 and columns.loc[["x1", "x2"], "p_adjusted"].max() < 0.05
    assert {found["pairs"].loc[0, "first"], found["pairs"].loc[0, "second"]} == {"x0", "x1"}
    assert set(found["shapes"]["column"]) >= {"x1", "x2"} and len(set(found["shapes"]["column"])) == 4
    shares = found["shapes"].groupby(["column", "class"])["share"].sum()
    assert shares.to_numpy() == pytest.approx(1)


@pytest.mark.parametrize(("gaps", "low", "high"), [("seed", 0.42, 0.58), ("preserve", 0.8, 1.0)])
def test_made_gaps_are_told_from_real_ones_except_those_of_the_seed(gaps, low, high):
    result = fidelity(study_of(0.3), Recipe.of("smote", smote={"gaps": gaps}))
    row = result.tables["measures"].set_index("measure").loc["missing cells per row"]
    assert low < row["value"] < high and row["differs"] == (gaps != "seed")
    assert (result.severity == "issue") == (gaps != "seed")


def test_the_verdict_says_how_many_rows_were_kept_apart_and_figures_draw_tables():
    study = study_of()
    result = fidelity(study, Recipe.of("smote"))
    counts = result.tables["rows"].set_index("class").loc["c1"]
    assert counts.tolist() == [180, 120, 60, 280, 120]
    assert (
        "280 rows of 'c1' made from 120" in result.findings[0].text
        and "60 real rows kept apart" in result.findings[0].text
    )
    measures = result.tables["measures"].set_index("measure")
    assert {"label agreement", "density", "Fréchet distance"} <= set(measures.index)
    figures = draw(result)
    bars = figures[f"Made rows of {charts.label(chr(39) + 'c1' + chr(39))} beside real ones"]
    assert set(bars.data[0].x) <= set(measures["value"]) and len(figures) == 2
    again = fidelity(study_of(), Recipe.of("smote"))
    pd.testing.assert_frame_equal(again.tables["measures"], result.tables["measures"])


def test_undersamplers_make_no_row_and_what_remains_is_compared():
    result = fidelity(study_of(), Recipe.of("random_undersampling"))
    assert result.severity == "fine" and "No row was made. Of 'c0', 120 of 400 rows remain" in result.findings[0].text
    near = fidelity(study_of(), Recipe.of("imbalanced_learn", imbalanced_learn={"sampler": "NearMiss1"}))
    assert near.severity == "caution" and "'x0'" in near.findings[0].text
    assert list(draw(near)) == ["Kept rows against those taken away"]
    assert fidelity(study_of(), Recipe.of("class_weights")).severity == "not applicable"


def test_many_classes_and_many_notes_take_few_sentences():
    study = study_of(sizes=(40, 35, 30, 25, 20, 15, 2))
    result = fidelity(study, Recipe.of("random_undersampling"))
    assert len(result.findings) == 4 and len(result.tables["columns"]["class"].unique()) == 6
    assert result.findings[-1].text.startswith("In 3 other classes no column tells the rows that remain")
    tables = {**result.tables, "columns": result.tables["columns"].assign(p_adjusted=0.02)}
    assert {finding.severity for finding in kept_findings(study, tables, ())} == {"fine"}, "6 classes were looked at"
    result = fidelity(study, Recipe.of("ceos"))
    notes = result.tables["notes"]["note"]
    assert len(notes) == 6 and result.findings[-1].text == "There are 3 more notes like these."
    assert [finding.text for finding in result.findings[-4:-1]] == notes[:3].tolist()


def test_the_verdict_says_how_far_luck_reaches_and_why_some_rows_cannot_be_judged():
    near = fidelity(study_of(), Recipe.of("gaussian_prototypes"))
    row = near.tables["measures"].set_index("measure").loc[list(JOINT)].sort_values("value").iloc[-1]
    assert f"guessing is right in 50 %, by luck in up to {share(row['null_high'])})" in near.findings[0].text
    few = fidelity(study_of(sizes=(90, 8)), Recipe.of("smote")).findings[0].text
    assert few.endswith("cannot be judged as whole rows: 8 real rows to compare them with are too few.")


def test_small_classes_are_shown_whole_and_groups_are_not_parted():
    study = study_of(sizes=(300, 90, 30, 3, 1))
    train, held = parted(study)
    assert np.bincount(study.codes[held], minlength=5).tolist() == [100, 30, 0, 0, 0]
    assert len(np.intersect1d(train, held)) == 0 and len(train) + len(held) == 424
    result = fidelity(study.with_(positive="c2"), Recipe.of("random_oversampling"))
    assert "too small to keep rows apart" in result.findings[0].text
    assert any("audited" in finding.text for finding in result.findings)
    patients = pd.concat([rows(400, 0), rows(120, 1)]).assign(
        outcome=np.repeat(["a", "b"], [400, 120]), patient=np.arange(520) // 4
    )
    data = Dataset.from_frame(patients, "outcome", roles={"patient": "group"})
    train, held = parted(Study(data))
    assert not set(data.group_codes[train]) & set(data.group_codes[held]) and len(held) > 100


def test_the_command_prints_the_forecast_the_attack_and_the_audit(tmp_path, capsys):
    table = tmp_path / "table.csv"
    rows(400, 0).assign(outcome=np.repeat(["no", "yes"], [310, 90])).to_csv(table, index=False)
    arguments = ["synthetic", str(table), "--target", "outcome", "--rules", "whole >= 0"]
    assert main([*arguments, "--recipe", "smote", "--attack"]) == 0
    out = capsys.readouterr().out
    for text in (
        "of its 90 records",
        "made rows of 'yes' and nothing else",
        "real rows kept apart",
        "rows that break a rule",
    ):
        assert text in out
    assert main(arguments) == 2
    assert "No recipe is given." in capsys.readouterr().err
