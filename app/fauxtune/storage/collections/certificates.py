"""Imported certificates."""

from __future__ import annotations

from typing import cast

from sqlalchemy import select

from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.tables import pfx_certificates
from fauxtune.storage.tenancy import of_tenant

USER_PFX_CERTIFICATES: Collection[JsonObject] = Collection(
    # Without the files.
    row=lambda values: cast(JsonObject, values[0]),
    statement=lambda tenant_id: select(pfx_certificates.c.document).where(of_tenant(pfx_certificates, tenant_id)),
    document=pfx_certificates.c.document,
    columns={"thumbprint": pfx_certificates.c.thumbprint},
    order=(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint),
)
