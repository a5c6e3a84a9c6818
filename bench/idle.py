"""An Apple device that sends Idle and gets no command, against a bare FastAPI endpoint that verifies the signature too.

On PostgreSQL few devices on more connections than they are beside as many as there are connections: the messages of one
device are served one after the other.

Apple: "Mobile Device Management Protocol": the header Mdm-Signature, a detached CMS over the body.
"""

from __future__ import annotations

import asyncio
import base64
import plistlib
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from bench import load, world
from bench.checkin import beside
from bench.postgres import postgresql
from bench.rows import Row, side_by_side

_DEVICES, _MANY = 16, 64
_TURNS, _SECONDS = 5, 2.0
_OPTIONS = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary)


def rows() -> Iterator[Row]:
    """Two rows: by requests a second, and by processor time; and one of PostgreSQL."""
    with world.server() as server:
        client = server.client()
        requests = [_quiet(client, number) for number in range(_DEVICES)]
        name = "quiet Idle / FastAPI, same signature check"
        yield from beside(server, "bench.bare_signed", name=name, requests=requests, goal=0.65)
    with postgresql() as url, world.server("--database-url", url) as server:
        client = server.client()
        requests = [_quiet(client, number) for number in range(_MANY)]

        def rate(devices: int, connections: int) -> float:
            loaded = load.requests_per_second(
                server.http_port, requests[:devices], seconds=_SECONDS, connections=connections
            )
            return asyncio.run(loaded)

        few, many, ratio = side_by_side(lambda: rate(_DEVICES, 32), lambda: rate(_MANY, _MANY), pairs=_TURNS)
        name = "quiet Idle, PostgreSQL: 16 on 32 connections / 64 on 64"
        yield Row(name, f"{few:.0f}/s", f"{many:.0f}/s", ratio, 0.8)


def _quiet(client: httpx.Client, number: int) -> bytes:
    """Enrol a device, let it settle, and return its Idle request."""
    query = {"token": world.enrollment_token(client, uses=1), "identity": "pkcs12"}
    profile = plistlib.loads(client.get("/mdm/contoso/apple/enroll", params=query).raise_for_status().content)
    identity, mdm = profile["PayloadContent"][:2]
    file = pkcs12.load_key_and_certificates(identity["PayloadContent"], identity["Password"].encode())
    key, certificate = file[0], file[1]
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate is not None
    udid = str(uuid.uuid5(uuid.NAMESPACE_DNS, str(number))).upper()

    def request(**message: Any) -> bytes:
        body = plistlib.dumps({"UDID": udid, **message})
        headers = {"mdm-signature": _signature(body, key, certificate=certificate), "content-type": ""}
        return load.post("/mdm/contoso/apple/server", body=body, headers=headers)

    def send(**message: Any) -> dict[str, Any]:
        head, _, body = request(**message).partition(b"\r\n\r\n")
        named = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        answer = client.post("/mdm/contoso/apple/server", content=body, headers=named).raise_for_status()
        document: dict[str, Any] = plistlib.loads(answer.content) if answer.content else {}
        return document

    send(MessageType="Authenticate", Topic=mdm["Topic"], ProductName="iPhone15,2", OSVersion="17.5.1")
    send(MessageType="TokenUpdate", Topic=mdm["Topic"], Token=udid.encode(), PushMagic="magic")
    command = send(Status="Idle")
    while command:
        command = send(Status="Acknowledged", CommandUUID=command["CommandUUID"])
    return request(Status="Idle")


def _signature(body: bytes, key: rsa.RSAPrivateKey, *, certificate: x509.Certificate) -> str:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(body).add_signer(certificate, key, hashes.SHA256())
    return base64.b64encode(builder.sign(Encoding.DER, list(_OPTIONS))).decode()
