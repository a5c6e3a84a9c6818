"""A client with the quirks of mdmb, as its public code has them: it enrols, is told, and settles."""

from __future__ import annotations

import plistlib

import pytest

from fauxtune.core.model.platforms import Variant
from tests.support.apple_tenant import AppleTenant
from tests.support.devices.apple import Mdmb, Refused


async def enrolled(contoso: AppleTenant, n: int = 0) -> Mdmb:
    device = contoso.mdmb(n)
    await device.install_enrollment(await contoso.enrollment_profile())
    return device


async def test_it_enrols_with_an_unsigned_profile_single_des_sha1_and_a_throw_away_signer(contoso: AppleTenant) -> None:
    """mdmb parses the profile as a plain plist, signs SCEP with "SCEP SIGNER", and POSTs with the DER in the query."""
    device = await enrolled(contoso)
    record = await contoso.record(device)
    assert (record["userPrincipalName"], record["serialNumber"]) == ("alice@contoso.example", device.serial)
    assert (record["operatingSystem"], record["deviceName"]) == ("macOS", "MDMB Device")


async def test_it_names_no_system_and_a_udid_that_is_a_uuid_is_a_macs(contoso: AppleTenant) -> None:
    """mdmb omits OSVersion, BuildVersion and ProductName."""
    device = await enrolled(contoso)
    row = await contoso.row(device)
    assert (row.variant, row.facts["udid"]) == (Variant.MACOS.value, device.udid)


async def test_all_its_devices_have_the_same_push_token_and_none_is_in_the_way_of_another(contoso: AppleTenant) -> None:
    """mdmb's TokenUpdate says Token "fakeToken" and PushMagic "fakePushMagic" for every device."""
    for n in range(3):
        device = await enrolled(contoso, n)
        await device.token_update()
    assert await contoso.live() == 3


async def test_a_quiet_connection_ends_at_once_with_an_empty_body(contoso: AppleTenant) -> None:
    """mdmb reports Idle and loops until the body is empty; it sends no Content-Type on commands."""
    device = await enrolled(contoso)
    await device.connect()
    assert await device.connect() == []


async def test_it_is_asked_what_it_is_and_what_it_does_not_know_is_not_asked_for_ever(contoso: AppleTenant) -> None:
    """mdmb answers DeviceInformation with three values; CertificateList and SecurityInfo with error 12021."""
    device = await enrolled(contoso)
    connect = await device.connect()
    assert set(connect) == {"DeviceInformation", "SecurityInfo", "ProfileList", "CertificateList"}
    assert len(connect) == 4


async def test_with_plain_profiles_it_installs_everything_and_keeps_no_certificate(contoso: AppleTenant) -> None:
    """mdmb acknowledges payloads that it ignores; ProfileList is all that it can show, and that settles it."""
    await contoso.switch(**{"apple.plainProfiles": True})
    await contoso.root("macOSTrustedRootCertificate")
    await contoso.pkcs("macOSPkcsCertificateProfile")
    device = await enrolled(contoso)
    for _ in range(3):
        await device.connect()
    assert set((await contoso.ledger(device)).values()) == {"installed"}
    assert len(device.store.profiles) == 3
    installed = [
        plistlib.loads(command["Payload"]) for command in device.commands if command["RequestType"] == "InstallProfile"
    ]
    assert {each["PayloadContent"][0]["PayloadType"] for each in installed} == {
        "com.apple.security.root",
        "com.apple.security.pkcs12",
    }
    assert await device.connect() == []


async def test_an_encrypted_profile_is_an_error_that_graph_shows(contoso: AppleTenant) -> None:
    """mdmb reports its own failures as error 99998, which is no number of Apple's."""
    await contoso.root("macOSTrustedRootCertificate")
    pkcs = await contoso.pkcs("macOSPkcsCertificateProfile")
    device = await enrolled(contoso)
    for _ in range(3):
        await device.connect()
    status = (await contoso.statuses(device))[pkcs]
    assert status.status == "error"
    assert "99998" in str(status)


async def test_it_refuses_a_signed_profile_and_one_without_scep(contoso: AppleTenant) -> None:
    """mdmb feeds the file to a plist parser, and takes an identity from a SCEP payload only."""
    with pytest.raises(plistlib.InvalidFileException):
        await contoso.mdmb().install_enrollment(await contoso.enrollment_profile(signed="1"))
    with pytest.raises(ValueError, match="not enough values"):
        await contoso.mdmb().install_enrollment(await contoso.enrollment_profile(identity="pkcs12"))
    assert await contoso.live() == 0


async def test_a_used_challenge_is_a_failure_and_changes_nothing(contoso: AppleTenant) -> None:
    profile = await contoso.enrollment_profile()
    await contoso.mdmb(0).install_enrollment(profile)
    with pytest.raises(Refused, match="failInfo 2"):
        await contoso.mdmb(1).install_enrollment(profile)
    assert await contoso.live() == 1


async def test_it_enrols_again_and_is_given_everything_anew(contoso: AppleTenant) -> None:
    """A second Authenticate of the same UDID: the queue is empty and nothing counts as delivered."""
    await contoso.switch(**{"apple.plainProfiles": True})
    await contoso.root("macOSTrustedRootCertificate")
    device = await enrolled(contoso)
    for _ in range(2):
        await device.connect()
    device.certificate = None
    device.store.profiles.clear()
    await device.install_enrollment(await contoso.enrollment_profile())
    for _ in range(2):
        await device.connect()
    assert (device.request_types.count("InstallProfile"), await contoso.live()) == (2, 1)
