"""Rows that a column marks as synthetic: found, kept apart, never tested, learned from where a recipe asks for it, and audited."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from core.__main__ import main
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation.attack import attack
from core.evaluation.compare import evaluate
from core.evaluation.effective_prior import effective_prior
from core.evaluation.exposure import exposure
from core.evaluation.final import final_score
from core.evaluation.synthetic_rows import fidelity
from core.evaluation.verdict import marked_findings
from core.held_out import with_test
from core.learners.blind import asserted_shares
from core.learners.cross_fitting import cross_fitted
from core.reading.roles import suggest_roles
from core.recipe import Recipe
from core.study import Study
from core.synthetic_marks import read_mark
from core.table import Table

IMPORTED = Recipe.of("imported_rows")
N, RARE, MADE = 300, 60, 120


def frame(seed=0, **columns):
    """300 real rows without any signal, then 120 blurred copies of rare ones; the column "person" names the parent."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 6))
    parents = rng.integers(0, RARE, MADE)
    cells = np.vstack([X, X[parents] + rng.normal(scale=0.02, size=(MADE, 6))])
    found = pd.DataFrame(cells, columns=[f"m{j}" for j in range(6)])
    found["colour"] = rng.choice(["red", "blue"], N + MADE)
    found["person"] = np.append(np.arange(N), parents)
    found["source"] = np.repeat(["real", "smote"], [N, MADE])
    found["y"] = np.append(np.repeat(["rare", "often"], [RARE, N - RARE]), np.repeat("rare", MADE))
    return found.assign(**columns).sample(frac=1, random_state=seed).reset_index(drop=True)


def dataset(table=None, **roles):
    return Dataset.from_frame(frame() if table is None else table, "y", roles={"source": "synthetic mark", **roles})


def study(**roles):
    return Study(dataset(**roles), learner="linear", n_folds=3, n_repeats=1)


@pytest.mark.parametrize(
    ("name", "values", "synthetic", "gaps"),
    [
        ("is_synthetic", [0, 1, 0], ["1"], False),
        ("is_synthetic", [0.0, 1.0, None], ["1"], False),
        ("generated", ["yes", "no"], ["yes"], False),
        ("Augmented", ["True", "False"], ["True"], False),
        ("is_real", [1, 0], ["0"], False),
        ("not_synthetic", [1, 0], ["0"], False),
        ("source", ["synthetic", "real"], ["synthetic"], False),
        ("source", ["original", "smote_k5", "CTGAN"], ["CTGAN", "smote_k5"], False),
        ("w", ["real", "model a", "model b"], ["model a", "model b"], False),
        ("w", ["ward 1", "ward 2", "SMOTE"], ["SMOTE"], False),
        ("w", ["synthetic", "non-synthetic"], ["synthetic"], False),
        ("source", ["smote", None, None], ["smote"], True),
        ("is_synthetic", [0, 0], [], False),
        ("copies", [0, 2], ["2"], False),
    ],
)
def test_which_value_means_synthetic(name, values, synthetic, gaps):
    mark = read_mark(pd.Series(values, name=name))
    assert list(mark.synthetic) == synthetic and mark.gaps_are_real == gaps


@pytest.mark.parametrize(
    ("values", "chosen", "sentence"),
    [
        (["a", "b"], (), "none of them says which rows are synthetic"),
        (["real", "smote", "ward 1"], (), "nothing says what 'ward 1' means"),
        ([1, 1], (), "marks every row as synthetic, by '1'; without real rows nothing can be tested"),
        ([None, None], (), "has 0 different values"),
        (range(30), (), "has 30 different values"),
        (["a", "b"], ("c",), "'c'"),
        (["a", "b"], ("a", "b"), "marks every row as synthetic"),
    ],
)
def test_marks_that_tell_nothing_are_refused_with_a_way_out(values, chosen, sentence):
    with pytest.raises(UserError, match=sentence) as refused:
        read_mark(pd.Series(values, name="w"), chosen)
    assert refused.value.remedy


