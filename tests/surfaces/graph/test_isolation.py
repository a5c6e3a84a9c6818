"""No tenant reads or changes another's things, by any route, with any id: whatever the table of routes says there is.

Fabrikam attacks, with a user's token that may do everything at home; Contoso has something of everything. All attacks
are made on the same two tenants: to read everything before and after takes longer than the attacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import Edm, EnumType, StructuredType
from fauxtune.server.factory import Application
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import ROUTES
from tests.families.life import Maker
from tests.families.samples import FOLDER, every_family
from tests.support.certificates import pfx_import
from tests.support.graph import DEVICES, PFX, PROFILES, create
from tests.support.populated_tenant import PopulatedTenant
from tests.support.soak import ON_POSTGRESQL
from tests.surfaces.conftest import ORIGIN

pytestmark = ON_POSTGRESQL

Json = dict[str, Any]
_MANAGEMENT = "/deviceManagement"
_TAGS = f"{_MANAGEMENT}/roleScopeTags"
_FILTERS = f"{_MANAGEMENT}/assignmentFilters"
_CATEGORIES = f"{_MANAGEMENT}/deviceCategories"
_TYPE = "#microsoft.graph.{}"
_MAIL = _TYPE.format("iosEasEmailProfileConfiguration")
_JSON = {"content-type": "application/json"}
#: What nobody else can have by chance: ids with and without hyphens, thumbprints, names at a domain.
_TELLING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,64}|[\w.-]+@[\w.-]+|[\w.-]+\.example")
#: Where it can stand. Most words come again and again.
_WORD = re.compile(r"[\w.@-]+")
#: Keys that mean the same everywhere, or nothing that is kept.
_COMMON = {"app", "principal", "platform", "sku", "secret", "id", "status", "state", "summary"}
#: Its key is free text.
_FREE = "deviceManagement/auditEvents/getAuditActivityTypes/{category}"
_ZEROS: dict[Edm, object] = {
    Edm.STRING: "x",
    Edm.BOOLEAN: True,
    Edm.INT32: 1,
    Edm.INT64: 1,
    Edm.GUID: "00000000-0000-4000-8000-000000000000",
    Edm.BINARY: "eA==",
    Edm.DATE_TIME: "2026-11-24T10:00:00Z",
}


@pytest.fixture
async def contoso(beta: httpx.AsyncClient, populated: PopulatedTenant) -> PopulatedTenant:
    """A tenant with something in every list, and an id for every key that a route has."""
    # Tags are numbered: the second is one that the other tenant does not have.
    _, tag = [(await beta.post(_TAGS, json={"displayName": name})).json() for name in ("Berlin", "Munich")]
    target = {"@odata.type": _TYPE.format("groupAssignmentTarget"), "groupId": populated.keys["group"]}
    answer = await beta.post(f"{_TAGS}/{tag['id']}/assign", json={"assignments": [{"target": target}]})
    assert answer.is_success, answer.text
    populated.keys |= {"tag": tag["id"], "member": populated.keys["object"], "owner": populated.keys["object"]}
    populated.keys |= dict.fromkeys(_COMMON, "x") | {"platform": "androidForWork"}
    maker = Maker(beta)
    for served in every_family():
        if "create" in served.family.verbs:
            populated.keys[served.item] = await maker.one(served)
    await _find_the_rest(beta, populated)
    return populated


async def _find_the_rest(graph: httpx.AsyncClient, populated: PopulatedTenant) -> None:
    """An id for every other key that a route has: of the first element of the list before it, where there is one."""
    lists = {route.template for route in ROUTES if route.method == "GET" and route.many and route.status != 501}
    for route in ROUTES:
        before, last = route.segments[:-1], "".join(route.segments[-1:])
        name = last.removeprefix("{").removesuffix("}")
        known = {"device", *populated.keys}
        if not last.startswith("{") or name in known or not known.issuperset(route.key_names[:-1]):
            continue
        if "/".join(before) in lists and not route.template.startswith("me/"):
            path = populated.path(replace(route, template="/".join(before)))
            answer = (await graph.get(path)).json().get("value") or [{"id": "x"}]
            populated.keys[name] = answer[0]["id"]
    for name in {name for route in ROUTES for name in route.key_names} - {"device", *populated.keys}:
        populated.keys[name] = "x"


@pytest.fixture
async def fabrikam(app: Application, http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A user of another tenant at https://localhost:8443/beta, by way of an application with every permission."""
    answer = await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    assert answer.status_code == 201, answer.text
    form = {
        "grant_type": "password",
        "client_id": answer.json()["clientId"],
        "scope": "https://graph.microsoft.com/.default",
        "username": "alice@fabrikam.example",
        "password": "Fauxtune1!",
    }
    token = (await http.post("/fabrikam/oauth2/v2.0/token", data=form)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"{ORIGIN}/beta", headers=headers
    ) as client:
        yield client


