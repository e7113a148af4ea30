"""A part of a page that is drawn without the rest of it, and the clicks on it that wait for the end of the page."""

from types import SimpleNamespace

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.testing.v1 import AppTest

from pages.kit import alone


def test_a_click_on_a_part_is_heard_while_the_page_is_still_at_work(monkeypatch):
    requests, redrawn = ScriptRequests(), []
    context = SimpleNamespace(script_requests=requests, fragment_ids_this_run=None)
    monkeypatch.setattr(alone, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(alone.st, "rerun", lambda scope: redrawn.append(scope))
    alone.listen()
    assert redrawn == []
    requests.request_rerun(RerunData(fragment_id="part"))
    assert requests.on_scriptrunner_yield() is None  # streamlit itself lets it wait
    alone.listen()
    context.fragment_ids_this_run = ["part"]
    alone.listen()
    assert redrawn == ["app", "fragment"]


def _page():
    import streamlit as st

    from pages.kit import alone

    st.session_state.setdefault("choices", {"recipe": ()})

    def part():
        st.markdown("the part")
        return lambda: st.markdown("awaited")

    wait = alone.part(part)
    st.markdown("the rest")
    wait()


def test_what_a_part_awaits_is_awaited_when_the_rest_of_the_page_stands():
    app = AppTest.from_function(_page).run()
    assert not app.exception
    assert [shown.value for shown in app.markdown] == ["the part", "the rest", "awaited"]
