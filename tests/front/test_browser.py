"""The whole path in a real browser: upload to report, accessibility, deep links, phone width, and no request elsewhere."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from hostile_tables import HOSTILE, table

from core.reading.samples import samples

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

ROOT = Path(__file__).parents[2]
STEPS = ("Data", "Profile", "Diagnose", "Remedy", "Decide", "Explain", "Report", "Learn")
HEADINGS = dict(zip(STEPS, ("Counterpoise", *STEPS[1:]), strict=True))
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--js-flags=--no-opt",
)  # fmt: skip
"""Among them: scripts of pages that live for seconds are not optimised."""
STILL = """const still = new CSSStyleSheet();
    still.replaceSync(`*, *::before, *::after { animation-duration: 0s !important; animation-delay: 0s !important;
        animation-iteration-count: 1 !important; transition-duration: 0s !important; transition-delay: 0s !important; }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];"""
"""Nothing moves: what turns while a page waits for its server would be drawn sixty times a second."""
PATIENCE = 60_000
AWAITING = "data=upload&repeats=1"
"""The link of a page that waits for a file: no example is computed before it comes."""

pytestmark = pytest.mark.xdist_group("browser")


@contextmanager
def served(script, cwd=ROOT):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    environment = {**os.environ, "COUNTERPOISE_WORKERS": "2"}
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def address():
    with served("app.py") as started:
        yield started


@pytest.fixture(scope="module")
def playwright():
    with sync_api.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright):
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        started = playwright.chromium.launch(executable_path=system, args=list(FLAGS))
    except sync_api.Error as error:
        if os.environ.get("COUNTERPOISE_REQUIRE_BROWSER"):
            raise
        pytest.skip(f"no browser could be started; run 'playwright install chromium' ({str(error)[:80]})")
    yield started
    started.close()


@pytest.fixture(scope="module")
def contexts(browser):
    """One context for each kind of screen: what one test has loaded the next finds."""
    known = {}
    yield known
    for context in known.values():
        context.close()


@pytest.fixture
def visit(browser, contexts):
    """Opens pages; afterwards nothing was asked of another host and no script had failed."""
    pages, requests, failures = [], [], []

    def open_page(url, **options):
        options = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        if repr(options) not in contexts:
            contexts[repr(options)] = browser.new_context(**options)
            contexts[repr(options)].add_init_script(STILL)
        page = contexts[repr(options)].new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for page in pages:
        page.close()
    elsewhere = [
        url for url in requests if not url.startswith(("http://localhost:", "data:", "blob:", "ws://localhost:"))
    ]
    assert not elsewhere
    assert not failures


def settled(page, heading):
    """The page stands: its title is there, no job runs, and the script has stopped."""
    page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()
    page.evaluate("() => { window.stoodSince = null }")
    page.wait_for_function(
        """() => {
            const stands = document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'
                && !document.querySelector('[data-testid=stProgress]') && !document.querySelector('[data-testid=stSkeleton]');
            window.stoodSince = stands ? window.stoodSince ?? Date.now() : null;
            return stands && Date.now() - window.stoodSince >= 150;
        }""",
        polling=50,
    )
    assert page.get_by_test_id("stException").count() == 0


def go(page, step):
    nav = page.get_by_test_id("stSidebarNav")
    if not nav.is_visible():
        page.get_by_test_id("stExpandSidebarButton").click()
    nav.get_by_role("link", name=step, exact=True).click()
    settled(page, HEADINGS[step])


def upload(page, path):
    page.locator('input[type="file"]').first.set_input_files(path)
    page.get_by_text("What was read").wait_for()
    page.get_by_test_id("stSidebar").get_by_text(path.name, exact=True).wait_for(state="attached")
    settled(page, "Counterpoise")


def stands(page, step):
    """The page needs no sideways scrolling, and axe finds nothing serious on it."""
    overflow = page.evaluate(
        """() => Math.max(document.documentElement.scrollWidth - window.innerWidth,
             document.querySelector('[data-testid=stMain]').scrollWidth - document.querySelector('[data-testid=stMain]').clientWidth)"""
    )
    assert overflow <= 1, step
    answer = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response
    grave = [item for item in answer["violations"] if item["impact"] in ("serious", "critical")]
    assert not [(item["id"], [node["html"][:160] for node in item["nodes"][:3]]) for item in grave], step


def test_a_deep_link_opens_its_page_on_a_cold_server(address, visit):
    """T2, T3: the first request of the process; the frame is there and no dialog says that the page is missing."""
    sample = samples()[-1]
    page = visit(f"{address}/profile?data={sample.slug}&target={sample.target}&learner=linear&repeats=1")
    settled(page, "Profile")
    assert page.get_by_role("dialog").count() == 0
    assert page.get_by_test_id("stSidebar").get_by_text("Linear model").count() == 1
    assert page.title().startswith("Profile")
    go(page, "Learn")
    assert f"data={sample.slug}" in page.url
    assert "learner=linear" in page.url


def test_every_answer_carries_the_security_headers(address):
    """T11."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_whole_path_from_a_file_to_a_report(address, visit, tmp_path):
    file = tmp_path / "machines.csv"
    file.write_bytes(table(["size", "weight", "age"], ["sound", "broken"], n_rows=400))
    page = visit(f"{address}/?{AWAITING}&folds=3")
    settled(page, "Counterpoise")
    upload(page, file)
    stands(page, "Data")
    go(page, "Profile")
    page.get_by_text("The table has 2 classes.").first.wait_for()
    stands(page, "Profile")
    go(page, "Diagnose")
    assert page.locator("[class*='st-key-card']").count() >= 3
    stands(page, "Diagnose")
    go(page, "Remedy")
    page.get_by_role("heading", name="The verdict").wait_for()
    page.get_by_role("combobox").nth(1).click()
    page.get_by_role("option").nth(1).click()
    page.get_by_role("button", name="Add the recipe").click()
    page.locator("[class*=st-key-remove] button").first.wait_for()
    settled(page, "Remedy")
    assert "recipe=" in page.url
    page.locator(".nsewdrag").first.wait_for(state="attached")
    stands(page, "Remedy")
    go(page, "Decide")
    page.locator(".nsewdrag").first.wait_for(state="attached")
    stands(page, "Decide")
    go(page, "Explain")
    page.locator(".nsewdrag").first.wait_for(state="attached")
    stands(page, "Explain")
    go(page, "Report")
    for label, start in (("HTML", b"<!"), ("Markdown", b"#"), ("JSON", b"{")):
        content = downloaded(page, label)
        assert content.lstrip().lower().startswith(start)
        assert b"machines.csv" in content
        if label == "JSON":
            json.loads(content)
    stands(page, "Report")
    go(page, "Learn")
    page.get_by_role("heading", name="Glossary").wait_for()
    stands(page, "Learn")


def downloaded(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=False).first.click()
    return Path(download.value.path()).read_bytes()


def test_hostile_names_stay_text_on_a_dark_phone(address, visit, playwright, tmp_path):
    """T4: nothing runs, nothing is fetched, nothing is wider than the screen, and every name reads as the file spells it."""
    file = tmp_path / "canary.csv"
    label = "<img src=x onerror=window.__xss=1>"
    names = [name for name in HOSTILE if "\n" not in name]
    file.write_bytes(table(names, ["![x](http://canary.invalid/m.png)", label]))
    phone = playwright.devices["Pixel 7"] | {"device_scale_factor": 1}  # the same page, drawn on fewer dots
    page = visit(f"{address}/?{AWAITING}&folds=2", color_scheme="dark", **phone)
    settled(page, "Counterpoise")
    upload(page, file)
    for step in STEPS:
        if step != "Data":
            go(page, step)
        stands(page, step)
        assert page.get_by_test_id("stSidebar").get_by_text(label, exact=True).count() == 1
        assert page.evaluate("window.__xss") is None
        assert page.locator("a[href*='canary.invalid'], img[src*='canary.invalid'], iframe").count() == 0


def test_escaped_text_reads_as_it_was_given(visit):
    with served(ROOT / "tests" / "front" / "hostile_page.py") as address:
        page = visit(address)
        page.locator(f".st-key-line{len(HOSTILE) - 1}").wait_for()
        read = "key => document.querySelector('.st-key-' + key).innerText"
        drawn = page.evaluate(
            f"keys => Object.fromEntries(keys.map(key => [key, ({read})(key)]))",
            [f"{kind}{position}" for kind in ("text", "bold", "line") for position in range(len(HOSTILE))],
        )
        for position, text in enumerate(HOSTILE):
            seen = {kind: drawn[f"{kind}{position}"] for kind in ("text", "bold", "line")}
            plain = {kind: shown.replace("\u00a0", " ").replace("\u2060", "").strip() for kind, shown in seen.items()}
            assert plain == {"text": text, "bold": f"{text}: {text}", "line": text}
        assert page.evaluate("window.__xss") is None
        assert page.locator("[data-testid=stMain] a[href^='http'], [data-testid=stMain] a[href^='mailto']").count() == 0
        assert page.locator("[data-testid=stMain] img, [data-testid=stMain] iframe").count() == 0
