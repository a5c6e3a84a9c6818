"""A Windows device on the wire: it identifies itself by a signature, and holds what it is given in a flat tree.

It knows the nodes only as far as the tests of the server need; the simulator knows them better.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from fauxtune.core.pki import cms, signed
from tests.support.devices import windows_messages

Json = dict[str, Any]
Element = ElementTree.Element
ALICE, PASSWORD = "alice@contoso.example", "Fauxtune1!"
PHONES = {"windows10mobile": "10.0.15254.603", "windowsphone81": "8.10.14219.0"}
_NUMBERS = itertools.count(1)


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def find(element: Element, *path: str) -> Element | None:
    result: Element | None = element
    for name in path:
        result = None if result is None else next((each for each in result if local(each) == name), None)
    return result


def text(element: Element, *path: str) -> str:
    result = find(element, *path)
    return "" if result is None or result.text is None else result.text


def anywhere(element: Element, name: str) -> Element:
    return next(each for each in element.iter() if local(each) == name)


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """One command of the server; an Atomic has parts."""

    name: str
    id: str
    uri: str
    data: str
    format: str
    parts: tuple[ServerCommand, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One message of the server."""

    session: str
    number: str
    statuses: dict[str, str]
    commands: tuple[ServerCommand, ...]
    size: int
    is_final: bool
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, document: bytes) -> Answer:
        root = ElementTree.fromstring(document)
        header, body = find(root, "SyncHdr"), find(root, "SyncBody")
        assert header is not None
        assert body is not None
        return cls(
            session=text(header, "SessionID"),
            number=text(header, "MsgID"),
            statuses={text(element, "CmdRef"): text(element, "Data") for element in body if local(element) == "Status"},
            commands=tuple(_command(element) for element in body if local(element) not in ("Status", "Final")),
            size=len(document),
            is_final=find(body, "Final") is not None,
            numbers=tuple(element.text or "" for element in body.iter() if local(element) == "CmdID"),
        )


def _command(element: Element) -> ServerCommand:
    parts = tuple(_command(each) for each in element if local(each) in ("Add", "Replace", "Delete", "Exec", "Get"))
    return ServerCommand(
        name=local(element),
        id=text(element, "CmdID"),
        uri=text(element, "Item", "Target", "LocURI"),
        data=text(element, "Item", "Data"),
        format=text(element, "Item", "Meta", "Format"),
        parts=parts,
    )


