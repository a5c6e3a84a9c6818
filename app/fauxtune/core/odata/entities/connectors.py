"""Certificate connectors: in the words of the older kind, and in those of the present one.

Source: Graph beta metadata and reference, ndesConnector, certificateConnectorDetails.
"""

from __future__ import annotations

from fauxtune.core.odata.schema import ENTITY, ComplexType, Edm, Entity, EnumType, Property

NDES_CONNECTOR_STATE = EnumType("ndesConnectorState", ("none", "active", "inactive"))
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
HEALTH_CHECK = ComplexType(
    "connectorHealthCheck",
    (Property("metricName", HEALTH_METRIC, nullable=False), Property("status", HEALTH_STATUS, nullable=False)),
)

NDES_CONNECTOR = Entity(
    "ndesConnector",
    (
        Property("lastConnectionDateTime", Edm.DATE_TIME, nullable=False),
        Property("state", NDES_CONNECTOR_STATE, nullable=False),
        Property("displayName"),
        Property("roleScopeTagIds", collection=True, default=("0",)),
        Property("enrolledDateTime", Edm.DATE_TIME),
        Property("machineName"),
        Property("connectorVersion"),
        Property("healthChecks", HEALTH_CHECK, collection=True),
        Property("healthStatus", HEALTH_STATUS, nullable=False),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: ndesConnector (beta)",
)

CERTIFICATE_CONNECTOR = Entity(
    "certificateConnectorDetails",
    (
        Property("connectorName"),
        Property("machineName"),
        Property("enrollmentDateTime", Edm.DATE_TIME, nullable=False),
        Property("lastCheckinDateTime", Edm.DATE_TIME, nullable=False),
        Property("connectorVersion"),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: certificateConnectorDetails (beta)",
)
