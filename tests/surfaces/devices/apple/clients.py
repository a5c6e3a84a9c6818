"""Two clients of Apple's MDM that are not ours, as far as their public code shows what they do on the wire.

`Mdmb` behaves like mdmb (the simulator that comes with NanoMDM's kin), `Fleet` like the test client of Fleet
(TestAppleMDMClient). Both are written against their quirks, not against our server: an oddity here is on purpose.
"""

from __future__ import annotations

import base64
import os
import plistlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from tests.surfaces.devices.apple import pkimessages

Plist = dict[str, Any]
CHECK_IN = "application/x-apple-aspen-mdm-checkin"


class Refused(Exception):
    """The client gives up; what it was answered."""

    def __init__(self, answer: httpx.Response | str) -> None:
        super().__init__(answer if isinstance(answer, str) else f"{answer.status_code}: {answer.text}")
        self.status = answer.status_code if isinstance(answer, httpx.Response) else None


@dataclass(slots=True)
class Client:
    """What both have: keys, an identity, an address to talk to."""

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
    #: RequestTypes that it was told, in order; and the commands themselves.
    told: list[str] = field(default_factory=list)
    commands: list[Plist] = field(default_factory=list)

    def signature(self, body: bytes, *, embed: bool = False, digest: str = "sha1") -> str:
        """The header Mdm-Signature."""
        assert self.certificate is not None
        message = pkimessages.signed(body, key=self.key, certificate=self.certificate, embed=embed, digest=digest)
        return base64.b64encode(message).decode()

    def csr(self, challenge: str, name: str) -> bytes:
        """A request with the challenge as an attribute, for the device's key."""
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
        """A PKCSReq by the throw-away signer, with single DES and SHA-1; nonce and transaction besides."""
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
        """Take the identity out of a CertRep; Refused where there is none."""
        found = pkimessages.read_certrep(answer, signer=authority)
        if (found.transaction, found.recipient_nonce) != (transaction, nonce):
            raise Refused("CertRep for another transaction")
        if found.status != "0":
            raise Refused(f"PENDING or FAILURE: pkiStatus {found.status}, failInfo {found.fail_info}")
        assert found.content is not None
        self.certificate = pkimessages.first_certificate(pkimessages.opened(found.content, self.signer_key))
        if self.certificate.public_key() != self.key.public_key():
            raise Refused("certificate for another key")


