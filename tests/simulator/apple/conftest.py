"""What plays the other side for simulated Apple devices: an MDM server, a SCEP authority, and makers of profiles.

The MDM server keeps the rules of NanoMDM: the certificate is bound at Authenticate, another one later is 500, none at
all or a broken signature is 400; Idle is answered with every command that waits, NotNow with one that was not put off.
"""

from __future__ import annotations

import base64
import plistlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from tests.support.scep import DeviceCa, Scep, check_signature

if TYPE_CHECKING:
    from fauxtune_sim.keys.keystore import Identity
    from fauxtune_sim.server.transport import Transport

_IDS = count(1)


def _uuid() -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, str(next(_IDS)))).upper()


@dataclass(slots=True)
class Queued:
    """A command in the queue of one device."""

    uuid: str
    command: dict[str, Any]
    put_off: bool = False
    report: dict[str, Any] | None = None


@dataclass(slots=True)
class MdmServer:
    """An MDM server with NanoMDM's rules. `trouble` is a status with which everything is answered."""

    ca: DeviceCa
    scep: Scep
    url: str = ""
    bound: dict[str, str] = field(default_factory=dict)
    enabled: set[str] = field(default_factory=set)
    queue: list[Queued] = field(default_factory=list)
    check_ins: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    signed_by: list[x509.Certificate] = field(default_factory=list)
    methods: set[tuple[str, str]] = field(default_factory=set)
    trouble: int | None = None
    refuses: str | None = None
    unknown: bytes | None = None
    garbage: bytes | None = None
    profile: bytes = b""
    pushes: list[dict[str, Any] | None] = field(default_factory=list)
    polls: int = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/mdm", self._mdm)
        app.router.add_route("*", "/scep", self.scep.answer)
        app.router.add_get("/mdm/{tenant}/apple/enroll", self._enroll)
        app.router.add_get("/push/{tenant}/{token}", self._push)
        return app

    def tell(self, kind: str, **parameters: Any) -> Queued:
        """Put a command into the queue."""
        queued = Queued(_uuid(), {"RequestType": kind, **parameters})
        self.queue.append(queued)
        return queued

    async def _mdm(self, request: web.Request) -> web.Response:
        kind = request.headers.get("Content-Type", "")
        self.methods.add((request.method, kind))
        body = await request.read()
        if self.trouble is not None:
            return web.Response(status=self.trouble, text="the server is in trouble")
        if self.unknown is not None:
            return web.Response(status=403, body=self.unknown)
        try:
            certificate = self._signer(request.headers["Mdm-Signature"], body)
        except Exception as broken:
            return web.Response(status=400, text=f"bad or missing signature: {broken!r}")
        message = plistlib.loads(body)
        digest = certificate.fingerprint(hashes.SHA256()).hex()
        self.signed_by.append(certificate)
        if kind.startswith("application/x-apple-aspen-mdm-checkin"):
            return self._check_in(message, digest)
        return self._command(message, digest)

    def _signer(self, header: str, body: bytes) -> x509.Certificate:
        signed = cms.ContentInfo.load(base64.b64decode(header, validate=True))["content"]
        assert signed["encap_content_info"]["content"].native is None, "the signature is not detached"
        signer = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
        signer.verify_directly_issued_by(self.ca.certificate)
        info = signed["signer_infos"][0]
        assert info["digest_algorithm"]["algorithm"].native == "sha256"
        check_signature(info, body, signer=signer)
        attributes = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
        assert signer.not_valid_before_utc <= attributes["signing_time"] <= signer.not_valid_after_utc
        return signer

    def _check_in(self, message: dict[str, Any], digest: str) -> web.Response:
        udid, kind = message["UDID"], message["MessageType"]
        if kind == self.refuses:
            return web.Response(status=500, text="not today")
        if kind == "Authenticate":
            if digest in self.bound.values() and self.bound.get(udid) != digest:
                return web.Response(status=500, text="this certificate is another device's")
            self.bound[udid] = digest
            self.queue.clear()
            self.enabled.discard(udid)
        elif self.bound.get(udid) != digest:
            if kind != "TokenUpdate":
                return web.Response(status=500, text="this certificate is not the one that was bound")
            # Renewed: what this server permits by its setting for it.
            self.bound[udid] = digest
        self.check_ins.append(message)
        if kind == "TokenUpdate":
            self.enabled.add(udid)
        elif kind == "CheckOut":
            self.enabled.discard(udid)
        return web.Response(body=b"")

    def _command(self, message: dict[str, Any], digest: str) -> web.Response:
        udid, status = message["UDID"], message["Status"]
        if self.bound.get(udid) != digest:
            return web.Response(status=500, text="this certificate is not the one that was bound")
        assert udid in self.enabled
        self.reports.append(message)
        done = next((one for one in self.queue if one.uuid == message.get("CommandUUID")), None)
        if done is not None:
            done.report = message
            done.put_off = status == "NotNow"
        open_ones = [one for one in self.queue if one.report is None or one.put_off]
        if status == "NotNow":
            open_ones = [one for one in open_ones if not one.put_off]
        if self.garbage is not None:
            return web.Response(body=self.garbage)
        if not open_ones:
            return web.Response(body=b"")
        following = open_ones[0]
        return web.Response(body=plistlib.dumps({"CommandUUID": following.uuid, "Command": following.command}))

    async def _enroll(self, request: web.Request) -> web.Response:
        if request.query.get("token") != "good":
            return web.Response(status=401, text="the token is used up")
        return web.Response(body=self.profile, content_type="application/x-apple-aspen-config")

    async def _push(self, request: web.Request) -> web.Response:
        self.polls += 1
        seq = len(self.pushes)
        push = self.pushes[-1] if seq > int(request.query["after"]) else None
        return web.json_response({"seq": seq, "now": "2026-11-24T10:00:00+00:00", "push": push})


