"""The CA's register: issue certificates directly, look them up, revoke them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Query

from fauxtune.core.engine.diagnosis.findings import moment
from fauxtune.core.errors import NotFound
from fauxtune.core.model.certificates import DIGITS, SYMBOLS, certificate_status
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.operations.ca import counter
from fauxtune.operations.ca import issuance as certificate_register
from fauxtune.operations.connectors import revocation
from fauxtune.operations.insight.certificates import KnownCertificate, known_certificate, source_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import key_holdings as key_queries
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.storage.rows.certificates import CertificateRow, IssuedCertificateRow, RevocationState
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

router = calls("/tenants/{tenant}/certificates", tag="certificates")

#: Characters of a question for marks: of some 150 whole thumbprints.
_LONGEST_QUESTION = 6_200


_USAGES = {
    "encryption": {"keyEncipherment", "dataEncipherment", "keyAgreement"},
    "signing": {"digitalSignature", "nonRepudiation"},
}


@router.post("", status_code=201, response_model_exclude_none=True, summary="Issue a certificate to an administrator")
async def issue_certificate(here: Here, body: messages.NewCertificate) -> answers.Issued:
    """For a CSR, or with a new key that is returned in a PFX file; any validity, also in the past."""
    request = counter.CounterRequest(
        template=body.template,
        user_principal_name=body.user_principal_name,
        subject=body.subject,
        email=body.email,
        not_before=body.not_before,
        not_after=body.not_after,
        csr=None if body.csr is None else body.csr.encode(),
        pfx_password=body.pfx_password,
    )
    answer = await counter.issue(here.emulator, here.tenant, request=request)
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
) -> Listed[answers.Registered]:
    """The newest validity first."""

    def read(tx: Transaction) -> list[answers.Registered]:
        user_id = None
        if userPrincipalName is not None:
            user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=userPrincipalName)
            if user is None:
                raise NotFound(f"There is no user '{userPrincipalName}'.")
            user_id = user.id
        rows = queries.issued(tx.connection, tx.tenant.id, user_id=user_id)
        return _views(tx, [row for row in rows if usage is None or _USAGES[usage] & set(row.key_usage)])

    return Listed(value=await here.run(read))


@router.get("/marks", summary="Get the marks of certificates")
async def get_marks(
    here: Here,
    thumbprints: Annotated[
        str,
        Query(max_length=_LONGEST_QUESTION, description="thumbprints, or their first digits, with commas between them"),
    ],
) -> Listed[answers.CertificateMark]:
    """By a mark people tell certificates apart: no two certificates of a tenant have the same one, and it never
    changes. A certificate that the tenant's journal does not name has none, and is left out.
    """
    marks, rows = await here.marks(), []
    wanted = [part.strip() for part in thumbprints.split(",") if len(part.strip()) >= DIGITS]
    for each in marks.beginning_with(wanted):
        mark, source = marks.of(each), marks.source(each)
        symbol = "" if source is None else SYMBOLS[source]
        rows.append(
            answers.CertificateMark(thumbprint=each, mark=mark.letters, hue=mark.hue, source=source, symbol=symbol)
        )
    return Listed(value=rows)


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
            user=view.user_principal_name,
            source=view.source,
        )
        return _view(tx, _row(tx, key))

    return await here.run(change)


def _certificate(tx: Transaction, key: str) -> answers.Certificate:
    known = known_certificate(tx, key)
    der = known.der
    user = _upn(tx, known.user_id)
    users = {user, *(_upn(tx, record.user_id) for record in known.imports)}
    held = key_queries.holders(tx.connection, tx.tenant.id, thumbprint=known.thumbprint)
    devices = [known.device, *(row.enrollment_id for row in held)]
    records = managed_device_ids(tx.connection, tx.tenant.id, enrollment_ids=devices)
    return answers.Certificate.from_value(
        known,
        **_span(known),
        user_principal_name=user,
        status=known.status or "unknown",
        managed_device_id=records.get(known.device),
        certificate=None if der is None else x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode(),
        revocation=_revocation(known.revocation),
        users=sorted(name for name in users if name is not None),
        holders=[
            answers.Holder(
                device=holder.enrollment_id,
                managed_device_id=records.get(holder.enrollment_id),
                user=_upn(tx, holder.user_id),
            )
            for holder in held
        ],
    )


def _span(known: KnownCertificate) -> JsonObject:
    """Return from when to when it is valid: as its import says, until a connector has opened its file."""
    if known.der is None and known.imports:
        document = known.imports[0].document
        return {"not_before": document.get("startDateTime"), "not_after": document.get("expirationDateTime")}
    return {"not_before": moment(known.not_before), "not_after": moment(known.not_after)}


def _revocation(state: RevocationState | None) -> Literal["waiting", "refused"] | None:
    """Return whether the revocation waits, also for a connector that was asked, or was refused; None for neither."""
    return "waiting" if state == "asked" else state


def _row(tx: Transaction, key: str) -> CertificateRow:
    row = queries.certificate(tx.connection, tx.tenant.id, key=key)
    if row is None:
        raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")
    return row


def _views(tx: Transaction, rows: Sequence[CertificateRow]) -> list[answers.Registered]:
    known = managed_device_ids(tx.connection, tx.tenant.id, enrollment_ids=[row.enrollment_id for row in rows])
    return [
        answers.Registered.from_value(
            row,
            user_principal_name=_upn(tx, row.user_id),
            source=_source(tx, row),
            status=_status(tx, row),
            device=row.enrollment_id,
            managed_device_id=known.get(row.enrollment_id),
        )
        for row in rows
    ]


def _view(tx: Transaction, row: CertificateRow) -> answers.Registered:
    return _views(tx, [row])[0]


def _source(tx: Transaction, row: CertificateRow) -> str | None:
    if isinstance(row, IssuedCertificateRow):
        return source_of(row, imported=row.imported)
    return source_of(row, imported=pfx_queries.is_imported(tx.connection, tx.tenant.id, thumbprint=row.thumbprint))


def _status(tx: Transaction, row: CertificateRow) -> str:
    is_revoked = row.revoked_at is not None
    span = {"not_before": row.not_before, "not_after": row.not_after}
    return certificate_status(**span, revoked=is_revoked, now=tx.now).value


def _upn(tx: Transaction, user_id: UserId | None) -> str | None:
    return None if user_id is None else queries.name_of_user(tx.connection, tx.tenant.id, user_id=user_id)
