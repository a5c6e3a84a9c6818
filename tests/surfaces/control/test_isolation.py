"""Two tenants with the same people, devices and certificates never see one another's anything, call by call."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server.factory import Application
from tests.support.approvals import waiting_request
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import Json, create, members, only_connector
from tests.support.devices.android import AndroidOverHttp
from tests.support.openapi import documents
from tests.surfaces.control.conftest import BASE, Assign, Enroll

PROVIDER = "Microsoft Software Key Storage Provider"

#: Calls that name a thing of a tenant, with a body that would do for the tenant whose thing it is.
NAMED: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", "/devices/{device}", None),
    ("GET", "/devices/{managed}", None),
    ("GET", "/devices/{device}/apps", None),
    ("GET", "/devices/{managed}/apps", None),
    ("GET", "/devices/{device}/ledger", None),
    ("GET", "/devices/{managed}/ledger", None),
    ("POST", "/devices/{device}/partnerFacts", {"facts": {"partnerReportedThreatState": "highSeverity"}}),
    ("POST", "/devices/{managed}/partnerFacts", {"facts": {"partnerReportedThreatState": "highSeverity"}}),
    ("GET", "/journal?device={device}", None),
    ("GET", "/journal?device={managed}", None),
    ("GET", "/wire?device={device}", None),
    ("GET", "/wire?device={managed}", None),
    ("GET", "/certificates/{serial}", None),
    ("GET", "/certificates/{thumbprint}", None),
    ("POST", "/certificates/{serial}/revoke", {"reason": "superseded"}),
    ("POST", "/certificates/{thumbprint}/revoke", {"reason": "superseded"}),
    ("GET", "/certificates?userPrincipalName={user}", None),
    ("POST", "/certificates", {"template": "SmimeBoth", "userPrincipalName": "{user}"}),
    ("GET", "/authorities/{authority}", None),
    ("PATCH", "/authorities/{authority}", {"state": "available"}),
    ("POST", "/authorities/{authority}/rollover", None),
    ("GET", "/authorities/{authority}/templates", None),
    ("POST", "/authorities/{authority}/templates", {"name": "Another"}),
    ("GET", "/authorities/issuing/templates/{template}", None),
    ("GET", "/authorities/{authority}/templates/{template}", None),
    ("PATCH", "/authorities/issuing/templates/{template}", {"displayName": "mine"}),
    ("PATCH", "/authorities/{authority}/templates/{template}", {"displayName": "mine"}),
    ("DELETE", "/authorities/{authority}/templates/{template}", None),
    ("POST", "/enrollmentTokens", {"userPrincipalName": "{user}"}),
    ("GET", "/users/{user}/certificates", None),
    ("GET", "/diagnose?user={user}", None),
    ("GET", "/diagnose?device={device}", None),
    ("GET", "/diagnose?device={managed}", None),
    ("GET", "/diagnose?profile={profile}", None),
    ("GET", "/applications/{application}", None),
    ("PATCH", "/applications/{application}", {"displayName": "mine"}),
    ("POST", "/identity/tokens", {"subject": "ci", "application": "{application}"}),
    ("DELETE", "/applications/{application}", None),
    ("GET", "/connectors/{connector}", None),
    ("PATCH", "/connectors/{connector}", {"state": "offline"}),
    ("GET", "/connectors/{connector}/keys", None),
    ("POST", "/connectors/{connector}/keys", {"providerName": "P", "keyName": "K"}),
    ("GET", f"/connectors/{{connector}}/keys/{PROVIDER}/PFXEncryptionKey", None),
    ("DELETE", f"/connectors/{{connector}}/keys/{PROVIDER}/PFXEncryptionKey", None),
    ("GET", "/connectors/{connector}/events", None),
    ("PUT", "/connectors/{connector}/raCertificate", None),
    ("DELETE", "/connectors/{connector}/raCertificate", None),
    ("POST", "/scep/ndes/renew", {"connector": "{connector}"}),
    ("DELETE", "/connectors/{connector}", None),
    ("GET", "/snapshots/{snapshot}", None),
    ("POST", "/snapshots/{snapshot}/restore", None),
    ("DELETE", "/snapshots/{snapshot}", None),
    ("GET", "/faults/{fault}", None),
    ("PATCH", "/faults/{fault}", {"name": "mine"}),
    ("DELETE", "/faults/{fault}", None),
    ("GET", "/approvals/{approval}", None),
    ("GET", "/users/{user}/readability", None),
    ("GET", "/users/{user}/enrollability", None),
    ("GET", "/users/{user}/messages", None),
    ("GET", "/users/{user}/messages/1", None),
    ("GET", "/users/{user}/messages/1/raw", None),
    ("DELETE", "/users/{user}/messages/1", None),
    ("POST", "/address-book", {"address": "{user}", "thumbprint": "{thumbprint}"}),
    ("DELETE", "/address-book/{address}/{mark}", None),
)
#: Calls that name nothing but the tenant itself.
WHOLE = {
    ("GET", "/tenants"),
    ("POST", "/tenants"),
    ("GET", "/tenants/{tenant}"),
    ("PATCH", "/tenants/{tenant}"),
    ("DELETE", "/tenants/{tenant}"),
    ("GET", "/tenants/{tenant}/clock"),
    ("PUT", "/tenants/{tenant}/clock"),
    ("POST", "/tenants/{tenant}/clock/advance"),
    ("POST", "/tenants/{tenant}/settle"),
    ("POST", "/tenants/{tenant}/whatif"),  # what its url names is in test_whatif
    ("POST", "/tenants/{tenant}/whatif/time"),  # its body names a duration alone
    ("DELETE", "/tenants/{tenant}/wire"),
    ("POST", "/tenants/{tenant}/recording/start"),
    ("POST", "/tenants/{tenant}/recording/stop"),
    ("GET", "/tenants/{tenant}/wire/{number}"),  # each tenant counts its own: see test_wire
    ("GET", "/wire"),
    ("GET", "/wire/{number}"),
    ("DELETE", "/wire"),
    ("GET", "/tenants/{tenant}/reports/permissions"),
    ("GET", "/tenants/{tenant}/authorities"),
    # Of a certificate that the tenant does not know nothing is told: see below.
    ("GET", "/tenants/{tenant}/certificates/marks"),
    ("GET", "/tenants/{tenant}/devices"),
    ("GET", "/tenants/{tenant}/applications"),
    ("POST", "/tenants/{tenant}/applications"),
    ("GET", "/tenants/{tenant}/connectors"),
    ("POST", "/tenants/{tenant}/connectors"),
    ("GET", "/tenants/{tenant}/states"),
    ("PUT", "/tenants/{tenant}/states"),
    # Simulated devices are held by a process that a server starts: see tests/journeys/test_hosted_devices.py.
    ("GET", "/tenants/{tenant}/hosted-devices"),
    ("POST", "/tenants/{tenant}/hosted-devices"),
    ("PATCH", "/tenants/{tenant}/hosted-devices/{device}"),
    ("POST", "/tenants/{tenant}/hosted-devices/{device}/check-in"),
    # Labs are those of the program; how far they were played is each tenant's own: see tests/journeys/test_labs.py.
    ("GET", "/tenants/{tenant}/labs"),
    ("GET", "/tenants/{tenant}/labs/{lab}"),
    ("GET", "/tenants/{tenant}/labs/{lab}/files/{name}/raw"),
    *(
        ("POST", f"/tenants/{{tenant}}/labs/{{lab}}/{do}")
        for do in ["answer", "check", "hint", "reset", "solve", "start"]
    ),
    # Classrooms belong to the server: what the password of a seat opens is in test_classrooms.py, call by call.
    ("GET", "/classrooms"),
    ("POST", "/classrooms"),
    ("GET", "/classrooms/{classroom}"),
    ("DELETE", "/classrooms/{classroom}"),
    ("PUT", "/classrooms/{classroom}/clocks"),
    ("POST", "/classrooms/{classroom}/seats/{seat}/faults"),
    ("POST", "/classrooms/{classroom}/seats/{seat}/reset"),
    ("POST", "/classrooms/{classroom}/step"),
    ("GET", "/classrooms/{classroom}/transcripts"),
    ("GET", "/tenants/{tenant}/snapshots"),
    ("POST", "/tenants/{tenant}/snapshots"),
    ("GET", "/tenants/{tenant}/export"),
    ("PUT", "/tenants/{tenant}/import"),
    ("GET", "/tenants/{tenant}/reset"),
    ("POST", "/tenants/{tenant}/reset"),
    ("GET", "/tenants/{tenant}/faults"),
    ("POST", "/tenants/{tenant}/faults"),
    ("DELETE", "/tenants/{tenant}/faults"),
    ("POST", "/tenants/{tenant}/faults/sets"),
    ("GET", "/tenants/{tenant}/digicert"),
    ("POST", "/tenants/{tenant}/digicert"),
    ("POST", "/tenants/{tenant}/messages"),
    # What these name is in tests/surfaces/partner and tests/surfaces/ndes.
    ("GET", "/tenants/{tenant}/scep/challenges"),
    ("POST", "/tenants/{tenant}/scep/challenges"),
    ("POST", "/tenants/{tenant}/scep/challenges/open"),
    ("POST", "/tenants/{tenant}/scep/challenges/try"),
    ("GET", "/tenants/{tenant}/scep/revocations"),
    ("POST", "/tenants/{tenant}/scep/revocations"),
    ("GET", "/tenants/{tenant}/scep/ndes"),
    ("GET", "/tenants/{tenant}/scep/requests"),
    ("POST", "/tenants/{tenant}/scep/requests/{request}/approve"),
    ("POST", "/tenants/{tenant}/scep/requests/{request}/deny"),
    ("GET", "/tenants/{tenant}/address-book"),
    # An address that nobody has is answered with that: see below.
    ("GET", "/tenants/{tenant}/address-book/{address}"),
}


async def _furnish(tenant: httpx.AsyncClient, enroll: Enroll, assign: Assign) -> dict[str, str]:
    """A phone with a certificate of its own; the names of all that the tenant has."""
    name = str(tenant.base_url).rstrip("/").rpartition("/")[2]
    phone: AndroidOverHttp = await enroll(tenant)
    await assign("root", tenant_name=name)
    profile = await assign("pkcs", tenant_name=name)
    await phone.settle()
    (issued,) = await members(tenant, "/certificates")
    await create(tenant, "/digicert")
    address = f"alice@{name}.example"
    await create(tenant, "/address-book", address=address, thumbprint=issued["thumbprint"])
    await create(tenant, "/messages", **{"from": address, "to": [address], "text": f"{name} only"})
    return {
        "address": address,
        "mark": issued["thumbprint"],
        "device": phone.enrollment_id,
        "profile": profile,
        "managed": (await tenant.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"],
        "serial": issued["serial"],
        "thumbprint": issued["thumbprint"],
        "user": f"alice@{name}.example",
        **(await _own_authority(tenant) if name == "fabrikam" else {}),
        "connector": (await only_connector(tenant))["id"],
        "fault": (await create(tenant, "/faults", match={"path": "/groups"}, effect={"status": 500}))["id"],
        "application": (await create(tenant, "/applications"))["clientId"],
        # The last one: it is restored with everything in it.
        "snapshot": (await create(tenant, "/snapshots", name=f"only {name}"))["name"],
    }


async def _own_authority(tenant: httpx.AsyncClient) -> dict[str, str]:
    """An authority and a template that no other tenant has."""
    await create(tenant, "/authorities/issuing/templates", name="Theirs")
    return {"authority": (await create(tenant, "/authorities/issuing/rollover"))["name"], "template": "Theirs"}


async def _everything(tenant: httpx.AsyncClient) -> dict[str, object]:
    """All that the tenant shows of itself."""
    keys = f"/connectors/{(await only_connector(tenant))['id']}/keys"
    lists = (
        "/authorities",
        "/authorities/issuing/templates",
        "/devices",
        "/certificates",
        "/connectors",
        "/applications",
        "/journal",
        "/address-book",
        "/faults",
    )
    by_key = {path: (await tenant.get(path)).json() for path in lists}
    tenant_url = str(tenant.base_url).rstrip("/")
    return {**by_key, "keys": (await tenant.get(keys)).json(), "tenant": (await tenant.get(tenant_url)).json()}


def test_every_call_is_among_those_that_are_tried_here() -> None:
    known = {(method, f"/tenants/{{tenant}}{path.partition('?')[0]}") for method, path, _ in NAMED}
    known = {(method, _template(path)) for method, path in known} | WHOLE
    served = {
        (method.upper(), path.removeprefix("/_fauxtune/v1"))
        for path, methods in documents()["control"]["paths"].items()
        for method in methods
    }
    assert served == known


def _template(path: str) -> str:
    for name, word in (
        ("serial", "key"),
        ("thumbprint", "key"),
        ("managed", "device"),
        ("application", "clientId"),
        ("template", "name"),
        ("snapshot", "name"),
    ):
        path = path.replace(f"{{{name}}}", f"{{{word}}}")
    path = path.replace("/authorities/issuing/", "/authorities/{authority}/")
    path = path.replace("/messages/1", "/messages/{uid}").replace("{mark}", "{thumbprint}")
    return path.replace(f"{PROVIDER}/PFXEncryptionKey", "{provider}/{name}")


def _filled(body: Json | None, names: dict[str, str]) -> Json | None:
    """The body with the names of a tenant's things in its texts."""
    if body is None:
        return None
    return {name: value.format(**names) if isinstance(value, str) else value for name, value in body.items()}


