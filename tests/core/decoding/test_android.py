"""The messages of Android devices and the push channel in words."""

from __future__ import annotations

import pytest

from fauxtune_wire.decoding import decode
from fauxtune_wire.decoding.parts import Direction
from tests.support.decoded import WIRE, outline

DEVICE = "/mdm/contoso/android/v1/enterprises/c0ffee/devices"


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
