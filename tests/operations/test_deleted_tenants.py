"""What is under way while a tenant is deleted leaves nothing of it: no row, no file, no simulated device."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fauxtune.core.errors import NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice, NoDeviceHost
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import snapshots
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.server import bootstrap
from fauxtune.storage.contents import index_of
from fauxtune.storage.queries import locks, tenants
from fauxtune.storage.queries.tenants import row_counts
from fauxtune_labs.operations.hosted_devices import add_device
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

GROUP = {"displayName": "late", "securityEnabled": True}


async def left(contoso: Contoso) -> dict[str, int]:
    """The rows that there are of the tenant, by table."""
    counts = await contoso.look(row_counts, contoso.tenant.id)
    return {name: number for name, number in counts.items() if number}


async def test_an_operation_whose_tenant_was_deleted_meanwhile_writes_nothing(contoso: Contoso) -> None:
    await dissolve_tenant(contoso.emulator, contoso.tenant)
    with pytest.raises(NotFound, match="deleted meanwhile; nothing was changed"):
        await contoso.do(users_and_groups.create_group, GROUP)
    with pytest.raises(NotFound):
        await snapshots.create_snapshot(contoso.emulator, contoso.tenant, name="late")
    with pytest.raises(NotFound):
        await contoso.do(lambda tx: tx.record("late"))
    assert await left(contoso) == {}


async def test_rows_that_are_inserted_while_the_tenant_is_deleted_do_not_stay(contoso: Contoso) -> None:
    if contoso.emulator.runner.database.is_sqlite:
        return  # there one transaction is after the other
    has_inserted, is_deleted = threading.Event(), threading.Event()

    def insert_and_wait(tx: Transaction) -> None:
        users_and_groups.create_group(tx, GROUP)
        has_inserted.set()
        assert is_deleted.wait(20)

    inserting = asyncio.create_task(contoso.do(insert_and_wait))
    await asyncio.to_thread(has_inserted.wait, 20)
    await dissolve_tenant(contoso.emulator, contoso.tenant)
    is_deleted.set()
    with pytest.raises(NotFound):
        await inserting
    assert await left(contoso) == {}


async def test_a_deletion_waits_for_who_has_looked_whether_the_tenant_is_there(contoso: Contoso) -> None:
    database, tenant = contoso.emulator.runner.database, contoso.tenant.id
    if database.is_sqlite:
        return
    tx = contoso.emulator.runner.transaction
    with ThreadPoolExecutor(1) as thread:
        with database.engine.begin() as connection:
            users_and_groups.create_group(tx(connection, contoso.tenant), GROUP)
            locks.hold_existence(connection, tenant)
            deletion = thread.submit(database.run_now, tenants.delete_tenant, tenant)
            with pytest.raises(TimeoutError):
                deletion.result(0.3)
        deletion.result(20)
    assert await left(contoso) == {}


class Hosting(NoDeviceHost):
    """A host whose devices are in folders; the tenant is deleted while one is enrolled."""

    def __init__(self, contoso: Contoso, folder: Path) -> None:
        self.contoso, self.folder = contoso, folder

    async def enroll(self, tenant: TenantId, device: NewDevice) -> HostedDevice:
        await dissolve_tenant(self.contoso.emulator, self.contoso.tenant)
        (self.folder / tenant).mkdir()
        return HostedDevice("x", device.platform, None, None, None, ended=None, is_online=True, refuses={})

    async def forget(self, tenant: TenantId) -> None:
        if (self.folder / tenant).exists():
            (self.folder / tenant).rmdir()

    def kept(self) -> frozenset[str]:
        return frozenset(path.name for path in self.folder.iterdir())


async def test_a_device_that_is_enrolled_while_its_tenant_is_deleted_leaves_no_folder(
    contoso: Contoso, tmp_path: Path
) -> None:
    (tmp_path / "devices").mkdir()
    contoso.emulator.device_host = Hosting(contoso, tmp_path / "devices")
    with pytest.raises(NotFound):
        await add_device(contoso.emulator, contoso.tenant, user="alice", device=NewDevice("", "ios"))
    assert contoso.emulator.device_host.kept() == frozenset()


async def test_a_start_removes_files_and_devices_of_tenants_that_do_not_exist(contoso: Contoso, tmp_path: Path) -> None:
    emulator, store = contoso.emulator, contoso.emulator.contents.store
    gone = TenantId("11111111-1111-4111-8111-111111111111")
    emulator.device_host = Hosting(contoso, tmp_path / "devices")
    for tenant in (gone, contoso.tenant.id):
        writing = store.write_whole(tenant, "content")
        writing.add(b"x")
        writing.finish(index_of([]))
        (tmp_path / "devices" / tenant).mkdir(parents=True)
    store.secret(lambda: "stays")
    emulator.leads = False
    await bootstrap.remove_left(emulator)
    assert gone in store.kept(), "another process leads, and may know the tenant"
    emulator.leads = True
    await bootstrap.remove_left(emulator)
    assert store.kept() == emulator.device_host.kept() == {contoso.tenant.id}
    assert store.secret(lambda: "another") == b"stays"
