"""Shared by the tests of the front: a page without a browser, in a new session, with work done at once."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import engine
from pages.kit import session

MAIN = Path(__file__).parents[2] / "pages" / "main.py"


KNOWN = {}


def remembered(slug, study, **parameters):
    """A diagnostic's result; many tests open the same example, and equal questions have equal answers."""
    key = (slug, study.key, repr(sorted(parameters.items())))
    if key not in KNOWN:
        KNOWN[key] = engine.run(slug, study, **parameters)
    return KNOWN[key]


@pytest.fixture
def opened(monkeypatch):
    """Opens a page in a new session: ``opened("profile", data="wine_cultivars")``; work is done at once."""
    monkeypatch.setenv("COUNTERPOISE_WORKERS", "0")
    monkeypatch.setattr(session, "run", remembered)

    def open_page(page="data", upload=None, **link):
        app = AppTest.from_file(MAIN, default_timeout=120)
        for name, value in link.items():
            app.query_params[name] = value
        if upload is not None:
            app.run()
            app.file_uploader[0].set_value(upload).run()
        if page != "data":
            app.switch_page(f"steps/{page}.py")
        return app.run()

    yield open_page
    st.cache_resource.clear()
