"""The licences that the tenant has, and how many of them are in use. Graph: subscribedSku."""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.model.licences import PREPAID, SKUS
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.storage.collections.directory import USERS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.surfaces.graph.call import Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.computed import element_document, list_documents

SUBSCRIBED_SKU = entity("subscribedSku")
USER = entity("user")


async def list_skus(call: Call) -> Answer:
    """GET /subscribedSkus."""
    documents = await call.read(_documents, call)
    return list_documents(call, documents, entity=SUBSCRIBED_SKU, context="subscribedSkus")


async def get_sku(call: Call) -> Answer:
    """GET /subscribedSkus/{sku}: the key is the tenant's id, an underscore, and the licence's."""
    documents = await call.read(_documents, call)
    document = element_document(call, documents, entity=SUBSCRIBED_SKU, key=call.keys["sku"])
    if document is None:
        raise missing(call.keys["sku"])
    return entity_answer(call, document, context="subscribedSkus")


def _documents(connection: Connection, call: Call) -> list[Json]:
    tenant = call.tenant
    return [
        {
            "id": f"{tenant.id}_{sku}",
            "accountId": tenant.id,
            "accountName": tenant.name,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": _consumed(call, connection, sku=sku),
            "prepaidUnits": {"enabled": PREPAID, "lockedOut": 0, "suspended": 0, "warning": 0},
            "servicePlans": list(plans),
            "skuId": sku,
            "skuPartNumber": name,
            "subscriptionIds": [],
        }
        for sku, (name, plans) in SKUS.items()
    ]


def _consumed(call: Call, connection: Connection, *, sku: str) -> int:
    condition = parse_filter(f"assignedLicenses/any(l:l/skuId eq {sku})", USER)
    return collections.count(connection, call.tenant.id, collection=USERS, condition=condition)
