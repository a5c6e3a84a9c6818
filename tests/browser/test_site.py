"""The site that `make docs` builds, opened from the disk in a real browser: it finds, filters, and asks no host."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browsing import NEEDS_A_BROWSER, Watch, findings, too_wide
from tests.support.running_server import environment

pytestmark = NEEDS_A_BROWSER
ROOT = Path(__file__).parents[2]


def _build(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Do what `make docs` does, with the Python of the tests."""
    recipe = re.search(r"^docs:.*\n\t(.* mkdocs build .*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert recipe is not None
    words = {"$(BIN)/python": sys.executable, "$(ARGS)": shlex.join(map(str, arguments))}
    command = re.sub(r"\$\(\w+\)(?:/python)?", lambda match: words[match[0]], recipe[1])
    return subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = _build("--site-dir", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    watch = Watch("")
    context = browser.new_context(reduced_motion="reduce")
    watch.over(context)
    yield context.new_page()
    context.close()
    assert watch.complaints == []


def test_no_page_names_a_file_of_another_host(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 150
    loaded = re.compile(r'<(?:script|link|img|iframe|source|use)[^>]*(?:src|href)=["\']?(?:https?:)?//[^"\'> ]+')
    assert {page.name: found for page in pages if (found := loaded.findall(page.read_text()))} == {}
    styles = [*site.rglob("*.css")]
    assert styles
    assert not [style for style in styles if re.search(r"(?:url\(|@import )['\"]?(?:https?:)?//", style.read_text())]


@pytest.mark.parametrize(
    ("text", "warning"),
    [("[gone](gone.txt)", "gone.txt"), ("[here](#nowhere)", "nowhere"), ("[out](/index.html)", "absolute")],
)
def test_a_broken_link_ends_the_build_with_an_error(text: str, warning: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Page\n\n{text}\n")
    settings = f"INHERIT: {ROOT}/mkdocs.yml\nhooks: []\nnav: [index.md]\nnot_in_nav: ''\n"
    (tmp_path / "mkdocs.yml").write_text(settings)
    done = _build("--config-file", tmp_path / "mkdocs.yml")
    assert done.returncode == 1
    assert warning in done.stderr


def test_every_page_of_docs_is_in_it_and_what_pages_link_to(site: Path) -> None:
    pages = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    built = {page.with_name("index.html") if page.stem == "README" else page for page in pages}
    assert not [page for page in built if not (site / page).is_file()]
    assert "postgres:17-alpine" in (site / "files" / "compose.yaml.html").read_text()
    assert (site / "architecture.html").read_text().count("<svg id=") == 2
    article = re.split(r"</?article[^>]*>", (site / "removal.html").read_text())[1]
    assert article.index("</table>") < article.rindex("This page is generated")
    assert article.count("This page is generated") == 1
    assert 'href="../cookbook/index.html' in (site / "testing" / "index.html").read_text()
    assert "```" not in re.sub(
        r"<pre.*?</pre>|<code.*?</code>", "", (site / "cookbook/index.html").read_text(), flags=re.S
    )


def test_the_search_finds_a_page_without_a_server(site: Path, page: Page) -> None:
    page.goto(f"file://{site}/index.html")
    page.get_by_role("textbox", name="Search").click()
    told = page.locator(".md-search-result__meta")
    expect(told).to_have_text("Type to start searching")
    page.get_by_role("textbox", name="Search").press_sequentially("delete tenant")
    expect(told).to_contain_text("matching documents")
    expect(page.locator(".md-search-result__item").first).to_be_visible()


def test_a_filter_leaves_rows_with_its_words_and_their_headings(site: Path, page: Page) -> None:
    page.goto(f"file://{site}/coverage.html")
    rows = page.locator("article tbody tr:visible")
    every = rows.count()
    page.get_by_label("Filter the rows").fill("POST manageddevices wipe")
    found = rows.all_inner_texts()
    assert 0 < len(found) < every / 100
    assert all({"POST", "wipe"} <= set(re.findall(r"\w+", row)) for row in found)
    headings = page.locator("article :is(h2, h3, h4):visible").all_inner_texts()
    assert [heading.strip("¶") for heading in headings][:2] == ["Microsoft Graph: what is answered", "Managed devices"]
    page.get_by_label("Filter the rows").fill("")
    assert rows.count() == every


def test_an_interface_is_drawn_with_its_operations(site: Path, page: Page) -> None:
    page.goto(f"file://{site}/interfaces.html")
    page.get_by_role("link", name="Microsoft Graph: Managed devices", exact=True).click()
    page.get_by_text("v1.0 deviceManagement/managedDevices", exact=True).click()
    expect(page.get_by_text("/wipe").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(site: Path, browser: Browser, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page = context.new_page()
    for name in (
        "index.html",
        "coverage.html",
        "scale.html",
        "architecture.html",
        "cookbook/index.html",
        "testing/index.html",
    ):
        page.goto(f"file://{site}/{name}")
        page.set_viewport_size({"width": 390, "height": 800})
        assert too_wide(page) == []
        if name != "coverage.html":  # axe takes more than a minute for its tables; those of scale.html are as wide
            assert findings(page) == []
    context.close()
