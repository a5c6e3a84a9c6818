"""Imported certificates.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated
from fauxtune.operations.insight.audit_rules import IMPORTED_PFX, changes, creates, deletes
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import certificates as pfx

PFX = entity("userPFXCertificate")

_ALL = "deviceManagement/userPfxCertificates"
_ONE = f"{_ALL}/{{certificate}}"
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION


_REFUSALS = approximated("409 for one that the user has, 400 for an unknown user: neither is documented")
_FIXED = approximated("400 for another thumbprint or user, of which the key is made")
_VERBS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


def _beta(
    method: str, template: str, *, handler: Handler, summary: str, status: int = 200, fidelity: Fidelity = EXACT
) -> Route[Handler]:
    verb = _VERBS.get(method, "get" if template == _ONE else "list")
    return Route(
        method,
        template,
        handler,
        summary,
        accepts=PFX if method in ("POST", "PATCH") else None,
        returns=None if method == "DELETE" or template.endswith("$count") else PFX,
        many=method == "GET" and template == _ALL,
        status=status,
        beta_only=True,
        permissions=_READ if method == "GET" else _WRITE,
        source=f"Graph: userPFXCertificate: {verb} (beta)",
        fidelity=fidelity,
    )


CERTIFICATES: tuple[Route[Handler], ...] = (
    _beta("GET", _ALL, handler=pfx.list_certificates, summary="List imported certificates"),
    _beta(
        "POST",
        _ALL,
        handler=audited_by(creates(IMPORTED_PFX), pfx.import_certificate),
        summary="Import one",
        status=201,
        fidelity=_REFUSALS,
    ),
    _beta("GET", f"{_ALL}/$count", handler=pfx.count_certificates, summary="Count them"),
    _beta("GET", _ONE, handler=pfx.get_certificate, summary="Get one"),
    _beta(
        "PATCH",
        _ONE,
        handler=audited_by(changes(IMPORTED_PFX), pfx.update_certificate),
        summary="Update one",
        fidelity=_FIXED,
    ),
    _beta(
        "DELETE",
        _ONE,
        handler=audited_by(deletes(IMPORTED_PFX), pfx.delete_certificate),
        summary="Remove one from the service and from devices; nothing is revoked",
        status=204,
    ),
)
