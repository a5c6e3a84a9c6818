"""The certificates that NDES has the tenant's CA issue: at once, or when somebody approves the request.

The template is that for the key usage of the request, as the registry of NDES names them (SignatureTemplate,
EncryptionTemplate, GeneralPurposeTemplate); here settings of the tenant. Differs from AD CS: usages are those of the
request, which the service has compared with the profile; there they are the template's.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.refusals import (
    AuthorityRefused,
    AuthorityUnavailable,
    TemplateUnknown,
)
from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from fauxtune.core.model.connectors import SCEP_ROLE, Happening
from fauxtune.core.model.items import scep_key
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.foreign import extension_of, request_from
from fauxtune.core.pki.issuance import BACKDATED, issue_as_requested
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.core.pki.template import KeyUsage, Template
from fauxtune.core.scep.challenge import Verdict
from fauxtune.operations.ca import authorities, issuance
from fauxtune.operations.ca.issuance import check_enrolment, refusals
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.checkin.scep_challenges import AuthorityRequest, KnownRequest
from fauxtune.operations.connectors import event_log
from fauxtune.operations.connectors.ra_certificates import serving_connector
from fauxtune.operations.devices.audience import user_name
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.scep import ScepRequestRow

_LONGEST_REASON = 255


@dataclass(frozen=True, slots=True)
class Case:
    """A validated request, with its device and its challenge."""

    row: ScepRequestRow
    known: KnownRequest
    log: event_log.Writer


def issue(tx: Transaction, case: Case, *, keys: KeyStore) -> tuple[ScepRequestRow, x509.Certificate]:
    """Issue the certificate, write it into the register, and tell the service. Raises the kinds of ConnectorRefused."""
    row, log = case.row, case.log
    csr = request_from(row.csr or b"")
    template = _template(tx, csr)
    log.about(ca=tx.tenant.ca_name, template=template.name)
    authority = _authority(tx, keys)
    certificate = _certificate(tx, case, csr=csr, template=template, authority=authority)
    _register(tx, case, certificate=certificate, template=template, authority=authority)
    report = {
        "thumbprint": thumbprint(certificate),
        "serialNumber": serial_hex(certificate),
        "expiration": iso(certificate.not_valid_after_utc),
        "issuer": subject_text(certificate.issuer),
        "certificateAuthority": tx.tenant.ca_host,
    }
    scep_challenges.write_issued(tx, case.known, transaction=row.transaction, report=report)
    log.about(thumbprint=report["thumbprint"], serial=report["serialNumber"])
    for happening in (Happening.DONE, Happening.UPLOADED, Happening.SUCCEEDED):
        log.write(happening)
    issued = replace(
        row, state="issued", csr=None, authority=authority.name, serial=report["serialNumber"], decided_at=tx.now
    )
    queries.put_request(tx.connection, issued)
    return issued, certificate


def approve(tx: Transaction, request_id: str, *, keys: KeyStore) -> ScepRequestRow:
    """Issue the certificate of a request that waits.

    Raises NotFound, Conflict for a request that does not wait any more or whose device is gone, and the kinds of
    ConnectorRefused.
    """
    row = _waiting(tx, request_id)
    known = scep_challenges.known_request(tx, _to_service(row), keys=keys)
    if isinstance(known, Verdict):
        raise Conflict(f"The certificate cannot be issued any more: {known.code.value}; {known.description}")
    log = _log(tx, row, enrollment=known.enrollment)
    tx.record("scepRequestApproved", device=row.enrollment_id, profile=row.profile_id, request=row.id)
    return issue(tx, Case(row, known, log), keys=keys)[0]


def deny(tx: Transaction, request_id: str, *, reason: str, keys: KeyStore) -> ScepRequestRow:
    """Refuse a request that waits: the device's next poll is answered FAILURE. Raises NotFound, Conflict, Invalid."""
    row = _waiting(tx, request_id)
    if not reason.strip() or not reason.isprintable() or len(reason) > _LONGEST_REASON:
        raise Invalid(f"A reason is printable text of 1 to {_LONGEST_REASON} characters.", target="reason")
    refusal = AuthorityRefused(f"The request was denied: {reason}")
    log = _log(tx, row, enrollment=device_queries.enrollment(tx.connection, row.enrollment_id))
    log.write(Happening.FAILED, refusal=refusal)
    log.write(Happening.NOT_SUCCEEDED, refusal=refusal)
    denied = replace(row, state="denied", csr=None, message=reason, decided_at=tx.now)
    queries.put_request(tx.connection, denied)
    note_failed(tx, _to_service(row), code=refusal.code, reason=reason, keys=keys)
    tx.record("scepRequestDenied", device=row.enrollment_id, profile=row.profile_id, request=row.id, reason=reason)
    return denied


