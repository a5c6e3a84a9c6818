"""The services of Intune that service discovery lists, such as those for a partner's authority, and their addresses.

Source: microsoft/Intune-Resource-Access, src/CsrValidation. An address has no slash at its end: clients add one.
Callers that use Microsoft's own names (through the intercepting listener) are sent to a name of Microsoft's, too.
"""

from __future__ import annotations

import uuid

from fauxtune.core.model.access.audiences import INTUNE
from fauxtune.core.model.ids import TenantId

VALIDATION, CONNECTOR = "ScepRequestValidationFEService", "PkiConnectorFEService"
#: Service -> the last part of its address.
SERVICES = {VALIDATION: "StatelessScepRequestValidationService", CONNECTOR: "StatelessPkiConnectorService"}
#: Service -> its path, without the slash before it.
_PATHS = {service: f"partner/{{tenant}}/{part}" for service, part in SERVICES.items()} | {
    # Unverified: only pytune (secureworks/pytune, device/windows.py, 2025) shows that the real list has it.
    "WindowsEnrollment": "mdm/{tenant}/windows/EnrollmentServer/Enrollment.svc",
}

#: What a success notification says, by the names of the API, and how the journal and the console call it.
REPORTED = {
    "certificateThumbprint": "thumbprint",
    "certificateSerialNumber": "serialNumber",
    "certificateExpirationDateUtc": "expiration",
    "issuingCertificateAuthority": "issuer",
    "caConfiguration": "caConfiguration",
    "certificateAuthority": "certificateAuthority",
}

#: The host of both services for callers of Microsoft's names. Intune's own are those of its scale units, such as
#: fef.amsua0102.manage.microsoft.com; no client looks at the name.
PUBLIC_HOST = "fef.emulator.manage.microsoft.com"
_PUBLIC_GRAPHS = ("https://graph.microsoft.com", "https://graph.windows.net")


def endpoints(tenant_id: TenantId, *, origin: str) -> list[dict[str, str]]:
    """Return the documents of service discovery. Older clients read `serviceName`, newer ones `providerName`; the one
    in Java fails if an element lacks the name that it reads.
    """
    base = f"https://{PUBLIC_HOST}" if origin.removesuffix(":443") in _PUBLIC_GRAPHS else origin
    return [
        {
            "id": str(uuid.uuid5(uuid.UUID(tenant_id), service)),
            "capability": service,
            "providerId": INTUNE,
            "providerName": service,
            "serviceName": service,
            "providerResourceId": service,
            "uri": f"{base}/{path.format(tenant=tenant_id)}",
        }
        for service, path in _PATHS.items()
    ]
