"""The certificate connectors and their keys. Graph has no interface for the key that imports need."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated, Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from fastapi import Query, Response

from fauxtune.core.errors import NotFound
from fauxtune.core.model.connectors import PROGRAMS, support
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.pki.cng import write_public_blob
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.connectors import digicert, keys
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors.selection import is_running, unreached
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.storage.rows.certificates import ConnectorEventRow, ConnectorKeyRow, ConnectorRow
from fauxtune.surfaces.control import answers, messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Listed

router = calls("/tenants/{tenant}/connectors", tag="connectors")

_PEM, _BLOB = "application/x-pem-file", "application/octet-stream"
_KEY_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (_PEM, _BLOB)}}
}


@router.get("", summary="List the connectors")
async def list_connectors(here: Here) -> Listed[answers.Connector]:
    """Oldest first."""
    rows = await here.read(connector_queries.connector_rows, here.tenant.id)
    return Listed(value=[_shown(here, row) for row in rows])


@router.post("", status_code=201, summary="Add a connector")
async def add_connector(here: Here, body: messages.NewConnector) -> answers.NewProcess | answers.Connector:
    """Online, without keys. 409 when its name is taken, or when the tenant has as many as it can have: 100, and in the
    edition of 2020 one PFX Certificate Connector.
    """
    apart = body.location == "process"
    new = await here.run(
        connector_registry.add_connector, body.name, roles=body.roles, mode=body.mode, program=body.program, apart=apart
    )
    view = _shown(here, new.row)
    if new.credential is None:
        return view
    return answers.NewProcess.from_value(view, credential=new.credential)


@router.get("/{connector}", summary="Get a connector")
async def get_connector(here: Here, connector: str) -> answers.Connector:
    """The connector is named by id or name."""
    return _shown(here, await here.run(connector_registry.connector, connector))


@router.patch("/{connector}", summary="Change a connector: state, mode, roles or version")
async def change_connector(*, here: Here, connector: str, body: messages.ConnectorChange) -> answers.Connector:
    """Devices that wait for the connector are planned again."""
    row = await here.run(
        connector_registry.change_connector,
        connector,
        state=body.state,
        mode=body.mode,
        roles=body.roles,
        version=body.version,
    )
    return _shown(here, row)


@router.delete("/{connector}", status_code=204, summary="Remove a connector")
async def delete_connector(here: Here, connector: str) -> Response:
    """Its keys are deleted too: certificates imported with them cannot be delivered to new devices. 400 while
    active.
    """
    await keys.remove_connector(here.emulator, here.tenant, connector_id=connector)
    return Response(status_code=204)


@router.get("/{connector}/events", summary="Read a connector's log")
async def list_connector_events(
    *,
    here: Here,
    connector: str,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,  # noqa: A002 - the documents' word
    device: Annotated[str | None, Query(description="the id of an enrolment, or of its managedDevice")] = None,
    wait: Annotated[float, Query(ge=0, le=60)] = 0,
) -> answers.ConnectorLog:
    """At most 1,000 events in order; `-` as connector means all. Waits up to `wait` seconds for the first event."""
    connector_id = None if connector == "-" else (await here.run(connector_registry.connector, connector)).id
    enrollment = None if device is None else await here.read(_enrollment, here.tenant.id, device=device)
    rows: list[ConnectorEventRow] = []

    async def has_some() -> bool:
        nonlocal rows
        rows = await here.read(
            connector_queries.connector_log,
            here.tenant.id,
            connector_id=connector_id,
            after=after,
            event_id=id,
            device=enrollment,
        )
        return bool(rows)

    loop = asyncio.get_running_loop()
    ends = loop.time() + wait
    while not await has_some() and loop.time() < ends:
        # The new event may belong to another connector: then the wait goes on.
        await here.emulator.signals.wait_for_connector_log(here.tenant.id, seconds=ends - loop.time(), unless=has_some)
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[row.device for row in rows])
    events = [
        answers.ConnectorEvent.from_value(row, id=row.event_id, managed_device_id=known.get(row.device)) for row in rows
    ]
    return answers.ConnectorLog(events=events, next=rows[-1].number if rows else after)


def _enrollment(connection: Connection, tenant_id: TenantId, *, device: str) -> EnrollmentId:
    row = device_queries.enrollment_named(connection, tenant_id, key=device)
    if row is None:
        raise NotFound(f"There is no device '{device}'; use the id of an enrolment or of a managedDevice.")
    return row.id


@router.put("/{connector}/raCertificate", summary="Install an RA certificate of the DigiCert CA")
async def install_ra_certificate(
    *, here: Here, connector: str, body: messages.RaRequest | None = None
) -> answers.RaCertificate:
    """The server makes the key of a connector inside it; a connector that is a process of its own sends a request. 404
    if the tenant has no DigiCert CA.
    """
    csr = None if body is None or body.csr is None else body.csr.encode()
    certificate = await digicert.install(here.emulator, here.tenant, connector_id=connector, csr=csr)
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return answers.RaCertificate(thumbprint=thumbprint(certificate), certificate=pem)


@router.delete("/{connector}/raCertificate", status_code=204, summary="Remove the RA certificate from the connector")
async def remove_ra_certificate(here: Here, connector: str) -> Response:
    """Requests for the DigiCert CA fail from now on, with the diagnostic code 0x00000401."""
    await here.run(digicert.remove_ra, connector)
    return Response(status_code=204)


@router.get("/{connector}/keys", summary="List a connector's keys")
async def list_connector_keys(here: Here, connector: str) -> Listed[answers.ConnectorKey]:
    """Public keys only."""
    row = await here.run(connector_registry.connector, connector)
    rows = await here.read(connector_queries.connector_key_rows, here.tenant.id, connector_id=row.id)
    return Listed(value=[_key_view(key) for key in rows])


@router.post("/{connector}/keys", status_code=201, summary="Make or import a key")
async def add_connector_key(*, here: Here, connector: str, body: messages.NewKey) -> answers.ConnectorKey:
    """409 if provider and name exist already. The private key cannot be exported."""
    row = await keys.create_key(
        here.emulator,
        here.tenant,
        connector_id=connector,
        provider=body.provider_name,
        key_name=body.key_name,
        length=body.key_length,
        private_key=body.private_key,
    )
    return _key_view(row)


@router.get(
    "/{connector}/keys/{provider}/{name}", response_class=Response, responses=_KEY_FILES, summary="Get a public key"
)
async def get_connector_key(
    *,
    here: Here,
    connector: str,
    provider: str,
    name: str,
    format: Literal["pem", "cngblob"] = "pem",  # noqa: A002
) -> Response:
    """PEM (SubjectPublicKeyInfo), or the bytes of a CNG RSAPUBLICBLOB."""
    row = await here.run(connector_registry.connector_key, connector, provider=provider, key_name=name)
    if format == "pem":
        return Response(_pem(row), media_type=_PEM)
    key = load_der_public_key(row.public_key)
    assert isinstance(key, RSAPublicKey)
    return Response(write_public_blob(key), media_type=_BLOB)


@router.delete("/{connector}/keys/{provider}/{name}", status_code=204, summary="Delete a key of the connector")
async def delete_connector_key(*, here: Here, connector: str, provider: str, name: str) -> Response:
    """Certificates imported with it cannot be delivered to new devices any more."""
    await keys.delete_key(here.emulator, here.tenant, connector_id=connector, provider=provider, key_name=name)
    return Response(status_code=204)


def _shown(here: Here, row: ConnectorRow) -> answers.Connector:
    program, now = row.program, here.emulator.runner.now(here.tenant)
    apart, ra = row.credential_digest is not None, row.ra_certificate
    return answers.Connector.from_value(
        row,
        version=row.version or PROGRAMS[program].newest,
        support=support(program, row.version, now=now),
        ra_certificate=None if ra is None else hashlib.sha1(ra).hexdigest(),  # noqa: S324 - how certificates are named
        location="process" if apart else "server",
        machine_name=row.machine,
        running=is_running(row, now=now) if apart else None,
        unreached_host=unreached(row, here.emulator.faults.of(here.tenant.id), now=now),
        last_contact_date_time=row.contact_at,
    )


def _key_view(row: ConnectorKeyRow) -> answers.ConnectorKey:
    return answers.ConnectorKey.from_value(row, provider_name=row.provider, public_key=_pem(row))


def _pem(row: ConnectorKeyRow) -> str:
    key = load_der_public_key(row.public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
