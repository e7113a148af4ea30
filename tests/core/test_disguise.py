"""Missing values in disguise: what behaves like one is named, what does not is left alone, and nothing changes unasked."""

import numpy as np
import pandas as pd
import pytest

from core.reading.disguise import applied, suspected_missing

RNG = np.random.default_rng(0)
N = 600
PRESSURE = RNG.normal(72, 10, N).round()


def sprinkled(values, code, share):
    values = np.array(values, dtype=object if isinstance(code, str) else None)
    values[RNG.random(N) < share] = code
    return values


NAMED = {
    "0 in a measurement": ("a", sprinkled(PRESSURE, 0, 0.05), "0", "guess"),
    "0 in a measurement that says so": ("blood_pressure", sprinkled(PRESSURE, 0, 0.3), "0", "likely"),
    "one 0 in a blood pressure": ("BloodPressure", np.append(0, PRESSURE[1:]), "0", "likely"),
    "-999": ("a", sprinkled(PRESSURE, -999, 0.05), "-999", "likely"),
    "999": ("a", sprinkled(PRESSURE, 999, 0.02), "999", "likely"),
    "99 above scores": ("a", sprinkled(RNG.integers(0, 40, N), 99, 0.04), "99", "likely"),
    "-1 for never": ("a", sprinkled(RNG.integers(0, 300, N), -1, 0.8), "-1", "guess"),
    "-9 below counts": ("a", sprinkled(RNG.integers(0, 40, N), -9, 0.02), "-9", "guess"),
    "0 for a year": ("a", sprinkled(RNG.integers(1950, 2020, N), 0, 0.02), "0", "guess"),
    "88 above scores": ("a", sprinkled(RNG.integers(0, 10, N), 88, 0.05), "88", "likely"),
    "unbekannt": ("a", sprinkled(["x", "y"] * (N // 2), "unbekannt", 0.1), "unbekannt", "likely"),
    "?": ("a", sprinkled(["x", "y"] * (N // 2), "?", 0.1), "?", "likely"),
    "Unknown": ("a", sprinkled(["x", "y"] * (N // 2), "Unknown", 0.4), "Unknown", "likely"),
    "-": ("a", sprinkled(["x", "y"] * (N // 2), "-", 0.1), "-", "guess"),
    "1900": ("a", sprinkled([f"2020-01-{i % 28 + 1:02d}" for i in range(N)], "1900-01-01", 0.1), "1900-01-01", "guess"),
}
ALONE = {
    "counts": RNG.poisson(1.5, N),
    "amounts with a common 0": np.where(RNG.random(N) < 0.4, 0, RNG.lognormal(4, 1, N)),
    "waiting times": RNG.exponential(1, N).round(1),
    "balances": RNG.normal(0, 100, N).round(),
    "codes up to 9": RNG.integers(0, 10, N),
    "percentages up to 99": RNG.integers(0, 100, N),
    "mostly 0": np.where(RNG.random(N) < 0.9, 0, RNG.normal(100, 5, N)),
    "none as a level": np.array(["none", "some", "much"] * (N // 3), dtype=object),
    "refused as a level": np.array(["agreed", "refused", "asked"] * (N // 3), dtype=object),
    "one word": np.array(["?"] * N, dtype=object),
    "nothing": np.full(N, np.nan),
    "infinite": np.array([np.inf, -np.inf] * (N // 2)),
    "two values": np.array([0, 999] * (N // 2)),
}


@pytest.mark.parametrize("case", NAMED)
def test_named(case):
    name, values, value, confidence = NAMED[case]
    frame = pd.DataFrame({name: values, "z": np.arange(N)})
    (one,) = suspected_missing(frame)
    n = int((frame[name].astype(str).isin([value, f"{value}.0"])).sum())
    assert (one.column, one.value, one.n, one.confidence) == (name, value, n, confidence)
    assert f"{n} of 600 rows" in one.reason
    after = applied(frame, [one])
    assert after[name].isna().sum() == n and not frame[name].isna().any()
    pd.testing.assert_series_equal(after["z"], frame["z"])
    assert suspected_missing(after) == ()


def test_left_alone():
    assert suspected_missing(pd.DataFrame(ALONE)) == ()
    assert suspected_missing(pd.DataFrame({"a": pd.Categorical(["x", "y"] * 20, categories=["?", "x", "y"])})) == ()


def test_a_narrow_gap_needs_the_gaps_of_another_column():
    """Zeros a little below the others, as in a measurement of insulin, count where another column is missing with them."""
    low = RNG.integers(20, 200, N)
    low[:200] = 0
    partner = PRESSURE.copy()
    partner[:60] = np.nan
    assert suspected_missing(pd.DataFrame({"a": low, "b": PRESSURE})) == ()
    (one,) = suspected_missing(pd.DataFrame({"a": low, "b": partner}))
    assert (one.column, one.value, one.n) == ("a", "0", 200)
    assert "60 of 200 rows (30 %) with it, 'b' lacks its value too; by chance it would be 20" in one.reason


def test_none_counts_where_other_gaps_come_with_it():
    level = np.array(["none", "some", "much"] * (N // 3), dtype=object)
    frame = pd.DataFrame({"a": level, "b": np.where(level == "none", np.nan, PRESSURE)})
    assert [one.value for one in suspected_missing(frame)] == ["none"]


def test_the_target_and_its_numbers():
    frame = pd.DataFrame({"y": sprinkled(PRESSURE, -9, 0.1), "x": np.arange(N)})
    assert suspected_missing(frame, "y") == () and len(suspected_missing(frame)) == 1
