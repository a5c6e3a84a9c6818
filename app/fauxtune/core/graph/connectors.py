"""Certificate connectors, as the older type and as the present one.

Source: Graph beta metadata and reference, ndesConnector, certificateConnectorDetails.
"""

from __future__ import annotations

from fauxtune.core.graph.base import ENTITY
from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, EnumType, Owner, Property

NDES_CONNECTOR_STATE = EnumType("ndesConnectorState", ("none", "active", "inactive"))
#: Unverified: the numbers of this and the next, which are newer than the published metadata with numbers.
HEALTH_STATUS = EnumType(
    "ndesConnectorHealthStatus",
    ("unknown", "noActionRequired", "attentionRequired", "actionRequired", "disconnected", "unknownFutureValue"),
)
HEALTH_METRIC = EnumType(
    "connectorHealthCheckMetricName",
    (
        "caConnectivity",
        "caIssuancePermissions",
        "caRevocationPermissions",
        "certificateTemplate",
        "unknownFutureValue",
    ),
)
_MACHINE = approximated("of a connector inside the server: made from the connector's name and the tenant's domain")
_VERSION = approximated("unless another is set, always the newest that the documents describe")
_SEEN = approximated("of a connector inside the server: the moment of the answer while it is online")

HEALTH_CHECK = ComplexType(
    "connectorHealthCheck",
    (
        Property("metricName", HEALTH_METRIC, nullable=False),
        Property(
            "status",
            HEALTH_STATUS,
            nullable=False,
            fidelity=approximated(
                "unknown, noActionRequired or attentionRequired: what each check asks for is our reading"
            ),
        ),
    ),
    source="Graph: connectorHealthCheck (beta)",
    beta_only=True,
)

NDES_CONNECTOR = Entity(
    "ndesConnector",
    (
        Property("lastConnectionDateTime", Edm.DATE_TIME, nullable=False, fidelity=_SEEN),
        Property("state", NDES_CONNECTOR_STATE, nullable=False, fidelity=approximated("active or inactive")),
        Property("displayName"),
        Property("roleScopeTagIds", collection=True, default=("0",), fidelity=approximated("always the built-in tag")),
        Property("enrolledDateTime", Edm.DATE_TIME),
        Property("machineName", fidelity=_MACHINE),
        Property("connectorVersion", fidelity=_VERSION),
        Property("healthChecks", HEALTH_CHECK, collection=True, owner=Owner.SERVER),
        Property(
            "healthStatus",
            HEALTH_STATUS,
            nullable=False,
            owner=Owner.SERVER,
            fidelity=approximated(
                "the worst of healthChecks and of the age of its version; disconnected when inactive"
            ),
        ),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: ndesConnector (beta)",
)

CERTIFICATE_CONNECTOR = Entity(
    "certificateConnectorDetails",
    (
        Property("connectorName"),
        Property("machineName", fidelity=_MACHINE),
        Property("enrollmentDateTime", Edm.DATE_TIME, nullable=False),
        Property("lastCheckinDateTime", Edm.DATE_TIME, nullable=False, fidelity=_SEEN),
        Property("connectorVersion", fidelity=_VERSION),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: certificateConnectorDetails (beta)",
)
