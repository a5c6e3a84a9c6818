"""A client with the quirks of mdmb, as its public code has them: it enrols, is told, and settles.

After it enrolled: connections, tokens, and leaving without a word.
"""

from __future__ import annotations

import plistlib

import pytest

from fauxtune.core.model.platforms import Variant
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.devices.apple import Mdmb, Refused


async def enrolled(contoso: AppleTenant, n: int = 0) -> Mdmb:
    device = contoso.mdmb(n)
    await device.install_enrollment(await contoso.enrollment_profile())
    return device


async def settled(contoso: AppleTenant) -> tuple[Mdmb, str]:
    """With plain profiles, a root and a PKCS profile; the latter's id."""
    await contoso.switch(**{"apple.plainProfiles": True})
    await contoso.root("macOSTrustedRootCertificate")
    pkcs = await contoso.pkcs("macOSPkcsCertificateProfile")
    device = contoso.mdmb()
    await device.install_enrollment(await contoso.enrollment_profile())
    for _ in range(3):
        await device.connect()
    assert set((await contoso.ledger(device)).values()) == {"installed"}
    return device, pkcs


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


async def test_without_a_check_in_address_everything_goes_to_the_server_url(contoso: AppleTenant) -> None:
    """mdmb sends Authenticate and TokenUpdate to CheckInURL, or where there is none to ServerURL."""
    profile = plistlib.loads(await contoso.enrollment_profile())
    del profile["PayloadContent"][1]["CheckInURL"]
    device = contoso.mdmb()
    await device.install_enrollment(plistlib.dumps(profile))
    assert device.check_in_url == device.server_url
    assert await contoso.live() == 1


async def test_over_plain_http_it_needs_no_certificate_of_the_server(contoso: AppleTenant) -> None:
    """mdmb does not ask for https: a profile whose addresses are http works."""
    profile = (await contoso.enrollment_profile()).replace(b"https://localhost:8443", b"http://localhost:8080")
    device = contoso.mdmb()
    await device.install_enrollment(profile)
    assert device.server_url.startswith("http://")
    assert "DeviceInformation" in await device.connect()


async def test_its_subject_has_the_types_that_it_knows(contoso: AppleTenant) -> None:
    """mdmb: C, L, ST, O, OU and CN, and no others."""
    scep = plistlib.loads(await contoso.enrollment_profile())["PayloadContent"][0]["PayloadContent"]
    kinds = {kind for names in scep["Subject"] for kind, _value in names}
    assert kinds <= {"C", "L", "ST", "O", "OU", "CN"}


async def test_a_command_that_it_does_not_know_is_not_told_without_end(contoso: AppleTenant) -> None:
    """RemoveProfile is error 12021 for it; it recurses for each command, so an endless one would be its end."""
    intermediate = await contoso.root("macOSTrustedRootCertificate", name="issuing")
    device, _pkcs = await settled(contoso)
    await contoso.delete_profile(intermediate)
    for _ in range(2):
        await device.connect()
    assert device.request_types.count("RemoveProfile") == 1
    await contoso.perform(device)
    assert (await device.connect()).count("RemoveProfile") == 1, "an administrator synchronises: it is tried once more"
    assert sorted((await contoso.ledger(device)).values()) == ["installed", "installed", "removing"]


async def test_what_it_removed_by_itself_comes_again_when_it_is_looked_at(contoso: AppleTenant) -> None:
    """`devices-profiles-remove -i ID` deletes locally and tells nobody."""
    device, pkcs = await settled(contoso)
    name = f"com.fauxtune.{contoso.tenant.id}.pkcs.{pkcs}"
    del device.store.profiles[name]
    assert await device.connect() == [], "nobody told"
    await contoso.perform(device)
    for _ in range(2):
        await device.connect()
    assert name in device.store.profiles


async def test_another_token_update_enrols_nothing_and_has_the_device_asked_what_it_is(contoso: AppleTenant) -> None:
    """`devices-tokenupdate -addl x` sends one more, with more to it."""
    device, _pkcs = await settled(contoso)
    body = plistlib.dumps(
        {
            "MessageType": "TokenUpdate",
            "Topic": device.topic,
            "UDID": device.udid,
            "Token": b"fakeTokenx",
            "PushMagic": "fakePushMagicx",
            "Additional": "x",
        }
    )
    answer = await contoso.http.put(f"{BASE}/checkin", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert (answer.status_code, answer.headers["content-length"], await contoso.live()) == (200, "0", 1)
    assert set(await device.connect()) == {"DeviceInformation", "SecurityInfo", "ProfileList", "CertificateList"}
    assert await device.connect() == []


async def test_it_leaves_without_a_word_and_may_come_again(contoso: AppleTenant) -> None:
    """mdmb never sends CheckOut: the service sees a device that does not call any more, and its next enrolment."""
    device, _pkcs = await settled(contoso)
    device.certificate = None
    device.store.profiles.clear()
    assert await contoso.live() == 1
    await device.install_enrollment(await contoso.enrollment_profile())
    for _ in range(3):
        await device.connect()
    assert (await contoso.live(), set((await contoso.ledger(device)).values())) == (1, {"installed"})
