"""Requests byte for byte as other programs write them: PowerShell's `Invoke-RestMethod` and `Invoke-MgGraphRequest`,
the modules over Graph, and the cmdlets that import certificates (microsoft/Intune-Resource-Access).

A client that builds requests would tidy them up; here they go to the application as they are.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from fauxtune.server.factory import Application
from tests.support.certificates import PfxImport
from tests.support.graph import DEVICES, PFX, PROFILES, Json, create, error_code, error_message, id_of_group, id_of_user
from tests.surfaces.graph.conftest import Enroll

ALICE = "alice@contoso.example"
IMPORTED = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
#: What .NET Framework sends along.
NET = {"content-type": "application/json", "expect": "100-continue", "connection": "Keep-Alive"}
POWERSHELL = "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.19041.4894"
Raw = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def raw(app: Application, app_token: str) -> AsyncIterator[Raw]:
    """`await raw("GET", "/beta//users?$top=1")`: the target as it is, and no header but those given."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:

        async def send(method: str, target: str, content: bytes = b"", **headers: str) -> httpx.Response:
            url = httpx.URL("https://localhost:8443", raw_path=target.encode("ascii"))
            sent = {"authorization": f"Bearer {app_token}", "host": "localhost:8443", "user-agent": POWERSHELL}
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.send(httpx.Request(method, url, headers={**sent, **named}, content=content))

        yield send


def cmdlet_body(file: PfxImport, **changes: Any) -> bytes:
    """What the import cmdlet sends: indented, in its order, with PascalCase words and the administrator's own time."""
    body = file.body(ALICE)
    record = {
        "thumbprint": body["thumbprint"],
        "intendedPurpose": "SmimeEncryption",
        "userPrincipalName": body["userPrincipalName"],
        "startDateTime": "2026-01-31T02:00:00-08:00",
        "expirationDateTime": "2027-01-31T02:00:00-08:00",
        "providerName": body["providerName"],
        "keyName": body["keyName"],
        "paddingScheme": "OaepSha512",
        "encryptedPfxBlob": body["encryptedPfxBlob"],
        "encryptedPfxPassword": body["encryptedPfxPassword"],
        "createdDateTime": "2026-11-24T01:59:59.1234567-08:00",
        "lastModifiedDateTime": "2026-11-24T01:59:59.1234567-08:00",
    }
    return json.dumps({**record, **changes}, indent=2).replace("\n", "\r\n").encode()


async def test_the_import_cmdlets_go_round(raw: Raw, beta: httpx.AsyncClient, file_of_alice: PfxImport) -> None:
    result = await raw("GET", f"/beta/users?$filter=userPrincipalName%20eq%20'{ALICE}'")
    user = result.json()["value"][0]["id"].replace("-", "")
    key = f"{user}-{file_of_alice.thumbprint}"
    imported = await raw("POST", f"/beta{PFX}", cmdlet_body(file_of_alice), **NET)
    assert (imported.status_code, imported.json()["id"]) == (201, key)
    assert imported.json()["startDateTime"] == "2026-01-31T10:00:00Z"
    assert imported.json()["createdDateTime"] == "2026-11-24T10:00:00Z", "the server's clock, not the client's"
    again = await raw("POST", f"/beta{PFX}", cmdlet_body(file_of_alice), **NET)
    assert again.status_code == 409
    assert again.json()["error"]["message"], "the cmdlet prints it"
    assert again.headers["request-id"]
    by_user = f"/beta{PFX}?$filter=tolower(userPrincipalName)%20eq%20'{ALICE}'"
    one = f"{by_user}%20and%20tolower(thumbprint)%20eq%20'{file_of_alice.thumbprint}'"
    for target in (by_user, one):
        got = await raw("GET", target)
        assert [entry["id"] for entry in got.json()["value"]] == [key], target
    fetched = got.json()["value"][0]
    changed = json.dumps({**fetched, "intendedPurpose": "SmimeSigning", "paddingScheme": "OaepSha512"}).encode()
    update = await raw("PATCH", f"/beta{PFX}({key})", changed, **NET)
    assert (update.status_code, update.json()["intendedPurpose"]) == (200, "smimeSigning")
    gone = await raw("DELETE", f"/beta{PFX}/{key}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await raw("DELETE", f"/beta{PFX}/{key}")).status_code == 404
    assert (await raw("GET", one)).json()["value"] == [], "nobody has it any more, and that is an answer"
    assert (await beta.get(PFX)).json()["value"] == []


@pytest.mark.parametrize(
    "form",
    [
        "({key})",
        "('{key}')",
        "/{key}",
        "%28{key}%29",
        "%28%27{key}%27%29",
        "({upper})",
        "({hyphened})",
        "/{hyphened}",
        "//{key}",
        "('{key}')/",
        "(id='{key}')",
    ],
)
async def test_a_key_is_read_in_every_form(
    raw: Raw, beta: httpx.AsyncClient, file_of_alice: PfxImport, form: str
) -> None:
    key = (await create(beta, PFX, **file_of_alice.body(ALICE)))["id"]
    hyphened = f"{await id_of_user(beta, 'alice')}-{file_of_alice.thumbprint}"
    target = form.format(key=key, upper=key.upper(), hyphened=hyphened)
    answer = await raw("GET", f"/beta{PFX}{target}")
    assert (answer.status_code, answer.json().get("id")) == (200, key)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"id": ""}, 201),
        ({"id": "00000000-0000-0000-0000-000000000000"}, 201),
        ({"@odata.type": "#microsoft.graph.userPFXCertificate"}, 201),
        ({"intendedPurpose": "VPN", "paddingScheme": "OaepSha384"}, 201),
        ({"startDateTime": "2026-01-31T10:00:00.1234567"}, 201),
        # The README's own sample has such an offset, and a GUID for a thumbprint.
        ({"startDateTime": "2026-01-31T10:00:00-07:0"}, 400),
        ({"thumbprint": "f6f51856-1856-f6f5-5618-f6f55618f6f5"}, 400),
        ({"userPrincipalName": "nobody@contoso.example"}, 400),
    ],
)
async def test_what_samples_write_is_taken_or_refused_with_a_reason(
    raw: Raw, file_of_alice: PfxImport, changes: Json, status: int
) -> None:
    answer = await raw("POST", f"/beta{PFX}", cmdlet_body(file_of_alice, **changes), **NET)
    assert answer.status_code == status, answer.text
    if status != 201:
        assert [each for pair in changes.items() for each in pair if each in error_message(answer)], answer.text


