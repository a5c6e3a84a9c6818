"""Certificate connectors, in both of Graph's forms.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity, approximated
from fauxtune.core.odata.schema.types import Entity
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import certificates

CERTIFICATE_CONNECTOR = entity("certificateConnectorDetails")
NDES_CONNECTOR = entity("ndesConnector")

_NDES, _DETAILS = "deviceManagement/ndesConnectors", "deviceManagement/certificateConnectorDetails"


def _count(template: str, handler: Handler, *, of: Entity) -> Route[Handler]:
    return Route(
        "GET",
        f"{template}/$count",
        handler,
        "Count connectors",
        beta_only=True,
        permissions=needs.READ_CONFIGURATION,
        source=f"Graph: {of.name} (beta)",
    )


def _read(
    template: str, handler: Handler, *, summary: str, returns: Entity, many: bool = False, fidelity: Fidelity = EXACT
) -> Route[Handler]:
    return Route(
        "GET",
        template,
        handler,
        summary,
        returns=returns,
        many=many,
        beta_only=True,
        permissions=needs.READ_CONFIGURATION,
        source=f"Graph: {returns.name} (beta)",
        fidelity=fidelity,
        dated=True,
    )


CONNECTORS: tuple[Route[Handler], ...] = (
    _read(_NDES, certificates.list_ndes, summary="List connectors", returns=NDES_CONNECTOR, many=True),
    _count(_NDES, certificates.count_ndes, of=NDES_CONNECTOR),
    _read(f"{_NDES}/{{connector}}", certificates.get_ndes, summary="Get a connector", returns=NDES_CONNECTOR),
    Route(
        "DELETE",
        f"{_NDES}/{{connector}}",
        certificates.delete_ndes,
        "Remove a connector that is inactive",
        status=204,
        beta_only=True,
        permissions=needs.WRITE_CONFIGURATION,
        source="Graph: Delete ndesConnector (beta)",
        fidelity=approximated("400 for one that is active: what the real service does is not documented"),
    ),
    _read(
        _DETAILS,
        certificates.list_details,
        summary="List certificate connectors",
        returns=CERTIFICATE_CONNECTOR,
        many=True,
    ),
    _count(_DETAILS, certificates.count_details, of=CERTIFICATE_CONNECTOR),
    _read(
        f"{_DETAILS}/{{connector}}",
        certificates.get_details,
        summary="Get a certificate connector",
        returns=CERTIFICATE_CONNECTOR,
    ),
)
