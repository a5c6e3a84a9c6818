"""A client of Fauxtune's control surface, for what device protocols do not transport. Other servers do not have it.

Enrolment tokens, the clock, the diagnosis of a device, the address book, certificates that are issued
on request with their keys, the connector's public key.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, NotFoundHere, ServerRefused, SimulatorError
from fauxtune_sim.keys.marks import Mark, Names
from fauxtune_sim.server.discovery import Server, ServerOptions, find_server
from fauxtune_sim.server.transport import Answer, Transport

#: Certificates of a question for marks.
_MOST_MARKS = 500
#: Digits of a thumbprint by which a certificate is known.
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate that the control surface issued, with the PFX that holds its key."""

    thumbprint: str
    certificate: x509.Certificate
    pfx: bytes


@dataclass(frozen=True, slots=True)
class PublishedCertificate:
    """A certificate in the address book. `hindrance` says why nobody should encrypt to it now, or is None."""

    certificate: x509.Certificate
    hindrance: str | None


@dataclass(frozen=True, slots=True)
class AddressBookAnswer:
    """What the address book has for an address, the newest first; `sentence` says why that is nothing, or is None."""

    published: tuple[PublishedCertificate, ...]
    sentence: str | None


@dataclass(frozen=True, slots=True)
class ConnectorKey:
    """The connector's public key with the names by which an import refers to it."""

    provider_name: str
    key_name: str
    public_key: rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A profile that a device did not get, and why, or what it waits for."""

    profile: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The profiles that failed on a device, those that wait, and those that have nothing to deliver: imported PFX
    profiles of a user for whom nothing was imported.
    """

    failed: list[Undelivered]
    waiting: list[Undelivered]
    nothing: list[Undelivered]


