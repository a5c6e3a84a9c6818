"""An authority that issues for the tests, and a small service that plays the Android wire for simulated devices."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.android.client import AndroidAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.keystore import Identity, KeyEntry, KeyStore
from fauxtune_sim.platforms import Mode
from fauxtune_sim.server.transport import Transport
from tests.support.scep import DeviceCa, Scep

TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign: bool = False, encipher: bool = False, agree: bool = False, ca: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=encipher,
        data_encipherment=False,
        key_agreement=agree,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(slots=True)
class Pki:
    """A root, an intermediate below it, each with a key of its own, and keys that come round for all others."""

    given: InitVar[list[rsa.RSAPrivateKey]]
    keys: Any = field(init=False)
    serials: Any = field(default_factory=lambda: count(1000))
    root: x509.Certificate = field(init=False)
    intermediate: x509.Certificate = field(init=False)
    _root_key: rsa.RSAPrivateKey = field(init=False)
    _intermediate_key: rsa.RSAPrivateKey = field(init=False)

    def __post_init__(self, given: list[rsa.RSAPrivateKey]) -> None:
        self._root_key, self._intermediate_key, *others = given
        self.keys = cycle(others)
        self.root = self._authority("Test Root", self._root_key, issuer="Test Root")
        self.intermediate = self._authority("Test Issuing", self._intermediate_key, issuer="Test Root")

    def _authority(self, common: str, key: rsa.RSAPrivateKey, *, issuer: str) -> x509.Certificate:
        return (
            self._builder(common, issuer=issuer, key=key, begin=TODAY - 20 * YEAR, end=TODAY + 20 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .sign(self._root_key, hashes.SHA256())
        )

    def _builder(
        self, common: str, *, issuer: str, key: Key, begin: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(next(self.serials))
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    def issue(
        self,
        address: str = "alice@contoso.example",
        *,
        key: Key | None = None,
        begin: datetime = TODAY - timedelta(days=30),
        end: datetime = TODAY + YEAR,
        sign: bool = True,
        encrypt: bool = True,
        extended: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.EMAIL_PROTECTION,
        alias: str = "pkcs-1",
        source: str = "pkcs",
    ) -> Identity:
        """An end entity's certificate from the intermediate, with its key (default: the next RSA key)."""
        key = next(self.keys) if key is None else key
        is_ec = isinstance(key, ec.EllipticCurvePrivateKey)
        builder = self._builder(address, issuer="Test Issuing", key=key, begin=begin, end=end).add_extension(
            _usage(sign=sign, encipher=encrypt and not is_ec, agree=encrypt and is_ec), critical=True
        )
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        if extended is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=False)
        certificate = builder.sign(self._intermediate_key, hashes.SHA256())
        return Identity(alias=alias, source=source, certificate=certificate, key=key, chain=(self.intermediate,))

    def identity_certificate(self, csr_der: bytes) -> x509.Certificate:
        """What enrolment gives for a request."""
        csr = x509.load_der_x509_csr(csr_der)
        assert csr.is_signature_valid
        public = csr.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        return (
            x509.CertificateBuilder()
            .subject_name(_name("device"))
            .issuer_name(_name("Test Root"))
            .public_key(public)
            .serial_number(next(self.serials))
            .not_valid_before(TODAY - YEAR)
            .not_valid_after(TODAY + YEAR)
            .sign(self._root_key, hashes.SHA256())
        )

    def store(self, *identities: Identity, trusted: tuple[x509.Certificate, ...] | None = None) -> KeyStore:
        """A key store with these keys that trusts root and intermediate, or just the certificates named."""
        store = KeyStore()
        for one in identities:
            store.install(
                KeyEntry(
                    alias=one.alias,
                    source=one.source,
                    certificate=one.certificate.public_bytes(Encoding.DER),
                    key=one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
                    chain=tuple(link.public_bytes(Encoding.DER) for link in one.chain),
                )
            )
        for certificate in (self.root, self.intermediate) if trusted is None else trusted:
            store.trust(certificate.public_bytes(Encoding.DER))
        return store


def pfx(identity: Identity, password: bytes) -> bytes:
    """A PKCS#12 file as today's programs write it."""
    return pkcs12.serialize_key_and_certificates(
        b"a friendly name", identity.key, identity.certificate, list(identity.chain), BestAvailableEncryption(password)
    )


def seal(password: bytes, recipient: x509.Certificate) -> bytes:
    """The password enveloped by a program that is not ours."""
    return (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(password)
        .set_content_encryption_algorithm(AES256)
        .add_recipient(recipient)
        .encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )


