"""What every family does over the wire, with the bodies of its sample.

A test takes all families, in one tenant: on both databases, where nothing differs but the SQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from fauxtune.core.graph.index import MODEL, entity
from fauxtune.core.odata.documents.validation import respell
from fauxtune.core.odata.schema.types import Edm, EnumType, Property, Version
from fauxtune.surfaces.graph.families.family import Assigned
from fauxtune.surfaces.graph.resources.served_family import Served
from tests.families.life import Maker
from tests.families.samples import FOLDER, every_family, name_of, sample
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, create, error_code, error_message, id_of_group
from tests.support.soak import ON_SQLITE

Json = dict[str, Any]
FAMILIES = {name_of(served): served for served in every_family()}
MADE = {name: family for name, family in FAMILIES.items() if "create" in family.family.verbs}
CHANGED = {name: served_family for name, served_family in MADE.items() if "update" in served_family.family.verbs}
ASSIGNED = {name: family for name, family in FAMILIES.items() if family.family.assigned}
ALL_DEVICES = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
LITERALS = {
    Edm.STRING: "'x'",
    Edm.BOOLEAN: "true",
    Edm.INT32: "1",
    Edm.INT64: "1",
    Edm.GUID: ABSENT,
    Edm.DATE_TIME: "2026-11-24T10:00:00Z",
}
#: How many properties one request names: a request for each would take half a minute.
AT_ONCE = 10
#: What every answer that changes has of its own.
TIMES = {"lastModifiedDateTime", "modifiedDateTime", "version"}


def without(document: Json, *names: str) -> Json:
    """The document without these properties, and without annotations but its type."""
    return {
        name: value
        for name, value in document.items()
        if ("@" not in name or name == "@odata.type") and name not in names
    }


def has(document: Json, sent: Json) -> bool:
    """Whether all that was sent is in a document: dates in any form, members of objects among others."""
    return all(_same(document.get(name, ABSENT), value) for name, value in sent.items() if "@" not in name)


def test_assign_answers_200_where_a_program_that_restores_tenants_waits_for_it() -> None:
    assert {
        name
        for name, served_family in ASSIGNED.items()
        if served_family.family.assigned and served_family.family.assigned.done == 200
    } == {
        *("deviceManagementScripts", "deviceShellScripts", "deviceCustomAttributeShellScripts", "deviceHealthScripts"),
        *("windowsFeatureUpdateProfiles", "windowsQualityUpdateProfiles", "windowsDriverUpdateProfiles"),
        "deviceEnrollmentConfigurations",
    }


def _same(value: Any, sent: Any) -> bool:
    if isinstance(sent, dict):
        return isinstance(value, dict) and has(value, sent)
    if isinstance(sent, list):
        return isinstance(value, list) and len(value) == len(sent) and all(map(_same, value, sent))
    return bool(value == sent)


def test_the_samples_in_another_case_are_read_in_the_schemas_spelling() -> None:
    spellings = MODEL.table.spellings()
    # These are found by the type: tests/core/odata/test_validation.py.
    differ = {name for name, spelling in spellings.items() if spelling is None}

    def loud(value: Any) -> Any:
        if isinstance(value, list):
            return [loud(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {key if key.lower() in differ else key.upper(): loud(each) for key, each in value.items()}

    for name, served in MADE.items():
        for body in sample(served).bodies:
            respelled = loud(body)
            respell(respelled, spellings=spellings)
            assert respelled == body, name


def shown(served: Served, body: Json) -> Json:
    """The properties of a body: what it has of navigations is shown by `$expand` alone, secrets are not shown."""
    kind = entity(body.get("@odata.type", served.family.entity))
    known = kind.properties_in(Version.BETA)
    return {name: value for name, value in body.items() if name in known and not known[name].write_only}


def test_each_family_has_a_sample_of_each_of_its_kinds() -> None:
    files = {file.stem for file in FOLDER.glob("*.json")}
    assert files == MADE.keys()
    for name in files:
        served = FAMILIES[name]
        kinds = {body.get("@odata.type", served.family.entity).rpartition(".")[2] for body in sample(served).bodies}
        assert kinds >= {
            kind.name for kind in served.family.kinds if kind.name not in served.family.never_made.split()
        }, name


async def _each(
    families: dict[str, Served],
    beta: httpx.AsyncClient,
    subtests: pytest.Subtests,
    *,
    claim: Callable[[httpx.AsyncClient, Served], Awaitable[None]],
) -> None:
    """Try a claim on each of these families, in one tenant."""
    assert families
    for name, served in families.items():
        with subtests.test(name=name):
            await claim(beta, served)


async def test_what_was_sent_comes_back_and_can_be_sent_again(
    beta: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    await _each(MADE, beta, subtests, claim=_comes_back)


async def _comes_back(beta: httpx.AsyncClient, served: Served) -> None:
    maker = Maker(beta)
    path, settling = await maker.path(served), sample(served).settles
    for body in await maker.bodies(served):
        made = await create(beta, path, **body, id="")
        assert has(made, shown(served, body)), made
        answer = await beta.get(f"{path}/{made['id']}")
        assert (answer.status_code, without(answer.json(), *settling)) == (200, without(made, *settling))
        if "update" in served.family.verbs:
            again = await beta.patch(f"{path}/{made['id']}", json=answer.json())
            assert again.status_code == served.family.update_status, again.text
            now = await beta.get(f"{path}/{made['id']}")
            assert without(now.json(), *TIMES, *settling) == without(made, *TIMES, *settling)
        if "delete" in served.family.verbs:
            assert (await beta.delete(f"{path}/{made['id']}")).status_code == 204
            gone = await beta.get(f"{path}/{made['id']}")
            code = "ResourceNotFound" if path.startswith("/device") else "Request_ResourceNotFound"
            assert (gone.status_code, error_code(gone)) == (404, code)


async def test_a_change_changes_what_it_names_alone(beta: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    await _each(CHANGED, beta, subtests, claim=_changes_alone)


async def _changes_alone(beta: httpx.AsyncClient, served: Served) -> None:
    maker = Maker(beta)
    path, whole = await maker.path(served), await maker.whole(served)
    for body in whole.bodies:
        made = await create(beta, path, **body)
        one, odata_type = f"{path}/{made['id']}", {k: v for k, v in body.items() if k == "@odata.type"}
        changed = await beta.patch(one, json={**odata_type, **whole.change})
        assert changed.status_code == served.family.update_status, changed.text
        now = (await beta.get(one)).json()
        assert has(now, shown(served, {**odata_type, **whole.change}))
        settling = (*TIMES, *whole.change, *whole.settles)
        assert without(now, *settling) == without(made, *settling)
        for prop, value in whole.fixed.items():
            refused = await beta.patch(one, json={**odata_type, prop: value})
            assert (refused.status_code, prop in error_message(refused)) == (400, True)
        refused = await beta.patch(one, json={**odata_type, "noSuchProperty": 1})
        assert (refused.status_code, "noSuchProperty" in error_message(refused)) == (400, True)
        refused = await beta.patch(one, json={"@odata.type": "#microsoft.graph.user"})
        assert refused.status_code == 400
        assert (await beta.get(one)).json() == now
        await beta.delete(one)


async def test_what_is_wrong_is_refused_and_nothing_is_made(beta: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    await _each(MADE, beta, subtests, claim=_refuses_what_is_wrong)


async def _refuses_what_is_wrong(beta: httpx.AsyncClient, served: Served) -> None:
    maker = Maker(beta)
    path, whole = await maker.path(served), await maker.whole(served)
    before = [entry["id"] for entry in (await beta.get(path)).json()["value"]] if "list" in served.family.verbs else []
    body = whole.bodies[0]
    wrong: list[tuple[Json, str]] = [
        ({**body, "noSuchProperty": 1}, "noSuchProperty"),
        ({**body, "@odata.type": "#microsoft.graph.user"}, "user"),
        *((each["body"], each["says"]) for each in whole.refused),
    ]
    properties = served.family.base.properties_in(Version.BETA).values()
    wrong += [(without(body, prop.name), prop.name) for prop in properties if prop.required and prop.name in body]
    for sent, words in wrong:
        answer = await beta.post(path, json=sent)
        assert answer.status_code == 400, (sent, answer.text)
        assert words in error_message(answer)
    assert (await beta.post(path, content=b"")).status_code == 400
    for verb in ("PATCH", "DELETE"):
        if {"PATCH": "update", "DELETE": "delete"}[verb] in served.family.verbs:
            answer = await beta.request(verb, f"{path}/{ABSENT}", json={})
            assert answer.status_code == 404, answer.text
    if "list" in served.family.verbs:
        assert [entry["id"] for entry in (await beta.get(path)).json()["value"]] == before


async def test_what_is_only_kept_says_so(beta: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    await _each(MADE, beta, subtests, claim=_says_whether_it_is_only_kept)


async def _says_whether_it_is_only_kept(beta: httpx.AsyncClient, served: Served) -> None:
    maker = Maker(beta)
    path = await maker.path(served)
    answers = [await beta.post(path, json=(await maker.bodies(served))[0])]
    assert answers[0].status_code == served.family.create_status
    if "list" in served.family.verbs:
        answers += [await beta.get(path), await beta.get(path)]
    wanted = "stored" if served.family.fidelity.level == "storedOnly" else None
    told = {answer.headers.get("x-fauxtune-fidelity") for answer in answers}
    assert told - {"unknown-definitions=1"} == {wanted}, "a sample has a setting of which nothing is known"


@ON_SQLITE
async def test_lists_are_filtered_ordered_counted_and_paged(beta: httpx.AsyncClient) -> None:
    maker = Maker(beta)
    for name, served in FAMILIES.items():
        if not {"list", "create"} <= set(served.family.verbs.split()):
            continue
        path, bodies = await maker.path(served), await maker.bodies(served)
        made = [await create(beta, path, **body) for body in bodies for _ in range(2 if len(bodies) == 1 else 1)]
        page: Json = (await beta.get(path)).json()
        known = {entry["id"]: entry for entry in page["value"]}
        assert known.keys() >= {each["id"] for each in made}, name
        hidden = set(served.family.hidden_in_lists.split())
        for each in made:
            assert without(known[each["id"]], *hidden) == without(each, *hidden), name
            assert all(known[each["id"]][prop] in (None, "", []) for prop in hidden & known[each["id"]].keys()), name
        ids = list(known)
        total = await beta.get(f"{path}/$count")
        assert (total.status_code, int(total.text)) == (200, len(ids)), name
        counted = (await beta.get(path, params={"$count": "true", "$top": "1"})).json()
        assert (counted["@odata.count"], [item["id"] for item in counted["value"]]) == (len(ids), ids[:1]), name
        rest = (await beta.get(counted["@odata.nextLink"])).json()
        assert rest["value"][0]["id"] == ids[1], name
        one = (await beta.get(path, params={"$filter": f"id eq '{ids[-1]}'", "$select": "id"})).json()["value"]
        assert [each["id"] for each in one] == [ids[-1]], name
        assert set(one[0]) <= {"id", "@odata.type"}, name
        backwards = (await beta.get(path, params={"$orderby": "id desc"})).json()["value"]
        assert [backward["id"] for backward in backwards] == sorted(ids, reverse=True), name
        texts = _own_texts(served, made[0])
        for begin in range(0, len(texts), AT_ONCE):
            condition = " and ".join(texts[begin : begin + AT_ONCE])
            found = (await beta.get(path, params={"$filter": condition})).json()["value"]
            assert made[0]["id"] in [each["id"] for each in found], (name, condition)
        for kind in served.family.kinds if served.family.base.polymorphic else ():
            wanted = [each["id"] for each in known.values() if entity(each["@odata.type"]).is_a(kind)]
            some = await beta.get(path, params={"$filter": f"isof('microsoft.graph.{kind.name}')"})
            assert [item["id"] for item in some.json()["value"]] == wanted, (name, kind.name)
            cast = await beta.get(f"{path}/microsoft.graph.{kind.name}")
            assert [item["id"] for item in cast.json()["value"]] == wanted, (name, kind.name)


async def test_an_item_is_found_below_the_types_that_it_has_alone(beta: httpx.AsyncClient) -> None:
    maker, statuses = Maker(beta), set[int]()
    for name, served in FAMILIES.items():
        if not served.family.base.polymorphic or not {"list", "create"} <= set(served.family.verbs.split()):
            continue
        path = await maker.path(served)
        for body in await maker.bodies(served):
            await create(beta, path, **body)
        listed: list[Json] = (await beta.get(path)).json()["value"]
        for odata_type, key in {each["@odata.type"]: each["id"] for each in listed}.items():
            for kind in served.family.kinds:
                status = (await beta.get(f"{path}/{key}/microsoft.graph.{kind.name}")).status_code
                assert status == (200 if entity(odata_type).is_a(kind) else 404), (name, odata_type, kind.name)
                statuses.add(status)
    assert statuses == {200, 404}, "both came about"


def _own_texts(served: Served, document: Json) -> list[str]:
    """A condition on each text of a document, which it fulfils."""
    return [
        "{} eq '{}'".format(prop.name, value.replace("'", "''"))
        for prop in served.family.base.properties_in(Version.BETA).values()
        if prop.type is Edm.STRING and prop.filterable and not prop.write_only
        if isinstance(value := document.get(prop.name), str) and value
    ]


def _literal(prop: Property) -> str | None:
    """A constant that the property can be compared with; None for objects and for texts that have no order."""
    if isinstance(prop.type, EnumType):
        return f"'{prop.type.members[0]}'"
    return LITERALS.get(prop.type) if isinstance(prop.type, Edm) else None


@ON_BOTH_DATABASES
async def test_every_property_that_can_be_compared_is_filtered_and_sorted_by(beta: httpx.AsyncClient) -> None:
    for name, served in FAMILIES.items():
        if "list" not in served.family.verbs:
            continue
        path = await Maker(beta).path(served)
        compared = {
            prop.name: literal
            for prop in served.family.base.properties_in(Version.BETA).values()
            if not (prop.write_only or prop.collection) and prop.filterable and (literal := _literal(prop))
        }
        for begin in range(0, len(compared), AT_ONCE):
            some = list(compared.items())[begin : begin + AT_ONCE]
            condition = " or ".join(f"{prop} eq {literal}" for prop, literal in some)
            for options in ({"$filter": condition}, {"$orderby": ",".join(f"{prop} desc" for prop, _ in some)}):
                answer = await beta.get(path, params=options)
                assert answer.status_code == 200, (name, options, answer.text)


@ON_SQLITE
async def test_assign_replaces_the_whole_set(beta: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    await _each(ASSIGNED, beta, subtests, claim=_replaces_the_whole_set)


async def _replaces_the_whole_set(beta: httpx.AsyncClient, served: Served) -> None:
    maker = Maker(beta)
    assigned = served.family.assigned
    assert assigned is not None
    path, found = await maker.path(served), sample(served)
    one = f"{path}/{await maker.one(served)}"
    group = await id_of_group(beta, "All Staff")
    other = await id_of_group(beta, "SMIME Pilot")
    first, second = (
        {"@odata.type": f"#microsoft.graph.{kind}", "groupId": id_}
        for kind, id_ in zip(found.targets, (group, other), strict=True)
    )
    more = found.assignment
    if assigned.action:
        await _assigned(beta, one, assigned=assigned, sent=[{**more, "target": first}, {**more, "target": second}])
        await _refused_assignments(beta, one, assigned=assigned, more=more)
        listed = (await beta.get(f"{one}/assignments")).json()["value"]
        assert [each["target"]["groupId"] for each in listed] == [group, other]
        assert all(has(each, more) for each in listed)
        for each in listed:
            alone = await beta.get(f"{one}/assignments/{each['id']}")
            assert without(alone.json()) == without(each)
        assert (await beta.get(f"{one}/assignments/$count")).text == "2"
        await _expanded(beta, path, one=one, assigned=assigned, listed=listed)
        await _assigned(beta, one, assigned=assigned, sent=[])
        assert (await beta.get(f"{one}/assignments")).json()["value"] == []
    await _single_assignments(beta, one, assigned=assigned, new={**more, "target": first})
    await beta.delete(one)
    assert (await beta.get(f"{one}/assignments")).status_code == 404


async def _assigned(beta: httpx.AsyncClient, one: str, *, assigned: Assigned, sent: list[Json]) -> None:
    answer = await beta.post(f"{one}/assign", json={assigned.key: sent})
    assert answer.status_code == (200 if assigned.returns else assigned.done), answer.text
    if assigned.returns:
        assert len(answer.json()["value"]) == len(sent)
    document = (await beta.get(one)).json()
    assert document.get("isAssigned", bool(sent)) is bool(sent)


async def _refused_assignments(beta: httpx.AsyncClient, one: str, *, assigned: Assigned, more: Json) -> None:
    before = (await beta.get(f"{one}/assignments")).json()
    nobody = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": ABSENT}
    for body in ({}, {assigned.key: "all"}, {assigned.key: [{**more, "target": nobody}]}, {assigned.key: [{**more}]}):
        answer = await beta.post(f"{one}/assign", json=body)
        assert answer.status_code == 400, (body, answer.text)
    assert (await beta.get(f"{one}/assignments")).json() == before


async def _expanded(beta: httpx.AsyncClient, path: str, *, one: str, assigned: Assigned, listed: list[Json]) -> None:
    for kind, address in (("item", one), ("list", path)):
        answer = await beta.get(address, params={"$expand": "assignments"})
        if kind not in assigned.expandable.split():
            assert answer.status_code != 200
            continue
        document = answer.json()
        if kind == "list":
            (document,) = [item for item in document["value"] if one.endswith(item["id"])]
        assert [without(assignment) for assignment in document["assignments"]] == [without(each) for each in listed]


async def _single_assignments(beta: httpx.AsyncClient, one: str, *, assigned: Assigned, new: Json) -> None:
    verbs = assigned.verbs.split()
    made = await beta.post(f"{one}/assignments", json=new)
    if "create" not in verbs:
        # The real service has it, and the way that works here is another one.
        assert (made.status_code, "replaces all of them" in error_message(made)) == (501, True)
        return
    assert made.status_code == 201, made.text
    address = f"{one}/assignments/{made.json()['id']}"
    if "update" in verbs:
        assert (await beta.patch(address, json=made.json())).status_code == 200
    if "delete" in verbs:
        assert (await beta.delete(address)).status_code == 204
        assert (await beta.get(f"{one}/assignments")).json()["value"] == []


@ON_BOTH_DATABASES
async def test_what_is_built_in_is_there_and_stays(beta: httpx.AsyncClient) -> None:
    for name, served in FAMILIES.items():
        rules = served.family.rules
        if not rules.built_in:
            continue
        path = f"/{served.template}"
        listed = {item["id"]: item for item in (await beta.get(path)).json()["value"]}
        assert len(listed) >= len(rules.built_in), name
        for built_in in rules.built_in:
            (found,) = [key for key in listed if key.endswith(built_in.id.replace("{tenant}", ""))]
            one = await beta.get(f"{path}/{found}")
            assert without(one.json(), *served.family.hidden_in_lists.split()) == without(
                listed[found], *served.family.hidden_in_lists.split()
            ), name
            if "delete" in served.family.verbs:
                refused = await beta.delete(f"{path}/{found}")
                assert (refused.status_code, "built in" in error_message(refused)) == (400, True), name
            if "update" in served.family.verbs:
                again = await beta.patch(f"{path}/{found}", json=one.json())
                assert again.status_code == served.family.update_status, (name, again.text)
        assert [item["id"] for item in (await beta.get(path)).json()["value"]] == list(listed), name
