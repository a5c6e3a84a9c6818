"""An Apple device on the wire of Apple's MDM protocol, with the quirks of two public clients.

`Mdmb` behaves like mdmb (a simulator for NanoMDM), `Fleet` like the test client of Fleet (TestAppleMDMClient), as far
as their public code shows what they do. They are written against those programs and not against our server: an oddity
here is on purpose.
"""

from __future__ import annotations

import base64
import os
import plistlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

import httpx
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from tests.support import pkimessages

Plist = dict[str, Any]
CHECK_IN = "application/x-apple-aspen-mdm-checkin"
#: What a device does with a command: the keys of its answer ("not now" is None).
Obey = Callable[[Plist], Plist | None]


class Refused(Exception):
    """The client gives up; the answer that it got."""

    def __init__(self, answer: httpx.Response | str) -> None:
        super().__init__(answer if isinstance(answer, str) else f"{answer.status_code}: {answer.text}")
        self.status = answer.status_code if isinstance(answer, httpx.Response) else None


# -------------------------------------------------------------------------------------------------- what a device holds


@dataclass(slots=True)
class ProfileStore:
    """The profiles of a device, and its answers to commands.

    `override`: RequestType -> another answer, None for "not now"; `facts`: what DeviceInformation answers.
    """

    key: RSAPrivateKey = field(repr=False)
    profiles: dict[str, Plist] = field(default_factory=dict)
    override: dict[str, Obey] = field(default_factory=dict)
    facts: Plist = field(default_factory=dict)

    def obey(self, command: Plist) -> Plist | None:
        """Carry out a command; the keys of the answer ("not now" is None)."""
        kind = command["RequestType"]
        if kind in self.override:
            return self.override[kind](command)
        match kind:
            case "InstallProfile":
                self._install(command["Payload"])
            case "RemoveProfile":
                if self.profiles.pop(command["Identifier"], None) is None and not self._is_enrollment(command):
                    return error((12013, "MCMDMErrorDomain", "The profile is not managed by MDM."))
            case "ProfileList":
                return {"ProfileList": [self._listed(document) for document in self.profiles.values()]}
            case "CertificateList":
                return {
                    "CertificateList": [row for document in self.profiles.values() for row in certificates(document)]
                }
            case "DeviceInformation":
                return {"QueryResponses": {name: self.facts[name] for name in command["Queries"] if name in self.facts}}
            case "SecurityInfo":
                return {"SecurityInfo": {"HardwareEncryptionCaps": 3, "PasscodePresent": True}}
        return {}

    def _install(self, payload: bytes) -> None:
        document = plistlib.loads(payload)
        if document.get("IsEncrypted"):
            opened = pkimessages.opened(document["EncryptedPayloadContent"], self.key)
            document["PayloadContent"] = plistlib.loads(opened)
        self.profiles[document["PayloadIdentifier"]] = document

    def _listed(self, document: Plist) -> Plist:
        return {name: document[name] for name in ("PayloadIdentifier", "PayloadUUID", "PayloadVersion")}

    def _is_enrollment(self, command: Plist) -> bool:
        return str(command["Identifier"]).endswith(".enrollment")

    def payloads(self, kind: str) -> list[Plist]:
        """Return all payloads of a type."""
        return [payload for document in self.profiles.values() for payload in of_type(document, kind)]


def of_type(document: Plist, kind: str) -> list[Plist]:
    """Return the payloads of a type in one profile."""
    return [payload for payload in document["PayloadContent"] if payload["PayloadType"] == kind]


def certificates(document: Plist) -> list[Plist]:
    """Return the certificates in a profile, as CertificateList has them."""
    rows = []
    for payload in document["PayloadContent"]:
        if payload["PayloadType"] in ("com.apple.security.root", "com.apple.security.pkcs1"):
            rows.append({"CommonName": "CA", "IsIdentity": False, "Data": payload["PayloadContent"]})
        elif payload["PayloadType"] == "com.apple.security.pkcs12":
            der = certificate_in(payload).public_bytes(Encoding.DER)
            rows.append({"CommonName": "Me", "IsIdentity": True, "Data": der})
    return rows


def certificate_in(payload: Plist) -> x509.Certificate:
    """Return the certificate of a PKCS#12 payload, opened with its password."""
    return pkimessages.identity_in(payload["PayloadContent"], payload["Password"])[1]


def error(*links: tuple[int, str, str]) -> Plist:
    """Return the keys of an answer with the status Error, outermost link first: (code, domain, text)."""
    chain = [
        {"ErrorCode": code, "ErrorDomain": domain, "LocalizedDescription": text, "USEnglishDescription": text}
        for code, domain, text in links
    ]
    return {"Status": "Error", "ErrorChain": chain}


# --------------------------------------------------------------------------------------------------------- the device


