"""The CA's counter and register: issue to an administrator, look things up, revoke."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.operations import certificates
from fauxtune.operations.act import Act
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}/certificates", tag="certificates")

Row = dict[str, Any]

_USAGES = {
    "encryption": {"keyEncipherment", "dataEncipherment", "keyAgreement"},
    "signing": {"digitalSignature", "nonRepudiation"},
}


@router.post("", status_code=201, response_model_exclude_none=True, summary="Issue a certificate to an administrator")
async def issue_certificate(here: Here, body: messages.NewCertificate) -> answers.Issued:
    """From a CSR, or with a key that is made and comes back as a PFX; any validity, also in the past."""
    request = certificates.CounterRequest(
        template=body.template,
        user_principal_name=body.user_principal_name,
        subject=body.subject,
        email=body.email,
        not_before=body.not_before,
        not_after=body.not_after,
        csr=None if body.csr is None else body.csr.encode(),
        pfx_password=body.pfx_password,
    )
    template = await here.run(certificates.template_named, request.template)
    key = await asyncio.to_thread(certificates.make_key, request, template=template, source=here.emulator.key_source)
    answer = await here.run(certificates.issue_at_counter, request, key=key, keys=here.emulator.keys)
    return answers.Issued(
        serial=serial_hex(answer.certificate),
        thumbprint=thumbprint(answer.certificate),
        certificate=certificates.pem_chain((answer.certificate,)),
        chain=certificates.pem_chain(answer.chain),
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
    """Newest validity first."""

    def read(act: Act) -> list[Row]:
        user_id = None
        if userPrincipalName is not None:
            user = directory_queries.user_by_key(act.connection, act.tenant.id, key=userPrincipalName)
            if user is None:
                raise NotFound(f"There is no user '{userPrincipalName}'.")
            user_id = user["id"]
        rows = queries.issued(act.connection, act.tenant.id, user_id=user_id)
        return [_view(act, row) for row in rows if usage is None or _USAGES[usage] & set(row["key_usage"])]

    return answers.Listed(value=[answers.Registered(**each) for each in await here.run(read)])


@router.get("/{key}", summary="Get a certificate by serial number or thumbprint")
async def get_certificate(here: Here, key: str) -> answers.Certificate:
    """Status, reason, and the devices that hold it."""

    def read(act: Act) -> answers.Certificate:
        row = _row(act, key)
        certificate = x509.load_der_x509_certificate(row["certificate"])
        held = device_queries.holders(act.connection, act.tenant.id, thumbprint=row["thumbprint"])
        return answers.Certificate(
            **_view(act, row),
            certificate=certificate.public_bytes(Encoding.PEM).decode(),
            holders=[answers.Holder(device=each["enrollment_id"], user=_upn(act, each["user_id"])) for each in held],
        )

    return await here.run(read)


@router.post("/{key}/revoke", summary="Revoke a certificate")
async def revoke_certificate(*, here: Here, key: str, body: messages.Revocation | None = None) -> answers.Registered:
    """It stays where it is installed. Its first date and reason stay when it is revoked already."""
    wanted = body or messages.Revocation()

    def change(act: Act) -> answers.Registered:
        row = _row(act, key)
        shown = _view(act, row)
        certificates.revoke(
            act,
            row["serial"],
            reason=wanted.reason,
            authority_name=row["authority"],
            device=row["enrollment_id"],
            user=shown["user_principal_name"],
            source=shown["source"],
        )
        return answers.Registered(**_view(act, _row(act, key)))

    return await here.run(change)


def _row(act: Act, key: str) -> Row:
    row = queries.certificate(act.connection, act.tenant.id, key=key)
    if row is None:
        raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")
    return row


def _view(act: Act, row: Row) -> Row:
    return {
        "serial": row["serial"],
        "thumbprint": row["thumbprint"],
        "subject": row["subject"],
        "user_principal_name": _upn(act, row["user_id"]),
        "template": row["template"],
        "source": _source(act, row),
        "key_usage": row["key_usage"],
        "not_before": iso(row["not_before"]),
        "not_after": iso(row["not_after"]),
        "status": _status(act, row),
        "reason": row["reason"],
        "revoked_date_time": None if row["revoked_at"] is None else iso(row["revoked_at"]),
        "device": row["enrollment_id"],
    }


def _source(act: Act, row: Row) -> str | None:
    if row["authority"] != "issuing":
        return None  # a device's identity: it is no S/MIME certificate
    if row["enrollment_id"] is not None:
        return "pkcs"
    imported = row.get("imported")
    if imported is None:
        imported = queries.is_imported(act.connection, act.tenant.id, thumbprint=row["thumbprint"])
    return "imported" if imported else None


def _status(act: Act, row: Row) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["not_after"] <= act.now else "good"


def _upn(act: Act, user_id: str | None) -> str | None:
    return None if user_id is None else queries.name_of_user(act.connection, act.tenant.id, user_id=user_id)
