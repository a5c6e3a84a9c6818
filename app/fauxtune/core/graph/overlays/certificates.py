"""Certificates that administrators import for users, and certificate connectors.

Source: Graph reference, userPFXCertificate, ndesConnector, certificateConnectorDetails (beta); what a read shows of
the secrets: Microsoft's PFXImport cmdlets.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated
from fauxtune.core.odata.schema.overlay import Overlay

_MACHINE = approximated("of a connector inside the server: made from the connector's name and the tenant's domain")
_VERSION = approximated("unless another is set, always the newest that the documents describe")
_SEEN = approximated("of a connector inside the server: the moment of the answer while it is online")

CERTIFICATES = (
    Overlay(
        "userPFXCertificate",
        server="createdDateTime lastModifiedDateTime",
        required="thumbprint userPrincipalName encryptedPfxBlob encryptedPfxPassword",
        # A client that encrypted with only a public-key file does not know the two; the connector reports that.
        defaults={"providerName": "", "keyName": ""},
        # The service answers one zero byte for the first, and an empty text for the second.
        secret={"encryptedPfxBlob": "AA==", "encryptedPfxPassword": ""},
    ),
    Overlay(
        "ndesConnector",
        nullable="enrolledDateTime",
        defaults={"roleScopeTagIds": ("0",)},
        different={
            _SEEN: "lastConnectionDateTime",
            approximated("active or inactive"): "state",
            approximated("always the built-in tag"): "roleScopeTagIds",
            _MACHINE: "machineName",
            _VERSION: "connectorVersion",
            approximated(
                "the worst of healthChecks and of the age of its version; disconnected when inactive"
            ): "healthStatus",
        },
    ),
    Overlay(
        "certificateConnectorDetails",
        different={_MACHINE: "machineName", _SEEN: "lastCheckinDateTime", _VERSION: "connectorVersion"},
    ),
    Overlay(
        "connectorHealthCheck",
        different={
            approximated(
                "unknown, noActionRequired or attentionRequired: what each check asks for is our reading"
            ): "status"
        },
    ),
)
