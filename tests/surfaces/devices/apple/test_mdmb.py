"""A client with the quirks of mdmb, as its public code has them: it enrols, is told, and settles."""

from __future__ import annotations

import plistlib

import pytest

from fauxtune.core.model.platforms import Variant
from tests.surfaces.devices.apple.clients import Mdmb, Refused
from tests.surfaces.devices.apple.company import Company


async def enrolled(company: Company, n: int = 0) -> Mdmb:
    device = company.mdmb(n)
    await device.install_enrollment(await company.enrollment_profile())
    return device


async def test_it_enrols_with_an_unsigned_profile_single_des_sha1_and_a_throw_away_signer(company: Company) -> None:
    """mdmb parses the profile as a plain plist, signs SCEP with "SCEP SIGNER", and POSTs with the DER in the query."""
    device = await enrolled(company)
    record = await company.record(device)
    assert (record["userPrincipalName"], record["serialNumber"]) == ("alice@contoso.example", device.serial)
    assert (record["operatingSystem"], record["deviceName"]) == ("macOS", "MDMB Device")


async def test_it_names_no_system_and_a_udid_that_is_a_uuid_is_a_macs(company: Company) -> None:
    """mdmb omits OSVersion, BuildVersion and ProductName."""
    device = await enrolled(company)
    row = await company.row(device)
    assert (row.variant, row.facts["udid"]) == (Variant.MACOS.value, device.udid)


async def test_all_its_devices_have_the_same_push_token_and_none_is_in_the_way_of_another(company: Company) -> None:
    """mdmb's TokenUpdate says Token "fakeToken" and PushMagic "fakePushMagic" for every device."""
    for n in range(3):
        device = await enrolled(company, n)
        await device.token_update()
    assert await company.live() == 3


async def test_a_quiet_connection_ends_at_once_with_an_empty_body(company: Company) -> None:
    """mdmb reports Idle and loops until the body is empty; it sends no Content-Type on commands."""
    device = await enrolled(company)
    await device.connect()
    assert await device.connect() == []


async def test_it_is_asked_what_it_is_and_what_it_does_not_know_is_not_asked_for_ever(company: Company) -> None:
    """mdmb answers DeviceInformation with three values; CertificateList and SecurityInfo with error 12021."""
    device = await enrolled(company)
    told = await device.connect()
    assert set(told) == {"DeviceInformation", "SecurityInfo", "ProfileList", "CertificateList"}
    assert len(told) == 4


async def test_with_plain_profiles_it_installs_everything_and_keeps_no_certificate(company: Company) -> None:
    """mdmb acknowledges payloads that it ignores; ProfileList is all that it can show, and that settles it."""
    await company.switch(**{"apple.plainProfiles": True})
    await company.root("macOSTrustedRootCertificate")
    await company.pkcs("macOSPkcsCertificateProfile")
    device = await enrolled(company)
    for _ in range(3):
        await device.connect()
    assert set((await company.ledger(device)).values()) == {"installed"}
    assert len(device.profiles) == 3
    installed = [plistlib.loads(each["Payload"]) for each in device.commands if each["RequestType"] == "InstallProfile"]
    assert {each["PayloadContent"][0]["PayloadType"] for each in installed} == {
        "com.apple.security.root",
        "com.apple.security.pkcs12",
    }
    assert await device.connect() == []


async def test_an_encrypted_profile_is_an_error_that_graph_shows(company: Company) -> None:
    """mdmb reports its own failures as error 99998, which is no number of Apple's."""
    await company.root("macOSTrustedRootCertificate")
    pkcs = await company.pkcs("macOSPkcsCertificateProfile")
    device = await enrolled(company)
    for _ in range(3):
        await device.connect()
    status = (await company.statuses(device))[pkcs]
    assert status["status"] == "error"
    assert "99998" in str(status)


async def test_it_refuses_a_signed_profile_and_one_without_scep(company: Company) -> None:
    """mdmb feeds the file to a plist parser, and takes an identity from a SCEP payload only."""
    with pytest.raises(plistlib.InvalidFileException):
        await company.mdmb().install_enrollment(await company.enrollment_profile(signed="1"))
    with pytest.raises(ValueError, match="not enough values"):
        await company.mdmb().install_enrollment(await company.enrollment_profile(identity="pkcs12"))
    assert await company.live() == 0


async def test_a_used_challenge_is_a_failure_and_changes_nothing(company: Company) -> None:
    profile = await company.enrollment_profile()
    await company.mdmb(0).install_enrollment(profile)
    with pytest.raises(Refused, match="failInfo 2"):
        await company.mdmb(1).install_enrollment(profile)
    assert await company.live() == 1


async def test_it_enrols_again_and_is_given_everything_anew(company: Company) -> None:
    """A second Authenticate of the same UDID: the queue is empty and nothing counts as delivered."""
    await company.switch(**{"apple.plainProfiles": True})
    await company.root("macOSTrustedRootCertificate")
    device = await enrolled(company)
    for _ in range(2):
        await device.connect()
    device.certificate = None
    device.profiles.clear()
    await device.install_enrollment(await company.enrollment_profile())
    for _ in range(2):
        await device.connect()
    assert (device.told.count("InstallProfile"), await company.live()) == (2, 1)
