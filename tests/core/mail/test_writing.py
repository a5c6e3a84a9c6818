"""Messages that the server writes: no text that is typed becomes a header field of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.mail.message import describe
from fauxtune.core.mail.writing import Letter, letter_of, written

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIELDS = ["From", "To", "Cc", "Subject", "Date", "Message-ID"]


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {"sender": "alice@contoso.example", "to": ("bob@contoso.example",), **changes}
    return letter_of(Letter(**values))  # type: ignore[arg-type]


def names(raw: bytes) -> list[str]:
    """The header fields in their order, without those of MIME."""
    lines = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    every = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    return [name for name in every if not name.startswith(("Content-", "MIME-"))]


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?a=0d=0aBcc:mallory@x.example?=",
        "=?utf-8?b?DQpCY2M6IG1hbGxvcnlAeC5leGFtcGxl?=",
        "=?utf-8?q?" + "=0d=0a" * 30 + "X:y?=",
        "Müsli =?utf-8?q?=0aX:y?= " * 8,
        "a" * 255,
    ],
)
def test_a_subject_stays_one_header_field_and_is_read_as_it_was_typed(subject: str) -> None:
    raw = written(letter(subject=subject, cc=("carol@contoso.example",)), at=AT, message_id="<1@contoso.example>")
    assert names(raw) == FIELDS
    assert describe(raw).subject == " ".join(subject.split())


def test_an_address_that_looks_encoded_is_not_decoded() -> None:
    odd = "=?utf-8?q?bob?=@contoso.example"
    raw = written(letter(to=(odd, "carol@contoso.example")), at=AT, message_id="<1@contoso.example>")
    assert f"To: {odd},\r\n carol@contoso.example\r\n".encode() in raw


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"subject": "a\r\nBcc: mallory@x.example"}, "subject"),
        ({"subject": "a\u2028b"}, "subject"),
        ({"to": ("bob@contoso.example\r\nX: y",)}, "address"),
        ({"to": ("bob@contoso.example, mallory@x.example",)}, "address"),
        ({"sender": "alice@contoso.example\nX: y"}, "address"),
        ({"cc": ("b\u00f6b@contoso.example",)}, "to"),
    ],
)
def test_what_would_begin_another_field_or_address_is_refused(changes: dict[str, object], target: str) -> None:
    with pytest.raises(Invalid) as refused:
        letter(**changes)
    assert refused.value.target == target
