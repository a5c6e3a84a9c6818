"""The CA's register: issue certificates directly, look them up, revoke them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.clock import iso
from fauxtune.core.engine.diagnosis.findings import moment
from fauxtune.core.errors import NotFound
from fauxtune.core.model.certificate_status import certificate_status
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.connectors import revocation
from fauxtune.operations.insight.diagnosis_facts import certificates_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries.diagnosis import managed_device_ids
from fauxtune.storage.rows.certificates import CertificateRow, IssuedCertificateRow
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}/certificates", tag="certificates")


#: What only a certificate has that was issued for a device here, and what only one has that can be revoked here.
_OF_A_DEVICE = ("reason", "revoked_date_time", "device", "managed_device_id")
_USAGES = {
    "encryption": {"keyEncipherment", "dataEncipherment", "keyAgreement"},
    "signing": {"digitalSignature", "nonRepudiation"},
}


@router.post("", status_code=201, response_model_exclude_none=True, summary="Issue a certificate to an administrator")
async def issue_certificate(here: Here, body: messages.NewCertificate) -> answers.Issued:
    """For a CSR, or with a new key that is returned in a PFX file; any validity, also in the past."""
    request = certificate_register.CounterRequest(
        template=body.template,
        user_principal_name=body.user_principal_name,
        subject=body.subject,
        email=body.email,
        not_before=body.not_before,
        not_after=body.not_after,
        csr=None if body.csr is None else body.csr.encode(),
        pfx_password=body.pfx_password,
    )
    template = await here.run(certificate_register.template_named, request.template)
    key = await asyncio.to_thread(
        certificate_register.make_key, request, template=template, source=here.emulator.key_source
    )
    answer = await here.run(certificate_register.issue_at_counter, request, key=key, keys=here.emulator.keys)
    return answers.Issued(
        serial=serial_hex(answer.certificate),
        thumbprint=thumbprint(answer.certificate),
        certificate=certificate_register.pem_chain((answer.certificate,)),
        chain=certificate_register.pem_chain(answer.chain),
        pfx=None if answer.pfx is None else base64.b64encode(answer.pfx).decode(),
        pfx_password=answer.pfx_password,
    )


@router.get("", summary="List what the CA issued")
async def list_certificates(
    *,
    here: Here,
    userPrincipalName: str | None = None,  # noqa: N803 - the wire's word
    usage: Literal["encryption", "signing"] | None = None,
) -> answers.Listed[answers.Registered]:
    """The newest validity first."""

    def read(tx: Transaction) -> list[JsonObject]:
        user_id = None
        if userPrincipalName is not None:
            user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=userPrincipalName)
            if user is None:
                raise NotFound(f"There is no user '{userPrincipalName}'.")
            user_id = user.id
        rows = queries.issued(tx.connection, tx.tenant.id, user_id=user_id)
        return _views(tx, [row for row in rows if usage is None or _USAGES[usage] & set(row.key_usage)])

    return answers.Listed(value=[answers.Registered(**row) for row in await here.run(read)])


@router.get("/{key}", summary="Get a certificate by serial number or thumbprint")
async def get_certificate(here: Here, key: str) -> answers.Certificate:
    """Status, reason, users, and the devices that hold it. An imported certificate of another CA is known by its
    thumbprint; an authority's own certificate is found too.
    """
    return await here.run(_certificate, key)


@router.post("/{key}/revoke", summary="Revoke a certificate")
async def revoke_certificate(*, here: Here, key: str, body: messages.Revocation | None = None) -> answers.Registered:
    """It stays where it is installed. Its first date and reason stay when it is revoked already, unless it is on hold
    (certificateHold): then it can be released (removeFromCRL), or revoked for good.
    """
    result = body or messages.Revocation()

    def change(tx: Transaction) -> answers.Registered:
        row = _row(tx, key)
        view = _view(tx, row)
        revocation.revoke(
            tx,
            row.serial,
            reason=result.reason,
            authority_name=row.authority,
            device=row.enrollment_id,
            user=view["user_principal_name"],
            source=view["source"],
        )
        return answers.Registered(**_view(tx, _row(tx, key)))

    return await here.run(change)


def _certificate(tx: Transaction, key: str) -> answers.Certificate:
    row = queries.certificate(tx.connection, tx.tenant.id, key=key)
    if row is None:
        view, der = _external(tx, key) or _authority(tx, key)
    else:
        view, der = _view(tx, row), row.certificate
    mark = view["thumbprint"]
    imported = pfx_queries.records_of_thumbprint(tx.connection, tx.tenant.id, thumbprint=mark)
    users = {view["user_principal_name"], *(_upn(tx, record.user_id) for record in imported)} - {None}
    held = device_queries.holders(tx.connection, tx.tenant.id, thumbprint=mark)
    known = managed_device_ids(tx.connection, tx.tenant.id, enrollment_ids=[row.enrollment_id for row in held])
    return answers.Certificate(
        **view,
        certificate=None if der is None else x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode(),
        revocation=None if row is None else _revocation(row),
        users=sorted(users),
        holders=[
            answers.Holder(
                device=holder.enrollment_id,
                managed_device_id=known.get(holder.enrollment_id),
                user=_upn(tx, holder.user_id),
            )
            for holder in held
        ],
    )


def _revocation(row: CertificateRow) -> Literal["waiting", "refused"] | None:
    """Return whether the revocation waits, also for a connector that was asked, or was refused; None for neither."""
    return "waiting" if row.revocation_state == "asked" else row.revocation_state


def _external(tx: Transaction, key: str) -> tuple[JsonObject, bytes | None] | None:
    """An imported certificate that no authority of the tenant issued; its DER once a connector has opened its file."""
    imported = pfx_queries.records_of_thumbprint(tx.connection, tx.tenant.id, thumbprint=key.lower())
    if not imported:
        return None
    record = next((record for record in imported if record.certificate is not None), imported[0])
    document, user_id = record.document, record.user_id
    certificates = certificates_of(tx, user_id)
    certificate = next(candidate for candidate in certificates if candidate.thumbprint == key.lower())
    contents = certificate.contents
    view = {
        **dict.fromkeys(("authority", "template", *_OF_A_DEVICE)),
        "serial": certificate.serial,
        "thumbprint": certificate.thumbprint,
        "subject": None if contents is None else contents.subject,
        "user_principal_name": _upn(tx, user_id),
        "source": "external",
        "key_usage": [] if contents is None else sorted(contents.key_usage or ()),
        "not_before": document.get("startDateTime") if contents is None else moment(certificate.not_before),
        "not_after": document.get("expirationDateTime") if contents is None else moment(certificate.not_after),
        "status": "unknown",
    }
    return view, record.certificate


def _authority(tx: Transaction, key: str) -> tuple[JsonObject, bytes | None]:
    """An authority's own certificate. Raises NotFound for an unknown one."""
    for row in authority_queries.authorities_of(tx.connection, tx.tenant.id):
        certificate = x509.load_der_x509_certificate(row.certificate)
        if key.lower() in (thumbprint(certificate), serial_hex(certificate)):
            span = {"not_before": certificate.not_valid_before_utc, "not_after": certificate.not_valid_after_utc}
            view = {
                **dict.fromkeys(("user_principal_name", "template", "source", *_OF_A_DEVICE)),
                "serial": serial_hex(certificate),
                "thumbprint": thumbprint(certificate),
                "authority": "root" if row.role == "issuing" else row.name,
                "subject": subject_text(certificate.subject),
                "key_usage": ["keyCertSign", "cRLSign"],
                **{name: iso(moment) for name, moment in span.items()},
                "status": certificate_status(**span, revoked=False, now=tx.now).value,
            }
            return view, row.certificate
    raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")


