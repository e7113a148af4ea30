"""One cut-off on every page: changed on one it is the same on the others, and nothing is fitted for it."""

import re

import numpy as np
from hostile_tables import markdown_texts

from core.evaluation import kept_scores
from core.registry import methods
from pages.kit import session
from pages.kit.cutoff import steps


def table(n=240):
    rng = np.random.default_rng(0)
    rare = rng.random(n) < 0.2
    rows = [f"{rng.normal(1.5 * own):.3f},{rng.normal():.3f},{'rare' if own else 'common'}" for own in rare]
    return "mine.csv", "\n".join(["size,weight,outcome", *rows]).encode(), "text/csv"


def shown(app):
    return "\n".join(markdown_texts(app)).replace("\\", "")


def of_cutoff(widgets):
    return [widget for widget in widgets if str(widget.key).startswith("ask cutoff ")]


def test_one_cut_off_is_linked_through_all_pages_and_fits_nothing(opened, monkeypatch):
    fitted = []
    monkeypatch.setattr(
        kept_scores, "score_fold", lambda *one, plain=kept_scores.score_fold: fitted.append(one[1:]) or plain(*one)
    )
    explanation = methods("diagnostic", *session.EXPLAIN)
    monkeypatch.setattr(session, "of_page", lambda *asked: explanation if asked == session.EXPLAIN else ())
    app = opened("data", upload=table(), learner="linear", folds=3, repeats=1, recipe="class_weights")
    app.switch_page("steps/decide.py").run()
    assert len(fitted) == 6 and "cutoff" not in app.query_params
    assert "exploratory" not in shown(app) and "F1 of 'Class weights' is" in shown(app)
    of_cutoff(app.get("button_group"))[0].set_value("top").run()
    of_cutoff(app.number_input)[0].set_value(30).run()
    assert app.query_params["cutoff"] == "top:30"
    assert "it calls 30 of 240 rows of the table, 125 of 1,000" in shown(app)
    app.session_state["cut-off compared"] = True  # unfolded
    app.run()
    people = next(frame.value for frame in app.dataframe if "false alarms, of 1,000" in frame.value)
    row = people[(people["recipe"] == "Class weights") & (people["cut"] == "at the chosen cut-off")].iloc[0]
    assert row["found, of 1,000"] + row["false alarms, of 1,000"] == 125
    (at_use,) = (asked for asked in app.number_input if str(asked.key).startswith("ask prevalence "))
    at_use.set_value(0.02).run()
    cost = r"where a miss costs ([\d.]+) false alarms at the prevalence of the table, and ([\d.]+) where the class makes up 2 %"
    usual, there = (float(text) for text in re.search(cost, shown(app)).groups())
    assert there > 5 * usual, "calling as many is right for dearer misses where the class is rarer"
    at_use.set_value(0.0).run()
    for page in ("remedy", "explain", "report"):
        app.switch_page(f"steps/{page}.py").run()
        assert not app.exception and not app.error, page
        assert of_cutoff(app.number_input)[0].value == 30, page
        assert "it calls 30 of 240 rows of the table" in shown(app), page
        assert "It is exploratory and not validated" in shown(app), page
        if page == "explain":
            assert "30 rows of the study are called: " in shown(app)
            row = re.search(
                r"Row (\d+), taken apart below, has the probability [\d.]+ .* it is (called|left)", shown(app)
            )
            assert row and f"Row {row[1]}" in str(app.get("plotly_chart")[2].proto)
    assert re.search("Cut-off: set by hand to the 30 most probable cases, exploratory", shown(app)), (
        "the report states it"
    )
    of_cutoff(app.get("button_group"))[0].set_value("own").run()
    assert "cutoff" not in app.query_params and "as the recipe decides, locked inside the folds" in shown(app)
    assert len(fitted) == 6, "moving it fits nothing"


def test_the_slider_reaches_rare_probabilities_in_even_steps():
    found = np.array(steps(0.00123))
    assert 0.00123 in found and found[0] < 2e-5 and found[-1] == 0.9999
    odds = np.log(found / (1 - found))
    assert np.diff(odds).max() < 0.3 and (found < 0.01).sum() > 40
