"""The cost panel: thresholds, what decisions cost, verdicts, rankings, cost columns and cost matrices."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from core import learners
from core.__main__ import main
from core.dataset import Dataset
from core.errors import UserError
from core.evaluation import cost_matrix, costs
from core.evaluation.compare import compare
from core.evaluation.cost_decisions import (
    ALL,
    AT_COST,
    AT_HALF,
    BY_ROW,
    COST_PER,
    NONE,
    UNKNOWN,
    WEIGHTED,
    Stated,
    stated,
)  # fmt: skip
from core.evaluation.cost_map import MODEL, cost_map
from core.evaluation.cost_scores import told_once
from core.evaluation.elicitation import elicited, outcomes, taken_over
from core.evaluation.scoring import AT_OWN, COST, EXPECTED, TOTAL, score_fold
from core.learners.cost_matrix import LeastCost, cost_table, read_costs, tidied
from core.numerics.weighted_accuracy import expected_weighted_accuracy
from core.recipe import Recipe
from core.study import Study

N_ROWS = 4000


class Truth(ClassifierMixin, BaseEstimator):
    """Knows the probability of each row: column "risk" for the rare class, the rest shared by the others."""

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        self.classes_, self.n_features_in_ = np.unique(y), X.shape[1]
        return self

    def predict_proba(self, X):
        risk = X["risk"].to_numpy(dtype=float)
        others = np.repeat(((1 - risk) / (len(self.classes_) - 1))[:, None], len(self.classes_) - 1, axis=1)
        return np.column_stack([others, risk])


@pytest.fixture(scope="module", autouse=True)
def truth():
    """Every learner is one that knows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners, "make", lambda name, random_state=0: Truth(random_state))
        yield


def table(n_rows=N_ROWS, third=0.0, seed=0):
    """Calibrated risks of mean .1, labels drawn from them, and two amounts: one alike in all rows, one of which few rows have most."""
    rng = np.random.default_rng(seed)
    risk = 0.02 + 0.98 * rng.beta(0.3, 3.3, n_rows)
    label = np.where(rng.random(n_rows) < risk, "ill", np.where(rng.random(n_rows) < third, "odd", "well"))
    amount, heavy = rng.uniform(50, 150, n_rows), np.where(rng.random(n_rows) < 0.015, 300.0, 1.0)
    return pd.DataFrame({"risk": risk, "amount": amount, "heavy": heavy, "state": label})


def study_of(frame, **choices):
    choices = {"positive": "ill", "learner": "linear", "miss_cost": 20.0} | choices
    return Study(Dataset.from_frame(frame, "state"), **choices)


@pytest.fixture(scope="module")
def study():
    return study_of(table())


@pytest.fixture(scope="module")
def panel(study):
    return costs.cost_panel(study, recipes=[Recipe()])


def value(result, decision, metric=COST_PER):
    rows = result.tables["decisions"]
    return rows[(rows["decision"] == decision) & (rows["metric"] == metric)].iloc[0]


def said(result):
    return result.tables["stated"].set_index("measure")["value"]


def test_the_threshold_is_what_the_costs_imply(study, panel):
    assert said(panel)["threshold on probabilities of this table"] == pytest.approx(1 / 21)
    assert "from 0.048 on" in panel.findings[0].text and "20 false alarms" in panel.findings[0].text
    rare = costs.cost_panel(study, recipes=[Recipe()], prevalence_at_use=0.01)
    share = study.class_shares[study.positive_code]
    factor = 20 * (0.01 / share) / (0.99 / (1 - share))
    assert said(rare)["threshold on probabilities of this table"] == pytest.approx(1 / (1 + factor))
    assert said(rare)["threshold on probabilities at use"] == pytest.approx(1 / 21)


def test_costs_are_those_of_counting(study, panel):
    """Over folds of nearly equal sizes the mean is the pooled count; weighted accuracy is what is left of the cost."""
    own, risk = study.codes == study.positive_code, study.dataset.X["risk"].to_numpy()
    for decision, cut in ((AT_COST, 1 / 21), (AT_HALF, 0.5), (NONE, 2.0), (ALL, 0.0)):
        called = risk >= cut
        counted = 20 * (own & ~called).sum() + (~own & called).sum()
        assert value(panel, decision)["value"] == pytest.approx(1000 * counted / N_ROWS, rel=0.01)
        most = 20 * own.sum() + (~own).sum()
        assert value(panel, decision, WEIGHTED)["value"] == pytest.approx(1 - counted / most, abs=0.005)
    assert value(panel, NONE)["value"] == pytest.approx(20_000 * own.mean())


