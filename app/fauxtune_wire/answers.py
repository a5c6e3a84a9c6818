"""The control surface's answers about recorded exchanges."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fauxtune.surfaces.control.answers import Answer, ManagedDeviceId, NoDeviceId


class WireCaller(Answer):
    """The sender of a request, as far as it is known. A refused request may name what it is not."""

    application: Annotated[str | None, Field(description="the client id")]
    application_name: str | None
    user: Annotated[str | None, Field(description="the user's id; for a device its primary user's")]
    user_principal_name: str | None
    device: NoDeviceId
    device_name: str | None
    managed_device_id: ManagedDeviceId


class WirePermission(Answer):
    """An operation of Graph that was tried. Any one permission of `needs` suffices."""

    operation: Annotated[str, Field(description="method and path template")]
    needs: list[str]
    granted_by: Annotated[list[str], Field(description="those of them that the token has")]
    missing: Annotated[bool, Field(description="the token has none of them")]


class WireExchange(Answer):
    """A request and its response, without headers and bodies."""

    number: int
    time: Annotated[str, Field(description="the system's time at the beginning of the request")]
    tenant_time: Annotated[str | None, Field(description="the tenant's time at that moment")]
    surface: str
    method: str
    url: Annotated[str, Field(description="path and query, without secrets")]
    status: Annotated[int | None, Field(description="null: the connection ended before a response")]
    milliseconds: float
    request_id: str
    caller: WireCaller
    permissions: list[WirePermission]
    refusal: Annotated[str | None, Field(description="why the request was refused")]
    request_length: int
    response_length: int


class WireHeader(Answer):
    """A header, without secrets."""

    name: str
    value: str


class WireFact(Answer):
    """A line about a part of a body."""

    name: str
    value: str


class WirePart(Answer):
    """A readable part of a body, without secrets. `parts`: what is inside it."""

    title: str
    language: Annotated[str, Field(description="json, xml, text or hex")]
    text: str
    facts: list[WireFact]
    parts: list[WirePart]


class WireMessage(Answer):
    """The headers and the decoded body of a request or a response. `head`: what the address and headers of a
    request say: its query in words, the claims of its token, who signed it.
    """

    headers: list[WireHeader]
    content_type: str
    length: Annotated[int, Field(description="bytes of the whole body")]
    truncated: Annotated[bool, Field(description="fewer bytes were read or kept: 64 KiB at most")]
    parts: list[WirePart]
    head: list[WirePart]


class WholeWireExchange(WireExchange):
    """A request and its response with headers and bodies."""

    request: WireMessage
    response: WireMessage
    as_curl: Annotated[str, Field(description="the request as a command of curl, with $TOKEN for the credential")]


class WireExchanges(Answer):
    """Recorded exchanges, oldest first. Continue with `after={next}`. If a search for a text stopped, this part of the
    exchanges was not searched: continue with `after={next}` if `after` was given, else with `before={stoppedAt}`.
    """

    exchanges: list[WireExchange]
    next: int
    stopped_at: Annotated[
        int | None,
        Field(description="the number at which a search for a text stopped, because messages take long to read"),
    ]
    waits: Annotated[int, Field(description="with waits=false: the requests that waited for news and are left out")]
    kept: Annotated[int, Field(description="how many exchanges of a tenant are kept; 0: recording is off")]
