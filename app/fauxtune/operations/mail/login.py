"""Logging in to a mailbox: by the user's password, or by a certificate that the tenant's CA issued to the user.

Intune, "Add email settings": the authentication method of an e-mail profile is a user name and password, or a
certificate. TLS has proved that the client holds the key of the certificate. Revocation is read in the register, from
which the CRL is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.clock import iso
from fauxtune.core.model.certificates import reason
from fauxtune.core.model.ids import EnrollmentId, UserId
from fauxtune.core.model.states import Cause, EnrollmentState
from fauxtune.core.pki import names
from fauxtune.core.pki.crl import HOLD
from fauxtune.core.pki.template import CLIENT_AUTHENTICATION
from fauxtune.operations.directory.users_and_groups import password_opens
from fauxtune.operations.mail.mailboxes import owner_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.authorities import DEVICES, ROOT
from fauxtune.storage.rows.certificates import CertificateRow
from fauxtune.storage.rows.directory import UserRow

#: The extended key usage that allows every use (RFC 5280 4.2.1.12).
_ANY_USE = "2.5.29.37.0"
_ENDED: dict[Cause | None, str] = {
    Cause.WIPE: "wiped",
    Cause.RETIRE: "retired",
    Cause.UNENROLL: "unenrolled by its user",
    Cause.DELETE: "deleted from management",
}


class Why(StrEnum):
    """Why a login is refused."""

    WRONG_PASSWORD = "wrongPassword"  # noqa: S105 - a reason
    DISABLED = "disabled"
    NOT_OURS = "notOurs"
    NO_MAILBOX = "noMailbox"
    OTHER_USER = "otherUser"
    NOT_YET_VALID = "notYetValid"
    EXPIRED = "expired"
    NOT_FOR_CLIENTS = "notForClients"
    DEVICE_ENDED = "deviceEnded"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Login:
    """A user who has logged in to the own mailbox."""

    user_id: UserId
    user_principal_name: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A login that was refused, and why, in one sentence without a full stop."""

    why: Why
    text: str


def by_password(tx: Transaction, name: str, *, password: str) -> Login | Refusal:
    """Log in with a userPrincipalName or address and the user's password."""
    user = _owner(tx, name)
    # One text for both: nobody learns here which mailboxes exist.
    if user is None or not password_opens(tx.connection, user, password=password, people=tx.people_password):
        return Refusal(Why.WRONG_PASSWORD, "the name or the password is wrong")
    return _enabled(user)


def addresses(certificate: x509.Certificate) -> list[str]:
    """Return the mail addresses and user principal names in the alternative names of a certificate."""
    try:
        present = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    others = [name for name in present.get_values_for_type(x509.OtherName) if name.type_id == names.PRINCIPAL_NAME]
    # The value is a UTF8String, shorter than 128 octets: two of them are tag and length.
    principals = [name.value[2:].decode(errors="replace") for name in others]
    return [*present.get_values_for_type(x509.RFC822Name), *principals]


def by_certificate(tx: Transaction, certificate: x509.Certificate, *, name: str) -> Login | Refusal:
    """Log in to the mailbox `name` with a certificate that the tenant's CA issued to its user."""
    row = certificate_queries.certificate(tx.connection, tx.tenant.id, key=names.thumbprint(certificate))
    if row is None or row.certificate != certificate.public_bytes(Encoding.DER):
        return Refusal(Why.NOT_OURS, f"the certificate was not issued by the CA of {tx.tenant.domain}")
    if row.authority in {ROOT, DEVICES}:
        return Refusal(Why.NOT_OURS, "the certificate is for device management, not for mail")
    user = _owner(tx, name)
    if user is None:
        return Refusal(Why.NO_MAILBOX, f"there is no mailbox {name} in {tx.tenant.domain}")
    result = _refusal(tx, row, user=user, certificate=certificate) or _enabled(user)
    if isinstance(result, Refusal):
        described = {"thumbprint": row.thumbprint, "serial": row.serial, "source": None}
        tx.record(
            "mailLoginRefused",
            user=str(user.document["userPrincipalName"]),
            device=row.enrollment_id,
            certificate=described,
            code=result.why.value,
            reason=result.text,
        )
    return result


def _owner(tx: Transaction, name: str) -> UserRow | None:
    user_id = owner_of(tx, name)
    return None if user_id is None else directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)


def _enabled(user: UserRow) -> Login | Refusal:
    name = str(user.document["userPrincipalName"])
    if not user.document.get("accountEnabled", True):
        return Refusal(Why.DISABLED, f"the account {name} is disabled")
    return Login(user.id, name)


def _refusal(tx: Transaction, row: CertificateRow, *, user: UserRow, certificate: x509.Certificate) -> Refusal | None:
    """Why the certificate does not open the user's mailbox; None if it does."""
    if not _is_of(tx, row, user=user, certificate=certificate):
        return Refusal(Why.OTHER_USER, f"the certificate is not one of {user.document['userPrincipalName']}")
    if tx.now < row.not_before:
        return Refusal(Why.NOT_YET_VALID, f"the certificate is not valid before {iso(row.not_before)}")
    if tx.now > row.not_after:
        return Refusal(Why.EXPIRED, f"the certificate expired at {iso(row.not_after)}")
    ended = None if row.enrollment_id is None else _end_of(tx, row.enrollment_id)
    if ended is not None:
        also = "" if row.revoked_at is None else f", and the certificate was revoked at {iso(row.revoked_at)}"
        return Refusal(Why.DEVICE_ENDED, f"the device that the certificate was issued for {ended}{also}")
    if row.revoked_at is not None:
        what = "is on hold since" if row.reason == HOLD else "was revoked at"
        return Refusal(Why.REVOKED, f"the certificate {what} {iso(row.revoked_at)} ({reason(row.reason)})")
    if not _is_for_clients(row):
        return Refusal(Why.NOT_FOR_CLIENTS, "the certificate lacks the extended key usage of TLS clients (clientAuth)")
    return None


def _is_of(tx: Transaction, row: CertificateRow, *, user: UserRow, certificate: x509.Certificate) -> bool:
    """Whether the certificate is the user's: by the register, or by its addresses if the register names no user."""
    if row.user_id is not None:
        return row.user_id == user.id
    return any(owner_of(tx, address) == user.id for address in addresses(certificate))


def _end_of(tx: Transaction, enrollment_id: EnrollmentId) -> str | None:
    """How the management of the device ended or ends, in words; None if it goes on."""
    enrollment = device_queries.enrollment(tx.connection, enrollment_id, tenant_id=tx.tenant.id)
    if enrollment is None:
        return "is not managed any more"
    if enrollment.state is EnrollmentState.ACTIVE:
        return None
    verb = "was" if enrollment.state is EnrollmentState.ENDED else "is being"
    return f"{verb} {_ENDED.get(enrollment.cause, 'taken from management')}"


def _is_for_clients(row: CertificateRow) -> bool:
    """Whether the certificate may authenticate a client; one without extended key usages may (RFC 5280 4.2.1.12)."""
    uses = set((row.extended_key_usages or "").split(",")) - {""}
    return not uses or bool(uses & {CLIENT_AUTHENTICATION, _ANY_USE})
