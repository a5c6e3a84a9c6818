"""What others stumbled over in Apple's MDM, one test a trap. The clients are those of `clients`: mdmb's and Fleet's."""

from __future__ import annotations

import base64
import plistlib
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.core.model.platforms import Variant
from tests.support import pkimessages
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.devices.apple import Fleet, Plist, Refused, of_type

pytestmark = pytest.mark.both_in_soak

IPHONE: Plist = {"product_name": "iPhone15,2", "os_version": "17.5.1", "model": "MQ0G3"}
MAC: Plist = {"product_name": "Mac14,2", "os_version": "14.5"}
SCEP, SERVER = f"{BASE}/scep", f"{BASE}/server"
GRAPH = "https://graph.microsoft.com/beta/deviceManagement/deviceConfigurations"


async def settled(contoso: AppleTenant, said: Plist, n: int = 0) -> Fleet:
    device = await contoso.enrolled_fleet(n, **said)
    for _ in range(3):
        await device.connect()
    return device


async def mail(contoso: AppleTenant) -> str:
    """A root, signing by PKCS, and an account that signs with it; the account's profile."""
    await contoso.root("iosTrustedRootCertificate")
    signing = await contoso.pkcs("iosPkcsCertificateProfile")
    return await contoso.for_users(
        "iosEasEmailProfileConfiguration",
        accountName="Contoso mail",
        hostName="mail.contoso.example",
        requireSsl=True,
        smimeSigningEnabled=True,
        **{"smimeSigningCertificate@odata.bind": f"{GRAPH}('{signing}')"},
    )


async def asked(contoso: AppleTenant, device: Fleet) -> tuple[bytes, x509.Certificate, tuple[bytes, str]]:
    """A request by SCEP, the authority, and what the answer must repeat."""
    answer = await contoso.http.get(SCEP, params={"operation": "GetCACert"})
    authority = x509.load_der_x509_certificate(answer.content)
    csr = device.csr(await contoso.token("alice"), "a device")
    message, nonce, transaction = device.pki_message(csr, authority)
    return message, authority, (nonce, transaction)


async def test_trap_01_nothing_is_signed_unless_it_is_asked_for(contoso: AppleTenant) -> None:
    """mdmb feeds both the enrolment profile and InstallProfile's payload to a parser of property lists."""
    assert (await contoso.enrollment_profile()).startswith(b"<?xml")
    assert (await contoso.enrollment_profile(signed="1")).startswith(b"\x30")
    await contoso.root("iosTrustedRootCertificate")
    device = await settled(contoso, IPHONE)
    payloads = [command["Payload"] for command in device.commands if command["RequestType"] == "InstallProfile"]
    assert [payload[:5] for payload in payloads] == [b"<?xml"]


async def test_trap_02_scep_is_first_and_mdm_second_and_messages_are_to_be_signed(contoso: AppleTenant) -> None:
    """Fleet takes payloads by their place; mdmb wants SCEP and SignMessage."""
    content = plistlib.loads(await contoso.enrollment_profile())["PayloadContent"]
    assert [each["PayloadType"] for each in content[:2]] == ["com.apple.security.scep", "com.apple.mdm"]
    assert content[1]["SignMessage"] is True
    assert content[1]["IdentityCertificateUUID"] == content[0]["PayloadUUID"]


async def test_trap_03_key_type_and_key_usage_have_a_space_and_keysize_has_none(contoso: AppleTenant) -> None:
    """Without Keysize clients make keys of 1024 bits."""
    scep = plistlib.loads(await contoso.enrollment_profile())["PayloadContent"][0]["PayloadContent"]
    assert (scep["Key Type"], scep["Key Usage"], scep["Keysize"]) == ("RSA", 5, 2048)
    assert not {"KeyType", "KeyUsage", "Key Size", "KeySize"} & scep.keys()


async def test_trap_04_one_rsa_authority_is_told_signs_and_is_embedded(contoso: AppleTenant) -> None:
    """mdmb compares the Content-Type by letters and verifies with what is embedded, Fleet with what it was told."""
    device = contoso.fleet()
    message, authority, (nonce, transaction) = await asked(contoso, device)
    result = await contoso.http.get(SCEP, params={"operation": "GetCACert", "message": "any"})
    assert result.headers["content-type"] == "application/x-x509-ca-cert"
    assert isinstance(authority.public_key(), RSAPublicKey)
    answer = await contoso.http.post(SCEP, params={"operation": "PKIOperation"}, content=message)
    assert answer.headers["content-type"] == "application/x-pki-message"
    for verifies_with in (authority, None):
        device.granted(answer.content, authority=verifies_with, nonce=nonce, transaction=transaction)
    embedded = cms.ContentInfo.load(answer.content)["content"]["certificates"]
    assert authority == x509.load_der_x509_certificate(embedded[0].chosen.dump())


