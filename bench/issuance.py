"""The issuance of PKCS certificates: against raw key generation, raw certificate and PFX writing, and over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from bench import inside, tree, world
from bench.rows import Row, side_by_side
from fauxtune.connector.issue import NewKey, PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeyRing, KeySource
from fauxtune.core.pki.authority import Authority, addresses_for, self_signed_root
from fauxtune.core.pki.names import email_name, parse_subject
from fauxtune.core.pki.template import BUILT_IN
from fauxtune.operations.ca.issuance import Application

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_KEYS = 12
_ANSWERS = 200
#: Seconds of processor time after which a thread beside the main one is one that makes keys.
_KEY_MAKER = 1.0


class _Fresh:
    """An empty pool: every key is made on demand."""

    def take(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    def take_ready(self, _count: int) -> None:
        return None


def rows() -> Iterator[Row]:
    """Five rows: empty pool, warm pool, two of a warm pool over HTTP, and the event loop's lag during issuance."""
    ring = KeyRing([rsa.generate_private_key(65537, 2048) for _ in range(8)])
    authority = _authority(ring.take())
    ours, floor, ratio = side_by_side(
        lambda: _issued_per_second(_Fresh(), authority, count=_KEYS),
        lambda: _keys_per_second(_KEYS),
        pairs=11,
    )
    yield Row("RSA-2048 issuance, empty pool / raw keys", f"{ours:.1f}/s", f"{floor:.1f}/s", ratio, 0.9)
    ours, floor, ratio = side_by_side(
        lambda: _issued_per_second(ring, authority, count=_ANSWERS),
        lambda: _raw_per_second(ring, authority, count=_ANSWERS),
        pairs=5,
    )
    yield Row("connector, warm pool / raw certificate + PFX", f"{ours:.0f}/s", f"{floor:.0f}/s", ratio, 0.7)
    over_http, spent = _over_http(devices=100)
    yield Row("issuance over HTTP, begin to finish", f"{over_http:.0f}/s", f"{floor:.0f}/s", over_http / floor, 0.35)
    raw = _raw_seconds(ring, authority, count=_ANSWERS)
    name = "raw key, certificate, PFX / both check-ins by HTTP"
    yield Row(name, f"{spent * 1e3:.1f} ms", f"{raw * 1e3:.1f} ms", raw / spent, 0.4)
    lag = asyncio.run(inside.loop_lag_while_issuing(devices=40))
    yield Row("loop lag p99 while issuing", f"{lag * 1000:.1f} ms", "10 ms", lag * 1000 / 10, 1.0, at_most=True)


def _authority(key: rsa.RSAPrivateKey) -> Authority:
    addresses = addresses_for("http://localhost:8080", tenant_name="bench", authority="issuing")
    return self_signed_root(
        name="root",
        common_name="Bench",
        key=key,
        serial=1,
        not_before=_NOW,
        not_after=_NOW + timedelta(days=3650),
        addresses=addresses,
    )


def _issued_per_second(source: KeySource, authority: Authority, *, count: int) -> float:
    template = next(template for template in BUILT_IN if template.name == "SmimeSigning")
    start = time.perf_counter()
    for number in range(count):
        subject = parse_subject(f"CN=user{number},E={world.ALICE}")
        order = PkcsOrder(
            subject=subject,
            template=template.name,
            key_type=template.key_type,
            key_size=template.minimum_key_size,
            recipient=authority.certificate,
            friendly_name="bench",
        )
        application = Application(
            authority=authority,
            template=template,
            subject=subject,
            alternative_names=(email_name(world.ALICE),),
            serial=number + 1,
            not_before=_NOW,
            not_after=_NOW + timedelta(days=365),
        )
        issue_pkcs(order, password="a-password-of-24-letters", certify=application.certify_key, keys=source)
    return count / (time.perf_counter() - start)


