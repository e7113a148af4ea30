"""Decide: how far rows move over refits, and how frequent the class is where decisions will be made."""

import pytest

from core.recipe import Recipe
from core.synthetic import planted
from pages.kit import choices, maps


def as_file(sizes, seed=0, **changes):
    data = planted("overlap", class_sizes=sizes, n_features=3, random_state=seed)
    frame = data.X.assign(outcome=data.y.to_numpy()).sample(frac=1, random_state=seed)
    return frame.assign(**changes).to_csv(index=False).encode()


@pytest.fixture
def decide(opened):
    """Opens Decide on an uploaded table, at one of its views."""

    def open_view(view, **link):
        link = {"data": "upload", "learner": "linear", "target": "outcome", "class": "rare", **link}
        app = opened(upload=("table.csv", as_file((500, 100)), "text/csv"), **link)
        app.session_state["judged view"] = view
        app = app.switch_page("steps/decide.py").run()
        assert not app.exception
        return app

    return open_view


def said(app):
    return " ".join(item.value for kind in (app.markdown, app.caption, app.error) for item in kind)


def asked(widgets, label):
    return next(item for item in widgets if item.label.startswith(label))


def test_too_few_rows_are_said_before_anything_is_fitted(opened, monkeypatch):
    monkeypatch.setattr("core.evaluation.instability.refit", None)
    link = {"data": "upload", "learner": "linear", "target": "outcome", "class": "rare"}
    app = opened(upload=("table.csv", as_file((200, 30)), "text/csv"), **link)
    app.session_state["judged view"] = "moved_rows"
    app = app.switch_page("steps/decide.py").run()
    assert not app.exception and "too few to say how far such rows move" in said(app), said(app)
    assert not any(item.label == "Refits of each recipe" for item in app.number_input)


def test_refits_say_how_far_rows_move_by_recipe(decide):
    app = decide("moved_rows", recipe="class_weights", refits="2")
    assert not app.exception and "6 fits: 3 of each of 2 recipes" in said(app)
    assert "Fitted again 2 times on rows drawn anew" in said(app) and "that no fit has seen" in said(app)
    shown = next(item.value for item in app.dataframe if "decided otherwise" in item.value)
    assert shown["recipe"].tolist() == ["Do nothing"] * 2 + ["Class weights"] * 2
    assert shown["mean change of the probability"].str.contains(r"\(.* to .*\)", regex=True).all()
    assert sum(item.key.startswith("judged") for item in app.get("plotly_chart")) == 2


def test_the_share_at_use_is_estimated_and_taken_over(decide):
    app = decide("prior_at_use")
    [uploader] = app.file_uploader
    app = uploader.set_value(("new.csv", as_file((150, 150), 2), "text/csv")).run()
    assert not app.exception and "new.csv: 300 rows" in said(app).replace("\\", "")
    assert "Of 300 rows at use" in said(app) and "Nothing speaks against that only the class shares" in said(app)
    app = asked(app.button, "Take ").click().run()
    taken = asked(app.number_input, "Share of the class of interest").value
    assert 0.2 < taken < 0.8 and app.session_state["choices"]["prevalence"] == taken
    app = asked(app.button, "Forget the rows at use").click().run()
    assert choices.AT_USE not in app.session_state and len(app.file_uploader) == 1


def test_what_cannot_be_used_is_told_in_a_sentence(decide):
    app = decide("prior_at_use")
    for file, text in (
        (as_file((60, 20), 1).replace(b"measure 1", b"other"), "The file has no column 'measure 1'."),
        (b"measure 1,measure 2,measure 3\n", "row"),
        (as_file((500, 100)), "also stand in the table"),
        (b"\x00\x01\x02", ""),
    ):
        app = app.file_uploader[0].set_value(("new.csv", file, "text/csv")).run()
        assert not app.exception and len(app.error) == 1 and text in app.error[0].value.replace("\\", ""), text
        app = asked(app.button, "Forget the rows at use").click().run()
    app = app.file_uploader[0].set_value(("new.csv", as_file((5, 3), 1), "text/csv")).run()
    assert not app.exception and "There are 8 rows at use; below 10, no share is estimated" in said(app)


def test_the_margin_rules_the_verdicts_of_the_comparison(opened):
    link = {"data": "upload", "learner": "linear", "target": "outcome", "class": "rare", "recipe": "class_weights"}
    link |= {"folds": "3", "repeats": "1", "margin": "0.4"}
    app = opened("remedy", ("table.csv", as_file((300, 60)), "text/csv"), **link)
    assert not app.exception and "practically equal to doing nothing" in said(app)

    def lines():
        return next(item.value for item in app.dataframe if "p after Holm" in item.value)

    assert lines()["verdict"].tolist() == ["practically equal"] and lines()["equal"].tolist() == ["above 0.999"]
    app = asked(app.number_input, "A difference of average precision").set_value(0.0).run()
    assert lines()["verdict"].tolist() == ["not distinguishable"] and app.session_state["choices"]["margin"] == 0


def test_every_calibration_stands_beside_a_recipe(monkeypatch):
    monkeypatch.setattr(choices, "choice", {"learner": "linear"}.get)
    texts = [one.text for one in maps.beside(Recipe.of("class_weights", "tuned_threshold"))]
    shapes = [
        f"class_weights+calibrated_probabilities:method={shape}"
        for shape in ("sigmoid", "isotonic", "beta", "temperature")
    ]
    assert [Recipe.parse(text) for text in shapes] == [Recipe.parse(text) for text in texts[:4]]
    assert texts[4:] == ["class_weights+venn_abers", "class_weights+prior_correction"]
    assert len(maps.beside(Recipe())) == 5, "nothing was sampled or weighted that could be corrected"
