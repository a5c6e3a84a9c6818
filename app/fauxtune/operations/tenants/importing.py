"""Importing the document of a tenant: it becomes the tenant's state, or, where there is no such tenant, a new one.

A document belongs to one tenant: its id, name and domain are in its certificates, in the addresses of its devices and
in the names of its users. It is not imported into another one: a seed makes many tenants that are alike.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from fauxtune.core.clock import ClockMode, TenantClock, from_iso, iso
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import KeyOrigin, Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.turns import turn_of_state
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.imported_keys import PlacedKeys, placed_keys
from fauxtune.operations.tenants.keys import KeyFiles, all_key_files
from fauxtune.operations.tenants.replacing import Changes, Event, check_rows, put_state
from fauxtune.operations.tenants.snapshots import keep_beginning
from fauxtune.operations.tenants.state_reading import Mistakes, ReadDocument, read_document
from fauxtune.operations.tenants.tenants import check_free, check_names, check_setting, check_year
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.tenant_state import FIXED, TenantState

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What a document must agree in with the tenant that it is imported into.
_SAME = sorted(FIXED)


@dataclass(frozen=True, slots=True)
class Imported:
    """The tenant with the state of the document. `is_new`: it was not there."""

    tenant: Tenant
    changes: Changes
    is_new: bool


async def import_tenant(emulator: Emulator, key: str, *, content: bytes, in_place: bool = False) -> Imported:
    """Give the tenant with this id, name or domain the state of a document. Raises DocumentRefused with all mistakes;
    then nothing was changed. `in_place`: another tenant of the document's id, such as the one with which every server
    begins, is deleted once the document is known to be good, and the document's tenant is created.
    """
    document = await asyncio.to_thread(read_document, content, revision=newest_revision())
    try:
        present = await emulator.runner.tenant(key)
    except NotFound:
        present = None
    former = present if in_place and present is not None and _is_another(document, present) else None
    if former is not None:
        present = None
    tenant = present or await _new_tenant(emulator, key, document=document, former=former)
    own = await emulator.runner.read(all_key_files, tenant.id) if present else KeyFiles([], [])

    def examine() -> PlacedKeys:
        mistakes = Mistakes()
        _check_same(document, tenant, mistakes=mistakes)
        _check_settings(document, emulator.runner.clock.now(), mistakes=mistakes)
        check_rows(document.state.rows, mistakes, tenant_id=document.state.tenant["id"])
        mistakes.check()
        placed = placed_keys(emulator, document, own=own, mistakes=mistakes)
        mistakes.check()
        placed.store()
        return placed

    placed = await asyncio.to_thread(examine)
    done = False
    try:
        state = replace(document.state, rows=placed.rows)
        event = Event("tenantImported", {})
        async with emulator.turns.across(turn_of_state(tenant)):
            if former is not None:
                await dissolve_tenant(emulator, former)
            changes = await put_state(emulator, tenant, state=state, event=event, is_new=present is None)
        done = True
    finally:
        if not done:
            await asyncio.to_thread(placed.remove)
    tenant = await emulator.runner.tenant(tenant.id)
    if present is None:
        await keep_beginning(emulator, tenant)
    return Imported(tenant, changes, is_new=present is None)


def _is_another(document: ReadDocument, tenant: Tenant) -> bool:
    """Whether a tenant with the id of the document's is another one all the same."""
    mistakes = Mistakes()
    _check_same(document, tenant, mistakes=mistakes)
    return document.state.tenant["id"] == tenant.id and mistakes.count > 0


def _check_same(document: ReadDocument, tenant: Tenant, *, mistakes: Mistakes) -> None:
    for name in _SAME:
        there, here = document.state.tenant[name], getattr(tenant, name)
        if isinstance(here, datetime):
            here = iso(here)
        if there != here:
            why = (
                "a tenant of the same id is here that is another one. To put the document's in its place, import it "
                "with --replace (?replace=true), which deletes the one that is here"
                if document.state.tenant["id"] == tenant.id
                else "a document is imported as the tenant that it was exported from; to make another tenant that is "
                "like it, use a seed"
            )
            mistakes.add(f"the document has '{there}', and this tenant '{here}': {why}", "tenant", name)


def _check_settings(document: ReadDocument, system_now: datetime, *, mistakes: Mistakes) -> None:
    for name, value in orjson.loads(document.state.tenant["settings"]).items():
        try:
            check_setting(name, value)
        except Invalid as error:
            mistakes.add(error.message.rstrip("."), "tenant", "settings", name)
    try:
        check_year(_clock_of(document.state), system_now)
    except Invalid as error:
        mistakes.add(error.message.rstrip("."), "tenant", "clock_mode")


async def _new_tenant(emulator: Emulator, key: str, *, document: ReadDocument, former: Tenant | None) -> Tenant:
    """Return the tenant that the document describes. Raises NotFound if the call names another one. `former`: one whose
    names become free.
    """
    if not _ID.fullmatch(document.state.tenant["id"]):
        raise Invalid("The id of a tenant must be a GUID in lower case.", target="id")
    tenant = _tenant_of(document.state)
    if key.lower() not in (tenant.id, tenant.name.lower(), tenant.domain):
        raise NotFound(
            f"There is no tenant '{key}', and the document is of the tenant '{tenant.name}'. Import it as that one."
        )
    check_names(tenant)
    await emulator.runner.read(check_free, tenant, former=former)
    return tenant


def _clock_of(state: TenantState) -> TenantClock:
    own = state.tenant
    frozen = own["clock_frozen_at"]
    if own["clock_mode"] not in ClockMode.__members__.values():
        raise Invalid(f"It must be one of {', '.join(ClockMode)}.")
    clock = TenantClock(
        mode=ClockMode(own["clock_mode"]),
        frozen_at=None if frozen is None else from_iso(frozen),
        offset=timedelta(microseconds=own["clock_offset"]),
    )
    if clock.mode is ClockMode.FROZEN and clock.frozen_at is None:
        raise Invalid("A frozen clock needs the time at which it stands, clock_frozen_at.")
    return clock


def _tenant_of(state: TenantState) -> Tenant:
    own = state.tenant
    return Tenant(
        id=TenantId(own["id"]),
        name=own["name"],
        domain=own["domain"],
        created_at=from_iso(own["created_at"]),
        ca_host=own["ca_host"],
        ca_name=own["ca_name"],
        public_http_url=own["public_http_url"],
        clock=_clock_of(state),
        settings=orjson.loads(own["settings"]),
        keys=KeyOrigin(own["keys"]),
    )
