"""Certificates that come from outside: those imported for users, and the connectors that bring them.

Imported certificates. Graph: userPFXCertificate (the type spells PFX, the collection Pfx). Beta only. The secrets go in
and never come out: every read shows `AA==` and an empty text in their place.

Certificate connectors. Graph: ndesConnector, certificateConnectorDetails (beta). Intune: "Certificate Connector for
Microsoft Intune".

Both are views of the same connectors, of which a tenant has a hundred at most. Unverified: that an active one cannot be
deleted, because it would report again; and what each of its health checks depends on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.connectors import PROGRAMS, Support, support
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.selection import is_active, unreached
from fauxtune.operations.insight.audit_rules import IMPORTED_PFX, changes, creates, deletes
from fauxtune.storage.collections.tenant import USER_PFX_CERTIFICATES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import ConnectorRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Json, check_options, created, entity_answer, runs
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.lists import (
    Listed,
    computed,
    count_rows,
    list_rows,
)
from fauxtune.surfaces.graph.resources.parts import Computed, Found

USER_PFX_CERTIFICATE = entity("userPFXCertificate")

_CONTEXT = "deviceManagement/userPfxCertificates"
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION
IMPORTED = Routes(
    _CONTEXT,
    type=USER_PFX_CERTIFICATE,
    source="Graph: userPFXCertificate: {verb} (beta)",
    read=_READ,
    write=_WRITE,
    beta_only=True,
)
_LISTED = Listed(
    collection=USER_PFX_CERTIFICATES,
    document=computed,
    entity=USER_PFX_CERTIFICATE,
    context=_CONTEXT,
    # The import cmdlets ignore nextLink: what they list must come in one page.
    page_size=100_000,
    largest_page=100_000,
)


@IMPORTED.list()
async def list_certificates(call: Call) -> Answer:
    """List imported certificates."""
    return await list_rows(call, _LISTED)


@IMPORTED.count(summary="Count them")
async def count_certificates(call: Call) -> Answer:
    """Count imported certificates."""
    return await count_rows(call, _LISTED)


@IMPORTED.get("/{certificate}", summary="Get one")
async def get_certificate(call: Call) -> Answer:
    """Get an imported certificate.

    The key is `{user id}-{thumbprint}`.
    """
    check_options(call, USER_PFX_CERTIFICATE)
    key = call.keys["certificate"]
    user_id, thumbprint = imported_pfx.split_id(key)
    row = await call.read(pfx_queries.pfx, call.tenant.id, user_id=user_id, thumbprint=thumbprint)
    if row is None:
        raise NotFound(f"There is no userPfxCertificate '{key}'.")
    document = view(USER_PFX_CERTIFICATE, row.document, version=call.version, select=call.query.select)
    return entity_answer(call, document, context=_CONTEXT)


@IMPORTED.create(
    summary="Import one",
    audit=creates(IMPORTED_PFX),
    fidelity=approximated("409 for one that the user has, 400 for an unknown user: neither is documented"),
)
async def import_certificate(call: Call) -> Answer:
    """Import a certificate for a user.

    409 for one that the user has already.
    """
    body = accept(USER_PFX_CERTIFICATE, call.body(), partial=False, version=call.version)
    document = {**defaults(USER_PFX_CERTIFICATE), **body}
    document = await call.run(imported_pfx.import_pfx, document)
    return created(call, view(USER_PFX_CERTIFICATE, document, version=call.version), collection=_CONTEXT)


@IMPORTED.update(
    "/{certificate}",
    summary="Update one",
    audit=changes(IMPORTED_PFX),
    fidelity=approximated("400 for another thumbprint or user, of which the key is made"),
)
async def update_certificate(call: Call) -> Answer:
    """Update an imported certificate.

    200 with the entity; `AA==` and an empty text leave the secrets as they are.
    """
    changes = accept(USER_PFX_CERTIFICATE, call.body(), partial=True, version=call.version)
    document = await call.run(imported_pfx.update_pfx, call.keys["certificate"], changes=changes)
    return entity_answer(call, view(USER_PFX_CERTIFICATE, document, version=call.version), context=_CONTEXT)


# Exactly 204: the import cmdlets insist on it.
IMPORTED.delete(
    "/{certificate}",
    summary="Remove one from the service and from devices; nothing is revoked",
    audit=deletes(IMPORTED_PFX),
)(runs(imported_pfx.delete_pfx, key="certificate"))

CERTIFICATE_CONNECTOR = entity("certificateConnectorDetails")
NDES_CONNECTOR = entity("ndesConnector")

_NDES, _DETAILS = "deviceManagement/ndesConnectors", "deviceManagement/certificateConnectorDetails"
_FINE, _ATTENTION, _URGENT, _GONE = "noActionRequired", "attentionRequired", "actionRequired", "disconnected"
#: Intune's page on the connector: a warning while a newer version is out, an error after six months.
_OF_VERSION = {
    Support.FULL: _FINE,
    Support.DEPRECATED: _ATTENTION,
    Support.EXPIRED: _URGENT,
    Support.REFUSED: _URGENT,
}


async def _of_ndes(call: Call) -> Found:
    return _NDES, await _documents(call)


async def _in_detail(call: Call) -> Found:
    return _DETAILS, await _documents(call)


def _connectors(place: str, collection: Computed, *, what: str) -> Routes:
    routes = Routes(
        place,
        type=collection.entity,
        source=f"Graph: {collection.entity.name} (beta)",
        read=_READ,
        write=_WRITE,
        beta_only=True,
        dated=True,
        fidelity=EXACT,
    )
    summaries = (f"List {what}s", "Count connectors", f"Get a {what}")
    routes.collection("", collection, *summaries, count={"dated": False})
    return routes


NDES = _connectors(_NDES, Computed(NDES_CONNECTOR, _of_ndes, key="connector"), what="connector")
CONNECTORS_IN_DETAIL = _connectors(
    _DETAILS, Computed(CERTIFICATE_CONNECTOR, _in_detail, key="connector"), what="certificate connector"
)


@NDES.delete(
    "/{connector}",
    source="Graph: Delete ndesConnector (beta)",
    fidelity=approximated("400 for one that is active: what the real service does is not documented"),
)
async def delete_ndes(call: Call) -> Answer:
    """Remove a connector that is inactive.

    It is gone with its keys: what was imported with one of them cannot be delivered any more.
    """
    files = await call.run(connector_registry.remove_connector, call.keys["connector"])
    for file in files:
        call.emulator.connector_keys.delete(file)
    return NO_CONTENT


async def _documents(call: Call) -> list[Json]:
    """Return each connector with the properties of both types."""

    def read(connection: Connection) -> tuple[list[ConnectorRow], dict[str, JsonObject], bool]:
        templates = authority_queries.template_documents(connection, call.tenant.id, authority_name="issuing")
        reached = authority_queries.current_issuing(connection, call.tenant.id).state == "available"
        return connector_queries.connector_rows(connection, call.tenant.id), templates, reached

    rows, templates, reached = await call.read(read)
    now, faults = call.emulator.runner.now(call.tenant), call.emulator.faults.of(call.tenant.id)
    return [
        _document(
            row,
            is_blocked=unreached(row, faults, now=now) is not None,
            tenant=call.tenant,
            templates=templates.values(),
            reached=reached,
            now=now,
        )
        for row in rows
    ]


def _document(
    row: ConnectorRow,
    *,
    is_blocked: bool,
    tenant: Tenant,
    templates: Iterable[Mapping[str, Any]],
    reached: bool,
    now: datetime,
) -> Json:
    """`is_blocked`: a firewall keeps it from the service. Unverified: that Graph calls it inactive at once."""
    program = row.program
    online = is_active(row, now=now) and not is_blocked
    enrolled = iso(row.created_at)
    checks = _checks(row.roles, templates, reached=reached, online=online)
    statuses = {_OF_VERSION[support(program, row.version, now=now)], *(check["status"] for check in checks)}
    worst = [each for each in (_URGENT, _ATTENTION, "unknown") if each in statuses]
    last = iso(_last(row, online=online, now=now))
    return {
        "id": row.id,
        "displayName": row.name,
        "connectorName": row.name,
        "machineName": row.machine or f"{'-'.join(row.name.lower().split())}.{tenant.domain}",
        "connectorVersion": row.version or PROGRAMS[program].newest,
        "state": "active" if online else "inactive",
        "enrolledDateTime": enrolled,
        "enrollmentDateTime": enrolled,
        "lastConnectionDateTime": last,
        "lastCheckinDateTime": last,
        "healthChecks": checks,
        "healthStatus": _GONE if not online else worst[0] if worst else _FINE,
    }


def _last(row: ConnectorRow, *, online: bool, now: datetime) -> datetime:
    """Return the time of its last contact."""
    if row.credential_digest is not None:
        return row.contact_at or row.created_at
    return now if online else row.offline_since or row.created_at


def _checks(roles: list[str], templates: Iterable[Mapping[str, Any]], *, reached: bool, online: bool) -> list[Json]:
    """Return a connector's checks of its certification authority; a connector that sends it no requests has none."""
    listed = list(templates)
    fine = {}
    if "pkcs" in roles:
        fine["caConnectivity"] = reached
        fine["caIssuancePermissions"] = any(each.get("connectorMayEnroll", True) for each in listed)
        fine["certificateTemplate"] = bool(listed)
    if "revocation" in roles:
        fine["caRevocationPermissions"] = all(each.get("connectorMayRevoke", True) for each in listed)
    return [
        {"metricName": name, "status": "unknown" if not online else _FINE if holds else _ATTENTION}
        for name, holds in sorted(fine.items())
    ]