class Control:
    """The control surface of one tenant. `base` is `.../_fauxtune/v1`; `token` is sent as a bearer token."""

    def __init__(self, transport: Transport, base: str, *, tenant: str, token: str | None = None) -> None:
        self._transport = transport
        self._base = base
        self._tenant = f"{base}/tenants/{quote(tenant, safe='')}"
        self._token = token or None

    async def tenant(self) -> dict[str, Any]:
        """The tenant: id, name, domain, certification authority, settings."""
        return await self._get(self._tenant)

    async def create_tenant(self, seed: str = "contoso") -> dict[str, Any]:
        """Create a new isolated tenant from a seed, with its own names."""
        return await self._post(f"{self._base}/tenants", {"seed": seed})

    async def principal_name(self, user: str) -> str:
        """The userPrincipalName of a user; a name without @ is one in the tenant's own domain."""
        return user if "@" in user else f"{user}@{_text(await self.tenant(), 'domain')}"

    async def enrollment_token(self, user_principal_name: str, *, uses: int = 1) -> str:
        """Create a token that enrols `uses` devices for this user."""
        body = {"userPrincipalName": user_principal_name, "uses": uses}
        answer = await self._post(f"{self._tenant}/enrollmentTokens", body)
        return _text(answer, "token")

    async def settle(self, timeout: int = 30) -> dict[str, Any]:
        """Wake all connected devices, wait up to `timeout` seconds until they have settled: `{"settled","waiting"}`."""
        return await self._post(f"{self._tenant}/settle", {"timeout": timeout}, wait=timeout + 15.0)

    async def now(self) -> datetime:
        """The tenant's time."""
        answer = await self._get(f"{self._tenant}/clock")
        try:
            return datetime.fromisoformat(_text(answer, "now"))
        except ValueError as broken:
            raise AnswerBroken(f"the clock's answer is not a time: {broken}") from broken

    async def advance(self, duration: str) -> None:
        """Put the tenant's clock forward by an ISO 8601 duration."""
        await self._post(f"{self._tenant}/clock/advance", {"by": duration})

    async def challenges(self, enrollment_id: str) -> list[str]:
        """What became of the SCEP challenges that a device was given, the newest first."""
        rows = (await self._get(f"{self._tenant}/scep/challenges")).get("value", [])
        return [_text(row, "state") for row in rows if row.get("device") == enrollment_id]

    async def look_up(self, address: str) -> AddressBookAnswer:
        """Look an address up in the tenant's address book."""
        answer = await self._get(f"{self._tenant}/address-book/{quote(address, safe='')}")
        try:
            published = tuple(_published(row) for row in answer["value"])
            return AddressBookAnswer(published, sentence=answer["sentence"])
        except (KeyError, TypeError, ValueError, AttributeError) as odd:
            raise AnswerBroken(f"the address book's answer has an unexpected form: {odd!r}") from odd

    async def publish(self, address: str, sha1: str) -> None:
        """Publish the certificate with this thumbprint for an address."""
        await self._post(f"{self._tenant}/address-book", {"address": address, "thumbprint": sha1})

    async def deliver(self, mail: bytes, *, sender: str, recipient: str) -> None:
        """Put a mail into the mailbox of a user, by the addresses of sender and recipient."""
        url = f"{self._tenant}/messages?{urlencode({'to': recipient, 'from': sender})}"
        answer = await self._transport.send("POST", url, body=mail, content_type="message/rfc822", bearer=self._token)
        _checked(answer)

    async def marks(self, thumbprints: Iterable[str]) -> dict[str, Mark]:
        """The marks of certificates by the first digits of their thumbprints, as far as the tenant knows them."""
        wanted, marks = sorted({thumbprint[:8] for thumbprint in thumbprints}), {}
        for start in range(0, len(wanted), _MOST_MARKS):
            query = urlencode({"thumbprints": ",".join(wanted[start : start + _MOST_MARKS])})
            answer = await self._get(f"{self._tenant}/certificates/marks?{query}")
            try:
                for row in answer["value"]:
                    marks[row["thumbprint"][:8]] = Mark(row["mark"], int(row["hue"]), row["symbol"])
            except (KeyError, TypeError, ValueError) as odd:
                raise AnswerBroken(f"the control surface's marks have an unexpected form: {odd!r}") from odd
        return marks

    async def is_of_one_device(self, sha1: str) -> bool:
        """Whether the certificate with this thumbprint was issued for one device. False for an unknown one."""
        try:
            document = await self._get(f"{self._tenant}/certificates/{quote(sha1, safe='')}")
        except ServerRefused as refused:
            if refused.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return document.get("source") in {"pkcs", "scep"}

    async def undelivered(self, device: str) -> Outcome:
        """The profiles that a device did not get completely. `device`: the id of its enrolment, or a serial number."""
        answer = await self._get(f"{self._tenant}/diagnose?{urlencode({'device': device})}")
        try:
            chains = [chain for chain in answer["chains"] if chain["device"] is not None]
            late = await self.waiting(chains[0]["device"]["id"]) if chains else []
            names = {each.profile for each in late}
            broken = [
                (chain["brokenAt"], Undelivered(chain["profile"]["displayName"], chain["why"]))
                for chain in chains
                if chain["status"] == "broken" and chain["links"] and chain["links"][-1]["status"] != "ok"
                # What waits for a connector has not failed.
                if chain["brokenAt"] != "connector" or chain["profile"]["displayName"] not in names
            ]
        except (KeyError, TypeError) as odd:
            raise AnswerBroken(f"the control surface's diagnosis has an unexpected form: {odd!r}") from odd
        failed = [each for link, each in broken if link != "import"]
        nothing = [each for link, each in broken if link == "import"]
        known = {each.profile for _, each in broken}
        return Outcome(failed, [each for each in late if each.profile not in known], nothing)

    async def waiting(self, enrollment_id: str) -> list[Undelivered]:
        """The profiles of a device that wait, each with what it waits for."""
        answer = await self._get(f"{self._tenant}/devices/{quote(enrollment_id, safe='')}/ledger")
        try:
            waits = [(name, item["waitsFor"]) for item in answer["items"] for name in item["profileNames"]]
        except (KeyError, TypeError) as odd:
            raise AnswerBroken(f"the control surface's ledger has an unexpected form: {odd!r}") from odd
        return [Undelivered(name, why) for name, why in dict.fromkeys(waits) if why]

    async def unsettled(self, names: set[str]) -> list[list[str]]:
        """What each of the devices with these names waits for that is enrolled and has not settled."""
        answer = await self._get(f"{self._tenant}/devices?settled=false")
        try:
            return [[*item["waitsFor"]] for item in answer["value"] if item["deviceName"] in names]
        except (KeyError, TypeError) as odd:
            raise AnswerBroken(f"the control surface's list of devices has an unexpected form: {odd!r}") from odd

    async def connectors_off_line(self) -> list[str]:
        """The names of the connectors that somebody set off line."""
        connectors = (await self._get(f"{self._tenant}/connectors")).get("value", [])
        return [_text(connector, "name") for connector in connectors if connector.get("state") == "offline"]

    async def issue(self, order: dict[str, Any]) -> IssuedCertificate:
        """Have the authority make a key and issue a certificate for it: `template`, `userPrincipalName`, ..."""
        answer = await self._post(f"{self._tenant}/certificates", order)
        return IssuedCertificate(
            thumbprint=_text(answer, "thumbprint"),
            certificate=x509.load_pem_x509_certificate(_text(answer, "certificate").encode()),
            pfx=base64.b64decode(_text(answer, "pfx")),
        )

    async def connector_key(self) -> ConnectorKey:
        """The first key of the first connector that has one. Raises NotFoundHere if no connector has a key."""
        connectors = await self._get(f"{self._tenant}/connectors")
        for connector in connectors.get("value", []):
            keys = await self._get(f"{self._tenant}/connectors/{quote(_text(connector, 'id'), safe='')}/keys")
            for key in keys.get("value", []):
                public = load_pem_public_key(_text(key, "publicKey").encode())
                if isinstance(public, rsa.RSAPublicKey):
                    return ConnectorKey(
                        provider_name=_text(key, "providerName"), key_name=_text(key, "keyName"), public_key=public
                    )
        raise NotFoundHere("no connector has a key for the import of PFX files")

    async def _get(self, url: str) -> dict[str, Any]:
        return _checked(await self._transport.get(url, bearer=self._token))

    async def _post(self, url: str, document: dict[str, Any], *, wait: float | None = None) -> dict[str, Any]:
        return _checked(await self._transport.post(url, document, bearer=self._token, timeout=wait))


