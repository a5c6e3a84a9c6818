"""What a Windows session costs in which there is nothing to do."""

from __future__ import annotations

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.devices.windows import Assign, Enroll
from tests.support.statements import statements


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
