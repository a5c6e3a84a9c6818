"""SOAP, SyncML and provisioning documents of Windows in words."""

from __future__ import annotations

import pytest

from fauxtune_wire.decoding import Part, decode
from fauxtune_wire.decoding.parts import Direction
from tests.support.decoded import WIRE, outline

SOAP, SYNCML = "application/soap+xml; charset=utf-8", "application/vnd.syncml.dm+xml; charset=utf-8"
CONTOSO = "CN=Contoso Root CA,O=EMULATOR - NOT TRUSTED"


def decoded(name: str) -> list[Part]:
    """Decode an example, whose name says who sent it."""
    direction: Direction = "request" if name.startswith("device") else "response"
    media_type = SYNCML if "session" in name else SOAP
    return decode((WIRE / "windows" / name).read_bytes(), content_type=media_type, path="/x", direction=direction)


def test_commands_stand_in_order_with_their_addresses_and_data() -> None:
    (part,) = decoded("server-session-install.xml")
    assert part.title == "SyncML, from the server: message 1 of session 1F"
    scope = "user: ClientCertificateInstall/PFXCertInstall/DA39A3EE…"
    assert part.facts[:15] == (
        ("From", "https://localhost:8443/ManagementServer/MDM.svc"),
        ("To", "0d3b1a52-6d1b-4b8e-9a55-0c2f6b7a9e01"),
        ("1. Status of SyncHdr (message 1)", "212: the credentials are accepted"),
        ("2. Status of 2 Alert (message 1)", "200: done"),
        ("3. Status of 3 Alert (message 1)", "200: done"),
        ("4. Status of 9 Replace (message 1)", "200: done"),
        (
            "5. Add",
            (
                "device: RootCATrustedCertificates/Root/A915185A…/EncodedCertificate = "
                f"[certificate of {CONTOSO}, 777 bytes] (trusted roots)"
            ),
        ),
        ("6. Delete", f"{scope} (certificate with its key)"),
        ("7. Atomic", "5 commands, all or nothing (certificate with its key)"),
        ("7 › 8. Add", f"{scope}/KeyLocation = 3"),
        ("7 › 9. Add", f"{scope}/PFXCertBlob = [not shown: PKCS#12 file, 23 bytes]"),
        ("7 › 10. Add", f"{scope}/PFXCertPassword = [not shown: password]"),
        ("7 › 11. Add", f"{scope}/PFXCertPasswordEncryptionType = 1"),
        ("7 › 12. Add", f"{scope}/PFXKeyExportable = true"),
        ("13. Get", f"{scope}/Status (certificate with its key)"),
    )
    assert [inner.title for inner in part.parts] == [f"Certificate of {CONTOSO}"]
    assert "<Data>[not shown: password]</Data>" in part.text
    assert "<Data>[not shown: PKCS#12 file, 23 bytes]</Data>" in part.text


def test_a_report_says_why_a_certificate_was_refused() -> None:
    (part,) = decoded("device-session-refused.xml")
    assert outline([part]).splitlines()[4:14] == [
        "- 1. Status of SyncHdr (message 1): 200: done",
        "- 2. Status of 5 Delete (message 1): 404: the device has no such node",
        (
            "- 3. Status of 6 Atomic (message 1): 507: one command of an atomic group failed, so none of the group was "
            "carried out"
        ),
        "- 4. Status of 7 Add (message 1): 216: rolled back",
        "- 5. Status of 8 Add (message 1): 500: the device met an unexpected condition",
        "- 6. Status of 9 Add (message 1): 216: rolled back",
        "- 7. Status of 10 Add (message 1): 216: rolled back",
        "- 8. Status of 11 Add (message 1): 216: rolled back",
        "- 9. Status of 12 Get (message 1): 200: done",
        "- 10. Status of 13 Add (message 1): 418: the node exists already",
    ]
    assert "= 0x80070056: the password of the PFX is wrong" in outline([part])


def test_a_session_begins_with_alerts_and_what_the_device_is() -> None:
    (part,) = decoded("device-session-first.xml")
    assert (
        outline([part])
        == """\
SyncML, from the device: message 1 of session 12
- From: 7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10
- To: https://localhost:8443/mdm/11111111-2222-3333-4444-555555555555/windows/ManagementServer/MDM.svc
- Largest message: 524288 bytes
- 1. Alert: 1201: the device began the session
- 2. Alert: 1224: an event of the client: com.microsoft/MDM/LoginStatus = user
- 3. Replace: DevInfo/DevId = 7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10
- 3. Replace: DevInfo/Man = Dell Inc.
- 3. Replace: DevInfo/Mod = Latitude 7440
- 3. Replace: DevInfo/DmV = 1.3
- 3. Replace: DevInfo/Lang = en-US
- Final: the last message of this package"""
    )


