"""The gate of Multi Admin Approval before the handlers: what a policy guards (`core/policies/approvals.py`) is answered
403 with the code of a request (412 in a tenant with `approvals.preconditionFailed`), and done when it is repeated with
that code after the approval.

Imported where a tenant has a policy.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import Any

import orjson

from fauxtune.core.odata.paths.table import Match
from fauxtune.core.policies import approvals
from fauxtune.core.policies.approvals import CODE, JUSTIFICATION, LONGEST_REQUEST
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.operations.profiles.approval_requests import Administrator, Operation
from fauxtune.surfaces.graph.call import ApprovalPrecondition, ApprovalRequired, Handler, Message, Sender


async def admit(message: Message, sender: Sender, *, match: Match[Handler]) -> None:
    """Let an operation pass that no policy guards, or that was approved. Raises ApprovalRequired for others."""
    body = _body(message)
    policy_type = approvals.policy_type(message.method, match.route.segments, body=body)
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