def _keys_per_second(count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        rsa.generate_private_key(65537, 2048)
    return count / (time.perf_counter() - start)


def _raw_per_second(
    ring: KeyRing,
    authority: Authority,
    *,
    count: int,
    subject: x509.Name | None = None,
    extensions: Iterable[x509.Extension[x509.ExtensionType]] = (),
) -> float:
    """The minimum that any connector must do: sign a certificate, write a PFX."""
    if subject is None:
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "user")])
    ca_key = authority.key
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .build(b"a-password-of-24-letters")
    )
    start = time.perf_counter()
    for number in range(count):
        key = ring.take()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority.certificate.subject)
            .public_key(key.public_key())
            .serial_number(number + 1)
            .not_valid_before(_NOW)
            .not_valid_after(_NOW + timedelta(days=365))
        )
        for extension in extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        certificate = builder.sign(ca_key, hashes.SHA256())
        pkcs12.serialize_key_and_certificates(b"bench", key, certificate, None, encryption)
    return count / (time.perf_counter() - start)


def _raw_seconds(ring: KeyRing, authority: Authority, *, count: int) -> float:
    """The processor time of a key of the ring, a certificate with the extensions of ours, and a PFX as ours."""
    template = next(template for template in BUILT_IN if template.name == "SmimeSigning")
    subject = parse_subject(f"CN=user,E={world.ALICE}")
    application = Application(
        authority=authority,
        template=template,
        subject=subject,
        alternative_names=(email_name(world.ALICE),),
        serial=1,
        not_before=_NOW,
        not_after=_NOW + timedelta(days=365),
    )
    extensions = application.certify_key(NewKey(subject, ring.take()))[0].extensions
    start = time.process_time()
    _raw_per_second(ring, authority, count=count, subject=subject, extensions=extensions)
    return (time.process_time() - start) / count


def _over_http(*, devices: int) -> tuple[float, float]:
    """The check-ins per second that issue a certificate, with a full pool of keys, one device after the other; and the
    seconds of the server's processor time for such a check-in and the one that confirms, without making further keys.
    """
    with world.server(FAUXTUNE_KEY_POOL_SIZE=str(devices + 8), FAUXTUNE_KEY_POOL_THREADS="2") as server:
        client = server.client()
        world.smime_profiles(client, group=world.group_id(client, "SMIME Pilot"), template="SmimeSigning")
        key = rsa.generate_private_key(65537, 2048)
        token = world.enrollment_token(client, uses=devices)
        ready: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        for _ in range(devices):
            path, headers = world.enrol(client, key, token=token)
            report: dict[str, Any] = {"appliedPolicyVersion": "", "keyStore": {}}
            client.post(f"{path}:reportStatus", json=report, headers=headers).raise_for_status()
            policy = client.get(f"{path}/policy", headers=headers).raise_for_status().json()
            roots = [certificate["sha256"] for certificate in policy["caCerts"]]
            ready.append((path, headers, {"appliedPolicyVersion": policy["version"], "keyStore": {"caCerts": roots}}))
        server.until_idle()  # the pool fills: 42 ms a key
        makers = tree.busy_threads(server.process.pid, seconds=_KEY_MAKER)
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port)  # httpx takes 0.7 ms more for each

        def check_in_all() -> tuple[float, float]:
            started, before = time.perf_counter(), server.cpu() - tree.time_of_threads(server.process.pid, makers)
            for path, headers, report in ready:
                connection.request("POST", f"{path}:reportStatus", json.dumps(report), headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
            spent = server.cpu() - tree.time_of_threads(server.process.pid, makers) - before
            return time.perf_counter() - started, spent / devices

        seconds, issuing = check_in_all()
        journal = "/_fauxtune/v1/tenants/contoso/journal"
        issued = client.get(journal, params={"type": "issued"}).raise_for_status().json()["events"]
        thumbprints = {event["device"]: event["certificate"]["thumbprint"] for event in issued}
        for path, headers, report in ready:
            policy = client.get(f"{path}/policy", headers=headers).raise_for_status().json()
            (pair,) = policy["keyPairs"]
            alias = {"alias": pair["alias"], "sha1": thumbprints[path.rpartition("/")[2]], "isIdentity": True}
            report["appliedPolicyVersion"] = policy["version"]
            report["keyStore"]["aliases"] = [alias]
        server.until_idle()
        _, confirming = check_in_all()
        connection.close()
        return devices / seconds, issuing + confirming
