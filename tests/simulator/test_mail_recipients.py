"""Which certificate of a user a mail is encrypted to, as the control surface lists them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.control import Control
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.transport import Transport

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki


@pytest.fixture
async def rows() -> AsyncIterator[tuple[list[dict[str, Any]], Control]]:
    """The certificates that a control surface lists, newest first, and a client of it."""
    rows: list[dict[str, Any]] = []

    async def listed(_request: web.Request) -> web.Response:
        return web.json_response({"value": rows})

    async def single(request: web.Request) -> web.Response:
        key = request.match_info["key"]
        return web.json_response(next(row for row in rows if row["thumbprint"] == key))

    app = web.Application()
    app.router.add_get("/tenants/contoso/certificates", listed)
    app.router.add_get("/tenants/contoso/certificates/{key}", single)
    async with TestServer(app) as server, Transport() as transport:
        yield rows, Control(transport, str(server.make_url("")).rstrip("/"), tenant="contoso")


def row(pki: Pki, *, source: str | None, status: str = "good", device: str | None = None) -> dict[str, Any]:
    identity = pki.issue()
    pem = identity.certificate.public_bytes(Encoding.PEM).decode()
    return {
        "thumbprint": identity.thumbprint,
        "certificate": pem,
        "source": source,
        "status": status,
        "device": device,
    }


async def test_an_imported_certificate_comes_before_a_newer_one_of_a_device(
    pki: Pki, rows: tuple[list[dict[str, Any]], Control]
) -> None:
    listed, control = rows
    # Imported after it was issued for a device; and one of another authority, whose state is not known here.
    for imported in (row(pki, source="imported", device="d1"), row(pki, source="imported", status="unknown")):
        listed[:] = [row(pki, source="pkcs", device="d2"), imported]
        chosen = await control.certificate_for("alice@contoso.example")
        assert chosen.certificate.public_bytes(Encoding.PEM).decode() == imported["certificate"]
        assert chosen.is_of_one_device is False


async def test_a_certificate_of_one_device_is_the_last_choice_and_said_to_be_one(
    pki: Pki, rows: tuple[list[dict[str, Any]], Control]
) -> None:
    listed, control = rows
    listed[:] = [row(pki, source="imported", status="revoked"), row(pki, source="pkcs", device="d2")]
    chosen = await control.certificate_for("alice@contoso.example")
    assert chosen.certificate.public_bytes(Encoding.PEM).decode() == listed[1]["certificate"]
    assert chosen.is_of_one_device is True
    listed[:] = [row(pki, source="pkcs", status="expired", device="d2")]
    with pytest.raises(NotFoundHere, match="no encryption certificate"):
        await control.certificate_for("alice@contoso.example")
