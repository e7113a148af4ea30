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


def test_a_long_title_takes_several_lines_and_stays_one_line_for_who_hears_it():
    app = AppTest.from_function(_page, args=(TITLE,)).run()
    assert not app.exception
    for drawn in app.get("plotly_chart"):
        lines = json.loads(drawn.proto.spec)["layout"]["title"]["text"].split("<br>")
        assert len(lines) == 2 and " ".join(lines) == TITLE and max(map(len, lines)) <= chart.TITLE_WIDTH
        assert drawn.proto.alt == f"{TITLE}. A caption."
