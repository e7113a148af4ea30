"""The ledger on the Diagnose page: a class is chosen, its accounts add up, rows are opened and taken home."""

import pytest
from hostile_tables import HOSTILE, markdown_texts, table

from pages.kit import session
from pages.kit.text import md


def texts(app):
    return "\n".join(markdown_texts(app)).replace("\\", "")


@pytest.fixture
def ledger(opened):
    """The Diagnose page with the rows of the ledger unfolded."""

    def open_ledger(**given):
        app = opened("diagnose", **given)
        app.session_state["ledger rows"] = True
        return app.run()

    return open_ledger


def test_the_ledger_stands_first_and_its_accounts_add_up(ledger):
    app = ledger(data="loan_defaults")
    assert not app.exception and not app.error
    heads = [text for text in markdown_texts(app) if text.startswith("#### ")]
    assert heads[0].startswith("#### Missed rows")
    accounts = app.table[0].value
    missed = len(app.dataframe[0].value)
    assert accounts["Rows"].sum() == missed > 0
    assert f"{missed} of " in texts(app)


def test_choosing_an_account_and_a_row_shows_them(ledger):
    app = ledger(data="loan_defaults")
    account = next(box for box in app.selectbox if box.label == "Account")
    title = account.options[1]
    app = account.set_value(title).run()
    rows = app.dataframe[0].value
    assert set(rows["account"]) == {title}
    row = next(box for box in app.selectbox if box.label == "Open a row")
    assert f"**Row {rows['row'].iloc[0]}.**" in texts(app)
    app = row.set_value(rows["row"].iloc[-1]).run()
    assert f"**Row {rows['row'].iloc[-1]}.**" in texts(app)
    assert not app.exception


def test_choosing_a_class_changes_the_ledger(opened, monkeypatch):
    """Without the other checks, which are asked again as well."""
    of_page = session.of_page
    monkeypatch.setattr(session, "of_page", lambda *families: of_page(*families) if families else ())
    app = opened("diagnose", data="wine_cultivars")
    box = next(widget for widget in app.selectbox if widget.label == "Class of interest")
    for label in box.options:
        app = next(widget for widget in app.selectbox if widget.label == "Class of interest").set_value(label).run()
        assert not app.exception
        assert any(label in text and "out of fold" in text for text in texts(app).splitlines())


def test_hostile_names_stay_text_in_the_ledger(ledger):
    app = ledger(upload=("h.csv", table(HOSTILE[:6], HOSTILE[6:8]), "text/csv"))
    assert not app.exception
    shown = "\n".join(markdown_texts(app))
    assert HOSTILE[6] not in shown and md(HOSTILE[6]) in shown


def test_published_scores_are_read_as_printed(opened):
    app = opened("diagnose", data="loan_defaults")
    app.session_state["published"] = True
    app = app.run()
    assert "3 numbers are enough" in texts(app)
    boxes = {box.label: box for box in app.text_input}
    boxes["Accuracy"].set_value("0.8834")
    boxes["Sensitivity (recall)"].set_value("0.8756")
    app = boxes["Specificity"].set_value("0.8913").run()
    assert not app.exception and "51 %" in texts(app)
    app = next(box for box in app.text_input if box.label == "Specificity").set_value("<b>").run()
    assert not app.exception and len(app.error) == 1


def test_learn_shows_what_was_measured_of_the_checks_and_the_ledger(opened):
    app = opened("learn")
    assert not app.exception
    heads = [head.value for head in app.subheader]
    assert "Which check names which condition" in heads and "Which losses earned their keep" in heads
    losses = next(frame.value for frame in app.dataframe if "macro-F1: verdict" in frame.value)
    assert losses["learner"].nunique() == 2 and len(losses) > 40
    measured, planted = (frame.value for frame in app.dataframe[-2:])
    assert {"condition", "method", "named", "n_seeds"} <= set(measured.columns) and len(measured) > 100
    own = planted[planted["planted"] == planted["account"]]
    assert len(own) == 14 and own["n_seeds"].min() >= 10