def test_the_cost_threshold_is_cheaper_than_half_and_the_folds_agree(panel):
    row = panel.tables["differences"].query("against == @AT_HALF").iloc[0]
    assert row["high"] < 0 and row["difference"] == pytest.approx(
        value(panel, AT_COST)["value"] - value(panel, AT_HALF)["value"]
    )
    assert "the threshold changes that by" in panel.findings[1].text
    assert "is worth having" in panel.findings[2].text
    assert panel.tables["map"].query("stated")["cheapest"].tolist() == [MODEL]


def test_another_prevalence_is_as_if_rows_were_left_out(panel, study):
    """Costs at use are those of a table from which rows of the class are taken away, with the threshold that is true there."""
    found = costs.cost_panel(study, recipes=[Recipe()], prevalence_at_use=0.02)
    own, risk = study.codes == study.positive_code, study.dataset.X["risk"].to_numpy()
    called = risk >= said(found)["threshold on probabilities of this table"]
    cost = 1000 * (0.02 * 20 * (~called[own]).mean() + 0.98 * called[~own].mean())
    assert value(found, AT_COST)["value"] == pytest.approx(cost, rel=0.01)
    assert (found.tables["map"]["stated"]).sum() == 1


@pytest.mark.parametrize(("ratio", "coherent"), [(9.0, True), (5.0, True), (1.0, False), (60.0, False)])
def test_parity_is_coherent_only_near_the_other_rows_per_row(study, ratio, coherent):
    result = costs.cost_panel(study, miss_cost=ratio, recipes=[Recipe()])
    share = study.class_shares[study.positive_code]
    assert said(result)["false alarms that one miss is worth at parity"] == pytest.approx((1 - share) / share)
    verdict = next(finding for finding in result.findings if finding.text.startswith("Bringing"))
    assert verdict.severity == ("fine" if coherent else "caution")
    assert ("is coherent" in verdict.text) == coherent


def test_the_map_has_none_where_misses_are_cheap_and_all_where_they_are_dear(panel):
    grid = panel.tables["map"]
    assert set(grid.query("prevalence <= 0.01 and miss_cost <= 1")["cheapest"]) == {NONE}
    assert set(grid.query("prevalence >= 0.5 and miss_cost >= 100")["cheapest"]) == {ALL}
    model = grid.query("cheapest == @MODEL")
    assert (model["low"] > 0).all() and (model["model"] < model[["call_none", "call_all"]].min(axis=1)).all()
    own, ratio = grid["prevalence"], grid["miss_cost"]
    share = said(panel)["prevalence in the table"]
    odds = ratio * own / (1 - own) * (1 - share) / share
    assert grid["threshold"].to_numpy() == pytest.approx((1 / (1 + odds)).to_numpy())
    assert not grid.duplicated(["prevalence_text", "miss_cost_text"]).any()


def test_broken_probabilities_are_named():
    """Risks that are three times too high: fewer rows come true than they say, and the cost threshold is wrong."""
    frame = table()
    frame["risk"] = np.minimum(3 * frame["risk"], 1)
    result = costs.cost_panel(study_of(frame), recipes=[Recipe()])
    texts = [finding.text for finding in result.findings if finding.suggests == ("calibrated_probabilities",)]
    assert len(texts) == 1 and "too high" in texts[0]
    assert result.tables["calibration"]["high"].iloc[0] < 0.6


def test_a_band_takes_the_middle_weight_and_few_rows_are_refused():
    few = study_of(
        pd.concat([table(400).query("state == 'well'").head(300), table(400).query("state == 'ill'").head(8)])
    )
    result = costs.cost_panel(few, between=(10, 50), recipes=[Recipe()])
    assert said(result)["weight"] == pytest.approx((10 / 11 + 50 / 51) / 2)
    alpha, beta = said(result)["alpha of the weight"], said(result)["beta of the weight"]
    assert alpha / (alpha + beta) == pytest.approx(said(result)["weight"])
    assert "10 to 50 false alarms" in result.findings[0].text and "8 rows: too few" in result.findings[1].text
    assert not [finding for finding in result.findings if "worth having" in finding.text]
    assert MODEL not in set(result.tables["map"]["cheapest"])


