"""The report's HTML file in a real browser: figures drawn, nothing run, nothing fetched, readable by everyone."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core import engine
from core.dataset import Dataset
from core.registry import method
from core.report.build import build, to_html
from core.study import Study

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.xdist_group("report file")  # one browser for both schemes

NAMES = ["<img src=x onerror=window.__xss=1>", "![x](http://canary.invalid/m.png)", "$x$ <b>bold</b>"]


def browser_path(playwright):
    """An installed Chromium or Chrome, or Playwright's own."""
    named = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")]
    return next((path for path in (*named, playwright.chromium.executable_path) if path and Path(path).exists()), None)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=NAMES).assign(
        y=np.repeat(["<script>window.__xss=1</script>", "b"], [20, 100])
    )
    study = Study(Dataset.from_frame(frame, "y"))
    items = [method("class_distribution"), method("shapley_values")]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(to_html(build(study, list(engine.run_all(study, items)))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        executable = browser_path(playwright)
        if executable is None and not os.environ.get("COUNTERPOISE_REQUIRE_BROWSER"):
            pytest.skip("no browser is installed")
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_file_opens_in_a_browser(report, browser, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    requests, troubles = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length > 0")
    assert page.locator(".js-plotly-plot").count() == page.locator("figure").count() >= 5
    assert page.evaluate("window.__xss") is None
    assert NAMES[0] in page.locator("main").text_content()
    assert requests == [report.as_uri()]
    assert troubles == []
    serious = [v["id"] for v in axe.Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == []
    context.close()
