"""Who can read what, where the way of a certificate to a device matters."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune.core.mail.readability import Reading
from fauxtune.core.model.certificates import Marks
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.insight.readability import Matrix, readability
from fauxtune.operations.mail import address_book, mailboxes
from tests.support.certificates import issued_elsewhere, make_pfx, thumbprint
from tests.support.tenant import START, Contoso

PASSWORD = "geheim-42"


async def matrix(contoso: Contoso, name: str = "alice") -> Matrix:
    result: Matrix = await contoso.do(readability, await contoso.user_id(name), marks=Marks())
    return result


@pytest.mark.both_databases
async def test_a_foreign_certificate_is_followed_from_its_import_to_the_device(contoso: Contoso) -> None:
    contoso.emulator.packagings = {}
    key = contoso.device_keys[0]
    certificate = issued_elsewhere(key, contoso.upn("alice"), begin=START)
    phone = await contoso.enroll("alice")
    await phone.settle()
    await contoso.do(address_book.publish, contoso.upn("alice"), certificate=certificate.public_bytes(Encoding.DER))
    await contoso.do(mailboxes.deliver, letter(contoso, certificate), recipients=[contoso.upn("alice")])
    (row,) = (await matrix(contoso)).mail
    assert row.cells[0].reading is Reading.KEY_NOT_ANYWHERE
    file = make_pfx(key, certificate, password=PASSWORD)
    await contoso.import_file("alice", file, mark=thumbprint(certificate), password=PASSWORD)
    (row,) = (await matrix(contoso)).mail
    # No connector has opened the file: that the certificate was published tells which one it is.
    assert row.cells[0].reading is Reading.KEY_NEVER_HERE
    assert row.files == (thumbprint(certificate),)
    await contoso.imported_profile()
    await phone.begin_only()
    (row,) = (await matrix(contoso)).mail
    assert row.cells[0].reading is Reading.KEY_PENDING
    await phone.settle()
    (row,) = (await matrix(contoso)).mail
    assert row.cells[0].reading is Reading.READABLE
    await contoso.action(phone, device_actions.retire)
    (row,) = (await matrix(contoso)).mail
    assert row.cells[0].reading is Reading.READABLE, "until the device has confirmed it"
    await phone.settle_completely()
    (row,) = (await matrix(contoso)).mail
    assert row.cells[0].reading is Reading.KEY_REMOVED


@pytest.mark.both_databases
async def test_a_device_that_keeps_its_key_can_read_after_its_retirement_and_says_so(contoso: Contoso) -> None:
    contoso.emulator.packagings = {}
    mark = await contoso.import_pfx("bob")
    await contoso.profile("androidImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    phone = await contoso.enroll("bob", mode="device-admin", hardware="DA9")
    await phone.settle()
    certificate = phone.opened[mark].certificate
    await contoso.do(mailboxes.deliver, letter(contoso, certificate), recipients=[contoso.upn("bob")])
    await phone.unenroll()
    result = await matrix(contoso, "bob")
    assert [device.left for device in result.devices] == ["unenrolled"]
    cell = result.mail[0].cells[0]
    assert cell.reading is Reading.READABLE
    assert cell.sentence.endswith("because the user ended the management; the device has it still.")
    # The next owner of the hardware can read it, too.
    again = await contoso.enroll("alice", mode="device-admin", hardware="DA9")
    result = await matrix(contoso, "bob")
    assert result.devices == ()
    assert [other.enrollment_id for other in result.mail[0].others] == [again.enrollment_id]


def letter(contoso: Contoso, certificate: x509.Certificate) -> bytes:
    """A mail to Alice that is encrypted for one certificate."""
    head = EmailMessage()
    head["From"], head["To"], head["Subject"] = contoso.upn("bob"), contoso.upn("alice"), "Plan"
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(b"At noon.\r\n").add_recipient(certificate)
    body = builder.encrypt(Encoding.SMIME, [])
    return head.as_bytes().rstrip(b"\n") + b"\n" + body
