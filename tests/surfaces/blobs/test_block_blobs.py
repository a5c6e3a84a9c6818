"""Contents are uploaded as block blobs: what Azure takes is taken, and what it refuses is refused in its form."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from xml.etree import ElementTree

import httpx
import pytest

from fauxtune.core.clock import ClockMode, TenantClock
from fauxtune.core.model.ids import ResourceId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.apps import FILE_RULES
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage import contents as stored
from fauxtune.storage.queries import resources as queries
from fauxtune.storage.rows.resources import ResourceRow
from tests.support.clock import FixedClock

CONTENT = "11111111-2222-4333-8444-555555555555"


@dataclass
class Blob:
    """A blob of the tenant, and a client that has nothing but its address."""

    http: httpx.AsyncClient
    address: str

    async def block(self, number: int, content: bytes, **headers: str) -> httpx.Response:
        return await self.put(f"comp=block&blockid={quoted(number)}", content, **headers)

    async def commit(self, *numbers: int, kind: str = "Latest") -> httpx.Response:
        listed = "".join(f"<{kind}>{block_id(number)}</{kind}>" for number in numbers)
        document = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'
        return await self.put("comp=blocklist", document.encode())

    async def put(self, query: str, content: bytes, **headers: str) -> httpx.Response:
        address = f"{self.address}&{query}" if query else self.address
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.put(address, content=content, headers=named)

    async def content(self) -> bytes | None:
        answer = await self.http.get(self.address)
        return answer.content if answer.status_code == 200 else None


def block_id(number: int) -> str:
    return base64.b64encode(f"{number:05}".encode()).decode()


def quoted(number: int) -> str:
    return block_id(number).replace("=", "%3D").replace("+", "%2B").replace("/", "%2F")


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which header and XML name alike."""
    assert answer.headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(answer.text)
    assert root.tag == "Error"
    assert root.findtext("Message")
    code = root.findtext("Code")
    assert code == answer.headers["x-ms-error-code"]
    return answer.status_code, str(code)


def add_file(tx: Transaction) -> None:
    """Add the file of an app that the blob is."""
    row = ResourceRow(
        tenant_id=tx.tenant.id,
        family=FILE_RULES.name,
        parent_id="app/1",
        id=ResourceId(CONTENT),
        kind="mobileAppContentFile",
        version=1,
        created_at=tx.now,
        modified_at=tx.now,
        priority=None,
        document={"isCommitted": False},
    )
    queries.add_resource(tx.connection, row)


@pytest.fixture
async def blob(http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant) -> AsyncIterator[Blob]:
    expires = emulator.runner.now(tenant) + timedelta(minutes=15)
    emulator.contents.store.forget(tenant.id)
    await emulator.runner.run(tenant, add_file)
    yield Blob(http, emulator.contents.address(tenant.id, CONTENT, expires=expires))
    emulator.contents.store.forget(tenant.id)


async def test_blocks_become_a_blob_in_the_order_of_the_list(blob: Blob) -> None:
    for number in (2, 0, 1):
        answer = await blob.block(number, f"<{number}>".encode() * 1000, x_ms_blob_type="BlockBlob")
        assert answer.status_code == 201
        assert answer.content == b""
        assert answer.headers["x-ms-version"]
    assert await blob.content() is None
    assert (await blob.commit(0, 1, 2)).status_code == 201
    assert await blob.content() == b"<0>" * 1000 + b"<1>" * 1000 + b"<2>" * 1000
    head = await blob.http.head(blob.address)
    assert head.headers["content-length"] == "9000"


async def test_a_list_that_is_sent_again_changes_nothing(blob: Blob) -> None:
    await blob.block(0, b"first")
    await blob.commit(0)
    assert (await blob.commit(0)).status_code == 201
    assert (await blob.commit(0, kind="Committed")).status_code == 201
    assert await blob.content() == b"first"


async def test_a_block_that_is_sent_again_counts_once(blob: Blob) -> None:
    await blob.block(0, b"wrong")
    await blob.block(0, b"right")
    await blob.commit(0)
    assert await blob.content() == b"right"