@dataclass(slots=True)
class ServedDevice:
    """One device as the service sees it."""

    name: str
    certificate: x509.Certificate
    request: dict[str, Any]
    push_token: str
    version: int = 0
    policy: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"keyPairs": [], "caCerts": [], "applications": []}
    )
    operations: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    completed: list[dict[str, Any]] = field(default_factory=list)
    unenrolled: list[dict[str, Any]] = field(default_factory=list)
    policy_requests: int = 0
    seq: int = 0

    def give(
        self,
        *,
        pairs: list[dict[str, Any]] | None = None,
        roots: list[x509.Certificate] | None = None,
        applications: list[dict[str, Any]] | None = None,
    ) -> None:
        """Replace parts of the policy; the version rises."""
        if applications is not None:
            self.policy["applications"] = applications
        if pairs is not None:
            self.policy["keyPairs"] = pairs
        if roots is not None:
            self.policy["caCerts"] = [_ca(one) for one in roots]
        self.version += 1

    def pair(
        self,
        identity: Identity,
        *,
        alias: str = "pkcs-1",
        source: str = "PKCS",
        password: bytes = b"secret",
        **other: Any,
    ) -> dict[str, Any]:
        """A key pair of a policy, its password sealed for this device."""
        return {
            "alias": alias,
            "pkcs12": base64.b64encode(pfx(identity, password)).decode(),
            "encryptedPassword": base64.b64encode(seal(password, self.certificate)).decode(),
            "keyAccessPackages": [],
            "intendedPurpose": None,
            "certificateProfileId": "profile-1",
            "source": source,
        } | other

    def wipe(self, scope: str) -> None:
        """Order a wipe."""
        number = len(self.completed) + len(self.operations) + 1
        metadata = {"type": "WIPE", "scope": scope, "createTime": "2026-11-24T10:00:00Z", "duration": "600s"}
        self.operations.append({"name": f"{self.name}/operations/{number}", "metadata": metadata})


def _ca(certificate: x509.Certificate) -> dict[str, Any]:
    der = certificate.public_bytes(Encoding.DER)
    return {"x509": base64.b64encode(der).decode(), "sha256": hashlib.sha256(der).hexdigest()}


