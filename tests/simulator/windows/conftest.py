"""A Windows device enrolled without a network, a server's messages in words, and a server for whole sessions."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms.signed import Signature, verify
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import Refusal
from fauxtune_sim.keys.keystore import certificate_request, key_to_der
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from fauxtune_sim.windows.client import WindowsAgent
from fauxtune_sim.windows.commands import Engine
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.state import WindowsEnrollment, WindowsState
from fauxtune_sim.windows.syncml import server_message

TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
PROVIDER = "MS DM Server"


def thumb(certificate: x509.Certificate) -> str:
    """The name that a certificate's node has."""
    return hashlib.sha1(certificate.public_bytes(Encoding.DER)).hexdigest().upper()


def encoded(certificate: x509.Certificate) -> str:
    """The certificate in base64."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


@dataclass(slots=True)
class Words:
    """What a server says, as text: every command gets the next number."""

    numbers: Iterator[int] = field(default_factory=lambda: count(2))

    def thumb(self, certificate: x509.Certificate) -> str:
        """The name that a certificate's node has."""
        return thumb(certificate)

    def encoded(self, certificate: x509.Certificate) -> str:
        """The certificate in base64."""
        return encoded(certificate)

    def command(self, name: str, *inside: str) -> str:
        """A command around whatever is in it."""
        return f"<{name}><CmdID>{next(self.numbers)}</CmdID>{''.join(inside)}</{name}>"

    def item(self, uri: str, data: str | None = None, form: str | None = None) -> str:
        """One item."""
        meta = "" if form is None else f'<Meta><Format xmlns="syncml:metinf">{form}</Format></Meta>'
        value = "" if data is None else f"<Data>{escape(data)}</Data>"
        return f"<Item><Target><LocURI>{escape(uri)}</LocURI></Target>{meta}{value}</Item>"

    def add(self, uri: str, data: str = "", form: str | None = None) -> str:
        """Add one node."""
        return self.command("Add", self.item(uri, data, form))

    def replace(self, uri: str, data: str = "", form: str | None = None) -> str:
        """Replace one node."""
        return self.command("Replace", self.item(uri, data, form))

    def delete(self, uri: str) -> str:
        """Delete one node."""
        return self.command("Delete", self.item(uri))

    def get(self, uri: str) -> str:
        """Get one node."""
        return self.command("Get", self.item(uri))

    def execute(self, uri: str, data: str | None = None) -> str:
        """Execute one node."""
        return self.command("Exec", self.item(uri, data))

    def atomic(self, *commands: str) -> str:
        """Commands that hold together."""
        return self.command("Atomic", *commands)

    def message(self, *inside: str, session: str = "1", number: int = 1) -> bytes:
        """The message around commands and statuses."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD>'
            f"<VerProto>DM/1.2</VerProto><SessionID>{session}</SessionID><MsgID>{number}</MsgID>"
            "<Target><LocURI>device</LocURI></Target><Source><LocURI>https://server</LocURI></Source></SyncHdr>"
            f"<SyncBody>{''.join(inside)}<Final/></SyncBody></SyncML>"
        ).encode()

    def pfx(self, uri: str, blob: bytes, **leaves: str) -> list[str]:
        """The Adds of a PFX node; the blob comes second, as in Microsoft's sample."""
        forms = {
            "KeyLocation": "int",
            "PFXCertPasswordEncryptionType": "int",
            "PFXKeyExportable": "bool",
        }
        rest = {"KeyLocation": "3", "PFXCertPassword": "secret"} | leaves
        adds = [self.add(f"{uri}/{name}", value, forms.get(name, "chr")) for name, value in rest.items()]
        return [adds[0], self.add(f"{uri}/PFXCertBlob", base64.b64encode(blob).decode(), "chr"), *adds[1:]]