@dataclass(slots=True)
class Maker:
    """Makes payloads and profiles."""

    server: MdmServer
    keys: Callable[[], rsa.RSAPrivateKey]

    def payload(self, kind: str, **keys: Any) -> dict[str, Any]:
        number = next(_IDS)
        head = {"PayloadType": kind, "PayloadVersion": 1, "PayloadIdentifier": f"test.{number}", "PayloadUUID": _uuid()}
        return head | keys

    def document(self, *payloads: dict[str, Any], identifier: str = "test.profile", **keys: Any) -> dict[str, Any]:
        head = {"PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": identifier}
        return head | {"PayloadUUID": _uuid(), "PayloadContent": list(payloads)} | keys

    def profile(self, *payloads: dict[str, Any], identifier: str = "test.profile", **keys: Any) -> bytes:
        return plistlib.dumps(self.document(*payloads, identifier=identifier, **keys))

    def encrypted(self, recipient: x509.Certificate, *payloads: dict[str, Any], **keys: Any) -> bytes:
        """A profile whose payloads only one device can read, enveloped by a program that is not ours."""
        envelope = (
            pkcs7.PKCS7EnvelopeBuilder()
            .set_data(plistlib.dumps(list(payloads)))
            .set_content_encryption_algorithm(AES256)
            .add_recipient(recipient)
            .encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        )
        document = self.document(**keys) | {"IsEncrypted": True, "EncryptedPayloadContent": envelope}
        del document["PayloadContent"]
        return plistlib.dumps(document)

    def root(self, certificate: x509.Certificate, kind: str = "root", **keys: Any) -> dict[str, Any]:
        encoding = Encoding.PEM if kind == "pem" else Encoding.DER
        return self.payload(f"com.apple.security.{kind}", PayloadContent=certificate.public_bytes(encoding), **keys)

    def identity(
        self, identity: Identity, *, password: str = "secret", old: bool = False, **keys: Any
    ) -> dict[str, Any]:
        data = pfx(identity, password.encode(), old=old)
        head = self.payload("com.apple.security.pkcs12", PayloadContent=data, Password=password)
        return head | keys

    def keyless(self, certificate: x509.Certificate) -> bytes:
        """A PKCS#12 file with a certificate and no key, for the password that `identity` has."""
        return pkcs12.serialize_key_and_certificates(
            b"name", None, certificate, None, BestAvailableEncryption(b"secret")
        )

    def exchange(self, **keys: Any) -> dict[str, Any]:
        address = "alice@contoso.example"
        head = {"EmailAddress": address, "UserName": address, "Host": "mail.contoso.example", "SSL": True}
        return self.payload("com.apple.eas.account", **(head | keys))

    def scep(self, *, challenge: str = "good", **keys: Any) -> dict[str, Any]:
        inner = {
            "URL": f"{self.server.url}/scep",
            "Challenge": challenge,
            "Subject": [[["CN", "%SerialNumber%"]], [["O", "Contoso"]]],
            "Keysize": 2048,
            "Key Type": "RSA",
            "Key Usage": 5,
            "RetryDelay": 0,
        }
        return self.payload("com.apple.security.scep", PayloadContent=inner | keys)

    def mdm(self, identity: dict[str, Any], **keys: Any) -> dict[str, Any]:
        head = {
            "IdentityCertificateUUID": identity["PayloadUUID"],
            "Topic": "com.apple.mgmt.External.test",
            "ServerURL": f"{self.server.url}/mdm",
            "SignMessage": True,
            "AccessRights": 8191,
            "CheckOutWhenRemoved": True,
        }
        return self.payload("com.apple.mdm", **(head | keys))

    def enrollment(self, scep: dict[str, Any] | None = None, /, **keys: Any) -> bytes:
        identity = self.scep() if scep is None else scep
        return self.profile(identity, self.mdm(identity, **keys), identifier="test.enrollment")

    def device_pkcs12(self, *, old: bool = False) -> dict[str, Any]:
        """A payload with an identity that was issued beforehand."""
        from fauxtune_sim.keys.keystore import Identity

        key = self.keys()
        issued = Identity("device", "pkcs", self.server.ca.issue(key.public_key()), key)
        return self.identity(issued, old=old)


