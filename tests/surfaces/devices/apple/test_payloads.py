"""Profiles of Apple devices: the request of a certificate, settings, and a mail account sealed for the device."""

from __future__ import annotations

import base64
import plistlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow, scep_key, setting_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepDelivery, ScepRequest
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.checkin.deliverables import Deliverable
from fauxtune.surfaces.devices.apple import translate
from fauxtune.surfaces.devices.apple.translate import DeviceContext
from tests.support.apple_tenant import AppleTenant
from tests.support.devices.apple import Fleet, certificate_in, of_type

WIRE = Path(__file__).parents[3] / "wire" / "apple"
TENANT = TenantId("c0ffee00-0000-4000-8000-000000000001")
PHONE, MAC = DeviceContext(TENANT, Variant.IOS, "17.5.1"), DeviceContext(TENANT, Variant.MACOS, "14.5")
REQUEST = ScepRequest(
    urls=("https://ndes.contoso.example/scep",),
    subject="CN=alice,E=alice@contoso.example,O=Contoso",
    names=(
        ("emailAddress", "alice@contoso.example"),
        ("emailAddress", "a@contoso.example"),
        ("userPrincipalName", "alice"),
    ),
    key_usages=("digitalSignature", "keyEncipherment"),
    key_size=4096,
    hash_algorithm=None,
    extended_key_usages=(),
    days=365,
    renew_percent=20,
)
ROW = LedgerRow(scep_key(ProfileId("p")), Source.SCEP, ItemState.SENT, fingerprint="f")


def profile(
    device: DeviceContext = PHONE, *, challenge: str = "Y2hhbGxlbmdl", fingerprint: str = "f"
) -> dict[str, Any]:
    delivery = ScepDelivery(REQUEST, REQUEST.urls[0], challenge, ca_thumbprint="cd" * 20)
    item = Deliverable(replace(ROW, fingerprint=fingerprint), scep=delivery)
    document: dict[str, Any] = plistlib.loads(translate.profile(item, device))
    return document


PASSCODE = "com.apple.mobiledevice.passwordpolicy"


def settings_profile(name: str, *settings: Setting, variant: Variant = Variant.IOS) -> dict[str, Any]:
    unit = Unit(settings)
    row = LedgerRow(setting_key(name), Source.SETTING, ItemState.SENT, unit.fingerprint, payload=unit.encode())
    written = translate.profile(Deliverable(row, unit=unit), DeviceContext(TENANT, variant, "17.5.1"))
    document: dict[str, Any] = plistlib.loads(written)
    return document


IPHONE: dict[str, Any] = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
GRAPH = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"


async def settled(contoso: AppleTenant, said: dict[str, Any]) -> Fleet:
    device = await contoso.enrolled_fleet(**said)
    for _ in range(4):
        await device.connect()
    return device


async def mail(contoso: AppleTenant, **references: str) -> str:
    """An e-mail profile that signs and encrypts with the certificates of these profiles."""
    bound = {f"{name}@odata.bind": f"{GRAPH}('{profile}')" for name, profile in references.items()}
    return await contoso.for_users(
        "iosEasEmailProfileConfiguration",
        accountName="Contoso mail",
        hostName="mail.contoso.example",
        requireSsl=True,
        smimeSigningEnabled="smimeSigningCertificate" in references,
        smimeEncryptByDefaultEnabled="smimeEncryptionCertificate" in references,
        **bound,
    )


