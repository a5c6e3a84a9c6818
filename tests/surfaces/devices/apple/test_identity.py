"""How a device may prove who it is: by a signature over the body, by TLS, or by the word of a trusted proxy."""

from __future__ import annotations

import base64
import plistlib
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import quote

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.types import Receive, Scope, Send

from fauxtune.operations.runtime.emulator import TrustedProxies
from fauxtune.server.factory import Application
from tests.support.apple_tenant import BASE, AppleTenant
from tests.support.devices.apple import Fleet

SERVER = f"{BASE}/server"


class WithTls:
    """The application behind a TLS connection with this client certificate."""

    def __init__(self, app: Application, certificate: bytes) -> None:
        self._app = app
        self._certificate = certificate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {"tls": {"client_cert": self._certificate}}
        await self._app(scope, receive, send)


def der(device: Fleet) -> bytes:
    assert device.certificate is not None
    return device.certificate.public_bytes(Encoding.DER)


def idle(device: Fleet) -> bytes:
    return plistlib.dumps({"UDID": device.udid, "Status": "Idle"})


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("embed", [True, False])
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_signature_is_attached_or_detached_and_of_either_hash(
    contoso: AppleTenant, digest: str, embed: bool, method: str
) -> None:
    """Real devices sign detached with SHA-256, mdmb with SHA-1; Fleet's client leaves the content in the message."""
    device = await contoso.enrolled_fleet()
    body = idle(device)
    headers = {"Mdm-Signature": device.signature(body, embed=embed, digest=digest)}
    answer = await contoso.http.request(method, SERVER, content=body, headers=headers)
    assert answer.status_code == 200
    assert plistlib.loads(answer.content)["CommandUUID"]


async def test_both_addresses_take_both_kinds_of_message(contoso: AppleTenant) -> None:
    """Without a CheckInURL a device sends its check-ins to the ServerURL."""
    device = await contoso.enrolled_fleet()
    body = idle(device)
    answer = await contoso.http.put(f"{BASE}/checkin", content=body, headers={"Mdm-Signature": device.signature(body)})
    assert answer.status_code == 200
    assert answer.content


async def test_a_tls_client_certificate_is_enough(contoso: AppleTenant, app: Application) -> None:
    device = await contoso.enrolled_fleet()
    transport = httpx.ASGITransport(WithTls(app, der(device)))
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.put(SERVER, content=idle(device))
    assert answer.status_code == 200
    assert answer.content


@pytest.mark.parametrize("form", ["rfc9440", "pem"])
@pytest.mark.parametrize(("network", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/8", 400)])
async def test_a_proxys_word_counts_if_it_is_trusted(
    contoso: AppleTenant, form: str, network: str, status: int
) -> None:
    """RFC 9440, or a URL-escaped PEM as NanoMDM takes it behind a proxy; from anybody else the header says nothing."""
    device = await contoso.enrolled_fleet()
    assert device.certificate is not None
    result = (
        f":{base64.b64encode(der(device)).decode()}:"
        if form == "rfc9440"
        else quote(device.certificate.public_bytes(Encoding.PEM).decode())
    )
    trusting = replace(contoso.emulator, trusted_proxies=TrustedProxies((ip_network(network),)))
    transport = httpx.ASGITransport(Application(trusting), client=("127.0.0.1", 4711))
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.put(SERVER, content=idle(device), headers={"Client-Cert": result})
    assert answer.status_code == status
