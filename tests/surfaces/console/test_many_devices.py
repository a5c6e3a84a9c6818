"""No page of the console sends more statements to the database for many devices than for few.

Every page that PAGES lists is read, by the names of things in its path: one that is added is read too. The many devices
are copies of one settled phone's rows, and belong to copies of its user.
"""

from __future__ import annotations

from urllib.parse import quote

import httpx

from bench.copies import copy_people
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.provider_states import SENTENCES
from fauxtune.operations.ca import templates
from fauxtune.operations.mail import address_book, sending
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seeds import KEY_NAME, PROVIDER
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.surfaces.console.app import PAGES
from tests.support.statements import statements
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

#: data. Pages that ask for more than their path.
QUERIES = {
    "/connectors/{connector}/keys/delete": f"?provider={PROVIDER}&name={KEY_NAME}",
    "/groups/{group}/remove": "?member={user}",
    "/states/reach": "?state={sentence}",
}
#: Bob has no device: what is imported for him is on none.
OTHERS = {
    "/users/{user}/imported/{thumbprint}/delete": "/users/{bob}/imported/{thumbprint}/delete",
    "/address-book/{address}/{thumbprint}/certificate.pem": "/address-book/{address}/{published}/certificate.pem",
    "/address-book/{address}/{thumbprint}/withdraw": "/address-book/{address}/{published}/withdraw",
}
#: data. Pages that refuse, for this phone, this certificate or a lab that nobody has started, what they are for.
REFUSED = {
    "/authority/certificates/{certificate}/release",
    "/connectors/{connector}/delete",
    "/devices/{device}/lock",
    "/devices/{device}/owner",
    "/devices/{device}/wipe",
    "/labs/{lab}/files/{name}",
}


async def counts(console: httpx.AsyncClient, emulator: Emulator, things: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Return the status and the number of statements of each page."""
    pages = [path for path, method, _page in PAGES if method == "GET"]
    numbers = {}
    for path in [*pages, "/why?user={address}", "/why?device={device}", "/why?profile={profile}"]:
        address = (OTHERS.get(path, path) + QUERIES.get(path, "")).format(**things)
        await console.get(address)  # what it finds in a cache afterwards
        with statements(emulator) as sent:
            answer = await console.get(address)
        numbers[path] = (answer.status_code, len(sent))
    return numbers


async def test_a_page_reads_as_often_for_200_devices_as_for_one(
    console: httpx.AsyncClient, contoso: Contoso, emulator: Emulator, enroll: Enroll
) -> None:
    alice = await contoso.user_id("alice")
    everybody = await contoso.group("Everybody", alice)
    await contoso.root_profile("Everybody")
    profile = await contoso.pkcs_profile("Everybody")
    phone = await enroll()
    await phone.settle()
    (issued,) = await contoso.issued()
    bob = await contoso.user_id("bob")
    await contoso.do(templates.add_template, "issuing", document={"name": "Ours"})
    (connector,) = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    things = {
        "device": phone.enrollment_id,
        "user": alice,
        "address": contoso.upn("alice"),
        "bob": bob,
        "group": everybody,
        "profile": profile,
        "certificate": issued.serial,
        "authority": "issuing",
        "template": "Ours",
        "connector": connector.id,
        "thumbprint": await contoso.import_pfx("bob"),
        "number": str(emulator.wire.newest(contoso.tenant.id)),
        "published": issued.thumbprint,
        "uid": "1",
        "snapshot": "Monday",
        "sentence": quote(SENTENCES[0].text),
        "lab": "one-key-per-device",
        "name": "plans.eml",
    }
    kept = await console.post("http://localhost:8080/_fauxtune/v1/tenants/contoso/snapshots", json={"name": "Monday"})
    assert kept.is_success, kept.text
    for name in ("alice", "bob"):
        await contoso.do(address_book.publish, contoso.upn(name), certificate=issued.certificate)
    letter = Letter(sender=contoso.upn("bob"), to=(contoso.upn("alice"),))
    await contoso.do(sending.send, letter)
    few = await counts(console, emulator, things)
    copy_people(emulator.runner.database.url, people=20, devices=10)
    many = await counts(console, emulator, things)
    assert {path: status for path, (status, _number) in many.items()} == {path: few[path][0] for path in few}
    # Fewer where an answer is in a cache by then.
    assert {path: (few[path], many[path]) for path in few if many[path][1] > few[path][1]} == {}
    shown = {path for path, (status, _number) in few.items() if status == 200}
    assert sorted(path for path in few if path not in shown) == sorted(REFUSED)