async def everything(contoso: AppleTenant) -> tuple[str, str, str, list[str]]:
    """Root, signing by PKCS, three years of imported certificates, and an account: the ids of the last three profiles,
    and the thumbprints, oldest first.
    """
    await contoso.root("iosTrustedRootCertificate")
    signing = await contoso.pkcs("iosPkcsCertificateProfile")
    encryption = await contoso.for_users("iosImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    now = contoso.clock.now()
    marks = []
    for year in (3, 2, 1):
        begins = now - timedelta(days=365 * year)
        marks.append(await contoso.import_dated(not_before=begins, not_after=begins + timedelta(days=500)))
    account = await mail(contoso, smimeSigningCertificate=signing, smimeEncryptionCertificate=encryption)
    return signing, encryption, account, marks


def test_the_payload_asks_for_the_subject_in_the_order_of_the_certificate_and_for_all_names() -> None:
    (payload,) = profile()["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.scep"
    assert payload["PayloadContent"] == {
        "URL": "https://ndes.contoso.example/scep",
        "Subject": [[["O", "Contoso"]], [["1.2.840.113549.1.9.1", "alice@contoso.example"]], [["CN", "alice"]]],
        "Challenge": "Y2hhbGxlbmdl",
        "Keysize": 4096,
        "Key Type": "RSA",
        "Key Usage": 5,
        "Retries": 3,
        "RetryDelay": 10,
        "SubjectAltName": {
            "rfc822Name": ["alice@contoso.example", "a@contoso.example"],
            "ntPrincipalName": "alice",
        },
        "CAFingerprint": bytes.fromhex("cd" * 20),
    }


def test_the_profile_is_that_of_the_example() -> None:
    assert profile() == plistlib.loads((WIRE / "profile-scep.mobileconfig").read_bytes())


def test_another_certificate_has_other_uuids_and_another_challenge_has_not() -> None:
    def uuids(document: dict[str, Any]) -> tuple[str, str]:
        return document["PayloadUUID"], document["PayloadContent"][0]["PayloadUUID"]

    first = uuids(profile())
    assert uuids(profile(challenge="another")) == first
    assert not set(uuids(profile(fingerprint="f/after/x"))) & set(first)


def test_on_a_mac_the_profile_says_whether_every_application_may_use_the_key() -> None:
    open_to_all = replace(MAC, profiles=({"allowAllAppsAccess": True},))
    for device, allowed in ((MAC, None), (open_to_all, True), (replace(open_to_all, variant=Variant.IOS), None)):
        document = profile(device)
        assert document["PayloadContent"][0]["PayloadContent"].get("AllowAllAppsAccess") is allowed
        assert document.get("PayloadScope") == ("System" if device.variant is Variant.MACOS else None)


def test_the_profile_of_rules_for_passcodes_is_that_of_the_example() -> None:
    ours = settings_profile(
        PASSCODE,
        Setting(f"{PASSCODE}/forcePIN", "bool", True),
        Setting(f"{PASSCODE}/minLength", "int", 6),
        Setting(f"{PASSCODE}/pinHistory", "int", None, in_conflict=True),
    )
    assert ours == plistlib.loads((WIRE / "profile-settings.mobileconfig").read_bytes())


def test_a_custom_profile_keeps_its_payloads_under_other_names() -> None:
    payload = {"PayloadType": "com.contoso", "PayloadIdentifier": "theirs", "PayloadUUID": "u", "Zoom": 2}
    whole = {"PayloadContent": [payload, payload], "PayloadRemovalDisallowed": True}
    content = base64.b64encode(plistlib.dumps(whole)).decode()
    ours = settings_profile("custom-p", Setting("custom-p", "mobileconfig", content), variant=Variant.MACOS)
    assert ours["PayloadIdentifier"] == f"com.fauxtune.{TENANT}.setting.custom-p"
    assert ours["PayloadScope"] == "System"
    assert [each["Zoom"] for each in ours["PayloadContent"]] == [2, 2]
    assert len({each["PayloadUUID"] for each in ours["PayloadContent"]}) == 2


async def test_the_account_brings_what_it_names_and_the_history_is_beside_it(contoso: AppleTenant) -> None:
    """Apple: SMIMESigningCertificateUUID and SMIMEEncryptionCertificateUUID are payloads of the same profile."""
    _signing, _encryption, account, marks = await everything(contoso)
    device = await settled(contoso, IPHONE)
    assert set((await contoso.ledger(device)).values()) == {"installed"}
    profile = device.store.profiles[f"com.fauxtune.{contoso.tenant.id}.email.{account}"]
    (payload,) = of_type(profile, "com.apple.eas.account")
    identities = {each["PayloadUUID"]: each for each in of_type(profile, "com.apple.security.pkcs12")}
    encrypts = certificate_in(identities[payload["SMIMEEncryptionCertificateUUID"]])
    signs = certificate_in(identities[payload["SMIMESigningCertificateUUID"]])
    assert thumbprint(encrypts) == marks[-1], "the newest that is valid"
    assert "Contoso Issuing CA" in signs.issuer.rfc4514_string()
    alone = {thumbprint(certificate_in(payload)) for payload in device.store.payloads("com.apple.security.pkcs12")}
    assert set(marks) <= alone, "expired ones are kept for old mail"
    assert (payload["Host"], payload["EmailAddress"]) == ("mail.contoso.example", "alice@contoso.example")
    assert (payload["SMIMESigningEnabled"], payload["SMIMEEncryptByDefault"]) == (True, True)
    assert "SMIMEEnabled" not in payload, "iOS 17 ignores it"
    assert await device.connect() == []


async def test_nothing_with_a_key_travels_in_clear(contoso: AppleTenant) -> None:
    _signing, _encryption, account, _marks = await everything(contoso)
    device = await settled(contoso, IPHONE)
    sent = [command["Payload"] for command in device.commands if command["RequestType"] == "InstallProfile"]
    assert len(sent) == 6
    for document in map(plistlib.loads, sent):
        if ".root." not in document["PayloadIdentifier"]:
            assert document["IsEncrypted"] is True
            assert "PayloadContent" not in document
    assert any(account.encode() in each for each in sent)


async def test_with_plain_profiles_everything_is_readable(contoso: AppleTenant) -> None:
    await contoso.switch(**{"apple.plainProfiles": True})
    _signing, _encryption, account, marks = await everything(contoso)
    device = await settled(contoso, IPHONE)
    assert not any(document.get("IsEncrypted") for document in device.store.profiles.values())
    profile = device.store.profiles[f"com.fauxtune.{contoso.tenant.id}.email.{account}"]
    assert len(of_type(profile, "com.apple.security.pkcs12")) == 2
    thumbprints = {
        thumbprint(certificate_in(payload)) for payload in device.store.payloads("com.apple.security.pkcs12")
    }
    assert set(marks) <= thumbprints
    assert set((await contoso.ledger(device)).values()) == {"installed"}


async def test_an_old_phone_is_told_in_its_own_words(contoso: AppleTenant) -> None:
    """Apple: before iOS 10 SMIMEEnabled, before iOS 12 SMIMEEncryptionEnabled."""
    signing = await contoso.pkcs("iosPkcsCertificateProfile")
    await contoso.root("iosTrustedRootCertificate")
    await mail(contoso, smimeSigningCertificate=signing)
    device = await settled(contoso, {**IPHONE, "os_version": "9.3.6"})
    (payload,) = device.store.payloads("com.apple.eas.account")
    assert (payload["SMIMEEnabled"], payload["SMIMEEncryptionEnabled"]) == (True, False)


async def test_an_account_without_certificates_is_a_plain_profile(contoso: AppleTenant) -> None:
    account = await mail(contoso)
    device = await settled(contoso, IPHONE)
    profile = device.store.profiles[f"com.fauxtune.{contoso.tenant.id}.email.{account}"]
    assert [each["PayloadType"] for each in profile["PayloadContent"]] == ["com.apple.eas.account"]
    assert await contoso.ledger(device) == {f"email/{account}": "installed"}


async def test_a_newer_certificate_replaces_the_profile_of_the_account(contoso: AppleTenant) -> None:
    """Apple: another profile of the same PayloadIdentifier replaces the first."""
    _signing, _encryption, account, _marks = await everything(contoso)
    device = await settled(contoso, IPHONE)
    name = f"com.fauxtune.{contoso.tenant.id}.email.{account}"
    before = device.store.profiles[name]
    newest = await contoso.import_dated()
    for _ in range(3):
        await device.connect()
    after = device.store.profiles[name]
    assert before["PayloadUUID"] != after["PayloadUUID"]
    (one,), (other,) = (of_type(each, "com.apple.eas.account") for each in (before, after))
    assert one["SMIMESigningCertificateUUID"] == other["SMIMESigningCertificateUUID"]
    assert one["SMIMEEncryptionCertificateUUID"] != other["SMIMEEncryptionCertificateUUID"]
    identities = {each["PayloadUUID"]: each for each in of_type(after, "com.apple.security.pkcs12")}
    assert thumbprint(certificate_in(identities[other["SMIMEEncryptionCertificateUUID"]])) == newest


@pytest.mark.parametrize("product", ["Mac14,2"])
async def test_a_mac_has_certificates_only(contoso: AppleTenant, product: str) -> None:
    """Apple: com.apple.eas.account is not available on macOS."""
    await contoso.root("macOSTrustedRootCertificate")
    await contoso.pkcs("macOSPkcsCertificateProfile")
    await contoso.for_users("macOSImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    await contoso.import_dated()
    await mail(contoso)
    device = await settled(contoso, {"product_name": product, "os_version": "14.5"})
    assert {profile["PayloadScope"] for profile in device.store.profiles.values()} == {"System"}
    assert len(device.store.payloads("com.apple.security.pkcs12")) == 2
    assert device.store.payloads("com.apple.eas.account") == []
    assert set((await contoso.ledger(device)).values()) == {"installed"}


async def test_files_suit_the_system_that_reads_them(contoso: AppleTenant) -> None:
    """iOS before 16 reads PKCS#12 files only in 3DES with SHA-1."""
    # pbeWithSHAAnd3-KeyTripleDES-CBC (1.2.840.113549.1.12.1.3), and PBES2 (1.2.840.113549.1.5.13).
    old, new = bytes.fromhex("2a864886f70d010c0103"), bytes.fromhex("2a864886f70d01050d")
    await contoso.root("iosTrustedRootCertificate")
    await contoso.pkcs("iosPkcsCertificateProfile")
    for n, (version, cipher, other) in enumerate((("15.8", old, new), ("17.5.1", new, old))):
        device = await contoso.enrolled_fleet(n, **{**IPHONE, "os_version": version})
        for _ in range(3):
            await device.connect()
        (payload,) = device.store.payloads("com.apple.security.pkcs12")
        assert (cipher in payload["PayloadContent"], other in payload["PayloadContent"]) == (True, False)