@pytest.mark.parametrize("ratio", [5e-324, 1e-300, 1e-9, 1.0, 1e6])
def test_any_cost_of_a_miss_has_a_density_of_its_weight(ratio):
    alpha, beta = Stated(ratio, None, 0.1, 0.1).density
    assert alpha > 0 and alpha / (alpha + beta) == pytest.approx(ratio / (1 + ratio), rel=0.15, abs=1e-8)
    assert 0 <= expected_weighted_accuracy(0.05, 0.9, 0.1, 0.9, (alpha, beta)) <= 1


def test_a_cost_column_is_summed_and_warned_of(study, panel):
    """An even column changes little; one of which 2 % of the rows carry most takes weighted accuracy away."""
    even, heavy = (costs.cost_panel(study, recipes=[Recipe()], cost_column=name) for name in ("amount", "heavy"))
    assert "still speak of cost" in " ".join(finding.text for finding in even.findings)
    assert value(even, AT_COST)["value"] == pytest.approx(value(panel, AT_COST)["value"], rel=0.03)
    assert "must not be used" in " ".join(finding.text for finding in heavy.findings)
    metrics = set(heavy.tables["decisions"]["metric"])
    assert COST_PER in metrics and not metrics & {WEIGHTED, UNKNOWN}
    own, frame = study.codes == study.positive_code, study.dataset.X
    amount = np.sort(frame["heavy"][own])[::-1]
    two = heavy.tables["concentration"].set_index("share_of_rows")["share_of_cost"][0.02]
    assert two == pytest.approx(amount[: int(0.02 * own.sum())].sum() / amount.sum(), abs=0.05) and two > 0.6
    for unpaid in (0.0, np.nan):
        paid = frame.assign(state=study.dataset.y, loss=np.where(own, frame["amount"], unpaid))
        late = costs.cost_panel(study_of(paid), recipes=[Recipe()], cost_column="loss")
        assert BY_ROW not in set(late.tables["decisions"]["decision"]) | set(late.tables["differences"]["decision"])
        told = " ".join(finding.text for finding in late.findings)
        assert "'loss' is above 0 in 0 % of the other rows and in 100 %" in told
    assert value(heavy, BY_ROW)["value"] < value(heavy, AT_COST)["value"]
    scaled = 20 * amount.sum() / own.sum() / frame["heavy"][own].mean()
    assert scaled == pytest.approx(20) and value(heavy, NONE)["value"] == pytest.approx(20_000 * own.mean(), rel=0.02)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"miss_cost": 0.0}, "No cost of a miss is stated."),
        ({"miss_cost": -3.0}, "is -3"),
        ({"prevalence_at_use": 1.5}, "is 1.5"),
        ({"between": (0, 5)}, "is 0"),
        ({"cost_column": "amont"}, "Did you mean 'amount'"),
        ({"cost_column": "sex"}, "holds text"),
        ({"cost_column": "id"}, "has the role 'leave out'"),
        ({"cost_column": "loss"}, "is negative in"),
    ],
)
def test_what_cannot_be_is_said(choices, words):
    frame = table(300).assign(sex="f", id=range(300), loss=-1.0)
    study = Study(
        Dataset.from_frame(frame, "state", leave_out=["id"]), positive="ill", learner="linear", miss_cost=20.0
    )
    with pytest.raises(UserError, match=words):
        costs.cost_panel(study, recipes=[Recipe()], **choices)


def test_with_three_classes_a_call_is_one_of_the_class_of_interest():
    result = costs.cost_panel(study_of(table(1500, third=0.3)), recipes=[Recipe()])
    assert value(result, AT_COST)["threshold"] == pytest.approx(1 / 21)
    assert value(result, AT_COST)["value"] < value(result, AT_HALF)["value"]


def test_figures_show_the_tables(panel):
    figures = costs.draw(panel)
    cells = figures["Which decision is the cheapest"].data[0]
    grid = panel.tables["map"]
    assert np.array(cells.text).size == len(grid) and sorted(np.array(cells.text).ravel()) == sorted(grid["cheapest"])
    star, here = figures["Which decision is the cheapest"].data[-1], grid.query("stated")
    assert (list(star.x), list(star.y)) == (here["prevalence_text"].tolist(), here["miss_cost_text"].tolist())
    shown = sorted(x for trace in figures["What decisions cost"].data for x in trace.x)
    assert shown == sorted(panel.tables["decisions"].query("metric == @COST_PER")["value"])