@dataclass(slots=True)
class Desk:
    """An enrolled device, and the engine that answers a server's messages."""

    machine: Machine
    words: Words
    engine: Engine = field(init=False)
    results: dict[str, str] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = Engine(self.machine)

    @property
    def device(self) -> Device:
        """The device."""
        return self.machine.device

    @property
    def refusals(self) -> list[Refusal]:
        """What was refused so far."""
        return self.engine.refusals

    def say(self, *commands: str) -> list[tuple[str, int]]:
        """Let the device answer a message; (command, code) in the order of the answer, without the header's."""
        result = self.engine.execute(server_message(self.words.message(*commands)))
        self.results = {one.source: one.data for one in result.results}
        self.formats = {one.source: one.format for one in result.results}
        assert (result.statuses[0].name, result.statuses[0].code) == ("SyncHdr", 200)
        return [(one.name, one.code) for one in result.statuses[1:]]

    def code(self, command: str) -> int:
        """The code of one command."""
        ((_, code),) = self.say(command)
        return code

    def read(self, uri: str) -> str:
        """What a Get gives."""
        assert self.code(self.words.get(uri)) == 200
        return self.results[uri]


@dataclass(slots=True)
class Desks:
    """Makes desks."""

    pki: Any

    def __call__(
        self, platform: Platform = Platform.WINDOWS, *, user: bool = True, has_tpm: bool | None = None
    ) -> Desk:
        device = Device.new("DESKTOP-1", platform=platform, random=Random(2))
        if has_tpm is not None:
            object.__setattr__(device.hardware, "has_tpm", has_tpm)
        key = next(self.pki.keys)
        certificate = self.pki.identity_certificate(certificate_request(key, "device"))
        device.enrollment = WindowsEnrollment(
            server="https://server",
            tenant="contoso",
            name="enrolment-1",
            user_principal_name="alice@contoso.example",
            push_token="push-1",
            identity_certificate=certificate.public_bytes(Encoding.DER),
            identity_key=key_to_der(key),
            device_id="7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10",
            provider=PROVIDER,
            address="https://server/ManagementServer/MDM.svc",
            enrollment_url="https://server/EnrollmentServer/Enrollment.svc",
        )
        device.state = WindowsState()
        return Desk(Machine(device, TODAY, user=user), Words())


@pytest.fixture
def desks(pki: Any) -> Desks:
    """`desks(Platform.WINDOWS)`: an enrolled device that answers messages without a network."""
    return Desks(pki)


@pytest.fixture
def desk(desks: Desks) -> Desk:
    """An enrolled Windows PC."""
    return desks()


@pytest.fixture
def words() -> Words:
    """A server's words."""
    return Words()


@dataclass(slots=True)
class Heard:
    """A message that a device sent: its elements by local name, its signature, where it went."""

    root: Any
    body: bytes
    query: str
    signature: Signature | None

    def text(self, path: str) -> str:
        """The text at a path of local names below SyncML."""
        find = self.root.find("./" + "/".join(f"{{*}}{name}" for name in path.split("/")))
        return "" if find is None else str(find.text or "").strip()

    def statuses(self) -> list[tuple[str, str]]:
        """(Cmd, Data) of every Status but the header's."""
        matches = self.root.findall("./{*}SyncBody/{*}Status")
        rows = [(one.findtext("{*}Cmd"), one.findtext("{*}Data")) for one in matches]
        return [row for row in rows if row[0] != "SyncHdr"]

    def alerts(self) -> list[tuple[str, str]]:
        """(code, type) of every Alert."""
        matches = self.root.findall("./{*}SyncBody/{*}Alert")
        return [(one.findtext("{*}Data"), one.findtext("{*}Item/{*}Meta/{*}Type") or "") for one in matches]


