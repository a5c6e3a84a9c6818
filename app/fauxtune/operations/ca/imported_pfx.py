"""Imported certificates. Graph: userPFXCertificate.

The service stores the PFX file as it was sent and the password as it was encrypted for the connector; it can open
neither. The connector finds out at the first delivery whether they fit; from then on the service knows the certificate.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from typing import TypedDict

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Conflict, Invalid, NotFound, PfxUnreadable
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import imported_key
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.pfx import check_pfx_structure
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as queries
from fauxtune.storage.rows.certificates import PfxChanges, PfxRow

_SHA1 = re.compile(r"[0-9a-f]{40}")
_RSA_BYTES = (128, 192, 256, 384, 512, 1024)
#: What reads return in place of the secrets; a client that sends it back leaves the secret unchanged.
NO_BLOB = "AA=="
_SECRETS = ("encryptedPfxBlob", "encryptedPfxPassword")


def record_id(user_id: UserId, thumbprint: str) -> str:
    """Return Graph's key of an imported certificate: the user's id without hyphens, a hyphen, the thumbprint."""
    return f"{user_id.replace('-', '')}-{thumbprint}"


def split_id(key: str) -> tuple[UserId, str]:
    """Return the user id and thumbprint of a key, in any case, with or without hyphens in the user's id. Raises
    NotFound for a key of another form.
    """
    user, _, thumbprint = key.lower().rpartition("-")
    digits = user.replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        raise NotFound(f"There is no userPfxCertificate '{key}'; its key is <user id>-<thumbprint>.")
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return UserId("-".join(parts)), thumbprint


def import_pfx(tx: Transaction, document: JsonObject) -> JsonObject:
    """Import a certificate for every device of its user. Raises Conflict when the user has it already."""
    thumbprint = _thumbprint(document)
    upn = str(document.get("userPrincipalName") or "")
    user = directory_queries.user_by_upn(tx.connection, tx.tenant.id, upn=upn)
    if user is None:
        raise Invalid(f"There is no user '{upn}' to import a certificate for.", target="userPrincipalName")
    if queries.pfx(tx.connection, tx.tenant.id, user_id=user.id, thumbprint=thumbprint) is not None:
        raise Conflict(
            f"The certificate {thumbprint} is imported for {upn} already; use PATCH to change it.", target="thumbprint"
        )
    user_id = user.id
    key, now = record_id(user_id, thumbprint), iso(tx.now)
    public = {name: value for name, value in document.items() if name not in _SECRETS}
    full = {**public, "id": key, "thumbprint": thumbprint, "createdDateTime": now, "lastModifiedDateTime": now}
    pfx = _pfx(document)
    row = PfxRow(
        tenant_id=tx.tenant.id,
        user_id=user_id,
        thumbprint=thumbprint,
        encrypted_password=_password(document),
        pfx=pfx,
        fingerprint=hashlib.sha256(pfx).hexdigest(),
        verified=False,
        certificate=None,
        document=full,
        **_columns(full),
    )
    queries.add_pfx(tx.connection, row)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=user.id))
    tx.record("imported", user=upn, certificate=_certificate(thumbprint), purpose=full.get("intendedPurpose"))
    return full


def update_pfx(tx: Transaction, key: str, *, changes: JsonObject) -> JsonObject:
    """Merge changes into a record. `NO_BLOB` in place of a secret leaves the secret as it is."""
    row = _record(tx, key)
    sent = {name: value for name, value in changes.items() if value not in (None, "", NO_BLOB) or name not in _SECRETS}
    for fixed, now in (("thumbprint", row.thumbprint), ("userPrincipalName", row.document["userPrincipalName"])):
        if str(sent.get(fixed) or now).lower() != str(now).lower():
            raise Invalid(
                f"{fixed} is part of the record's key and cannot be changed: import it again.",
                target=fixed,
            )
        sent.pop(fixed, None)
    secrets: PfxChanges = {}
    if "encryptedPfxBlob" in sent:
        secrets["pfx"] = _pfx(sent)
        secrets["fingerprint"] = hashlib.sha256(secrets["pfx"]).hexdigest()
    if "encryptedPfxPassword" in sent:
        secrets["encrypted_password"] = _password(sent)
    public = {name: value for name, value in sent.items() if name not in _SECRETS}
    full = {**row.document, **public, "lastModifiedDateTime": iso(tx.now)}
    request_queries.forget_refusals(tx.connection, tx.tenant.id, item_key=imported_key(row.thumbprint))
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row.user_id))
    columns: PfxChanges = {"verified": False, "document": full, **secrets, **_columns(full)}
    queries.change_pfx(tx.connection, tx.tenant.id, user_id=row.user_id, thumbprint=row.thumbprint, **columns)
    return full


def delete_pfx(tx: Transaction, key: str) -> None:
    """Delete a record, and take the certificate from the user's devices. Nothing is revoked."""
    row = _record(tx, key)
    tx.wake(concern.by_user(tx.connection, tx.tenant.id, user_id=row.user_id))
    queries.delete_pfx(tx.connection, tx.tenant.id, user_id=row.user_id, thumbprint=row.thumbprint)
    tx.record("deleted", user=row.document["userPrincipalName"], certificate=_certificate(row.thumbprint))


def _record(tx: Transaction, key: str) -> PfxRow:
    user_id, thumbprint = split_id(key)
    row = queries.pfx(tx.connection, tx.tenant.id, user_id=user_id, thumbprint=thumbprint)
    if row is None:
        raise NotFound(f"There is no userPfxCertificate '{key}'.")
    return row


class _Columns(TypedDict):
    purpose: str
    provider: str
    key_name: str
    padding: str
    not_after: datetime | None


def _certificate(thumbprint: str) -> JsonObject:
    return {"thumbprint": thumbprint, "serial": None, "source": "imported"}


def _columns(document: JsonObject) -> _Columns:
    not_after = document.get("expirationDateTime")
    return {
        "purpose": document.get("intendedPurpose") or "unassigned",
        "provider": document.get("providerName") or "",
        "key_name": document.get("keyName") or "",
        "padding": document.get("paddingScheme") or "none",
        "not_after": None if not not_after else from_iso(not_after),
    }


def _thumbprint(document: JsonObject) -> str:
    thumbprint = str(document.get("thumbprint") or "").lower()
    if not _SHA1.fullmatch(thumbprint):
        raise Invalid(
            "thumbprint must be the certificate's SHA-1 hash: 40 hexadecimal digits without separators.",
            target="thumbprint",
        )
    return thumbprint


def _pfx(document: JsonObject) -> bytes:
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


def _password(document: JsonObject) -> bytes:
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
