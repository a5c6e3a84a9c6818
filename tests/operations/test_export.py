"""The document of a tenant: complete, equal for equal states, and without private keys unless somebody wants them."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import insert

from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import parse_seed
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.storage import tables, tenant_state
from fauxtune.storage.queries import certificates as certificate_queries
from tests.support.statements import statements
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

Json = dict[str, Any]


async def _exported(contoso: Contoso, *, with_keys: bool | None = None) -> Json:
    document: Json = orjson.loads(await export_tenant(contoso.emulator, contoso.tenant, with_keys=with_keys))
    return document


def test_every_table_of_tenants_is_in_the_state_or_is_left_out_for_a_reason() -> None:
    with_tenant = {name for name, table in tables.metadata.tables.items() if "tenant_id" in table.c}
    known = set(tenant_state.columns()) - {"tenants"}
    left_out = set(tenant_state.LEFT_OUT) & with_tenant
    assert known | left_out == with_tenant
    assert not known & left_out
    # A table without a tenant_id would be forgotten in silence.
    # Messages that processes leave for each other are sealed, and live for seconds.
    assert set(tables.metadata.tables) - with_tenant == {"tenants", "process_messages"}


def test_every_column_is_in_the_state() -> None:
    for name, columns in tenant_state.columns().items():
        assert [column.name for column in columns] == [
            column.name for column in tables.metadata.tables[name].columns if column.name != "tenant_id"
        ]


async def test_equal_states_give_equal_bytes_and_another_state_other_bytes(contoso: Contoso) -> None:
    await contoso.import_pfx("alice")
    first = await export_tenant(contoso.emulator, contoso.tenant)
    assert await export_tenant(contoso.emulator, contoso.tenant) == first
    await contoso.user("dora")
    second = await export_tenant(contoso.emulator, contoso.tenant)
    before, after = first.decode().splitlines(), second.decode().splitlines()
    # Of a new user nothing but the new lines shows: what was there stays as and where it is.
    new = [line for line in after if line not in set(before)]
    assert any("dora@" in line for line in new)
    assert [line for line in before if line not in set(after)] == []


async def test_an_export_sends_one_statement_for_each_table_however_many_rows_there_are(contoso: Contoso) -> None:
    with statements(contoso.emulator) as few:
        await export_tenant(contoso.emulator, contoso.tenant)
    for number in range(20):
        await contoso.user(f"user{number}")
    with statements(contoso.emulator) as many:
        await export_tenant(contoso.emulator, contoso.tenant)
    assert len(few) == len(many) <= len(tenant_state.columns()) + 6


async def test_a_document_says_what_each_column_holds(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await contoso.imported_profile("All Staff")
    await phone.settle()
    document = await _exported(contoso)
    assert (document["format"], document["version"]) == ("fauxtune tenant", 1)
    assert document["tenant"]["id"] == contoso.tenant.id
    assert list(document["tables"]) == sorted(document["tables"])
    (imported,) = document["tables"]["pfx_certificates"]
    assert imported["thumbprint"] == mark
    (issued,) = (row for row in document["tables"]["certificates"] if row["thumbprint"] == mark)
    row = await contoso.look(certificate_queries.certificate, contoso.tenant.id, key=mark)
    assert row is not None
    certificate = x509.load_pem_x509_certificate(issued["certificate"].encode())
    assert certificate == x509.load_der_x509_certificate(row.certificate)
    assert base64.b64decode(imported["pfx"], validate=True)
    assert document["encodings"]["pfx_certificates"] == {
        "encrypted_password": "base64",
        "pfx": "base64",
        "certificate": "CERTIFICATE",
    }
    for name, rows in document["tables"].items():
        binary = document["encodings"].get(name, {})
        for each in rows:
            assert "tenant_id" not in each
            for column in set(each) & set(binary):
                assert isinstance(each[column], str)


async def test_private_keys_are_in_the_document_of_a_test_tenant_and_else_on_demand(contoso: Contoso) -> None:
    assert "keys" not in await _exported(contoso)
    document = await _exported(contoso, with_keys=True)
    for authority in document["tables"]["authorities"]:
        key = load_pem_private_key(document["keys"]["service"][authority["key_name"]].encode(), None)
        certificate = x509.load_pem_x509_certificate(authority["certificate"].encode())
        assert key.public_key() == certificate.public_key()
    (file,) = (row["file"] for row in document["tables"]["connector_keys"])
    assert file in document["keys"]["connector"]

    seed = parse_seed({"name": "shared", "domain": "shared.example", "keys": "shared"})
    shared = await found_tenant(contoso.emulator, seed)
    assert "keys" in orjson.loads(await export_tenant(contoso.emulator, shared))
    assert "keys" not in orjson.loads(await export_tenant(contoso.emulator, shared, with_keys=False))


async def test_nothing_of_another_tenant_is_in_the_document(contoso: Contoso) -> None:
    other = await found_tenant(contoso.emulator, parse_seed({"name": "other", "domain": "other.example"}))
    await contoso.emulator.runner.run(other, users_and_groups.create_user, {"userPrincipalName": "eve@other.example"})
    before = await export_tenant(contoso.emulator, other)
    await contoso.user("dora")
    text = (await export_tenant(contoso.emulator, contoso.tenant)).decode()
    assert other.id not in text
    assert "eve@" not in text
    assert await export_tenant(contoso.emulator, other) == before


async def test_a_row_of_a_ledger_is_exported_by_its_enrolment(contoso: Contoso) -> None:
    """Ledgers have no index by tenant: they are read by the tenant's enrolments."""
    phone = await contoso.enroll("alice")
    await contoso.root_profile()
    await phone.settle()
    document = await _exported(contoso)
    rows = document["tables"]["ledger"]
    assert {row["enrollment_id"] for row in rows} == {phone.enrollment_id}
    assert [row["state"] for row in rows] == ["installed"]


async def test_sign_ins_under_way_are_not_exported(contoso: Contoso) -> None:
    row: Json = {
        "digest": f"digest of {contoso.tenant.id}",
        "tenant_id": contoso.tenant.id,
        "client_id": "c",
        "state": "pending",
        "scope": "s",
        "any_tenant": False,
        "expires_at": contoso.clock.at,
    }
    await contoso.look(lambda connection: connection.execute(insert(tables.sign_ins), [row]))
    text = (await export_tenant(contoso.emulator, contoso.tenant)).decode()
    assert row["digest"] not in text
