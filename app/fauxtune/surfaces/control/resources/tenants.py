"""Tenants: create, list, change, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from fastapi import Request, Response

from fauxtune.core.administration.directory import PASSWORD
from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotAllowed
from fauxtune.core.model.tenants import SETTINGS, Tenant
from fauxtune.operations.compliance import occasions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import tenants
from fauxtune.operations.tenants.creation import Beginning, beginning, found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.seed_parts import Seed
from fauxtune.operations.tenants.seeds import BUILT_IN, FURTHER, built_in, nobody, parse_seed
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications as application_queries
from fauxtune.storage.queries import classrooms as classroom_queries
from fauxtune.storage.queries import tenants as queries
from fauxtune.storage.rows.tenants import ApplicationRow
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Anyone, Here, SeedRoute, calls
from fauxtune.surfaces.control.bodies import Listed
from fauxtune.surfaces.http import caller_of, origin

router = calls("/tenants", tag="tenants", route_class=SeedRoute)


@router.post("", status_code=201, summary="Create an isolated tenant")
async def create_tenant(request: Request, emulator: Anyone, body: messages.NewTenant | None = None) -> answers.Tenant:
    """A tenant with users, groups, a CA and a connector of its own. 409 if the name or domain exists already."""
    result = body or messages.NewTenant()
    seed = await _seed(result.seed)
    if result.keys is not None:
        seed = seed.model_copy(update={"keys": result.keys})
    creation = await _creation(seed)
    beginning = _beginning(result)
    tenant = await creation(
        emulator,
        seed,
        name=result.name,
        domain=result.domain,
        edition=result.edition,
        **({} if beginning is None else {"deterministic": beginning}),
    )
    application = await emulator.runner.read(application_queries.first_application, tenant.id)
    return _shown(tenant, emulator, request=request, application=application, is_seat=False)


@router.get("", summary="List the tenants")
async def list_tenants(request: Request, emulator: Anyone) -> Listed[answers.Tenant]:
    """Oldest first."""
    result = await emulator.runner.read(_with_applications)
    return Listed(
        value=[
            _shown(tenant, emulator, request=request, application=application, is_seat=is_seat)
            for tenant, application, is_seat in result
        ]
    )


@router.get("/{tenant}", summary="Get a tenant with its settings")
async def get_tenant(request: Request, here: Here) -> answers.Tenant:
    """Every setting with its value, default and meaning."""
    return await _view(here.tenant, here.emulator, request=request)


@router.patch("/{tenant}", summary="Change settings of a tenant")
async def change_tenant(request: Request, here: Here, body: messages.Settings) -> answers.Tenant:
    """All settings are changed, or none if one is wrong; every device is planned again."""
    changed = await here.run(tenants.change_settings, body.settings)
    await occasions.judge_again(here.emulator, here.tenant, changed=body.settings)
    return await _view(changed, here.emulator, request=request)


@router.delete("/{tenant}", status_code=204, summary="Delete a tenant with all of its data")
async def delete_tenant(request: Request, here: Here) -> Response:
    """Deletes its rows and private keys, and ends waiting requests. The password of a seat does not suffice."""
    if caller_of(request).seat is not None:
        raise NotAllowed("A seat is deleted with its classroom. To begin again: reset the lab, or the tenant.")
    await dissolve_tenant(here.emulator, here.tenant)
    return Response(status_code=204)


def _beginning(body: messages.NewTenant) -> Beginning | None:
    """Return how a deterministic tenant begins. Raises Invalid for a time or a tick without its number, or a wrong
    one.
    """
    if body.deterministic is None:
        for name in ("at", "tick"):
            if getattr(body, name) is not None:
                raise Invalid(f"{name} has a meaning only for a deterministic tenant.", target=name)
        return None
    return beginning(body.deterministic, at=body.at, tick=body.tick)


async def _creation(seed: Seed) -> Callable[..., Awaitable[Tenant]]:
    """Return what creates a tenant from this seed. What further parts need is loaded for the first seed that has any:
    not on the event loop.
    """
    if not seed.has_further_parts:
        return found_tenant
    module = await asyncio.to_thread(import_module, "fauxtune.operations.arrangement.seeded")
    creation: Callable[..., Awaitable[Tenant]] = module.found_full_tenant
    return creation


async def _seed(given: str | dict[str, Any] | None) -> Seed:
    if given is None or given == BUILT_IN["name"]:
        return built_in()
    if isinstance(given, dict):
        document = {"name": "seeded", "domain": "seeded.example", **given}
        if FURTHER.isdisjoint(document):
            return parse_seed(document)
        return await asyncio.to_thread(parse_seed, document)
    if given == "none":
        return nobody()
    raise Invalid(f"seed must be 'contoso', 'none', or a seed document, not '{given}'.", target="seed")


def _with_applications(connection: Connection) -> list[tuple[Tenant, ApplicationRow | None, bool]]:
    result, seats = queries.all_tenants(connection), {row.tenant_id for row in classroom_queries.all_seats(connection)}
    return [
        (tenant, application_queries.first_application(connection, tenant.id), tenant.id in seats) for tenant in result
    ]


def _with_application(connection: Connection, tenant: Tenant) -> tuple[ApplicationRow | None, bool]:
    is_seat = classroom_queries.seat_of(connection, tenant.id) is not None
    return application_queries.first_application(connection, tenant.id), is_seat


async def _view(tenant: Tenant, emulator: Emulator, *, request: Request) -> answers.Tenant:
    application, is_seat = await emulator.runner.read(_with_application, tenant)
    return _shown(tenant, emulator, request=request, application=application, is_seat=is_seat)


def _shown(
    tenant: Tenant, emulator: Emulator, *, request: Request, application: ApplicationRow | None, is_seat: bool
) -> answers.Tenant:
    return answers.Tenant.from_value(
        tenant,
        authority=origin(request),
        client_id=None if application is None else application.client_id,
        client_secret=None if application is None else application.secret,
        user_password=None if is_seat else emulator.runner.people_password or PASSWORD,
        certification_authority=tenant.ca_host,
        certification_authority_name=tenant.ca_name,
        deterministic=None
        if tenant.deterministic is None
        else answers.Deterministic(number=tenant.deterministic.number, tick=tenant.deterministic.tick),
        clock=answers.Clock(mode=tenant.clock.mode.value, now=iso(emulator.runner.now(tenant))),
        settings={
            name: answers.Setting(value=tenant.setting(name), default=default, description=description)
            for name, (default, description) in SETTINGS.items()
        },
    )
