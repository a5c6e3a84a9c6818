"""A call of Graph, which a handler takes, and the answer that it returns."""

from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from urllib.parse import quote

import orjson

from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.formats.json_text import MOST_IN_REQUEST, check_elements
from fauxtune.core.graph.index import MODEL
from fauxtune.core.graph.references import reference_id
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.documents.validation import double_quoted, respell
from fauxtune.core.odata.documents.view import check_select
from fauxtune.core.odata.query.options import Expand, QueryOptions
from fauxtune.core.odata.schema.types import Entity, Version
from fauxtune.operations.insight.audit import Actor, Rule, audited
from fauxtune.operations.runtime.access_tokens import Principal
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.wire import Caller
from fauxtune.storage.database import Connection

Json: TypeAlias = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")

#: Bytes of a body whose quotes are looked at one by one.
_LONGEST_LENIENT = 32 * 1024


class UnsupportedMediaType(Invalid):
    """The body is not JSON, or its Content-Type is another."""


#: The header of answers about what is kept and shown, and has no effect, or of which nothing is known.
FIDELITY = "x-fauxtune-fidelity"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it came; `path` is raw, without its version and the `organization` that may come before it
    (`organization_in`); names of headers are lower-case.
    """

    method: str
    version: Version
    path: str
    raw_query: str
    headers: Mapping[str, str]
    content: bytes
    organization: str = ""


class UnsupportedQuery(Invalid):
    """A query that the directory does not answer, or not in this way."""


class ExpiredPageToken(Invalid):
    """The link to a next page is too old: the client begins again with the first page."""


class ResyncRequired(Invalid):
    """What a delta token stands for is not known any more: the client begins again at `location`."""

    def __init__(self, message: str, *, location: str) -> None:
        super().__init__(message)
        self.location = location


class ApprovalRequired(Invalid):
    """A policy guards the operation: another administrator has to approve the request with this `code`. "Use Multi
    Admin Approval with the Microsoft Graph API" (2026-05-19): 403 ApprovalRequired.
    """

    def __init__(self, code: str) -> None:
        super().__init__(
            "Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code "
            f"response header. x-msft-approval-code: {code}"
        )
        self.code = code


class ApprovalPrecondition(ApprovalRequired):
    """Intune's refusal as scripts of tenants of mid-2026 report it: 412 BadRequest, in Intune's nested message."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a handler. `root` is `https://host/beta`; `ask` sends another message as the same caller, as a batch
    does; `audit` is the rule of an audited route.
    """

    emulator: Emulator
    tenant: Tenant
    principal: Principal
    version: Version
    root: str
    path: str
    keys: Mapping[str, str]
    cast: str | None
    query: QueryOptions
    raw_query: str
    headers: Mapping[str, str]
    content: bytes
    method: str
    request_id: str
    ask: Callable[[Message], Awaitable[Answer]]
    audit: Rule | None = None

    async def run(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation in one transaction of the tenant, which also writes the audit events of an audited route."""
        if self.audit is not None and self.emulator.runner.audits:
            operation = audited(operation, rule=self.audit, keys=self.keys, actor=self._actor())
        return await self.emulator.runner.run_in_turn(self.tenant, operation, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query in one transaction."""
        return await self.emulator.runner.read(query, *args, **kwargs)

    def _actor(self) -> Actor:
        principal = self.principal
        return Actor(
            client_id=principal.client_id,
            user_id=principal.user_id,
            permissions=tuple(sorted(principal.permissions)),
            request_id=self.request_id,
        )

    def body(self, *, most: int = MOST_IN_REQUEST, as_sent: bool = False) -> Json:
        """Return the JSON object in the body, of at most so many elements, its names in the schema's spelling unless
        they are wanted `as_sent`. Raises Invalid if the body is empty or no object, UnsupportedMediaType if it is no
        JSON.
        """
        if not self.content:
            raise Invalid("Empty Payload. JSON content expected.")
        return self._parsed(most=most, as_sent=as_sent)

    def optional_body(self) -> Json:
        """Return the JSON object in the body of an action; an empty object for an empty body and for null."""
        return self._parsed() if self.content.strip() not in (b"", b"null") else {}

    def lenient_body(self) -> Json:
        """Return the JSON object in a body that may be written with single quotes."""
        if not self.content:
            raise Invalid("Empty Payload. JSON content expected.")
        return self._parsed(lenient=True)

    def reference(self, *, to: str) -> str:
        """Return the id at the end of the URL in the body {"@odata.id": url}; the rest of the URL does not matter."""
        url = self.body().get("@odata.id")
        if not isinstance(url, str):
            raise Invalid(f'The body must be {{"@odata.id": "<the URL of a {to}>"}}.', target="@odata.id")
        return reference_id(url)

    def _parsed(self, *, lenient: bool = False, most: int = MOST_IN_REQUEST, as_sent: bool = False) -> Json:
        media = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            raise UnsupportedMediaType(
                f"The request's Content-Type is '{media or 'missing'}'; a body must be application/json."
            )
        try:
            parsed = _read(self.content, lenient=lenient, most=most)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"Unable to read JSON request payload. {error}.") from None
        if not isinstance(parsed, dict):
            raise Invalid("Unable to read JSON request payload. The body must be a JSON object.")
        if not as_sent:
            respell(parsed, spellings=MODEL.table.spellings())
        return parsed

    def context(self, what: str) -> str:
        """Return the `@odata.context` for this version."""
        return f"{self.root}/$metadata#{what}"

    def location(self, collection: str, key: str) -> str:
        """Return the URL of a new entity."""
        return f"{self.root}/{collection}('{quote(key)}')"


#: What reports answer with, a table, is sent as: SDKs take it for a file.
REPORT_TABLE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer: a JSON document, its bytes, a text of the type `media`, or nothing (204). A `dated` one
    depends on the moment, even if its route does not.
    """

    status: int = 204
    document: Json | None = None
    written: bytes | None = None
    text: str | None = None
    media: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False


#: What a route leads to.
Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


def audited_by(rule: Rule, handler: Handler) -> Handler:
    """Return the handler of a route whose changes are audited by this rule."""

    @wraps(handler)
    async def audited_handler(call: Call) -> Answer:
        return await handler(replace(call, audit=rule))

    return audited_handler


def _read(content: bytes, *, lenient: bool, most: int) -> object:
    # PowerShell writes files with a byte order mark, and sends them as they are (RFC 8259 8.1: parsers may ignore it).
    content = content.removeprefix(codecs.BOM_UTF8)
    check_elements(content, most=most)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if not lenient or b"'" not in content or len(content) > _LONGEST_LENIENT:
            raise
    return orjson.loads(double_quoted(content.decode("utf-8", errors="replace")))


def check_options(call: Call, *entities: Entity, expandable: tuple[str, ...] = ()) -> None:
    """Raise Invalid for a `$select` of a property that none of the types has, NotEmulated for an `$expand` of a
    navigation that is not expandable.
    """
    check_select(call.query.select, entities=entities, version=call.version)
    if call.query.deltatoken is not None:
        raise Invalid("The query parameter '$deltatoken' is not supported here.", target="$deltatoken")
    for path in expanded_paths(call.query.expand):
        if path.lower() not in expandable:
            can = f"; here $expand={' and '.join(expandable)} is" if expandable else ""
            raise NotEmulated(f"$expand={path} is not emulated{can}.")


def expanded_paths(expansions: tuple[Expand, ...], *, above: str = "") -> Iterator[str]:
    """Yield the navigations of `$expand`, those of a deeper level with the ones above them: `settings/definitions`."""
    for expansion in expansions:
        path = f"{above}{expansion.navigation}"
        yield path
        yield from expanded_paths(expansion.expand, above=f"{path}/")


def created(call: Call, document: Json, *, collection: str, context: str | None = None) -> Answer:
    """Answer 201 with the new entity and its place."""
    body = {"@odata.context": call.context(f"{context or collection}/$entity"), **document}
    return Answer(201, body, headers={"location": call.location(collection, str(document["id"]))})


def entity_answer(call: Call, document: Json, *, context: str) -> Answer:
    """Answer 200 with one entity."""
    return Answer(200, {"@odata.context": call.context(f"{context}/$entity"), **document})


NO_CONTENT = Answer()


def runs(operation: Callable[[Transaction, str], object], *, key: str) -> Handler:
    """Return a handler that runs an operation on what `key` of the path names, and answers 204."""

    async def handler(call: Call) -> Answer:
        await call.run(operation, call.keys[key])
        return NO_CONTENT

    return handler


@dataclass(frozen=True, slots=True)
class Sender:
    """The caller of a request, its emulator, and the id of the request; `origin` is the host that the client called.
    `caller` is told which permissions the request needs. Faults strike requests that came over the wire only;
    approval policies hold up all but those of an `is_exempt` sender, which the emulator sends for itself. `is_batched`:
    it sends an item of a batch.
    """

    emulator: Emulator
    tenant: Tenant
    principal: Principal
    origin: str
    request_id: str
    caller: Caller = field(default_factory=Caller)
    is_on_the_wire: bool = False
    is_exempt: bool = False
    is_batched: bool = False
