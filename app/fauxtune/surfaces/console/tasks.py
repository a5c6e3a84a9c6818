"""Tasks of an administrator: the requests that a form stands for, what they would do, and carrying them out.

Everything that Graph offers is done by the request to Graph that a client would send: so the console has no rules of
its own, and what it shows to copy is what it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.administration.snippets import Addresses, as_curl, as_powershell, as_python
from fauxtune.core.errors import GraphRefused, Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.insight.whatif import DeviceConsequences, what_if
from fauxtune.operations.runtime.graph_client import ProposedRequest
from fauxtune.surfaces.console.call import TenantCall
from fauxtune.surfaces.http import origin

#: The application in the audit log.
_CLIENT = "console"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A request as people copy it: method and path in one line, and as a command in three languages."""

    line: str
    curl: str
    python: str
    powershell: str
    notes: tuple[str, ...]


def snippets(call: TenantCall, requests: Sequence[AdminRequest]) -> list[Snippet]:
    """Return the requests as people copy them; secrets stand there as variables."""
    https = call.emulator.addresses.public_url or call.emulator.addresses.https or origin(call.request)
    where = Addresses(https, call.tenant.name, control_token=call.emulator.control_token is not None)
    return [
        Snippet(
            f"{request.method} {where.url(request).removeprefix(https)}",
            as_curl(request, where),
            as_python(request, where),
            as_powershell(request, where),
            request.notes,
        )
        for request in requests
    ]


async def send(call: TenantCall, request: AdminRequest) -> JsonObject:
    """Send one request to Graph, and return its answer; {} for an empty one. Raises Invalid with Graph's reason."""
    assert request.service is Service.GRAPH
    proposed = ProposedRequest(request.method, f"/beta{request.path}", request.body, client=_CLIENT)
    try:
        answer = await call.emulator.graph(call.emulator.for_administrator(), call.tenant, request=proposed)
    except GraphRefused as error:
        raise Invalid(reason(error)) from None
    return answer or {}


async def consequences(call: TenantCall, requests: Sequence[AdminRequest]) -> list[DeviceConsequences]:
    """Return what these requests to Graph would do, each by itself, device by device. Raises Invalid with Graph's
    reason.
    """
    affected: list[DeviceConsequences] = []
    for request in requests:
        proposed = ProposedRequest(request.method, f"/beta{request.path}", request.body)
        try:
            affected += await what_if(call.emulator, call.tenant, request=proposed)
        except GraphRefused as error:
            raise Invalid(reason(error)) from None
    return affected


async def confirm(call: TenantCall, requests: Sequence[AdminRequest], **values: Any) -> Response:
    """Return the page that shows what requests to Graph would do, before the button that sends them.

    Values of the page: `title`, `sentence`, `button`; `back`: the address of "Cancel"; `danger`: whether data is lost;
    `fields`: hidden fields of the form, by name. The form is posted to the page's own address.
    """
    given = {"danger": False, "fields": {}, **values}
    return call.page(
        "confirm.html",
        affected=await consequences(call, requests),
        requests=snippets(call, requests),
        **given,
    )


def reason(error: GraphRefused) -> str:
    """Return Graph's own words for a refusal."""
    message: Any = error.document.get("error")
    words = message.get("message") if isinstance(message, dict) else None
    return str(words or error.message)