@dataclass(slots=True)
class AppleDevice:
    """A device: its keys, its identity, the addresses of its server, and what it holds.

    A subclass gives the quirks: how it sends, how it gets its identity, and the messages of its check-ins.
    """

    #: How a message is sent: the method, whether the content is embedded in the signature, the type of command answers.
    method: ClassVar[str]
    embeds: ClassVar[bool]
    command_headers: ClassVar[dict[str, str]]

    http: httpx.AsyncClient
    key: RSAPrivateKey
    signer_key: RSAPrivateKey
    udid: str
    serial: str
    now: Callable[[], datetime]
    certificate: x509.Certificate | None = None
    server_url: str = ""
    check_in_url: str = ""
    topic: str = ""
    #: The RequestTypes that it received, in order; and the commands themselves.
    request_types: list[str] = field(default_factory=list)
    commands: list[Plist] = field(default_factory=list)
    store: ProfileStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = ProfileStore(self.key)

    # ------------------------------------------------------------------------------------------------------- messages

    async def send(self, message: Plist, *, check_in: bool = False, embed: bool | None = None) -> Plist | None:
        """Send a message, signed; the answer, None for an empty one. Raises Refused for any status but 200."""
        body = plistlib.dumps(message)
        headers = {"content-type": CHECK_IN} if check_in else dict(self.command_headers)
        headers["Mdm-Signature"] = self.signature(body, embed=self.embeds if embed is None else embed)
        url = (check_in and self.check_in_url) or self.server_url
        answer = await self.http.request(self.method, url, content=body, headers=headers)
        if answer.status_code != 200:
            raise Refused(answer)
        if answer.headers["content-length"] == "0":  # Go: ContentLength == 0
            return None
        document: Plist = plistlib.loads(answer.content)
        return document

    def _sender(self) -> Plist:
        """Return the keys that name the device in a report."""
        raise NotImplementedError

    async def report(self, status: str, uuid: str | None = None, **more: Any) -> Plist | None:
        """Send Idle, Acknowledged, NotNow or Error; the next command if there is one."""
        named = {} if uuid is None else {"CommandUUID": uuid}
        message = await self.send({"Status": status, **self._sender(), **named, **more})
        if message is not None:
            self.request_types.append(message["Command"]["RequestType"])
            self.commands.append(message["Command"])
        return message

    async def connect(self, obey: Obey | None = None) -> list[str]:
        """Connect and carry out commands until there are no more; their RequestTypes.

        `obey` answers the commands, else the store of the device.
        """
        before = len(self.request_types)
        obey = obey or self.store.obey
        message = await self.report("Idle")
        while message is not None:
            assert len(self.request_types) - before < 60, "a server must come to an end"
            answer = obey(message["Command"])
            status = "NotNow" if answer is None else answer.pop("Status", "Acknowledged")
            message = await self.report(status, message["CommandUUID"], **(answer or {}))
        return self.request_types[before:]

    # ------------------------------------------------------------------------------------------------------- identity

    def signature(self, body: bytes, *, embed: bool = False, digest: str = "sha1") -> str:
        """Return the header Mdm-Signature."""
        assert self.certificate is not None
        message = pkimessages.signed(body, key=self.key, certificate=self.certificate, embed=embed, digest=digest)
        return base64.b64encode(message).decode()

    def csr(self, challenge: str, name: str) -> bytes:
        """Return a certificate request for the device's key, with the challenge as an attribute."""
        return (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .add_extension(x509.KeyUsage(True, *(False,) * 8), critical=True)
            .add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
            .sign(self.key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )

    def pki_message(
        self,
        csr: bytes,
        authority: x509.Certificate,
        *,
        kind: str = "19",
        by: tuple[RSAPrivateKey, x509.Certificate] | None = None,
    ) -> tuple[bytes, bytes, str]:
        """Return a PKCSReq by a throw-away signer, with single DES and SHA-1; its nonce and its transaction."""
        key, certificate = by or (self.signer_key, pkimessages.throw_away(self.signer_key, self.now()))
        nonce, transaction = os.urandom(16), base64.b64encode(os.urandom(20)).decode()
        message = pkimessages.signed(
            pkimessages.des_envelope(csr, authority),
            key=key,
            certificate=certificate,
            embed=True,
            attributes=[
                pkimessages.attribute(pkimessages.MESSAGE_TYPE, core.PrintableString(kind)),
                pkimessages.attribute(pkimessages.SENDER_NONCE, core.OctetString(nonce)),
                pkimessages.attribute(pkimessages.TRANSACTION, core.PrintableString(transaction)),
            ],
        )
        return message, nonce, transaction

    def granted(self, answer: bytes, *, authority: x509.Certificate | None, nonce: bytes, transaction: str) -> None:
        """Take the identity out of a CertRep. Raises Refused if there is no identity in it."""
        reply = pkimessages.read_certrep(answer, signer=authority)
        if (reply.transaction, reply.recipient_nonce) != (transaction, nonce):
            raise Refused("CertRep for another transaction")
        if reply.status != "0":
            raise Refused(f"PENDING or FAILURE: pkiStatus {reply.status}, failInfo {reply.fail_info}")
        assert reply.content is not None
        self.certificate = pkimessages.first_certificate(pkimessages.opened(reply.content, self.signer_key))
        if self.certificate.public_key() != self.key.public_key():
            raise Refused("certificate for another key")


# ------------------------------------------------------------------------------------------------------- its quirks


@dataclass(slots=True)
class MdmbStore(ProfileStore):
    """mdmb knows three commands; it keeps profiles and nothing that is in them."""

    def obey(self, command: Plist) -> Plist | None:
        """Carry out a command; the keys of the answer."""
        kind = command["RequestType"]
        match kind:
            case "DeviceInformation":
                return ProfileStore.obey(self, {"Queries": list(self.facts), **command})
            case "ProfileList":
                return ProfileStore.obey(self, command)
            case "InstallProfile":
                try:
                    document = plistlib.loads(command["Payload"])
                    self.profiles[document["PayloadIdentifier"]] = document
                    list(document["PayloadContent"])
                except (ValueError, KeyError):
                    return error((99998, "MCMDMErrorDomain", "installing profile"))
                return {}
            case _:
                return error((12021, "MCMDMErrorDomain", f"Unknown command: {kind} <MDMClientError:91>"))

    def _listed(self, document: Plist) -> Plist:
        names = ("PayloadIdentifier", "PayloadUUID", "PayloadVersion", "PayloadDisplayName")
        return {name: document[name] for name in names if name in document}


@dataclass(slots=True)
class Mdmb(AppleDevice):
    """mdmb: PUT, detached SHA-1 signatures, no Content-Type on commands."""

    method = "PUT"
    embeds = False
    command_headers: ClassVar[dict[str, str]] = {}

    def __post_init__(self) -> None:
        facts = {"DeviceName": "MDMB Device", "SerialNumber": self.serial, "UDID": self.udid}
        self.store = MdmbStore(self.key, facts=facts)

    def _sender(self) -> Plist:
        return {"UDID": self.udid}

    async def install_enrollment(self, profile: bytes) -> None:
        """`mdmb devices-profiles-install -f enroll.mobileconfig`."""
        document = plistlib.loads(profile)  # XML or binary: a signed one ends here
        payloads = document["PayloadContent"]
        mdm = [payload for payload in payloads if payload["PayloadType"] == "com.apple.mdm"]
        if len(mdm) != 1 or self.certificate is not None:
            raise Refused("exactly one MDM payload, and no enrolment yet")
        (scep,) = (payload for payload in payloads if payload["PayloadType"] == "com.apple.security.scep")
        await self._scep(scep)
        await self._enroll(mdm[0])
        self.store.profiles[document["PayloadIdentifier"]] = document

    async def _scep(self, payload: Plist) -> None:
        settings = payload["PayloadContent"]
        for names in settings["Subject"]:
            for kind, _value in names:
                if kind not in ("C", "L", "ST", "O", "OU", "CN"):
                    raise Refused(f"unhandled OID: {kind}")
        if settings.get("Key Type", "RSA") != "RSA" or self.key.key_size != settings.get("Keysize", 1024):
            raise Refused("only RSA, of the size that is asked for")
        capabilities = (await self._get(settings["URL"], operation="GetCACaps")).text.splitlines()
        answer = await self._get(settings["URL"], operation="GetCACert", message=settings["Name"])
        if answer.headers["content-type"] != "application/x-x509-ca-cert":
            raise Refused(f"unexpected Content-Type {answer.headers['content-type']}")
        authority = x509.load_der_x509_certificate(answer.content)
        named = [value for names in settings["Subject"] for kind, value in names if kind == "CN"]
        csr = self.csr(settings["Challenge"], named[0] if named else payload["PayloadIdentifier"])
        message, nonce, transaction = self.pki_message(csr, authority)
        if not {"POSTPKIOperation", "SCEPStandard"} & set(capabilities):
            raise Refused("this server is POSTed to")
        # The raw DER once more, percent-encoded: about 6 KB of URL that say nothing new.
        url = f"{settings['URL']}?operation=PKIOperation&message={quote(message, safe='')}"
        done = await self.http.post(url, content=message, headers={"content-type": "application/octet-stream"})
        if done.status_code != 200:
            raise Refused(done)
        # It verifies with the certificates in the message alone.
        self.granted(done.content, authority=None, nonce=nonce, transaction=transaction)

    async def _get(self, url: str, **query: str) -> httpx.Response:
        answer = await self.http.get(url, params=query)
        if answer.status_code != 200:
            raise Refused(answer)
        return answer

    async def _enroll(self, payload: Plist) -> None:
        if payload.get("SignMessage") is not True:
            raise Refused("SignMessage is false, and nothing else is supported")
        self.server_url, self.topic = payload["ServerURL"], payload["Topic"]
        self.check_in_url = payload.get("CheckInURL") or self.server_url
        await self.authenticate()
        await self.token_update()

    async def authenticate(self) -> None:
        """No operating system: it does not read it back from its own database."""
        await self.send(
            {
                "DeviceName": "MDMB Device",
                "MessageType": "Authenticate",
                "Topic": self.topic,
                "UDID": self.udid,
                "SerialNumber": self.serial,
            },
            check_in=True,
        )

    async def token_update(self) -> None:
        """Every device of mdmb has the same token."""
        update = {"MessageType": "TokenUpdate", "PushMagic": "fakePushMagic", "Token": b"fakeToken"}
        await self.send({**update, "Topic": self.topic, "UDID": self.udid}, check_in=True)


@dataclass(slots=True)
class Fleet(AppleDevice):
    """Fleet's test client: POST, the signed content left in the signature, GET for PKIOperation, a topic of its own."""

    method = "POST"
    embeds = True
    #: The header is there, and empty.
    command_headers: ClassVar[dict[str, str]] = {"content-type": ""}

    product_name: str = ""
    model: str = "MacBookPro16,1"
    os_version: str = ""

    async def enroll(self, *, scep_url: str, challenge: str, mdm_url: str) -> None:
        """Enrol without a profile."""
        self.server_url = self.check_in_url = mdm_url
        self.topic = f"com.apple.mgmt.External.{self.udid}"
        await self.request_identity(scep_url, challenge)
        await self.authenticate()
        await self.token_update(awaiting=True)

    async def enroll_by_profile(self, profile: bytes) -> None:
        """Enrol with the first two payloads of a profile, by their place."""
        content = plistlib.loads(profile)["PayloadContent"]
        scep, mdm = content[0]["PayloadContent"], content[1]
        if not (scep["Challenge"] and scep["URL"] and mdm["ServerURL"] and mdm["Topic"]):
            raise Refused("the profile lacks something")
        await self.enroll(scep_url=scep["URL"], challenge=scep["Challenge"], mdm_url=mdm["ServerURL"])

    async def request_identity(self, url: str, challenge: str) -> None:
        """Send GetCACert, then PKIOperation by GET, without asking for the capabilities."""
        answer = await self.http.get(url, params={"operation": "GetCACert"})
        authority = x509.load_der_x509_certificate(answer.content)
        message, nonce, transaction = self.pki_message(self.csr(challenge, "fleet-testdevice"), authority)
        query = {"operation": "PKIOperation", "message": base64.b64encode(message).decode()}
        done = await self.http.get(url, params=query)
        if done.status_code != 200:
            raise Refused(done)
        self.granted(done.content, authority=authority, nonce=nonce, transaction=transaction)

    async def authenticate(self) -> None:
        """Send Authenticate, with EnrollmentID beside UDID."""
        product = {"ProductName": self.product_name} if self.product_name else {}
        system = {"OSVersion": self.os_version} if self.os_version else {}
        await self.send(
            {
                "MessageType": "Authenticate",
                "Model": self.model,
                **self._ids(),
                "SerialNumber": self.serial,
                "DeviceName": f"TestDevice-{self.serial}",
                **product,
                **system,
            },
            check_in=True,
        )

    async def token_update(self, *, awaiting: bool = False, embed: bool | None = None, **more: Any) -> None:
        """Send TokenUpdate: a flag as a text, and a token of any length."""
        update = {"MessageType": "TokenUpdate", **self._ids(), "NotOnConsole": "false", "PushMagic": "pushmagic"}
        waiting = {"AwaitingConfiguration": True} if awaiting else {}
        token = f"token{self.serial}".encode()
        await self.send({**update, "Token": token, **waiting, **more}, check_in=True, embed=embed)

    async def check_out(self) -> None:
        """Send CheckOut."""
        await self.send({"MessageType": "CheckOut", **self._ids()}, check_in=True)

    async def bootstrap_token(self) -> bytes | None:
        """Send GetBootstrapToken; the token if there is one."""
        answer = await self.send({"MessageType": "GetBootstrapToken", **self._ids()}, check_in=True)
        token = None if answer is None else answer["BootstrapToken"]
        assert token is None or isinstance(token, bytes)
        return token

    def _ids(self) -> Plist:
        return {"Topic": self.topic, "UDID": self.udid, "EnrollmentID": f"testenrollmentid-{self.udid}"}

    def _sender(self) -> Plist:
        return self._ids()