@pytest.fixture
async def own(fabrikam: httpx.AsyncClient) -> dict[str, str]:
    """Ids of the attacker's own things, by the names that routes have for keys."""
    user = (await fabrikam.get("/me")).json()["id"]
    about = {"displayName": "Mine", "mailEnabled": False, "mailNickname": "mine", "securityEnabled": True}
    group = (await create(fabrikam, "/groups", **about))["id"]
    mail = {"@odata.type": _MAIL, "displayName": "Mail"}
    mail |= {"accountName": "Mail", "hostName": "mail.fabrikam.example", "usernameSource": "userPrincipalName"}
    mail |= {"emailAddressSource": "userPrincipalName", "authenticationMethod": "certificate"}
    profile = (await create(fabrikam, PROFILES, **mail))["id"]
    target = {"@odata.type": _TYPE.format("groupAssignmentTarget"), "groupId": group}
    answer = await fabrikam.post(f"{PROFILES}/{profile}/assign", json={"assignments": [{"target": target}]})
    assert answer.is_success, answer.text
    return {
        "user": user,
        "group": group,
        "object": user,
        "member": user,
        "owner": user,
        "profile": profile,
        "assignment": answer.json()["value"][0]["id"],
        "tag": (await fabrikam.post(_TAGS, json={"displayName": "Here"})).json()["id"],
        "category": (await create(fabrikam, _CATEGORIES, displayName="Ours"))["id"],
    }


def _telling(*texts: str) -> set[str]:
    words = {word for text in texts for word in _WORD.findall(text.lower())}
    return {match for word in words for match in _TELLING.findall(word)}


#: What is the same in every tenant, or stands in the samples of the families.
_PUBLIC = _telling("00000000-0000-0000-0000-000000000000", *(f.read_text("utf-8") for f in FOLDER.glob("*.json")))


async def _everything(
    graph: httpx.AsyncClient, populated: PopulatedTenant, *, own: Iterable[str] | None = None
) -> dict[str, str]:
    """All that a tenant shows of itself; with `own`, where routes have no other keys than these."""
    results = {}
    for route in ROUTES:
        if route.method == "GET" and route.status != 501 and not route.template.startswith(("me", "$")):
            if own is not None and not {*own, *_COMMON}.issuperset(route.key_names):
                continue
            answer = await graph.get(populated.path(route))
            if answer.is_success:
                results[route.template] = answer.text
    return results


def _worth(kind: object) -> object:
    if isinstance(kind, StructuredType):
        return {"@odata.type": kind.odata_type}
    return kind.members[-1] if isinstance(kind, EnumType) else _ZEROS[kind]  # type: ignore[index]


def _body(route: Route[Handler], theirs: dict[str, str]) -> Json | None:
    """What would do for the tenant whose things the ids name."""
    if route.method in ("GET", "DELETE"):
        return None
    last = route.segments[-1]
    if last == "$ref":
        kind = {"manager": "users", "deviceCategory": "deviceManagement/deviceCategories"}.get(route.segments[-2])
        key = theirs["category" if route.segments[-2] == "deviceCategory" else "user"]
        return {"@odata.id": f"{ORIGIN}/beta/{kind or 'directoryObjects'}/{key}"}
    if last in ("checkMemberGroups", "checkMemberObjects"):
        return {"groupIds" if last.endswith("Groups") else "ids": [theirs["group"]]}
    if last.startswith("getMember"):
        return {"securityEnabledOnly": False}
    if last == "assign":
        return {"assignments": [{"target": {"@odata.type": _TYPE.format("allLicensedUsersAssignmentTarget")}}]}
    if last == "assignLicense":
        return {"addLicenses": [], "removeLicenses": [theirs["sku"].rpartition("_")[2]]}
    if route.accepts is not None and last.lower().endswith(route.accepts.name.lower().removesuffix("parameters")):
        return {name: _worth(p.type) for name, p in route.accepts.properties_in("beta").items() if not p.collection}  # type: ignore[arg-type]
    if route.method == "PATCH" and route.accepts is not None:
        known = ("displayName", "deviceName", "managedDeviceName", "notes", "keyName")
        return {name: "Stolen" for name in known if route.accepts.find(name) is not None}
    return {}


