"""What the accounts of the ledger promise: no more than their own rows, and nothing where nothing was measured."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.ledger.gains import _as_elsewhere, _scarce
from core.study import Study
from core.synthetic import planted


def test_a_group_is_promised_the_rate_of_the_others_for_the_rows_of_its_account_alone():
    some = np.arange(260) < 18
    found = np.arange(260) >= 90  # none of 18 in the group, 170 of 242 elsewhere
    inside = np.arange(109) < 11  # 7 rows of the group stand in an earlier account
    gain = _as_elsewhere(SimpleNamespace(found=found, n_class=260), inside, some, ~some, "the others")
    assert gain.value == pytest.approx(11 / 260 * 170 / 242)
    assert gain.low < gain.value < gain.high <= 11 / 260


def test_twice_the_rows_are_promised_the_paired_gain_of_the_curve():
    ahead = pd.DataFrame({"times": [2, 4], "gain": [0.02, 0.03], "gain_low": [-0.01, 0], "gain_high": [0.06, 0.09]})
    case = SimpleNamespace(n_class=100, curve=SimpleNamespace(ahead=ahead))
    gain = _scarce(case, np.arange(40) < 30)
    assert (gain.value, gain.low, gain.high) == (0.02, 0.0, 0.06)


def test_weights_win_nothing_back_from_overlap_and_its_sentence_says_what_it_would_take():
    result = engine.run("missed_rows", Study(planted("overlap")))
    row = result.tables["accounts"].set_index("account").loc["In another class's region"]
    assert row["gain_low"] < 0 < row["gain_high"] and "as many alarms" in row["basis"]
    assert not result.tables["waterfall"]["step"].str.contains("overlap").any()
    assert any("only together with rows of that class" in finding.text for finding in result.findings)
    assert not any("cannot be won back" in finding.text for finding in result.findings)


def test_a_row_that_its_own_class_claims_is_said_to_lie_in_mixed_classes_and_braces_in_names_stay_text():
    dataset = planted("overlap")
    braced = dataset.y.astype(str).map({"rare": "rare {0}", "common": "common {x}"})
    study = Study(Dataset.from_frame(dataset.X.assign(outcome=braced), "outcome"))
    rows = engine.run("missed_rows", study).tables["rows"]
    reasons = rows.loc[rows["account"] == "In another class's region", "reason"]
    assert reasons.str.contains("'common {x}' has", regex=False).all()
    ahead = reasons.str.startswith("At equal class sizes")
    shares = reasons.str.extract(r"has ([0-9.]+) %")[0].astype(float)
    assert ahead.any() and (shares[ahead] >= 50).all() and (shares[~ahead] <= 50).all()
