"""The endpoints of Intune's own service, by which a partner's certification authority finds it. Graph: endpoint.

Source: microsoft/Intune-Resource-Access, src/CsrValidation: `servicePrincipals/appId={Intune}/endpoints`.
"""

from __future__ import annotations

from fauxtune.core.errors import NotFound
from fauxtune.core.model.audiences import INTUNE
from fauxtune.core.model.partner_services import endpoints
from fauxtune.surfaces.graph.call import Answer, Call

_BY_APPLICATION = "appid="


async def list_endpoints(call: Call) -> Answer:
    """GET /servicePrincipals/appId={id}/endpoints. Raises NotFound for the endpoints of other applications."""
    key = call.keys["principal"]
    application = key[len(_BY_APPLICATION) :] if key.lower().startswith(_BY_APPLICATION) else key
    if application.strip("'").lower() != INTUNE:
        raise NotFound(f"Only the endpoints of Intune, appId={INTUNE}, are emulated; not those of '{key[:80]}'.")
    origin = call.root.rsplit("/", 1)[0]
    context = f"{call.root}/$metadata#servicePrincipals('{INTUNE}')/endpoints"
    return Answer(200, {"@odata.context": context, "value": endpoints(call.tenant.id, origin=origin)})
