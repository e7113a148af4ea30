"""Bars of several jobs on one page: when all are stopped, each says so and can be started again."""

from streamlit.testing.v1 import AppTest


def page():
    from core.job import Job
    from pages.kit import show

    for noun in ("part", "fold"):
        job = Job([(int, ())])
        job.cancel()
        show.progress({noun: job}, noun)


def test_every_stopped_bar_can_be_started_again():
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [button.label for button in app.button] == ["Start again"] * 2
    assert [warning.value[:8] for warning in app.warning] == ["Stopped."] * 2
