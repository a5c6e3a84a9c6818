"""What check-ins remember of a tenant between them, and when they forget it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fauxtune.core.model.ids import TenantId
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.memory import Memory, TenantMemory
from tests.support.statements import statements
from tests.support.tenant import Contoso

ONE, OTHER = TenantId("one"), TenantId("other")


def reading(values: list[str]) -> Callable[[], str]:
    """What a transaction reads, one value after the other."""
    return lambda: values.pop(0)


def known(memory: TenantMemory, *values: str) -> str:
    return memory.known("profiles", reading(list(values)))


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
    memory.of(ONE).remember("a device", "as it was left", size=1)
    change(memory, ONE, configuration=True)
    assert known(memory.of(ONE), "after") == "after"
    assert memory.of(ONE).recall("a device") is None
    assert known(memory.of(OTHER), "after") == "before"


def test_a_change_of_devices_leaves_the_configuration() -> None:
    memory = Memory()
    known(memory.of(ONE), "before")
    memory.of(ONE).remember("a device", "as it was left", size=1)
    change(memory, ONE, configuration=False)
    assert memory.of(ONE).recall("a device") is None
    assert known(memory.of(ONE), "after") == "before"


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


def test_it_forgets_everything_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fauxtune.operations.runtime.memory._LIMIT", 4000)
    memory = Memory()
    memory.of(OTHER).remember("too large", "x", size=1001)
    assert memory.of(OTHER).recall("too large") is None
    for number in range(4):
        memory.of(ONE).remember(number, "x", size=1000)
    assert memory.of(ONE).recall(0) == "x"
    memory.of(OTHER).remember("one more", "x", size=200)
    assert memory.of(ONE).recall(0) is None
    assert memory.of(OTHER).recall("one more") == "x"


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
