"""The pages of connectors: state and mode by buttons, keys, the event log with the documents' numbers, what waits."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx

from fauxtune.core.model.connectors import Happening
from fauxtune.operations.connectors import event_log
from fauxtune.operations.devices import actions
from fauxtune.operations.runtime.transaction import Transaction
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, send_from, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

HOSTILE = "<script>alert(1)</script>"


async def only(console: httpx.AsyncClient) -> str:
    """Return the path of the connector with which a tenant begins."""
    page = await console.get("/connectors")
    path = re.search(r'href="/console/contoso(/connectors/[0-9a-f-]{36})"', page.text)
    assert path is not None
    return path[1]


async def test_a_connector_goes_off_line_and_what_waits_for_it_is_shown(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    path = await only(console)
    assert "on line" in await show(console, "/connectors")
    done(await submit(console, path, to="offline"))
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales", owned=True)
    await contoso.pkcs_profile("Sales", owned=True)
    phone = await enroll("alice", mode="fully-managed")
    await phone.settle()
    text = await show(console, "/connectors")
    assert "off line" in text
    assert "1 request of PKCS" in text
    assert "waits for a connector" in text
    done(await submit(console, path, to="online"))
    await phone.settle_completely()
    assert "No request." in await show(console, "/connectors")
    log = await show(console, path)
    assert all(
        f"{number} {name}" in log for number, name in ((1000, "PkcsRequestSuccess"), (1050, "PkcsIssuedSuccess"))
    )
    assert "SmimeSigning" in log
    done(await submit(console, path, to="offline"))
    await contoso.do(actions.wipe, phone.managed_device_id)
    await phone.settle()
    text = await show(console, "/connectors")
    assert "a connector is to have it revoked" in text
    assert "All 1 revocation" in text


@ON_BOTH_DATABASES
async def test_every_page_says_when_a_connector_does_not_answer(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    await contoso.pkcs_profile("Sales")
    for path in ("", "/devices"):
        assert "off line" not in (await console.get(path)).text
    connector = await contoso.connector(state="offline")
    phone = await enroll("alice")
    await phone.settle()
    for path in ("", "/devices", f"/devices/{phone.enrollment_id}", "/nothing"):
        page = await console.get(path)
        assert "(“Certificate Connector 1” is off line)" in page.text.partition("<main")[0], path
    text = await show(console, "")
    assert "“ Certificate Connector 1 ” is off line." in text
    assert "Nobody answers 1 request of devices (PKCS: 1)." in text
    done(await send_from(console, "", to=f"/connectors/{connector.id}", fields={"to": "online"}))
    assert "Nobody answers" not in await show(console, "")
    assert "is off line)" not in (await console.get("")).text


async def test_the_overview_says_when_there_is_no_connector_at_all(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    connector = await contoso.connector(state="offline")
    done(await submit(console, f"/connectors/{connector.id}/delete"))
    page = await console.get("")
    assert "Nobody answers requests for certificates: there is no connector." in text_of(page)
    assert 'href="/console/contoso/connectors/new"' in page.text
    assert "(none answers requests)" in page.text.partition("<main")[0]


async def test_a_button_that_there_is_not_changes_nothing(console: httpx.AsyncClient) -> None:
    path = await only(console)
    done(await submit(console, path, to="polling"))
    assert "looks for requests every 30 seconds" in await show(console, path)
    assert (await submit(console, path, to=HOSTILE)).status_code == 400
    assert (await console.post(path, data={"to": "offline"})).status_code == 403
    assert "on line" in await show(console, path)
    assert (await console.get("/connectors/nothing")).status_code == 404


async def test_the_log_is_read_page_by_page_and_by_number(console: httpx.AsyncClient, contoso: Contoso) -> None:
    path = await only(console)
    row = await contoso.connector()

    def write(tx: Transaction) -> None:
        for happening in (Happening.STARTED, Happening.DOWNLOADED):
            event_log.Writer(tx, replace(row, name=HOSTILE), role="pkcs").write(happening)

    for _ in range(60):
        await contoso.do(write)
    numbers: list[int] = []
    address: str | None = path
    while address is not None:
        page = await console.get(address)
        assert HOSTILE not in page.text
        numbers += [int(number) for number in re.findall(r'<tr data-key="(\d+)">', page.text)]
        older = re.search(r'href="/console/contoso([^"]*)" rel="next"', page.text)
        address = None if older is None else older[1].replace("&amp;", "&")
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == 60, "the present program writes nothing when it starts"
    assert "1020 PkcsDownloadedRequest" in await show(console, f"{path}?event=1020")
    assert "no entry with this number" in await show(console, f"{path}?event=1050")
    for nonsense in (f"event={HOSTILE}", "before=x", "before=99999999999999", "event=-1"):
        assert (await console.get(f"{path}?{nonsense}")).status_code == 200


async def test_a_connector_is_added_with_a_key_and_removed(console: httpx.AsyncClient) -> None:
    refused = await submit(console, "/connectors/new", name=" ", roles=["pkcs"], mode="immediate")
    assert refused.status_code == 400
    assert "needs a name" in text_of(refused)
    refused = await submit(console, "/connectors/new", name="Certificate Connector 1", roles=["pkcs"], mode="immediate")
    assert "There is a connector" in text_of(refused)
    answer = await submit(console, "/connectors/new", name=HOSTILE, roles=["imported-pfx"], mode="polling")
    path = done(answer).partition("/console/contoso")[2]
    page = await console.get(path)
    assert HOSTILE not in page.text
    assert "nothing can be imported with it" in text_of(page)
    fields = {"name": "Second", "provider": "P", "length": "2048"}
    done(await submit(console, f"{path}/keys/new", **fields))
    assert "Second" in await show(console, path)
    again = await submit(console, f"{path}/keys/new", **fields)
    assert again.status_code == 400
    assert "exists already" in text_of(again)
    assert "keyLength is one of" in text_of(
        await submit(console, f"{path}/keys/new", name="a", provider="b", length="1")
    )
    assert (await console.get(f"{path}/delete")).status_code == 409, "it is on line"
    done(await submit(console, f"{path}/change", roles=["imported-pfx", "pkcs"], version="6.2101.13.0"))
    assert "out of support" in await show(console, path)
    assert "version looks like" in text_of(await submit(console, f"{path}/change", roles=["pkcs"], version="new"))
    done(await submit(console, path, to="offline"))
    done(await submit(console, f"{path}/keys/delete?provider=P&name=Second"))
    assert (await submit(console, f"{path}/keys/delete?provider=P&name=Second")).status_code == 404
    done(await submit(console, f"{path}/delete"))
    assert (await console.get(path)).status_code == 404


async def test_a_connector_gets_digicerts_certificate_once_the_tenant_has_that_ca(console: httpx.AsyncClient) -> None:
    path = await only(console)
    assert "DigiCert" not in await show(console, path)
    done(await submit(console, "/authority/digicert/new"))
    assert (await console.get("/authority/digicert/new")).status_code == 409
    assert "does not know this connector" in await show(console, path)
    done(await submit(console, f"{path}/ra"))
    assert "DigiCert's CA knows this connector" in await show(console, path)
    done(await submit(console, f"{path}/ra"))
    assert "does not know this connector" in await show(console, path)
    assert "DigiCert's certificate profiles" in await show(console, "/authority/templates")