def test_the_values_that_mean_synthetic_can_be_chosen():
    table = frame()
    plain, turned = dataset(table), Dataset.from_frame(
        table.replace({"source": {"real": "b", "smote": "a"}}), "y", roles={"source": "synthetic mark"}, synthetic_values=["a"]
    )  # fmt: skip
    assert turned.synthetic.n_samples == plain.synthetic.n_samples == MADE
    other = Dataset.from_frame(table, "y", roles={"source": "synthetic mark"}, synthetic_values=["smote"])
    assert other.fingerprint == plain.fingerprint != turned.fingerprint and other.synthetic.n_samples == MADE
    with pytest.raises(UserError, match="all have the role"):
        dataset(table, colour="synthetic mark")


@pytest.mark.parametrize(
    ("name", "values", "suggested"),
    [
        ("is_synthetic", [1, 0], True),
        ("generated", ["yes", None], True),
        ("source", ["synthetic", "real"], True),
        ("rows", ["original", "SMOTE"], True),
        ("is_real", [1, 0], True),
        ("realised", [1, 0], False),
        ("source", ["web", "shop"], False),
        ("fabric", ["synthetic", "leather"], False),
        ("synthetic", [1, 2, 3], False),
        ("real", [0.5, 1.5], False),
    ],
)
def test_a_mark_is_suggested_by_its_name_or_its_values(name, values, suggested):
    labels, column = np.tile(["a", "b", "b"], 20), np.resize(np.array(values, dtype=object), 60)
    found = suggest_roles(Table.from_frame(pd.DataFrame({name: column, "y": labels})), "y").get(name)
    assert (found is not None and found.role == "synthetic mark") == suggested
    assert not suggested or found.reason.endswith("Such rows may train a model and must not test it.")


def test_only_real_rows_are_counted_described_and_tested():
    found = study()
    data = found.dataset
    assert data.n_samples == N and data.synthetic.n_samples == MADE and "source" not in data.X
    assert dict(data.counts) == {"often": N - RARE, "rare": RARE}
    assert "'source' marks 120 rows as synthetic, by 'smote', and 300 as real, by 'real'" in data.notes[0]
    assert found.plan.endswith(
        "120 rows marked as synthetic are never tested, and learned from only in recipes with 'Imported rows'."
    )
    real = Study(
        Dataset.from_frame(frame().query("source == 'real'").drop(columns="source"), "y"), learner="linear", n_folds=3
    )
    np.testing.assert_array_equal(found.out_of_fold(), real.out_of_fold())
    assert data.take(np.arange(50)).synthetic is data.synthetic


def test_what_cannot_be_used_is_left_out_and_told():
    table = frame()
    made = np.flatnonzero(table["source"] == "smote")
    table.loc[made[:7], "y"], table.loc[made[7:10], "y"], table.loc[made[10], "colour"] = "unheard of", None, "green"
    table.loc[made[11], "m0"] = np.inf
    table.loc[[made[12], np.flatnonzero(table["source"] == "real")[0]], "source"] = None
    data = dataset(table)
    told = " ".join(data.notes)
    assert data.n_samples == N - 1 and data.synthetic.n_samples == MADE - 11
    assert (
        "2 rows without a mark in 'source' left out." in told and "3 synthetic rows without a label left out." in told
    )
    assert (
        "7 synthetic rows of classes that no real row has left out: 'unheard of'." in told
        and "1 synthetic cell of 'colour'" in told
    )
    assert data.classes == ("often", "rare") and data.synthetic.X["m0"].isna().sum() == 1
    none = dataset(table.assign(source="real"))
    assert none.synthetic is None and none.imported is None and "marks no row as synthetic" in none.notes[-1]


def made_in(found, train):
    """The synthetic rows that a recipe adds to some training rows, as rows of the imported table."""
    sampler = found.classifier(IMPORTED).sampler
    X, y = sampler.fit_resample(found.dataset.X.iloc[train], found.codes[train], found.rows and found.rows.take(train))
    return X.iloc[len(train) :], y[len(train) :], sampler