@dataclass(slots=True)
class WindowsDevice:
    """The device. `tree`: address -> value; `seen`: every command that it received; `refuses`: address -> status."""

    http: httpx.AsyncClient
    key: rsa.RSAPrivateKey
    device_id: str = ""
    hardware: str = ""
    items: list[tuple[str, str]] = field(default_factory=list)
    document: Element | None = None
    certificate: x509.Certificate | None = None
    management: str = ""
    enrollment_id: str = ""
    tree: dict[str, str] = field(default_factory=dict)
    seen: list[ServerCommand] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    largest: int | None = None
    sizes: list[int] = field(default_factory=list)
    opened: list[bytes] = field(default_factory=list)
    session: int = 0

    def __post_init__(self) -> None:
        number = next(_NUMBERS)
        self.device_id = self.device_id or f"DEVICE-{number:04d}"
        self.hardware = self.hardware or f"HW-{number:04d}"

    # ------------------------------------------------------------------------------------------------------ enrolment

    def context(self, *, version: str = "10.0.19045.3803", kind: str = "CIMClient_Windows") -> list[tuple[str, str]]:
        return [
            ("DeviceID", self.device_id),
            ("HWDevID", self.hardware),
            ("EnrollmentType", "Full"),
            ("OSEdition", "4"),
            ("OSVersion", version),
            ("DeviceType", kind),
            ("DeviceName", "DESKTOP-TEST"),
            ("MAC", "00-15-5D-00-00-01"),
            ("MAC", "00-15-5D-00-00-02"),
        ]

    async def enroll(
        self, security: str, *, path: str = "/mdm/contoso/windows", items: list[tuple[str, str]] | None = None
    ) -> httpx.Response:
        csr = windows_messages.certificate_request(self.key)
        body = windows_messages.request_token(csr, self.context() if items is None else items, security=security)
        headers = {"content-type": "application/soap+xml; charset=utf-8"}
        answer = await self.http.post(f"{path}/EnrollmentServer/Enrollment.svc", content=body, headers=headers)
        if answer.status_code == 200:
            self.take(answer)
        return answer

    def take(self, answer: httpx.Response) -> Element:
        """Apply the provisioning document of an answer, and return it."""
        packed = anywhere(ElementTree.fromstring(answer.content), "BinarySecurityToken").text or ""
        document = ElementTree.fromstring(base64.b64decode(packed))
        self.document = document
        own = next(element for element in document.iter() if element.get("type") == "My")
        result = next(element for element in own.iter() if element.get("name") == "EncodedCertificate")
        self.certificate = x509.load_der_x509_certificate(base64.b64decode(result.get("value", "")))
        if self.parameters("ADDR"):
            self.management = self.parameters("ADDR")[0]
            self.enrollment_id = self.parameters("EntDMID")[0]
        return document

    def parameters(self, name: str) -> list[str]:
        assert self.document is not None
        return [element.get("value", "") for element in self.document.iter() if element.get("name") == name]

    # ------------------------------------------------------------------------------------------------------- sessions

    def signed(self, body: bytes) -> dict[str, str]:
        assert self.certificate is not None
        return {"mdm-signature": base64.b64encode(self.sign(body)).decode()}

    def sign(self, body: bytes) -> bytes:
        """Return an attached signature: what it embeds does not count."""
        assert self.certificate is not None
        return signed.sign(body, certificate=self.certificate, key=self.key)

    async def post(self, body: bytes, *, sign: bool = True) -> httpx.Response:
        headers = {"content-type": "application/vnd.syncml.dm+xml; charset=utf-8"}
        return await self.http.post(
            self.management, content=body, headers=headers | (self.signed(body) if sign else {})
        )

    async def say(self, number: int, body: str, *, session: str | None = None) -> Answer:
        """Send one message of a session; its answer."""
        name = session or f"{self.session:X}"
        answer = await self.post(windows_messages.sync(name, number, body, source=self.device_id, largest=self.largest))
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-length"] == str(len(answer.content))
        assert "transfer-encoding" not in answer.headers
        self.sizes.append(len(answer.content))
        return Answer.of(answer.content)

    async def check_in(self, *, login: str | None = "user", more: str = "", messages: int = 40) -> Answer:
        """Run a whole session; the last answer."""
        self.session += 1
        answer = await self.say(1, windows_messages.opening(login=login, more=more))
        for number in range(2, messages + 2):
            if not answer.commands:
                break
            answer = await self.say(number, self.obey(answer))
        return answer

    def obey(self, answer: Answer) -> str:
        """Carry out all commands of a message; the body of the next message."""
        numbers = itertools.count(1)
        body = windows_messages.status(next(numbers), message=int(answer.number), command="0", name="SyncHdr", code=200)
        for told in answer.commands:
            self.seen.append(told)
            for command, code in self._done(told):
                body += windows_messages.status(
                    next(numbers), message=int(answer.number), command=command.id, name=command.name, code=code
                )
            if told.name == "Get" and (data := self._value(told.uri)) is not None:
                body += windows_messages.results(
                    next(numbers), message=int(answer.number), command=told.id, uri=told.uri, data=data
                )
        return body

    def _done(self, told: ServerCommand) -> list[tuple[ServerCommand, int]]:
        if told.name != "Atomic":
            return [(told, self._single(told))]
        before = dict(self.tree)
        codes = [self._single(part) for part in told.parts]
        failed = any(code >= 300 for code in codes) or not self._import(told)
        if not failed:
            return [(told, 200), *((part, 200) for part in told.parts)]
        self.tree = before
        if all(code < 300 for code in codes):
            codes = [500 if part.uri.endswith("/PFXCertBlob") else 216 for part in told.parts]
        return [
            (told, 507),
            *((command, code if code >= 300 else 216) for command, code in zip(told.parts, codes, strict=True)),
        ]

    def _import(self, told: ServerCommand) -> bool:
        """Open the PFX file of an Atomic; whether that succeeded, True if there is no file."""
        values = {part.uri.rpartition("/")[2]: part.data for part in told.parts}
        if "PFXCertBlob" not in values:
            return True
        assert self.certificate is not None
        password = cms.open_envelope(
            base64.b64decode(values["PFXCertPassword"]), certificate=self.certificate, key=self.key
        )
        key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(values["PFXCertBlob"]), password)
        assert key is not None
        assert certificate is not None
        self.opened.append(password)
        return True

    def _single(self, told: ServerCommand) -> int:
        code = next((code for uri, code in self.refuses.items() if told.uri.startswith(uri)), None)
        if code is not None:
            return code
        if told.name == "Get":
            return 404 if self._value(told.uri) is None else 200
        if told.name == "Delete":
            gone = [each for each in self.tree if each == told.uri or each.startswith(f"{told.uri}/")]
            for each in gone:
                del self.tree[each]
            return 200 if gone else 404
        if told.name == "Add":
            if told.uri in self.tree:
                return 418
            self.tree[told.uri] = told.data
        return 200

    def _value(self, uri: str) -> str | None:
        if uri in self.results:
            return self.results[uri]
        if uri in self.tree:
            return self.tree[uri]
        below = sorted({each[len(uri) + 1 :].split("/")[0] for each in self.tree if each.startswith(f"{uri}/")})
        return "/".join(quote(each, safe="%") for each in below) if below else None


def held(pc: WindowsDevice, end: str) -> dict[str, str]:
    """Return the values in the tree whose address ends with `end`."""
    return {uri: value for uri, value in pc.tree.items() if uri.endswith(end)}


Enroll = Callable[..., Awaitable[WindowsDevice]]
Assign = Callable[..., Awaitable[str]]
Ledger = Callable[[WindowsDevice], Awaitable[dict[str, Json]]]
MakeToken = Callable[..., Awaitable[str]]
Switch = Callable[..., Awaitable[None]]