def _ways(route: Route[Handler], *, theirs: PopulatedTenant, own: dict[str, str]) -> Iterable[tuple[str, list[str]]]:
    """The route with another tenant's keys: with nothing else, and behind or before a key of one's own."""
    for ours in dict.fromkeys(((), route.key_names[:1], route.key_names[1:])):
        if ours != route.key_names and own.keys() >= set(ours):
            mixed = PopulatedTenant({**theirs.keys, **{name: own[name] for name in ours}})
            foreign = [name for name in route.key_names if name not in ours and name not in _COMMON]
            if foreign:
                yield mixed.path(route), foreign


@dataclass(frozen=True, slots=True)
class Scene:
    """Both tenants. `own`: ids of the attacker's own things; `before`: all that Contoso shows of itself before;
    `secrets`: what tells something of Contoso and stands nowhere else.
    """

    beta: httpx.AsyncClient
    fabrikam: httpx.AsyncClient
    contoso: PopulatedTenant
    own: dict[str, str]
    before: dict[str, str]
    secrets: set[str]


@pytest.fixture
async def scene(
    beta: httpx.AsyncClient, fabrikam: httpx.AsyncClient, contoso: PopulatedTenant, *, own: dict[str, str]
) -> Scene:
    # Asked first by those whose they are, so that the answers are there to be mixed up.
    before = await _everything(beta, contoso)
    home = await _everything(fabrikam, PopulatedTenant({**contoso.keys, **own}), own=own)
    secrets = _telling(*before.values()) - _telling(*home.values()) - _PUBLIC
    return Scene(beta, fabrikam, contoso, own, before, secrets)


async def test_nothing_of_another_tenant_is_read_or_changed(
    scene: Scene, raw_rsa_keys: list[rsa.RSAPrivateKey], subtests: pytest.Subtests
) -> None:
    assert len(scene.secrets) > 50
    with subtests.test("no list and no filter shows another tenant's things"):
        await _lists_are_apart(scene)
    with subtests.test("nothing of another tenant is reached by naming it in a body"):
        await _no_body_reaches_there(scene)
    # After the bodies, as one of them could have opened a way.
    with subtests.test("no route leads to another tenant's things"):
        await _no_route_leads_there(scene)
    with subtests.test("a certificate of another tenant's user is not imported"):
        await _no_certificate_is_imported(scene, raw_rsa_keys)
    await create(scene.fabrikam, _CATEGORIES, displayName="Something is written, so that nothing kept is compared")
    # Once for all attacks: none makes good what another one changed.
    assert await _everything(scene.beta, scene.contoso) == scene.before


async def _no_route_leads_there(scene: Scene) -> None:
    known, wrong = _telling(*scene.contoso.keys.values()), []
    for route in ROUTES:
        if not route.key_names or route.template == _FREE:
            continue
        body = _body(route, scene.contoso.keys)
        for path, foreign in _ways(route, theirs=scene.contoso, own=scene.own):
            answer = await scene.fabrikam.request(route.method, path, json=body)
            result = scene.secrets & _telling(answer.text) - known
            result = result and result - _telling(path, json.dumps(body))
            if result or answer.is_success or answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
                wrong.append((route.method, path, foreign, answer.status_code, answer.text[:200], result))
    assert not wrong, "\n".join(map(str, wrong))


async def _lists_are_apart(scene: Scene) -> None:
    for route in ROUTES:
        if route.method != "GET" or route.key_names or not route.many or route.status == 501:
            continue
        for options in ({}, {"$filter": f"id eq '{scene.contoso.keys['user']}' or id ne 'x'"}, {"$search": '"id:c"'}):
            answer = await scene.fabrikam.get(f"/{route.template}", params=options)
            result = scene.secrets & _telling(answer.text) - _telling(str(answer.url), *options.values())
            assert not result, (route.template, options, result)


