"""The page in a real browser: nothing leaves, nothing complains, everything can be read.

Needs Chromium (Debian's package ``chromium``), which Playwright drives.
"""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(params=[(400, "light"), (400, "dark"), (1400, "light"), (1400, "dark")], ids=str)
def page(request, browser, made):
    """The report at one width in one colour scheme, with what the browser complained of."""
    width, scheme = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.complaints, page.requests = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(made.path.as_uri())
    yield page
    page.close()


def test_no_complaint_and_no_request(page, made):
    assert page.complaints == []
    outside = [url for url in page.requests if not url.startswith("data:")]
    assert outside == [made.path.as_uri()]


def test_nothing_is_wider_than_the_screen(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_text_is_large_enough_and_stands_out(page):
    sizes = page.evaluate(
        """[...document.querySelectorAll('svg')].flatMap(svg => {
            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
            return [...svg.querySelectorAll('text')].map(
                text => scale * parseFloat(getComputedStyle(text).fontSize))
        })"""
    )
    assert len(sizes) > 100
    assert min(sizes) >= 6.5
    assert sorted(sizes)[len(sizes) // 10] >= 8
    ink, paper = page.evaluate(
        """[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]
           .map(text => text.match(/[0-9]+/g).slice(0, 3).reduce((sum, x) => sum + Number(x), 0))"""
    )
    assert abs(ink - paper) > 450  # of 765


def test_all_pictures_load(page):
    widths = page.evaluate("[...document.images].map(image => image.naturalWidth)")
    assert widths
    assert min(widths) > 0


def test_the_numbers_can_be_read_in_the_page(page, made):
    found = page.evaluate("JSON.parse(document.getElementById('numbers').textContent)")
    assert found == made.numbers
