"""The endpoints of Intune's own service, by which a partner's certification authority finds it. Graph: endpoint.

Source: microsoft/Intune-Resource-Access, src/CsrValidation: `servicePrincipals/appId={Intune}/endpoints`.
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.model.audiences import INTUNE
from fauxtune.core.model.partner_services import endpoints
from fauxtune.operations.directory import registrations
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.computed import list_documents
from fauxtune.surfaces.graph.resources.alternate_keys import object_key

ENDPOINT = entity("endpoint")


async def list_endpoints(call: Call) -> Answer:
    """GET /servicePrincipals/{principal}/endpoints, also by `appId=...`: empty for all but Intune."""
    key = object_key(call, "principal")
    # Older clients name Intune by its appId alone.
    if key.lower() == INTUNE:
        application = INTUNE
    else:
        application = await call.run(registrations.principal_client_id, key)
    origin = call.root.rsplit("/", 1)[0]
    documents = endpoints(call.tenant.id, origin=origin) if application == INTUNE else []
    context = f"servicePrincipals('{application}')/endpoints"
    answer = list_documents(call, documents, entity=ENDPOINT, context=context)
    if not call.query.select and answer.document is not None:
        for each in answer.document["value"]:
            each["serviceName"] = each["providerName"]  # no property of Graph's, but older clients read it
    return answer