@pytest.mark.parametrize("form", ["standard", "standard, + as a space", "URL-safe", "unpadded", "POST, twice"])
async def test_trap_05_single_des_and_sha1_by_a_foreign_key_in_either_alphabet(contoso: AppleTenant, form: str) -> None:
    """Go's common libraries; micromdm and Apple write base64, mdmb its URL-safe form, and its POST repeats the DER."""
    device = contoso.fleet()
    message, authority, (nonce, transaction) = await asked(contoso, device)
    standard = base64.b64encode(message).decode()
    forms = {
        "standard": standard,
        "standard, + as a space": standard.replace("+", " "),
        "URL-safe": base64.urlsafe_b64encode(message).decode(),
        "unpadded": base64.urlsafe_b64encode(message).decode().rstrip("="),
    }
    query: dict[str, Any] = {"operation": "PKIOperation", "message": forms.get(form, message)}
    if form in forms:
        answer = await contoso.http.get(SCEP, params=query)
    else:
        answer = await contoso.http.post(SCEP, params=query, content=message)
        assert len(answer.request.url.raw_path) > 4000
    device.granted(answer.content, authority=authority, nonce=nonce, transaction=transaction)


async def test_trap_06_the_issued_certificate_is_the_only_one_inside(contoso: AppleTenant) -> None:
    """Clients take element 0, and DER sorts a SET."""
    device = contoso.fleet()
    message, authority, _repeats = await asked(contoso, device)
    answer = await contoso.http.post(SCEP, params={"operation": "PKIOperation"}, content=message)
    content = pkimessages.read_certrep(answer.content, signer=authority).content
    assert content is not None
    inside = cms.ContentInfo.load(pkimessages.opened(content, device.signer_key))["content"]
    assert len(inside["certificates"]) == 1
    issued = x509.load_der_x509_certificate(inside["certificates"][0].chosen.dump())
    assert issued.public_key() == device.key.public_key()
    issued.verify_directly_issued_by(authority)


@pytest.mark.parametrize("embed", [True, False], ids=["attached", "detached"])
async def test_trap_07_the_bytes_that_came_are_what_counts(contoso: AppleTenant, embed: bool) -> None:
    """What a signature embeds is ignored, and a body that was written anew is another one."""
    device = await contoso.enrolled_fleet()
    body = plistlib.dumps({"UDID": device.udid, "Status": "Idle"})
    header = {"Mdm-Signature": device.signature(body, embed=embed)}
    anew = plistlib.dumps(plistlib.loads(body), fmt=plistlib.FMT_BINARY)
    answers = [await contoso.http.put(SERVER, content=each, headers=header) for each in (body, anew, body + b"\n")]
    assert [answer.status_code for answer in answers] == [200, 400, 400]