def pfx(identity: Identity, password: bytes, *, old: bool = False) -> bytes:
    """A PKCS#12 file as today's programs write it, or one that old systems read."""
    scheme: Any = BestAvailableEncryption(password)
    if old:
        scheme = (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(2000)
            .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
            .hmac_hash(hashes.SHA1())
            .build(password)
        )
    return pkcs12.serialize_key_and_certificates(b"name", identity.key, identity.certificate, identity.chain, scheme)


@pytest.fixture
def ca(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> DeviceCa:
    return DeviceCa(raw_rsa_keys[0], raw_rsa_keys[1])


@pytest.fixture
async def server(ca: DeviceCa) -> AsyncIterator[MdmServer]:
    """A running MDM server with a SCEP authority."""
    server = MdmServer(ca, Scep(ca))
    running = TestServer(server.application())
    await running.start_server()
    server.url = str(running.make_url("/")).rstrip("/")
    yield server
    await running.close()


@pytest.fixture
def make(server: MdmServer, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Maker:
    """Makes profiles for the server's devices."""
    keys = iter(raw_rsa_keys[2:] * 4)
    return Maker(server, lambda: next(keys))


@dataclass(slots=True)
class Enrol:
    """Makes enrolled agents."""

    make: Maker
    transport: Transport

    async def __call__(
        self, profile: bytes | None = None, *, platform: Platform = Platform.IOS, device: Device | None = None
    ) -> AppleAgent:
        agent = AppleAgent(device or Device.new("a device", platform=platform), self.transport)
        await agent.enroll_with_profile(profile or self.make.enrollment(), key=self.make.keys())
        return agent


@pytest.fixture
def enrol(make: Maker, transport: Transport) -> Enrol:
    """`await enrol()`: an agent whose iPhone is enrolled with the server."""
    return Enrol(make, transport)
