"""Query options on every list that Graph has, whichever it is: the table of routes says which there are.

One tenant serves all the lists of a test: an assertion names the list that it failed for.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.graph.index import ENTITIES, derived_from
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Property, StructuredType, Version
from fauxtune.server.factory import Application
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.routes import AREAS, ROUTES
from tests.support.graph import DEVICES, error_message
from tests.support.populated_tenant import PopulatedTenant
from tests.support.soak import ON_POSTGRESQL, ON_SQLITE

Json = dict[str, Any]
List = tuple[Route[Handler], Entity, httpx.AsyncClient, str]
#: The elements of every list, by its path.
Elements = dict[str, list[Json]]

#: Those of families have a suite of their own, in tests/families.
LISTS = tuple(
    (route, route.returns)
    for area, routes in AREAS.items()
    for route in routes
    if area not in FAMILIES and route.method == "GET" and route.many and isinstance(route.returns, Entity)
    # What is computed below resources has tests of its own; changes are no list with options.
    if not re.search(r"\{(resource|app)\}|/delta$", route.template)
)
#: Secrets of devices, which are shown by their ids alone.
SHOWN_ALONE = {("bitlockerRecoveryKey", "key"), ("deviceLocalCredentialInfo", "credentials")}
#: What no two profiles, no grant, report, script or device here gives anything to show. What is in them is filtered and
#: sorted by tests of their own areas.
UNFILLED = {
    "deviceManagement/deviceCompliancePolicySettingStateSummaries/{summary}/deviceComplianceSettingStates",
    "deviceManagement/deviceConfigurationConflictSummary",
    "deviceManagement/detectedApps",
    "deviceManagement/managedDevices/{device}/detectedApps",
    "deviceManagement/managedDevices/{device}/deviceHealthScriptStates",
    "deviceManagement/managedDevices/{device}/logCollectionRequests",
    "deviceManagement/reports/cachedReportConfigurations",
    "directory/deviceLocalCredentials",
    "informationProtection/bitlocker/recoveryKeys",
    "me/managedDevices/{device}/detectedApps",
    "me/managedDevices/{device}/deviceHealthScriptStates",
    "me/managedDevices/{device}/logCollectionRequests",
    "servicePrincipals/{principal}/appRoleAssignedTo",
    "servicePrincipals/{principal}/appRoleAssignments",
    "servicePrincipals/{principal}/oauth2PermissionGrants",
    "subscriptions",
    "users/{user}/deviceManagementTroubleshootingEvents",
    "users/{user}/managedDevices/{device}/detectedApps",
    "users/{user}/managedDevices/{device}/deviceHealthScriptStates",
    "users/{user}/managedDevices/{device}/logCollectionRequests",
    "users/{user}/mobileAppIntentAndStates",
}
#: Written as the type wants it. Binary and double have no place in filters.
LITERALS = {
    Edm.STRING: "'x'",
    Edm.BOOLEAN: "true",
    Edm.INT32: "1",
    Edm.INT64: "1",
    Edm.GUID: "184efa21-98c3-4e5d-95ab-d07053a96e67",
    Edm.DATE_TIME: "2026-11-24T10:00:00Z",
}
EVENTUAL = {"ConsistencyLevel": "eventual"}
SIGN_IN = {
    "grant_type": "password",
    "client_id": "c0ffee00-0000-4000-8000-00000000a991",
    "client_secret": "fauxtune-not-a-secret",
    "scope": "https://graph.microsoft.com/.default",
    "username": "alice@contoso.example",
    "password": "Fauxtune1!",
}


@pytest.fixture
async def lists(
    app: Application, http: httpx.AsyncClient, beta: httpx.AsyncClient, *, populated: PopulatedTenant
) -> list[List]:
    """Every list of beta: its route, the type of its elements, who may ask, and where it is in this tenant."""
    token = (await http.post("/contoso/oauth2/v2.0/token", data=SIGN_IN)).json()["access_token"]
    alice = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=beta.base_url, headers={"authorization": f"Bearer {token}"}
    )
    return [
        (route, kind, alice if route.template.startswith("me/") else beta, populated.path(route))
        for route, kind in LISTS
    ]


@pytest.fixture(scope="module")
def shown_before() -> dict[Path, Elements]:
    """What the lists showed, by the folder of the tenant: one for each database."""
    return {}


@pytest.fixture
async def shown(lists: list[List], seeded: tuple[str, Path], shown_before: dict[Path, Elements]) -> Elements:
    """All that the lists show, asked for once on each database: every test finds the same tenant."""
    _, folder = seeded
    if folder not in shown_before:
        shown_before[folder] = {path: await elements(graph, path) for _, _, graph, path in lists}
    return shown_before[folder]


def conditions(kind: StructuredType, *, version: Version, variable: str = "") -> Iterator[str]:
    """A condition on every property that can be compared, those of complex ones and of elements included."""
    for prop in kind.properties_in(version).values():
        name = f"{variable}/{prop.name}" if variable else prop.name
        if prop.write_only or not prop.filterable or (prop.collection and variable):
            continue
        if prop.collection:
            yield from (f"{name}/any(e:{each})" for each in _of_element(prop, version=version))
        elif isinstance(prop.type, ComplexType):
            for part in (prop.type, *prop.variants):
                yield from conditions(part, version=version, variable=name)
        elif prop.type not in {Edm.BINARY, Edm.DOUBLE}:
            yield f"{name} eq {_literal(prop)}"


def _of_element(prop: Property, *, version: Version) -> Iterator[str]:
    if isinstance(prop.type, ComplexType):
        for part in (prop.type, *prop.variants):
            yield from conditions(part, version=version, variable="e")
    elif prop.type is not Edm.BINARY:
        yield f"e eq {_literal(prop)}"


def _literal(prop: Property) -> str:
    if isinstance(prop.type, EnumType):
        return f"'{prop.type.in_version(Version.V1)[0]}'"
    assert isinstance(prop.type, Edm)
    return LITERALS[prop.type]


def sortable(kind: Entity) -> Iterator[str]:
    """The properties that have an order."""
    for prop in kind.properties_in(Version.BETA).values():
        plain = not (prop.collection or prop.write_only or isinstance(prop.type, ComplexType))
        if plain and prop.type is not Edm.BINARY:
            yield prop.name


#: How many conditions one request has: a request for each would take a minute.
_AT_ONCE = 10


def several(texts: Iterable[str], *, at_once: int = _AT_ONCE) -> Iterator[list[str]]:
    """The texts in their order, some at once."""
    every = list(texts)
    for begin in range(0, len(every), at_once):
        yield every[begin : begin + at_once]


def joined(conditions: Iterable[str], *, by: str) -> Iterator[str]:
    """Conditions, several in one."""
    yield from map(f" {by} ".join, several(conditions))


async def elements(graph: httpx.AsyncClient, path: str, **options: str) -> list[Json]:
    """The one page."""
    answer = await graph.get(path, params=options, headers=EVENTUAL)
    assert answer.status_code == 200, (path, options, answer.text)
    entries: list[Json] = answer.json()["value"]
    return entries


async def pages(graph: httpx.AsyncClient, path: str, **options: str) -> AsyncIterator[list[Json]]:
    """All the pages, each link followed as it is."""
    answer = await graph.get(path, params=options)
    while True:
        assert answer.status_code == 200, (path, options, answer.text)
        document = answer.json()
        yield document["value"]
        if "@odata.nextLink" not in document:
            return
        assert document["@odata.nextLink"].startswith(str(graph.base_url).rstrip("/")), path
        answer = await graph.get(document["@odata.nextLink"])


async def test_every_list_has_something_in_it_here(lists: list[List], shown: Elements) -> None:
    empty = [route.template for route, _, _, path in lists if not shown[path]]
    assert set(empty) == UNFILLED


@ON_POSTGRESQL
async def test_every_declared_property_can_be_filtered(lists: list[List]) -> None:
    for _, kind, graph, path in lists:
        for condition in joined(conditions(kind, version=Version.BETA), by="or"):
            answer = await graph.get(path, params={"$filter": condition})
            assert answer.status_code == 200, (path, condition, answer.text)


async def test_v1_filters_by_what_it_declares(populated: PopulatedTenant, v1: httpx.AsyncClient) -> None:
    for route, kind in LISTS:
        if route.beta_only or route.template.startswith("me/"):
            continue
        path = populated.path(route)
        for condition in joined((*conditions(kind, version=Version.V1), "not (id eq 'x')"), by="or"):
            answer = await v1.get(path, params={"$filter": condition})
            assert answer.status_code == 200, (path, condition, answer.text)
        only_beta = kind.properties_in(Version.BETA).keys() - kind.properties_in(Version.V1).keys()
        for name in sorted(only_beta)[:3]:
            answer = await v1.get(path, params={"$filter": f"{name} eq null"})
            assert (answer.status_code, name in error_message(answer)) == (400, True), (path, name)


@ON_SQLITE
async def test_a_property_with_its_own_value_finds_the_element(lists: list[List], shown: Elements) -> None:
    for _, kind, graph, path in lists:
        for element in shown[path]:
            equal = [_equal(kind, name, element) for name in kind.properties_in(Version.BETA)]
            for condition in joined(filter(None, equal), by="and"):
                result = await elements(graph, path, **{"$filter": condition})
                assert element["id"] in [each["id"] for each in result], (path, condition)


def _equal(kind: Entity, name: str, element: Json) -> str | None:
    """`name eq value` for the element, or None where the property says nothing of the kind, or is not told."""
    prop, value = kind.find(name), element.get(name)
    assert prop is not None
    result = name in element and prop.filterable and not (prop.write_only or prop.collection)
    if not result or isinstance(prop.type, ComplexType) or prop.type in {Edm.BINARY, Edm.DOUBLE}:
        return None
    if prop.visibility.value == "blankUnlessSelected":
        return None
    if isinstance(value, str) and prop.type not in {Edm.GUID, Edm.DATE_TIME}:
        quoted = value.replace("'", "''")
        return f"{name} eq '{quoted}'"
    return f"{name} eq {'null' if value is None else str(value).lower() if isinstance(value, bool) else value}"


async def test_what_no_element_has_is_refused_everywhere(lists: list[List]) -> None:
    for _, _, graph, path in lists:
        for condition in ("colour eq 'red'", "colour/any(c:c eq 'red')", "id", "id eq", "id eq 1", "id/x eq 1"):
            answer = await graph.get(path, params={"$filter": condition})
            assert answer.status_code == 400, (path, condition)
            assert "Invalid filter clause" in error_message(answer), (path, condition)


@ON_POSTGRESQL
async def test_every_property_that_has_an_order_sorts(lists: list[List], shown: Elements) -> None:
    for _, kind, graph, path in lists:
        everything = sorted(element["id"] for element in shown[path])
        for names in _sorted_at_once(kind, shown[path]):
            up = await elements(graph, path, **{"$orderby": ",".join(names)})
            down = await elements(graph, path, **{"$orderby": ",".join([*(f"{name} desc" for name in names), "id"])})
            for found in (up, down):
                assert sorted(each["id"] for each in found) == everything, (path, names)
            for name in names:
                _check_order(kind, name, up, where=path)
                _check_order(kind, name, down[::-1], where=path)
        answer = await graph.get(path, params={"$orderby": "colour"})
        assert answer.status_code == 400, path


def _sorted_at_once(kind: Entity, shown: list[Json]) -> Iterator[list[str]]:
    """The properties that have an order. One that tells the elements apart is the last of its request: those before it
    are the same for all, and leave the order to it.
    """
    telling: list[str] = []
    same: list[str] = []
    hidden: list[str] = []
    for name in sortable(kind):
        values = {repr(each.get(name)) for each in shown}
        is_shown = any(name in each for each in shown) and not _is_blank(kind, name)
        (telling if len(values) > 1 else same if is_shown else hidden).append(name)
    before = several(same)
    yield from ([*next(before, []), name] for name in telling)
    yield from before
    yield from several(hidden)


def _is_blank(kind: Entity, name: str) -> bool:
    prop = kind.find(name)
    return prop is None or prop.visibility.value == "blankUnlessSelected"


def _check_order(kind: Entity, name: str, found: list[Json], *, where: str) -> None:
    """Null first; `found` may leave the property out."""
    if _is_blank(kind, name):
        return
    values = [each[name] for each in found if each.get(name) is not None]
    assert values == sorted(values), (where, name)
    results = [each.get(name) is not None for each in found]
    assert results == sorted(results), (where, name)


@ON_POSTGRESQL
async def test_pages_have_everything_once(lists: list[List], shown: Elements) -> None:
    for _, kind, graph, path in lists:
        everything = [element["id"] for element in shown[path]]
        result = [page async for page in pages(graph, path, **{"$top": "1"})]
        assert [each["id"] for page in result for each in page] == everything, path
        assert all(len(page) == 1 for page in result) or not everything, path
        some = {"$top": "2", "$orderby": "id desc", "$filter": "id ne 'x'", "$select": "id"}
        turned = [each async for page in pages(graph, path, **some) for each in page]
        assert [each["id"] for each in turned] == sorted(everything, reverse=True), path
        assert {name for each in turned for name in each} <= {"id", "@odata.type"}, (path, kind.name)


async def test_what_is_selected_is_shown_and_nothing_else(lists: list[List]) -> None:
    for _, kind, graph, path in lists:
        names = [name for name in kind.properties_in(Version.BETA) if (kind.name, name) not in SHOWN_ALONE]
        for chosen in (names[::2], names[1::2], names[-1:]):
            for element in await elements(graph, path, **{"$select": ",".join(chosen)}):
                assert {"id"} <= element.keys() <= {"id", "@odata.type", *chosen}, (path, chosen)
        if any(entity.open for entity in derived_from(kind)):
            continue
        answer = await graph.get(path, params={"$select": "colour"})
        assert answer.status_code == 400, path
        assert "'colour'" in error_message(answer), path


@ON_POSTGRESQL
async def test_what_is_counted_is_what_is_listed(lists: list[List]) -> None:
    counted = {route.template for route in ROUTES if route.method == "GET" and route.status == 200}
    for route, _, graph, path in lists:
        for wanted in ("id ne 'x'", "id eq 'x'"):
            options = {"$count": "true", "$top": "1", "$filter": wanted}
            answer = await graph.get(path, params=options, headers=EVENTUAL)
            number = answer.json()["@odata.count"]
            assert number == len(await elements(graph, path, **{"$filter": wanted})), path
            if f"{route.template}/$count" in counted:
                result = await graph.get(f"{path}/$count", params={"$filter": wanted}, headers=EVENTUAL)
                assert (result.text, result.headers["content-type"]) == (str(number), "text/plain"), path


@ON_SQLITE
async def test_conditions_are_joined_folded_and_negated_everywhere(lists: list[List], shown: Elements) -> None:
    for _, kind, graph, path in lists:
        everything = {element["id"] for element in shown[path]}
        if not everything:
            continue
        one = min(everything)
        quoted = one.replace("'", "''")
        conditions = {
            f"tolower(id) eq '{quoted.lower()}'": {one},
            f"toupper(id) eq '{quoted.upper()}'": {one},
            f"id in ('{quoted}', 'x')": {one},
            f"not (id eq '{quoted}')": everything - {one},
            f"id eq '{quoted}' or id eq null": {one},
            f"id ne null and id ne '{quoted}'": everything - {one},
            f"startswith(id, '{quoted}')": {one},
            f"contains(id, '{quoted}') and endswith(id, '{quoted}')": {one},
            f"id ge '{quoted}'": everything,
            "id lt ''": set(),
            f"isof('microsoft.graph.{kind.name}')": everything,
            f"not isof('microsoft.graph.{kind.name}')": set(),
            "isof('microsoft.graph.windowsUpdateForBusinessConfiguration')": set(),
        }
        # One request shows what is true of the one, another what is true of all others.
        for some in filter(None, ({one}, everything - {one})):
            wanted = " and ".join(
                f"({each})" if some <= expected else f"not ({each})" for each, expected in conditions.items()
            )
            assert {element["id"] for element in await elements(graph, path, **{"$filter": wanted})} == some, path


@ON_POSTGRESQL
async def test_derived_types_are_told_apart_wherever_lists_mix_them(lists: list[List], shown: Elements) -> None:
    for _, kind, graph, path in lists:
        derived = derived_from(kind)
        if not kind.polymorphic or not shown[path]:
            continue
        of_type: dict[str, set[str]] = {}
        for each in shown[path]:
            of_type.setdefault(each["@odata.type"], set()).add(each["id"])
        for concrete in derived:
            result = await elements(graph, path, **{"$filter": f"isof('microsoft.graph.{concrete.name}')"})
            outcome = {key for name in of_type for key in of_type[name] if _is_a(name, concrete)}
            assert {each["id"] for each in result} == outcome, (path, concrete.name)
    answer = await lists[0][2].get(lists[0][3], params={"$filter": "isof('microsoft.graph.toaster')"})
    assert answer.status_code == 400


def _is_a(odata_type: str, concrete: Entity) -> bool:
    return any(entity.odata_type == odata_type and entity.is_a(concrete) for entity in ENTITIES)


@pytest.mark.usefixtures("populated")
async def test_a_faithful_tenant_ignores_what_the_real_service_ignores(
    http: httpx.AsyncClient, beta: httpx.AsyncClient, tenant: Tenant
) -> None:
    assert len(await elements(beta, DEVICES)) == 3
    unsupported = {"$filter": "userId eq 'x'", "$orderby": "serialNumber desc"}
    assert await elements(beta, DEVICES, **unsupported) == []
    settings = {"settings": {"graph.faithfulQuery": True}}
    changed = await http.patch(f"/_fauxtune/v1/tenants/{tenant.name}", json=settings)
    assert changed.status_code == 200, changed.text
    assert len(await elements(beta, DEVICES, **unsupported)) == 3
    named = {"$filter": "contains(deviceName,'bob')"}
    assert len(await elements(beta, DEVICES, **named)) == 1
    refused = await beta.get("/users", params={"$filter": "endswith(displayName,'s')"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
