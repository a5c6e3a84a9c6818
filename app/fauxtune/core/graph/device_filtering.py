"""How the real service filters devices.

Source: Graph reference, managedDevice ("supports $filter"), and live tenants.
"""

from __future__ import annotations

#: The conditions that the real service evaluates, by property: it silently ignores the rest of a `$filter`.
#: `graph.faithfulQuery` switches it on.
FILTERED: dict[str, frozenset[str]] = {
    "deviceCategoryDisplayName": frozenset({"eq"}),
    "enrolledDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "jailBroken": frozenset({"eq"}),
    "lastSyncDateTime": frozenset({"lt", "gt", "le", "ge"}),
    "deviceName": frozenset({"eq", "contains", "startswith"}),
    "operatingSystem": frozenset({"eq"}),
    "complianceState": frozenset({"eq"}),
    "userPrincipalName": frozenset({"eq"}),
    "serialNumber": frozenset({"eq"}),
    "azureADDeviceId": frozenset({"eq"}),
    "managementAgent": frozenset({"eq"}),
    "managedDeviceOwnerType": frozenset({"eq"}),
}
