"""Devices without a browser: a code on their screen, a page to type it in, one click. RFC 8628.

Source: Entra ID "OAuth 2.0 device authorization grant". How a device asks for its token is in `token`.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from fauxtune.operations.directory import sign_ins
from fauxtune.operations.directory.sign_ins import CODE_LIFETIME, DEVICE_LIFETIME, INTERVAL, Standing
from fauxtune.storage.queries import applications as queries
from fauxtune.surfaces.identity import errors, issuing, pages
from fauxtune.surfaces.identity.authorize import SHOWN, picked_user, read_ticket
from fauxtune.surfaces.identity.errors import Aadsts
from fauxtune.surfaces.identity.request import TokenRequest, application_not_found
from fauxtune.surfaces.identity.scopes import requested_by_user

_WHY_NOT = {
    Standing.UNKNOWN: "That code didn't work. Check the code and try again.",
    Standing.EXPIRED: "That code has expired. Start again on your device.",
}
_ALREADY = "That code has been used already. Start again on your device."


async def begin(about: TokenRequest) -> dict[str, Any]:
    """Return the device authorization response (RFC 8628 3.2)."""
    client_id, scope = about.need("client_id"), about.form.get("scope")
    tenant = (await about.tenants(client_id))[0]
    runner = about.emulator.runner
    row = await runner.read(queries.application, tenant.id, client_id=client_id)
    if row is None:
        raise application_not_found(client_id, tenant.name)
    requested_by_user(scope, hosts=about.hosts)
    device_code, user_code = await runner.run(
        tenant,
        sign_ins.add_device,
        row.client_id,
        scope=str(scope),
        any_tenant=about.any_tenant,
        now=runner.clock.now(),
    )
    page = f"{about.origin}/{about.tenant_key.lower() if about.any_tenant else tenant.id}/oauth2/deviceauth"
    return {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": int(DEVICE_LIFETIME.total_seconds()),
        "interval": INTERVAL,
        "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to "
        "authenticate.",
    }


async def page(about: TokenRequest) -> Response:
    """Answer GET: the page for the code; with a code (`user_code`, or `otc` as in Entra ID's links) that for the
    user.
    """
    if not about.any_tenant:
        await about.tenant()
    code = about.form.get("user_code") or about.form.get("otc")
    if not code:
        return pages.device_code_page()
    runner = about.emulator.runner
    standing, row = await runner.read(sign_ins.waiting_device, code, now=runner.clock.now())
    if row is None or standing is not Standing.PENDING:
        return pages.device_code_page(_WHY_NOT.get(standing, _ALREADY))
    tenants = await _tenants(about, client_id=row.client_id, tenant_id=row.tenant_id, any_=row.any_tenant)
    application = await runner.read(queries.application, tenants[0].id, client_id=row.client_id)
    people = await runner.read(queries.people, [tenant.id for tenant in tenants], limit=SHOWN)
    claims = {name: getattr(row, name) for name in ("digest", "client_id", "tenant_id", "any_tenant")}
    ticket = issuing.write(about.emulator, {"device": claims}, kind=issuing.TICKET, lifetime=CODE_LIFETIME)
    name = row.client_id if application is None else application.name
    return pages.users_page(name, people, ticket=ticket, forms_to="", asks=about.asks_for_passwords)


async def click(about: TokenRequest) -> Response:
    """Answer POST: a user was picked, or the sign-in was cancelled."""
    note = read_ticket(about).get("device")
    if note is None:
        raise Aadsts(errors.BAD_REQUEST, "This click belongs to another sign-in page.")
    decide, runner = sign_ins.decide, about.emulator.runner
    if about.form.get("decline"):
        done = await runner.read(decide, note["digest"])
        text = "You declined. You can close this window."
    else:
        tenants = await _tenants(
            about, client_id=note["client_id"], tenant_id=note["tenant_id"], any_=note["any_tenant"]
        )
        user = await picked_user(about, tenants)
        done = await runner.read(decide, note["digest"], user_tenant_id=user.tenant_id, user_id=user.id)
        text = "You have signed in on your device. You can close this window."
    if not done:
        return pages.device_code_page(_ALREADY)
    return pages.message_page("Done", text)


async def _tenants(about: TokenRequest, *, client_id: str, tenant_id: str, any_: bool) -> list[Any]:
    """Return the tenants whose users may sign in for this device."""
    if not any_:
        return [await about.tenant(tenant_id)]
    return await TokenRequest(about.emulator, "common", form={}, origin=about.origin).tenants(client_id)