@dataclass(slots=True)
class Mdmb(Client):
    """mdmb: PUT, detached SHA-1 signatures, three commands; it keeps profiles and nothing that is in them."""

    profiles: dict[str, Plist] = field(default_factory=dict)

    async def install_enrollment(self, profile: bytes) -> None:
        """`mdmb devices-profiles-install -f enroll.mobileconfig`."""
        document = plistlib.loads(profile)  # XML or binary: a signed one ends here
        payloads = document["PayloadContent"]
        mdm = [each for each in payloads if each["PayloadType"] == "com.apple.mdm"]
        if len(mdm) != 1 or self.certificate is not None:
            raise Refused("exactly one MDM payload, and no enrolment yet")
        (scep,) = (each for each in payloads if each["PayloadType"] == "com.apple.security.scep")
        await self._scep(scep)
        await self._enroll(mdm[0])
        self.profiles[document["PayloadIdentifier"]] = document

    async def _scep(self, payload: Plist) -> None:
        said = payload["PayloadContent"]
        for names in said["Subject"]:
            for kind, _value in names:
                if kind not in ("C", "L", "ST", "O", "OU", "CN"):
                    raise Refused(f"unhandled OID: {kind}")
        if said.get("Key Type", "RSA") != "RSA" or self.key.key_size != said.get("Keysize", 1024):
            raise Refused("only RSA, of the size that is asked for")
        capabilities = (await self._get(said["URL"], operation="GetCACaps")).text.splitlines()
        answer = await self._get(said["URL"], operation="GetCACert", message=said["Name"])
        if answer.headers["content-type"] != "application/x-x509-ca-cert":
            raise Refused(f"unexpected Content-Type {answer.headers['content-type']}")
        authority = x509.load_der_x509_certificate(answer.content)
        named = [value for names in said["Subject"] for kind, value in names if kind == "CN"]
        csr = self.csr(said["Challenge"], named[0] if named else payload["PayloadIdentifier"])
        message, nonce, transaction = self.pki_message(csr, authority)
        if not {"POSTPKIOperation", "SCEPStandard"} & set(capabilities):
            raise Refused("this server is POSTed to")
        # The raw DER once more, percent-encoded: about 6 KB of URL that say nothing new.
        url = f"{said['URL']}?operation=PKIOperation&message={quote(message, safe='')}"
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
        await self._check_in(
            {
                "DeviceName": "MDMB Device",
                "MessageType": "Authenticate",
                "Topic": self.topic,
                "UDID": self.udid,
                "SerialNumber": self.serial,
            }
        )

    async def token_update(self) -> None:
        """Every device of mdmb has the same token."""
        update = {"MessageType": "TokenUpdate", "PushMagic": "fakePushMagic", "Token": b"fakeToken"}
        await self._check_in({**update, "Topic": self.topic, "UDID": self.udid})

    async def _check_in(self, message: Plist) -> None:
        body = plistlib.dumps(message)
        headers = {"content-type": CHECK_IN, "Mdm-Signature": self.signature(body)}
        answer = await self.http.put(self.check_in_url, content=body, headers=headers)
        if answer.status_code != 200:
            raise Refused(answer)

    async def connect(self) -> list[str]:
        """`mdmb devices-connect`: until there is nothing more. The RequestTypes that it was told."""
        before = len(self.told)
        report: Plist = {"UDID": self.udid, "Status": "Idle"}
        while report:
            assert len(self.told) - before < 50, "it recurses per command: a server must not go on for ever"
            body = plistlib.dumps(report)
            # No Content-Type on commands.
            answer = await self.http.put(self.server_url, content=body, headers={"Mdm-Signature": self.signature(body)})
            if answer.status_code != 200:
                raise Refused(answer)
            report = {} if answer.headers["content-length"] == "0" else self._obey(plistlib.loads(answer.content))
        return self.told[before:]

    def _obey(self, message: Plist) -> Plist:
        command = message["Command"]
        kind = command["RequestType"]
        self.told.append(kind)
        self.commands.append(command)
        done: Plist = {"UDID": self.udid, "Status": "Acknowledged", "CommandUUID": message["CommandUUID"]}
        match kind:
            case "DeviceInformation":
                known = {"DeviceName": "MDMB Device", "SerialNumber": self.serial, "UDID": self.udid}
                wanted = command.get("Queries") or list(known)
                return done | {"QueryResponses": {name: known[name] for name in wanted if name in known}}
            case "ProfileList":
                return done | {"ProfileList": [self._listed(each) for each in self.profiles.values()]}
            case "InstallProfile":
                try:
                    document = plistlib.loads(command["Payload"])
                    self.profiles[document["PayloadIdentifier"]] = document
                    list(document["PayloadContent"])
                except (ValueError, KeyError):
                    return done | self._error(99998, "installing profile")
                return done
            case _:
                return done | self._error(12021, f"Unknown command: {kind} <MDMClientError:91>")

    def _listed(self, document: Plist) -> Plist:
        names = ("PayloadIdentifier", "PayloadUUID", "PayloadVersion", "PayloadDisplayName")
        return {name: document[name] for name in names if name in document}

    def _error(self, code: int, words: str) -> Plist:
        link = {"ErrorCode": code, "ErrorDomain": "MCMDMErrorDomain", "LocalizedDescription": words}
        return {"Status": "Error", "ErrorChain": [{**link, "USEnglishDescription": words}]}


#: What Fleet's client does with a command: the answer's keys, or None for "not now".
Obey = Callable[[Plist], Plist | None]