def test_a_ranking_gives_a_band_in_words(study):
    order = ("call all", "bad", "call none", "bad on others", "bad on class")
    result = elicited(study, order, prevalence_at_use=0.05)
    assert result.tables["band"].iloc[0].round(3).to_dict() == {
        "weight_low": 0.919,
        "weight_high": 0.927,
        "ratio_low": 11.4,
        "ratio_high": 12.667,
    }
    assert "11.4 to 12.7 false alarms, a weight of 0.919 to 0.927" in result.findings[0].text
    orders = result.tables["orders"]
    assert " < ".join(order) in set(orders["order"]) and orders["weight_high"].iloc[-1] == 1
    cards = outcomes(study, prevalence_at_use=0.05)
    assert cards["text"].iloc[2] == "Of 1,000 cases 50 are 'ill': it finds 20 of them, and raises 570 false alarms."
    assert (
        outcomes(study, prevalence_at_use=0.0007)["text"]
        .iloc[3]
        .startswith("Of 10,000 cases 7 are 'ill': it finds 7 of them")
    )


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (
            ("call none", "call all", "bad"),
            "at least 28.5 false alarms; that 'call all' is worse than 'bad' says at most 12.7",
        ),
        (("bad on class", "bad"), "'bad' is right on no case that 'bad on class' gets wrong"),
        (("call none", "call all"), "at least 19 false alarms"),
        (("call all", "call none"), "at most 19 false alarms"),
        (("bad", "bad on class"), "agrees with every cost"),
    ],
)
def test_rankings_that_say_little_or_contradict_themselves(study, order, words):
    assert words in elicited(study, order, prevalence_at_use=0.05).findings[0].text
    with pytest.raises(UserError, match="at least two decisions"):
        elicited(study, ["bad", "bad"])
    with pytest.raises(UserError, match="no decision named 'good'"):
        elicited(study, ["bad", "good"])


def test_a_ranking_says_how_far_it_agrees_with_itself_and_what_to_take_over(study):
    order = ("call none", "call all", "bad", "bad on others", "bad on class")
    result = elicited(study, order, prevalence_at_use=0.05)
    nearest = result.tables["nearest"]
    comparisons = result.tables["comparisons"]
    grid = np.linspace(0.0005, 0.9995, 2000)[:, None]
    agreeing = ((comparisons["weight_low"].to_numpy() <= grid) & (grid <= comparisons["weight_high"].to_numpy())).sum(
        axis=1
    )
    assert set(nearest["n_agreeing"]) == {agreeing.max()} and set(nearest["n_comparisons"]) == {10}
    inside = ((nearest["weight_low"].to_numpy() <= grid) & (grid <= nearest["weight_high"].to_numpy())).any(axis=1)
    assert len(nearest) == 2 and (inside == (agreeing == agreeing.max())).all()
    assert f"{agreeing.max()} of its 10 comparisons agree" in result.findings[1].text
    ratio, ends = taken_over(nearest.iloc[0])
    assert ends[0] < ratio < ends[1]
    one = elicited(study, ("call none", "call all"), prevalence_at_use=0.05)
    assert taken_over(one.tables["nearest"].iloc[0]) == (19.0, None) and "one comparison" in one.findings[1].text


def test_costs_are_read_as_they_are_written():
    text = "miss a as b = 3; 'x as y' as a = 0.5\n* as \"it's; = 1\" = 2"
    statements = read_costs(text)
    assert [(one.own, one.called, one.cost) for one in statements] == [
        ("a", "b", 3.0),
        ("x as y", "a", 0.5),
        (None, "it's; = 1", 2.0),
    ]
    assert read_costs(tidied(text)) == statements and tidied("") == ""
    found = cost_table("miss a as * = 5; miss a as b = 2; * as c = 3", ["a", "b", "c"], positive=1, miss_cost=7)
    assert found.tolist() == [[0, 2, 3], [7, 0, 3], [1, 1, 0]]
    for wrong in ("a is b = 3", "a as b = x", "a as b = 1; a as b = 2", "a as b = inf", "a as a = 2", "a as z = 1"):
        with pytest.raises(UserError):
            cost_table(wrong, ["a", "b", "c"])


