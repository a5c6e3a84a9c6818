"""What mdmb does after it enrolled, as its public code has it: connections, tokens, and leaving without a word."""

from __future__ import annotations

import plistlib

from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.devices.apple import Mdmb


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
