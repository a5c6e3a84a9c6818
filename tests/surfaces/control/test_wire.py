"""The window on the wire: what was sent and answered, who called, with which permission, and why it was refused."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.types import Message, Scope

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.wire import KEPT, Bounds, Wire
from fauxtune.operations.tenants.seeds import BUILT_IN
from fauxtune.server.factory import Application
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import ABSENT, Json, create, error_code
from tests.support.wire import ROOT, all_parts, recorded, whole, wire_url
from tests.surfaces.control.conftest import Enroll

APPLICATION = BUILT_IN["applications"][0]
TOKEN = "/contoso/oauth2/v2.0/token"
GRAPH = "https://graph.microsoft.com/.default"


@pytest.fixture
async def reader(http: httpx.AsyncClient) -> dict[str, str]:
    """The headers of an application that may read users, and nothing else."""
    sent = {"displayName": "Reader", "roles": ["User.Read.All"], "secret": "reader-secret"}
    document = (await http.post(f"{ROOT}/tenants/contoso/applications", json=sent)).json()
    form = {"grant_type": "client_credentials", "client_id": document["clientId"], "client_secret": "reader-secret"}
    answer = await http.post(TOKEN, data={**form, "scope": GRAPH})
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


@ON_BOTH_DATABASES
async def test_an_exchange_says_who_called_and_what_was_answered(
    http: httpx.AsyncClient, app_token: str, enroll: Enroll, contoso: httpx.AsyncClient
) -> None:
    phone = await enroll(contoso)
    answer = await http.get("/beta/users?$top=1", headers={"authorization": f"Bearer {app_token}"})
    (exchange,) = await recorded(http, surface="graph")
    assert exchange == {
        "number": exchange["number"],
        "time": "2026-11-24T10:00:00.0000000Z",
        "tenantTime": "2026-11-24T10:00:00.0000000Z",
        "surface": "graph",
        "method": "GET",
        "url": "/beta/users?$top=1",
        "status": 200,
        "milliseconds": exchange["milliseconds"],
        "requestId": answer.headers["request-id"],
        "caller": {
            "application": APPLICATION["clientId"],
            "applicationName": APPLICATION["name"],
            "user": None,
            "userPrincipalName": None,
            "device": None,
            "deviceName": None,
            "managedDeviceId": None,
        },
        "permissions": [
            {
                "operation": "GET /users",
                "needs": exchange["permissions"][0]["needs"],
                "grantedBy": exchange["permissions"][0]["grantedBy"],
                "missing": False,
            }
        ],
        "refusal": None,
        "requestLength": 0,
        "responseLength": len(answer.content),
    }
    assert "User.Read.All" in exchange["permissions"][0]["needs"]
    whole = (await contoso.get(f"/wire/{exchange['number']}")).json()
    query, token = whole["request"]["head"]
    assert [fact["value"] for fact in query["facts"]] == ["the first one"]
    assert token["title"] == f"Token: of the application {APPLICATION['name']}"
    assert '"roles"' in token["text"]
    assert (whole["request"]["parts"], whole["response"]["head"]) == ([], [])
    assert "User.ReadWrite.All" in exchange["permissions"][0]["grantedBy"]
    (enrolment,) = await recorded(http, surface="devices")
    record = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()
    named = {"device": phone.enrollment_id, "managedDeviceId": record["managedDeviceId"]}
    assert {name: enrolment["caller"][name] for name in named} == named
    assert enrolment["caller"]["userPrincipalName"] == "alice@contoso.example"


@ON_BOTH_DATABASES
async def test_names_that_no_database_can_hold_do_no_harm(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    await http.get("/mdm/contoso/android/v1/enterprises/contoso/devices/a%00b/policy")
    await http.get("/pki/%00/root/crl")
    assert (await http.get("/mdm/%00/android/nothing")).status_code == 404
    (exchange,) = await recorded(http)
    assert exchange["caller"]["device"] == "a\0b"
    assert [each["url"] for each in await recorded(http, None)][-2:] == [
        "/pki/%00/root/crl",
        "/mdm/%00/android/nothing",
    ]
    assert (await contoso.get("/wire", params={"device": "a\0c"})).status_code in (400, 404)


async def test_a_missing_permission_is_named(http: httpx.AsyncClient, reader: dict[str, str]) -> None:
    refused = await http.delete("/beta/users/alice@contoso.example", headers=reader)
    assert refused.status_code == 403
    (exchange,) = await recorded(http, status="403")
    (permission,) = exchange["permissions"]
    assert (permission["operation"], permission["missing"]) == ("DELETE /users/{user}", True)
    assert (permission["grantedBy"], "User.ReadWrite.All" in permission["needs"]) == ([], True)
    assert exchange["caller"]["applicationName"] == "Reader"
    assert "User.ReadWrite.All" in exchange["refusal"]


async def test_every_request_of_a_batch_has_its_permission_and_its_part(
    http: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    items = [
        {"id": "a", "method": "GET", "url": "/users/alice@contoso.example"},
        {"id": "b", "method": "GET", "url": "/deviceManagement/managedDevices"},
    ]
    await http.post("/beta/$batch", json={"requests": items}, headers=reader)
    (exchange,) = await recorded(http, text="$batch")
    assert [(permission["operation"], permission["missing"]) for permission in exchange["permissions"]] == [
        ("POST /$batch", False),
        ("GET /users/{user}", False),
        ("GET /deviceManagement/managedDevices", True),
    ]
    titles = [part["title"] for part in all_parts((await whole(http, exchange))["response"]["parts"])]
    assert any("to request b: 403" in title for title in titles), titles


async def test_a_refused_phone_is_there_with_what_it_sent_and_why(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll(contoso)
    path = f"/mdm/contoso/android/v1/enterprises/contoso/devices/{phone.enrollment_id}:reportStatus"
    headers = {"authorization": "Bearer another-credential"}
    report = {"appliedPolicyName": "a name to find"}
    assert (await http.post(path, json=report, headers=headers)).status_code == 401
    (exchange,) = await recorded(http, device=phone.enrollment_id, status="error")
    assert exchange["refusal"] == "The device credential is missing, or is not this device's."
    document = await whole(http, exchange)
    assert "a name to find" in json.dumps(document["request"]["parts"])
    assert "another-credential" not in json.dumps(document)
    # A device that never was is found by the id that it gave itself.
    await http.get(f"/mdm/contoso/android/v1/enterprises/contoso/devices/{ABSENT}/policy")
    (stranger,) = await recorded(http, device=ABSENT)
    assert (stranger["status"], stranger["caller"]["device"]) == (404, ABSENT)
    answer = await contoso.get("/wire?device=nothing")
    assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_a_sign_in_that_fails_says_why_and_shows_no_secret(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "client_id": APPLICATION["clientId"], "client_secret": "a-wrong-secret"}
    assert (await http.post(TOKEN, data={**form, "scope": GRAPH})).status_code == 401
    (exchange,) = await recorded(http, surface="identity")
    assert exchange["caller"]["applicationName"] == APPLICATION["name"]
    assert exchange["refusal"].startswith("Invalid client secret provided.")
    document = await whole(http, exchange)
    assert "a-wrong-secret" not in json.dumps(document)
    assert "client_secret=" in document["asCurl"]


async def test_a_reason_that_repeats_a_token_is_masked(http: httpx.AsyncClient, reader: dict[str, str]) -> None:
    token = reader["authorization"].removeprefix("Bearer ")
    answer = await http.get(f"/beta/users/{token}", headers=reader)
    assert token in answer.text, "the refusal repeats what was sent"
    (exchange,) = [each for each in await recorded(http, surface="graph") if each["refusal"]]
    assert token not in str(exchange)
    assert "[not shown: token]" in exchange["refusal"]
    assert await recorded(http, text=token[-20:]) == []


def _secrets(key: rsa.RSAPrivateKey) -> dict[str, str]:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "bearer": "planted-bearer-credential-0001",
        "cookie": "planted-cookie-value-0002",
        "query": "planted-query-token-0003",
        "member": "planted-json-secret-0004",
        "nested": "planted-nested-password-0005",
        "pem": pem.splitlines()[3],
    }


async def test_no_secret_is_in_any_answer(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    planted = _secrets(raw_rsa_keys[0])
    pem = raw_rsa_keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    headers = {
        "authorization": f"Bearer {planted['bearer']}",
        "cookie": f"session={planted['cookie']}",
        "proxy-authorization": f"Basic {base64.b64encode(planted['bearer'].encode()).decode()}",
    }
    body = {"client_secret": planted["member"], "inner": {"pfxPassword": planted["nested"], "privateKey": pem}}
    await contoso.post(f"/whatif?token={planted['query']}", json=body, headers=headers)
    issued = await create(contoso, "/certificates", template="SmimeBoth", email="a@b.example")
    planted |= {"pfx": issued["pfx"][200:300], "issued password": issued["pfxPassword"]}
    exchanges = await recorded(http)
    documents = [json.dumps(await whole(http, exchange)) for exchange in exchanges]
    archive = (await contoso.get("/wire?format=har")).text
    for text in (json.dumps(exchanges), archive, *documents):
        assert not [name for name, secret in planted.items() if secret in text]
    # What is not shown cannot be guessed letter by letter either.
    for secret in planted.values():
        assert await recorded(http, text=secret[:20]) == []
        assert await recorded(http, text=secret[:4], surface="graph") == []
    assert "Authorization: Bearer $TOKEN" in json.loads(documents[0])["asCurl"]


async def test_a_long_body_is_cut_and_a_secret_at_the_cut_is_not_shown(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient
) -> None:
    filler = "x " * ((KEPT - 40) // 2)
    body = json.dumps({"note": filler, "client_secret": "planted-at-the-very-end-of-what-is-kept"})
    await contoso.post("/whatif", content=body, headers={"content-type": "application/json"})
    (exchange,) = await recorded(http, text="/whatif")
    request = (await whole(http, exchange))["request"]
    assert (exchange["requestLength"], request["length"], request["truncated"]) == (len(body), len(body), True)
    assert "planted" not in json.dumps(request)


async def test_a_body_that_was_never_read_is_missed(http: httpx.AsyncClient, app: Application) -> None:
    headers = {"content-type": "application/json", "authorization": "Bearer not-a-token"}
    await http.post("/beta/groups", content=b'{"displayName": "never read"}', headers=headers)
    (exchange,) = await recorded(http, None, surface="graph")
    assert exchange["refusal"].startswith("CompactToken parsing failed")
    request = (await whole(http, exchange, None))["request"]
    assert (request["length"], request["truncated"], request["parts"]) == (29, True, [])


async def test_no_tenant_sees_what_belongs_to_another(
    http: httpx.AsyncClient, control: httpx.AsyncClient, contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    await control.delete("/tenants/contoso/wire")
    await http.get("/pki/contoso/root/crl")
    # A token of one tenant at another's path belongs to the path, and so does whatever is refused there.
    form = {"grant_type": "client_credentials", "client_id": APPLICATION["clientId"], "client_secret": "x"}
    await http.post("/fabrikam/oauth2/v2.0/token", data=form)
    await http.get(f"/mdm/fabrikam/android/v1/enterprises/contoso/devices/{ABSENT}/policy")
    await fabrikam.get("/nothing")
    ours, theirs = await recorded(http), await recorded(http, "fabrikam")
    assert [our["url"] for our in ours] == ["/pki/contoso/root/crl"]
    assert [their["surface"] for their in theirs] == ["identity", "devices/android", "control"]
    for our in (*ours, *theirs):
        assert our["number"] <= 3
    assert (await contoso.get("/wire/2")).status_code == 404
    assert "fabrikam" not in (await contoso.get("/wire?format=har")).text
    assert await recorded(http, text="fabrikam") == []
    assert (await contoso.delete("/wire")).status_code == 204
    assert await recorded(http) == []
    assert len(await recorded(http, "fabrikam")) == 3


async def test_what_belongs_to_no_tenant_is_apart(http: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    await control.delete("/wire")
    for path in ("/nothing", "/pki/nobody/root/crl", "/nobody/oauth2/v2.0/token"):
        await http.get(path)
    exchanges = await recorded(http, None)
    assert [(exchange["surface"], exchange["url"]) for exchange in exchanges] == [
        ("other", "/nothing"),
        ("pki", "/pki/nobody/root/crl"),
        ("identity", "/nobody/oauth2/v2.0/token"),
    ]
    assert {exchange["tenantTime"] for exchange in exchanges} == {None}
    assert await recorded(http) == []


async def test_a_deleted_tenant_leaves_nothing(
    http: httpx.AsyncClient, control: httpx.AsyncClient, fabrikam: httpx.AsyncClient, emulator: Emulator
) -> None:
    await fabrikam.get("/nothing")
    waiting = asyncio.create_task(fabrikam.get("/wire?after=100&wait=30&status=599"))
    await asyncio.sleep(0.05)
    before = emulator.wire.size
    assert (await control.delete("/tenants/fabrikam")).status_code == 204
    assert (await asyncio.wait_for(waiting, 5)).status_code == 404
    assert emulator.wire.size < before
    (exchange,) = await recorded(http, None, text="DELETE")
    assert exchange["url"] == "/_fauxtune/v1/tenants/fabrikam"
    assert (await http.get(wire_url("fabrikam"))).status_code == 404


async def test_reading_is_not_recorded_nor_are_pages_and_probes(
    http: httpx.AsyncClient, control: httpx.AsyncClient
) -> None:
    await control.delete("/wire")
    for path in ("/", "/console", "/console/contoso", "/docs", "/livez", "/readyz", "/favicon.ico"):
        await http.get(path)
    for tenant in ("contoso", None):
        for path in ("", "/1", "?format=har", "?device=nothing"):
            await http.get(f"{wire_url(tenant)}{path}")
    assert await recorded(http, None) == []
    assert await recorded(http) == []


async def test_filters_and_where_to_go_on(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    for path in ("/pki/contoso/root/crl", "/pki/contoso/nothing/crl", "/pki/contoso/issuing/ca.cer"):
        await http.get(path)
    await contoso.get("/clock")
    statuses = {
        word: [each["number"] for each in await recorded(http, status=word)]
        for word in ("200", "404", "2xx", "4XX", "error")
    }
    assert statuses == {"200": [1, 3, 4], "404": [2], "2xx": [1, 3, 4], "4XX": [2], "error": [2]}
    assert [each["number"] for each in await recorded(http, surface="pki")] == [1, 2, 3]
    assert [each["number"] for each in await recorded(http, text="CA.CER")] == [3]
    assert [each["number"] for each in await recorded(http, text="there is no")] == [2]
    # Without a number the newest; after one, those that come next.
    newest = (await contoso.get("/wire?limit=2")).json()
    assert ([exchange["number"] for exchange in newest["exchanges"]], newest["next"]) == ([3, 4], 4)
    following = (await contoso.get("/wire?after=1&limit=2")).json()
    assert ([exchange["number"] for exchange in following["exchanges"]], following["next"]) == ([2, 3], 3)
    last = (await contoso.get("/wire?after=3&status=404")).json()
    assert (last["exchanges"], last["next"], last["kept"]) == ([], 4, 500)
    # The numbers of a server that was started again begin at 1.
    assert [each["number"] for each in await recorded(http, after=5000)] == [1, 2, 3, 4]
    for query in ("surface=nonsense", "status=nonsense", "status=99", "limit=0", "after=-1", "wait=61", "format=xml"):
        answer = await contoso.get(f"/wire?{query}")
        assert (answer.status_code, error_code(answer)) == (400, "Invalid"), query
    assert (await contoso.get(f"/wire/{10**30}")).status_code == 404


async def test_a_reader_waits_for_the_next_exchange(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(contoso.get("/wire?wait=30&surface=pki"))
    await asyncio.sleep(0.05)
    await contoso.get("/clock")
    assert not waiting.done()
    await http.get("/pki/contoso/root/crl")
    answer = (await asyncio.wait_for(waiting, 5)).json()
    assert [exchange["url"] for exchange in answer["exchanges"]] == ["/pki/contoso/root/crl"]


async def test_nothing_is_recorded_if_the_setting_says_so(
    app: Application, http: httpx.AsyncClient, emulator: Emulator
) -> None:
    app.state.emulator = replace(emulator, wire=Wire(emulator.runner, Bounds(exchanges=0)))
    await http.get("/pki/contoso/root/crl")
    answer = (await http.get(f"{wire_url('contoso')}?wait=30")).json()
    assert answer == {"exchanges": [], "next": 0, "stoppedAt": None, "waits": 0, "kept": 0}


async def test_what_if_records_its_own_call_alone(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    await contoso.post("/whatif", json={"method": "DELETE", "url": "/users/alice@contoso.example"})
    assert [each["url"] for each in await recorded(http)] == ["/_fauxtune/v1/tenants/contoso/whatif"]


def _scope(method: str, path: str, *, query: bytes = b"", headers: Sequence[tuple[bytes, bytes]] = ()) -> Scope:
    """Return a request as a server hands it to the application."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"host", b"localhost"), *headers],
        "scheme": "https",
        "http_version": "1.1",
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8443),
        "root_path": "",
    }


