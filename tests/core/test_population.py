"""What is in all rows, and the sentence about the sample that is worked on."""

import numpy as np
import pandas as pd

from core import __main__ as command_line
from core.population import Population, drawn


def test_a_frame_is_described_exactly():
    frame = pd.DataFrame(
        {"x": [1.0, 2.0, np.nan, np.inf, 5.0], "w": ["a", None, "b", "b", "b"], "y": ["n", "n", "n", "p", None]}
    )
    found = Population.of_frame(frame, "y", frame["y"])
    assert found.counts.to_dict() == {"n": 3, "p": 1}
    assert (found.n_rows, found.n_unlabelled) == (5, 1)
    x = found.columns.set_index("column").loc["x"]
    assert (x["n_missing"], x["n_infinite"], x["n_different"], x["low"], x["high"], x["p50"]) == (1, 1, 4, 1, 5, 2)
    assert np.isclose(x["mean"], 8 / 3) and np.isclose(x["sd"], np.std([1, 2, 5], ddof=1))
    gaps = found.missing.set_index(["column", "class"])["n_missing"].to_dict()
    assert gaps == {("x", "n"): 1, ("x", "p"): 0, ("w", "n"): 1, ("w", "p"): 0}
    assert found.sentence == "Class counts, missing cells and the profile of columns come from all 5 rows."


def test_many_classes_make_one_short_sentence():
    codes = np.repeat(np.arange(12), [900, 800, 700, 600, 500, 40, 30, 20, 10, 9, 8, 7])
    found = drawn(codes, tuple("abcdefghijkl"), 300)
    assert found.sentence == (
        "All 7 rows of 'l', all 8 rows of 'k', 4 further rare classes kept whole, 36 of the 900 rows of 'a', 36 of the 800 rows of 'b' "
        "and 4 further larger classes cut to an equal share make the working sample; counts of classes, gaps and the profile of "
        "columns come from all 3,624 rows."
    )
    assert np.bincount(codes[found.rows], found.represents).round(6).tolist() == np.bincount(codes).tolist()
    assert drawn(codes, tuple("abcdefghijkl"), 0) is None
    assert drawn(codes, tuple("abcdefghijkl"), 3624) is None


def test_profile_and_rows_on_the_command_line(capsys, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "age,outcome\n" + "".join(f"{i % 17 if i % 5 else ''},{'yes' if i % 8 == 0 else 'no'}\n" for i in range(160))
    )
    assert command_line.main(["profile", str(path), "--target", "outcome"]) == 0
    out = capsys.readouterr().out
    assert "t.csv: 160 rows, 2 columns" in out
    assert "'yes'                          20 of 160 rows (12 %)" in out
    assert "4 of 20 cells (20 %)" in out
    assert "come from all 160 rows." in out
    assert command_line.main(["profile", str(path), "--target", "none"]) == 2
    arguments = ["diagnose", str(path), "--target", "outcome", "--rows", "60", "--only", "all_rows"]
    assert command_line.main(arguments) == 0
    out = capsys.readouterr().out
    assert "Class of interest 'yes': 20 of 160 rows (12 %)" in out
    assert "Note: All 20 rows of 'yes' and 40 of the 140 rows of 'no' make the working sample" in out
