"""What Graph wraps its answers and refusals in, whatever they are about.

Headers that change an answer, how the version may be written, and `$metadata` and the service document, for anybody.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.paths.table import EVERY
from fauxtune.surfaces.graph.routes import ROUTES
from tests.support.graph import ABSENT, DEVICES, PFX, PROFILES, create, error_message, ids
from tests.surfaces.graph.conftest import Enroll

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _checked(answer: httpx.Response, *, client_id: str | None = None) -> dict[str, Any]:
    """The error, after looking at all that surrounds it."""
    assert answer.headers["content-type"] == JSON
    document = answer.json()
    assert set(document) == {"error"}
    error: dict[str, Any] = document["error"]
    inner = error["innerError"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inner["date"])
    assert GUID.fullmatch(inner["request-id"])
    assert inner["client-request-id"] == (client_id or inner["request-id"])
    for name in ("request-id", "client-request-id"):
        assert answer.headers[name] == inner[name]
    return error


_GROUP = {"displayName": "Quiet", "mailEnabled": False, "mailNickname": "quiet", "securityEnabled": True}
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


async def _schema(graph: httpx.AsyncClient) -> Element:
    answer = await graph.get("/$metadata", headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml;charset=utf-8"
    find = fromstring(answer.content).find(f".//{_EDM}Schema")
    assert find is not None
    return find


def _named(schema: Element, tag: str, name: str) -> Element | None:
    return schema.find(f"{_EDM}{tag}[@Name='{name}']")


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/nothing", "nothing"),
        ("/users/x/nothing", "nothing"),
        ("/deviceManagement/nothing", "nothing"),
        (f"{DEVICES}/x/nothing", "nothing"),
        ("/deviceManagement/managedDevices('x')/no%20thing", "no thing"),
        ("/users/x/microsoft.graph.nothing", "microsoft.graph.nothing"),
    ],
)
async def test_an_unknown_path_is_told_where_it_ends(beta: httpx.AsyncClient, path: str, segment: str) -> None:
    answer = await beta.get(path)
    error = _checked(answer)
    assert (answer.status_code, error["code"]) == (400, "BadRequest")
    assert error["message"] == f"Resource not found for the segment '{segment}'."


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("PUT", "/users", "~/entityset"),
        ("DELETE", "/users", "~/entityset"),
        ("PUT", PROFILES, "~/singleton/navigation"),
        ("GET", f"{PROFILES}/x/assign", "~/singleton/navigation/key/action"),
        ("GET", f"{DEVICES}/x/wipe", "~/singleton/navigation/key/action"),
        ("PUT", f"{PFX}('x')", "~/singleton/navigation/key"),
        ("OPTIONS", "/users", "~/entityset"),
        ("FROB", "/users", "~/entityset"),
    ],
)
async def test_a_verb_that_a_path_does_not_know_is_refused(
    beta: httpx.AsyncClient, method: str, path: str, template: str
) -> None:
    answer = await beta.request(method, path)
    error = _checked(answer)
    assert (answer.status_code, error["code"]) == (400, "No method match route template")
    assert error["message"] == (
        f"No OData route exists that match template {template} with http verb {method} for request {path}."
    )


async def test_head_is_no_verb_of_graph(beta: httpx.AsyncClient) -> None:
    answer = await beta.head("/users")
    assert answer.status_code == 400
    assert GUID.fullmatch(answer.headers["request-id"])


@pytest.mark.parametrize("path", ["/users", PROFILES, PFX])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"x"', b"7", b"null", b"\xff\xfe", b"{'a':1}", b'{"a":NaN}', b"[" * 100_000]
)
async def test_a_malformed_body_is_refused(beta: httpx.AsyncClient, path: str, content: bytes) -> None:
    before = await ids(beta, path)
    answer = await beta.post(path, content=content, headers={"content-type": "application/json"})
    error = _checked(answer)
    assert (answer.status_code, error["code"]) == (400, "Request_BadRequest" if path == "/users" else "BadRequest")
    assert "JSON" in error_message(answer)
    assert await ids(beta, path) == before


@pytest.mark.parametrize(
    "media", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"]
)
@pytest.mark.parametrize("path", ["/users", PROFILES])
async def test_a_body_that_does_not_say_it_is_json_is_refused(
    beta: httpx.AsyncClient, path: str, media: str | None
) -> None:
    headers = {} if media is None else {"content-type": media}
    answer = await beta.post(path, content=b"{}", headers=headers)
    error = _checked(answer)
    assert (answer.status_code, error["code"]) == (415, "UnsupportedMediaType")
    assert "application/json" in error["message"]


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=utf-8", "Application/JSON;odata.metadata=full"]
)
async def test_json_may_say_more_of_itself(beta: httpx.AsyncClient, media: str) -> None:
    answer = await beta.patch("/users/alice@contoso.example", content=b"{}", headers={"content-type": media})
    assert answer.status_code == 204


@pytest.mark.parametrize("path", ["/users", PROFILES, PFX, "/nothing"])
async def test_a_body_of_fifty_megabytes_is_refused_unread(beta: httpx.AsyncClient, path: str) -> None:
    async def endless() -> Any:
        for _ in range(50):
            yield b" " * 1024 * 1024

    announced = await beta.post(path, content=b" " * 1024, headers={"content-length": str(50 * 1024 * 1024)})
    assert (announced.status_code, _checked(announced)["code"]) == (413, "RequestEntityTooLarge")
    if path != "/nothing":
        chunked = await beta.post(path, content=endless(), headers={"content-type": "application/json"})
        assert (chunked.status_code, _checked(chunked)["code"]) == (413, "RequestEntityTooLarge")


async def test_a_broken_length_is_the_clients_fault(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/users", content=b"{}", headers={"content-length": "many"})
    assert (answer.status_code, _checked(answer)["code"]) == (400, "BadRequest")


@pytest.mark.parametrize(("method", "path"), [("GET", "/users"), ("GET", "/nothing"), ("GET", f"{DEVICES}/{ABSENT}")])
async def test_the_clients_own_id_comes_back(beta: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await beta.request(method, path, headers={"client-request-id": "my-own-id"})
    assert answer.headers["client-request-id"] == "my-own-id"
    assert GUID.fullmatch(answer.headers["request-id"])
    if answer.status_code >= 400:
        _checked(answer, client_id="my-own-id")


async def test_every_answer_has_graphs_headers(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed")
    answers = [
        await beta.get("/users"),
        await beta.get(f"{DEVICES}/$count"),
        await beta.post(f"{DEVICES}/{phone.managed_device_id}/syncDevice"),
        await beta.delete(f"{DEVICES}/{phone.managed_device_id}"),
        await beta.get("/nothing"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 204, 204, 400]
    assert len({answer.headers["request-id"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["client-request-id"] == answer.headers["request-id"]
        assert answer.headers["odata-version"] == "4.0"
        assert answer.headers["cache-control"] == "no-cache"
        assert "ServerInfo" in json.loads(answer.headers["x-ms-ags-diagnostic"])
        assert ("content-type" in answer.headers) == (answer.status_code != 204)
    assert answers[0].headers["content-type"] == JSON


async def test_intunes_sentences_are_wrapped_and_the_directorys_are_not(beta: httpx.AsyncClient) -> None:
    ours = {"client-request-id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}
    answer = await beta.get(f"{DEVICES}/{ABSENT}", headers=ours)
    inner = json.loads(_checked(answer, client_id=ours["client-request-id"])["message"])
    assert set(inner) == {
        "_version",
        "Message",
        "CustomApiErrorPhrase",
        "RetryAfter",
        "ErrorSourceService",
        "HttpHeaders",
    }
    assert inner["Message"].startswith(f"There is no managedDevice '{ABSENT}'. - Operation ID")
    assert f"Activity ID: {ours['client-request-id']}" in inner["Message"]
    assert inner["Message"].endswith(f"Url: https://localhost:8443/beta{DEVICES}/{ABSENT}")
    directory = await beta.get(f"/users/{ABSENT}")
    assert not _checked(directory)["message"].startswith("{")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v2.0/users", "Invalid version: v2.0. There are v1.0 and beta."),
        ("/v1/deviceManagement/managedDevices", "Invalid version: v1. There are v1.0 and beta."),
    ],
)
async def test_a_version_that_does_not_exist_is_not_found(http: httpx.AsyncClient, path: str, message: str) -> None:
    answer = await http.get(path)
    error = _checked(answer)
    assert (answer.status_code, error["code"], error["message"]) == (404, "ResourceNotFound", message)


async def test_what_graph_has_and_this_has_not_says_so(beta: httpx.AsyncClient) -> None:
    absent = [each for each in ROUTES if each.status == 501]
    assert absent
    for route in absent:
        path = re.sub(r"\{\w+\}", "x", route.template)
        answer = await beta.request("GET" if route.method == EVERY else route.method, f"/{path}")
        error = _checked(answer)
        assert (answer.status_code, error["code"]) == (501, "NotImplemented"), route.template
        assert "docs/coverage.md" in error["message"], route.template


@pytest.mark.parametrize("path", ["//users", "/users/", "/USERS", "/%75sers", "//users//"])
async def test_a_path_is_the_same_however_it_is_written(beta: httpx.AsyncClient, path: str) -> None:
    answer = await beta.get(f"https://localhost:8443/beta{path}")
    assert len(answer.json()["value"]) == 3


async def test_a_path_may_begin_with_the_callers_own_tenant(beta: httpx.AsyncClient, tenant: Tenant) -> None:
    for own in ("myorganization", "MyOrganization", tenant.id, tenant.id.upper(), tenant.domain):
        assert len((await beta.get(f"/{own}/users")).json()["value"]) == 3, own
        batch = {"requests": [{"id": "1", "method": "GET", "url": f"/{own}/users"}]}
        assert [response["status"] for response in (await beta.post("/$batch", json=batch)).json()["responses"]] == [
            200
        ]
    assert (await beta.get("/myorganization/$metadata", headers={"authorization": ""})).status_code == 200
    unknown = await beta.get("/myorganization/frobnicate")
    assert _checked(unknown)["message"] == "Resource not found for the segment 'frobnicate'."


@pytest.mark.parametrize("other", [ABSENT, "fabrikam.example"])
async def test_a_path_that_names_another_tenant_is_refused(beta: httpx.AsyncClient, tenant: Tenant, other: str) -> None:
    answer = await beta.get(f"/{other}{DEVICES}")
    error = _checked(answer)
    assert (answer.status_code, error["code"]) == (403, "Forbidden")
    assert f"names the tenant '{other}', but the access token is one of the tenant '{tenant.id}'" in error["message"]
    batch = {"requests": [{"id": "1", "method": "GET", "url": f"/v1.0/{other}/users"}]}
    (refused,) = (await beta.post("/$batch", json=batch)).json()["responses"]
    assert (refused["status"], refused["body"]["error"]["code"]) == (403, "Authorization_RequestDenied")


async def test_a_new_link_leads_back_to_where_the_client_came_from(beta: httpx.AsyncClient) -> None:
    answer = await beta.get("https://localhost:8443/beta/users?$top=1", headers={"host": "emulator.example:9443"})
    assert answer.json()["@odata.context"].startswith("https://emulator.example:9443/beta/")
    assert answer.json()["@odata.nextLink"].startswith("https://emulator.example:9443/beta/users?")


async def test_a_minimal_answer_to_a_creation_is_its_place(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/groups", json=_GROUP, headers={"prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["preference-applied"] == "return=minimal"
    assert "content-type" not in answer.headers
    there = await beta.get(answer.headers["location"])
    assert there.json()["displayName"] == "Quiet"


async def test_a_minimal_answer_is_for_changes_only(beta: httpx.AsyncClient) -> None:
    group = await create(beta, "/groups", **_GROUP)
    answer = await beta.get(f"/groups/{group['id']}", headers={"prefer": "return=minimal"})
    assert answer.json()["id"] == group["id"]


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({}, "https://localhost:8443"),
        ({"host": "graph.example:444"}, "https://graph.example:444"),
        ({"x-forwarded-host": "proxy.example", "x-forwarded-proto": "http"}, "https://localhost:8443"),
    ],
)
async def test_links_are_on_the_host_that_the_client_called(
    beta: httpx.AsyncClient, headers: dict[str, str], origin: str
) -> None:
    answer = (await beta.get("/users?$top=1", headers=headers)).json()
    assert answer["@odata.nextLink"].startswith(f"{origin}/beta/users?")
    assert answer["@odata.context"].startswith(f"{origin}/beta/$metadata#")


@pytest.mark.parametrize("version", ["Beta", "BETA", "V1.0", "v1.0"])
async def test_a_version_may_be_written_in_any_case(beta: httpx.AsyncClient, version: str) -> None:
    answer = await beta.get(f"https://localhost:8443/{version}/users")
    assert len(answer.json()["value"]) == 3
    assert f"/{version.lower()}/$metadata" in answer.json()["@odata.context"]


async def test_each_version_has_its_own_types(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    new, old = await _schema(beta), await _schema(v1)
    assert _named(new, "EntityType", "userPFXCertificate") is not None
    assert _named(old, "EntityType", "userPFXCertificate") is None
    for schema, there in ((new, True), (old, False)):
        base = _named(schema, "EntityType", "deviceConfiguration")
        assert base is not None
        assert base.attrib == {"Name": "deviceConfiguration", "BaseType": "graph.entity", "Abstract": "true"}
        assert (base.find(f"{_EDM}Property[@Name='roleScopeTagIds']") is not None) is there


async def test_every_type_that_is_referred_to_is_declared(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for schema in (await _schema(beta), await _schema(v1)):
        declared = {f"graph.{each.get('Name')}" for each in schema}
        for element in schema.iter():
            for attribute in ("Type", "BaseType", "EntityType"):
                removesuffix = element.get(attribute, "").removeprefix("Collection(").removesuffix(")")
                if removesuffix.startswith("graph.") and element.tag != f"{_EDM}NavigationProperty":
                    assert removesuffix in declared, (element.attrib, removesuffix)


async def test_actions_are_bound_and_flags_have_their_bits(beta: httpx.AsyncClient) -> None:
    schema = await _schema(beta)
    wipe = _named(schema, "Action", "wipe")
    assert wipe is not None
    assert wipe[0].attrib == {"Name": "bindingParameter", "Type": "graph.managedDevice"}
    kind = _named(schema, "EnumType", "subjectAlternativeNameType")
    assert kind is not None
    assert kind.get("IsFlags") == "true"
    assert [element.get("Value") for element in kind][:4] == ["0", "1", "2", "4"]


async def test_collections_are_entity_sets(beta: httpx.AsyncClient) -> None:
    schema = await _schema(beta)
    container = _named(schema, "EntityContainer", "GraphService")
    assert container is not None
    names = {element.get("Name"): element.tag.removeprefix(_EDM) for element in container}
    assert (names["users"], names["groups"]) == ("EntitySet", "EntitySet")
    assert names["deviceManagement"] == "Singleton"
    management = _named(schema, "EntityType", "deviceManagement")
    assert management is not None
    parts = {element.get("Name"): element.get("Type") for element in management}
    assert parts["managedDevices"] == "Collection(graph.managedDevice)"


@pytest.mark.parametrize("path", ["/v1.0", "/v1.0/", "/beta", "/beta/"])
async def test_a_version_alone_says_what_is_below_it(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 200
    assert {"name": "users", "kind": "EntitySet", "url": "users"} in answer.json()["value"]
    assert answer.json()["@odata.context"].endswith(f"{path.rstrip('/')}/$metadata")


async def test_metadata_can_be_asked_for_in_a_batch(beta: httpx.AsyncClient) -> None:
    sent = {"requests": [{"id": "1", "method": "GET", "url": "/$metadata"}]}
    (found,) = (await beta.post("/$batch", json=sent)).json()["responses"]
    assert found["status"] == 200
    assert found["body"].startswith("<?xml")
