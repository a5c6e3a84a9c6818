"""The messages of Android devices, the push channel, and Apple's messages and profiles in words."""

from __future__ import annotations

import base64
import plistlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.pki import signed
from fauxtune_wire.decoding import Part, decode, describe_headers
from fauxtune_wire.decoding.parts import Direction
from tests.support.certificates import self_signed
from tests.support.decoded import WIRE, outline

DEVICE = "/mdm/contoso/android/v1/enterprises/c0ffee/devices"
ROOT = """\
{0}Certificate of CN=Contoso Root CA
{0}- Where: PayloadContent
{0}- Subject: CN=Contoso Root CA
{0}- Issuer: itself
{0}- Serial number: 14202a0d…
{0}- Valid: 2026-01-01 00:00:00 UTC to 2036-01-01 00:00:00 UTC
{0}- Key: EC, secp256r1
{0}- Authority: yes: it may issue certificates"""


def decoded(name: str, *, direction: Direction = "request") -> list[Part]:
    """Decode an example."""
    body = (WIRE / "apple" / name).read_bytes()
    return decode(body, content_type="application/x-apple-aspen-mdm", path="/mdm/x/apple/server", direction=direction)


@pytest.mark.parametrize(
    ("name", "path", "direction", "text"),
    [
        (
            "report-status-request",
            f"{DEVICE}/d:reportStatus",
            "request",
            """\
Report, from the device: what it has
- State: ACTIVE
- Policy that was applied: 8
- Identity: pkcs-7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01 (certificate da39a3ee…)
- Trusted certificates: 1 certificate
- Refused: keyPairs[alias=imported-3f786850e387550fdab836ed7e6dc881de23001b]: INVALID_VALUE the PFX cannot be opened: \
the password is wrong (the MAC does not match)
- Account: email-91d7a9a2-54a6-4a0e-8a39-6d0f3f9b7c11: set up""",
        ),
        (
            "report-status-answer",
            f"{DEVICE}/d:reportStatus",
            "response",
            """\
Report, from the server: what the device should do next
- Policy: 9
- Operations that wait: 1""",
        ),
        (
            "operations",
            f"{DEVICE}/d/operations:pull",
            "response",
            """\
Operations, from the server: what the device should do now
- Operation: WIPE, from 2026-11-24T10:00:00Z""",
        ),
        ("push-answer-quiet", "/push/contoso/t", "response", """\
Push channel, from the server
- Push: nothing new
- Number: 4
- The tenant's time: 2026-11-24T10:00:30.1234560Z"""),
        ("unenroll-request", f"{DEVICE}/d:unenroll", "request", """\
Unenrolment, from the device: its user leaves
- Reason: USER_REMOVED_WORK_PROFILE"""),
        ("device-not-found", f"{DEVICE}/d:reportStatus", "response", """\
Refused, from the server
- Error: DEVICE_NOT_FOUND
- Message: this enrolment is over: the device must forget what it was given"""),
    ],
)  # fmt: skip
def test_a_message_is_said_in_words(name: str, path: str, direction: Direction, text: str) -> None:
    body = (WIRE / "android" / f"{name}.json").read_bytes()
    assert outline(decode(body, content_type="application/json", path=path, direction=direction)) == text


def test_a_policy_lists_what_the_device_should_have() -> None:
    body = (WIRE / "android/policy.json").read_bytes()
    (part,) = decode(body, content_type="application/json", path=f"{DEVICE}/d/policy", direction="response")
    assert part.title == "Policy, from the server: what the device should have"
    assert part.facts == (
        ("Version", "9"),
        ("Certificate with its key", "pkcs-7b1c7a52-6d1b-4b8e-9a55-0c2f6b7a9e01 (PKCS)"),
        ("Certificate with its key", "imported-3f786850e387550fdab836ed7e6dc881de23001b (IMPORTED_PFX)"),
        ("Trusted certificates", "1 certificate"),
        ("Application", "com.google.android.gm: account alice@contoso.example"),
    )
    assert '"pkcs12": "[not shown: PKCS#12 file, 23 bytes]"' in part.text
    assert [inner.title for inner in part.parts] == ["Certificate of CN=Contoso Root CA,O=EMULATOR - NOT TRUSTED"]


def test_an_enrolment_says_which_device_enrols() -> None:
    body = (WIRE / "android/enroll-request.json").read_bytes()
    (part,) = decode(body, content_type="application/json", path=f"{DEVICE}:enroll", direction="request")
    assert (
        outline([part])
        == """\
Enrolment, from the device: it begins
- Device: Alice's own phone
- Management: work-profile
- Owner: PERSONALLY_OWNED
- Maker: Google
- Model: Pixel 8
- Android: 14
  Certificate request (PKCS#10) of CN=2f6b8f1d5a7c4e90b1d2c3e4f5a69788
  - Where: csr
  - Subject: CN=2f6b8f1d5a7c4e90b1d2c3e4f5a69788
  - Key: RSA, 2048 bits
  - Signed with its own key: yes"""
    )