async def test_an_exchange_is_there_before_the_client_has_the_whole_answer(
    app: Application, http: httpx.AsyncClient, app_token: str
) -> None:
    """A client may look for it at once, in another process, while this one has done nothing but send."""
    scope = _scope("GET", "/v1.0/users", query=b"$top=1", headers=[(b"authorization", f"Bearer {app_token}".encode())])
    ends = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            ends.append([each["url"] for each in await recorded(http, surface="graph")])

    await app(scope, receive, send)
    assert ends == [["/v1.0/users?$top=1"]]
    assert [each["status"] for each in await recorded(http, surface="graph")] == [200]


async def test_a_request_that_breaks_off_is_there_without_a_status(app: Application, http: httpx.AsyncClient) -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise AssertionError(message)

    await http.get("/pki/contoso/root/crl")  # the tenant becomes known
    await app(_scope("POST", "/mdm/contoso/android/v1/enterprises/contoso/devices:enroll"), receive, send)
    (exchange,) = await recorded(http, surface="android", status="error")
    assert (exchange["status"], exchange["responseLength"]) == (None, 0)


async def test_a_body_that_comes_in_pieces_is_put_together(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"no', b'te": ', b'"in pieces"}'):
            yield piece

    await contoso.post("/whatif", content=pieces(), headers={"content-type": "application/json"})
    (exchange,) = await recorded(http, text="/whatif")
    (part,) = (await whole(http, exchange))["request"]["parts"]
    assert json.loads(part["text"]) == {"note": "in pieces"}


