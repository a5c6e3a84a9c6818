"""Imported certificates."""

from __future__ import annotations

from sqlalchemy import select

from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.base import Collection, documents
from fauxtune.storage.tables import pfx_certificates

#: Imported certificates come without their files.
_PFX = (pfx_certificates.c.user_id, pfx_certificates.c.thumbprint, pfx_certificates.c.document)

USER_PFX_CERTIFICATES: Collection[JsonObject] = Collection(
    row=documents(each.name for each in _PFX),
    statement=lambda tenant_id: select(*_PFX).where(pfx_certificates.c.tenant_id == tenant_id),
    document=pfx_certificates.c.document,
    columns={"thumbprint": pfx_certificates.c.thumbprint},
    order=(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint),
)
