"""Importing the document of a tenant: all of it, or nothing with every mistake named; never into another tenant."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Conflict, DocumentRefused, Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.tenants import snapshots
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.importing import Imported, import_tenant
from fauxtune.operations.tenants.replacing import REFERENCES
from fauxtune.operations.tenants.seeds import parse_seed
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.operations.tenants.state_reading import MOST_NAMED
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.tenant_state import columns
from tests.support.tenant import Contoso

Json = dict[str, Any]


async def _document(contoso: Contoso, tenant: Tenant | None = None, *, with_keys: bool = True) -> Json:
    content = await export_tenant(contoso.emulator, tenant or contoso.tenant, with_keys=with_keys)
    document: Json = orjson.loads(content)
    return document


async def _import(contoso: Contoso, document: object, *, key: str | None = None) -> Imported:
    return await import_tenant(contoso.emulator, key or contoso.tenant.id, content=orjson.dumps(document))


def _files(contoso: Contoso) -> dict[str, bytes]:
    folders = [contoso.emulator.keys._folder, contoso.emulator.connector_keys._folder]
    return {file.name: file.read_bytes() for folder in folders for file in Path(folder).glob("*.pem")}


def _without_event(document: Json) -> Json:
    result = copy.deepcopy(document)
    del result["tenant"]["journal_seq"]
    rows = result["tables"]["journal"]
    result["tables"]["journal"] = [row for row in rows if row["type"] != "tenantImported"]
    return result


async def _mistakes(contoso: Contoso, document: object) -> dict[str, str]:
    """The mistakes of a document, by place. Nothing is changed by it."""
    before, files = await _document(contoso), _files(contoso)
    with pytest.raises(DocumentRefused) as refused:
        await _import(contoso, document)
    assert await _document(contoso) == before
    assert _files(contoso) == files
    return dict(refused.value.mistakes)


@pytest.mark.both_databases
async def test_a_tenant_of_another_server_takes_the_place_of_the_one_with_its_id(contoso: Contoso) -> None:
    """Every server begins with a tenant of the same id."""
    document = await _document(contoso)
    made = {**document["tenant"], "created_at": "2020-01-01T00:00:00.0000000Z"}
    await contoso.enroll("alice")
    mistakes = await _mistakes(contoso, {**document, "tenant": made})
    assert "import it with --replace" in mistakes["/tenant/created_at"]
    with pytest.raises(DocumentRefused):
        await import_tenant(
            contoso.emulator,
            contoso.tenant.id,
            content=orjson.dumps({**document, "tenant": made, "keys": {}}),
            in_place=True,
        )
    assert (await contoso.emulator.runner.tenant(contoso.tenant.id)) == contoso.tenant, "nothing is deleted for it"
    imported = await import_tenant(
        contoso.emulator,
        contoso.tenant.id,
        content=orjson.dumps({**document, "tenant": made}),
        in_place=True,
    )
    assert (imported.is_new, imported.tenant.created_at.year) == (True, 2020)
    assert (await _document(contoso, imported.tenant))["tables"].get("enrollments", []) == []
    assert _files(contoso).keys()
    # Of the same tenant, it changes nothing about an import.
    again = await import_tenant(
        contoso.emulator,
        imported.tenant.id,
        content=orjson.dumps({**document, "tenant": made}),
        in_place=True,
    )
    assert not again.is_new


async def test_a_deleted_tenant_is_created_from_its_document_and_its_devices_go_on(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    await contoso.imported_profile("All Staff")
    phone = await contoso.enroll("alice")
    await phone.settle()
    document = await _document(contoso)
    files = _files(contoso)
    await dissolve_tenant(contoso.emulator, contoso.tenant)
    assert _files(contoso).keys() < files.keys()

    imported = await _import(contoso, document)
    assert imported.is_new
    assert imported.tenant == contoso.tenant
    assert _without_event(await _document(contoso)) == _without_event(document)
    assert _files(contoso) == files
    await phone.settle()
    # The connector opens with its key what was imported before; the authority issues with its own.
    await contoso.import_pfx("alice", password="another")
    await contoso.pkcs_profile("All Staff")
    await contoso.root_profile()
    await phone.settle()
    assert mark in phone.holds.values()
    assert any(item.startswith("pkcs/") for item in phone.holds)
    assert [event.type for event in await contoso.events("tenantImported")] == ["tenantImported"]
    # The imported state is the beginning of the new tenant.
    await snapshots.reset(contoso.emulator, contoso.tenant)
    after = await _document(contoso)
    for name in ("users", "profiles", "ledger", "certificates", "connector_keys"):
        assert after["tables"][name] == document["tables"][name], name


async def test_a_tenant_returns_to_its_document_without_keys_for_it_has_them(contoso: Contoso) -> None:
    document = await _document(contoso, with_keys=False)
    await contoso.user("dora")
    await contoso.enroll("bob")
    imported = await _import(contoso, document, key=contoso.tenant.name.upper())
    assert not imported.is_new
    assert imported.changes["users"].lost == 1
    assert _without_event(await _document(contoso, with_keys=False)) == _without_event(document)


async def test_a_built_in_app_and_a_default_restriction_may_be_assigned(contoso: Contoso) -> None:
    default = next(rule for rule in ENROLLMENT_CONFIGURATIONS.built_in if rule.id.endswith("DefaultLimit"))
    target = NewAssignment(TargetKind.ALL_DEVICES, None, {}, more={"intent": "required", "settings": None})
    for rules, key in ((APP_RULES, APP_RULES.built_in[0].id), (ENROLLMENT_CONFIGURATIONS, default.id)):
        key = key.replace("{tenant}", contoso.tenant.id)
        to = Assignable(ProfileId(key), noun="thing", platforms=None)
        await contoso.do(resources.assign, rules, key=key, to=to, targets=[target])
    document = await _document(contoso)
    assert not (await _import(contoso, document)).is_new
    for row in document["tables"]["assignments"]:
        row["profile_id"] = "00000000-0000-4000-8000-000000000000"
    mistakes = await _mistakes(contoso, document)
    assert {"there is no profile" in words for words in mistakes.values()} == {True}


async def test_an_edited_document_is_imported_as_it_was_edited(contoso: Contoso) -> None:
    document = await _document(contoso)
    for row in document["tables"]["users"]:
        row["document"]["displayName"] = "Somebody else"
    imported = await _import(contoso, document)
    assert imported.changes["users"].changed == 3
    assert {row["document"]["displayName"] for row in (await _document(contoso))["tables"]["users"]} == {
        "Somebody else"
    }


async def test_without_its_keys_no_tenant_is_created(contoso: Contoso) -> None:
    document = await _document(contoso, with_keys=False)
    await dissolve_tenant(contoso.emulator, contoso.tenant)
    files = _files(contoso)
    with pytest.raises(DocumentRefused) as refused:
        await _import(contoso, document)
    places = [place for place, _ in refused.value.mistakes]
    assert places == [f"/tables/authorities/{number}/key_name" for number in range(3)] + [
        "/tables/connector_keys/0/file"
    ]
    assert _files(contoso) == files
    with pytest.raises(NotFound):
        await contoso.emulator.runner.tenant(contoso.tenant.id)


async def test_a_document_of_another_tenant_is_refused(contoso: Contoso) -> None:
    other = await found_tenant(contoso.emulator, parse_seed({"name": "other", "domain": "other.example"}))
    mistakes = await _mistakes(contoso, await _document(contoso, other))
    assert {"/tenant/id", "/tenant/name", "/tenant/domain"} <= mistakes.keys()
    assert "use a seed" in mistakes["/tenant/id"]
    document = await _document(contoso)
    with pytest.raises(NotFound, match="Import it as that one"):
        await _import(contoso, {**document, "tenant": {**document["tenant"], "id": _GUID}}, key="nobody")
    with pytest.raises(Conflict, match="already"):  # another id, and a name that is taken
        await _import(contoso, {**document, "tenant": {**document["tenant"], "id": _GUID}}, key=_GUID)
    await dissolve_tenant(contoso.emulator, other)


_GUID = "00000000-0000-4000-8000-000000000000"


async def test_an_id_that_another_tenant_has_is_refused(contoso: Contoso) -> None:
    other = await found_tenant(contoso.emulator, parse_seed({"name": "other", "domain": "other.example"}))
    phone = await contoso.enroll("alice")
    document = await _document(contoso)
    theirs = await _document(contoso, other)
    user = theirs["tables"]["users"] = [copy.deepcopy(document["tables"]["users"][0])]
    theirs["tables"]["enrollments"] = copy.deepcopy(document["tables"]["enrollments"])
    theirs["tables"]["enrollments"][0]["user_id"] = user[0]["id"]
    for table in ("group_members", "group_owners"):
        theirs["tables"][table] = []
    # A key under a new name is stored before the rows are written, and deleted when they are not.
    authority = theirs["tables"]["authorities"][0]
    theirs["keys"]["service"]["new-name"] = theirs["keys"]["service"].pop(authority["key_name"])
    authority["key_name"] = "new-name"
    before, files = await _document(contoso, other), _files(contoso)
    with pytest.raises(Conflict, match=phone.enrollment_id):
        await _import(contoso, theirs, key=other.id)
    assert await _document(contoso, other) == before
    assert await _document(contoso) == document
    assert _files(contoso) == files
    await dissolve_tenant(contoso.emulator, other)


async def test_a_key_never_takes_the_file_of_another_tenant(contoso: Contoso) -> None:
    other = await found_tenant(contoso.emulator, parse_seed({"name": "other", "domain": "other.example"}))
    row = await contoso.get(authority_queries.authority, other.id, name="root")
    theirs = row.key_name
    document = await _document(contoso)
    files = _files(contoso)
    (root,) = (row for row in document["tables"]["authorities"] if row["name"] == "root")
    document["keys"]["service"][theirs] = document["keys"]["service"].pop(root["key_name"])
    root["key_name"] = theirs
    await _import(contoso, document)
    after = _files(contoso)
    assert after[f"{theirs}.pem"] == files[f"{theirs}.pem"]
    named = await contoso.get(authority_queries.authority, contoso.tenant.id, name="root")
    assert named.key_name != theirs
    assert await contoso.pfx("alice")
    # Without the key in the document, the name alone is not enough.
    del document["keys"]["service"][theirs]
    assert f"private key '{theirs}' is neither" in " ".join((await _mistakes(contoso, document)).values())
    await dissolve_tenant(contoso.emulator, other)


def _change(*place: str | int, to: object) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        target: Any = document
        for part in place[:-1]:
            target = target[part]
        target[place[-1]] = to

    return change


def _drop(*place: str | int) -> Callable[[Json], None]:
    def drop(document: Json) -> None:
        target: Any = document
        for part in place[:-1]:
            target = target[part]
        del target[place[-1]]

    return drop


def _twice(table: str) -> Callable[[Json], None]:
    def twice(document: Json) -> None:
        document["tables"][table].append(copy.deepcopy(document["tables"][table][0]))

    return twice


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"deeper": value}
    return value


MISTAKES: tuple[tuple[Callable[[Json], None], str, str], ...] = (
    (_change("format", to="other"), "/format", "must be 'fauxtune tenant'"),
    (_change("version", to=2), "/version", "reads version 1"),
    (_change("version", to=True), "/version", "must be an integer"),
    (_change("more", to=1), "/more", "no such member"),
    (_drop("tables"), "/tables", "is missing"),
    (_change("encodings", to={}), "/encodings", "must be as in an export"),
    (_change("tables", "a/b~c", to=[]), "/tables/a~1b~0c", "no such table"),
    (_change("tables", "snapshots", to=[]), "/tables/snapshots", "no such table"),
    (_change("tables", "sign_ins", to=[]), "/tables/sign_ins", "no such table"),
    (_change("tables", "tenants", to=[]), "/tables/tenants", "no such table"),
    (_drop("tables", "users"), "/tables/users", "must be a list of rows"),
    (_change("tables", "users", to={}), "/tables/users", "must be a list of rows"),
    (_change("tables", "users", 0, to=7), "/tables/users/0", "must be an object"),
    (_change("tables", "users", 1, "shoe_size", to=44), "/tables/users/1/shoe_size", "no such column"),
    (_change("tables", "users", 1, "tenant_id", to=_GUID), "/tables/users/1/tenant_id", "no such column"),
    (_drop("tables", "users", 2, "upn_key"), "/tables/users/2/upn_key", "is missing"),
    (_change("tables", "users", 0, "licensed", to=1), "/tables/users/0/licensed", "true or false"),
    (_change("tables", "users", 0, "created_at", to="yesterday"), "/tables/users/0/created_at", "must be a time"),
    (
        _change("tables", "users", 0, "created_at", to="2026-13-01T00:00:00.0000000Z"),
        "/tables/users/0/created_at",
        "must be a time",
    ),
    (_change("tables", "users", 0, "document", to=[]), "/tables/users/0/document", "must be an object"),
    (_change("tables", "users", 0, "document", to={"a": "\0"}), "/tables/users/0/document", "NUL"),
    (_change("tables", "users", 0, "document", to=_nested(200)), "/tables/users/0/document", "nested deeper"),
    (_change("tables", "users", 0, "upn_key", to="a\0b"), "/tables/users/0/upn_key", "NUL"),
    (_change("tables", "authorities", 0, "crl_number", to=2**31), "/tables/authorities/0/crl_number", "32 bits"),
    (_change("tables", "authorities", 0, "certificate", to="x"), "/tables/authorities/0/certificate", "must be PEM"),
    (
        _change(
            "tables",
            "authorities",
            0,
            "certificate",
            to="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ),
        "/tables/authorities/0/certificate",
        "not an X.509 certificate",
    ),
    (_change("tables", "connectors", 0, "program", to="unknown"), "/tables/connectors/0/program", "must be one of"),
    (_change("tables", "connectors", 0, "mode", to="x"), "/tables/connectors/0/mode", "one of immediate, polling"),
    (_change("tables", "authorities", 0, "state", to=""), "/tables/authorities/0/state", "one of available"),
    (_change("tables", "authorities", 0, "role", to="root"), "/tables/authorities", "the role 'devices' is missing"),
    (_change("tables", "connectors", 0, "roles", to=[None]), "/tables/connectors/0/roles", "a list of texts"),
    (_change("tables", "applications", 0, "roles", to={}), "/tables/applications/0/roles", "must be a list"),
    (_change("tables", "ledger", 0, "wanted_by", to=[["x"]]), "/tables/ledger/0/wanted_by", "pairs of texts"),
    (_twice("users"), "/tables/users/3", "the same upn_key"),
    (_change("tables", "users", 1, "manager_id", to=_GUID), "/tables/users/1/manager_id", "no user"),
    (
        _change("tables", "group_members", 0, "member_id", to=_GUID),
        "/tables/group_members/0/member_id",
        f"no user '{_GUID}' in users",
    ),
    (_change("tables", "group_members", 0, "kind", to="robot"), "/tables/group_members/0/kind", "must be one of"),
    (_change("tables", "group_members", 0, "group_id", to=_GUID), "/tables/group_members/0/group_id", "no group"),
    (_change("tables", "enrollments", 0, "user_id", to=_GUID), "/tables/enrollments/0/user_id", "no user"),
    (_change("tables", "ledger", 0, "enrollment_id", to=_GUID), "/tables/ledger/0/enrollment_id", "no enrolment"),
    (_drop("tables", "authorities", 0), "/tables/authorities", "'devices' is missing"),
    (_change("tenant", "settings", "shoe", to=1), "/tenant/settings/shoe", "no setting"),
    (_change("tenant", "settings", "edition", to="1999"), "/tenant/settings/edition", "edition is one of"),
    (_change("tenant", "clock_mode", to="sundial"), "/tenant/clock_mode", "one of system"),
    (_change("tenant", "clock_mode", to="frozen"), "/tenant/clock_mode", "clock_frozen_at"),
    (_change("tenant", "clock_offset", to=2**62), "/tenant/clock_mode", "past the year"),
    (_change("tenant", "keys", to="mine"), "/tenant/keys", "one of own, shared"),
    (_change("tenant", "keys", to="shared"), "/tenant/keys", "'shared'"),
    (_change("keys", to=[]), "/keys", "must be an object"),
    (_change("keys", "service", "more", to="x"), "/keys/service/more", "no row names this key"),
    (_change("keys", "other", to={}), "/keys/other", "keys of the service and of the connector"),
)


async def test_a_mistake_is_named_with_its_place_and_nothing_is_changed(
    mistaken: tuple[Contoso, Json], subtests: pytest.Subtests
) -> None:
    contoso, document = mistaken
    for change, place, words in MISTAKES:
        with subtests.test(f"{place}: {words}"):
            wrong = copy.deepcopy(document)
            if place == "/tenant/clock_mode" and "year" in words:
                wrong["tenant"]["clock_mode"] = "offset"
            change(wrong)
            mistakes = await _mistakes(contoso, wrong)
            assert place in mistakes, mistakes
            assert words in mistakes[place]


@pytest.fixture
async def mistaken(contoso: Contoso) -> tuple[Contoso, Json]:
    """A tenant with a phone that has something, and its document."""
    await contoso.root_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    return contoso, await _document(contoso)


async def test_all_mistakes_are_named_at_once_up_to_a_number(mistaken: tuple[Contoso, Json]) -> None:
    contoso, document = mistaken
    several = copy.deepcopy(document)
    several["tables"]["group_members"][0]["member_id"] = _GUID
    several["tables"]["ledger"][0]["enrollment_id"] = _GUID
    several["tenant"]["name"] = "another"
    assert {"/tables/group_members/0/member_id", "/tables/ledger/0/enrollment_id", "/tenant/name"} <= (
        await _mistakes(contoso, several)
    ).keys()
    many = copy.deepcopy(document)
    many["tables"]["users"] = [{"shoe_size": number} for number in range(MOST_NAMED)]
    with pytest.raises(DocumentRefused, match=r"and \d+ more\.$") as refused:
        await _import(contoso, many)
    assert len(refused.value.mistakes) == MOST_NAMED


async def test_a_key_that_does_not_belong_to_its_certificate_or_is_none_is_refused(contoso: Contoso) -> None:
    document = await _document(contoso)
    place = {row["name"]: number for number, row in enumerate(document["tables"]["authorities"])}
    root = document["tables"]["authorities"][place["root"]]["key_name"]
    wrong = copy.deepcopy(document)
    # The keys of the tests come round again: one of them is the root's own.
    own = load_pem_private_key(document["keys"]["service"][root].encode(), None).public_key()
    other = next(key for key in contoso.device_keys if key.public_key() != own)
    wrong["keys"]["service"][root] = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    mistakes = await _mistakes(contoso, wrong)
    assert list(mistakes) == [f"/tables/authorities/{place['root']}/key_name"]
    for text in ("", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"):
        wrong["keys"]["service"][root] = text
        assert list(await _mistakes(contoso, wrong)) == [f"/keys/service/{root}"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"\xff"', "not JSON"),
        (b"[" * 2000, "not JSON"),
        (b"[" + b"1," * 1_000_001 + b"1]", "too many elements"),
    ],
)
async def test_what_is_no_document_is_refused(contoso: Contoso, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        await import_tenant(contoso.emulator, contoso.tenant.id, content=content)


def test_every_reference_names_columns_that_exist() -> None:
    for reference in REFERENCES:
        assert reference.column in {column.name for column in columns()[reference.table]}
        assert reference.key in {column.name for column in columns()[reference.named]}


def test_rows_by_enrolment_refer_to_their_enrolment() -> None:
    """A new table of what belongs to devices is checked too."""
    with_enrollment = {
        name
        for name, described in columns().items()
        if any(column.name == "enrollment_id" and not column.is_optional for column in described)
    }
    assert with_enrollment <= {reference.table for reference in REFERENCES if reference.column == "enrollment_id"}