async def test_the_time_is_the_tenant_s_too(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    await contoso.put("/clock", json={"mode": "frozen", "now": "2030-01-01T00:00:00Z"})
    await contoso.get("/clock")
    before, after = await recorded(http)
    assert before["tenantTime"] == before["time"] == after["time"] == "2026-11-24T10:00:00.0000000Z"
    assert after["tenantTime"] == "2030-01-01T00:00:00.0000000Z"


async def test_a_har_has_what_the_specification_demands(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, reader: dict[str, str]
) -> None:
    await http.post("/beta/groups?a=1&b=", json={"displayName": "G"}, headers=reader)
    await http.get("/pki/contoso/root/ca.cer")
    log: Json = (await contoso.get("/wire?format=har")).json()["log"]
    assert (log["version"], log["creator"]["name"], bool(log["creator"]["version"])) == ("1.2", "Fauxtune", True)
    entries = log["entries"]
    assert len(entries) == len(await recorded(http))
    for entry in entries:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert {"send", "wait", "receive"} <= set(entry["timings"])
        request, response = entry["request"], entry["response"]
        common = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert common | {"method", "url", "queryString"} <= set(request)
        assert common | {"status", "statusText", "content", "redirectURL"} <= set(response)
        assert {"size", "mimeType"} <= set(response["content"])
        assert request["url"].startswith("https://localhost:8443/")
        assert all(set(header) == {"name", "value"} for header in request["headers"] + response["headers"])
    group = next(entry for entry in entries if "/beta/groups" in entry["request"]["url"])
    assert group["request"]["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": ""}]
    assert json.loads(group["request"]["postData"]["text"]) == {"displayName": "G"}
    assert (group["response"]["status"], "Group.ReadWrite.All" in group["comment"]) == (403, True)


