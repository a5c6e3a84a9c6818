"""Imported certificates, and certificate connectors.

Imported certificates.

Certificate connectors, in both of Graph's forms.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, Fidelity, approximated
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.insight.audit_rules import IMPORTED_PFX, changes, creates, deletes
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by, runs
from fauxtune.surfaces.graph.resources import certificates
from fauxtune.surfaces.graph.resources.parts import Computed
from fauxtune.surfaces.graph.routes.collections import read_collection

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
    _beta("GET", _ALL, handler=certificates.list_certificates, summary="List imported certificates"),
    _beta(
        "POST",
        _ALL,
        handler=audited_by(creates(IMPORTED_PFX), certificates.import_certificate),
        summary="Import one",
        status=201,
        fidelity=_REFUSALS,
    ),
    _beta("GET", f"{_ALL}/$count", handler=certificates.count_certificates, summary="Count them"),
    _beta("GET", _ONE, handler=certificates.get_certificate, summary="Get one"),
    _beta(
        "PATCH",
        _ONE,
        handler=audited_by(changes(IMPORTED_PFX), certificates.update_certificate),
        summary="Update one",
        fidelity=_FIXED,
    ),
    _beta(
        "DELETE",
        _ONE,
        # Exactly 204: the import cmdlets insist on it.
        handler=audited_by(deletes(IMPORTED_PFX), runs(imported_pfx.delete_pfx, key="certificate")),
        summary="Remove one from the service and from devices; nothing is revoked",
        status=204,
    ),
)


def _connectors(name: str, collection: Computed, *, what: str) -> tuple[Route[Handler], ...]:
    return read_collection(
        f"deviceManagement/{name}",
        collection,
        summaries=(f"List {what}s", "Count connectors", f"Get a {what}"),
        returns=collection.entity,
        beta_only=True,
        permissions=needs.READ_CONFIGURATION,
        source=f"Graph: {collection.entity.name} (beta)",
        fidelity=EXACT,
        dated=True,
        dated_count=False,
    )


CONNECTORS: tuple[Route[Handler], ...] = (
    *_connectors("ndesConnectors", certificates.NDES_CONNECTORS, what="connector"),
    Route(
        "DELETE",
        "deviceManagement/ndesConnectors/{connector}",
        certificates.delete_ndes,
        "Remove a connector that is inactive",
        status=204,
        beta_only=True,
        permissions=needs.WRITE_CONFIGURATION,
        source="Graph: Delete ndesConnector (beta)",
        fidelity=approximated("400 for one that is active: what the real service does is not documented"),
    ),
    *_connectors("certificateConnectorDetails", certificates.CONNECTORS_IN_DETAIL, what="certificate connector"),
)
