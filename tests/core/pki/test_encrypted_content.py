"""The check of an uploaded file finds every part that is wrong."""

from __future__ import annotations

import base64
import os

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.encrypted_content import ContentCheck, Encryption
from tests.support.app_packages import Package, package


def problem(
    of: Package, *, sent: bytes | None = None, piece: int = 1000, changes: dict[str, str] | None = None
) -> str | None:
    """What is wrong with the file, or with another one that was sent for it."""
    content = of.encrypted if sent is None else sent
    encryption = Encryption.of_document({**of.encryption, **(changes or {})})
    check = ContentCheck(encryption, size=len(of.plain), size_encrypted=len(of.encrypted))
    for start in range(0, len(content), piece):
        check.update(content[start : start + piece])
    return check.problem()


@pytest.mark.parametrize("piece", [1, 15, 31, 48, 49, 1000, 1 << 20])
@pytest.mark.parametrize("plain", [b"", b"x", b"x" * 16, os.urandom(5_000)])
def test_a_right_file_is_accepted_in_pieces_of_any_size(plain: bytes, piece: int) -> None:
    assert problem(package(plain), piece=piece) is None


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        ("encryptionKey", "cannot be decrypted|SHA-256|bytes; size says"),
        ("macKey", "macKey is wrong"),
        ("initializationVector", "initialisation vector"),
        ("mac", "HMAC at the beginning"),
        ("fileDigest", "is not fileDigest"),
    ],
)
def test_each_wrong_member_is_noticed(member: str, sentence: str) -> None:
    right = package()
    length = len(base64.b64decode(right.encryption[member]))
    wrong = base64.b64encode(os.urandom(length)).decode()
    found = problem(right, changes={member: wrong})
    assert found is not None
    assert any(words in found for words in sentence.split("|"))


def test_a_changed_shortened_or_plain_file_is_noticed() -> None:
    right = package()
    changed = bytearray(right.encrypted)
    changed[100] ^= 1
    assert "macKey is wrong, or the file was changed" in str(problem(right, sent=bytes(changed)))
    assert "sizeEncrypted says" in str(problem(right, sent=right.encrypted[:-16]))
    assert "sizeEncrypted says" in str(problem(right, sent=b""))
    assert "initialisation vector" in str(problem(right, sent=right.plain.ljust(len(right.encrypted), b"\0")))


def test_a_wrong_size_is_noticed() -> None:
    right = package()
    check = ContentCheck(Encryption.of_document(right.encryption), size=1, size_encrypted=len(right.encrypted))
    check.update(right.encrypted)
    assert "size says 1" in str(check.problem())


@pytest.mark.parametrize(
    "changes",
    [
        {"encryptionKey": "AAAA"},
        {"encryptionKey": None},
        {"mac": 7},
        {"macKey": "no base64"},
        {"profileIdentifier": "ProfileVersion2"},
        {"fileDigestAlgorithm": "SHA1"},
    ],
)
def test_what_could_encrypt_no_file_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=next(iter(changes))):
        Encryption.of_document({**package().encryption, **changes})