def control_of(server: Server, transport: Transport) -> Control:
    """A client of a server's control surface, with the token from the environment."""
    token = os.environ.get("FAUXTUNE_CONTROL_TOKEN")
    return Control(transport, server.control, tenant=server.tenant, token=token)


def _published(row: dict[str, Any]) -> PublishedCertificate:
    hindrances = [str(remark["sentence"]) for remark in row["remarks"] if remark["hinders"]]
    certificate = x509.load_pem_x509_certificate(row["certificate"].encode())
    return PublishedCertificate(certificate, hindrance=hindrances[0] if hindrances else None)


def _checked(answer: Answer) -> dict[str, Any]:
    if 200 <= answer.status < 300:
        return answer.json()
    try:
        error = answer.json().get("error", {})
        code, message = error.get("code", ""), error.get("message", "")
    except (AnswerBroken, AttributeError):
        code, message = "", ""
    raise ServerRefused(
        message or f"the control surface refused {answer.url} ({answer.status}) without a reason",
        status=answer.status,
        code=str(code),
    )


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise AnswerBroken(f"the control surface's answer has no {name}")
    return value


async def names_for(device: Device, wanted: Iterable[str]) -> Names:
    """Return the names that the device's server has for these thumbprints or first digits; none if it does not say."""
    digits, enrollment = {each[:_DIGITS] for each in wanted}, device.enrollment
    if enrollment is None or not digits:
        return Names()
    try:
        server = find_server(ServerOptions(server=enrollment.server, tenant=enrollment.tenant))
        if not server.is_described:
            return Names()
        async with Transport(ca=device.ca, demands=device.demands) as transport:
            return Names(await control_of(server, transport).marks(digits))
    except SimulatorError:
        return Names()