async def test_a_command_of_curl_obeys_no_stranger(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    body = json.dumps({"note": "'; rm -rf / # \x1b[2J"}, ensure_ascii=False)
    headers = {"content-type": "application/json", "x-strange": "$(reboot)`id`", "host": "localhost"}
    await contoso.post("/whatif?a='b$(id)", content=body, headers=headers)
    (exchange,) = await recorded(http, text="/whatif")
    command: str = (await whole(http, exchange))["asCurl"]
    words = shlex.split(command.replace("\\\n", " "))
    assert words[:4] == ["curl", "-sS", "-X", "POST"]
    assert "x-strange: $(reboot)`id`" in words
    assert words[-2] == "--data-raw"
    assert "rm -rf" in words[-1]
    assert "\x1b" not in command


@ON_BOTH_DATABASES
async def test_a_secret_in_an_address_is_shown_nowhere(http: httpx.AsyncClient, app_token: str) -> None:
    headers = {"authorization": f"Bearer {app_token}"}
    secret = "Zwetschgen-7f3Qx9mK2v"
    for address in (
        f"/beta/users?$filter=password eq '{secret}'",
        f"/beta/users?$filter='{secret}' eq password",
        f"/beta/users?password={secret}",
        f"/beta/users/clientSecret/{secret}",
        f"/beta/clientSecret/{quote(secret + '/+')}",
        f"/beta/clientSecret/{secret}?$top=x",
    ):
        answer = await http.get(address, headers=headers)
    assert answer.status_code == 400
    batch = {"requests": [{"id": "1", "method": "GET", "url": f"/users/clientSecret/{secret}"}]}
    answer = await http.post("/beta/$batch", headers=headers, json=batch)
    assert secret in answer.text, "Graph repeats it"
    exchanges = await recorded(http, surface="graph")
    assert len(exchanges) == 7
    assert await recorded(http, text=secret) == []
    archive = await http.get(f"{wire_url('contoso')}?format=har")
    shown = [archive.text, *[json.dumps(await whole(http, exchange)) for exchange in exchanges], str(exchanges)]
    assert not [text for text in shown if secret in text]
