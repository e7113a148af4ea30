"""A figure on a page."""

import json

from streamlit.testing.v1 import AppTest

from pages.kit import chart

TITLE = "How often each class was found among the rows that were held out of the training"


def _page(title):
    from core.charts import go
    from pages.kit import chart

    figure = go.Figure(layout={"title": {"text": title}, "meta": {"caption": "A caption."}})
    chart.put(title, figure, "first")
    chart.put(title, figure, "second")
    safe = go.Figure(layout={"title": {"text": "&lt;b&gt;"}, "meta": {"caption": "A caption."}})
    chart.put("<b>", safe, "third")


def test_a_long_title_takes_several_lines_and_stays_one_line_for_who_hears_it():
    app = AppTest.from_function(_page, args=(TITLE,)).run()
    assert not app.exception
    *drawn_twice, safe = app.get("plotly_chart")
    assert json.loads(safe.proto.spec)["layout"]["title"]["text"] == "&lt;b&gt;", "what a figure says, not its key"
    for drawn in drawn_twice:
        lines = json.loads(drawn.proto.spec)["layout"]["title"]["text"].split("<br>")
        assert len(lines) == 2 and " ".join(lines) == TITLE and max(map(len, lines)) <= chart.TITLE_WIDTH
        assert drawn.proto.alt == f"{TITLE}. A caption."
