"""Gaps of a working sample with three classes: what is said of them holds for the whole table."""

from dataclasses import replace

import numpy as np
import pandas as pd

from core.dataset import Dataset
from core.diagnostics.leakage.nuisance_leak import nuisance_leak
from core.diagnostics.missingness.missing_at_random import missing_at_random
from core.diagnostics.missingness.missing_cells import missing_cells
from core.diagnostics.missingness.missing_patterns import missing_patterns
from core.diagnostics.missingness.missingness_leak import missingness_leak
from core.numerics.case_control import draw, sampling_plan
from core.study import Study


def studies(n=60_000, size=6_000):
    """A table whose middle class has the gaps, another mean and another site; and a working sample of it with far more of that class."""
    rng = np.random.default_rng(0)
    codes = rng.choice(3, n, p=[0.94, 0.05, 0.01])
    frame = pd.DataFrame({"level": rng.normal(size=n) + 2 * (codes == 1), "lab": rng.normal(size=n)})
    frame["lab"] = frame["lab"].mask(rng.random(n) < np.where(codes == 1, 0.6, 0.1))
    frame["site"] = np.where(rng.random(n) < np.where(codes == 1, 0.9, 0.3), "north", "south")
    frame["outcome"] = np.array(["common", "middle", "rare"], dtype=object)[codes]
    whole = Dataset.from_frame(frame, "outcome", working_rows=0)
    rows, represents = draw(codes, sampling_plan(np.bincount(codes), size))
    X, y = (part.iloc[rows].reset_index(drop=True) for part in (whole.X, whole.y))
    part = replace(whole, X=X, y=y, represents=represents, fingerprint="part")
    return [Study(data, positive="rare", learner="linear") for data in (whole, part)]


def test_numbers_of_a_working_sample_are_those_of_all_rows():
    whole, part = studies()
    area = [
        missing_at_random(study).tables["pairs"].query("other == 'level'")["value"].iloc[0] for study in (whole, part)
    ]
    assert abs(area[0] - area[1]) < 0.05, "in the rows as they are in hand it is 0.7"
    apart = nuisance_leak(part).tables["depends"]["difference"].iloc[0]
    assert apart < 0.07, "0.03 in the table, 0.3 among the rows in hand"
    alone = [missingness_leak(study).tables["columns"]["auc"].iloc[0] for study in (whole, part)]
    assert abs(alone[0] - alone[1]) < 0.05, "0.62 among the rows in hand"
    tables = [missing_patterns(study).tables["patterns"] for study in (whole, part)]
    assert min(table["p_holm"].min() for table in tables) > 0.01, "below 0.001 beside the rest in hand"
    assert tables[1]["share_low"].iloc[1] < tables[0]["share"].iloc[1] < tables[1]["share_high"].iloc[1]
    texts = " ".join(finding.text for one in (missing_cells(part), missing_patterns(part)) for finding in one.findings)
    assert "of 60,000 rows" in texts
    assert "6,000 rows in hand" in texts
