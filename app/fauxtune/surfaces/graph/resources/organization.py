"""The tenant in the directory. Graph: organization, domain."""

from __future__ import annotations

from fauxtune.core.clock import iso
from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.odata.schema.types import Entity
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.surfaces.graph.call import Answer, Call, Json, entity_answer
from fauxtune.surfaces.graph.computed import count_documents, element_document, list_documents

DOMAIN = entity("domain")
ORGANIZATION = entity("organization")

_CAPABILITIES = ("Email", "OfficeCommunicationsOnline", "Intune")


async def list_organizations(call: Call) -> Answer:
    """GET /organization: one."""
    return list_documents(call, [_organization(call)], entity=ORGANIZATION, context="organization")


async def count_organizations(call: Call) -> Answer:
    """GET /organization/$count."""
    return count_documents(call, [_organization(call)], entity=ORGANIZATION)


async def get_organization(call: Call) -> Answer:
    """GET /organization/{organization}."""
    return _one(call, _organization(call), key=call.keys["organization"], entity=ORGANIZATION, context="organization")


async def list_domains(call: Call) -> Answer:
    """GET /domains: one."""
    return list_documents(call, [_domain(call)], entity=DOMAIN, context="domains")


async def count_domains(call: Call) -> Answer:
    """GET /domains/$count."""
    return count_documents(call, [_domain(call)], entity=DOMAIN)


async def get_domain(call: Call) -> Answer:
    """GET /domains/{domain}."""
    return _one(call, _domain(call), key=call.keys["domain"], entity=DOMAIN, context="domains")


def _one(call: Call, document: Json, *, key: str, entity: Entity, context: str) -> Answer:
    element = element_document(call, [document], entity=entity, key=key)
    if element is None:
        raise missing(key)
    return entity_answer(call, element, context=context)


def _organization(call: Call) -> Json:
    tenant = call.tenant
    domain = {
        "capabilities": ", ".join(_CAPABILITIES),
        "isDefault": True,
        "isInitial": True,
        "name": tenant.domain,
        "type": "Managed",
    }
    return {
        **defaults(ORGANIZATION),
        "id": tenant.id,
        "displayName": tenant.name,
        "createdDateTime": iso(tenant.created_at),
        "mobileDeviceManagementAuthority": "intune",
        "tenantType": "AAD",
        "verifiedDomains": [domain],
    }


def _domain(call: Call) -> Json:
    return {
        **defaults(DOMAIN),
        "id": call.tenant.domain,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": True,
        "isInitial": True,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": list(_CAPABILITIES),
    }
