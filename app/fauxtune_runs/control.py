"""The control surface's part for runs: begin to record a deterministic tenant, and get the run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
from fastapi import Response
from pydantic import Field

from fauxtune import __version__
from fauxtune.core.errors import Conflict
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.in_order import Recording
from fauxtune.operations.tenants.state_document import export_tenant
from fauxtune.surfaces.control.access import JSON, Here, calls
from fauxtune.surfaces.control.bodies import Answer
from fauxtune_runs.run import FORMAT, VERSION, Run

router = calls("/tenants/{tenant}/recording", tag="recording")


class Recorded(Answer):
    """What a run of a tenant holds by now. `since`: after how many exchanges somebody began to record."""

    since: int
    exchanges: int
    size: int = Field(description="bytes")


@router.post("/start", status_code=201, summary="Begin to record a deterministic tenant")
async def start(here: Here) -> Recorded:
    """The run also holds all exchanges since the tenant was made, for they are what led to its state. 409 for a tenant
    that is not deterministic, and for one whose first exchanges are not kept.
    """
    recording = _recording(here)
    recording.since = recording.exchanges
    return Recorded(since=recording.since, exchanges=recording.exchanges, size=recording.size)


@router.post("/stop", summary="End the recording, and get the run", response_model=Run)
async def stop(here: Here) -> Response:
    """The run as one JSON document: its steps, and the tenant's state at the end. It holds the tenant's own secrets.
    409 if nothing is being recorded.
    """
    recording = _recording(here)
    if recording.since is None:
        raise Conflict("Nothing is being recorded: `fauxtune record start` begins it.")
    async with here.emulator.orders.turns.of(here.tenant.id):
        exported = await export_tenant(here.emulator, here.tenant, with_keys=True)
        plain = await export_tenant(here.emulator, here.tenant, with_keys=False)
        document = {
            "format": FORMAT,
            "version": VERSION,
            "program": __version__,
            "server": server_document(here.emulator),
            "tenant": {"id": here.tenant.id, **recording.beginning},
            "since": recording.since,
            "steps": recording.steps,
            "end": {"sha256": hashlib.sha256(exported).hexdigest(), "export": orjson.loads(plain)},
        }
        written = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        recording.since = None
    return Response(written, media_type=JSON)


def server_document(emulator: Emulator) -> JsonObject:
    """Return what answers depend on beside the tenant: the addresses of the server, whether it checks permissions, and
    the authority of its TLS certificate (PEM), which devices are told to trust.

    Raises Conflict for a server whose people have a password of its own, which no run may hold.
    """
    if emulator.runner.people_password is not None:
        raise Conflict(
            "This server gives its people a password that a run must not hold: start it with --published-secrets to "
            "record."
        )
    addresses = emulator.addresses
    return {
        "https": addresses.https,
        "http": addresses.http,
        "publicHttpUrl": addresses.public_http_url,
        "publicUrl": addresses.public_url,
        "names": None if addresses.names is None else sorted(addresses.names),
        "permissions": emulator.permissions.mode.value,
        "certificateAuthority": Path(emulator.ca_file).read_text(encoding="ascii") if emulator.ca_file else "",
    }


def _recording(here: Here) -> Recording:
    if here.tenant.deterministic is None:
        raise Conflict(
            f"The tenant '{here.tenant.name}' cannot be recorded, as its ids and keys come from the operating system "
            "and would be others the next time. Create one with `fauxtune tenant create NAME --deterministic 7`."
        )
    server_document(here.emulator)
    recording = here.emulator.orders.recording(here.tenant.id)
    left_out = next((step for step in recording.steps if "left out" in step), None)
    if left_out is not None:
        raise Conflict(f"This tenant cannot be recorded any more: {left_out['left out']}")
    return recording
