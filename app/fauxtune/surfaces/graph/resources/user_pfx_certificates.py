"""Imported certificates. Graph: userPFXCertificate (the type spells PFX, the collection Pfx). Beta only.

The secrets go in and never come out: every read shows `AA==` and an empty text in their place.
"""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.operations.ca import imported_pfx
from fauxtune.storage.collections.certificates import USER_PFX_CERTIFICATES
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, check_options, created, entity_answer
from fauxtune.surfaces.graph.lists import Listed, computed, count_rows, list_rows

USER_PFX_CERTIFICATE = entity("userPFXCertificate")

_CONTEXT = "deviceManagement/userPfxCertificates"
_LISTED = Listed(
    collection=USER_PFX_CERTIFICATES,
    document=computed,
    entity=USER_PFX_CERTIFICATE,
    context=_CONTEXT,
    # The import cmdlets ignore nextLink: what they list must come in one page.
    page_size=100_000,
    largest_page=100_000,
)


async def list_certificates(call: Call) -> Answer:
    """GET /deviceManagement/userPfxCertificates."""
    return await list_rows(call, _LISTED)


async def count_certificates(call: Call) -> Answer:
    """GET /deviceManagement/userPfxCertificates/$count."""
    return await count_rows(call, _LISTED)


async def get_certificate(call: Call) -> Answer:
    """GET .../{user id}-{thumbprint}, in any key form."""
    check_options(call, USER_PFX_CERTIFICATE)
    key = call.keys["certificate"]
    user_id, thumbprint = imported_pfx.split_id(key)
    row = await call.read(pfx_queries.pfx, call.tenant.id, user_id=user_id, thumbprint=thumbprint)
    if row is None:
        raise NotFound(f"There is no userPfxCertificate '{key}'.")
    document = view(USER_PFX_CERTIFICATE, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)


async def import_certificate(call: Call) -> Answer:
    """POST. A certificate that the user has already is a 409."""
    body = accept(USER_PFX_CERTIFICATE, call.body(), partial=False, version=call.version)
    document = {**defaults(USER_PFX_CERTIFICATE), **body}
    document = await call.run(imported_pfx.import_pfx, document)
    return created(call, view(USER_PFX_CERTIFICATE, document, version=call.version), collection=_CONTEXT)


async def update_certificate(call: Call) -> Answer:
    """PATCH: 200 with the entity; `AA==` and an empty text leave the secrets as they are."""
    changes = accept(USER_PFX_CERTIFICATE, call.body(), partial=True, version=call.version)
    document = await call.run(imported_pfx.update_pfx, call.keys["certificate"], changes=changes)
    return entity_answer(call, view(USER_PFX_CERTIFICATE, document, version=call.version), context=_CONTEXT)


async def delete_certificate(call: Call) -> Answer:
    """DELETE: exactly 204, which the import cmdlets insist on."""
    await call.run(imported_pfx.delete_pfx, call.keys["certificate"])
    return NO_CONTENT