def test_synthetic_rows_train_and_never_test_and_inner_folds_choose_on_real_rows():
    found = study()
    data, train = found.dataset, found.folds[0][0]
    X, y, _ = made_in(found, train)
    pd.testing.assert_frame_equal(X.reset_index(drop=True), data.synthetic.X)
    assert (y == found.classes.index("rare")).all() and len(X) == MADE
    fitted = found.fitted(Recipe.of("imported_rows", "calibrated_probabilities", "tuned_threshold"), train)
    assert fitted.classifier_.out_of_fold_proba_.shape == (len(train), 2)
    assert fitted.classifier_.classifier_.n_samples_fit_ == len(train) + MADE
    inner = cross_fitted(found.classifier(IMPORTED), data.X.iloc[train], found.codes[train], np.arange(2), 0)
    assert inner.shape == (len(train), 2) and not np.isnan(inner).any()
    shares, n = asserted_shares(found.classifier(IMPORTED), data.X, found.codes)
    assert n == N + MADE and shares[1] == pytest.approx((RARE + MADE) / (N + MADE))
    half = found.classifier(Recipe.parse("imported_rows:share=0.5")).sampler.fit_resample(data.X, found.codes)[1]
    assert len(half) == N + MADE / 2


def test_a_known_group_trains_only_where_it_is_learned_from():
    found = study(person="group")
    people = found.dataset.synthetic.groups["person"].to_numpy()
    for train, _ in found.folds:
        X, _, sampler = made_in(found, train)
        learned = found.dataset.groups["person"].to_numpy()[train]
        assert list(X.index - len(train)) == list(range(len(X)))
        assert len(X) == np.isin(people, learned).sum() < MADE
        assert "their group is not among these rows" in sampler.notes_[0]
    table = frame()
    made = table.index[table["source"] == "smote"]
    table["person"] = table["person"].astype(float)
    table.loc[made[:20], "person"] = 10.0**6
    table.loc[made[20:30], "person"] = np.nan
    data = dataset(table, person="group")
    assert (data.imported.groups == -1).sum() == 30, "a group of synthetic rows alone is not tested, so it ties nothing"
    assert not data.imported.admitted(None)[data.imported.groups >= 0].any(), (
        "where groups are not known, none of theirs joins"
    )
    part = data.take(np.arange(30))
    assert (
        set(part.imported.groups[part.imported.groups >= 0]) <= set(part.group_codes)
        and (part.imported.groups == -2).any()
    )


def test_with_times_only_rows_that_are_not_later_join():
    table = frame()
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N + MADE), "D")
    table["day"] = days.strftime("%d.%m.%Y")
    lost = table.index[table["source"] == "smote"][:5]
    table.loc[lost, "day"] = None
    found = Study(dataset(table, day="time"), learner="linear", n_folds=3)
    when = found.dataset.synthetic.times["day"].to_numpy()
    for train, test in found.folds:
        last, first = found.dataset.times["day"].iloc[train].max(), found.dataset.times["day"].iloc[test].min()
        assert (
            len(made_in(found, train)[0])
            == (when <= last).sum()
            == (when < first).sum() - ((when > last) & (when < first)).sum()
        )
    assert "5 synthetic rows without a value in 'day' not learned from." in found.dataset.notes


def test_the_leak_is_real_is_told_and_groups_close_it():
    """No column knows the class, so every gain is a leak."""
    leaking, tied = (Study(dataset(person=role), n_folds=3, n_repeats=1) for role in ("identifier", "group"))
    leaked = evaluate(leaking, [IMPORTED])
    scores = leaked.tables["scores"].query("metric == 'average precision'").set_index("recipe")["value"]
    train, test = tied.folds[0]
    proba = tied.fit_predict_proba(IMPORTED, train, test)[:, tied.positive_code]
    kept = average_precision_score(tied.codes[test] == tied.positive_code, proba)
    assert scores["Do nothing"] < 0.35 and kept < 0.35 and scores["Imported rows"] > 0.7
    first, *others = leaked.findings
    assert first.severity == "caution"
    assert first.text.endswith("The gain may come from synthetic rows that were made from tested ones.")
    told = "It is not known which rows the 120 synthetic rows were made from."
    assert any(finding.severity == "caution" and finding.text.startswith(told) for finding in others)
    (closed,) = marked_findings(tied, [IMPORTED])
    assert closed.severity == "fine" and "only where the 'person' that it names is not tested" in closed.text
    assert leaked.tables["evidence"].set_index("measure")["value"]["rows of the class of interest"] == RARE


