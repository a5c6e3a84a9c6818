"""A client with the quirks of Fleet's TestAppleMDMClient, as its public code has them."""

from __future__ import annotations

import asyncio
import json
import plistlib
from typing import Any

import pytest

from fauxtune.core.model.platforms import Variant
from tests.support.apple_examples import FOLDER
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices.apple import Refused, error

pytestmark = pytest.mark.both_in_soak

IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}


async def test_it_enrols_by_the_first_two_payloads_of_the_profile(contoso: AppleTenant) -> None:
    """Fleet's parser takes PayloadContent[0].PayloadContent.{Challenge,URL} and PayloadContent[1].{ServerURL,Topic}."""
    device = contoso.fleet()
    await device.enroll_by_profile(await contoso.enrollment_profile())
    record = await contoso.record(device)
    assert (record["serialNumber"], record["operatingSystem"]) == (device.serial, "macOS")


async def test_it_enrols_without_a_profile_under_another_topic(contoso: AppleTenant) -> None:
    """Direct mode: GET with base64, POST, attached SHA-1 signatures, EnrollmentID beside UDID, a topic of its own."""
    device = await contoso.enrolled_fleet()
    row = await contoso.row(device)
    assert row.wire_state is not None
    assert row.wire_state["topic"] == f"com.apple.mgmt.External.{device.udid}"
    assert row.wire_state["push"] == {"mdm": "pushmagic"}
    assert row.facts["udid"] == device.udid, "where there are both, the UDID counts (NanoMDM: the same)"


@pytest.mark.parametrize(
    ("said", "variant"),
    [
        ({"product_name": "iPhone15,2"}, Variant.IOS),
        ({"product_name": "iPad13,18"}, Variant.IPADOS),
        ({"product_name": "Mac14,2"}, Variant.MACOS),
        ({"product_name": "", "model": "MacBookPro16,1"}, Variant.MACOS),
    ],
)
async def test_what_it_is_follows_from_its_product_name(
    contoso: AppleTenant, said: dict[str, Any], variant: Variant
) -> None:
    device = await contoso.enrolled_fleet(**said)
    assert (await contoso.row(device)).variant == variant.value


async def test_an_apple_tv_is_refused_with_what_would_be_right(contoso: AppleTenant) -> None:
    with pytest.raises(Refused, match=r"400: .*iPhones, iPods, iPads and Macs"):
        await contoso.enrolled_fleet(product_name="AppleTV11,1", model="")
    assert await contoso.live() == 0


async def test_what_it_put_off_comes_with_the_next_idle_and_not_before(contoso: AppleTenant) -> None:
    """NanoMDM: after NotNow another command that has not been put off; the earlier ones with the next Idle."""
    device = await contoso.enrolled_fleet(**IPHONE)
    device.store.override = {"CertificateList": lambda _: None}
    await contoso.root("iosTrustedRootCertificate")
    first = await device.connect()
    assert first.count("CertificateList") == 1
    device.store.override.clear()
    second = await device.connect()
    assert second == ["CertificateList"]
    assert set((await contoso.ledger(device)).values()) == {"installed"}