def _log(tx: Transaction, row: ScepRequestRow, *, enrollment: EnrollmentRow | None) -> event_log.Writer:
    """Return the writer of the log of the connector that accepted the request, or of the one that serves NDES now."""
    device = None if enrollment is None else enrollment.id
    user = None if enrollment is None else user_name(tx, enrollment)
    known = connector_queries.connector_rows(tx.connection, tx.tenant.id)
    connector = next(
        (connector_row for connector_row in known if connector_row.id == row.connector_id), None
    ) or serving_connector(tx)
    log = event_log.Writer(tx, connector, role=SCEP_ROLE, device=device, user=user)
    log.about(transaction=row.transaction)
    return log


def note_failed(tx: Transaction, request: AuthorityRequest, *, code: int, reason: str, keys: KeyStore) -> None:
    """Tell the service that a request which it validated was not granted."""
    report = {"hResult": code, "reason": reason[:_LONGEST_REASON]}
    scep_challenges.note_failed(tx, request, report=report, keys=keys)


def _to_service(row: ScepRequestRow) -> AuthorityRequest:
    """Return the request as the service knows it."""
    return AuthorityRequest(row.transaction, base64.b64encode(row.csr or b"").decode())


def digest(holder: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return the SHA-256 of a public key, in hex."""
    der = holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _waiting(tx: Transaction, request_id: str) -> ScepRequestRow:
    row = queries.request(tx.connection, tx.tenant.id, request_id=request_id)
    if row is None:
        raise NotFound(f"There is no SCEP request '{request_id}'.")
    if row.state != "pending":
        raise Conflict(f"The SCEP request '{request_id}' does not wait any more: it is {row.state}.")
    return row


def _template(tx: Transaction, csr: x509.CertificateSigningRequest) -> Template:
    """Return the template for the key usage of a request. Raises TemplateUnknown, and for one that does not let NDES
    enrol, or sets the subject itself, TemplateRefused or SubjectRefused.
    """
    setting = _setting(csr)
    name = str(tx.tenant.setting(setting))
    template = issuance.find(tx, name)
    if template is None:
        known = ", ".join(other.name for other in issuance.all_templates(tx, "issuing"))
        raise TemplateUnknown(
            f"'{tx.tenant.ca_name}' has no certificate template '{name}', which the setting {setting} names. "
            f"Its templates: {known}."
        )
    check_enrolment(template)
    return template


def _setting(csr: x509.CertificateSigningRequest) -> str:
    usage = extension_of(csr, x509.KeyUsage)
    signs, encrypts = usage is None or usage.digital_signature, usage is None or usage.key_encipherment
    if signs == encrypts:
        return "ndes.generalPurposeTemplate"
    return "ndes.signatureTemplate" if signs else "ndes.encryptionTemplate"


def _authority(tx: Transaction, keys: KeyStore) -> Authority:
    try:
        return tx.known(("issuer", "issuing"), lambda: authorities.issuer(tx, keys=keys))
    except Unavailable as error:
        raise AuthorityUnavailable(error.message) from None


def _certificate(
    tx: Transaction, case: Case, *, csr: x509.CertificateSigningRequest, template: Template, authority: Authority
) -> x509.Certificate:
    with refusals(template):
        return issue_as_requested(
            authority=authority,
            csr=csr,
            template=template,
            serial=tx.ids.serial(),
            not_before=tx.now - BACKDATED,
            not_after=_end(tx, case.known.challenge.request.days, template=template, authority=authority),
        )


def _end(tx: Transaction, days: int | None, *, template: Template, authority: Authority) -> datetime:
    """As a Windows CA does: the earliest end of the profile's, the template's and the authority's own."""
    longest = template.validity
    ordered = longest if days is None else timedelta(days=min(days, longest.days + 1))
    return min(tx.now + min(ordered, longest), authority.certificate.not_valid_after_utc)


def _register(
    tx: Transaction, case: Case, *, certificate: x509.Certificate, template: Template, authority: Authority
) -> None:
    row, enrollment = case.row, case.known.enrollment
    issuance.note(
        tx,
        certificate,
        authority_name=authority.name,
        template=template.name,
        key_usage=_usages(certificate),
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        item_key=scep_key(row.profile_id),
        profile_id=row.profile_id,
    )
    tx.record(
        "issued" if row.renews is None else "renewed",
        user=user_name(tx, enrollment),
        device=enrollment.id,
        profile=row.profile_id,
        certificate={"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": "scep"},
    )


def _usages(certificate: x509.Certificate) -> list[str]:
    """The key usages as templates name them, in their order."""
    usages = contents(certificate).key_usage or ()
    return [str(word) for word in KeyUsage if word in usages]