@dataclass(slots=True)
class Fleet(Client):
    """Fleet's test client: POST, the signed content left in the signature, GET for PKIOperation, a topic of its own."""

    product_name: str = ""
    model: str = "MacBookPro16,1"
    os_version: str = ""

    async def enroll(self, *, scep_url: str, challenge: str, mdm_url: str) -> None:
        """Direct mode: no profile."""
        self.server_url = self.check_in_url = mdm_url
        self.topic = f"com.apple.mgmt.External.{self.udid}"
        await self.request_identity(scep_url, challenge)
        await self.authenticate()
        await self.token_update(awaiting=True)

    async def enroll_by_profile(self, profile: bytes) -> None:
        """The profile's first two payloads, by their place."""
        content = plistlib.loads(profile)["PayloadContent"]
        scep, mdm = content[0]["PayloadContent"], content[1]
        if not (scep["Challenge"] and scep["URL"] and mdm["ServerURL"] and mdm["Topic"]):
            raise Refused("the profile lacks something")
        await self.enroll(scep_url=scep["URL"], challenge=scep["Challenge"], mdm_url=mdm["ServerURL"])

    async def request_identity(self, url: str, challenge: str) -> None:
        """GetCACert, then PKIOperation by GET: it never asks for the capabilities."""
        answer = await self.http.get(url, params={"operation": "GetCACert"})
        authority = x509.load_der_x509_certificate(answer.content)
        message, nonce, transaction = self.pki_message(self.csr(challenge, "fleet-testdevice"), authority)
        query = {"operation": "PKIOperation", "message": base64.b64encode(message).decode()}
        done = await self.http.get(url, params=query)
        if done.status_code != 200:
            raise Refused(done)
        self.granted(done.content, authority=authority, nonce=nonce, transaction=transaction)

    async def authenticate(self) -> None:
        """EnrollmentID beside UDID."""
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
            content_type=CHECK_IN,
        )

    async def token_update(self, *, awaiting: bool = False, embed: bool = True, **more: Any) -> None:
        """A flag as a text, and a token of any length."""
        update = {"MessageType": "TokenUpdate", **self._ids(), "NotOnConsole": "false", "PushMagic": "pushmagic"}
        waiting = {"AwaitingConfiguration": True} if awaiting else {}
        token = f"token{self.serial}".encode()
        await self.send({**update, "Token": token, **waiting, **more}, content_type=CHECK_IN, embed=embed)

    async def check_out(self) -> None:
        """The device leaves."""
        await self.send({"MessageType": "CheckOut", **self._ids()}, content_type=CHECK_IN)

    async def bootstrap_token(self) -> bytes | None:
        """What GetBootstrapToken gives."""
        answer = await self.send({"MessageType": "GetBootstrapToken", **self._ids()}, content_type=CHECK_IN)
        found = None if answer is None else answer["BootstrapToken"]
        assert found is None or isinstance(found, bytes)
        return found

    async def report(self, status: str, uuid: str | None = None, **more: Any) -> Plist | None:
        """Idle, Acknowledged, NotNow, Error: the next command, or None."""
        named = {} if uuid is None else {"CommandUUID": uuid}
        message = await self.send({"Status": status, "Topic": self.topic, **self._only_id(), **named, **more})
        if message is not None:
            self.told.append(message["Command"]["RequestType"])
            self.commands.append(message["Command"])
        return message

    async def converse(self, obey: Obey) -> list[str]:
        """A whole conversation. The RequestTypes that it was told."""
        before = len(self.told)
        message = await self.report("Idle")
        while message is not None:
            assert len(self.told) - before < 60, "a server must not go on for ever"
            answer = obey(message["Command"])
            status = "NotNow" if answer is None else answer.pop("Status", "Acknowledged")
            message = await self.report(status, message["CommandUUID"], **(answer or {}))
        return self.told[before:]

    async def send(self, message: Plist, *, content_type: str = "", embed: bool = True) -> Plist | None:
        """POST; on commands the Content-Type is there, and empty. The content stays in the signature, unless asked."""
        body = plistlib.dumps(message)
        headers = {"content-type": content_type, "Mdm-Signature": self.signature(body, embed=embed)}
        answer = await self.http.post(self.server_url, content=body, headers=headers)
        if answer.status_code != 200:
            raise Refused(answer)
        if answer.headers["content-length"] == "0":  # Go: ContentLength == 0
            return None
        found: Plist = plistlib.loads(answer.content)
        return found

    def _ids(self) -> Plist:
        return {"Topic": self.topic, "UDID": self.udid, "EnrollmentID": f"testenrollmentid-{self.udid}"}

    def _only_id(self) -> Plist:
        return {"UDID": self.udid, "EnrollmentID": f"testenrollmentid-{self.udid}"}
