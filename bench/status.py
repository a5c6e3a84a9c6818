"""The status services of the CA: a CRL of 1,000 entries from memory, and OCSP answers.

An answer without a nonce is signed once and cached; one with a nonce is signed each time. The floor of both is the
signature.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from bench import inside, load, world
from bench.rows import Row, side_by_side
from fauxtune.connector.keypool import KeyRing
from fauxtune.operations.ca import authorities, counter, crl_and_ocsp

_ENTRIES = 1000
_SECONDS = 1.0
_ANSWERS = 1000
_TENANT = "/_fauxtune/v1/tenants/contoso"
_AUTHORITY = "/pki/contoso/issuing"


def rows() -> Iterator[Row]:
    """Four rows: the CRL; OCSP without nonces, with nonces in this process, with nonces over HTTP."""
    key = rsa.generate_private_key(65537, 2048)
    with world.server() as server:
        client = server.client()
        yield _crl(server, client)
        plain = _ocsp_post(_ocsp_request(client, nonce=None))
        yield _ocsp_over_http(server, key, requests=[plain], name="OCSP without a nonce / raw RSA signature", goal=0.8)
        ours, floor, ratio = asyncio.run(_in_process(key))
        yield Row("OCSP with nonces, in process / raw signature", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.8)
        fresh = [_ocsp_post(_ocsp_request(client, nonce=os.urandom(16))) for _ in range(load.CONNECTIONS)]
        yield _ocsp_over_http(server, key, requests=fresh, name="OCSP with nonces over HTTP / raw signature", goal=None)


def _crl(server: world.Server, client: httpx.Client) -> Row:
    for _ in range(_ENTRIES):
        _revoked(client)
    crl = client.get(f"{_AUTHORITY}/crl").raise_for_status().content
    assert len(list(x509.load_der_x509_crl(crl))) == _ENTRIES
    request = [load.get(f"{_AUTHORITY}/crl", headers={})]
    with _bare(crl) as port:
        floor_request = [load.get("/bytes", headers={})]
        ours, floor, ratio = side_by_side(
            lambda: _rate(server.http_port, request), lambda: _rate(port, floor_request), pairs=5
        )
    return Row("CRL of 1,000 entries / bytes from memory", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.5)


def _ocsp_over_http(
    server: world.Server, key: rsa.RSAPrivateKey, *, requests: list[bytes], name: str, goal: float | None
) -> Row:
    _rate(server.http_port, requests)
    ours, floor, ratio = side_by_side(
        lambda: _rate(server.http_port, requests), lambda: _signatures_per_second(key), pairs=5
    )
    return Row(name, f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, goal)


async def _in_process(key: rsa.RSAPrivateKey) -> tuple[float, float, float]:
    async with inside.world(KeyRing([key])) as here:
        order = counter.CounterRequest("SmimeBoth", user_principal_name=world.ALICE)
        issued = await here.run(counter.issue_at_counter, order, key=key, keys=here.emulator.keys)
        issuer = await here.emulator.runner.read(authorities.certificate, here.tenant, name="issuing")
        requests = [_request(issued.certificate, issuer, nonce=os.urandom(16)) for _ in range(_ANSWERS)]

        async def answers_per_second() -> float:
            start = time.perf_counter()
            for request in requests:
                await crl_and_ocsp.ocsp(here.emulator, here.tenant, name="issuing", request=request)
            return len(requests) / (time.perf_counter() - start)

        await answers_per_second()
        measured = [(await answers_per_second(), _signatures_per_second(key)) for _ in range(5)]
    return (
        statistics.median(pair[0] for pair in measured),
        statistics.median(pair[1] for pair in measured),
        statistics.median(pair[0] / pair[1] for pair in measured),
    )


def _signatures_per_second(key: rsa.RSAPrivateKey) -> float:
    data = os.urandom(300)
    start = time.perf_counter()
    for _ in range(_ANSWERS):
        key.sign(data, PKCS1v15(), SHA256())
    return _ANSWERS / (time.perf_counter() - start)


def _rate(port: int, requests: list[bytes]) -> float:
    return asyncio.run(load.requests_per_second(port, requests, seconds=_SECONDS))


def _issued(client: httpx.Client) -> dict[str, Any]:
    body = {"template": "SmimeP256", "userPrincipalName": world.ALICE}
    issued: dict[str, Any] = client.post(f"{_TENANT}/certificates", json=body).raise_for_status().json()
    return issued


def _revoked(client: httpx.Client) -> None:
    serial = _issued(client)["serial"]
    client.post(f"{_TENANT}/certificates/{serial}/revoke", json={}).raise_for_status()


def _ocsp_request(client: httpx.Client, *, nonce: bytes | None) -> bytes:
    certificate = x509.load_pem_x509_certificate(_issued(client)["certificate"].encode())
    issuer = x509.load_der_x509_certificate(client.get(f"{_AUTHORITY}/ca.cer").raise_for_status().content)
    return _request(certificate, issuer, nonce=nonce)


def _request(certificate: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def _ocsp_post(request: bytes) -> bytes:
    return load.post(f"{_AUTHORITY}/ocsp", body=request, headers={"content-type": "application/ocsp-request"})


@contextmanager
def _bare(content: bytes) -> Iterator[int]:
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as folder:
        file = Path(folder) / "content"
        file.write_bytes(content)
        port = world.free_port()
        process = subprocess.Popen([sys.executable, "-m", "bench.bare_bytes", str(port), str(file)])
        try:
            world.wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()