async def test_a_block_replaces_a_committed_one_only_by_the_next_list(blob: Blob) -> None:
    await blob.block(0, b"old")
    await blob.block(1, b"kept")
    await blob.commit(0, 1)
    await blob.block(0, b"new")
    assert await blob.content() == b"oldkept"
    await blob.commit(0, 1)
    assert await blob.content() == b"newkept"


async def test_a_whole_blob_is_taken_at_once(blob: Blob) -> None:
    content = bytes(range(256)) * 20_000
    digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    answer = await blob.put("", content, x_ms_blob_type="BlockBlob", content_md5=digest)
    assert (answer.status_code, answer.headers["content-md5"]) == (201, digest)
    assert await blob.content() == content


async def test_a_part_of_a_blob_is_read_by_its_range(blob: Blob) -> None:
    await blob.put("", b"0123456789", x_ms_blob_type="BlockBlob")
    for header, name, expected in (
        ("bytes=2-4", "range", (206, b"234", "bytes 2-4/10")),
        ("bytes=7-", "x-ms-range", (206, b"789", "bytes 7-9/10")),
        ("bytes=7-99", "range", (206, b"789", "bytes 7-9/10")),
        ("lines=1-2", "range", (200, b"0123456789", None)),
    ):
        answer = await blob.http.get(blob.address, headers={name: header})
        assert (answer.status_code, answer.content, answer.headers.get("content-range")) == expected
    for header in ("bytes=10-", "bytes=4-2"):
        assert code_of(await blob.http.get(blob.address, headers={"range": header})) == (416, "InvalidRange")


async def test_ten_thousand_blocks_are_taken(blob: Blob, emulator: Emulator, tenant: Tenant) -> None:
    for number in range(10_000):
        writing = emulator.contents.store.write_block(tenant.id, CONTENT, name=f"{number:05}".encode())
        writing.add(b"%d;" % number)
        writing.finish()
    assert (await blob.commit(*range(10_000))).status_code == 201
    assert await blob.content() == b"".join(b"%d;" % number for number in range(10_000))


