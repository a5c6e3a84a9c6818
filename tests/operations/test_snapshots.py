"""Snapshots: a tenant returns to a state that it had, with its keys and its clock, and nobody else notices."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from fauxtune.core.clock import ClockMode
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unauthenticated
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.ca import authorities
from fauxtune.operations.connectors import keys, revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import applications, users_and_groups
from fauxtune.operations.runtime.device_host import NoDeviceHost
from fauxtune.operations.tenants import snapshots, tenants
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.seeds import parse_seed
from fauxtune.operations.tenants.snapshots import unpacked
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.storage import tenant_state
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import tenants as snapshot_queries
from fauxtune.storage.tenant_state import Change
from tests.support.statements import statements
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

Json = dict[str, Any]
#: Events that say that a state was put back: they alone are new afterwards.
_RETURNS = {"snapshotRestored", "tenantReset", "tenantImported"}


async def comparable(contoso: Contoso) -> Json:
    """The tenant's document without what a return changes: its event, the journal's number, versions of policies."""
    document: Json = orjson.loads(await export_tenant(contoso.emulator, contoso.tenant, with_keys=True))
    rows = document["tables"]
    rows["journal"] = [row for row in rows["journal"] if row["type"] not in _RETURNS]
    del document["tenant"]["journal_seq"], document["tenant"]["connector_seq"]
    for row in rows["enrollments"]:
        del row["policy_version"]
    return document


async def _save(contoso: Contoso, name: str = "before") -> None:
    await snapshots.create_snapshot(contoso.emulator, contoso.tenant, name=name)


async def _restore(contoso: Contoso, name: str = "before") -> snapshots.Restored:
    return await snapshots.restore_snapshot(contoso.emulator, contoso.tenant, name=name)


def _files(contoso: Contoso) -> set[str]:
    """The names of all files of private keys."""
    folders = [contoso.emulator.keys._folder, contoso.emulator.connector_keys._folder]
    return {file.name for folder in folders for file in Path(folder).glob("*.pem")}


async def test_a_restored_tenant_is_what_it_was_and_other_tenants_stay_as_they_are(contoso: Contoso) -> None:
    other = await found_tenant(contoso.emulator, parse_seed({"name": "other", "domain": "other.example"}))
    await contoso.import_pfx("alice")
    await contoso.imported_profile("All Staff")
    phone = await contoso.enroll("alice", hardware="A")
    lost = await contoso.enroll("bob", hardware="B")
    for process in (phone, lost):
        await process.settle()
    await _save(contoso)
    before = await comparable(contoso)
    untouched = await export_tenant(contoso.emulator, other, with_keys=True)

    await contoso.user("dora")
    await contoso.action(lost, device_actions.retire)
    await lost.settle()
    await contoso.do(users_and_groups.delete_user, contoso.upn("bob"))
    await contoso.pkcs_profile("All Staff")
    late = await contoso.enroll("carol", hardware="C")
    for process in (phone, late):
        await process.settle()
    await contoso.do(tenants.change_settings, {"requireTrustedRoot": False})
    assert await comparable(contoso) != before

    restored = await _restore(contoso)
    assert await comparable(contoso) == before
    assert restored.changes["enrollments"].lost == 1
    assert restored.changes["users"] == Change(lost=1, added=1, changed=0)
    assert await export_tenant(contoso.emulator, other, with_keys=True) == untouched
    # What was restored goes on: the phone, which was not restored with its tenant, settles in it.
    await phone.settle()
    assert set(phone.holds) == {item for item in phone.holds if item.startswith("imported/")}


async def test_the_journal_is_that_of_the_snapshot_and_readers_go_on_with_its_numbers(contoso: Contoso) -> None:
    await _save(contoso)
    phone = await contoso.enroll("alice")
    newest = (await contoso.events())[-1].seq
    waiting = asyncio.create_task(contoso.emulator.signals.wait_for_journal(contoso.tenant.id, seconds=30))
    pushed = asyncio.create_task(
        contoso.emulator.signals.wait_for_push(phone.enrollment_id, contoso.tenant.id, seconds=30, unless=_never)
    )
    await asyncio.sleep(0)
    await _restore(contoso)
    await asyncio.wait_for(asyncio.gather(waiting, pushed), timeout=10)
    (event,) = await contoso.look(snapshot_queries.events, contoso.tenant.id, after=newest)
    assert (event.type, event.detail, event.seq) == ("snapshotRestored", {"snapshot": "before"}, newest + 1)
    assert await contoso.events("enrolled") == []
    await contoso.enroll("alice")
    assert (await contoso.events())[-1].seq > newest + 1


async def _never() -> bool:
    return False


async def test_keys_of_a_snapshot_come_back_and_later_ones_go(contoso: Contoso) -> None:
    emulator, tenant = contoso.emulator, contoso.tenant
    (connector,) = await contoso.look(connector_queries.connector_rows, tenant.id)
    (key,) = await contoso.look(connector_queries.connector_key_rows, tenant.id)
    files = _files(contoso)
    await _save(contoso)
    mark = await contoso.import_pfx("alice")
    await keys.delete_key(emulator, tenant, connector_id=connector.id, provider=key.provider, key_name=key.key_name)
    await keys.create_key(emulator, tenant, connector_id=connector.id, provider=key.provider, key_name="New")
    await revocation.roll_over(emulator, tenant, name="issuing")
    assert len(_files(contoso)) == len(files) + 2
    await _restore(contoso)
    assert _files(contoso) == files
    assert [row.key_name for row in await contoso.look(connector_queries.connector_key_rows, tenant.id)] == [
        key.key_name
    ]
    # The key opens what is encrypted for it, and the first authority issues.
    assert await contoso.look(authorities.certificate, tenant, name="issuing")
    assert await contoso.import_pfx("alice") != mark
    await contoso.imported_profile("All Staff")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert any(item.startswith("imported/") for item in phone.holds)


async def test_a_deleted_snapshot_lets_go_of_its_keys_and_a_deleted_tenant_of_all(contoso: Contoso) -> None:
    emulator = contoso.emulator
    before = _files(contoso)
    tenant = await found_tenant(emulator, parse_seed({"name": "other", "domain": "other.example"}))
    (connector,) = await contoso.look(connector_queries.connector_rows, tenant.id)

    async def create_and_delete(save: str | None) -> None:
        await keys.create_key(emulator, tenant, connector_id=connector.id, provider="P", key_name="Short")
        if save is not None:
            await snapshots.create_snapshot(emulator, tenant, name=save)
        await keys.delete_key(emulator, tenant, connector_id=connector.id, provider="P", key_name="Short")

    first = _files(contoso)
    await create_and_delete(None)
    assert _files(contoso) == first
    await create_and_delete("one")
    assert len(_files(contoso)) == len(first) + 1
    await snapshots.delete_snapshot(emulator, tenant, name="one")
    assert _files(contoso) == first
    await create_and_delete("two")
    await dissolve_tenant(emulator, tenant)
    assert _files(contoso) == before
    assert await contoso.look(snapshot_queries.snapshots_of, tenant.id) == []


async def test_a_frozen_clock_returns_to_its_time_and_a_running_one_to_its_offset(contoso: Contoso) -> None:
    hour = timedelta(hours=1)
    for mode, passes in ((ClockMode.FROZEN, 0 * hour), (ClockMode.OFFSET, hour)):
        now = contoso.clock.now()
        await contoso.do(tenants.set_clock, mode, now=now, system_now=contoso.clock.now())
        await _save(contoso, mode.value)
        contoso.clock.at += hour
        await contoso.do(tenants.advance_clock, timedelta(days=400), system_now=contoso.clock.now())
        await _restore(contoso, mode.value)
        tenant = await contoso.emulator.runner.tenant(contoso.tenant.id)
        assert tenant.clock.mode is mode
        assert contoso.emulator.runner.now(tenant) == now + passes
        assert (await contoso.events())[-1].time == now + passes


async def test_what_was_remembered_is_read_again_after_a_restore(contoso: Contoso) -> None:
    emulator, tenant = contoso.emulator, contoso.tenant
    mark, _ = await contoso.pfx("alice")
    row = await contoso.look(application_queries.first_application, tenant.id)
    assert row is not None
    await _save(contoso)
    certificate = await contoso.get(certificate_queries.certificate, tenant.id, key=mark)
    where = certificate.authority
    await contoso.do(revocation.revoke, certificate.serial, authority_name=where, reason="keyCompromise", source="pkcs")
    new, _ = await contoso.do(applications.add_application, applications.NewApplication(name="late"))
    await contoso.do(applications.delete_application, row.client_id)
    emulator.tokens.forget_application(tenant.id, row.client_id)

    def principal(client_id: str) -> Any:
        token = emulator.tokens.issue(
            issuer=f"https://x/{tenant.id}/",
            tenant_id=tenant.id,
            client_id=client_id,
            audience="https://graph.microsoft.com",
            object_id="o",
        )
        return emulator.tokens.check(token)

    late = principal(new.client_id)
    await emulator.tokens.check_application(late, runner=emulator.runner)
    state = emulator.runner.database.state
    await _restore(contoso)
    assert emulator.runner.database.state is not state  # on which every kept answer depends
    assert await contoso.certificate_status(mark) == "good"
    await emulator.tokens.check_application(principal(row.client_id), runner=emulator.runner)
    with pytest.raises(Unauthenticated):
        await emulator.tokens.check_application(late, runner=emulator.runner)
    # Revocations that waited for a connector are those of the snapshot.
    await contoso.do(revocation.carry_out)
    assert await contoso.certificate_status(mark) == "good"


async def test_a_reset_returns_to_the_seed_and_keeps_ids_and_the_secret(contoso: Contoso) -> None:
    beginning = await comparable(contoso)
    alice = await contoso.user_id("alice")
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    await contoso.enroll("bob")
    await _save(contoso, "with a phone")
    restored = await snapshots.reset(contoso.emulator, contoso.tenant)
    assert restored.changes["enrollments"].lost == 1
    assert await comparable(contoso) == beginning
    assert await contoso.user_id("alice") == alice
    assert await contoso.emulator.runner.tenant(contoso.tenant.name) == contoso.tenant
    # Snapshots stay, and the tenant can return to them.
    await _restore(contoso, "with a phone")
    assert len(await contoso.look(device_queries.live_enrollments, contoso.tenant.id)) == 1


async def test_what_a_restore_changes_is_counted_before(contoso: Contoso) -> None:
    await _save(contoso)
    await contoso.user("dora")
    before = await export_tenant(contoso.emulator, contoso.tenant)
    preview = await snapshots.what_restoring_changes(contoso.emulator, contoso.tenant, name="before")
    assert await export_tenant(contoso.emulator, contoso.tenant) == before
    assert preview.changes["users"].lost == 1
    assert (await _restore(contoso)).changes == preview.changes
    assert "users" not in (await _restore(contoso)).changes


async def test_what_a_restore_changes_is_counted_as_a_comparison_of_all_rows_counts_it(contoso: Contoso) -> None:
    await contoso.import_pfx("alice")
    await contoso.imported_profile("All Staff")
    await contoso.enroll("alice")
    await _save(contoso, "earlier")
    await contoso.user("dora")
    await contoso.do(users_and_groups.delete_user, contoso.upn("bob"))
    late = await contoso.enroll("carol", hardware="C")
    await late.settle()
    await _save(contoso, "later")
    await contoso.do(users_and_groups.delete_user, contoso.upn("carol"))
    tenant_id, read = contoso.tenant.id, contoso.emulator.runner.read
    for name in ("earlier", "later", snapshots.BEGINNING):
        content = await read(snapshot_queries.content, tenant_id, name=name)
        assert content is not None
        wanted, present = unpacked(content).rows, await read(tenant_state.read_rows, tenant_id)
        every = {table: each.change for table, each in tenant_state.differences(present, wanted).items()}
        assert len(every) >= 3
        assert await read(tenant_state.compare, tenant_id, wanted=wanted) == every
        # Whichever of the two is the larger.
        none: tenant_state.Rows = {}
        assert await read(tenant_state.compare, tenant_id, wanted=none) == {
            table: Change(lost=len(rows), added=0, changed=0) for table, rows in present.items() if rows
        }
    assert await read(tenant_state.compare, TenantId("nobody"), wanted={}) is None


async def test_names_counts_and_bytes_of_snapshots_are_bounded(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("", " x", "a/b", "x" * 65, "ä", "@beginning", "a\n"):
        with pytest.raises(Invalid, match="cannot be a name"):
            await _save(contoso, name)
    await _save(contoso, "one")
    with pytest.raises(Conflict, match="'one' already"):
        await _save(contoso, "one")
    monkeypatch.setattr(snapshots, "MOST", 2)
    await _save(contoso, "two")
    with pytest.raises(Invalid, match="at most 2 snapshots"):
        await _save(contoso, "three")
    monkeypatch.setattr(snapshots, "MOST", 20)
    monkeypatch.setattr(snapshots, "MOST_BYTES", 1)
    with pytest.raises(Invalid, match="take at most"):
        await _save(contoso, "three")
    rows = await snapshots.list_snapshots(contoso.emulator, contoso.tenant)
    assert [row.name for row in rows] == ["one", "two"]
    for unknown in ("three", snapshots.BEGINNING):
        with pytest.raises(NotFound):
            await _restore(contoso, unknown)
        with pytest.raises(NotFound):
            await snapshots.delete_snapshot(contoso.emulator, contoso.tenant, name=unknown)


async def test_a_snapshot_of_other_tables_is_refused_and_nothing_is_changed(contoso: Contoso) -> None:
    await _save(contoso)
    row = await contoso.get(snapshot_queries.snapshot, contoso.tenant.id, name="before")
    packed = await contoso.get(snapshot_queries.content, contoso.tenant.id, name="before")
    await contoso.look(snapshot_queries.put_snapshot, replace(row, revision="0007"), packed=packed)
    await contoso.user("dora")
    before = await export_tenant(contoso.emulator, contoso.tenant)
    with pytest.raises(Conflict, match="revision 0007"):
        await _restore(contoso)
    assert await export_tenant(contoso.emulator, contoso.tenant) == before


async def test_a_tenant_without_a_known_beginning_cannot_be_reset(contoso: Contoso) -> None:
    await contoso.look(snapshot_queries.delete_snapshot, contoso.tenant.id, name=snapshots.BEGINNING)
    with pytest.raises(Conflict, match="is not known"):
        await snapshots.reset(contoso.emulator, contoso.tenant)


async def test_a_restore_sends_as_many_statements_for_many_devices_as_for_one(contoso: Contoso) -> None:
    counts = []
    for number in range(2):
        for device in range(1 + 5 * number):
            phone = await contoso.enroll("alice", hardware=f"{number}/{device}")
            await phone.settle()
        await _save(contoso, f"n{number}")
        await contoso.do(users_and_groups.create_user, {"userPrincipalName": contoso.upn(f"u{number}")})
        with statements(contoso.emulator) as sent:
            await snapshots.reset(contoso.emulator, contoso.tenant)
            await _restore(contoso, f"n{number}")
        counts.append(len(sent))
    assert counts[0] == counts[1]
    # To the beginning and back: the tables are read, and what differs is written, a statement for each kind of change.
    assert counts[0] < 2 * 100


class _Host(NoDeviceHost):
    """A host whose devices are a text; it notes in which order it is called."""

    def __init__(self) -> None:
        self.devices_of: dict[str, bytes] = {}
        self.calls: list[str] = []

    async def snapshot(self, tenant: str) -> bytes:
        return self.devices_of.get(tenant, b"")

    async def restore(self, tenant: str, saved: bytes) -> None:
        self.calls.append(f"restore {saved.decode()}")
        self.devices_of[tenant] = saved

    async def forget(self, tenant: str) -> None:
        self.calls.append("forget")
        self.devices_of.pop(tenant, None)


async def test_hosted_devices_go_along_and_are_away_while_the_state_is_replaced(
    contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator, tenant = contoso.emulator, contoso.tenant
    emulator.device_host = host = _Host()
    host.devices_of[tenant.id] = b"first"
    await _save(contoso)
    host.devices_of[tenant.id] = b"second"
    await _restore(contoso)
    assert host.calls == ["forget", "restore first"]
    host.calls.clear()

    async def fails(*_arguments: object, **_named: object) -> None:
        raise Conflict("no")

    host.devices_of[tenant.id] = b"third"
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "put_state", fails)
        with pytest.raises(Conflict):
            await _restore(contoso)
    assert host.calls == ["forget", "restore third"]
    host.calls.clear()
    await snapshots.reset(emulator, tenant)
    assert host.calls == ["forget"]  # at its beginning the tenant had none
    await dissolve_tenant(emulator, tenant)
    assert emulator.hosted_snapshots.get(tenant.id, "before") == b""


async def test_restores_come_one_after_the_other_and_a_refused_name_keeps_the_devices_of_the_first(
    contoso: Contoso,
) -> None:
    emulator, tenant = contoso.emulator, contoso.tenant
    emulator.device_host = host = _Host()
    host.devices_of[tenant.id] = b"first"
    await _save(contoso)
    results = await asyncio.gather(*(_save(contoso, "twice") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), Conflict, Conflict]
    assert emulator.hosted_snapshots.get(tenant.id, "twice") == b"first"
    await asyncio.gather(*(_restore(contoso) for _ in range(3)))
    assert host.calls == ["forget", "restore first"] * 3


async def test_no_private_key_is_in_a_snapshot(contoso: Contoso) -> None:
    emulator, tenant = contoso.emulator, contoso.tenant
    emulator.device_host = host = _Host()
    host.devices_of[tenant.id] = b"a device's key"
    await _save(contoso)
    packed = await contoso.get(snapshot_queries.content, tenant.id, name="before")
    content = orjson.dumps(str(unpacked(packed)))
    assert b"a device's key" not in content
    row = await contoso.get(authority_queries.authority, tenant.id, name="root")
    key: Any = emulator.keys.load(row.key_name)
    assert str(key.private_numbers().d).encode() not in content
    assert b"PRIVATE KEY" not in content


async def test_devices_that_check_in_while_a_state_is_restored_are_served_before_it_or_after_it(
    contoso: Contoso,
) -> None:
    emulator = contoso.emulator
    await contoso.import_pfx("alice")
    await contoso.imported_profile("All Staff")
    kept = [await contoso.enroll("alice", hardware=f"K{number}") for number in range(25)]
    await asyncio.gather(*(phone.settle() for phone in kept))
    await _save(contoso)
    before = await comparable(contoso)
    late = [await contoso.enroll("alice", hardware=f"L{number}") for number in range(25)]
    await contoso.pkcs_profile("All Staff")  # a certificate to issue for each, by the connector, outside a transaction

    async def restore() -> None:
        for _ in range(40):  # some have checked in, some have a certificate that is being made
            await asyncio.sleep(0)
        await _restore(contoso)

    outcomes = await asyncio.gather(restore(), *(phone.settle() for phone in [*kept, *late]), return_exceptions=True)
    restored, of_kept, of_late = outcomes[0], outcomes[1:26], outcomes[26:]
    assert restored is None
    assert [each for each in of_kept if isinstance(each, BaseException)] == []
    assert {type(each) for each in of_late if isinstance(each, BaseException)} <= {NotFound}
    for phone in late:
        with pytest.raises(NotFound):
            await phone.check_in()
    for phone in kept:
        await phone.settle()
        assert all(item.startswith("imported/") for item in phone.holds)
    rows = (await comparable(contoso))["tables"]
    devices = {phone.enrollment_id for phone in kept}
    for name, each in rows.items():
        if name not in {"journal", "connector_events"}:
            assert {row["enrollment_id"] for row in each if "enrollment_id" in row} <= devices, name
    for name in ("users", "profiles", "assignments", "certificates", "pfx_certificates", "managed_devices"):
        assert rows[name] == before["tables"][name], name
    states = [(row["enrollment_id"], row["item_key"], row["state"]) for row in rows["ledger"]]
    assert states == [(row["enrollment_id"], row["item_key"], row["state"]) for row in before["tables"]["ledger"]]
    assert emulator.turns._waiting == {}


async def test_a_policy_that_changed_since_has_a_new_version(contoso: Contoso) -> None:
    """Else a device that is not restored would take the next change for the policy that it has."""
    await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    await _save(contoso)
    await contoso.imported_profile("All Staff")
    await phone.settle()
    applied = phone.applied
    await _restore(contoso)
    row = await contoso.get(device_queries.enrollment, phone.enrollment_id)
    assert row.policy_version > applied
    await phone.settle()
    assert phone.holds == {}
