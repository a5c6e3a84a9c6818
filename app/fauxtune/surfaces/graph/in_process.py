"""The in-process client of Graph for what-if, the console and provider states: a request is answered as a client's is.

The address may be absolute, of any host, or begin with a version, or with neither: then it is beta's.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlsplit

import orjson

from fauxtune.core.errors import FauxtuneError, GraphRefused, Invalid
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import Version
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.operations.runtime.emulator import Emulator, ProposedRequest
from fauxtune.surfaces.graph.call import REPORT_TABLE, Answer, Message, Sender
from fauxtune.surfaces.graph.dispatch import answer
from fauxtune.surfaces.graph.errors import refusal

_VERSION = re.compile(r"/+([^/]+)(?=/|$)")
#: What may stand in a path or query as it is (RFC 3986 3.3, 3.4), and what is escaped already.
_PLAIN = "/:@!$&'()*+,;=%?-._~"
_NOBODY = "00000000-0000-0000-0000-000000000000"


async def send(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
    """Send the request, and return Graph's answer. Raises Invalid for a wrong URL, GraphRefused if Graph answers with
    an error.
    """
    message = _message(request)
    principal = Principal(tenant.id, request.client, user_id=request.user, permissions=frozenset(), expires_at=0)
    origin = emulator.addresses.public_url or emulator.addresses.https
    sender = Sender(
        emulator,
        tenant,
        principal=principal,
        origin=origin,
        request_id=_NOBODY,
        is_exempt=not request.needs_approval,
    )
    try:
        response = await answer(message, sender)
    except FauxtuneError as error:
        response = refusal(error, message=message, sender=sender)
        raise _refused(request, response, why=error.message) from None
    if response.status >= 400:
        raise _refused(request, response, why="its answer is an error")
    # The answer to a GET may be bytes from the cache, and that of a report is its table as a text.
    written = response.text if response.media == REPORT_TABLE else response.written
    return response.document if written is None else orjson.loads(written)


def _refused(request: ProposedRequest, response: Answer, *, why: str) -> GraphRefused:
    return GraphRefused(
        f"Graph would refuse {request.method.upper()} {request.url} with {response.status}: {why}",
        status=response.status,
        document=response.document or {},
        headers=response.headers,
    )


def _message(request: ProposedRequest) -> Message:
    try:
        cut = urlsplit(request.url)
    except ValueError:
        raise Invalid(f"'{request.url[:200]}' is not a URL.", target="url") from None
    path, version = f"/{cut.path.lstrip('/')}", Version.BETA
    version_part = _VERSION.match(path)
    if version_part is not None and version_part[1].lower() in Version.__members__.values():
        version, path = Version(version_part[1].lower()), path[version_part.end() :] or "/"
    if not path.strip("/"):
        raise Invalid("The url names nothing: /deviceManagement/... or /users/... is expected.", target="url")
    content = b"" if request.body is None else json.dumps(request.body).encode()
    return Message(
        request.method.upper(),
        version,
        path=quote(path, safe=_PLAIN),
        raw_query=quote(cut.query, safe=_PLAIN),
        headers={**request.headers, **({"content-type": "application/json"} if content else {})},
        content=content,
    )
