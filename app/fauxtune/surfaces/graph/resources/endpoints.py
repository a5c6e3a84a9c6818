"""The endpoints of Intune's own service, by which a partner's certification authority finds it. Graph: endpoint.

Source: microsoft/Intune-Resource-Access, src/CsrValidation: `servicePrincipals/appId={Intune}/endpoints`.
"""

from __future__ import annotations

from fauxtune.core.errors import NotEmulated
from fauxtune.core.graph.index import entity
from fauxtune.core.model.audiences import INTUNE
from fauxtune.core.model.partner_services import endpoints
from fauxtune.surfaces.graph.call import Answer, Call
from fauxtune.surfaces.graph.computed import list_documents

ENDPOINT = entity("endpoint")

_BY_APPLICATION = "appid="


async def list_endpoints(call: Call) -> Answer:
    """GET /servicePrincipals/appId={id}/endpoints. Raises NotEmulated for the endpoints of other applications."""
    key = call.keys["principal"]
    application = key[len(_BY_APPLICATION) :] if key.lower().startswith(_BY_APPLICATION) else key
    if application.strip("'").lower() != INTUNE:
        raise NotEmulated(
            f"{call.path} is not emulated: there are the endpoints of Intune alone, appId={INTUNE} "
            "(see docs/coverage.md)."
        )
    origin = call.root.rsplit("/", 1)[0]
    documents = endpoints(call.tenant.id, origin=origin)
    answer = list_documents(call, documents, entity=ENDPOINT, context=f"servicePrincipals('{INTUNE}')/endpoints")
    if not call.query.select and answer.document is not None:
        for each in answer.document["value"]:
            each["serviceName"] = each["providerName"]  # no property of Graph's, but older clients read it
    return answer