def _references(theirs: dict[str, str], own: dict[str, str]) -> Iterable[tuple[str, str, Json]]:
    """Calls that name things of another tenant in their bodies: from one's own things, or from nowhere."""
    about = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    root = f"{ORIGIN}/beta{PROFILES}('{theirs['profile']}')"
    group, profile = f"/groups/{own['group']}", f"{PROFILES}/{own['profile']}"
    for kind in ("user", "group", "devices", "object"):
        reference = f"{ORIGIN}/v1.0/directoryObjects/{theirs[kind]}"
        for way in ("members", "owners"):
            yield "POST", f"{group}/{way}/$ref", {"@odata.id": reference}
            yield "POST", "/groups", {**about, f"{way}@odata.bind": [reference]}
        yield "PATCH", group, {"members@odata.bind": [reference]}
        yield "PUT", f"/users/{own['user']}/manager/$ref", {"@odata.id": reference}
    for name in ("identityCertificate", "smimeSigningCertificate", "smimeEncryptionCertificate", "rootCertificate"):
        yield "PUT", f"{profile}/{name}/$ref", {"@odata.id": root}
        yield "PATCH", profile, {"@odata.type": _MAIL, f"{name}@odata.bind": root}
    filtering = {
        "deviceAndAppManagementAssignmentFilterId": theirs["filter"],
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    everybody = {"@odata.type": _TYPE.format("allLicensedUsersAssignmentTarget")}
    for kind in ("groupAssignmentTarget", "exclusionGroupAssignmentTarget"):
        target = {"@odata.type": _TYPE.format(kind), "groupId": theirs["group"]}
        yield "POST", f"{profile}/assign", {"assignments": [{"target": target}]}
        yield "POST", f"{profile}/assignments", {"target": target}
        yield "PATCH", f"{profile}/assignments/{own['assignment']}", {"target": target}
        yield "POST", f"{_TAGS}/{own['tag']}/assign", {"assignments": [{"target": target}]}
    yield "POST", f"{profile}/groupAssignments", {"targetGroupId": theirs["group"], "excludeGroup": False}
    yield "POST", f"{profile}/assign", {"assignments": [{"target": {**everybody, **filtering}}]}
    yield "POST", f"{profile}/assignments", {"target": {**everybody, **filtering}}
    yield "PATCH", profile, {"@odata.type": _MAIL, "roleScopeTagIds": [theirs["tag"]]}
    yield "POST", f"{DEVICES}/executeAction", {"actionName": "retire", "deviceIds": [theirs["managed"]]}
    yield "POST", f"{DEVICES}/executeAction", {"actionName": "delete", "deviceIds": [theirs["managed"]]}
    targeted = {"deviceConfigurationIds": [theirs["profile"]]}
    yield "POST", f"{PROFILES}/getTargetedUsersAndDevices", targeted
    yield "POST", f"{_TAGS}/getRoleScopeTagsById", {"roleScopeTagIds": [theirs["tag"]]}
    known = [theirs[name] for name in ("user", "group", "devices", "managed", "profile")]
    yield "POST", "/directoryObjects/getByIds", {"ids": known}
    for whose in (f"/users/{own['user']}", "/me", f"/directoryObjects/{own['object']}"):
        yield "POST", f"{whose}/checkMemberGroups", {"groupIds": [theirs["group"]]}
        yield "POST", f"{whose}/checkMemberObjects", {"ids": [theirs["group"]]}
    status = {"managedDeviceId": theirs["managed"], "payloadId": theirs["profile"], "skip": 0, "top": 10}
    yield "POST", f"{_MANAGEMENT}/getAssignmentFiltersStatusDetails", {"assignmentFilterIds": [], **status}


async def _no_body_reaches_there(scene: Scene) -> None:
    wrong = []
    for method, path, body in _references(scene.contoso.keys, scene.own):
        batch = {"requests": [{"id": "1", "method": method, "url": path, "body": body, "headers": _JSON}]}
        for answer in (
            await scene.fabrikam.request(method, path, json=body),
            await scene.fabrikam.post("/$batch", json=batch),
        ):
            result = scene.secrets & _telling(answer.text) - _telling(path, json.dumps(body))
            if result or answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
                wrong.append((method, path, answer.status_code, answer.text, result))
    assert not wrong, "\n".join(map(str, wrong))
    # Nothing of it was kept, whatever was answered.
    ours = PopulatedTenant({**scene.contoso.keys, **scene.own})
    assert not scene.secrets & _telling(*(await _everything(scene.fabrikam, ours, own=scene.own)).values())


async def _no_certificate_is_imported(scene: Scene, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    connectors = (await scene.fabrikam.get("/deviceManagement/ndesConnectors")).json()["value"]
    file = pfx_import(raw_rsa_keys[5], raw_rsa_keys[6].public_key())
    for owner in ("alice@contoso.example", scene.contoso.keys["user"]):
        answer = await scene.fabrikam.post(PFX, json=file.body(owner))
        assert answer.status_code in (400, 404), answer.text
    key = scene.contoso.keys["certificate"]
    assert (await scene.fabrikam.get(f"{PFX}/{key}")).status_code == 404
    assert connectors[0]["id"] != scene.contoso.keys["connector"]
