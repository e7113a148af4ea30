"""Ways to say what errors cost on Decide: each gives the same sentences, and none takes what cannot be."""

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.dataset import Dataset
from core.errors import UserError
from core.study import Study
from core.synthetic import planted
from pages.kit import cost_cells

HOSTILE = ("<script>window.__xss=1</script>", 'it\'s "x" \\ / ; --', "![x](http://canary.invalid/m.png)")


def page():
    """The section alone, without anything that is fitted."""
    from pages.kit import choices, costing

    choices.restore()
    costing.section()


@pytest.fixture
def asking(monkeypatch):
    """Opens the section on an example."""
    monkeypatch.setenv("COUNTERPOISE_WORKERS", "0")

    def open_section(**link):
        app = AppTest.from_function(page, default_timeout=60)
        for name, value in link.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception and not app.error
        return app

    return open_section


def said(app):
    return " ".join(
        item.value for kind in (app.markdown, app.caption, app.error, app.warning) for item in kind
    ).replace("\\", "")


def chosen(app, name):
    return app.session_state["choices"][name]


def labelled(widgets, start):
    return next(item for item in widgets if item.label.replace("\\", "").startswith(start))


def test_slider_number_and_sentence_say_the_same(asking):
    app = asking(data="ward_sepsis")
    assert "No cost is stated yet" in said(app)
    app = app.select_slider[0].set_value(20.0).run()
    assert app.number_input[0].value == 20 and "calling 'yes' from 0.048 on is the cheapest rule" in said(app)
    assert "rebalancing is coherent with these costs" in said(app)
    app = app.number_input[0].set_value(33.3).run()
    assert app.select_slider[0].value == 33.3 and "is worth 33.3 false alarms" in said(app)
    app = app.pills[0].set_value("sentence").run()
    assert app.number_input[0].value == 33.3
    app = labelled(app.number_input, "At least").set_value(10.0).run()
    app = labelled(app.number_input, "At most").set_value(50.0).run()
    middle = (10 / 11 + 50 / 51) / 2
    assert chosen(app, "cost") == pytest.approx(middle / (1 - middle), rel=1e-3)
    assert "is worth 10 to 50 false alarms" in said(app) and chosen(app, "band") == ("10", "50")
    app = app.number_input[0].set_value(5.0).run()
    assert "is worth 5 false alarms" in said(app), "outside of the band the number alone counts"
    assert not app.exception


def test_a_ranking_gives_its_costs_and_is_taken_over(asking):
    app = asking(data="ward_sepsis", stating="ranking", prevalence="0.05", ranked=["call all=5", "bad=9", "no such=1"])
    assert "Of 1,000 cases 50 are 'yes': it finds 20 of them, and raises 570 false alarms." in said(app)
    assert [box.value for box in app.selectbox] == ["5", "", "", "", ""]
    for name, place in (("call none", "3"), ("bad", "4"), ("bad on others", "2"), ("bad on class", "1")):
        app = labelled(app.selectbox, f"Place of '{name}'").set_value(place).run()
    assert "is worth 11.4 to 12.7 false alarms, a weight of 0.919 to 0.927" in said(app)
    assert "makes 10 comparisons, and all of them agree" in said(app)
    app = labelled(app.button, "Take 12 over").click().run()
    assert 11.4 < chosen(app, "cost") < 12.67 and chosen(app, "band") == ("11.4", "12.67")
    assert "on probabilities that speak of use the threshold is 0.077" in said(app)
    app = labelled(app.selectbox, "Place of 'call none'").set_value("5").run()
    assert "Two models stand on the same place" in said(app)
    app = labelled(app.selectbox, "Place of 'call all'").set_value("3").run()
    assert "No cost agrees with this ranking" in said(app) and "of its 10 comparisons agree" in said(app)


def test_a_column_prices_each_row_and_what_cannot_is_refused(asking):
    app = asking(data="loan_defaults", stating="column")
    assert "Choose a column of numbers" in said(app)
    app = app.selectbox[0].set_value("loan_amount_eur").run()
    assert chosen(app, "role") == ("cost:loan_amount_eur",) and "carry" not in said(app), "no cost is stated yet"
    app = labelled(app.number_input, "What one false alarm costs").set_value(100.0).run()
    assert chosen(app, "cost") > 0 and "Counts of errors still speak of cost" in said(app)
    app = app.selectbox[0].set_value("").run()
    assert chosen(app, "role") == () and not app.exception