def test_a_cost_matrix_decides_by_expected_cost():
    """Calibrated three-class risks: the panel against brute force, and the remedy in a recipe gives the same classes."""
    frame = table(1500, third=0.4)
    study = study_of(frame, miss_cost=0.0)
    text = "miss ill as * = 30; miss odd as well = 4"
    recipe = Recipe.of("cost_matrix_decision", cost_matrix_decision={"costs": text})
    assert Recipe.parse(recipe.text) == recipe
    result = cost_matrix.matrix_panel(study, text, recipes=[Recipe()])
    table_of_costs = cost_table(text, study.classes)
    proba = study.out_of_fold(Recipe())
    calls = cost_matrix.decide_by_costs(proba, table_of_costs)
    cost = 1000 * np.mean(table_of_costs[study.codes, calls])
    rows = result.tables["decisions"].set_index(["decision", "metric"])["value"]
    assert rows["least expected cost", COST_PER] == pytest.approx(cost, rel=0.01)
    assert result.tables["differences"]["high"].iloc[0] < 0
    fitted = study.fitted(recipe, np.arange(1000))
    assert isinstance(fitted, LeastCost) and np.isnan(fitted.threshold_)
    assert (fitted.predict(study.dataset.X) == calls).all()
    shares = result.tables["confusion"].groupby(["recipe", "decision"])["rows_per_1000"].sum()
    assert shares.to_numpy() == pytest.approx(1000)


def test_with_two_classes_the_matrix_is_the_cost_threshold(study):
    recipe = Recipe.of("cost_matrix_decision", cost_matrix_decision={"costs": "miss well as ill = 2"})
    fitted = study.fitted(recipe, np.arange(2000))
    assert fitted.threshold_ == pytest.approx(2 / 22) == study.classifier(recipe).threshold_of_costs
    at = cost_matrix.matrix_panel(study, recipes=[Recipe()], prevalence_at_use=0.02).tables["decisions"]
    binary = costs.cost_panel(study, recipes=[Recipe()], prevalence_at_use=0.02)
    same = at.query("decision == 'least expected cost' and metric == @COST_PER")["value"].iloc[0]
    assert same == pytest.approx(value(binary, AT_COST)["value"], rel=0.03)


@pytest.mark.parametrize("kind", ["sample", "time", "many"])
def test_other_tables(kind):
    """A working sample speaks of the whole table, folds in time of the rows that are tested, and 12 classes are one against the rest."""
    frame = table(1200)
    if kind == "many":
        labels = np.array([f"kind {i}" for i in range(11)])[np.random.default_rng(1).integers(0, 11, len(frame))]
        frame["state"] = np.where(frame["state"] == "ill", "ill", labels)
        study = study_of(frame)
    else:
        frame["day"] = np.arange(len(frame))
        choices = {"working_rows": 500} if kind == "sample" else {"roles": {"day": "time"}}
        study = Study(Dataset.from_frame(frame, "state", **choices), positive="ill", learner="linear", miss_cost=20.0)
    result = costs.cost_panel(study, recipes=[Recipe()])
    assert value(result, NONE)["value"] == pytest.approx(20_000 * said(result)["prevalence in the table"])
    assert result.tables["decisions"].query("metric == @COST_PER")["value"].between(0, 2500).all()
    if kind == "sample":
        assert said(result)["prevalence in the table"] == pytest.approx((frame["state"] == "ill").mean())
        assert len(study.codes) == 500
    panel = cost_matrix.matrix_panel(study, "miss ill as * = 5", recipes=[Recipe()])
    assert panel.tables["confusion"]["rows_per_1000"].sum() == pytest.approx(4000)
    assert set(cost_matrix.draw(panel)) == {"What decisions cost", "Stated costs"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ["--miss-cost", "20", "--prevalence", "0.02", "--recipe", "tuned_threshold"],
            "from 0.201 on is the cheapest rule",
        ),
        (["--rank", "call none", "call all"], "is worth at least"),
        (["--cost-matrix", "miss ill as well = 12"], "Do nothing: least expected cost"),
        ([], "No cost is stated."),
    ],
)
def test_the_command(tmp_path, capsys, options, words):
    frame = table(600)
    frame.to_csv(tmp_path / "ward.csv", index=False)
    assert main(["costs", str(tmp_path / "ward.csv"), "--target", "state", *options]) == (0 if options else 2)
    told = capsys.readouterr()
    assert words in told.out + told.err


