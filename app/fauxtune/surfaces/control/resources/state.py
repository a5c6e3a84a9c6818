"""The state of a tenant: exported as one document and imported, kept in named snapshots and restored, and reset."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotAllowed
from fauxtune.operations.tenants import snapshots
from fauxtune.operations.tenants.export import export_tenant
from fauxtune.operations.tenants.importing import import_tenant
from fauxtune.operations.tenants.replacing import Changes
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.rows.snapshots import SnapshotRow
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control import state_answers as answers
from fauxtune.surfaces.control.access import JSON, DocumentRoute
from fauxtune.surfaces.control.answers import Listed
from fauxtune.surfaces.control.calls import Anyone, Here, calls
from fauxtune.surfaces.http import caller_of

router = calls("/tenants/{tenant}", tag="state")
imports = calls("", tag="state", route_class=DocumentRoute)

_DOCUMENT = {"$ref": f"#/components/schemas/{answers.TenantDocument.__name__}"}

Name = Annotated[str, Path(max_length=64, description="the name of a snapshot")]


@router.get("/export", summary="Export the tenant as one document", response_model=answers.TenantDocument)
async def export_tenant_state(
    here: Here,
    keys: Annotated[
        bool | None, Query(description="with its private keys; by default those of a test tenant alone")
    ] = None,
) -> Response:
    """Everything that belongs to the tenant, as it is at one moment: one property a line, in an order that stays. Equal
    states give equal bytes.
    """
    return Response(await export_tenant(here.emulator, here.tenant, with_keys=keys), media_type=JSON)


@imports.put(
    "/import",
    summary="Replace the tenant by a document, or create it from one",
    responses={201: {"model": answers.Import, "description": "the tenant was not there, and was created"}},
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": _DOCUMENT}}}},
)
async def import_tenant_state(
    request: Request,
    response: Response,
    emulator: Anyone,
    tenant: Annotated[str, Path(description="id, name or domain of the tenant that the document is of")],
    replace: Annotated[
        bool, Query(description="another tenant of the document's id is deleted first, once the document is examined")
    ] = False,
) -> answers.Import:
    """All of it or nothing: 400 names every mistake with its place. The document is of this tenant, as `export` gives
    it, with private keys unless the tenant has them. At most 32 MiB. To take a tenant along to another server, where
    another one has its id, such as the one with which every server begins: `?replace=true`.
    """
    if replace and caller_of(request).seat is not None:
        raise NotAllowed("A seat is deleted with its classroom: it cannot be replaced by another tenant.")
    content = await request.body()
    imported = await import_tenant(emulator, tenant, content=content, in_place=replace)
    caller_of(request).tenant = imported.tenant
    response.status_code = 201 if imported.is_new else 200
    return answers.Import(
        id=imported.tenant.id,
        name=imported.tenant.name,
        is_new=imported.is_new,
        changes=_changes(imported.changes),
    )


router.include_router(imports)


@router.get("/snapshots", summary="List the tenant's snapshots")
async def list_snapshots(here: Here) -> Listed[answers.Snapshot]:
    """The oldest first."""
    rows = await snapshots.list_snapshots(here.emulator, here.tenant)
    return Listed(value=[_shown(row) for row in rows])


@router.post("/snapshots", status_code=201, summary="Keep the tenant's state under a name")
async def create_snapshot(here: Here, body: messages.NewSnapshot) -> answers.Snapshot:
    """Users, devices, profiles, certificates, keys, clock, journal: all that an export has, and the simulated devices
    that the server hosts. 409 if the name is taken.
    """
    return _shown(await snapshots.create_snapshot(here.emulator, here.tenant, name=body.name))


@router.get("/snapshots/{name}", summary="What restoring a snapshot would change now")
async def get_snapshot(here: Here, name: Name) -> answers.Restoration:
    """Changes nothing."""
    return _restoration(await snapshots.what_restoring_changes(here.emulator, here.tenant, name=name))


@router.post("/snapshots/{name}/restore", summary="Give the tenant the state of a snapshot")
async def restore_snapshot(here: Here, name: Name) -> answers.Restoration:
    """All at once, or nothing. Its id, name, domain and secret stay; numbers of the journal go on. 409 for a snapshot
    that was made with another schema.
    """
    return _restoration(await snapshots.restore_snapshot(here.emulator, here.tenant, name=name))


@router.delete("/snapshots/{name}", status_code=204, summary="Delete a snapshot")
async def delete_snapshot(here: Here, name: Name) -> Response:
    """The tenant's state stays as it is."""
    await snapshots.delete_snapshot(here.emulator, here.tenant, name=name)
    return Response(status_code=204)


@router.get("/reset", summary="What a reset would change now")
async def get_reset(here: Here) -> answers.Restoration:
    """Changes nothing."""
    return _restoration(await snapshots.what_restoring_changes(here.emulator, here.tenant, name=None))


@router.post("/reset", summary="Give the tenant the state in which it was created")
async def reset_tenant(here: Here) -> answers.Restoration:
    """Its seed's users, groups and applications, with the ids that they had, and its first keys. Snapshots stay."""
    return _restoration(await snapshots.reset(here.emulator, here.tenant))


def _restoration(restored: snapshots.Restored) -> answers.Restoration:
    row = restored.snapshot
    return answers.Restoration(
        snapshot=None if row.name == snapshots.BEGINNING else _shown(row),
        changes=_changes(restored.changes),
    )


def _changes(changes: Changes) -> dict[str, answers.RowChanges]:
    return {
        table: answers.RowChanges(lost=each.lost, added=each.added, changed=each.changed)
        for table, each in changes.items()
    }


def _shown(row: SnapshotRow) -> answers.Snapshot:
    return answers.Snapshot(
        name=row.name,
        created_date_time=iso(row.created_at),
        tenant_date_time=iso(row.tenant_time),
        size=row.size,
        users=row.counts.get("users", 0),
        devices=row.counts.get("enrollments", 0),
        revision=row.revision,
        is_restorable=row.revision == newest_revision(),
    )
