"""What columns mean: questions before anything is split, roles, classes by rule, values in disguise, and rows kept apart."""

import re

import numpy as np
import pytest
from hostile_tables import markdown_texts

from pages.kit import tables as kept_tables

RNG = np.random.default_rng(0)
PATIENTS = "\n".join(
    ["patient_id,pressure,age,score,outcome"]
    + [
        f"p{k // 4},{0 if k % 9 == 0 else 60 + k % 50},{20 + k % 60},{k % 40},{'sick' if (k // 4) % 6 == 0 else 'well'}"
        for k in range(480)
    ]
).encode()


def csv_file(content, name="patients.csv"):
    return (name, content, "text/csv")


def texts(app):
    return re.sub(r"\\|\u2060", "", "\n".join(markdown_texts(app)))


def click(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception and not app.error


def test_groups_are_asked_about_and_then_rule_the_folds(opened):
    app = opened(upload=csv_file(PATIENTS))
    assert "A question] **patient_id**: its rows seem to belong together" in texts(app)
    click(app, "Keep its rows together")
    assert app.query_params["role"] == "group:patient_id"
    assert "A question] **patient_id**" not in texts(app)
    app.switch_page("steps/remedy.py").run()
    assert "120 groups" in texts(app), "every page says how the folds are drawn"


def test_rows_that_a_column_marks_as_synthetic_train_and_are_never_tested(opened):
    """480 real rows and 60 synthetic ones; then the marks are overruled, and mean the opposite."""
    lines = PATIENTS.split(b"\n")
    marked = [lines[0] + b",origin", *(line + b",real" for line in lines[1:])]
    marked += [
        f"p{900 + k},{60 + k % 50},{20 + k % 60}.5,{k % 40},{'sick' if k % 3 else 'well'},smote".encode()
        for k in range(60)
    ]
    given = {"upload": csv_file(b"\n".join(marked)), "data": "upload", "target": "outcome"}
    app = opened(**given, learner="linear", folds="2", repeats="1", recipe="imported_rows")
    assert "A question] **origin**: it seems to mark synthetic rows" in texts(app)
    click(app, "Train on its synthetic rows, never test them")
    assert app.query_params["role"] == "synthetic mark:origin"
    shown = texts(app)
    assert "Column 'origin' marks 60 rows as synthetic, by 'smote', and 480 as real, by 'real'." in shown
    assert "80 of 480 rows (17 %)" in shown and "60 rows marked as synthetic are never tested" in shown
    app.switch_page("steps/remedy.py").run()
    assert not app.exception and not app.error
    shown = texts(app)
    assert "It is not known which rows the 60 synthetic rows were made from." in shown
    assert "how the imported rows were made" in shown
    app.session_state["made view"] = "synthetic_rows"
    app.run()
    assert "40 imported rows of 'sick'" in texts(app)
    app.switch_page("steps/data.py").run()
    values = next(box for box in app.multiselect if box.label.endswith("that mark synthetic rows"))
    assert values.value == ["smote"]
    values.set_value(["real"]).run()
    assert app.query_params["synthetic"] == "real"
    assert not app.exception and not app.error
    assert "Column 'origin' marks 480 rows as synthetic, by 'real', and 60 as real, by 'smote'." in texts(app)


def test_a_value_in_disguise_is_taken_as_missing_only_when_asked(opened):
    app = opened(upload=csv_file(PATIENTS))
    shown = texts(app)
    assert "Missing in disguise?] **pressure**: 0 stands in 54 of 480 rows" in shown
    app.switch_page("steps/profile.py").run()
    assert "No cell is missing" in texts(app)
    app.switch_page("steps/data.py").run()
    click(app, "Take as missing")
    app.switch_page("steps/profile.py").run()
    assert "54 of 1,920 cells" in texts(app)
    app.switch_page("steps/data.py").run()
    click(app, "Keep it")
    assert "disguised" not in app.query_params


def test_a_number_becomes_classes_by_a_rule_with_its_sizes_shown(opened):
    app = opened(upload=csv_file(PATIENTS), data="upload", target="score", rule="cut:at=36")
    assert "The largest class has 9.0 times as many rows as the smallest" in texts(app)
    assert "48 of 480 rows (10 %)" in texts(app)
    app.slider[0].set_value(20.0).run()
    assert app.query_params["rule"] == "cut:at=20"
    app = opened(upload=csv_file(PATIENTS), data="upload", target="score", rule="cut:at=<b>", disguised='[["a"], "b"]')
    assert "rule" not in app.query_params, "what is no rule is forgotten"
    assert not app.exception


@pytest.mark.parametrize(
    "choices",
    [
        {"target": "outcome", "rule": "cut:at=7"},
        {"target": "outcome", "rule": "merge:sick|nobody"},
        {"target": "score", "rule": "cut:above=0.995", "disguised": "[" * 6000},
        {"role": "time:patient_id"},
        {"role": "synthetic mark:patient_id"},
    ],
)
def test_choices_that_make_no_study_can_be_changed_back(opened, choices):
    app = opened(upload=csv_file(PATIENTS), data="upload", **choices)
    assert not app.exception
    assert len(app.error) == 1
    assert "Roles of the columns" in [fold.label for fold in app.expander]


def test_a_test_file_that_does_not_fit_can_be_forgotten(opened):
    app = opened(upload=csv_file(PATIENTS))
    uploader = next(box for box in app.file_uploader if box.label == "Upload a test file")
    uploader.set_value(csv_file(PATIENTS.replace(b"pressure", b"other"), "later.csv")).run()
    assert "has no column" in app.error[0].value
    click(app, "Forget the test file")


def test_what_is_left_out_is_not_seen_whatever_its_role(opened):
    app = opened(
        "profile", upload=csv_file(PATIENTS), data="upload", target="outcome", role="feature:age", leave_out="age"
    )
    columns = next(box for box in app.selectbox if box.label == "Column").options
    assert "score" in columns
    assert "age" not in columns


def test_a_table_of_many_columns_is_drawn_in_time_that_grows_with_them(opened, monkeypatch):
    content = "\n".join(
        [",".join([f"x{j}" for j in range(300)] + ["y"]), *(",".join(["1"] * 300 + [y]) for y in "aabb" * 9)]
    )
    app, asked, plain = opened(upload=csv_file(content.encode())), [], kept_tables.target
    monkeypatch.setattr(kept_tables, "target", lambda: asked.append(1) or plain())
    app.run()
    assert not app.exception
    assert len(asked) < 100


def test_a_test_file_is_scored_when_it_is_opened_and_not_before(opened):
    app = opened(upload=csv_file(PATIENTS), learner="linear", repeats="1", folds="2")
    later = PATIENTS.replace(b",sick", b".5,sick").replace(b",well", b".5,well")
    uploader = next(box for box in app.file_uploader if box.label == "Upload a test file")
    uploader.set_value(csv_file(later, "later.csv")).run()
    assert "later.csv: 480 rows" in texts(app)
    assert "are not joined and split anew" in texts(app)
    app.switch_page("steps/remedy.py").run()
    assert "On 480 test rows" not in texts(app)
    click(app, "Open the test rows")
    assert "On 480 test rows, 80 of them 'sick'" in texts(app)


def test_rows_that_a_column_marks_are_kept_apart(opened):
    marked = PATIENTS.replace(b"outcome", b"outcome,part", 1)
    lines = marked.split(b"\n")
    marked = b"\n".join(
        [lines[0], *(line + (b",test" if k % 3 == 0 else b",train") for k, line in enumerate(lines[1:]))]
    )
    app = opened(upload=csv_file(marked), data="upload", target="outcome")
    assert "patients.csv: 480 rows" in texts(app)
    app.checkbox[0].check().run()
    assert not app.exception and not app.error
    assert app.query_params["mark"] == "1"
    assert "patients.csv: 320 rows" in texts(app)
    assert "patients.csv: 160 rows" in texts(app), "the test rows"


def test_one_column_is_shown_when_it_is_chosen(opened):
    app = opened("profile", upload=csv_file(PATIENTS), data="upload", column="age", target="outcome")
    assert "#### age" in texts(app)
    assert not app.exception
    app = opened("profile", upload=csv_file(PATIENTS), data="upload", column="no such column", target="outcome")
    assert "Its type, its gaps" in texts(app)


def test_a_file_that_was_read_wrongly_can_be_read_in_another_way(opened):
    content = b"about the file\n" + PATIENTS.replace(b",", b";")
    app = opened(upload=csv_file(content), data="upload", skip="1", delimiter=";")
    assert not app.error
    assert "patients.csv: 480 rows, 5 columns" in texts(app)
    click(app, "Find everything out again")
    assert "skip" not in app.query_params
    app = opened(upload=csv_file(content), data="upload", encoding="utf-16")
    assert "cannot be read with the encoding" in texts(app) or app.error
    assert any(box.label == "Encoding" for box in app.selectbox), "the way out stands on the page"
