"""A `$filter` finds the same rows in SQLite, in PostgreSQL, and in memory; `$orderby` sorts them the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Column, Connection, Engine, MetaData, String, Table, create_engine, delete, insert, select

from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.query.expressions import Condition, matches
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.query.options import OrderBy, QueryOptions
from fauxtune.storage.odata import TYPE_COLUMN, order_by, where
from tests.support.filter_texts import ABOUT
from tests.support.postgresql import PostgresServer

metadata = MetaData()
things = Table("things", metadata, Column("id", String, primary_key=True), Column("document", JSON(none_as_null=True)))
typed_things = Table(
    "typed_things",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("document", JSON(none_as_null=True)),
)

USER, DEVICE, PROFILE = entity("user"), entity("managedDevice"), entity("deviceConfiguration")
SKU = "184efa21-98c3-4e5d-95ab-d07053a96e67"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, postgresql_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database with these tables, made once: each test fills them with rows of its own."""
    name = postgresql_server.create()
    of_sqlite = f"sqlite:///{tmp_path_factory.mktemp('filters') / 'filters.sqlite'}"
    engine = create_engine(of_sqlite if request.param == "sqlite" else postgresql_server.url(name))
    metadata.create_all(engine)
    yield engine
    engine.dispose()
    postgresql_server.drop(name)


def fill(connection: Connection, documents: Sequence[dict[str, Any]]) -> None:
    connection.execute(delete(things))
    if documents:
        rows = [{"id": str(number), "document": document} for number, document in enumerate(documents)]
        connection.execute(insert(things), rows)


def found(connection: Connection, text: str, *, kind: Any = USER) -> list[int]:
    return selected(connection, parse_filter(text, kind, types=ENTITIES))


def selected(connection: Connection, condition: Condition) -> list[int]:
    clause = where(condition, columns={}, document=things.c.document)
    rows = connection.scalars(select(things.c.id).where(clause).order_by(things.c.id))
    return [int(row) for row in rows]


USERS: list[dict[str, Any]] = [
    defaults(USER)
    | {
        "displayName": "Alice",
        "userPrincipalName": "Alice@contoso.example",
        "accountEnabled": True,
        "proxyAddresses": ["SMTP:alice@contoso.example", "smtp:a@contoso.example"],
        "assignedLicenses": [{"skuId": SKU, "disabledPlans": []}],
    },
    defaults(USER)
    | {"displayName": "Bob 100%_\\", "userPrincipalName": "bob@contoso.example", "accountEnabled": False},
    {"displayName": None},
    defaults(USER)
    | {
        "displayName": "Zoë O'Neil",
        "userPrincipalName": "zoe@contoso.example",
        "onPremisesSamAccountName": "zoe",
        "mail": "",
    },
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("displayName eq 'alice'", [0]),
        ("displayName ne 'alice'", [1, 2, 3]),
        ("not (displayName eq 'alice')", [1, 2, 3]),
        ("displayName eq null", [2]),
        ("displayName ne null", [0, 1, 3]),
        ("displayName gt 'alice'", [1, 3]),
        ("not (displayName gt 'alice')", [0, 2]),
        ("displayName eq 'Zoë O''Neil'", [3]),
        ("displayName in ('Alice', 'bob 100%_\\')", [0, 1]),
        ("mail in (null, 'x')", [0, 1, 2]),
        ("contains(displayName, '%_')", [1]),
        ("contains(displayName, '')", [0, 1, 3]),
        ("not contains(displayName, 'li')", [1, 2, 3]),
        ("startswith(displayName, 'al')", [0]),
        ("startsWith(userPrincipalName, 'BOB@')", [1]),
        ("endswith(displayName, 'CE')", [0]),
        ("endswith(displayName, '\\')", [1]),
        ("endswith(displayName, 'a much longer text than any name')", []),
        ("endswith(displayName, '')", [0, 1, 3]),
        ("tolower(userPrincipalName) eq 'alice@contoso.example'", [0]),
        ("toupper(displayName) eq 'ALICE'", [0]),
        ("toupper(displayName) eq 'ZOë O''NEIL'", [3]),
        ("accountEnabled", [0]),
        ("accountEnabled eq true", [0]),
        ("accountEnabled eq false", [1]),
        ("accountEnabled ne true", [1, 2, 3]),
        ("not accountEnabled", [1, 2, 3]),
        ("accountEnabled eq null", [2, 3]),
        ("proxyAddresses/any(p:p eq 'smtp:alice@contoso.example')", [0]),
        ("proxyAddresses/any(p: startswith(p, 'x') or endswith(p, '.example'))", [0]),
        ("proxyAddresses/any()", [0]),
        ("not proxyAddresses/any(p:p eq 'x')", [0, 1, 2, 3]),
        (f"assignedLicenses/any(l:l/skuId eq {SKU.upper()})", [0]),
        ("assignedLicenses/any(l:l/skuId eq 00000000-0000-0000-0000-000000000000)", []),
        ("mail eq userPrincipalName", [2]),
        ("givenName eq surname", [0, 1, 2, 3]),
        ("true", [0, 1, 2, 3]),
        ("false or displayName eq 'alice'", [0]),
    ],
)
def test_a_filter_finds_the_same_users_in_every_database_and_in_memory(
    engine: Engine, text: str, expected: list[int]
) -> None:
    with engine.begin() as connection:
        fill(connection, USERS)
        assert found(connection, text) == expected
    condition = parse_filter(text, USER)
    assert [number for number, user in enumerate(USERS) if matches(condition, user)] == expected