def test_a_token_update_says_who_sends_it_and_hides_its_tokens() -> None:
    (part,) = decoded("token-update-iphone.plist")
    assert part == Part(
        title="TokenUpdate, from the device: it can be woken by a push from now on",
        language="xml",
        text="""\
<dict>
  <key>MessageType</key> <string>TokenUpdate</string>
  <key>Topic</key> <string>com.apple.mgmt.External.c0ffee00-0000-4000-8000-000000000001</string>
  <key>UDID</key> <string>00008110-000A1C2E3F40801E</string>
  <key>Token</key> <data>[not shown: token, 32 bytes]</data>
  <key>PushMagic</key> <string>[not shown: push magic]</string>
  <key>UnlockToken</key> <data>[not shown: token, 280 bytes]</data>
  <key>AwaitingConfiguration</key> <false/>
  <key>NotOnConsole</key> <false/>
</dict>""",
        facts=(
            ("Device", "00008110-000A1C2E3F40801E"),
            ("Push topic", "com.apple.mgmt.External.c0ffee00-0000-4000-8000-000000000001"),
        ),
    )


def test_a_command_unfolds_to_its_profile_and_the_profile_to_its_certificate() -> None:
    identifier = "com.fauxtune.c0ffee00-0000-4000-8000-000000000001.root"
    identifier += ".cfb50e252117da77cdadbaf6c78b51f14b8f93d7ff1b0a8c4db01a90844ddacc.root"
    assert (
        outline(decoded("command-install-profile.plist", direction="response"))
        == f"""\
Command InstallProfile, from the server: install a configuration profile
- Command: c1a3f0f0-7d57-4c39-9a0f-3f7d1b0f6a10
  Configuration profile “Contoso Root CA”
  - Where: the profile
  - Identifier: {identifier}
  - Organization: Contoso
  - Payload 1: trusted root certificate
{ROOT.format("    ")}"""
    )


def test_a_report_says_what_went_wrong() -> None:
    assert (
        outline(decoded("error-pkcs12-password.plist"))
        == """\
Error, from the device: the command failed
- Device: 00008110-000A1C2E3F40801E
- Command: c1a3f0f0-7d57-4c39-9a0f-3f7d1b0f6a10
- Error 1: MCInstallationErrorDomain 4001: The profile could not be installed.
- Error 2: MCCertificateErrorDomain 9000: The password for the certificate is incorrect."""
    )


def test_a_report_lists_profiles_and_certificates() -> None:
    (profiles,) = decoded("profile-list.plist")
    assert [value for name, value in profiles.facts if name == "Profile"][:2] == [
        "Device management (not managed): device management (MDM)",
        "Certificate (managed)",
    ]
    (certificates,) = decoded("certificate-list.plist")
    assert [value for name, value in certificates.facts if name == "Certificate"] == [
        "Contoso Root CA: certificate",
        "alice@contoso.example: identity (with its key)",
    ]


def test_a_binary_property_list_is_read_like_one_in_xml() -> None:
    values = {"UDID": "1", "Status": "Idle", "Numbers": [1, 2.5, True, b"abc"]}
    parts = [
        decode(plistlib.dumps(values, fmt=fmt), content_type="", path="/", direction="request")
        for fmt in (plistlib.FMT_BINARY, plistlib.FMT_XML)
    ]
    assert parts[0] == parts[1]
    assert parts[0][0].title == "Idle, from the device: it is ready for the next command"
    assert "<integer>1</integer>" in parts[0][0].text
    assert "<data>[3 bytes]</data>" in parts[0][0].text


def test_a_signed_profile_says_who_signed_it(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    certificate = self_signed(raw_rsa_keys[0], "Contoso Device CA")
    profile = (WIRE / "apple/enrollment-pkcs12.mobileconfig").read_bytes()
    body = signed.sign(profile, certificate=certificate, key=raw_rsa_keys[0])
    (part,) = decode(body, content_type="application/x-apple-aspen-config", path="/", direction="response")
    assert part.title == f"CMS SignedData: signed by CN=Contoso Device CA, certificate {serial(certificate)}"
    assert part.facts[-2:] == (
        ("Signature", "fits the content and the certificate in the message"),
        ("Content", "3,156 bytes"),
    )
    assert [inner.title for inner in part.parts] == [
        "Configuration profile “Device management”",
        "Certificate of CN=Contoso Device CA",
    ]
    assert [fact for fact in part.parts[0].facts if fact[0].startswith("Payload")] == [
        ("Payload 1", "certificate with its private key (PKCS#12)"),
        ("Payload 2", "device management (MDM)"),
        ("Payload 3", "trusted root certificate"),
    ]


def test_the_signature_in_a_header_says_who_signed_the_body(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    certificate = self_signed(raw_rsa_keys[0], "Alice's iPhone")
    signature = signed.sign(None, certificate=certificate, key=raw_rsa_keys[0])
    encoded = base64.b64encode(signature).decode()
    (part,) = describe_headers([("Accept", "*/*"), ("Mdm-Signature", encoded)])
    assert part.title == f"CMS SignedData: signed by CN=Alice's iPhone, certificate {serial(certificate)}"
    assert dict(part.facts)["Content"] == "elsewhere (detached)"


def serial(certificate: x509.Certificate) -> str:
    """The beginning of a serial number, as it is shown."""
    return f"{certificate.serial_number:x}"[:8] + "…"
