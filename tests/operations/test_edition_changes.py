"""A tenant goes by another edition: its devices plan again, and what differs shows on them."""

from __future__ import annotations

import pytest

from fauxtune.core.model.ids import ItemKey
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import devices as queries
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token
from tests.support.predictions import settle_all


async def test_every_device_plans_again_when_the_edition_changes(office: Office) -> None:
    await office.root_profile()
    devices: list[AndroidInProcess | StepwiseDevice] = [
        *[await office.enroll(name) for name in ("alice", "bob")],
        await enrol_by_token(office, "carol"),
    ]
    await settle_all(*devices)
    before = [await device.row() for device in devices]
    assert all(row["generation"] == row["settled_generation"] for row in before), "all are at rest"
    await office.switch(edition="2020-04")
    for device, row in zip(devices, before, strict=True):
        now = await device.row()
        assert now["generation"] > now["settled_generation"], "it is not at rest any more"
        assert now["generation"] > row["generation"]
    await settle_all(*devices)
    assert all(row["generation"] == row["settled_generation"] for row in [await each.row() for each in devices])


@pytest.mark.parametrize(("edition", "stays"), [("2020-04", True), ("current", False)])
async def test_a_windows_pcs_pkcs_certificate_stays_in_2020_when_its_profile_is_unassigned_and_goes_today(
    office: Office, edition: str, *, stays: bool
) -> None:
    await office.switch(edition=edition, requireTrustedRoot=False)
    pkcs = await office.profile("windows10PkcsCertificateProfile", "All Staff", **office.pkcs_document())
    device = await enrol_by_token(office, "alice")
    await settle_all(device)
    key = ItemKey(f"pkcs/{pkcs}")
    assert key in device.holds
    await office.assign(pkcs)
    await settle_all(device)
    assert (key in device.holds) is stays
    row = (await office.look(queries.ledger_rows, device.enrollment_id))[key]
    assert row.state.value == ("kept" if stays else "removed")
    assert await office.certificate_status(row.serial) == "good", "unassigning revokes in no edition"


async def test_a_fully_managed_phone_gets_its_pkcs_certificate_once_the_edition_gives_it_one(office: Office) -> None:
    await office.switch(edition="2020-04", requireTrustedRoot=False)
    await office.pkcs_profile(owned=True)
    phone = await office.enroll("alice", mode="fully-managed")
    await phone.settle()
    assert await phone.states() == {}
    await office.switch(edition="current")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_a_root_on_android_14_under_a_device_administrator_fails_today_and_was_installed_in_2020(
    office: Office,
) -> None:
    await office.switch(edition="2020-04")
    root = await office.profile(
        "androidTrustedRootCertificate", "All Staff", trustedRootCertificate=await office.root_text()
    )
    pkcs = await office.profile("androidPkcsCertificateProfile", "All Staff", **office.pkcs_document())
    of_2020 = await office.enroll("alice", mode="device-admin", version="14")
    await of_2020.settle()
    assert await of_2020.states() == {"root": "installed", "pkcs": "installed"}
    await office.switch(edition="current")
    new, old = [await office.enroll("bob", mode="device-admin", version=each) for each in ("14", "10")]
    await new.settle()
    await old.settle()
    assert await old.states() == {"root": "installed", "pkcs": "installed"}
    assert await new.states() == {"root": "failed", "pkcs": "failed"}
    assert new.roots == set()
    for profile in (root, pkcs):
        shown = await office.status(new, profile)
        assert shown is not None
        assert "runs Android 14" in str(shown), shown


async def test_a_deletion_that_waits_is_carried_out_as_the_edition_says_when_the_device_comes(office: Office) -> None:
    phone = await office.enroll("alice", mode="fully-managed")
    await office.action(phone, device_actions.delete)
    assert [scope for _, scope in await phone.operations()] == ["DEVICE"]
    await office.switch(edition="2020-04")
    assert [scope for _, scope in await phone.operations()] == ["COMPANY_DATA"]