@pytest.mark.parametrize(
    ("query", "content", "headers", "expected"),
    [
        ("comp=block&blockid=%25", b"x", {}, (400, "InvalidQueryParameterValue")),
        ("comp=block", b"x", {}, (400, "InvalidQueryParameterValue")),
        (f"comp=block&blockid={'QUFB' * 30}", b"x", {}, (400, "InvalidQueryParameterValue")),
        ("comp=block&blockid=QUJD", b"x", {}, (400, "InvalidBlobOrBlock")),
        ("comp=block&blockid=" + quoted(1), b"x", {"content_md5": "AAAA"}, (400, "Md5Mismatch")),
        ("comp=block&blockid=" + quoted(1), b"x", {"content_md5": "?"}, (400, "InvalidHeaderValue")),
        ("", b"x", {}, (400, "MissingRequiredHeader")),
        ("", b"x", {"x_ms_blob_type": "PageBlob"}, (400, "InvalidHeaderValue")),
        ("comp=metadata", b"", {}, (501, "NotImplemented")),
        ("comp=blocklist", b"no xml", {}, (400, "InvalidXmlDocument")),
        ("comp=blocklist", b"<Other/>", {}, (400, "InvalidXmlDocument")),
        ("comp=blocklist", b"<BlockList><Newest>QUJD</Newest></BlockList>", {}, (400, "InvalidXmlDocument")),
        (
            "comp=blocklist",
            b'<!DOCTYPE a [<!ENTITY e "x">]><BlockList><Latest>&e;</Latest></BlockList>',
            {},
            (400, "InvalidXmlDocument"),
        ),
        ("comp=blocklist", b"<BlockList><Latest>QUJDREU=</Latest></BlockList>", {}, (400, "InvalidBlockList")),
        (
            "comp=blocklist",
            b"<BlockList>" + b"<Latest>QUJDREU=</Latest>" * 50_001 + b"</BlockList>",
            {},
            (400, "BlockListTooLong"),
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_refusal_changes_nothing(
    blob: Blob, query: str, content: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    await blob.block(0, b"kept")
    assert code_of(await blob.put(query, content, **headers)) == expected
    assert await blob.content() is None
    assert (await blob.commit(0)).status_code == 201
    assert await blob.content() == b"kept"


async def test_an_address_without_its_signature_reads_and_writes_nothing(blob: Blob) -> None:
    await blob.put("", b"content", x_ms_blob_type="BlockBlob")
    path, _, query = blob.address.partition("?")
    for address, expected in (
        (path, (401, "NoAuthenticationInformation")),
        (blob.address.replace("sig=", "sig=A"), (403, "AuthenticationFailed")),
        (blob.address.replace("se=2", "se=3"), (403, "AuthenticationFailed")),
        (f"{path.replace('1111', '2222')}?{query}", (403, "AuthenticationFailed")),
        (blob.address.replace("sp=rw", "sp=rwd"), (403, "AuthenticationFailed")),
    ):
        assert code_of(await blob.http.get(address)) == expected
        assert code_of(await blob.http.put(address, content=b"x", headers={"x-ms-blob-type": "BlockBlob"})) == expected
    assert await blob.content() == b"content"


async def test_an_address_to_read_does_not_write(blob: Blob, emulator: Emulator, tenant: Tenant) -> None:
    await blob.put("", b"content", x_ms_blob_type="BlockBlob")
    expires = emulator.runner.now(tenant) + timedelta(hours=1)
    reader = Blob(blob.http, emulator.contents.address(tenant.id, CONTENT, expires=expires, allowed="r"))
    refusal = await reader.put("", b"other", x_ms_blob_type="BlockBlob")
    assert code_of(refusal) == (403, "AuthorizationPermissionMismatch")
    assert await reader.content() == b"content"


async def test_an_address_expires_by_the_clock_of_the_tenant(
    blob: Blob, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    assert (await blob.block(0, b"in time")).status_code == 201
    later = TenantClock(mode=ClockMode.FROZEN, frozen_at=clock.now() + timedelta(minutes=15))
    emulator.runner.remember(replace(tenant, clock=later))
    refusal = await blob.block(1, b"too late")
    assert code_of(refusal) == (403, "AuthenticationFailed")
    assert "Signature not valid in the specified time frame" in refusal.text


async def test_no_tenant_keeps_more_than_its_room(
    blob: Blob, emulator: Emulator, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MOST_OF_TENANT", 10_000)
    assert (await blob.block(0, b"x" * 6_000)).status_code == 201
    assert code_of(await blob.block(1, b"x" * 6_000)) == (413, "RequestBodyTooLarge")
    # What was refused has taken no room; what is sent again takes it once.
    assert (await blob.block(0, b"y" * 3_000)).status_code == 201
    assert (await blob.block(1, b"z" * 1_000)).status_code == 201
    assert (await blob.commit(0, 1)).status_code == 201
    emulator.contents.delete(tenant.id, CONTENT)
    assert (await blob.block(2, b"x" * 9_000)).status_code == 201


async def test_a_body_is_bounded(blob: Blob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_OF_ONE", 1_000)
    assert code_of(await blob.block(0, b"x" * 1_001)) == (413, "RequestBodyTooLarge")
    for number in (1, 2):
        assert (await blob.block(number, b"x" * 600)).status_code == 201
    assert code_of(await blob.commit(1, 2)) == (413, "RequestBodyTooLarge")
    assert await blob.content() is None
    assert code_of(await blob.http.put(blob.address, headers={"content-length": str(1 << 40)})) == (
        413,
        "RequestBodyTooLarge",
    )


async def test_a_blob_is_not_deleted_by_its_address(blob: Blob) -> None:
    await blob.put("", b"content", x_ms_blob_type="BlockBlob")
    assert code_of(await blob.http.delete(blob.address)) == (405, "UnsupportedHttpVerb")
    assert await blob.content() == b"content"


async def test_no_path_leads_out_of_the_folder(blob: Blob, emulator: Emulator, tenant: Tenant) -> None:
    expires = emulator.runner.now(tenant) + timedelta(hours=1)
    for name in ("..", ".", "%2e%2e", "..%2f..%2fkeys", ".key"):
        address = emulator.contents.address(tenant.id, name, expires=expires)
        answer = await blob.http.put(address, content=b"x", headers={"x-ms-blob-type": "BlockBlob"})
        assert answer.status_code in (403, 404), name
