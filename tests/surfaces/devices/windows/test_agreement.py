"""Whatever happens in between, after quiet sessions the ledger says what is in the device's tree.

What a session costs in which there is nothing to do.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.profiles import assignments
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.devices import windows_messages
from tests.support.devices.windows import Assign, Enroll, Ledger, WindowsDevice
from tests.support.statements import statements

KINDS: dict[str, dict[str, Any]] = {
    "windows81TrustedRootCertificate": {"destinationStore": "computerCertStoreRoot"},
    "windows10PkcsCertificateProfile": {"keyStorageProvider": "useSoftwareKsp"},
    "windows10EasEmailProfileConfiguration": {"hostName": "mail.contoso.example"},
}
EVERYWHERE = [assignments.NewAssignment(TargetKind.ALL_DEVICES, None, {})]


def in_tree(pc: WindowsDevice) -> set[str]:
    """What the device holds, by the names that things have in the tree."""
    parts = (uri.split("/") for uri in pc.tree)
    names = ("RootCATrustedCertificates", "PFXCertInstall", "Accounts")
    return {
        part[part.index(name) + (2 if name.startswith("Root") else 1)].lower()
        for part in parts
        for name in names
        if name in part
    }


async def in_ledger(pc: WindowsDevice, ledger: Ledger) -> set[str]:
    """The same by the ledger."""
    rows = (await ledger(pc)).values()
    held = [row for row in rows if row["state"] in ("installed", "kept")]
    accounts = {f"%7b{each['key'].partition('/')[2]}%7d" for each in held if each["source"] == "email"}
    return accounts | {each["thumbprint"] for each in held if each["source"] != "email"}


async def meddle(pc: WindowsDevice, chance: random.Random) -> None:
    """The user deletes, a session stops half way, the device refuses for a while, or nobody is logged in."""
    match chance.randrange(5):
        case 0:
            for uri in [each for each in pc.tree if chance.random() < 0.5]:
                node = uri.rpartition("/")[0]
                for each in [other for other in pc.tree if other.startswith(node)]:
                    pc.tree.pop(each, None)
        case 1:
            await pc.check_in(messages=chance.randrange(3))
        case 2:
            pc.session += 1
            pc.obey(await pc.say(1, windows_messages.opening()))
        case 3:
            pc.refuses = {"./User/Vendor/MSFT/": chance.choice([500, 425, 418])}
            await pc.check_in()
            pc.refuses = {}
        case _:
            await pc.check_in(login=chance.choice(["none", "others"]))


@pytest.mark.parametrize("seed", range(6))
async def test_ledger_and_tree_agree_after_the_next_sessions(
    enroll: Enroll, assign: Assign, ledger: Ledger, emulator: Emulator, tenant: Tenant, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    profiles = [await assign(name, **document) for name, document in KINDS.items()]
    pc = await enroll()
    for _ in range(6):
        targets = EVERYWHERE if chance.random() < 0.6 else []
        await emulator.runner.run(tenant, assignments.assign, chance.choice(profiles), targets=targets)
        await meddle(pc, chance)
        if chance.random() < 0.5:
            await pc.check_in()
        clock.forward(hours=chance.randrange(200))
    for profile in profiles:
        await emulator.runner.run(tenant, assignments.assign, profile, targets=EVERYWHERE)
    for _ in range(4):
        clock.forward(days=8)
        await pc.check_in()
    assert {each["state"] for each in (await ledger(pc)).values()} == {"installed"}
    assert in_tree(pc) == await in_ledger(pc, ledger)
    assert len(in_tree(pc)) == len(KINDS)


async def test_a_quiet_session_asks_nothing_and_writes_once(enroll: Enroll, assign: Assign, emulator: Emulator) -> None:
    await assign("windows81TrustedRootCertificate", destinationStore="computerCertStoreRoot")
    pc = await enroll()
    pc.tree |= {"./DevInfo/Man": "Contoso", "./Vendor/MSFT/Defender/Health/RtpEnabled": "true"}
    await pc.check_in()
    await pc.check_in()
    known = len(pc.seen)
    with statements(emulator) as sent:
        await pc.check_in()
    assert len(pc.seen) == known
    assert [each.split()[0] for each in sent] == ["SELECT", "SELECT", "UPDATE"]