async def test_a_name_with_a_quote_or_a_number_sign_breaks_the_cmdlets_filter_and_says_so(raw: Raw) -> None:
    answer = await raw("GET", "/beta/users?$filter=userPrincipalName%20eq%20'o'brien@contoso.example'")
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    cut = await raw("GET", "/beta/users?$filter=userPrincipalName%20eq%20'guest_x.example")
    assert "unterminated string literal" in error_message(cut)
    doubled = await raw("GET", "/beta/users?$filter=userPrincipalName%20eq%20'o''brien@contoso.example'")
    assert doubled.json()["value"] == []


@pytest.mark.parametrize(
    "target",
    [
        "/beta/users?$filter=userPrincipalName eq '{upn}'".replace(" ", "%20"),
        "/beta/users?%24filter=userPrincipalName%20eq%20%27{upn}%27",
        "/beta/users?$filter=userPrincipalName+eq+'{upn}'",
        "/beta/users/?$filter=userPrincipalName%20eq%20'{upn}'",
        "/beta//users?$filter=userPrincipalName%20EQ%20'{upn}'&%24select=id,userPrincipalName",
        "/BETA/Users?$FILTER=userprincipalname%20eq%20'{upn}'&$Select=ID",
        "/v1.0/users?$top=1&$filter=(userPrincipalName%20eq%20'{upn}')",
        "/V1.0/users?&$filter=userPrincipalName%20eq%20'{upn}'&",
        "//beta///users/?$filter=userPrincipalName%20eq%20'{upn}'",
    ],
)
async def test_one_question_in_many_spellings(raw: Raw, beta: httpx.AsyncClient, target: str) -> None:
    answer = await raw("GET", target.format(upn=ALICE))
    assert [entry["id"] for entry in answer.json()["value"]] == [await id_of_user(beta, "alice")]


@pytest.mark.parametrize(
    "target",
    [
        "/beta/deviceManagement/managedDevices/{id}",
        "/beta/deviceManagement/managedDevices('{id}')",
        "/beta/deviceManagement/managedDevices%28%27{id}%27%29",
        "/beta/devicemanagement/manageddevices/{upper}",
        "/beta//deviceManagement//managedDevices/{id}/",
        "/beta/deviceManagement/managedDevices/{id}?%24select=id%2CdeviceName",
        "/beta/deviceManagement/managedDevices/{id}?$select=id,%20deviceName",
    ],
)
async def test_one_device_in_many_spellings(raw: Raw, enroll: Enroll, target: str) -> None:
    phone = await enroll("alice")
    answer = await raw("GET", target.format(id=phone.managed_device_id, upper=phone.managed_device_id.upper()))
    assert (answer.status_code, answer.json()["id"]) == (200, phone.managed_device_id)