def test_scores_of_noise_are_hardly_ever_worth_having():
    """20 tables whose scores say nothing: the model stands in few cells of the map, and never by rounding alone."""
    shares = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        frame = table(1000, seed=seed).assign(risk=rng.permutation(table(1000, seed=seed)["risk"]))
        study = study_of(frame)
        grid = cost_map(study, stated(study), study.out_of_fold())
        shares.append((grid["cheapest"] == MODEL).mean())
    assert np.mean(shares) < 0.05 and np.median(shares) == 0


def test_comparisons_are_priced_at_the_stated_costs_and_use(study):
    """Total cost and weighted accuracies of every fold are those of counting its confusion matrix at the prevalence of use."""
    found = score_fold(study, Recipe(), 0)
    outcomes = {Recipe(): [found, score_fold(study, Recipe(), 1)]}
    result = compare(study, outcomes, prevalence_at_use=0.02)
    scores = result.tables["scores"].query("cut == @AT_OWN").set_index("metric")["value"]
    totals, weighted = [], []
    for one in outcomes[Recipe()]:
        matrix, own = one.matrices[AT_OWN], study.positive_code
        found_share = matrix[own, own] / matrix[own].sum()
        quiet = matrix[1 - own, 1 - own] / matrix[1 - own].sum()
        totals.append(1000 * (0.02 * 20 * (1 - found_share) + 0.98 * (1 - quiet)))
        weighted.append((0.02 * 20 * found_share + 0.98 * quiet) / (0.02 * 20 + 0.98))
    assert scores[TOTAL] == pytest.approx(np.mean(totals)) and scores[WEIGHTED] == pytest.approx(np.mean(weighted))
    most = 1000 * (0.02 * 20 + 0.98)
    assert scores[WEIGHTED] == pytest.approx(1 - scores[TOTAL] / most), "what is left of the cost"
    assert abs(scores[EXPECTED] - scores[WEIGHTED]) < 0.05
    plain = compare(study, outcomes)
    here = plain.tables["scores"].query("cut == @AT_OWN").set_index("metric")["value"]
    assert TOTAL in set(told_once(result)["metric"]) and TOTAL not in set(told_once(plain)["metric"]), "never twice"
    assert here[TOTAL] == pytest.approx(here[COST], rel=0.01), "at the prevalence of the table"
    scores = plain.tables["scores"]
    apart = scores.assign(value=scores["value"] * np.where(scores["metric"] == TOTAL, 1.2, 1))
    told = told_once(replace(plain, tables={"scores": apart}))
    assert TOTAL in set(told["metric"]), "folds that follow time do not have the shares of the table"
    wide = compare(study, outcomes, between=(20, 400)).tables["scores"].query("cut == @AT_OWN").set_index("metric")
    assert wide["value"][WEIGHTED] == here[WEIGHTED] and wide["value"][EXPECTED] > here[EXPECTED], (
        "dearer misses are possible, and few are missed"
    )
    changes = result.tables["differences"]
    assert {TOTAL, WEIGHTED, EXPECTED} <= set(changes["metric"])
    free = study.with_(miss_cost=0.0)
    plain = compare(free, {Recipe(): [score_fold(free, Recipe(), fold) for fold in (0, 1)]})
    assert not {TOTAL, WEIGHTED} & set(plain.tables["scores"]["metric"]), "no cost is stated"


def test_a_comparison_sums_the_costs_of_rows_and_drops_accuracies_that_mislead():
    """With a column of costs the cost of a fold is the sum over its missed rows; where 2 % of them carry most, no accuracy is shown."""
    frame = table(1500)
    for name, misleads in (("amount", False), ("heavy", True)):
        data = Dataset.from_frame(frame, "state", roles={name: "cost"})
        study = Study(data, positive="ill", learner="linear", miss_cost=20.0)
        found = score_fold(study, Recipe(), 0)
        test, own = study.folds[0][1], study.codes == study.positive_code
        called = study.fit_predict_proba(Recipe(), *study.folds[0])[:, study.positive_code] >= found.threshold
        raw = frame[name].to_numpy()
        lost = (raw * 20 / raw[own].mean())[test][own[test] & ~called].sum()
        assert found.scores[COST, AT_OWN] == pytest.approx(1000 * (lost + (called & ~own[test]).sum()) / len(test))
        shown = set(compare(study, {Recipe(): [found, score_fold(study, Recipe(), 1)]}).tables["scores"]["metric"])
        assert TOTAL in shown and (not shown & {WEIGHTED, EXPECTED}) == misleads
