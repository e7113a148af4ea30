"""The command line: what it prints, and two sentences and a 2 for every mistake of an analyst."""

import argparse
import json

import pytest

from core import __main__ as command_line
from core.registry import methods

TABLE = "age,colour,id,outcome\n" + "".join(
    f"{i % 17},{'rgb'[i % 3]},{i + 1000},{'yes' if i % 8 == 0 else 'no'}\n" for i in range(160)
)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(capsys, *arguments):
    code = command_line.main([str(argument) for argument in arguments])
    held = capsys.readouterr()
    return code, held.out, held.err


def test_diagnose_prints_the_class_of_interest_and_the_findings(capsys, table):
    code, out, err = run(capsys, "diagnose", table, "--target", "outcome", "--only", "class_distribution")
    assert code == 0
    assert "Class of interest 'yes': 20 of 160 rows (12 %)" in out
    assert "CAUTION: 'yes' has fewer than 30 rows" in out
    assert "1 of 1: Class distribution" in err
    assert "--leave-out 'id'" in err


def test_what_was_changed_while_reading_is_said(capsys, table):
    table.write_text(TABLE + "inf,r,7,no\n3,r,8,\n", encoding="utf-8")
    code, out, _ = run(capsys, "diagnose", table, "--target", "outcome", "--only", "class_distribution")
    assert code == 0
    assert "Note: 1 row without a label in column 'outcome' left out." in out
    assert "Note: 1 infinite value taken as missing." in out


def test_a_method_option_reaches_the_method(capsys, table):
    options = ["--only", "class_distribution", "--class_distribution.fewest", "15"]
    _, out, _ = run(capsys, "diagnose", table, "--target", "outcome", *options)
    assert "CAUTION" not in out


