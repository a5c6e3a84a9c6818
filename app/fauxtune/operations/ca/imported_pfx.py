"""Imported certificates. Graph: userPFXCertificate.

The service stores the PFX file as it came and the password as it was encrypted for the connector; it can open neither.
Whether they fit is found out by the connector, at the first delivery; from then on the service knows the certificate.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Conflict, Invalid, NotFound, PfxUnreadable
from fauxtune.core.model.items import imported_key
from fauxtune.core.pki.pfx import check_pfx_structure
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connector_requests as request_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries

Document = dict[str, Any]

_SHA1 = re.compile(r"[0-9a-f]{40}")
_RSA_BYTES = (128, 192, 256, 384, 512, 1024)
#: What reads show in place of the secrets; a client that sends them back means "unchanged".
NO_BLOB = "AA=="
_SECRETS = ("encryptedPfxBlob", "encryptedPfxPassword")


def record_id(user_id: str, thumbprint: str) -> str:
    """Graph's key of an imported certificate: the user's id without hyphens, a hyphen, the thumbprint."""
    return f"{user_id.replace('-', '')}-{thumbprint}"


def split_id(key: str) -> tuple[str, str]:
    """(user id, thumbprint) of a key, with or without hyphens in the user's id, in any case. NotFound otherwise."""
    user, _, thumbprint = key.lower().rpartition("-")
    digits = user.replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        raise NotFound(f"There is no userPfxCertificate '{key}'; its key is <user id>-<thumbprint>.")
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(parts), thumbprint


def import_pfx(tx: Transaction, document: Document) -> Document:
    """A new imported certificate, for every device of its user. Conflict when the user has it: change it with PATCH."""
    thumbprint = _thumbprint(document)
    upn = str(document.get("userPrincipalName") or "")
    user = directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=upn)
    if user is None:
        raise Invalid(f"There is no user '{upn}' to import a certificate for.", target="userPrincipalName")
    if pfx_queries.pfx(tx.connection, tx.tenant.id, user_id=user["id"], thumbprint=thumbprint) is not None:
        raise Conflict(
            f"The certificate {thumbprint} is imported for {upn} already; use PATCH to change it.", target="thumbprint"
        )
    key, now = record_id(user["id"], thumbprint), iso(tx.now)
    shown = {name: value for name, value in document.items() if name not in _SECRETS}
    full = {**shown, "id": key, "thumbprint": thumbprint, "createdDateTime": now, "lastModifiedDateTime": now}
    pfx = _pfx(document)
    pfx_queries.add_pfx(
        tx.connection,
        tx.tenant.id,
        user_id=user["id"],
        thumbprint=thumbprint,
        pfx=pfx,
        fingerprint=hashlib.sha256(pfx).hexdigest(),
        encrypted_password=_password(document),
        verified=False,
        document=full,
        **_columns(full),
    )
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=user["id"]))
    tx.record("imported", user=upn, certificate=_certificate(thumbprint), purpose=full.get("intendedPurpose"))
    return full


def update_pfx(tx: Transaction, key: str, *, changes: Document) -> Document:
    """Merge changes. The dummies that reads show in place of the secrets leave these as they are."""
    row = _record(tx, key)
    sent = {name: value for name, value in changes.items() if value not in (None, "", NO_BLOB) or name not in _SECRETS}
    for fixed, now in (("thumbprint", row["thumbprint"]), ("userPrincipalName", row["document"]["userPrincipalName"])):
        if str(sent.get(fixed) or now).lower() != str(now).lower():
            raise Invalid(f"{fixed} is part of the record's key and cannot be changed: import it anew.", target=fixed)
        sent.pop(fixed, None)
    values: Document = {}
    if "encryptedPfxBlob" in sent:
        values["pfx"] = _pfx(sent)
        values["fingerprint"] = hashlib.sha256(values["pfx"]).hexdigest()
    if "encryptedPfxPassword" in sent:
        values["encrypted_password"] = _password(sent)
    shown = {name: value for name, value in sent.items() if name not in _SECRETS}
    full = {**row["document"], **shown, "lastModifiedDateTime": iso(tx.now)}
    request_queries.forget_refusals(tx.connection, tx.tenant.id, item_key=imported_key(row["thumbprint"]))
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row["user_id"]))
    pfx_queries.change_pfx(
        tx.connection,
        tx.tenant.id,
        user_id=row["user_id"],
        thumbprint=row["thumbprint"],
        verified=False,
        document=full,
        **values,
        **_columns(full),
    )
    return full


def delete_pfx(tx: Transaction, key: str) -> None:
    """The record goes, and the certificate from the user's devices. Nothing is revoked."""
    row = _record(tx, key)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row["user_id"]))
    pfx_queries.delete_pfx(tx.connection, tx.tenant.id, user_id=row["user_id"], thumbprint=row["thumbprint"])
    tx.record("deleted", user=row["document"]["userPrincipalName"], certificate=_certificate(row["thumbprint"]))


def _record(tx: Transaction, key: str) -> Document:
    user_id, thumbprint = split_id(key)
    row = pfx_queries.pfx(tx.connection, tx.tenant.id, user_id=user_id, thumbprint=thumbprint)
    if row is None:
        raise NotFound(f"There is no userPfxCertificate '{key}'.")
    return row


def _certificate(thumbprint: str) -> Document:
    return {"thumbprint": thumbprint, "serial": None, "source": "imported"}


def _columns(document: Document) -> Document:
    not_after = document.get("expirationDateTime")
    return {
        "purpose": document.get("intendedPurpose") or "unassigned",
        "provider": document.get("providerName") or "",
        "key_name": document.get("keyName") or "",
        "padding": document.get("paddingScheme") or "none",
        "not_after": None if not not_after else from_iso(not_after),
    }


def _thumbprint(document: Document) -> str:
    thumbprint = str(document.get("thumbprint") or "").lower()
    if not _SHA1.fullmatch(thumbprint):
        raise Invalid(
            "thumbprint must be the certificate's SHA-1 hash: 40 hexadecimal digits without separators.",
            target="thumbprint",
        )
    return thumbprint


def _pfx(document: Document) -> bytes:
    try:
        data = base64.b64decode(document.get("encryptedPfxBlob") or "", validate=True)
    except ValueError:
        raise Invalid("encryptedPfxBlob is not base64.", target="encryptedPfxBlob") from None
    if not data:
        raise Invalid("encryptedPfxBlob is required: the PFX file's bytes, base64.", target="encryptedPfxBlob")
    try:
        check_pfx_structure(data)
    except PfxUnreadable as error:
        raise PfxUnreadable(f"encryptedPfxBlob: {error.message}.", target="encryptedPfxBlob") from None
    return data


def _password(document: Document) -> bytes:
    text = document.get("encryptedPfxPassword") or ""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Invalid("encryptedPfxPassword is not base64.", target="encryptedPfxPassword") from None
    if len(data) not in _RSA_BYTES:
        raise Invalid(
            f"encryptedPfxPassword has {len(data)} bytes; an RSA ciphertext has the size of its key, such as 256 for "
            "2048 bits. Encrypt the PFX password with the connector's public key.",
            target="encryptedPfxPassword",
        )
    return data
