"""The endpoint of management agents: `POST /mdm/{tenant}/agent`. `description` describes it for those who write one.

The device proves its identity as in its MDM sessions, by the certificate of its enrolment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Request, Response
from pydantic import ValidationError

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, Unauthenticated, writable
from fauxtune.core.formats.json_text import MOST_FROM_DEVICE
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.app_states import AppRun
from fauxtune.core.policies.script_runs import PartResult
from fauxtune.internals.fastapi_routes import BoundedRoute, Router
from fauxtune.operations.checkin.agent import serve
from fauxtune.operations.devices.caller import certificate_holder, check_certificate
from fauxtune.operations.runtime.contents import READ
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.scripts.device_scripts import RunReport
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.devices.agent import answers, messages
from fauxtune.surfaces.devices.client_certificate import caller_certificate
from fauxtune.surfaces.http import caller_of, emulator_of


class _DeviceRoute(BoundedRoute):
    """A route whose callers are not authenticated before the body is parsed."""

    most_elements = MOST_FROM_DEVICE


#: How long the address of a content is valid.
_ADDRESS_VALID = timedelta(days=1)
router = Router(prefix="/mdm/{tenant_key}", tags=["agent"], route_class=_DeviceRoute, redirect_slashes=False)


@router.post("/agent")
async def ask(request: Request) -> Response:
    """Take in what the agent has done, and answer what it is to do."""
    emulator, body = emulator_of(request), await request.body()
    tenant = caller_of(request).tenant = await emulator.runner.tenant(request.path_params["tenant_key"])
    row = await _caller(request, body, tenant=tenant)
    message = _read(body)
    reports: dict[str, list[Any]] = {
        "scripts": [
            RunReport(
                script.id,
                script.run,
                tuple(PartResult(part.part, part.exit_code, part.output, part.error) for part in script.results),
            )
            for script in message.scripts
        ],
        "apps": [
            AppRun(app.id, app.content, app.detected, exit_code=app.exit_code, version=app.version)
            for app in message.apps
        ],
    }
    # Two requests of one device at once would count one report twice, whichever processes they come to.
    async with emulator.turns.across(f"agent {row.id}"):
        answer = await emulator.runner.run_check_in(
            tenant, serve, row.id, reports=reports, user_is_here=message.user_is_here
        )
    apps = [_with_address(emulator, tenant, order=order) for order in answer.orders["apps"]]
    document = {**answer.orders, "apps": apps, "ask_again_at": iso(answer.ask_again_at)}
    content = answers.AgentAnswer.model_validate(document).model_dump_json(by_alias=True)
    return Response(content, media_type="application/json")


def _with_address(emulator: Emulator, tenant: Tenant, *, order: JsonObject) -> JsonObject:
    """Return an order with the address of the app's content, if it has one."""
    if order["file"] is None:
        return order
    expires = emulator.runner.now(tenant) + _ADDRESS_VALID
    return {**order, "address": emulator.contents.address(tenant.id, order["file"], expires=expires, allowed=READ)}


async def _caller(request: Request, body: bytes, *, tenant: Tenant) -> EnrollmentRow:
    emulator = emulator_of(request)
    certificate = caller_certificate(request, body, proxies=emulator.trusted_proxies)
    if certificate is None:
        raise Unauthenticated("The device has sent no proof of identity.", target="missing")
    row = await emulator.runner.read(certificate_holder, certificate.public_bytes(Encoding.DER))
    if row is None:
        raise Unauthenticated("The device's certificate was not issued here.")
    row = check_certificate(row, tenant, certificate=certificate, now=emulator.runner.now(tenant))
    caller_of(request).device = row.id
    return row


def _read(body: bytes) -> messages.AgentRequest:
    try:
        return messages.AgentRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise Invalid(writable(f"{where}: {first['msg']}.")) from None
