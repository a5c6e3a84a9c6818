"""The way of a message through Graph: version, path, permission, query, one handler; and its answer or refusal.

A message is an HTTP request, or an item of a batch: both are served alike. Before the handlers stands the gate of Multi
Admin Approval: what a policy guards (`core/policies/tenant_administration.py`) is answered 403 with the code of a
request (412 in a tenant with `approvals.preconditionFailed`), and done when it is repeated with that code after the
approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from typing import Any

import orjson

from fauxtune.core.errors import FauxtuneError, Invalid, NotAllowed
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.odata.paths.table import MY_ORGANIZATION, Match, organization_in
from fauxtune.core.odata.query.options import QueryOptions
from fauxtune.core.odata.schema.types import Level, Version
from fauxtune.core.policies import tenant_administration
from fauxtune.core.policies.tenant_administration import CODE, JUSTIFICATION, LONGEST_REQUEST
from fauxtune.extensions import before_a_change
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.operations.profiles.approval_requests import Administrator, Operation
from fauxtune.operations.runtime.transaction import APPROVALS, LABS
from fauxtune.surfaces.graph.call import (
    FIDELITY,
    Answer,
    ApprovalPrecondition,
    ApprovalRequired,
    Call,
    Handler,
    Message,
    Sender,
)
from fauxtune.surfaces.graph.errors import refusal
from fauxtune.surfaces.graph.routes import TABLES

_VERBS = ("GET", "POST", "PATCH", "DELETE", "PUT")


async def answer(message: Message, sender: Sender) -> Answer:
    """Return the answer of the path's handler. Raises the error that stops it."""
    _check_organization(message.organization, sender.tenant)
    match = TABLES[message.version].match(message.method, message.path)
    route = match.route
    operation = (message.method.upper(), f"/{route.template}")
    needs = route.permissions
    if route.former_permissions and sender.tenant.edition is Edition.APRIL_2020:
        needs = (*needs, *route.former_permissions)
    sender.caller.demands += ((operation, needs),)
    sender.emulator.permissions.check(sender.principal, operation, needs=needs)
    # It may have been changed since the caller was known; what is kept now must not be from before.
    sender = replace(sender, tenant=sender.emulator.runner.current(sender.tenant))
    if route.method != "GET" and sender.is_on_the_wire and sender.tenant.setting(LABS):
        await before_a_change(sender.emulator, sender.tenant)
    if sender.emulator.faults.is_on and sender.is_on_the_wire:
        # Imported at the first fault: most servers have none.
        faults = import_module("fauxtune.surfaces.graph.faults")
        faulty: Answer = await faults.answer_with_faults(message, sender, match=match, proceed=_answered)
        return _told(faulty, match=match)
    return _told(await _answered(message, sender, match=match), match=match)


def _told(response: Answer, *, match: Match[Handler]) -> Answer:
    """Say in a header that what the route keeps has no effect."""
    if match.route.fidelity.level is not Level.STORED:
        return response
    return replace(response, headers={**response.headers, FIDELITY: "stored"})


async def _answered(message: Message, sender: Sender, *, match: Match[Handler]) -> Answer:
    """Return the answer of the route, or the one that is kept."""
    route = match.route
    if route.method != "GET" and sender.tenant.setting(APPROVALS) and not sender.is_exempt:
        await admit(message, sender, match=match)
    if route.method != "GET" or route.dated:
        return await _handled(message, sender, match=match)
    # Clients poll: what was answered is true until something is written.
    cache, key = sender.emulator.answer_cache, _question(message, sender)
    written = cache.get(key)
    if written is not None:
        return Answer(200, written=written)
    state = sender.emulator.runner.database.state
    response = await _handled(message, sender, match=match)
    if response.status != HTTPStatus.OK or response.document is None or response.dated:
        return response
    written = orjson.dumps(response.document)
    cache.put(key, written, state=state)
    return replace(response, document=None, written=written)


def _question(message: Message, sender: Sender) -> tuple[str | None, ...]:
    """Return all that an answer to a GET depends on, besides what is stored."""
    headers = ("prefer", "consistencylevel")
    who = (sender.tenant.id, sender.principal.user_id, sender.origin)
    what = (message.version.value, message.path, message.raw_query)
    return (*who, *what, *(message.headers.get(name) for name in headers))


