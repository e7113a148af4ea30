"""Rows at use: whether class shares explain how they are spread, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f

from core import Dataset, Study
from core.errors import UserError
from core.evaluation.prior_at_use import prior_at_use, share_to_take, told
from core.evaluation.shift_contradicted import COLUMN, SCORES, contradicted, findings
from core.held_out import rows_at_use
from core.numerics.shift_fit import explained, n_bins
from core.synthetic import planted
from core.table import Table


def test_two_classes_and_three_bins_by_hand():
    known, new = np.array([[600, 300, 100], [20, 30, 50]]), np.array([100, 120, 80])
    own, spread = np.array([0.7, 0.3]), np.array([[4e-4, -4e-4], [-4e-4, 4e-4]])
    fit = explained(known, new, own, spread)
    H, near = known / known.sum(axis=1, keepdims=True), known + 0.5
    near = near / near.sum(axis=1, keepdims=True)
    r, m = new / 300 - own @ H, own @ near
    parts = [
        (np.diag(p) - np.outer(p, p)) * by for p, by in ((m, 1 / 300), (near[0], 0.49 / 1000), (near[1], 0.09 / 100))
    ]
    V = (sum(parts) + H.T @ spread @ H)[:2, :2]
    statistic, traces = r[:2] @ np.linalg.inv(V) @ r[:2], np.array([np.trace(part) for part in parts])
    nu = traces.sum() ** 2 / (traces**2 / [299, 999, 99]).sum()
    assert fit.statistic == pytest.approx(statistic) and fit.df == 2 and fit.n_bins == 3
    assert fit.p == pytest.approx(f.sf(statistic * (nu - 1) / (2 * nu), 2, nu - 1))
    free = explained(known, new, own)  # the best shares leave one degree of freedom, and are never worse
    assert free.df == 1 and free.statistic < statistic


def test_the_test_keeps_its_level_with_few_rows_of_a_class_that_is_frequent_at_use():
    rng, kept = np.random.default_rng(0), []
    for _ in range(300):
        sizes = rng.multinomial(500, [0.7, 0.3])
        rows = [rng.normal(c, 1, n) for c, n in ((0, 980), (1, 20), (0, sizes[0]), (1, sizes[1]))]
        edges = np.quantile(rows[0], [0.3, 0.6, 0.9])
        bins = [np.bincount(np.searchsorted(edges, x), minlength=4) for x in rows]
        kept.append(explained(np.array(bins[:2]), bins[2] + bins[3], np.array([0.7, 0.3])).p)
    assert 0.02 < np.mean(np.array(kept) <= 0.05) < 0.09  # 300 draws at .05: 0.025 to 0.075 with a little room
    assert n_bins(np.array([980, 20])) == 4 and n_bins(np.array([900, 400])) == 10


def test_a_column_that_moved_and_gaps_that_are_new_are_named():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1], [900, 100])
    known = pd.DataFrame({"same": rng.normal(codes, 1), "moved": rng.normal(codes, 1), "gaps": rng.normal(size=1000)})
    known["text"] = pd.Categorical(rng.choice(list("abc"), 1000))
    own = np.repeat([0, 1], [200, 200])
    new = pd.DataFrame({"same": rng.normal(own, 1), "moved": rng.normal(own + 0.8, 1), "gaps": rng.normal(size=400)})
    new.loc[:99, "gaps"] = np.nan
    new["text"] = pd.Categorical(rng.choice(list("abc"), 400, p=[0.8, 0.1, 0.1]), categories=list("abc"))
    draws = rng.dirichlet([200, 200], 100)
    odds = known["same"].to_numpy(), new["same"].to_numpy()
    table = contradicted(known, codes, new, odds, np.array([0.5, 0.5]), draws).set_index("column")
    assert table["contradicted"].to_dict() == {"": False, "same": False, "moved": True, "gaps": True, "text": True}
    assert table.loc["", "looked_at"] == SCORES and (table["looked_at"][1:] == COLUMN).all()
    assert table.loc["gaps", "distance"] > 0.2 > table.loc["gaps", "chance"]
    text = findings(table.reset_index(), 400)[0].text
    assert text.startswith("3 of 4 columns (75 %) are spread at use as") and any(
        f"'{name}'" in text for name in ("moved", "gaps")
    )
    other = np.random.default_rng(1).normal(0, 0.1, 400)  # scores between the classes, where neither has many
    table = contradicted(known[["same"]], codes, new[["same"]], (odds[0], other), np.array([0.5, 0.5]), draws)
    assert findings(table, 400)[0].text.startswith("The scores at use are spread as no class shares explain")


def test_the_share_is_taken_over_only_where_it_holds():
    study = Study(planted("overlap", class_sizes=(900, 100)), learner="linear", positive="rare")
    X = planted("overlap", class_sizes=(150, 150), random_state=1).X
    found = prior_at_use(study, X)
    assert 0.3 < share_to_take(study, found) < 0.8
    assert "This rests on 1,000 rows, 100 of them 'rare', in 5 folds drawn with seed 0" in found.findings[3].text
    assert found.findings[2].text.startswith("Nothing speaks against that only the class shares have changed")
    squeezed = prior_at_use(study, X * 0.1)
    assert np.isnan(share_to_take(study, squeezed)) and squeezed.severity == "caution"
    assert squeezed.findings[0].text.endswith("The rows contradict that, so this number does not hold.")
    few = told(study, X.head(4))
    assert few.severity == "not applicable" and np.isnan(share_to_take(study, few)) and not few.tables


def test_a_file_of_rows_at_use_is_read_as_a_test_file_is():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=60), "kind": rng.choice(list("ab"), 60), "y": list("no") * 30})
    data, new = Dataset.from_frame(frame, "y"), frame.assign(size=frame["size"] + 1)
    X, notes = rows_at_use(data, Table.from_frame(new.drop(columns="y").assign(kind="c", more=1)))
    assert (
        list(X) == ["size", "kind"] and X["kind"].isna().all() and len(notes) == 1 and "no training row has" in notes[0]
    )
    for other, text in (
        (new.drop(columns="size"), "The file has no column 'size'."),
        (new.head(0), "The file has no rows."),
        (frame, "60 of 60 rows (100 %) of the file also stand in the table"),
        (new.assign(size="wide"), "Column 'size' holds numbers in the training rows and text in the use rows"),
    ):
        with pytest.raises(UserError, match=text.replace("(", r"\(").replace(")", r"\)")):
            rows_at_use(data, Table.from_frame(other))
    shared = pd.concat([new.head(50), frame.head(10)])
    assert rows_at_use(data, Table.from_frame(shared))[1] == (
        "10 of 60 rows (17 %) of the file equal a row of the table, from which the model has learned.",
    )
