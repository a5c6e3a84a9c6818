"""What check-ins remember of a tenant between them, and when they forget it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.ids import TenantId
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.caller import DeviceCaller, digest
from fauxtune.operations.runtime.memory import Memory, TenantMemory
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.visit import visiting
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.devices import EnrollmentRow
from tests.support.statements import statements
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

ONE, OTHER = TenantId("one"), TenantId("other")


def reading(values: list[str]) -> Callable[[], str]:
    """What a transaction reads, one value after the other."""
    return lambda: values.pop(0)


def known(memory: TenantMemory, *values: str) -> str:
    return memory.known("profiles", reading(list(values)))


def leave(memory: Memory, tenant: TenantId, device: object, *, size: int = 1) -> None:
    """A transaction leaves a device in a conversation."""
    transaction = memory.of(tenant)
    transaction.remember(device, "as it was left", size=size)
    transaction.keep()


def change(memory: Memory, tenant: TenantId, *, configuration: bool) -> None:
    memory.begin_change(tenant)
    memory.end_change(tenant, wrote=True, configuration=configuration)


def test_what_was_read_once_is_not_read_again() -> None:
    memory = Memory()
    assert known(memory.of(ONE), "first") == "first"
    assert known(memory.of(ONE), "second") == "first"
    assert known(memory.of(OTHER), "of another tenant") == "of another tenant"


def test_a_change_of_the_configuration_is_forgotten_in_its_tenant_alone() -> None:
    memory = Memory()
    known(memory.of(ONE), "before")
    known(memory.of(OTHER), "before")
    leave(memory, ONE, "a device")
    change(memory, ONE, configuration=True)
    assert known(memory.of(ONE), "after") == "after"
    assert memory.of(ONE).recall("a device") is None
    assert known(memory.of(OTHER), "after") == "before"


def test_a_change_of_devices_leaves_the_configuration() -> None:
    memory = Memory()
    known(memory.of(ONE), "before")
    leave(memory, ONE, "a device")
    change(memory, ONE, configuration=False)
    assert memory.of(ONE).recall("a device") is None
    assert known(memory.of(ONE), "after") == "before"


def test_a_check_in_that_writes_configuration_lets_only_that_be_forgotten() -> None:
    memory = Memory()
    leave(memory, ONE, "a device")
    transaction = memory.of(ONE)
    known(transaction, "before")
    transaction.wrote = transaction.writes_one_device = transaction.wrote_configuration = True
    transaction.remember("another device", "as it was left", size=1)
    transaction.keep()
    assert known(memory.of(ONE), "after") == "after"
    assert memory.of(ONE).recall("a device")
    assert memory.of(ONE).recall("another device")


async def test_what_a_check_in_wrote_and_then_took_back_is_not_remembered(contoso: Contoso) -> None:
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    alice = await contoso.user_id("alice")

    def fail(tx: Transaction) -> None:
        pfx_queries.change_pfx(tx.connection, tx.tenant.id, user_id=alice, thumbprint=mark, verified=True)
        assert read(tx)
        raise Invalid("taken back")

    def read(tx: Transaction) -> bool:
        rows = tx.known("files", lambda: pfx_queries.pfx_rows(tx.connection, tx.tenant.id, pairs={(alice, mark)}))
        return rows[alice, mark].verified

    with pytest.raises(Invalid):
        await contoso.emulator.runner.run_check_in(contoso.tenant, fail)
    assert not await contoso.emulator.runner.run_check_in(contoso.tenant, read)


def test_bytes_that_a_text_does_not_show_count() -> None:
    memory = Memory()
    for text in ("first", "second"):
        memory.of(ONE).known("files", reading([text]), hidden=lambda _text: 9 * 1024 * 1024)
    assert memory.of(ONE).known("files", reading(["third"])) == "third"


def test_nothing_is_remembered_while_a_change_is_under_way() -> None:
    memory = Memory()
    known(memory.of(ONE), "before")
    memory.begin_change(ONE)
    assert known(memory.of(ONE), "read meanwhile") == "read meanwhile"
    memory.begin_change(ONE)
    memory.end_change(ONE, wrote=False, configuration=False)
    assert known(memory.of(ONE), "and again") == "and again"
    memory.end_change(ONE, wrote=True, configuration=True)
    assert known(memory.of(ONE), "after") == "after"


def test_what_was_read_before_a_change_is_not_stored_after_it() -> None:
    memory = Memory()
    slow = memory.of(ONE)
    change(memory, ONE, configuration=True)
    assert known(slow, "before") == "before"
    assert known(memory.of(ONE), "after") == "after"


def test_a_device_that_was_read_before_a_change_is_not_remembered_after_it() -> None:
    memory = Memory()
    slow = memory.of(ONE)
    change(memory, ONE, configuration=False)
    slow.remember("a device", "with what was read before", size=1)
    slow.keep()
    assert memory.of(ONE).recall("a device") is None


def test_a_device_is_never_remembered_as_it_was_before_its_last_transaction() -> None:
    memory = Memory()
    leave(memory, ONE, "a device")
    memory.begin_change(ONE)  # which will turn out to write nothing
    leave(memory, ONE, "a device")
    memory.end_change(ONE, wrote=False, configuration=False)
    assert memory.of(ONE).recall("a device") is None

    leave(memory, ONE, "a device")
    memory.begin_change(ONE)
    memory.of(ONE).forget("a device")
    memory.end_change(ONE, wrote=False, configuration=False)
    assert memory.of(ONE).recall("a device") is None


def test_a_device_is_remembered_in_another_way_only_in_place_of_what_is_known() -> None:
    memory = Memory()
    memory.exchange(ONE, "a device", known="as it was left", value="as it is")
    assert memory.of(ONE).recall("a device") is None
    leave(memory, ONE, "a device")
    memory.exchange(ONE, "a device", known="as it was left", value="as it is")
    assert memory.of(ONE).recall("a device") == "as it is"
    memory.exchange(ONE, "a device", known="as it was left", value="as nobody knows")
    assert memory.of(ONE).recall("a device") is None


async def test_what_a_transaction_leaves_is_remembered_from_its_commit_on(contoso: Contoso) -> None:
    runner, tenant = contoso.emulator.runner, contoso.tenant
    memory = runner.memory.of(tenant.id)

    def visit(tx: Transaction, *, fails: bool) -> None:
        assert tx.memory is not None
        tx.memory.remember("a device", "as it was left", size=1)
        assert memory.recall("a device") is None
        if fails:
            raise Conflict("The transaction is rolled back.")

    await runner.run_check_in(tenant, visit, fails=False)
    assert memory.recall("a device") == "as it was left"
    with pytest.raises(Conflict):
        await runner.run_check_in(tenant, visit, fails=True)
    assert memory.recall("a device") is None


def test_a_check_in_that_writes_of_no_device_of_its_own_lets_all_be_forgotten() -> None:
    memory = Memory()
    for writes_one_device, expected in ((True, "as it was left"), (False, None)):
        leave(memory, ONE, "a device")
        leave(memory, OTHER, "a device")
        known(memory.of(ONE), "before")
        transaction = memory.of(ONE)
        transaction.wrote, transaction.writes_one_device = True, writes_one_device
        transaction.keep()
        assert memory.of(ONE).recall("a device") == expected
        assert memory.of(OTHER).recall("a device") == "as it was left"
        assert known(memory.of(ONE), "after") == "before"


async def test_devices_are_forgotten_when_a_check_in_raises_some_of_them(contoso: Contoso) -> None:
    runner, tenant = contoso.emulator.runner, contoso.tenant
    phone = await contoso.enroll("alice")
    leave(runner.memory, tenant.id, "a device")

    def look(tx: Transaction) -> None:
        device_queries.wire_state(tx.connection, phone.enrollment_id)

    def raise_all(tx: Transaction) -> None:
        concern.by_tenant(tx.connection, tx.tenant.id)

    await runner.run_check_in(tenant, look)
    assert runner.memory.of(tenant.id).recall("a device") == "as it was left"
    await runner.run_check_in(tenant, raise_all)
    assert runner.memory.of(tenant.id).recall("a device") is None


async def test_an_order_between_two_exchanges_of_a_conversation_is_carried_out_in_it(contoso: Contoso) -> None:
    """The device is remembered from the one to the other, unless somebody else has written anything."""
    phone = await contoso.enroll("alice")
    await contoso.pkcs_profile()
    caller = DeviceCaller(phone.enrollment_id, digest(phone.credential))

    def visit(tx: Transaction) -> tuple[EnrollmentRow, int]:
        with visiting(tx, caller) as visit:
            visit.change(last_checkin_at=tx.now)
            actions = len(visit.actions)
            visit.continues = True
            return visit.row, actions

    left, _none = await contoso.emulator.runner.run_check_in(contoso.tenant, visit)
    with statements(contoso.emulator) as sent:
        again, _none = await contoso.emulator.runner.run_check_in(contoso.tenant, visit)
    is_read = any(text.startswith("SELECT enrollments.id") for text in sent)
    assert is_read == (not contoso.emulator.runner.database.is_sqlite)
    assert again == replace(left, last_checkin_at=again.last_checkin_at)
    await contoso.action(phone, device_actions.sync)
    known, actions = await contoso.emulator.runner.run_check_in(contoso.tenant, visit)
    assert (known.generation, actions) == (left.generation + 1, 1)


def test_it_forgets_everything_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fauxtune.operations.runtime.memory._LIMIT", 4000)
    memory = Memory()
    leave(memory, OTHER, "too large", size=1001)
    assert memory.of(OTHER).recall("too large") is None
    for number in range(4):
        leave(memory, ONE, number, size=1000)
    assert memory.of(ONE).recall(0) == "as it was left"
    leave(memory, OTHER, "one more", size=200)
    assert memory.of(ONE).recall(0) is None
    assert memory.of(OTHER).recall("one more") == "as it was left"


async def test_check_ins_read_the_profiles_once_after_each_change_of_them(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    phones = [await contoso.enroll("alice") for _ in range(3)]

    async def readers() -> list[int]:
        counted = []
        for phone in phones:
            with statements(contoso.emulator) as sent:
                await phone.check_in()
            counted.append(sum("FROM profiles" in text for text in sent))
        return counted

    await readers()
    await contoso.pkcs_profile()
    first, *others = await readers()
    assert first > 0
    assert others == [0, 0]
    # An order for one device changes no configuration.
    await contoso.action(phones[0], device_actions.sync)
    assert await readers() == [0, 0, 0]
    await contoso.pkcs_profile()
    assert (await readers())[0] > 0
