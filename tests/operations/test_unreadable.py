"""The mail that what-if says nobody could read any more is the mail that nobody can read after it was done."""

from __future__ import annotations

import pytest
from cryptography import x509

from fauxtune.core.errors import GraphRefused
from fauxtune.core.mail.message import describe
from fauxtune.operations.ca.imported_pfx import record_id
from fauxtune.operations.insight.unreadable import unreadable
from fauxtune.operations.insight.whatif import Unreadable, what_if
from fauxtune.operations.runtime.emulator import ProposedRequest
from tests.support.mail_histories import History
from tests.support.mail_recipients import is_for
from tests.support.predictions import CONFIGURATIONS, DEVICES, send
from tests.support.statements import statements
from tests.support.tenant import Contoso

#: So many requests are tried: after the last ones hardly any key is left.
REQUESTS = 16


@pytest.mark.parametrize("contoso", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", [5, 6])
async def test_what_is_foreseen_to_be_unreadable_is_what_becomes_unreadable(contoso: Contoso, seed: int) -> None:
    history = History(contoso, seed)
    await history.found()
    for _ in range(8):
        await history.settle(None)
    numbers = []
    for _ in range(REQUESTS):
        request, wiped = proposal(history)
        try:
            foreseen = await contoso.do(unreadable, await what_if(contoso.emulator, contoso.tenant, request=request))
        except GraphRefused:
            continue
        before, own = readers(history), own_readers(history)
        await send(contoso, request.method, request.url, request.body)
        await history.settle_devices()
        if wiped is not None:
            history.hardware[wiped].forget()
        after = readers(history)
        lost = {number for number in before if before[number] and not after[number]}
        assert foreseen.messages == len(lost), request
        assert len(foreseen.subjects) == min(5, len(lost))
        assert set(foreseen.subjects) <= {f"mail {number}" for number in lost}
        now = own_readers(history)
        on_device = {device: len(own[device] - now[device]) for device in own if own[device] - now[device]}
        assert foreseen.on_device == on_device, request
        numbers.append(len(lost))
    assert sum(1 for number in numbers if number) >= 2, numbers


def proposal(history: History) -> tuple[ProposedRequest, int | None]:
    """A random request to Graph, and the place of the hardware that it resets."""
    place = history.random.randrange(len(history.hardware))
    record = history.hardware[place].agent.managed_device_id
    profile = history.random.choice(history.profiles)
    mark = history.random.choice(sorted(history.imports))
    user = history.users[history.imports[mark]]
    group = history.contoso.groups["Firm"]
    return history.random.choice(
        [
            (ProposedRequest("POST", f"{DEVICES}/{record}/wipe", {}), place),
            (ProposedRequest("POST", f"{DEVICES}/{record}/retire", None), None),
            (ProposedRequest("POST", f"{CONFIGURATIONS}/{profile}/assign", {"assignments": []}), None),
            (ProposedRequest("DELETE", f"{CONFIGURATIONS}/{profile}", None), None),
            (ProposedRequest("DELETE", f"/deviceManagement/userPfxCertificates/{record_id(user, mark)}", None), None),
            (ProposedRequest("DELETE", f"/groups/{group}/members/{user}/$ref", None), None),
        ]
    )


def readers(history: History) -> dict[int, set[str]]:
    """For each mail the devices that can read it, by the keys that they hold."""
    held = {hardware.serial: certificates(history, place) for place, hardware in enumerate(history.hardware)}
    result = {}
    for number, mail in enumerate(history.mail):
        encryption = describe(mail.raw).encryption
        result[number] = {
            serial for serial, owned in held.items() if any(is_for(encryption, certificate) for certificate in owned)
        }
    return result


def own_readers(history: History) -> dict[str, set[int]]:
    """For each device the mail in its user's mailbox that it can read."""
    by_mail = readers(history)
    return {
        str(hardware.agent.enrollment_id): {
            mail
            for mail, serials in by_mail.items()
            if hardware.serial in serials and hardware.owner in history.mail[mail].uid
        }
        for hardware in history.hardware
    }


def certificates(history: History, place: int) -> list[x509.Certificate]:
    hardware = history.hardware[place]
    return [hardware.files[mark].certificate for mark in hardware.holds]


@pytest.mark.parametrize("contoso", ["sqlite"], indirect=True)
async def test_without_encrypted_mail_nothing_is_read(contoso: Contoso) -> None:
    history = History(contoso, 1)
    await history.found()
    record = history.hardware[0].agent.managed_device_id
    request = ProposedRequest("POST", f"{DEVICES}/{record}/retire", None)
    devices = await what_if(contoso.emulator, contoso.tenant, request=request)
    assert devices
    with statements(contoso.emulator) as seen:
        assert await contoso.do(unreadable, devices) == Unreadable()
        assert await contoso.do(unreadable, []) == Unreadable()
    assert len([each for each in seen if each.lstrip().startswith("SELECT")]) == 1, seen
