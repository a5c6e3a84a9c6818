"""The services that a partner's authority finds by service discovery, and their addresses here.

Source: microsoft/Intune-Resource-Access, src/CsrValidation. An address has no slash at its end: clients add one.
"""

from __future__ import annotations

import uuid

from fauxtune.core.model.audiences import INTUNE
from fauxtune.core.model.ids import TenantId

VALIDATION, CONNECTOR = "ScepRequestValidationFEService", "PkiConnectorFEService"
#: Service -> the last part of its address.
SERVICES = {VALIDATION: "StatelessScepRequestValidationService", CONNECTOR: "StatelessPkiConnectorService"}


def endpoints(tenant_id: TenantId, *, origin: str) -> list[dict[str, str]]:
    """Return the documents of service discovery. Older clients read `serviceName`, newer ones `providerName`; the one
    in Java fails if an element lacks the name that it reads.
    """
    return [
        {
            "id": str(uuid.uuid5(uuid.UUID(tenant_id), service)),
            "capability": service,
            "providerId": INTUNE,
            "providerName": service,
            "serviceName": service,
            "providerResourceId": service,
            "uri": f"{origin}/partner/{tenant_id}/{part}",
        }
        for service, part in SERVICES.items()
    ]
