"""The documents that expectations rest on, each with its date.

#: data
"""

from __future__ import annotations

_REFERENCE = "2024-08"


def reference(page: str) -> str:
    """Return a page of Graph's reference, of the edition that was read."""
    return f"Graph: {page} ({_REFERENCE})"


ERRORS = reference("Microsoft Graph error responses and resource types")
PAGING = reference("Paging Microsoft Graph data in your app")
QUERY = reference("Customize Microsoft Graph responses with query parameters")
ADVANCED = reference("Advanced query capabilities on Microsoft Entra ID objects")
FILTER = reference("Use the $filter query parameter")
SEARCH = reference("Use the $search query parameter")
BATCH = reference("Combine multiple HTTP requests using JSON batching")
PRACTICES = reference("Best practices for working with Microsoft Graph")
CALL = reference("Use the Microsoft Graph API")
TRAVERSE = reference("Navigate the Microsoft Graph API: $metadata")
MANAGED_DEVICE = reference("managedDevice")
CONFIGURATION = reference("deviceConfiguration")
PFX = "Intune-Resource-Access: PFXImport cmdlets and UserPFXCertificate.cs (2023-04)"
ODATA_JSON = "OData JSON Format 4.01 (2020-05)"
ODATA_URL = "OData URL Conventions 4.01 (2020-05)"
SDK = "Microsoft Graph SDK for Python, its models (2026-10)"
LIVE = "answers of live tenants that others published (2019 to 2026)"
OURS = "no document: the emulator's choice"
