"""The report in a real browser: contrast in both colour schemes, every width, A4, and no request to anywhere.

It is that of a tenant where everything has a hostile or an Arabic name, made by `fauxtune report`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.browsing import NEEDS_A_BROWSER, Watch, findings, too_wide
from tests.support.commands import Commands
from tests.support.console_everything import ARABIC, HOSTILE, populate
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import Running
from tests.support.simulated_devices import SimulatedDevices

pytestmark = NEEDS_A_BROWSER
#: Pixels of CSS between the margins of A4.
_A4 = 695


@pytest.fixture(scope="module")
def tenant_with_everything(http: httpx.Client, devices: SimulatedDevices) -> ConsoleTenant:
    tenant = ConsoleTenant.created(http, devices)
    populate(tenant)
    return tenant


@pytest.fixture(scope="module")
def run(server: Running) -> Commands:
    return Commands(Path(server.endpoints["caFile"]).parents[1])


@pytest.fixture(scope="module", params=["en", "it"])
def report(
    request: pytest.FixtureRequest,
    run: Commands,
    tenant_with_everything: ConsoleTenant,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("report")
    document = run.json("report", "--tenant", tenant_with_everything.name, "--out", folder, "--lang", request.param)
    return Path(document["page"])


@pytest.fixture
def opened(report: Path, browser: Browser) -> Iterator[Page]:
    """The report, opened as a file; the test fails if the browser asks anybody for anything, or complains."""
    context = browser.new_context()
    watch, asked = Watch(""), list[str]()
    watch.over(context)
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(report.as_uri())
    yield page
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert watch.complaints == []
    context.close()


def test_everybody_can_read_it(opened: Page) -> None:
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        assert findings(opened) == [], scheme


def test_it_fits_every_screen(opened: Page) -> None:
    for width in (360, 768, 1280, 2560):
        opened.set_viewport_size({"width": width, "height": 900})
        assert too_wide(opened) == [], f"{width} px"


def test_it_is_printed_on_a4_without_loss(opened: Page, tmp_path: Path) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    opened.set_viewport_size({"width": _A4, "height": 1000})
    assert too_wide(opened) == []
    wide = (
        "each => each.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML.slice(0, 99))"
    )
    assert opened.locator(".scroll, .claim, code").evaluate_all(wide) == [], "paper does not scroll"
    assert opened.locator("h1").evaluate("each => getComputedStyle(each).color") == "rgb(26, 31, 43)", "ink on paper"
    data = opened.pdf(prefer_css_page_size=True)
    sizes = {tuple(map(float, box)) for box in re.findall(rb"/MediaBox ?\[ ?0 0 ([0-9.]+) ([0-9.]+)", data)}
    assert sizes
    assert all(abs(width - 595) < 1 and abs(height - 842) < 1 for width, height in sizes)


def test_names_are_shown_as_they_are(opened: Page) -> None:
    names = opened.locator("#people tbody th[scope=row]").all_inner_texts()
    assert any(HOSTILE[:60] in name for name in names)
    assert any(ARABIC in name for name in names)
    assert opened.locator("script").count() == 0


@pytest.mark.program("openssl", package="openssl")
def test_its_claims_hold(report: Path) -> None:
    script = report.with_name(f"{report.stem}-files") / "prove.sh"
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 claims hold" not in done.stdout


def test_what_does_not_fit_is_counted(
    run: Commands, tenant_with_everything: ConsoleTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("fauxtune_report.reporting.MOST_DEVICES", 2)
    monkeypatch.setattr("fauxtune_report.reporting._MOST_MAILS_EACH", 1)
    document = run.json("report", "--tenant", tenant_with_everything.name, "--out", tmp_path / "small.html")
    assert document["leftOut"]["devices"] > 0
    assert document["leftOut"]["mails"] > 0
    page = (tmp_path / "small.html").read_text(encoding="utf-8")
    assert f"Left out: {document['leftOut']['devices']} devices." in page


def test_half_a_history_is_refused(
    run: Commands, tenant_with_everything: ConsoleTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("fauxtune_report.reporting.MOST_EVENTS", 5)
    refusal = run.refused("report", "--tenant", tenant_with_everything.name, "--out", tmp_path / "small.html")
    assert "more than 5 entries" in refusal
    assert "--user" in refusal
    assert list(tmp_path.iterdir()) == []
