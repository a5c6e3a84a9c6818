"""The licences of a tenant: one product, Intune Plan 1, in a number that does not run out.

Graph: subscribedSku. Microsoft: "Product names and service plan identifiers for licensing" has the names and the ids.

#: data
"""

from __future__ import annotations

from typing import Any

#: INTUNE_A: the licence that lets a user's devices be managed.
INTUNE_SKU = "061f9ace-7d42-4136-88ac-31dc755f143f"
#: The number of licences. Differs from Intune: they do not run out.
PREPAID = 1_000_000


def _plan(name: str, plan_id: str, *, applies_to: str) -> dict[str, Any]:
    return {
        "appliesTo": applies_to,
        "provisioningStatus": "Success",
        "servicePlanId": plan_id,
        "servicePlanName": name,
    }


#: The products by their ids: the name, and the service plans in it.
SKUS: dict[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    INTUNE_SKU: (
        "INTUNE_A",
        (
            _plan("INTUNE_A", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5", applies_to="User"),
            _plan("EXCHANGE_S_FOUNDATION", "113feb6c-3fe4-4440-bddc-54d774bf0318", applies_to="Company"),
        ),
    ),
}