DEVICES: list[dict[str, Any]] = [
    {
        "complianceState": "compliant",
        "totalStorageSpaceInBytes": 2**40,
        "lastSyncDateTime": "2026-11-24T10:00:00.0000000Z",
    },
    {
        "complianceState": "noncompliant",
        "totalStorageSpaceInBytes": 5,
        "lastSyncDateTime": "0001-01-01T00:00:00.0000000Z",
    },
    {},
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("complianceState eq 'Compliant'", [0]),
        ("complianceState eq microsoft.graph.complianceState'noncompliant'", [1]),
        ("complianceState in ('compliant','noncompliant')", [0, 1]),
        ("totalStorageSpaceInBytes ge 1099511627776", [0]),
        ("5 ge totalStorageSpaceInBytes", [1]),
        ("totalStorageSpaceInBytes eq 5", [1]),
        ("lastSyncDateTime ge 2026-11-24T12:00:00+02:00", [0]),
        ("lastSyncDateTime lt 2026-11-24", [1]),
        ("lastSyncDateTime eq 0001-01-01T00:00:00Z", [1]),
        ("not (totalStorageSpaceInBytes gt 5)", [1, 2]),
    ],
)
def test_enums_numbers_and_moments_compare_by_their_own_rules(engine: Engine, text: str, expected: list[int]) -> None:
    with engine.begin() as connection:
        fill(connection, DEVICES)
        assert found(connection, text, kind=DEVICE) == expected


def test_a_value_that_is_no_array_has_no_elements(engine: Engine) -> None:
    with engine.begin() as connection:
        fill(connection, [{"proxyAddresses": None}, {"proxyAddresses": "x"}, {"proxyAddresses": ["x"]}])
        assert found(connection, "proxyAddresses/any()") == [2]
        assert found(connection, "proxyAddresses/any(p:p eq 'x')") == [2]


