"""Windows devices escrow secrets: what is kept and what is refused, and that nothing of them is stored in clear."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from fauxtune.core.model.actions import KEPT, EscrowKind
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import escrow
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import device_records as queries
from fauxtune.storage.rows.ledger import EscrowedSecretRow
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.windows import Enroll, WindowsDevice

Json = dict[str, Any]
KEY = "012345-112222-212234-312246-412258-512270-612282-712294"
ID = "0c8f4f4e-6a5b-4a43-9f0a-8f3c3c1d2e11"
RECOVERY: Json = {"recoveryPassword": {"id": ID, "password": "", "volumeType": "operatingSystemVolume"}}
LOCAL: Json = {
    "localAdministrator": {"accountName": "Administrator", "accountSid": "S-1-5-21-1-2-3-500", "password": ""}
}


def _groups(first: int = 0) -> str:
    """Return a recovery password: eight groups, each a multiple of 11."""
    return "-".join(f"{(first + place) * 11:06d}" for place in range(8))


def _with(body: Json, **members: Any) -> Json:
    ((name, value),) = body.items()
    return {name: {**value, **members}}


async def _send(pc: WindowsDevice, body: Any, *, sign: bool = True) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json", **(pc.signed(content) if sign else {})}
    return await pc.http.post("/mdm/contoso/windows/escrow", content=content, headers=headers)


async def _kept(emulator: Emulator, tenant: Tenant, kind: EscrowKind) -> list[EscrowedSecretRow]:
    def read(tx: Transaction) -> list[EscrowedSecretRow]:
        return queries.secrets_of_kind(tx.connection, tx.tenant.id, kind=kind)

    return await emulator.runner.run(tenant, read)


@ON_BOTH_DATABASES
async def test_a_secret_is_kept_sealed_and_opens_for_the_service(
    enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    pc, key = await enroll(), _groups(7)
    assert (await _send(pc, _with(RECOVERY, password=key))).status_code == 204
    (row,) = await _kept(emulator, tenant, EscrowKind.BITLOCKER)
    assert (row.id, row.details) == (ID, {"volumeType": "operatingSystemVolume"})
    assert key.encode() not in row.sealed
    assert key not in repr(row)
    assert await emulator.runner.run(tenant, escrow.open_secret, row, keys=emulator.keys) == key


@ON_BOTH_DATABASES
async def test_the_same_key_is_kept_once_and_of_many_the_newest(
    enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    pc = await enroll()
    for _ in range(2):
        assert (await _send(pc, _with(RECOVERY, password=_groups()))).status_code == 204
    assert len(await _kept(emulator, tenant, EscrowKind.BITLOCKER)) == 1
    for number in range(KEPT[EscrowKind.LOCAL_ADMINISTRATOR] + 2):
        assert (await _send(pc, _with(LOCAL, password=f"secret {number}"))).status_code == 204
    assert len(await _kept(emulator, tenant, EscrowKind.LOCAL_ADMINISTRATOR)) == KEPT[EscrowKind.LOCAL_ADMINISTRATOR]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        {},
        {**_with(RECOVERY, password=_groups()), **_with(LOCAL, password="x")},
        _with(RECOVERY, password=KEY),
        _with(RECOVERY, password=_groups(), id="x"),
        _with(RECOVERY, password=_groups(), volumeType="floppy"),
        _with(RECOVERY, password=_groups(), more=1),
        _with(RECOVERY, password=_groups() + "-000000"),
        _with(RECOVERY, password="x" * 10_000),
        _with(LOCAL, password=""),
        _with(LOCAL, password="a\nb"),
        _with(LOCAL, password="x", accountName="a\x00b"),
        _with(LOCAL, password=7),
    ],
    ids=range(15),
)
async def test_what_is_no_secret_is_refused_and_changes_nothing(
    enroll: Enroll, emulator: Emulator, tenant: Tenant, body: Any
) -> None:
    pc = await enroll()
    answer = await _send(pc, body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8"), answer.text
    assert KEY not in answer.text
    for kind in (EscrowKind.BITLOCKER, EscrowKind.LOCAL_ADMINISTRATOR):
        assert await _kept(emulator, tenant, kind) == []


async def test_who_does_not_prove_to_be_a_device_escrows_nothing(
    enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    pc, body = await enroll(), _with(RECOVERY, password=_groups())
    assert (await _send(pc, body, sign=False)).status_code == 401
    content = json.dumps(body).encode()
    headers = {"content-type": "application/json", **pc.signed(content + b" ")}
    answer = await pc.http.post("/mdm/contoso/windows/escrow", content=content, headers=headers)
    assert answer.status_code == 400
    assert (await pc.http.post("/mdm/nobody/windows/escrow", content=content, headers=headers)).status_code in (
        400,
        404,
    )
    assert await _kept(emulator, tenant, EscrowKind.BITLOCKER) == []


@ON_BOTH_DATABASES
async def test_a_device_does_not_replace_the_key_of_another(enroll: Enroll, emulator: Emulator, tenant: Tenant) -> None:
    first, second = await enroll(), await enroll()
    assert (await _send(first, _with(RECOVERY, password=_groups(1)))).status_code == 204
    assert (await _send(second, _with(RECOVERY, password=_groups(2)))).status_code == 400
    (row,) = await _kept(emulator, tenant, EscrowKind.BITLOCKER)
    assert await emulator.runner.run(tenant, escrow.open_secret, row, keys=emulator.keys) == _groups(1)
