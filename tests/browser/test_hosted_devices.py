"""A trainer adds a simulated iPhone in the console and is its owner: chips come, it goes off line, it is wiped."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from fauxtune.core.administration import profiles
from fauxtune.core.administration.assignments import to_all_users
from fauxtune.core.model.words.device_words import ProfilePlatform
from tests.support.browsing import NEEDS_A_BROWSER, PATIENCE
from tests.support.console_forms import card, marks, press
from tests.support.console_tenant import ConsoleTenant
from tests.support.running_server import Running

pytestmark = NEEDS_A_BROWSER
PHONE = "alice's iPhone"


def assign_a_certificate(tenant: ConsoleTenant) -> None:
    root = tenant.http.get(f"/pki/{tenant.name}/root/ca.cer").content
    issuer = profiles.Issuer(tenant.document["certificationAuthority"], tenant.document["certificationAuthorityName"])
    platforms = (ProfilePlatform.IOS,)
    tenant.give(*profiles.create_root("Root", platforms=platforms, certificate=root), to=to_all_users())
    pkcs = profiles.create_pkcs("Signing", platforms=platforms, issuer=issuer, template="SmimeP256")
    tenant.give(*pkcs, to=to_all_users())


def test_an_iphone_is_added_gets_a_certificate_goes_off_line_and_is_wiped(page: Page, tenant: ConsoleTenant) -> None:
    page.goto(tenant.url())
    page.get_by_role("link", name="Alice Adams").click()
    press(page, "Add a simulated device…")
    expect(page.get_by_role("combobox", name="Person")).to_have_value(tenant.upn("alice"))
    page.get_by_role("combobox", name="Kind of device").select_option(label="iPhone")
    press(page, "Add the device")
    expect(page.get_by_role("status")).to_contain_text(f"{PHONE} is enrolled")
    expect(card(page, PHONE)).to_contain_text("holds nothing")
    assign_a_certificate(tenant)
    expect(card(page, PHONE).locator(".chip.pkcs.s-installed")).to_be_visible()
    assert len(marks(page, PHONE, kind="pkcs")) == 1

    page.get_by_role("link", name=PHONE, exact=True).first.click()
    expect(page.get_by_text("This device is simulated by this server.")).to_be_visible()
    press(page, "Take it off line")
    expect(page.get_by_role("main")).to_contain_text("has taken it off line: it does not check in")
    expect(page.get_by_text("Not connected: no push reaches it now.")).to_be_visible()
    press(page, "Wipe…")
    press(page, "Wipe")
    expect(page.locator(".verdict")).to_contain_text("It is to be wiped")
    press(page, "Bring it on line")
    expect(page.locator(".verdict")).to_contain_text("It was wiped: everything on it was erased.")
    expect(page.get_by_text("This device is simulated by this server.")).to_have_count(0)
    page.goto(tenant.url())
    expect(card(page, PHONE)).to_contain_text("holds nothing of ours")


def test_the_owner_lets_a_device_refuse_and_report_without_scripts(
    browser: Browser, server: Running, tenant: ConsoleTenant
) -> None:
    context = browser.new_context(base_url=server.endpoints["http"], java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(tenant.url("states"))
    page.get_by_role("link", name="{user} has an enrolled {device}").click()
    press(page, "Bring the tenant into it")
    expect(page.get_by_role("heading", name="The tenant is in this state now")).to_be_visible()
    press(page, "To the device")
    press(page, "Refuse or report something…")
    page.get_by_label("PKCS certificates").check()
    press(page, "Refuse these")
    expect(page.get_by_role("main")).to_contain_text("lets it refuse PKCS certificates")
    assign_a_certificate(tenant)
    tenant.settle()
    page.goto(tenant.url())
    expect(card(page, PHONE).locator(".chip.pkcs.s-failed")).to_be_visible()

    page.get_by_role("link", name=PHONE, exact=True).click()
    press(page, "Refuse or report something…")
    press(page, "Report it")
    expect(page.get_by_role("main")).to_contain_text("not encrypted")
    press(page, "Refuse or report something…")
    page.get_by_role("combobox", name="Fact").fill("isEncryptd")
    press(page, "Report it")
    expect(page.get_by_role("alert")).to_contain_text("the nearest are isEncrypted")
    context.close()
