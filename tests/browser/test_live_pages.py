"""Pages that stay up to date by themselves: what they show, what they leave alone, and how often they read."""

from __future__ import annotations

import re
import threading
import time
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from fauxtune.core.administration import directory, emulation
from fauxtune_sim.platforms import Platform
from tests.support.browsing import NEEDS_A_BROWSER, Watch
from tests.support.console_forms import card, press
from tests.support.console_tenant import ConsoleTenant

pytestmark = NEEDS_A_BROWSER
_EVENTS, _MOST_A_SECOND = 500, 20
_DEVICES = "/deviceManagement/managedDevices"


def test_the_clock_moves_in_every_window(page: Page, context: BrowserContext, tenant: ConsoleTenant) -> None:
    other = context.new_page()
    for each in (page, other):
        each.goto(tenant.url("journal"))
    clock = page.get_by_role("banner").locator(".clock")
    clock.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text("now shows")
    frozen = clock.locator("time").inner_text()
    expect(other.locator(".clock time")).to_have_text(frozen)
    clock.get_by_role("button", name="+1 year").click()
    expect(clock.locator("time")).to_have_text(re.compile(f"{int(frozen[:4]) + 1}-.*{frozen[-8:]}"))
    expect(other.locator(".clock time")).to_have_text(clock.locator("time").inner_text())
    expect(other.get_by_role("button", name="Run")).to_be_visible()
    assert page.url.endswith("/journal"), "the buttons lead back to where one was"
    clock.get_by_role("button", name="Today").click()
    expect(clock.get_by_role("button", name="Freeze")).to_be_visible()


def test_what_others_do_is_seen_without_a_device(page: Page, tenant: ConsoleTenant) -> None:
    page.goto(tenant.url("groups"))
    tenant.send(directory.create_group("Night shift"))
    expect(page.get_by_role("link", name="Night shift")).to_be_visible()