async def test_a_command_that_was_not_answered_is_told_again_under_its_name(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    first, again = await device.report("Idle"), await device.report("Idle")
    assert first is not None
    assert again is not None
    assert (first["CommandUUID"], first["Command"]) == (again["CommandUUID"], again["Command"])


async def test_a_result_for_a_command_that_nobody_sent_is_ignored(contoso: AppleTenant) -> None:
    """NanoMDM answers an unknown CommandUUID with 200."""
    device = await contoso.enrolled_fleet()
    await device.connect()
    for status in ("Acknowledged", "Error", "NotNow", "CommandFormatError"):
        assert await device.report(status, "00000000-0000-4000-8000-00000000dead") is None
    assert await device.report("Acknowledged", "no uuid at all' OR 1=1 --") is None


async def test_the_innermost_error_is_the_number_that_graph_shows(contoso: AppleTenant) -> None:
    """Intune: 0x87D10000 joined with Apple's number plus 10,000; a wrong password of a PKCS#12 is 9000."""
    await contoso.root("iosTrustedRootCertificate")
    pkcs = await contoso.pkcs("iosPkcsCertificateProfile")
    device = await contoso.enrolled_fleet(**IPHONE)

    def install(command: dict[str, Any]) -> dict[str, Any] | None:
        if b".pkcs." in command["Payload"]:
            return error(
                (4001, "MCInstallationErrorDomain", "Profile Installation Failed"),
                (9000, "MCCertificateErrorDomain", "The password is incorrect."),
            )
        del device.store.override["InstallProfile"]
        answer = device.store.obey(command)
        device.store.override["InstallProfile"] = install
        return answer

    device.store.override["InstallProfile"] = install
    connect = await device.connect()
    assert connect.count("InstallProfile") == 2, "what it refused is not told again in the same conversation"
    status = (await contoso.statuses(device))[pkcs]
    assert status.status == "error"
    assert status.error_code == -2016327112, "0x87D14A38"


@ON_BOTH_DATABASES
async def test_everything_settles_and_a_quiet_device_is_told_nothing(contoso: AppleTenant) -> None:
    await contoso.root("iosTrustedRootCertificate")
    await contoso.root("iosTrustedRootCertificate", name="issuing")
    await contoso.pkcs("iosPkcsCertificateProfile")
    device = await contoso.enrolled_fleet(**IPHONE)
    for _ in range(3):
        await device.connect()
    assert set((await contoso.ledger(device)).values()) == {"installed"}
    assert [len(device.store.payloads(f"com.apple.security.{kind}")) for kind in ("root", "pkcs1", "pkcs12")] == [
        1,
        1,
        1,
    ]
    assert await device.connect() == []


async def test_a_certificate_that_is_not_in_its_list_is_not_there_whatever_was_acknowledged(
    contoso: AppleTenant,
) -> None:
    await contoso.root("iosTrustedRootCertificate")
    device = await contoso.enrolled_fleet(**IPHONE)
    device.store.override = {"CertificateList": lambda _: {"CertificateList": []}}
    await device.connect()
    assert set((await contoso.ledger(device)).values()) == {"failed"}


async def test_what_is_wanted_no_more_is_removed_and_what_is_gone_already_counts_as_removed(
    contoso: AppleTenant,
) -> None:
    """Apple: RemoveProfile of a profile that is not there is error 12013."""
    await contoso.root("iosTrustedRootCertificate")
    pkcs = await contoso.pkcs("iosPkcsCertificateProfile")
    device = await contoso.enrolled_fleet(**IPHONE)
    for _ in range(3):
        await device.connect()
    device.store.profiles = {name: profile for name, profile in device.store.profiles.items() if ".pkcs." not in name}
    await contoso.delete_profile(pkcs)
    connect = await device.connect()
    assert connect.count("RemoveProfile") == 1
    assert f"pkcs/{pkcs}" in {key for key, state in (await contoso.ledger(device)).items() if state == "removed"}


async def test_a_mac_leaves_its_bootstrap_token_and_gets_it_back(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    assert await device.bootstrap_token() is None
    ids = {"Topic": device.topic, "UDID": device.udid}
    await device.send({"MessageType": "SetBootstrapToken", **ids, "BootstrapToken": b"secret"})
    assert await device.bootstrap_token() == b"secret"
    await device.send({"MessageType": "SetBootstrapToken", **ids})
    assert await device.bootstrap_token() is None


@ON_BOTH_DATABASES
async def test_two_token_updates_at_once_are_one_enrolment(contoso: AppleTenant) -> None:
    device = contoso.fleet()
    await device.request_identity(f"{BASE}/scep", await contoso.token("alice"))
    device.server_url, device.topic = f"{BASE}/server", "t"
    await device.authenticate()
    await asyncio.gather(*(device.token_update() for _ in range(4)))
    assert await contoso.live() == 1


async def test_it_is_called_where_it_listens_by_its_own_magic(contoso: AppleTenant) -> None:
    """Apple: a push is {"mdm": PushMagic}. The address is the token in hex, as it is in APNs' path."""
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.token_update(Token=bytes(range(32)), PushMagic="0C0B4A4E")
    answer = await contoso.http.get(f"https://localhost:8443/push/contoso/{bytes(range(32)).hex()}")
    assert answer.json()["push"] == {"mdm": "0C0B4A4E"}
    assert answer.json().keys() == json.loads((FOLDER / "push-answer.json").read_text()).keys()


async def test_a_later_token_update_refreshes_and_an_unlock_token_that_is_left_out_stays(contoso: AppleTenant) -> None:
    """Apple: a device may leave the UnlockToken out later; the server keeps the one that it has."""
    device = await contoso.enrolled_fleet(**IPHONE)
    await device.token_update(UnlockToken=b"unlock")
    before = (await contoso.wire_state(device))["unlockToken"]
    await device.token_update(PushMagic="another")
    after = await contoso.wire_state(device)
    assert (after["unlockToken"], after["push"], await contoso.live()) == (before, {"mdm": "another"}, 1)


async def test_it_leaves_and_is_not_known_any_more(contoso: AppleTenant) -> None:
    """Apple: 403 with com.apple.unrecognized.device makes a device unenrol itself; 401 would, too."""
    device = await contoso.enrolled_fleet()
    await device.check_out()
    assert await contoso.live() == 0
    with pytest.raises(Refused, match="403") as refused:
        await device.report("Idle")
    assert "com.apple.unrecognized.device" in str(refused.value)
    await device.check_out()


async def test_a_mac_enrols_again_after_it_left(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet()
    await device.check_out()
    await device.authenticate()
    with pytest.raises(Refused, match=r"400: .*TokenUpdate"):
        await device.report("Idle")
    await device.token_update()
    assert await device.report("Idle") is not None


async def test_the_enrolment_profile_names_what_it_must(contoso: AppleTenant) -> None:
    profile = plistlib.loads(await contoso.enrollment_profile())
    scep, mdm = profile["PayloadContent"][:2]
    assert (scep["PayloadType"], mdm["PayloadType"]) == ("com.apple.security.scep", "com.apple.mdm")
    tenant = contoso.tenant.id
    assert mdm["ServerURL"] == BASE.replace("contoso", tenant) + "/server"
    assert mdm["CheckInURL"] == BASE.replace("contoso", tenant) + "/checkin"
    assert mdm["Topic"] == f"com.apple.mgmt.External.{tenant}"
    assert mdm["IdentityCertificateUUID"] == scep["PayloadUUID"]
    assert scep["PayloadContent"]["Key Type"] == "RSA"
