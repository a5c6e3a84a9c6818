"""A tenant goes by another edition: its devices plan again, and what differs shows on them."""

from __future__ import annotations

import pytest

from fauxtune.core.model.ids import ItemKey
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import devices as queries
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token
from tests.support.predictions import settle_all
from tests.support.tenant import Contoso


async def test_every_device_plans_again_when_the_edition_changes(contoso: Contoso) -> None:
    await contoso.root_profile()
    devices: list[AndroidInProcess | StepwiseDevice] = [
        *[await contoso.enroll(name) for name in ("alice", "bob")],
        await enrol_by_token(contoso, "carol"),
    ]
    await settle_all(*devices)
    before = [await device.row() for device in devices]
    assert all(row.generation == row.settled_generation for row in before), "all are at rest"
    await contoso.switch(edition="2020-04")
    for device, row in zip(devices, before, strict=True):
        now = await device.row()
        assert now.generation > now.settled_generation, "it is not at rest any more"
        assert now.generation > row.generation
    await settle_all(*devices)
    assert all(row.generation == row.settled_generation for row in [await device.row() for device in devices])


@pytest.mark.parametrize(("edition", "stays"), [("2020-04", True), ("current", False)])
async def test_a_windows_pcs_pkcs_certificate_stays_in_2020_when_its_profile_is_unassigned_and_goes_today(
    contoso: Contoso, edition: str, *, stays: bool
) -> None:
    await contoso.switch(edition=edition, requireTrustedRoot=False)
    pkcs = await contoso.profile("windows10PkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    key = ItemKey(f"pkcs/{pkcs}")
    assert key in device.holds
    await contoso.assign(pkcs)
    await settle_all(device)
    assert (key in device.holds) is stays
    row = (await contoso.look(queries.ledger_rows, device.enrollment_id))[key]
    assert row.state.value == ("kept" if stays else "removed")
    assert await contoso.certificate_status(row.serial or "") == "good", "unassigning revokes in no edition"


async def test_a_fully_managed_phone_gets_its_pkcs_certificate_once_the_edition_gives_it_one(contoso: Contoso) -> None:
    await contoso.switch(edition="2020-04", requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    assert await phone.states() == {}
    await contoso.switch(edition="current")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_a_root_on_android_14_under_a_device_administrator_fails_today_and_was_installed_in_2020(
    contoso: Contoso,
) -> None:
    await contoso.switch(edition="2020-04")
    root = await contoso.profile(
        "androidTrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text()
    )
    pkcs = await contoso.profile("androidPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())
    of_2020 = await contoso.enroll("alice", mode="device-admin", version="14")
    await of_2020.settle()
    assert await of_2020.states() == {"root": "installed", "pkcs": "installed"}
    await contoso.switch(edition="current")
    new, old = [await contoso.enroll("bob", mode="device-admin", version=name) for name in ("14", "10")]
    await new.settle()
    await old.settle()
    assert await old.states() == {"root": "installed", "pkcs": "installed"}
    assert await new.states() == {"root": "failed", "pkcs": "failed"}
    assert new.roots == set()
    for profile in (root, pkcs):
        status = await contoso.status(new, profile)
        assert status is not None
        assert "runs Android 14" in str(status), status


async def test_a_deletion_that_waits_is_carried_out_as_the_edition_says_when_the_device_comes(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await contoso.action(phone, device_actions.delete)
    assert [scope for _, scope in await phone.operations()] == ["DEVICE"]
    await contoso.switch(edition="2020-04")
    assert [scope for _, scope in await phone.operations()] == ["COMPANY_DATA"]
