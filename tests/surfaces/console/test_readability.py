"""Who can read which mail, in the console: the table of mail and devices, and what a task would make unreadable."""

from __future__ import annotations

import httpx

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, show, submit
from tests.support.devices.android import AndroidOverHttp
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

ALICE, BOB = "/users/alice@contoso.example", "/users/bob@contoso.example"


async def test_the_table_says_who_can_read_what_now_and_earlier(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    assert "No mail." in await show(console, f"{ALICE}/readability")
    thumbprint, phone = await mailed(console, contoso, enroll)
    letters = await contoso.mark(thumbprint)
    page = await show(console, f"{ALICE}/readability")
    assert f"Plan from bob@contoso.example , just now ✓ reads {letters}" in page
    assert (
        f"alice_AndroidForWork has had the key of certificate {letters} ({thumbprint[:8]}) since 2026-11-24 10:00."
        in page
    )
    assert f"whoever has the file of {letters}" in page
    before = (await contoso.events())[-1].seq
    phone.lose(*phone.holds)
    await phone.check_in()
    assert f"− removed {letters}" in await show(console, f"{ALICE}/readability")
    assert "because the user deleted it" in await show(console, f"{ALICE}/readability")
    assert f"✓ reads {letters}" in await show(console, f"{ALICE}/readability?entry={before}")
    assert "No mail had come by then." in await show(console, f"{ALICE}/readability?at=2020-01-01T00:00")
    for wrong in ("at=yesterday", "entry=99999999"):
        assert (await console.get(f"{ALICE}/readability?{wrong}")).status_code == 400, wrong


@ON_BOTH_DATABASES
async def test_a_task_says_which_mail_nobody_could_read_any_more(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    thumbprint, phone = await mailed(console, contoso, enroll)
    device = f"/devices/{phone.enrollment_id}"
    page = await show(console, f"{device}/retire")
    assert "Mail that nobody could read any more: 1 ( Plan )" in page
    assert "It could be read again once a device is given the imported certificate again." in page
    assert "alice_AndroidForWork could not read 1 message any more." in page
    page = await show(console, f"{ALICE}/imported/{thumbprint}/delete")
    assert "Mail that nobody could read any more: 1 ( Plan )" in page
    assert "once a device is given" not in page
    assert "could not read" not in await show(console, f"{BOB}/licence")


async def mailed(console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll) -> tuple[str, AndroidOverHttp]:
    """Alice's phone with an imported certificate, and a mail that is encrypted for it."""
    await contoso.group("Everybody", await contoso.user_id("alice"))
    thumbprint = await contoso.import_pfx("alice")
    phone = await enroll(model="Pixel")
    await contoso.imported_profile("Everybody")
    await phone.settle()
    fields = {"address": "alice@contoso.example", "thumbprint": thumbprint}
    done(await submit(console, "/address-book/publish?address=alice@contoso.example", **fields))
    write = {"to": "alice@contoso.example", "subject": "Plan", "text": "At noon.", "encrypt": "on"}
    done(await submit(console, f"{BOB}/mail/new", **write))
    return thumbprint, phone
