"""Many devices are retired at once: each as it would be alone, one CRL for all of them, and nothing for the others."""

from __future__ import annotations

import pytest
from cryptography import x509

from fauxtune.core.model.actions import DeviceAction
from fauxtune.operations.ca import crl_and_ocsp
from fauxtune.operations.devices import available_actions
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases

MANY = 6


async def _phones(contoso: Contoso) -> list[AndroidInProcess]:
    await contoso.root_profile()
    await contoso.pkcs_profile(certificateTemplateName="SmimeP256")
    phones = [await contoso.enroll("alice") for _ in range(MANY + 1)]
    for phone in phones:
        await phone.settle()
    return phones


async def _crl(contoso: Contoso) -> tuple[int, set[int]]:
    """The number of the newest CRL, and what it names."""
    crl = x509.load_der_x509_crl(await crl_and_ocsp.crl(contoso.emulator, contoso.tenant, name="issuing"))
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return number, {certificate.serial_number for certificate in crl}


async def test_one_crl_has_them_all(contoso: Contoso) -> None:
    *phones, other = await _phones(contoso)
    serials = [str((await phone.item()).serial) for phone in phones]
    number, named = await _crl(contoso)
    assert named == set()
    ids = [(await phone.record()).id for phone in phones]
    # As Graph does it: some in each transaction.
    for some in (ids[:2], ids[2:]):
        execute = await contoso.do(available_actions.execute, some, action=DeviceAction.RETIRE)
        assert execute["successfulDeviceIds"] == some
    assert await _crl(contoso) == (number + 1, {int(serial, 16) for serial in serials})
    assert await contoso.certificate_status(str((await other.item()).serial)) == "good"
    assert [event.device for event in await contoso.events("revoked")] == [phone.enrollment_id for phone in phones]
    requested = await contoso.events("retireRequested")
    assert [(event.device, event.user) for event in requested] == [
        (phone.enrollment_id, contoso.upn("alice")) for phone in phones
    ]


async def test_the_others_stay_quiet_and_each_that_ends_is_told_so_at_its_next_check_in(contoso: Contoso) -> None:
    *phones, other = await _phones(contoso)
    plans, row = await other.plans(), await other.row()
    ids = [(await phone.record()).id for phone in phones]
    await contoso.do(available_actions.execute, ids, action=DeviceAction.RETIRE)
    assert (await other.check_in()).operations == 0
    assert (await other.plans(), await other.row()) == (plans, row)
    for phone in phones:
        assert (await phone.check_in()).operations == 1
        ((operation, scope),) = await phone.operations()
        assert scope == "COMPANY_DATA"
        await phone.complete(operation)
        assert (await phone.row()).state == "ended"


async def test_what_a_device_survives_is_not_overlooked_by_a_quiet_check_in(contoso: Contoso) -> None:
    # Only devices whose end was ordered are never quiet; this one stays active.
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    await contoso.do(available_actions.execute, [(await phone.record()).id], action=DeviceAction.REBOOT)
    assert (await phone.check_in()).operations == 1
    # The device may have missed the answer: the next one mentions the operation again.
    assert (await phone.check_in()).operations == 1