@ON_BOTH_DATABASES
async def test_the_things_of_another_tenant_do_not_exist(
    emulator: Emulator, contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    tenant = await emulator.runner.tenant("fabrikam")
    _policy, approval = await waiting_request(emulator, tenant, approvers=["no-group"])
    theirs = {"approval": approval, **await _furnish(fabrikam, enroll, assign)}
    await _furnish(contoso, enroll, assign)
    before = await _everything(fabrikam)
    for method, path, body in NAMED:
        filled = _filled(body, theirs)
        answer = await contoso.request(method, path.format(**theirs), json=filled)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound"), (method, path)
    assert await _everything(fabrikam) == before
    # The same calls find the tenant's own things.
    for method, path, body in NAMED:
        filled = _filled(body, theirs)
        answer = await fabrikam.request(method, path.format(**theirs), json=filled)
        assert answer.is_success, (method, path, answer.text)


@ON_BOTH_DATABASES
async def test_the_address_book_of_another_tenant_is_not_looked_into(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    theirs = await _furnish(fabrikam, enroll, assign)
    answer = (await contoso.get(f"/address-book/{theirs['address']}")).json()
    assert (answer["value"], answer["sentence"][:36]) == ([], "No user of this tenant has the addre")
    # The marks of another tenant's certificates are not told either.
    marks = f"/certificates/marks?thumbprints={theirs['thumbprint']}"
    told = [(await tenant.get(marks)).json()["value"] for tenant in (contoso, fabrikam)]
    assert [[each["thumbprint"] for each in value] for value in told] == [[], [theirs["thumbprint"]]]


@ON_BOTH_DATABASES
async def test_lists_are_disjoint(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    ours, theirs = await _furnish(contoso, enroll, assign), await _furnish(fabrikam, enroll, assign)
    for path, key in (
        ("/devices", "id"),
        ("/certificates", "serial"),
        ("/connectors", "id"),
        ("/applications", "clientId"),
    ):
        here = {member[key] for member in await members(contoso, path)}
        there = {member[key] for member in await members(fabrikam, path)}
        assert here
        assert there
        assert not here & there
    for path in ("/journal", "/wire?limit=1000", "/wire?format=har&limit=1000"):
        texts = [(await tenant.get(path)).text for tenant in (contoso, fabrikam)]
        for text, foreign in ((texts[0], theirs), (texts[1], ours)):
            assert not [name for name, value in foreign.items() if value in text], path


@ON_BOTH_DATABASES
async def test_what_is_done_to_one_tenant_does_not_touch_the_other(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    await _furnish(contoso, enroll, assign)
    await _furnish(fabrikam, enroll, assign)
    before = await _everything(contoso)
    url = str(fabrikam.base_url).rstrip("/")
    await fabrikam.patch(url, json={"settings": {"requireTrustedRoot": False}})
    await fabrikam.put("/clock", json={"mode": "frozen", "now": "2031-01-01T00:00:00Z"})
    await fabrikam.post("/clock/advance", json={"by": "P1D", "settle": True, "timeout": 0})
    await fabrikam.patch(f"/connectors/{(await only_connector(fabrikam))['id']}", json={"state": "offline"})
    for issued in await members(fabrikam, "/certificates"):
        await fabrikam.post(f"/certificates/{issued['serial']}/revoke", json={})
    assert await _everything(contoso) == before
    assert (await fabrikam.delete(url)).status_code == 204
    assert await _everything(contoso) == before


@ON_BOTH_DATABASES
async def test_a_token_of_one_tenant_enrols_in_no_other(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    token = (await create(fabrikam, "/enrollmentTokens", userPrincipalName="alice@fabrikam.example"))["token"]
    body = {"enrollmentToken": token, "mode": "work-profile", "csr": ""}
    answer = await http.post("/mdm/contoso/android/v1/enterprises/contoso/devices:enroll", json=body)
    assert answer.status_code in (400, 401)
    assert await members(contoso, "/devices") == []


@ON_BOTH_DATABASES
@pytest.mark.parametrize(
    "tail", ["", "/clock", "/devices", "/connectors", "/applications", "/certificates", "/journal"]
)
async def test_a_tenant_that_does_not_exist_is_not_found(control: httpx.AsyncClient, tail: str) -> None:
    answer = await control.get(f"/tenants/nobody{tail}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


@ON_BOTH_DATABASES
async def test_two_emulators_in_one_process_never_meet(app: Application, emulator: Emulator) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        assert [entry["name"] for entry in (await client.get("/tenants")).json()["value"]] == ["contoso"]
    assert app.state.emulator is emulator