def _row(tx: Transaction, key: str) -> CertificateRow:
    row = queries.certificate(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")
    return row


def _views(tx: Transaction, rows: Sequence[CertificateRow]) -> list[JsonObject]:
    known = managed_device_ids(tx.connection, tx.tenant.id, enrollment_ids=[row.enrollment_id for row in rows])
    return [{**_shown(tx, row), "managed_device_id": known.get(row.enrollment_id)} for row in rows]


def _view(tx: Transaction, row: CertificateRow) -> JsonObject:
    return _views(tx, [row])[0]


def _shown(tx: Transaction, row: CertificateRow) -> JsonObject:
    return {
        "serial": row.serial,
        "thumbprint": row.thumbprint,
        "authority": row.authority,
        "subject": row.subject,
        "user_principal_name": _upn(tx, row.user_id),
        "template": row.template,
        "source": _source(tx, row),
        "key_usage": row.key_usage,
        "not_before": iso(row.not_before),
        "not_after": iso(row.not_after),
        "status": _status(tx, row),
        "reason": row.reason,
        "revoked_date_time": None if row.revoked_at is None else iso(row.revoked_at),
        "device": row.enrollment_id,
    }


def _source(tx: Transaction, row: CertificateRow) -> str | None:
    if row.authority == "devices":
        return None  # a device's identity: it is no S/MIME certificate
    if row.enrollment_id is not None:
        return "pkcs"
    if isinstance(row, IssuedCertificateRow):
        imported = row.imported
    else:
        imported = pfx_queries.is_imported(tx.connection, tx.tenant.id, thumbprint=row.thumbprint)
    return "imported" if imported else None


def _status(tx: Transaction, row: CertificateRow) -> str:
    is_revoked = row.revoked_at is not None
    span = {"not_before": row.not_before, "not_after": row.not_after}
    return certificate_status(**span, revoked=is_revoked, now=tx.now).value


def _upn(tx: Transaction, user_id: UserId | None) -> str | None:
    return None if user_id is None else queries.name_of_user(tx.connection, tx.tenant.id, user_id=user_id)