@pytest.mark.parametrize(
    "headers",
    [
        {"content_length": "0"},
        {"content_length": "0", "content_type": "application/json"},
        {"content_length": "0", "content_type": "application/x-www-form-urlencoded"},
        {"content_length": "0", "expect": "100-continue"},
        {},
    ],
)
@pytest.mark.parametrize("action", ["syncDevice", "retire", "wipe", "microsoft.graph.syncDevice", "SyncDevice", "sync"])
async def test_an_action_without_a_body_needs_no_type(
    raw: Raw, enroll: Enroll, headers: dict[str, str], action: str
) -> None:
    # The one is retired, the other is wiped.
    phone = await enroll("alice", mode="work-profile" if action == "retire" else "fully-managed")
    answer = await raw("POST", f"/beta{DEVICES}/{phone.managed_device_id}/{action}", **headers)
    if action == "sync":
        assert (answer.status_code, error_message(answer)) == (400, "Resource not found for the segment 'sync'.")
    else:
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers


ASSIGNED = {
    "single quotes": b"""{'assignments':[{'target':{'@odata.type':'TARGET','groupId':'GROUP'}}]}""",
    "single quotes, indented": b"""
    {
        'assignments':  [
            {
                'target': {
                    '@odata.type': 'TARGET',
                    'groupId': 'GROUP'
                }
            }
        ]
    }
    """,
    "the older form": b"""{"deviceConfigurationGroupAssignments":[
        {"@odata.type":"#microsoft.graph.deviceConfigurationGroupAssignment","targetGroupId":"GROUP"}]}""",
    "with an empty id": b"""{"assignments":[{"id":"","@odata.type":"#microsoft.graph.deviceConfigurationAssignment",
        "target":{"@odata.type":"TARGET","groupId":"GROUP"}}]}""",
}


@pytest.mark.parametrize("written", ASSIGNED)
async def test_assign_takes_what_scripts_write(raw: Raw, beta: httpx.AsyncClient, written: str) -> None:
    profile = (await create(beta, PROFILES, **{"@odata.type": IMPORTED, "displayName": "P"}))["id"]
    group = await id_of_group(beta, "All Staff")
    sent = ASSIGNED[written].replace(b"GROUP", group.encode())
    sent = sent.replace(b"TARGET", b"#microsoft.graph.groupAssignmentTarget").replace(b"\n", b"\r\n")
    answer = await raw("POST", f"/beta{PROFILES}/{profile}/assign", sent, **NET)
    assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{group}"], answer.text


async def test_names_of_properties_have_any_casing(raw: Raw, beta: httpx.AsyncClient) -> None:
    profile = (await create(beta, PROFILES, **{"@odata.type": IMPORTED, "displayName": "P"}))["id"]
    answer = await raw("POST", f"/beta{PROFILES}/{profile}/assign", b"""{"Assignments":[]}""", **NET)
    assert (answer.status_code, answer.json()["value"]) == (200, [])


async def test_other_places_want_json_as_it_is_written(raw: Raw) -> None:
    answer = await raw("POST", f"/beta{PROFILES}", f"{{'@odata.type':'{IMPORTED}','displayName':'P'}}".encode(), **NET)
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("start", "content"),
    [
        (b"\xef\xbb\xbf", b'{"@odata.type":"%s","displayName":"P"}'),
        (b"", b'{"@odata.type":"%s","displayName":"\xc3\x84rzte","id":"00000000-0000-0000-0000-000000000000"}'),
        (b"", b'{"displayName":"P","@odata.type":"%s"}'),
        (b" \r\n", b'{ "@odata.type" : "%s" , "displayName" : "P" , "@odata.context" : "x" }\r\n'),
    ],
)
async def test_a_profile_may_come_with_a_byte_order_mark_spaces_and_annotations(
    raw: Raw, start: bytes, content: bytes
) -> None:
    sent = start + content % IMPORTED.encode()
    answer = await raw("POST", f"/beta{PROFILES}/", sent, content_type="application/json; charset=utf-8")
    assert answer.status_code == 201, answer.text


async def test_references_are_sent_with_whatever_type_powershell_has(raw: Raw, beta: httpx.AsyncClient) -> None:
    pilot, carol = await id_of_group(beta, "SMIME Pilot"), await id_of_user(beta, "carol")
    body = f'{{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{carol}"}}'.encode()
    target = f"/v1.0/groups/{pilot}/members/$ref"
    for spelled in (target, target.replace("$", "%24"), f"/v1.0/groups('{pilot}')/members/%24ref/"):
        added = await raw("POST", spelled, body, content_type="application/json")
        assert (added.status_code, added.content) == (204, b""), spelled
        twice = await raw("POST", spelled, body, content_type="application/json")
        assert "added object references already exist" in error_message(twice)
        removed = await raw("DELETE", f"/v1.0/groups/{pilot}/members/{carol}/$ref")
        assert removed.status_code == 204