@dataclass(slots=True)
class Server:
    """Plays the server: enrolment with fixed answers, and sessions whose messages a test puts into `script`."""

    pki: Any
    words: Words = field(default_factory=Words)
    url: str = ""
    script: list[list[str]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    soap: list[Any] = field(default_factory=list)
    verdict: int = 212
    status: int = 200
    fault: tuple[str, str, str] | None = None
    identity: x509.Certificate | None = None
    provider: str = PROVIDER
    #: What replaces the provisioning document's parts, by the words that mark them.
    document: Callable[[str], str] = field(default=lambda text: text)
    minimal_key_length: int = 2048
    now: datetime = TODAY
    probes: list[str] = field(default_factory=list)
    #: After so many messages of sessions it answers no more.
    hangs_up_after: int | None = None
    #: The SessionID that it says, where that is not the device's.
    session: str | None = None
    #: Where it answers discoveries.
    discovery: str = "/mdm/{tenant}/windows/EnrollmentServer/Discovery.svc"
    #: An answer for policies, word by word.
    policy: str | None = None
    #: What the last discovery or request for a certificate said, byte by byte.
    raw: bytes = b""
    #: Method and path of every request.
    asked: list[tuple[str, str]] = field(default_factory=list)

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[self._note])
        app.router.add_get("/{discovery:.*Discovery.*}", self._probe, allow_head=False)
        app.router.add_post("/{discovery:.*Discovery.*}", self._discover)
        app.router.add_post("/elsewhere/policy", self._policies)
        app.router.add_post("/elsewhere/enroll", self._enroll)
        app.router.add_post("/elsewhere/manage", self._manage)
        app.router.add_get("/push/{tenant}/{token}", self._push)
        return app

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> Any:
        self.asked.append((request.method, request.path))
        return await handler(request)

    def _answers_there(self, request: web.Request) -> bool:
        return request.path == self.discovery.replace("{tenant}", "contoso")

    async def _probe(self, request: web.Request) -> web.Response:
        if not self._answers_there(request):
            return web.Response(status=404)
        self.probes.append(request.headers["User-Agent"])
        return web.Response()

    async def _read(self, request: web.Request) -> Any:
        self.raw = await request.read()
        root = ElementTree.fromstring(self.raw)
        self.soap.append(root)
        assert request.content_type == "application/soap+xml"
        return root

    def _envelope(self, inside: str, *, status: int = 200) -> web.Response:
        text = f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{inside}</s:Body></s:Envelope>'
        return web.Response(body=text.encode(), content_type="application/soap+xml", status=status)

    def _fault(self) -> web.Response | None:
        if self.fault is None:
            return None
        subcode, error, reason = self.fault
        detail = f"<DeviceEnrollmentServiceError><ErrorType>{error}</ErrorType></DeviceEnrollmentServiceError>"
        return self._envelope(
            f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
            f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
            f"<s:Detail>{detail if error else ''}</s:Detail></s:Fault>",
            status=self.status if self.status != 200 else 500,
        )

    async def _discover(self, request: web.Request) -> web.Response:
        assert self._answers_there(request)
        await self._read(request)
        return self._envelope(
            "<DiscoverResponse><DiscoverResult><AuthPolicy>OnPremise</AuthPolicy><EnrollmentVersion>4.0</EnrollmentVersion>"
            f"<EnrollmentPolicyServiceUrl>\n {self.url}/elsewhere/policy \n</EnrollmentPolicyServiceUrl>"
            f"<EnrollmentServiceUrl>{self.url}/elsewhere/enroll</EnrollmentServiceUrl></DiscoverResult></DiscoverResponse>"
        )

    async def _policies(self, request: web.Request) -> web.Response:
        await self._read(request)
        if self.policy is not None:
            return web.Response(body=self.policy.encode(), content_type="application/soap+xml")
        return self._fault() or self._envelope(
            "<GetPoliciesResponse><response><policies><policy><attributes><privateKeyAttributes><minimalKeyLength>"
            f"{self.minimal_key_length}</minimalKeyLength></privateKeyAttributes></attributes></policy></policies></response>"
            "</GetPoliciesResponse>"
        )

    async def _enroll(self, request: web.Request) -> web.Response:
        root = await self._read(request)
        refused = self._fault()
        if refused is not None:
            return refused
        token = root.find(".//{*}RequestSecurityToken/{*}BinarySecurityToken")
        data = base64.b64decode("".join(token.text.split()))
        if token.get("ValueType").endswith("#PKCS7"):
            assert self.identity is not None
            signature = verify(data)
            assert signature.signer == self.identity
            data = signature.content
        self.identity = self.pki.identity_certificate(data)
        encoded = base64.b64encode(self.document(self._document()).encode()).decode()
        return self._envelope(
            "<RequestSecurityTokenResponseCollection><RequestSecurityTokenResponse><RequestedSecurityToken>"
            f"<BinarySecurityToken>{encoded}</BinarySecurityToken></RequestedSecurityToken>"
            "</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>"
        )

    def _document(self) -> str:
        """Two siblings of one type, as Microsoft's samples have them."""
        assert self.identity is not None

        def certificate(one: x509.Certificate) -> str:
            return (
                f'<characteristic type="{thumb(one)}"><parm name="EncodedCertificate" value="{encoded(one)}"/>'
                "</characteristic>"
            )

        return (
            '<wap-provisioningdoc version="1.1"><characteristic type="CertificateStore"><characteristic type="Root">'
            f'<characteristic type="System">{certificate(self.pki.root)}</characteristic></characteristic>'
            '</characteristic><characteristic type="CertificateStore"><characteristic type="My">'
            f'<characteristic type="User">{certificate(self.identity)}<characteristic type="PrivateKeyContainer"/>'
            '</characteristic><characteristic type="WSTEP"><characteristic type="Renew">'
            '<parm name="ROBOSupport" value="true" datatype="boolean"/><parm name="RenewPeriod" value="42"/>'
            "</characteristic></characteristic></characteristic></characteristic>"
            f'<characteristic type="APPLICATION"><parm name="APPID" value="w7"/>'
            f'<parm name="PROVIDER-ID" value="{self.provider}"/><parm name="NAME" value="Test"/>'
            f'<parm name="ADDR" value="{self.url}/elsewhere/manage"/>'
            '<parm name="DEFAULTENCODING" value="application/vnd.syncml.dm+xml"/><parm name="BACKCOMPATRETRYDISABLED"/>'
            '</characteristic><characteristic type="DMClient"><characteristic type="Provider">'
            f'<characteristic type="{self.provider}"><parm name="EntDMID" value="enrolment-1" datatype="string"/>'
            '<parm name="UPN" value="alice@contoso.example" datatype="string"/>'
            '<parm name="RequireMessageSigning" value="true" datatype="boolean"/><parm name="Unheard" value="x"/>'
            '<characteristic type="Poll"><parm name="NumberOfFirstRetries" value="5" datatype="integer"/>'
            '</characteristic><characteristic type="Push">'
            f'<parm name="PFN" value="{self.url}/push/the-tenants-id/push-1"/></characteristic>'
            "</characteristic></characteristic></characteristic></wap-provisioningdoc>"
        )

    async def _manage(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.hangs_up_after is not None and len(self.heard) >= self.hangs_up_after:
            assert request.transport is not None
            request.transport.abort()
        header = request.headers.get("MDM-Signature")
        signature = None if header is None else verify(base64.b64decode(header), detached=body)
        result = Heard(ElementTree.fromstring(body), body, request.query_string, signature)
        self.heard.append(result)
        if self.status != 200:
            return web.Response(status=self.status)
        number = int(result.text("SyncHdr/MsgID"))
        status = (
            f"<Status><CmdID>1</CmdID><MsgRef>{number}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>"
            f"<Data>{self.verdict}</Data></Status>"
        )
        commands = self.script.pop(0) if self.script else []
        message = self.words.message(
            status, *commands, session=self.session or result.text("SyncHdr/SessionID"), number=number
        )
        return web.Response(body=message, content_type="application/vnd.syncml.dm+xml")

    async def _push(self, request: web.Request) -> web.Response:
        known = request.match_info["token"] == "push-1"
        answer = {"seq": 3, "now": self.now.isoformat(), "push": {"type": "CHECK_IN"}}
        return web.json_response(answer) if known else web.Response(status=404)


@pytest.fixture
async def server(pki: Any) -> AsyncIterator[Server]:
    """A running server at `server.url`."""
    server = Server(pki)
    running = TestServer(server.application())
    await running.start_server()
    server.url = str(running.make_url("/")).rstrip("/")
    yield server
    await running.close()


@dataclass(slots=True)
class Joined:
    """Makes agents that are enrolled at the server."""

    server: Server
    transport: Transport
    keys: Iterator[rsa.RSAPrivateKey]

    async def __call__(self, platform: Platform = Platform.WINDOWS, device: Device | None = None) -> WindowsAgent:
        agent = WindowsAgent(device or Device.new("DESKTOP-1", platform=platform), self.transport)
        for monotonic in (1.0, 2.0):
            agent.time.learn(TODAY, monotonic=monotonic)
        await agent.enroll(server=self.server.url, tenant="contoso", token="good", key=next(self.keys))
        return agent


@pytest.fixture
def joined(server: Server, transport: Transport, pki: Any) -> Joined:
    """`await joined()`: an agent whose device is enrolled and has not checked in yet."""
    return Joined(server, transport, pki.keys)
