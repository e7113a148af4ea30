"""Made rows keep how columns go together; implausible ones are turned away; class sizes stay exact."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from core.errors import UserError
from core.learners.sampling.plausibility import REASONS, Gate, acceptance, through
from core.learners.sampling.rules import read_rules
from core.learners.sampling.sampler import OverSampler
from core.numerics.gaussian_copula import fit
from core.numerics.level_pairs import LevelPairs
from core.numerics.tetrachoric import bivariate_normal
from core.recipe import Recipe
from core.remedies.sampling.copula_synthesis import _drawn

OFF = {"rules": "", "impossible_pairs": False, "recognised": 1.0, "other_class": 1.0}


def made(X, y, **options):
    sampler = OverSampler(_drawn, OFF | options)
    rows, labels = sampler.fit_resample(X, y)
    return rows.iloc[len(X) :], labels[len(X) :], sampler


def only_numbers(numbers, n, seed=0):
    copula = fit(numbers, np.empty((len(numbers), 0), dtype=int))
    return copula, copula.draw(n, np.random.default_rng(seed))[0]


@pytest.fixture(scope="module")
def binary():
    """20,000 rows of ten 0/1 columns cut from normal variables, and the phi coefficients that these have in truth."""
    rng = np.random.default_rng(0)
    loadings = rng.normal(size=(10, 2)) * 0.9
    S = loadings @ loadings.T + np.diag(rng.uniform(0.3, 0.8, 10))
    R = S / np.sqrt(np.outer(np.diag(S), np.diag(S)))
    z = ndtri(rng.uniform(0.08, 0.6, 10))
    X = (rng.standard_normal((20_000, 10)) @ np.linalg.cholesky(R).T < z).astype(float)
    p = bivariate_normal(z, z, 1.0)
    both = bivariate_normal(z[:, None], z[None, :], np.clip(R, -1, 1))
    sd = np.sqrt(p * (1 - p))
    return X, (both - np.outer(p, p)) / np.outer(sd, sd), p, z


def test_phi_is_kept_where_the_naive_copula_loses_it(binary):
    X, phi, p, z = binary
    copula, rows = only_numbers(X, 40_000)
    off_diagonal = ~np.eye(10, dtype=bool)
    assert np.abs(np.corrcoef(rows.T) - phi)[off_diagonal].max() <= 0.02
    assert np.abs(rows.mean(axis=0) - p).max() <= 0.01 and np.abs(rows.mean(axis=0) - X.mean(axis=0)).max() <= 0.005
    assert np.linalg.eigvalsh(copula.correlation)[0] > -1e-9
    naive = np.linalg.cholesky(np.corrcoef(X.T))
    rows = np.random.default_rng(0).standard_normal((40_000, 10)) @ naive.T < z
    assert np.abs(np.corrcoef(rows.T) - phi)[off_diagonal].max() >= 0.1


def test_a_number_keeps_its_tie_to_a_yes_or_no_and_its_shape():
    """Polyserial: point-biserial correlations and a skewed distribution come back; whole columns stay whole, nothing lies outside."""
    rng = np.random.default_rng(0)
    Z = rng.multivariate_normal([0, 0, 0], [[1, 0.7, -0.5], [0.7, 1, 0], [-0.5, 0, 1]], 5000)
    X = np.column_stack([np.exp(Z[:, 0]), Z[:, 1] > 1.0, np.floor(np.exp(Z[:, 2]))])
    copula, rows = only_numbers(X, 10_000)
    assert copula.correlation[np.triu_indices(3, 1)] == pytest.approx([0.7, -0.5, 0], abs=0.04)
    ranks = [pd.DataFrame(table).rank().corr().to_numpy() for table in (X, rows)]
    assert np.abs(ranks[0] - ranks[1]).max() < 0.03
    assert np.quantile(rows, [0.1, 0.5, 0.9], axis=0) == pytest.approx(
        np.quantile(X, [0.1, 0.5, 0.9], axis=0), rel=0.02
    )
    assert set(rows[:, 1]) == {0, 1} and set(rows[:, 2]) <= set(X[:, 2])
    assert (rows.min(axis=0) >= X.min(axis=0)).all() and (rows.max(axis=0) <= X.max(axis=0)).all()


@pytest.fixture(scope="module")
def mixed():
    """A rare class of 400 in which place goes with payment, and the missing income with it; and a common one of 1,600."""
    rng = np.random.default_rng(0)
    n = 2000
    y = (np.arange(n) < 400).astype(int)
    place = np.where(y == 1, rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1]), rng.integers(0, 4, n))
    payment = np.where(place < 2, rng.choice(3, n, p=[0.8, 0.2, 0.0]), rng.choice(3, n, p=[0.1, 0.3, 0.6]))
    X = pd.DataFrame({
        "place": pd.Categorical(np.array(["north", "south", "east", "west"])[place]),
        "payment": pd.Categorical(np.array(["cash", "card", "bank"])[payment]),
        "income": 1000 + 100.0 * place + rng.normal(0, 80, n),
        "age": np.round(rng.uniform(18, 80, n)),
        "gone": rng.normal(size=n),
    })  # fmt: skip
    X.loc[rng.random(n) < np.where(payment == 2, 0.6, 0.05), ["income", "gone"]] = np.nan
    return X, y


def shares(X, *columns):
    return X.groupby(list(columns), observed=False).size() / len(X)


def test_texts_and_gaps_keep_their_ties(mixed):
    X, y = mixed
    rows, _, _ = made(X, y)
    real = X[y == 1]
    assert np.abs(shares(rows, "place") - shares(real, "place")).max() < 0.02
    assert np.abs(shares(rows, "place", "payment") - shares(real, "place", "payment")).max() < 0.04
    gap = [
        table.groupby("payment", observed=True)["income"].apply(lambda cells: cells.isna().mean())
        for table in (real, rows)
    ]
    assert np.abs(gap[0] - gap[1]).max() < 0.1 and gap[1]["bank"] > 0.5
    patterns = [set(map(tuple, table.isna().to_numpy())) for table in (real, rows)]
    assert patterns[1] <= patterns[0]


def test_it_repeats_and_differs_by_seed(mixed):
    X, y = mixed
    first, again = made(X, y, recognised=0.9)[0], made(X, y, recognised=0.9)[0]
    pd.testing.assert_frame_equal(first, again)
    other = OverSampler(_drawn, OFF, random_state=1).fit_resample(X, y)[0].iloc[len(X) :]
    assert not first.equals(other)


def test_unrelated_columns_of_a_small_class_stay_unrelated():
    """Thirty rows of independent columns: chance correlations are drawn towards 0, by more than half on average."""
    numbers = np.random.default_rng(0).normal(size=(30, 12))
    upper = np.triu_indices(12, 1)
    kept = np.abs(only_numbers(numbers, 10)[0].correlation[upper]).mean()
    assert kept < 0.5 * np.abs(np.corrcoef(numbers.T)[upper]).mean()


RULES = [
    ("age >= 18", [True, False, False, False]),
    ("age < 18 or age > 60", [False, True, False, False]),
    ("not (age = 40)", [False, True, False, False]),
    ("age in (17, 70)", [False, True, False, False]),
    ("age not in (17, 70)", [True, False, False, True]),
    ("sex = FEMALE", [False, True, False, False]),
    ("if pregnant = yes then sex = female", [False, True, False, False]),
    ("if age > 30 and sex != female then 'blood type' is not missing", [False, True, False, False]),
    ('"blood type" != "a; b"; ', [True, False, False, False]),
    ("age > weight", [False, True, False, True]),
    ("weight is missing", [True, True, False, True]),
]


@pytest.mark.parametrize(("text", "broken"), RULES, ids=[text for text, _ in RULES])
def test_a_rule_says_which_rows_break_it(text, broken):
    """A row whose missing cell decides breaks no rule."""
    X = pd.DataFrame({
        "age": [17.0, 40.0, np.nan, 70.0], "weight": [15.0, 60.0, np.nan, 80.0],
        "sex": pd.Categorical(["female", "male", "female", None]), "pregnant": pd.Categorical(["no", "yes", "yes", "no"]),
        "blood type": pd.Categorical(["a; b", None, "0", None]),
    })  # fmt: skip
    (rule,) = read_rules(text)
    assert rule.broken(X).tolist() == broken


MISTAKES = [
    ("agge > 18", "There is no column named 'agge'. Did you mean 'age'"),
    ("place = nort", "There is no value of 'place' named 'nort'. Did you mean 'north'"),
    ("place < north", "'place' holds text, which < does not compare"),
    ("age > old", "'age' holds numbers, and 'old' is neither a number nor a numeric column"),
    ("age >", "The rule 'age >' lacks a value"),
    ("if age > 18", "has an 'if' without a 'then'"),
    ("(age > 18", "has a bracket that is not closed"),
    ("age > 18 )", "where it should end"),
    ("age ! 18", "which is not understood"),
    ("(" * 300 + "age > 18", "more than 20 brackets"),
    ("__import__('os')", "has no sign such as = or >= after '__import__'"),
]


@pytest.mark.parametrize(("text", "problem"), MISTAKES, ids=[text[:20] for text, _ in MISTAKES])
def test_a_wrong_rule_is_one_sentence(mixed, text, problem):
    with pytest.raises(UserError) as raised:
        made(*mixed, rules=text)
    assert problem in str(raised.value)


def test_rules_travel_in_the_text_of_a_recipe():
    rules = "age >= 18; if a+b = 'x: y, 50 %' then weight in (1, 2)"
    recipe = Recipe.of("copula_synthesis", copula_synthesis={"rules": f"  {rules}\n"})
    assert dict(recipe.steps[0][1])["rules"] == rules
    assert recipe.text == ("copula_synthesis:rules=age >= 18; if a%2Bb = 'x%3A y%2C 50 %25' then weight in (1%2C 2)")
    both = Recipe.parse(recipe.text + "+tuned_threshold")
    assert both.without("decision") == recipe and both.slugs == ("copula_synthesis", "tuned_threshold")
    with pytest.raises(UserError, match="lacks a value"):
        Recipe.parse("copula_synthesis:rules=age >")


def test_rules_hold_in_made_rows_and_counts_stay_exact(mixed):
    X, y = mixed
    rows, labels, sampler = made(X, y, rules="income >= 1100; if place = west then payment = bank")
    assert len(rows) == 1200 and set(labels) == {1}
    assert not (rows["income"] < 1100).any() and set(rows.loc[rows["place"] == "west", "payment"]) == {"bank"}
    table = acceptance(sampler.passages_, np.array(["common", "rare"])).set_index("reason")
    assert table.loc["accepted", "rows"] >= 1200 and table.loc["breaks a rule", "share"] > 0.2
    assert list(table.index) == list(REASONS) and set(table["class"]) == {"rare"} and (table["copies"] == 0).all()
    real = X[y == 1]
    assert any("break the rule 'income >= 1100'" in note for note in sampler.notes_)
    assert any(f"{(real['income'] < 1100).sum()} of 400 real rows" in note for note in sampler.notes_)


def test_copies_stand_in_when_no_row_passes(mixed):
    X, y = mixed
    rows, _, sampler = made(X, y, rules="age > 1000")
    assert len(rows) == 1200 and sampler.passages_[0].copies == 1200
    assert any("1,200 of 1,200 rows (100 %) are copies of real rows" in note for note in sampler.notes_)
    real = {tuple(row) for row in X[y == 1].astype(str).to_numpy()}
    assert {tuple(row) for row in rows.astype(str).to_numpy()} <= real


def test_impossible_pairs_are_those_that_chance_would_not_leave_out():
    """Two columns of levels: one pair is never seen though 40 are expected, another though 2 are; a gap is a level too."""
    first = np.repeat([0, 0, 1, 2], [100, 92, 205, 3])
    second = np.repeat([0, 1, 0, 1], [100, 92, 205, 3])
    age = np.where(first == 1, np.nan, np.random.default_rng(0).random(400))
    pairs = LevelPairs(age[:, None], np.column_stack([first, second]))
    assert not pairs.broken(age[:, None], np.column_stack([first, second])).any()
    asked = [(np.nan, 1, 1, True), (0.2, 0, 1, False), (0.2, 2, 0, False), (np.nan, 0, 0, True), (0.2, 1, 0, True)]
    for value, one, other, broken in asked:
        assert pairs.broken(np.array([[value]]), np.array([[one, other]])).tolist() == [broken], (value, one, other)


@pytest.mark.parametrize(
    ("gate", "reason"),
    [(Gate(recognised=0.6, other_class=1.0), 3), (Gate(recognised=1.0, other_class=0.6), 4)],
    ids=["recognised", "other class"],
)
def test_models_turn_strange_rows_away(gate, reason):
    """A sampler whose rows lie half in their class and half elsewhere: the models find the half, and spare the real rows."""
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(0, 1, (400, 3)), rng.normal(6, 1, (200, 3))])
    y = np.repeat([0, 1], [400, 200])

    def choose(draw):
        def make(n):
            middle = np.where(draw.rng.random((n, 1)) < 0.5, 6.0, 0.0)
            return middle + draw.rng.normal(size=(n, 3)), np.empty((n, 0), dtype=int)

        return through(draw, make, gate)

    sampler = OverSampler(choose)
    rows, labels = sampler.fit_resample(X, y)
    counts = sampler.passages_[0].counts
    assert (labels == 1).sum() == 400 and counts[reason] / counts.sum() == pytest.approx(0.5, abs=0.08)
    assert (rows[600:].mean(axis=1) > 3).mean() > 0.95