_GLOWED = """() => {
  window.glowed = new Set();
  const note = ({ target }) => window.glowed.add(target.innerText.split("\\n")[0]);
  new MutationObserver((changes) => changes.forEach(note))
    .observe(document.body, { subtree: true, attributeFilter: ["data-glow"] });
}"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_only_what_changed_glows_and_the_rest_is_left_alone(
    motion: Literal["no-preference", "reduce"], page: Page, tenant: ConsoleTenant
) -> None:
    page.emulate_media(reduced_motion=motion)
    tenant.enroll(name="Phone")
    page.goto(tenant.url())
    link = page.get_by_role("link", name="Phone", exact=True)
    link.focus()
    page.get_by_text("What the marks mean").evaluate("each => each.parentElement.open = true")
    node = link.element_handle()
    page.evaluate(_GLOWED)
    tenant.enroll(name="Tablet", user="alice")
    expect(card(page, "Tablet")).not_to_have_class(re.compile("waiting"))
    assert page.evaluate("[...window.glowed]") == ["Tablet"]
    assert node.evaluate("each => each.isConnected && document.activeElement === each"), "the focus is kept"
    assert page.locator("details.legend").evaluate("each => each.open")
    expect(page.locator("[data-glow]")).to_have_count(0)


def test_nothing_is_lost_while_nobody_looks_or_somebody_types(page: Page, tenant: ConsoleTenant) -> None:
    page.goto(tenant.url())
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    reads: list[str] = []
    page.on("request", lambda request: reads.append(request.url))
    tenant.enroll(name="Phone")
    tenant.settle()
    assert reads == [], "a page that nobody sees reads nothing"
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(card(page, "Phone")).to_be_visible()

    search = page.get_by_role("searchbox")
    search.fill("ali")
    with page.expect_response(lambda answer: "x-fauxtune-live" in answer.request.headers):
        tenant.enroll(name="Tablet")
    expect(search).to_have_value("ali")
    page.get_by_role("link", name="Phone", exact=True).focus()
    expect(card(page, "Tablet")).to_be_visible()
    expect(search).to_have_value("ali")


def test_a_refused_request_is_seen_at_once_and_can_be_sent_again(
    page: Page, context: BrowserContext, tenant: ConsoleTenant, watch: Watch
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(tenant.url("wire"))
    document, refused = {"displayName": "No kind"}, "/deviceManagement/deviceConfigurations"
    with pytest.raises(AssertionError, match="BadRequest"):
        tenant.graph("POST", refused, document)
    row = page.get_by_role("row", name=f"POST /beta{refused}")
    expect(row.locator(".state.bad")).to_have_text("400")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text('"displayName": "No kind"')
    page.get_by_text("As curl").click()
    press(page, "Copy")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl")
    assert "No kind" in copied
    assert tenant.document["clientSecret"] not in copied


def test_a_tenant_that_is_deleted_says_so(page: Page, tenant: ConsoleTenant, watch: Watch) -> None:
    page.goto(tenant.url())
    assert tenant.http.delete(f"/_fauxtune/v1/tenants/{tenant.name}").status_code == 204
    expect(page.get_by_role("alert")).to_contain_text(f"There is no tenant '{tenant.name}'.")
    watch.forgive("404")


def test_a_device_that_is_deleted_says_so_in_every_window(
    page: Page, context: BrowserContext, tenant: ConsoleTenant, watch: Watch
) -> None:
    tenant.enroll(name="iPhone", platform=Platform.IOS)
    page.goto(tenant.url())
    page.get_by_role("link", name="iPhone", exact=True).click()
    expect(page.get_by_role("heading", name="iPhone")).to_be_visible()
    task, group = context.new_page(), context.new_page()
    task.goto(f"{page.url}/wipe")
    group.goto(tenant.url("groups", "new"))
    group.get_by_label("Name").fill("Those who lost a phone")
    (record,) = tenant.graph("GET", _DEVICES)["value"]
    tenant.graph("DELETE", f"{_DEVICES}/{record['id']}")
    # The push of the deletion may have let the phone end before: then no device is left that could settle.
    assert not tenant.control("POST", "/settle", {"timeout": 30})["waiting"]
    expect(page.locator(".verdict.end")).to_contain_text("record was deleted")
    press(task, "Wipe")
    expect(task.get_by_role("alert")).to_contain_text("no record of this device")
    expect(group.get_by_label("Name")).to_have_value("Those who lost a phone")
    press(group, "Create the group")
    expect(group.get_by_role("heading", name="Those who lost a phone")).to_be_visible()
    watch.forgive("status of 400")


def test_two_windows_act_on_one_device(
    page: Page, context: BrowserContext, tenant: ConsoleTenant, watch: Watch
) -> None:
    tenant.enroll(name="iPhone", platform=Platform.IOS)
    page.goto(tenant.url())
    page.get_by_role("link", name="iPhone", exact=True).click()
    device = page.url
    other = context.new_page()
    for each in (page, other):
        each.goto(f"{device}/retire")
    press(page, "Retire")
    expect(page.locator(".verdict.end")).to_contain_text("It was retired")  # before that, a second order is no error
    press(other, "Retire")
    expect(other.get_by_role("alert")).to_be_visible()
    expect(other.get_by_role("main")).not_to_contain_text("Traceback")
    watch.forgive("404", "409", "400")


def test_ten_thousand_events_a_minute_are_a_few_reads_a_second(page: Page, tenant: ConsoleTenant) -> None:
    page.goto(tenant.url("journal"))
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    reads: list[float] = []
    page.on("request", lambda request: reads.append(time.monotonic()) if request.resource_type == "fetch" else None)
    path = f"/applications/{tenant.document['clientId']}"

    def send() -> None:
        for number in range(_EVENTS):
            tenant.control("PATCH", path, {"displayName": f"Name {number}"})

    thread = threading.Thread(target=send)
    thread.start()
    while thread.is_alive():
        page.wait_for_timeout(100)  # the browser's events come meanwhile
    tenant.send(emulation.create_template("issuing", name="TheLast"))
    expect(page.get_by_role("cell", name="TheLast")).to_be_visible()
    assert 0 < len(reads) <= _MOST_A_SECOND * (reads[-1] - reads[0] + 1)
    assert len(reads) < _EVENTS / 2
    assert page.locator("tbody tr").count() <= 100, "the page does not grow"