def test_properties_come_from_columns_where_they_have_one_and_isof_reads_the_type_column(engine: Engine) -> None:
    columns = {"id": typed_things.c.id, TYPE_COLUMN: typed_things.c.kind}
    kinds = ["androidWorkProfilePkcsCertificateProfile", "androidDeviceOwnerTrustedRootCertificate"]
    with engine.begin() as connection:
        connection.execute(delete(typed_things))
        for number, kind in enumerate(kinds):
            row = insert(typed_things).values(id=str(number), kind=kind, document={"displayName": f"profile {number}"})
            connection.execute(row)

        def ids(text: str) -> list[str]:
            condition = parse_filter(text, PROFILE, types=ENTITIES)
            clause = where(condition, columns=columns, document=typed_things.c.document)
            return list(connection.scalars(select(typed_things.c.id).where(clause).order_by(typed_things.c.id)))

        assert ids("id eq '1'") == ["1"]
        assert ids("isof('microsoft.graph.androidWorkProfilePkcsCertificateProfile')") == ["0"]
        assert ids("isof('#Microsoft.Graph.androidWorkProfileCertificateProfileBase')") == ["0"]
        assert ids("isof('microsoft.graph.deviceConfiguration') and displayName eq 'profile 1'") == ["1"]
        assert ids("microsoft.graph.androidWorkProfilePkcsCertificateProfile/certificationAuthority eq null") == [
            "0",
            "1",
        ]


def test_isof_reads_the_type_out_of_the_document_where_there_is_no_column(engine: Engine) -> None:
    with engine.begin() as connection:
        fill(connection, [{"@odata.type": "#microsoft.graph.user"}, {"@odata.type": "#microsoft.graph.group"}])
        assert found(connection, "isof('microsoft.graph.user')", kind=entity("directoryObject")) == [0]


def ordered(connection: Connection, orderby: str, *, kind: Any) -> list[int]:
    keys = QueryOptions.parse(f"$orderby={orderby}").orderby
    clause = order_by(kind, keys, columns={"id": things.c.id}, document=things.c.document)
    return [int(row) for row in connection.scalars(select(things.c.id).order_by(*clause))]


def test_order_is_by_code_point_with_null_first_and_the_id_last(engine: Engine) -> None:
    names = ["b", None, "Ä", "a", "B", "a"]
    with engine.begin() as connection:
        fill(connection, [{"displayName": name} for name in names])
        assert ordered(connection, "displayName", kind=USER) == [1, 4, 3, 5, 0, 2]
        assert ordered(connection, "displayName desc", kind=USER) == [2, 0, 3, 5, 4, 1]
        assert ordered(connection, "", kind=USER) == [0, 1, 2, 3, 4, 5]


def test_numbers_order_as_numbers(engine: Engine) -> None:
    with engine.begin() as connection:
        fill(connection, [{"totalStorageSpaceInBytes": number} for number in (10, 9, 2**40)])
        assert ordered(connection, "totalStorageSpaceInBytes", kind=DEVICE) == [1, 0, 2]


@pytest.mark.parametrize("name", ["nothing", "businessPhones", "passwordProfile"])
def test_what_has_no_order_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=name):
        order_by(USER, [OrderBy(name)], columns={}, document=things.c.document)


# ------------------------------------------------------------------------------- any expression, evaluated three ways


@pytest.mark.parametrize("name", ABOUT)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_filter_selects_what_evaluation_in_memory_selects(engine: Engine, name: str, data: st.DataObject) -> None:
    kind, filters, strategy = ABOUT[name]
    documents = data.draw(st.lists(strategy, min_size=1, max_size=5))
    with engine.begin() as connection:
        fill(connection, documents)
        for text in data.draw(st.lists(filters, min_size=5, max_size=12)):
            condition = parse_filter(text, kind, types=ENTITIES)
            expected = [number for number, document in enumerate(documents) if matches(condition, document)]
            assert selected(connection, condition) == expected, text


SORTED = ("deviceName", "totalStorageSpaceInBytes", "lastSyncDateTime", "complianceState", "isEncrypted")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(ABOUT["managedDevice"][2], max_size=6))
def test_any_documents_are_sorted_as_python_sorts_them(engine: Engine, documents: list[dict[str, Any]]) -> None:
    with engine.begin() as connection:
        fill(connection, documents)
        for name in SORTED:
            values = [document.get(name) for document in documents]
            up: list[Any] = [value for value in values if value is None]
            up += sorted(value for value in values if value is not None)
            for orderby, expected in ((name, up), (f"{name} desc", up[::-1])):
                found_values = [values[number] for number in ordered(connection, orderby, kind=DEVICE)]
                assert found_values == expected, orderby
