"""The built book in a browser: every page over http and from the disk, light and dark, on a desktop and on a phone.

Set KDEVIZ_SHOTS to a folder to get a picture of each page as it was seen.
"""

import functools
import http.server
import os
import shutil
import threading
import urllib.parse
from pathlib import Path

import nbformat
import pytest

SITE = Path(__file__).resolve().parents[1] / "_build/html"
PAGES = sorted(page.relative_to(SITE).as_posix() for page in SITE.rglob("*.html") if "_static" not in page.parts)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SCREENS = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
THEMES = ("light", "dark")
SHOTS = os.environ.get("KDEVIZ_SHOTS")
SHOWS = "theme => document.documentElement.dataset.theme === theme"
LOOK = Path(__file__).with_name("site_look.js").read_text()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PAGES, reason="_build/html is missing: run `make book`"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"),
]
every_page = pytest.mark.parametrize("page", PAGES or ["index.html"])


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def addresses():
    """Where the site is, by the way it is reached."""
    handler = functools.partial(QuietHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"http": f"http://127.0.0.1:{server.server_port}/", "file": SITE.as_uri() + "/"}
        server.shutdown()


@pytest.fixture(scope="module")
def screens():
    """A browser context for each screen."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    with (playwright.sync_playwright() as driver,
          driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser):
        yield {name: browser.new_context(**screen, reduced_motion="reduce") for name, screen in SCREENS.items()}


def problems_of(tab, base):
    """A list that fills with whatever goes wrong in this tab."""
    problems = []
    inside = (base, "data:", "blob:")
    tab.on("request", lambda r: r.url.startswith(inside) or problems.append(f"asks another host: {r.url}"))
    tab.on("response", lambda r: r.status < 400 or problems.append(f"status {r.status}: {r.url}"))
    tab.on("requestfailed", lambda r: problems.append(f"failed: {r.url}"))
    tab.on("console", lambda m: m.type != "error" or problems.append(f"console: {m.text}"))
    tab.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    return problems


@pytest.fixture(scope="module")
def visit(screens, addresses):
    """Open a page once; what is seen of it (on a desktop over http: in light and dark), and what went wrong."""

    @functools.cache
    def visit(page, screen="desktop", way="http"):
        both = (screen, way) == ("desktop", "http")
        seen = {}
        with screens[screen].new_page() as tab:
            seen["problems"] = problems_of(tab, addresses[way])
            tab.goto(addresses[way] + page)
            tab.wait_for_selector("main", state="attached", timeout=5000)  # the first page only leads to another
            for theme in THEMES if both or SHOTS else THEMES[:1]:
                tab.emulate_media(color_scheme=theme)
                tab.wait_for_function(SHOWS, arg=theme, timeout=5000)
                tab.wait_for_timeout(100)
                seen[theme] = tab.evaluate(LOOK, both)
                if SHOTS:
                    name = f"{page.replace('/', '_')}_{screen}_{way}_{theme}.png"
                    tab.screenshot(path=Path(SHOTS, name), full_page=True)
        return seen

    return visit


@pytest.mark.parametrize("way", ["http", "file"])
@every_page
def test_page_opens_without_an_error_and_asks_no_other_host(visit, page, way):
    assert visit(page, way=way)["problems"] == []


@pytest.mark.parametrize("screen", SCREENS)
@every_page
def test_page_fits_its_screen(visit, page, screen):
    seen = visit(page, screen)
    assert seen["problems"] == []
    assert seen["light"]["width"] <= SCREENS[screen]["viewport"]["width"]


@pytest.mark.parametrize("theme", THEMES)
@every_page
def test_text_and_figures_are_legible(visit, page, theme):
    assert visit(page)[theme]["faint"] == []


@every_page
def test_every_image_is_described(visit, page):
    seen = visit(page)["light"]
    assert seen["undescribed"] == []


@every_page
def test_every_formula_is_set(visit, page):
    seen = visit(page)["light"]
    assert (seen["refusedTeX"], seen["rawTeX"]) == (0, [])


@pytest.mark.parametrize("way", ["http", "file"])
@every_page
def test_every_page_that_computes_offers_its_notebook(visit, addresses, page, way):
    seen = visit(page, way=way)["light"]
    assert bool(seen["notebook"]) == seen["computes"]
    assert seen["menu"] == seen["notebook"], "the theme's menu should offer the same file"
    if seen["notebook"]:
        path = urllib.parse.unquote(seen["notebook"].removeprefix(addresses[way]))
        notebook = nbformat.read(SITE / path, as_version=4)
        nbformat.validate(notebook)
        assert any(cell.cell_type == "code" for cell in notebook.cells)


def test_search_finds_a_word_of_the_book(screens, addresses):
    with screens["desktop"].new_page() as tab:
        tab.goto(addresses["http"] + "search.html?q=gradient")
        tab.wait_for_selector("#search-results li a", timeout=10_000)