def test_a_cost_for_each_error_comes_from_a_link_and_hostile_names_stay_text(asking):
    app = asking(data="wine_cultivars")
    assert "For each error" in app.pills[0].options
    app = app.pills[0].set_value("matrix").run()
    assert "In the mean of its errors, one miss of" in said(app) and not app.exception and not app.error
    held = app.session_state["cost cells shown"]
    rows = np.array([[0, 2, 1], [30, 0, 30], [1, 1, 0]]).tolist()
    link = json.dumps([held["classes"], rows])
    app = asking(data="wine_cultivars", matrix=link)
    assert app.pills[0].value == "matrix" and app.session_state["cost cells shown"]["base"]["c2"].tolist() == [1, 30, 0]
    assert "do not fit" not in said(app)
    for wrong in ("[[", json.dumps([held["classes"], []]), '{"a":1}', "[1,2]", link.replace("30", "1e99"), "[" * 3000):
        app = asking(data="wine_cultivars", stating="matrix", matrix=wrong)
        assert app.session_state["cost cells shown"]["base"]["c0"].tolist() == [0, 1, 1], "what cannot be is ignored"
        assert "do not fit these classes" in said(app), "and that is said"


def test_cells_are_checked_and_names_stay_text():
    data = planted("clean", class_sizes=(300, 60, 40))
    frame = data.X.assign(kind=data.y.map(dict(zip(data.classes, HOSTILE, strict=True))).to_numpy())
    study = Study(Dataset.from_frame(frame, "kind"), learner="linear")
    base = pd.DataFrame(1 - np.eye(3), columns=["c0", "c1", "c2"]).assign(**{"class": HOSTILE})
    found = cost_cells.taken(base, {0: {"c1": 7}, "2": {"c0": 2.5}}, study)
    assert found.tolist() == [[0, 7, 1], [1, 0, 1], [2.5, 1, 0]] and base["c1"].tolist() == [1, 0, 1]
    for edited, words in (
        ({0: {"c1": None}}, "has no cost"),
        ({1: {"c1": 1}}, "Let a right decision cost less"),
        ({0: {"c2": float("nan")}}, "has no cost"),
    ):
        with pytest.raises(UserError, match=words):
            cost_cells.taken(base, edited, study)


def test_every_class_has_a_column_of_its_own_where_long_names_begin_alike():
    found = cost_cells.named(("A" * 60 + "1", "A" * 60 + "2", "b"))
    labels = [found[f"c{j}"]["label"] for j in range(3)]
    assert len(set(labels)) == 3 and labels[2] == "as b"


def another_class():
    """Choices are restored from the link, and then another class is chosen."""
    from pages.kit import choices

    choices.restore()
    choices.choose(**{"class": "a"})
    choices.choose(prevalence=0.3, cutoff="top:5")
    choices.choose(**{"class": "a"}, margin=0.02)


def test_what_was_said_of_one_class_is_not_said_of_another():
    app = AppTest.from_function(another_class)
    for name, value in {"class": "b", "prevalence": "0.9", "cutoff": "top:2", "matrix": "[1]", "cost": "7"}.items():
        app.query_params[name] = value
    held = app.run().session_state["choices"]
    assert (held["prevalence"], held["cutoff"], held["matrix"], held["cost"]) == (0.3, "top:5", "[1]", 7.0)
    app.session_state["choices"]["ranked"] = ("bad=1",)
    app.query_params["class"] = "b"
    app.session_state["choices"]["class"] = "b"
    held = app.run().session_state["choices"]
    assert held["ranked"] == (), "its place was given for the other class"


def test_decide_draws_what_a_cost_of_each_error_leads_to(opened):
    data = planted("clean", class_sizes=(200, 60, 40), n_features=3)
    frame = data.X.assign(kind=data.y.map(dict(zip(data.classes, HOSTILE, strict=True))).to_numpy())
    link = {"data": "upload", "learner": "linear", "target": "kind", "stating": "matrix"}
    app = opened("decide", ("t.csv", frame.to_csv(index=False).encode(), "text/csv"), **link)
    assert not app.exception and not app.error
    told = said(app)
    assert "taking the class of least expected cost" in told and "accuracy by cost" in told
    assert told.count("In the mean of its errors") == 1, "said once"
    assert "<script>window.__xss=1</script>" in told
    app = next(pills for pills in app.pills if pills.label.startswith("How do you want")).set_value("column").run()
    app = labelled(app.selectbox, "Column with what a miss").set_value("measure 1").run()
    assert "'measure 1' is negative in" in said(app) and chosen(app, "role") == () and not app.exception