def test_a_table_without_marks_says_that_nothing_is_added():
    plain = Study(Dataset.from_frame(frame().drop(columns="source"), "y"), learner="linear", n_folds=2, n_repeats=1)
    compared = evaluate(plain, [IMPORTED])
    assert any("'Imported rows' adds nothing and equals doing nothing" in finding.text for finding in compared.findings)
    assert (compared.tables["differences"].query("recipe == 'Imported rows'")["difference"] == 0).all()
    assert (
        fidelity(plain, IMPORTED).findings[0].text == "No row of the table is marked as synthetic, so none was added."
    )


def test_imported_rows_get_the_same_audit():
    found = study()
    audit = fidelity(found, IMPORTED)
    assert audit.tables["rows"].set_index("class").loc["rare", "n_made"] == MADE
    assert (
        audit.findings[0].text.startswith("120 imported rows of 'rare'") and "made from" not in audit.findings[0].text
    )
    assert any("made from the very rows with which they are compared" in finding.text for finding in audit.findings)
    assert "how the imported rows were made" in exposure(found, IMPORTED).findings[0].text
    attacked = attack(found, IMPORTED, max_rows=50).tables["attacks"]
    assert attacked["n_made"].iloc[0] == 50 and attacked["recall"].iloc[0] < 0.1
    assert effective_prior(found, IMPORTED).tables["classes"]["effective"].iloc[1] == pytest.approx(180 / 420)


def test_synthetic_rows_of_a_test_file_are_not_tested():
    table = frame()
    later = table.assign(m0=table["m0"] + 0.5)
    data = with_test(dataset(table), Table.from_frame(later))
    assert data.test.n_samples == N and data.test.synthetic is None
    assert "120 test rows that 'source' does not mark as real left out." in data.test.notes
    final = final_score(Study(data, learner="linear"), IMPORTED)
    assert any("120 synthetic rows came with the training rows" in finding.text for finding in final.findings)
    with pytest.raises(UserError, match="marks no test row as real"):
        with_test(dataset(table), Table.from_frame(later.query("source == 'smote'")))


def test_a_rule_for_the_target_and_a_working_sample_speak_of_real_rows():
    table = frame(score=np.arange(N + MADE) % 10.0).drop(columns="y")
    choices = {"roles": {"source": "synthetic mark"}, "rule": "cut:above=0.8", "working_rows": 100}
    data = Dataset.from_frame(table, "score", **choices)
    real = Dataset.from_frame(
        table.query("source == 'real'").drop(columns="source"), "score", rule="cut:above=0.8", working_rows=100
    )
    assert data.classes == real.classes and dict(data.table_counts) == dict(real.table_counts)
    assert data.synthetic.n_samples == 100 and data.imported.represents == 1.2
    assert "Of 120 synthetic rows, 100 drawn at random are used." in data.notes
    found = Study(data, learner="linear", n_folds=2, n_repeats=1)
    sampler = made_in(found, found.folds[0][0])[2]
    assert sampler.represents_[-100:].sum() == pytest.approx(120)
    assert np.isfinite(found.fit_predict_proba(IMPORTED, *found.folds[0])).all()


def test_a_table_that_is_not_in_memory_is_refused():
    table = Table(frame(), "large", "x", all_rows=type("All", (), {"n_rows": 10**7})())
    with pytest.raises(UserError, match="only some are in memory"):
        Dataset.from_table(table, "y", roles={"source": "synthetic mark"})


def test_the_command_line_marks_and_audits(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    frame().drop(columns="person").replace({"source": {"real": "a", "smote": "b"}}).to_csv(path, index=False)
    given = [
        str(path),
        "--target",
        "y",
        "--role",
        "source=synthetic mark",
        "--recipe",
        "imported_rows",
        "--learner",
        "linear",
    ]
    assert main(["synthetic", *given]) != 0
    assert "none of them says which rows are synthetic" in capsys.readouterr().err
    assert main(["synthetic", *given, "--synthetic", "b"]) == 0
    shown = capsys.readouterr().out
    assert (
        "120 imported rows of 'rare'" in shown
        and "Class of interest 'rare': 60 of 300 rows" in shown
        and "never tested" in shown
    )