async def _handled(message: Message, sender: Sender, *, match: Match[Handler]) -> Answer:
    async def again(item: Message) -> Answer:
        try:
            return await answer(item, replace(sender, is_batched=True))
        except FauxtuneError as error:
            return refusal(error, message=item, sender=sender)

    call = Call(
        emulator=sender.emulator,
        tenant=sender.tenant,
        principal=sender.principal,
        version=message.version,
        root=f"{sender.origin}/{message.version.value}",
        path=message.path,
        keys=match.keys,
        cast=match.cast,
        # What is not emulated says so, whatever is asked of it.
        query=QueryOptions() if match.route.status == 501 else QueryOptions.parse(message.raw_query),
        raw_query=message.raw_query,
        headers=message.headers,
        content=message.content,
        method=message.method,
        request_id=sender.request_id,
        ask=again,
    )
    return _minimal(call, await match.route.handler(call))


def is_served(path: str, method: str | None) -> bool:
    """Whether there is a route for a path without a version, with this method if one is given."""
    for table in TABLES.values():
        for verb in _VERBS if method is None else (method,):
            with suppress(Invalid):
                table.match(verb, path)
                return True
    return False


def version_and_path(raw: str) -> tuple[Version, str, str]:
    """Split a raw path into version (in any case), organisation (which may be missing) and the rest."""
    version, _, path = raw.lstrip("/").partition("/")
    return (Version.V1 if version.lower() == Version.V1 else Version.BETA), *organization_in(f"/{path}")


def _check_organization(name: str, tenant: Tenant) -> None:
    """Raise NotAllowed for a path that names another tenant. Unverified: the real service's words and status."""
    if name not in {"", MY_ORGANIZATION, tenant.id, tenant.domain.lower()}:
        raise NotAllowed(
            f"The path names the tenant '{name}', but the access token is one of the tenant '{tenant.id}' "
            f"({tenant.domain}). Use a token of the tenant that the path names, or leave its name out of the path."
        )


def _minimal(call: Call, response: Answer) -> Answer:
    """Answer a change without the entity for `Prefer: return=minimal` (RFC 7240 4.2); the Location header stands for
    it.
    """
    if "return=minimal" not in call.headers.get("prefer", "").lower().replace(" ", ""):
        return response
    if response.document is None or "id" not in response.document or call.method not in ("POST", "PATCH"):
        return response
    headers: Mapping[str, str] = {**response.headers, "preference-applied": "return=minimal"}
    return replace(response, status=204, document=None, headers=headers)


async def admit(message: Message, sender: Sender, *, match: Match[Handler]) -> None:
    """Let an operation pass that no policy guards, or that was approved. Raises ApprovalRequired for others."""
    body = _body(message)
    policy_type = tenant_administration.policy_type(message.method, match.route.segments, body=body)
    if policy_type is None:
        return
    request = f"{message.method.upper()} {message.path}"[:LONGEST_REQUEST]
    operation = Operation(policy_type, digest=_digest(message, body=body), subject=_subject(match), request=request)
    by = Administrator(sender.principal.client_id, sender.principal.user_id)
    run, code = sender.emulator.runner.run, message.headers.get(CODE)
    if code:
        await run(sender.tenant, operations.use, code, operation=operation, by=by)
        return
    header = message.headers.get(JUSTIFICATION)
    requested = await run(sender.tenant, operations.request, operation, by=by, header=header)
    if requested is not None:
        old = sender.tenant.setting("approvals.preconditionFailed")
        raise ApprovalPrecondition(requested) if old else ApprovalRequired(requested)


def _subject(match: Match[Handler]) -> str:
    """Return the id of what an operation changes: the first key of the path, but for the user's of a device."""
    keys = [key for name, key in match.keys.items() if name != "user"]
    return keys[0].lower() if keys else ""


def _digest(message: Message, *, body: dict[str, Any]) -> str:
    """Return by what the same operation is known again: method, address, and what the body says."""
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS) if body else message.content
    parts = (message.method.upper(), message.version.value, message.path, message.raw_query)
    return sha256("\n".join(parts).encode() + b"\n" + content).hexdigest()


def _body(message: Message) -> dict[str, Any]:
    with suppress(orjson.JSONDecodeError):
        body = orjson.loads(message.content)
        return body if isinstance(body, dict) else {}
    return {}