def test_every_method_has_its_options(capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(["diagnose", "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for item in methods("diagnostic"):
        for parameter in item.params:
            assert f"--{item.slug}.{parameter.name}" in text


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_a_report_is_written(capsys, table, tmp_path, suffix):
    path = tmp_path / f"out.{suffix}"
    code, _, err = run(
        capsys, "diagnose", table, "--target", "outcome", "--only", "class_distribution", "--report", path
    )
    assert code == 0
    assert "Report written" in err
    text = path.read_text(encoding="utf-8")
    assert "Class distribution" in text
    if suffix == "json":
        assert json.loads(text)["diagnoses"][0]["slug"] == "class_distribution"


def test_evaluate_prints_verdict_scores_and_progress(capsys, table, tmp_path):
    arguments = ["--target", "outcome", "--learner", "linear", "--folds", "3", "--repeats", "1"]
    report = ["--report", tmp_path / "r.md"]
    code, out, err = run(capsys, "evaluate", table, *arguments, "--recipe", "class_weights+tuned_threshold", *report)
    assert code == 0
    assert "Do nothing\n" in out
    assert "Class weights + Tuned threshold\n" in out
    assert "average precision" in out
    assert "Class shares and costs that the recipes assert" in out
    assert "Weighting 'yes' to parity says that one miss costs as much as 7 false alarms." in out
    assert "6 of 6 folds" in err
    assert "## Comparison of recipes" in (tmp_path / "r.md").read_text(encoding="utf-8")


def test_a_test_file_is_scored_once_at_the_end(capsys, table, tmp_path):
    later = tmp_path / "later.csv"
    later.write_text(TABLE.replace(",r,", ".5,r,").replace(",g,", ".5,g,").replace(",b,", ".5,b,"), encoding="utf-8")
    choices = ("--learner", "linear", "--folds", "2", "--repeats", "1", "--recipe", "class_weights")
    code, out, _ = run(capsys, "evaluate", table, "--target", "outcome", "--leave-out", "id", *choices, "--test", later)
    assert code == 0
    final = out[out.index("The final score on the test rows") :]
    assert "On 160 test rows, 20 of them 'yes', doing nothing has average precision" in final
    code, _, err = run(capsys, "evaluate", table, "--target", "outcome", *choices, "--test", table)
    assert code == 2
    assert "also stand in the training file" in err


def test_how_a_file_is_written_can_be_stated(capsys, tmp_path):
    path = tmp_path / "odd.txt"
    lines = [f"'{i}.500';{'yes' if i % 4 else 'no'}" for i in range(1, 60)]
    path.write_text("\n".join(["about this file", *lines]), encoding="utf-8")
    stated = ("--skip", "1", "--header", "no", "--quote", "'", "--thousands", ".", "--delimiter", ";")
    code, out, _ = run(capsys, "diagnose", path, "--target", "column 2", "--only", "column_roles", *stated)
    assert code == 0
    assert "Class of interest 'no': 14 of 59 rows (24 %)" in out
    assert "1 with numbers and 0 with text" in out


def test_suggest_names_target_and_identifier(capsys, table):
    code, out, _ = run(capsys, "suggest", table)
    assert code == 0
    assert "'outcome':" in out
    assert "'id':" in out.partition("Leave out")[2]


def test_methods_lists_every_method(capsys):
    _, out, _ = run(capsys, "methods")
    _, markdown, _ = run(capsys, "methods", "--markdown")
    for item in (*methods("diagnostic"), *methods("remedy")):
        assert item.slug in out
        assert f"(`{item.slug}`)" in markdown


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        (["diagnose", "TABLE"], "No target column is given.", "likely ones are 'outcome'"),
        (["diagnose", "TABLE", "--target", "outcom"], "no column named 'outcom'", "'outcome'"),
        (["diagnose", "TABLE", "--target", "outcome", "--class", "ja"], "no class named 'ja'", "'no'"),
        (["diagnose", "TABLE", "--target", "outcome", "--learner", "bosted"], "'bosted'", "'boosted'"),
        (["diagnose", "TABLE", "--target", "outcome", "--only", "class_distributin"], "diagnostic", "'class_distribution'"),
        (["diagnose", "TABLE", "--target", "outcome", "--report", "r.pdf"], "no kind of report", ".html"),
        (["diagnose", "TABLE", "--target", "outcome", "--report", "no/such/r.md"], "does not exist", "another path"),
        (["diagnose", "TABLE", "--target", "outcome", "--folds", "1"], "--folds is 1", "from 2 to 20"),
        (["diagnose", "TABLE", "--target", "outcome", "--cost", "x"], "--cost", "--help"),
        (["diagnose", "TABLE", "--target", "outcome", "--fold", "3"], "no option named '--fold'", "'--folds'"),
        (["diagnose", "TABLE", "--target", "outcome", "--class_distribution.fewst", "3"], "no option", "fewest'"),
        (
            ["diagnose", "TABLE", "--target", "outcome", "--only", "class_distribution", "--class_distribution.fewest", "x"],
            "'x' is not a value of 'fewest'", "like 30",
        ),
        (["evaluate", "TABLE", "--target", "outcome"], "No recipe is given.", "--recipe"),
        (["evaluate", "TABLE", "--target", "outcome", "--recipe", "smot"], "'smot'", "'smote'"),
        (["diagnose", "no-such-file.csv", "--target", "outcome"], "no-such-file.csv", "Check"),
        (["frobnicate"], "frobnicate", "--help"),
        ([], "required", "--help"),
    ],
)  # fmt: skip
def test_a_mistake_is_two_sentences_and_a_2(capsys, table, arguments, problem, remedy):
    code, out, err = run(capsys, *[table if argument == "TABLE" else argument for argument in arguments])
    assert code == 2
    assert out == ""
    first, second = [line for line in err.splitlines() if not line.startswith("Consider")]
    assert problem in first
    assert remedy in second
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"a\n1\n2\n",
        b"a,outcome\n1,x\n2,x\n",
        b"a,outcome\n1,\n2,\n",
        b"a,outcome\n1,x\n2,y\n",
    ],
)
def test_a_file_that_cannot_be_analysed_is_two_sentences_and_a_2(capsys, tmp_path, content):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    code, _, err = run(capsys, "diagnose", path, "--target", "outcome")
    assert code == 2
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if not line.startswith("Consider")]) == 2


def test_a_folder_is_refused(capsys, tmp_path):
    code, _, err = run(capsys, "diagnose", tmp_path, "--target", "outcome")
    assert code == 2
    assert "is a folder" in err


def test_names_from_the_file_cannot_move_the_cursor(capsys, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text(
        "a,\x1b[2Joutcome\n" + "".join(f"{i},{'x' if i % 5 else chr(27) + '[31mred'}\n" for i in range(100)),
        encoding="utf-8",
    )
    code, out, err = run(capsys, "diagnose", path, "--target", "\x1b[2Joutcome", "--only", "class_distribution")
    assert code == 0
    assert "\x1b" not in out + err


def test_where_the_work_runs_is_checked_before_it_begins(capsys, tmp_path):
    (tmp_path / "text").write_text("no store" * 100)
    for options, said in (
        (["--engine", "quick"], "no engine named 'quick'"),
        (["--store", tmp_path / "text"], "cannot be used as a store"),
        (["--store", tmp_path / "no" / "file"], "does not exist"),
        (["--limit", "-1"], "--limit is -1"),
    ):
        code, out, err = run(capsys, "compare", tmp_path / "no table", "--target", "a", "--recipe", "smote", *options)
        assert (code, out) == (2, "") and said in err


def test_a_stopped_command_says_so(capsys, monkeypatch):
    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_parsed", lambda *_: argparse.Namespace(command=stopped))
    assert run(capsys, "methods") == (130, "", "Stopped.\n")
