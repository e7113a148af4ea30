"""Shared by the tests of the front: a page without a browser, in a new session, with work done at once."""

from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_cache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner

from core import engine
from core.evaluation import kept_scores
from pages.kit import kept, session

MAIN = Path(__file__).parents[2] / "pages" / "main.py"
KNOWN = {}
FOR_ALL = {}
NEVER_CHANGED = ("sample", "example", "bake-off of losses")
"""What is kept for every session and is the same in every test."""

# an AppTest reads every page anew, asks every installed package whether it brings widgets, and looks a thousand times a second whether its page has ended
PAGES_AS_READ = script_cache.ScriptCache()
app_test.ScriptCache = local_script_runner.ScriptCache = lambda: PAGES_AS_READ
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
looked_for = local_script_runner.require_widgets_deltas


def awaited(runner, timeout=3):
    """Wait for the end of a page."""
    runner._script_thread.join(timeout)
    looked_for(runner, 1.0 if runner.script_stopped() else 0.0)


local_script_runner.require_widgets_deltas = awaited


def remembered(slug, study, **parameters):
    """A diagnostic's result; many tests open the same example, and equal questions have equal answers."""
    key = (slug, study.key, repr(sorted(parameters.items())))
    if key not in KNOWN:
        KNOWN[key] = engine.run(slug, study, **parameters)
    return KNOWN[key]


def scored(study, recipe, fold, plain=kept_scores.score_fold):
    """A recipe on one fold; many tests compare recipes on the same example."""
    key = kept_scores._key(study, recipe, fold)
    if key not in KNOWN:
        KNOWN[key] = plain(study, recipe, fold)
    return KNOWN[key]


def shared(make, *key):
    """What is kept for every session; examples outlive a test."""
    if key[0] not in NEVER_CHANGED:
        return kept._for_all(repr(key), make)
    if key not in FOR_ALL:
        FOR_ALL[key] = make()
    return FOR_ALL[key]


@pytest.fixture
def opened(monkeypatch):
    """Opens a page in a new session: ``opened("profile", data="wine_cultivars")``; work is done at once."""
    monkeypatch.setenv("COUNTERPOISE_WORKERS", "0")
    monkeypatch.setattr(session, "run", remembered)
    monkeypatch.setattr(kept_scores, "score_fold", scored)
    monkeypatch.setattr(kept, "for_all", shared)

    def open_page(page="data", upload=None, **link):
        app = AppTest.from_file(MAIN, default_timeout=120)
        for name, value in link.items():
            app.query_params[name] = value
        if upload is None:
            return (app if page == "data" else app.switch_page(f"steps/{page}.py")).run()
        app.query_params["data"] = "upload"  # awaited: no example is drawn before it comes
        app.run()
        app.file_uploader[0].set_value(upload).run()
        return app if page == "data" else app.switch_page(f"steps/{page}.py").run()

    yield open_page
    st.cache_resource.clear()
