"""The CA's counter and register: issue to an administrator, look things up, revoke."""

from __future__ import annotations

import asyncio
import base64
from typing import Annotated, Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Query

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.model.states import CertificateStatus
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.operations import certificates
from fauxtune.operations.act import Act
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.calls import Here

router = APIRouter(prefix="/tenants/{tenant}/certificates", tags=["certificates"])

_USAGES = {"encryption": {"keyEncipherment", "keyAgreement"}, "signing": {"digitalSignature", "nonRepudiation"}}


@router.post("", status_code=201, summary="Issue a certificate to an administrator")
async def issue(here: Here, body: messages.NewCertificate) -> dict[str, Any]:
    """From a CSR, or with a key that is made and comes back as a PFX; any validity, also in the past."""
    request = certificates.CounterRequest(
        template=body.template,
        user_principal_name=body.user_principal_name,
        subject=body.subject,
        email=body.email,
        not_before=messages.moment(body.not_before),
        not_after=messages.moment(body.not_after),
        csr=None if body.csr is None else body.csr.encode(),
        pfx_password=body.pfx_password,
    )
    template = await here.run(certificates.template_named, request.template)
    key = await asyncio.to_thread(certificates.make_key, request, template=template, source=here.emulator.key_source)
    answer = await here.run(certificates.issue_at_counter, request, key=key, keys=here.emulator.keys)
    made = answer.certificate
    document = {
        "serial": serial_hex(made),
        "thumbprint": thumbprint(made),
        "certificate": made.public_bytes(Encoding.PEM).decode(),
        "chain": certificates.pem_chain(answer.chain),
    }
    if answer.pfx is not None:
        document |= {"pfx": base64.b64encode(answer.pfx).decode(), "pfxPassword": answer.pfx_password or ""}
    return document


@router.get("", summary="List what the CA issued")
async def list_all(
    here: Here,
    userPrincipalName: str | None = None,  # noqa: N803 - the wire's word
    usage: Annotated[Literal["encryption", "signing"] | None, Query()] = None,
) -> dict[str, Any]:
    """Newest validity first."""

    def read(act: Act) -> list[dict[str, Any]]:
        user_id = None
        if userPrincipalName is not None:
            user = directory_queries.user_by_key(act.connection, act.tenant.id, key=userPrincipalName)
            if user is None:
                raise NotFound(f"There is no user '{userPrincipalName}'.")
            user_id = user["id"]
        rows = queries.issued(act.connection, act.tenant.id, user_id=user_id)
        wanted = _USAGES[usage] if usage else None
        return [_view(act, row) for row in rows if wanted is None or wanted & set(row["key_usage"])]

    return {"value": await here.run(read)}


@router.get("/{key}", summary="Get a certificate by serial number or thumbprint")
async def get(here: Here, key: str) -> dict[str, Any]:
    """Status, reason, and the devices that hold it."""

    def read(act: Act) -> dict[str, Any]:
        row = _row(act, key)
        held = device_queries.holders(act.connection, act.tenant.id, thumbprint=row["thumbprint"])
        certificate = x509.load_der_x509_certificate(row["certificate"])
        return {
            **_view(act, row),
            "certificate": certificate.public_bytes(Encoding.PEM).decode(),
            "holders": [{"device": each["enrollment_id"], "user": each["user_id"]} for each in held],
        }

    return await here.run(read)


@router.post("/{key}/revoke", summary="Revoke a certificate")
async def revoke(here: Here, key: str, body: messages.Revocation) -> dict[str, Any]:
    """Its first date and reason stay when it is revoked already."""

    def change(act: Act) -> dict[str, Any]:
        row = _row(act, key)
        certificates.revoke(act, row["serial"], reason=body.reason, authority_name=row["authority"])
        return _view(act, _row(act, key))

    return await here.run(change)


def _row(act: Act, key: str) -> dict[str, Any]:
    row = queries.certificate(act.connection, act.tenant.id, key=key)
    if row is None:
        raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")
    return row


def _view(act: Act, row: dict[str, Any]) -> dict[str, Any]:
    imported = row.get("imported")
    if imported is None:
        imported = queries.is_imported(act.connection, act.tenant.id, thumbprint=row["thumbprint"])
    upn = None
    if row["user_id"] is not None:
        upn = queries.name_of_user(act.connection, act.tenant.id, user_id=row["user_id"])
    status = CertificateStatus.EXPIRED if row["not_after"] < act.now else CertificateStatus.GOOD
    status = CertificateStatus.REVOKED if row["revoked_at"] is not None else status
    issued_for_device = "pkcs" if row["enrollment_id"] is not None and row["authority"] == "issuing" else None
    return {
        "serial": row["serial"],
        "thumbprint": row["thumbprint"],
        "subject": row["subject"],
        "userPrincipalName": upn,
        "template": row["template"],
        "source": "imported" if imported else issued_for_device,
        "keyUsage": row["key_usage"],
        "notBefore": iso(row["not_before"]),
        "notAfter": iso(row["not_after"]),
        "status": status.value,
        "reason": row["reason"],
        "revokedDateTime": None if row["revoked_at"] is None else iso(row["revoked_at"]),
        "device": row["enrollment_id"],
    }