async def test_trap_08_no_trouble_of_the_moment_makes_a_device_leave(contoso: AppleTenant) -> None:
    """A device unenrols at 401, and at 403 with com.apple.unrecognized.device."""
    device = await contoso.enrolled_fleet()
    body = plistlib.dumps({"UDID": device.udid, "Status": "Idle"})
    signature = device.signature(body)
    stranger = contoso.fleet(1)
    stranger.certificate = pkimessages.throw_away(stranger.key, contoso.clock.now())
    troubles: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, {"Mdm-Signature": "no base64!"}),
        (body, {"Mdm-Signature": base64.b64encode(b"no signature").decode()}),
        (body, {"Mdm-Signature": signature[: len(signature) // 4 * 2]}),
        (body + b" ", {"Mdm-Signature": signature}),
        (b"<plist>", {"Mdm-Signature": device.signature(b"<plist>")}),
        (body, {"Mdm-Signature": stranger.signature(body)}),
    ]
    answers = [await contoso.http.put(SERVER, content=each, headers=headers) for each, headers in troubles]
    assert [answer.status_code for answer in answers] == [400] * len(troubles)
    assert not any("unrecognized" in answer.text for answer in answers)
    assert await device.report("Idle") is not None


async def test_trap_09_what_is_put_off_comes_again_with_idle_only(contoso: AppleTenant) -> None:
    device = await contoso.enrolled_fleet(**IPHONE)
    await contoso.root("iosTrustedRootCertificate")
    connect = await device.connect(lambda _command: None)
    assert len(connect) == len(set(connect)) > 0, "nothing is told twice to a device that puts everything off"
    assert (await device.connect(lambda _command: None))[0] == connect[0]


async def test_trap_10_authenticate_begins_anew_and_token_update_enrols(contoso: AppleTenant) -> None:
    await contoso.root("iosTrustedRootCertificate")
    device = await settled(contoso, IPHONE)
    assert set((await contoso.ledger(device)).values()) == {"installed"}
    await device.authenticate()
    assert await contoso.live() == 0
    with pytest.raises(Refused, match="400"):
        await device.report("Idle")
    await device.token_update()
    assert await contoso.ledger(device) == {}
    device.store.profiles.clear()
    assert "InstallProfile" in await device.connect()


async def test_trap_11_an_account_and_what_it_names_are_one_profile_that_replaces_itself(contoso: AppleTenant) -> None:
    account = await mail(contoso)
    device = await settled(contoso, IPHONE)
    name = f"com.fauxtune.{contoso.tenant.id}.email.{account}"
    before = device.store.profiles[name]
    (payload,) = of_type(before, "com.apple.eas.account")
    assert payload["SMIMESigningCertificateUUID"] in {
        each["PayloadUUID"] for each in of_type(before, "com.apple.security.pkcs12")
    }
    headers = {"authorization": f"Bearer {contoso.graph_token}"}
    change = {"@odata.type": "#microsoft.graph.iosEasEmailProfileConfiguration", "hostName": "other.contoso.example"}
    path = f"/beta/deviceManagement/deviceConfigurations/{account}"
    (await contoso.http.patch(path, json=change, headers=headers)).raise_for_status()
    connect = await device.connect()
    assert "RemoveProfile" not in connect
    (payload,) = of_type(device.store.profiles[name], "com.apple.eas.account")
    assert payload["Host"] == "other.contoso.example"
    assert device.store.profiles[name]["PayloadUUID"] != before["PayloadUUID"]


async def test_trap_12_a_mac_is_given_no_account(contoso: AppleTenant) -> None:
    await mail(contoso)
    await contoso.root("macOSTrustedRootCertificate")
    device = await settled(contoso, MAC)
    assert (await contoso.row(device)).variant == Variant.MACOS.value
    kinds = {each["PayloadType"] for document in device.store.profiles.values() for each in document["PayloadContent"]}
    assert kinds == {"com.apple.security.root"}


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("17.5.1", set()),
        ("11.4", {"SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
        ("9.3.6", {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"}),
    ],
)
async def test_trap_13_switches_that_a_system_ignores_are_told_to_earlier_ones(
    contoso: AppleTenant, version: str, told: set[str]
) -> None:
    """SMIMEEnabled until iOS 10, SMIMEEncryptionEnabled and SMIMEEnablePerMessageSwitch until iOS 12."""
    await mail(contoso)
    device = await settled(contoso, {**IPHONE, "os_version": version})
    (payload,) = device.store.payloads("com.apple.eas.account")
    assert {"SMIMEEnabled", "SMIMEEncryptionEnabled", "SMIMEEnablePerMessageSwitch"} & payload.keys() == told


@pytest.mark.parametrize(
    ("said", "cipher"),
    [
        ({**IPHONE, "os_version": "15.8"}, "2a864886f70d010c0103"),
        ({**IPHONE, "os_version": "17.5.1"}, "2a864886f70d01050d"),
        ({**IPHONE, "os_version": ""}, "2a864886f70d010c0103"),
    ],
    ids=["old", "new", "unknown"],
)
async def test_trap_14_files_are_in_old_ciphers_unless_the_system_reads_new_ones(
    contoso: AppleTenant, said: Plist, cipher: str
) -> None:
    """PBE with SHA-1 and 3DES (1.2.840.113549.1.12.1.3), or PBES2 (1.2.840.113549.1.5.13)."""
    await contoso.root("iosTrustedRootCertificate")
    await contoso.pkcs("iosPkcsCertificateProfile")
    device = await settled(contoso, said)
    (payload,) = device.store.payloads("com.apple.security.pkcs12")
    assert bytes.fromhex(cipher) in payload["PayloadContent"]


async def test_trap_15_who_keeps_nothing_of_what_it_acknowledges_is_found_out(contoso: AppleTenant) -> None:
    """mdmb acknowledges InstallProfile and stores no certificate; its error 12021 says that it has no list of them."""
    await contoso.root("iosTrustedRootCertificate")
    forgetful = await contoso.enrolled_fleet(**IPHONE)
    forgetful.store.override = {"CertificateList": lambda _command: {"CertificateList": []}}
    for _ in range(3):
        await forgetful.connect()
    assert "installed" not in (await contoso.ledger(forgetful)).values()
    await contoso.root("macOSTrustedRootCertificate")
    await contoso.switch(**{"apple.plainProfiles": True})
    device = contoso.mdmb()
    await device.install_enrollment(await contoso.enrollment_profile())
    for _ in range(3):
        await device.connect()
    assert "CertificateList" in device.request_types
    assert set((await contoso.ledger(device)).values()) == {"installed"}
