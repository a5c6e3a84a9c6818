"""The state of a tenant: exported as one document and imported, kept in named snapshots and restored, and reset."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from pydantic import Field

from fauxtune.core.errors import NotAllowed
from fauxtune.operations.tenants import snapshots
from fauxtune.operations.tenants.importing import import_tenant
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.storage.migrate import newest_revision
from fauxtune.storage.rows.tenants import SnapshotRow
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.access import JSON, Anyone, DocumentRoute, Here, calls
from fauxtune.surfaces.control.bodies import Answer, Listed
from fauxtune.surfaces.http import caller_of


class PrivateKeys(Answer):
    """Private keys, PKCS#8 in PEM, by the names that rows have for them."""

    service: dict[str, str]
    connector: dict[str, str]


class TenantDocument(Answer):
    """Everything that belongs to a tenant. A member of a row that has no value is left out."""

    format: Literal["fauxtune tenant"]
    version: int
    revision: str = Field(description="of the database's schema, whose tables and columns these are")
    tenant: dict[str, Any] = Field(description="its name, domain, clock and settings")
    keys: PrivateKeys | None = None
    encodings: dict[str, dict[str, str]] = Field(
        description="the columns that hold bytes: base64, or the label of their PEM"
    )
    tables: dict[str, list[dict[str, Any]]] = Field(description="the rows of each table, in the order of their keys")


class Snapshot(Answer):
    """A state of the tenant that was kept under a name. `createdDateTime` is by the system's clock."""

    name: str
    created_date_time: str
    tenant_date_time: str = Field(description="the tenant's time then")
    size: int = Field(description="bytes that it takes in the database")
    users: int
    devices: int = Field(description="enrolments, also those that have ended")
    revision: str = Field(description="of the database's schema")
    is_restorable: bool = Field(description="whether the schema is still that of this server")


class RowChanges(Answer):
    """What becomes of the rows of a table."""

    lost: int = Field(description="rows that are there and will not be")
    added: int = Field(description="rows that come, or come back")
    changed: int = Field(description="rows that get other values")


class Import(Answer):
    """What an import changed, by table."""

    id: str
    name: str
    is_new: bool = Field(description="whether the tenant was not there before")
    changes: dict[str, RowChanges]


class Restoration(Answer):
    """What restoring changes, by table; a table that stays as it is is left out."""

    snapshot: Snapshot | None = Field(description="null: the state in which the tenant was created")
    changes: dict[str, RowChanges]


router = calls("/tenants/{tenant}", tag="state")
imports = calls("", tag="state", route_class=DocumentRoute)

_DOCUMENT = {"$ref": f"#/components/schemas/{TenantDocument.__name__}"}

Name = Annotated[str, Path(max_length=64, description="the name of a snapshot")]


@router.get("/export", summary="Export the tenant as one document", response_model=TenantDocument)
async def export_tenant_state(
    here: Here,
    keys: Annotated[
        bool | None, Query(description="with its private keys; by default those only of a test tenant")
    ] = None,
) -> Response:
    """Everything that belongs to the tenant, as it is at one moment: one property a line, in an order that stays. Equal
    states give equal bytes.
    """
    return Response(await export_tenant(here.emulator, here.tenant, with_keys=keys), media_type=JSON)


@imports.put(
    "/import",
    summary="Replace the tenant by a document, or create it from one",
    responses={201: {"model": Import, "description": "the tenant was not there, and was created"}},
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
) -> Import:
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
    return Import.from_value(imported, id=imported.tenant.id, name=imported.tenant.name)


router.include_router(imports)


@router.get("/snapshots", summary="List the tenant's snapshots")
async def list_snapshots(here: Here) -> Listed[Snapshot]:
    """The oldest first."""
    rows = await snapshots.list_snapshots(here.emulator, here.tenant)
    return Listed(value=[_shown(row) for row in rows])


@router.post("/snapshots", status_code=201, summary="Keep the tenant's state under a name")
async def create_snapshot(here: Here, body: messages.NewSnapshot) -> Snapshot:
    """Users, devices, profiles, certificates, keys, clock, journal: all that an export has, and the simulated devices
    that the server hosts. 409 if the name is taken.
    """
    return _shown(await snapshots.create_snapshot(here.emulator, here.tenant, name=body.name))


@router.get("/snapshots/{name}", summary="What restoring a snapshot would change now")
async def get_snapshot(here: Here, name: Name) -> Restoration:
    """Changes nothing."""
    return _restoration(await snapshots.what_restoring_changes(here.emulator, here.tenant, name=name))


@router.post("/snapshots/{name}/restore", summary="Give the tenant the state of a snapshot")
async def restore_snapshot(here: Here, name: Name) -> Restoration:
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
async def get_reset(here: Here) -> Restoration:
    """Changes nothing."""
    return _restoration(await snapshots.what_restoring_changes(here.emulator, here.tenant, name=None))


@router.post("/reset", summary="Give the tenant the state in which it was created")
async def reset_tenant(here: Here) -> Restoration:
    """Its seed's users, groups and applications, with the ids that they had, and its first keys. Snapshots stay."""
    return _restoration(await snapshots.reset(here.emulator, here.tenant))


def _restoration(restored: snapshots.Restored) -> Restoration:
    row = restored.snapshot
    return Restoration.from_value(restored, snapshot=None if row.name == snapshots.BEGINNING else _shown(row))


def _shown(row: SnapshotRow) -> Snapshot:
    return Snapshot.from_value(
        row,
        tenant_date_time=row.tenant_time,
        users=row.counts.get("users", 0),
        devices=row.counts.get("enrollments", 0),
        is_restorable=row.revision == newest_revision(),
    )