@dataclass(slots=True)
class Service:
    """Plays the server's side of the wire: enrolment, reports, policy, operations, push, enrolment tokens."""

    pki: Pki
    devices: dict[str, ServedDevice] = field(default_factory=dict)
    now: datetime = TODAY
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    tokens: set[str] = field(default_factory=lambda: {"good"})
    url: str = ""
    polls: int = 0
    in_trouble: bool = False

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application()
        base = "/mdm/{tenant}/android/v1/enterprises/{e}/devices"
        app.router.add_post(base + ":enroll", self._enroll)
        app.router.add_post(base + "/{d}:reportStatus", self._report)
        app.router.add_get(base + "/{d}/policy", self._policy)
        app.router.add_get(base + "/{d}/operations:pull", self._operations)
        app.router.add_post(base + "/{d}/operations/{o}:complete", self._complete)
        app.router.add_post(base + "/{d}:unenroll", self._unenroll)
        app.router.add_get("/push/{tenant}/{token}", self._push)
        app.router.add_post("/_fauxtune/v1/tenants/{tenant}/enrollmentTokens", self._token)
        app.router.add_get("/_fauxtune/v1/tenants/{tenant}", self._tenant)
        return app

    async def push(self, device: ServedDevice) -> None:
        """Wake a device."""
        async with self.news:
            device.seq += 1
            self.news.notify_all()

    async def move_clock(self, by: timedelta) -> None:
        """Put the tenant's clock forward; every long poll is answered at once."""
        async with self.news:
            self.now += by
            self.news.notify_all()

    def of(self, agent: AndroidAgent) -> ServedDevice:
        """The service's view of an agent's device."""
        assert agent.device.enrollment is not None
        return self.devices[agent.device.enrollment.name]

    def forget(self, agent: AndroidAgent) -> None:
        """From now on the device is unknown."""
        del self.devices[self.of(agent).name]

    def _found(self, request: web.Request) -> ServedDevice:
        name = f"enterprises/{request.match_info['e']}/devices/{request.match_info['d']}"
        if self.in_trouble:
            raise web.HTTPServiceUnavailable
        if name not in self.devices:
            error_status = {"error": {"code": 404, "message": "this enrolment is over", "status": "DEVICE_NOT_FOUND"}}
            raise web.HTTPNotFound(text=web.json_response(error_status).text, content_type="application/json")
        assert request.headers["Authorization"] == f"Bearer credential of {name}"
        return self.devices[name]

    async def _enroll(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["enrollmentToken"] not in self.tokens:
            error_status = {"error": {"code": 401, "message": "the token is used up", "status": "UNAUTHENTICATED"}}
            return web.json_response(error_status, status=401)
        number = len(self.devices) + 1
        name = f"enterprises/the-tenants-id/devices/device-{number}"
        certificate = self.pki.identity_certificate(base64.b64decode(body["csr"]))
        self.devices[name] = ServedDevice(name, certificate, body, push_token=f"push-{number}")
        answer = {
            "name": name,
            "deviceCredential": f"credential of {name}",
            "identityCertificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
            "policyName": "enterprises/the-tenants-id/policies/1",
            "userName": "enterprises/the-tenants-id/users/1",
            "userPrincipalName": "alice@contoso.example",
            "checkinIntervalSeconds": 180,
            "pushToken": f"push-{number}",
        }
        return web.json_response(answer)

    async def _report(self, request: web.Request) -> web.Response:
        device = self._found(request)
        device.reports.append(await request.json())
        return web.json_response({"policyVersion": str(device.version), "pendingOperations": len(device.operations)})

    async def _policy(self, request: web.Request) -> web.Response:
        device = self._found(request)
        device.policy_requests += 1
        if request.query["appliedPolicyVersion"] == str(device.version):
            return web.Response(status=304)
        rest: dict[str, object] = {"choosePrivateKeyRules": []}
        name = "enterprises/the-tenants-id/policies/1"
        return web.json_response({"name": name, "version": str(device.version)} | device.policy | rest)

    async def _operations(self, request: web.Request) -> web.Response:
        return web.json_response({"operations": self._found(request).operations})

    async def _complete(self, request: web.Request) -> web.Response:
        device = self._found(request)
        name = f"{device.name}/operations/{request.match_info['o']}"
        device.operations = [one for one in device.operations if one["name"] != name]
        device.completed.append({"name": name, "body": await request.json()})
        return web.json_response({})

    async def _unenroll(self, request: web.Request) -> web.Response:
        device = self._found(request)
        device.unenrolled.append(await request.json())
        return web.json_response({})

    async def _push(self, request: web.Request) -> web.Response:
        device = next(one for one in self.devices.values() if one.push_token == request.match_info["token"])
        after, wait, before = int(request.query["after"]), float(request.query["wait"]), self.now
        self.polls += 1
        async with self.news:
            self.news.notify_all()
            try:
                async with asyncio.timeout(wait):
                    await self.news.wait_for(lambda: device.seq > after or self.now != before)
            except TimeoutError:
                pass
            push = {"type": "CHECK_IN"} if device.seq > after else None
            return web.json_response({"seq": device.seq, "now": self.now.isoformat(), "push": push})

    async def _token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not body["userPrincipalName"].endswith("@contoso.example"):
            return web.json_response({"error": {"code": "NotFound", "message": "no such user"}}, status=404)
        return web.json_response({"token": "good"}, status=201)

    async def _tenant(self, request: web.Request) -> web.Response:
        return web.json_response({"name": request.match_info["tenant"], "domain": "contoso.example"})


@pytest.fixture(scope="session")
def pki(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Pki:
    """An authority for the session."""
    return Pki(raw_rsa_keys)


@pytest.fixture
async def service(pki: Pki) -> AsyncIterator[Service]:
    """A running service at `service.url`."""
    service = Service(pki)
    server = TestServer(service.application())
    await server.start_server()
    service.url = str(server.make_url("/")).rstrip("/")
    yield service
    await server.close()


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    """A transport, closed after the test."""
    async with Transport(timeout=10) as transport:
        yield transport


@dataclass(slots=True)
class Enrolled:
    """Makes enrolled agents."""

    service: Service
    transport: Transport
    keys: Any

    async def __call__(self, device: Device | None = None, *, mode: Mode = Mode.WORK_PROFILE) -> AndroidAgent:
        agent = AndroidAgent(device or Device.new("a phone", mode=mode), self.transport, time=TenantTime())
        await agent.enroll(server=self.service.url, tenant="contoso", token="good", key=next(self.keys))
        return agent


@pytest.fixture
def enrolled(service: Service, transport: Transport, pki: Pki) -> Enrolled:
    """`await enrolled()`: an agent whose device is enrolled and has not checked in yet."""
    return Enrolled(service, transport, pki.keys)


@dataclass(frozen=True, slots=True)
class Listening:
    """A SCEP authority and its address."""

    scep: Scep
    url: str


@pytest.fixture
async def listening(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> AsyncIterator[Listening]:
    """A running SCEP authority."""
    scep, app = Scep(DeviceCa(raw_rsa_keys[0], raw_rsa_keys[1])), web.Application()
    app.router.add_route("*", "/scep", scep.answer)
    running = TestServer(app)
    await running.start_server(max_line_size=65_534)  # IIS, as NDES sets it up
    yield Listening(scep, str(running.make_url("/scep")))
    await running.close()