def test_the_text_of_a_message_is_indented_and_keeps_its_prefixes() -> None:
    (part,) = decoded("device-discover.xml")
    assert part.text.splitlines()[1:6] == [
        "  <s:Header>",
        (
            '    <a:Action s:mustUnderstand="1">http://schemas.microsoft.com/windows/management/2012/01/enrollment/'
            "IDiscoveryService/Discover</a:Action>"
        ),
        "    <a:MessageID>urn:uuid:358f6600-326a-41fb-bbf3-e005c76d3e33</a:MessageID>",
        "    <a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>",
        (
            '    <a:To s:mustUnderstand="1">https://localhost:8443/mdm/11111111-2222-3333-4444-555555555555/windows/'
            "EnrollmentServer/Discovery.svc</a:To>"
        ),
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("device-discover.xml", "SOAP Discover, from the device: it asks where it can enrol"),
        (
            "server-discover-response.xml",
            "SOAP Discover, from the server: where the device can enrol, and how its user signs in",
        ),
        (
            "device-policies.xml",
            "SOAP GetPolicies (MS-XCEP), from the device: it asks which certificate it may request",
        ),
        (
            "server-policies-response.xml",
            "SOAP GetPolicies (MS-XCEP), from the server: which certificate the device may request",
        ),
        (
            "server-fault.xml",
            "SOAP RequestSecurityToken (MS-WSTEP), from the server: refused: alice@contoso.example has no licence.",
        ),
    ],
)
def test_a_step_of_the_enrolment_has_a_title_in_words(name: str, title: str) -> None:
    assert decoded(name)[0].title == title


def test_a_request_for_the_identity_unfolds_its_certificate_request() -> None:
    (part,) = decoded("device-token-password.xml")
    subject = "CN=7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10!0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A"
    assert part.facts[:4] == (
        ("Action", "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep"),
        ("User", "alice@contoso.example"),
        ("Password", "[not shown: password]"),
        ("Request", "Issue"),
    )
    assert part.facts[-1] == ("Token", "a certificate request (PKCS#10)")
    assert (
        outline(part.parts)
        == f"""\
Certificate request (PKCS#10) of {subject}
- Subject: {subject}
- Key: RSA, 2048 bits
- Purpose: client of TLS
- Signed with its own key: yes"""
    )


def test_a_renewal_is_signed_by_the_old_identity() -> None:
    (part,) = decoded("device-renew.xml")
    (message,) = part.parts
    assert message.title == "CMS SignedData: signed by CN=7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10, certificate 1267"
    assert message.facts[2:4] == (
        ("Signing time", "2026-11-24 10:00:00 UTC"),
        ("Signature", "fits the content and the certificate in the message"),
    )
    assert message.parts[0].title.startswith("Certificate request (PKCS#10) of CN=7F3A2E44")


def test_the_answer_unfolds_the_provisioning_document() -> None:
    (part,) = decoded("server-token-response.xml")
    (document,) = part.parts
    assert outline([document]).splitlines()[:14] == [
        "Provisioning document: what the enrolled device is given",
        f"- Trusted root: certificate of {CONTOSO}, 777 bytes",
        f"- Authority: certificate of {CONTOSO}, 777 bytes",
        "- The device's identity: certificate of CN=d0d0d0d0-0000-4000-8000-000000000001, 764 bytes",
        (
            "- Management server: https://localhost:8443/mdm/c0ffee00-0000-4000-8000-000000000001/windows/ManagementServer/"
            "MDM.svc"
        ),
        "- Name of the server: MS DM Server",
        "- Id of the device: 0d3b1a52-6d1b-4b8e-9a55-0c2f6b7a9e01",
        "- Name of the device: DESKTOP-H1T20J1",
        "- User: alice@contoso.example",
        "- Renewal, days before the end: 42",
        "- Identity to use: Subject=CN%3D0d3b1a52-6d1b-4b8e-9a55-0c2f6b7a9e01&Stores=MY%5CUser",
        "- Check-in by itself, at first: every 3 minutes, 5 times",
        "- Check-in by itself, then: every 15 minutes, 8 times",
        "- Check-in by itself, after that: every 480 minutes, without end",
    ]
    assert '<parm name="AAUTHSECRET" value="[not shown: secret]"/>' in document.text
    assert [inner.title for inner in document.parts] == [
        f"Certificate of {CONTOSO}",
        "Certificate of CN=d0d0d0d0-0000-4000-8000-000000000001",
    ]
