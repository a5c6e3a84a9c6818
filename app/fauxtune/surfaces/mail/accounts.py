"""The mailboxes behind the protocols: who logs in and how, and what an open mailbox does. The domain of a mailbox names
its tenant.

A client logs in by the responses of the SASL mechanisms PLAIN (RFC 4616) and EXTERNAL (RFC 4422 A), and
the certificate of its TLS connection.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.operations.mail import login, mailboxes
from fauxtune.operations.mail.login import Login, Refusal
from fauxtune.operations.mail.mailboxes import Delivery
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction

# A brake on guesses of passwords, over all connections: who guesses at one name gets slower and slower.
#
# Unverified: the numbers. Smart lockout of Microsoft Entra ID begins after ten wrong passwords, too, for a minute. Here
# nobody is locked out: else guesses would keep a user from the own mailbox.

#: Wrong passwords of a name that are answered at once; after so many seconds without one they are forgotten.
FREE, MEMORY = 10, 60.0
#: Seconds between the attempts at a name after that; who would wait longer than `MOST` is refused.
PAUSE, MOST = 1.0, 10.0
#: Names that are remembered. With more, the one whose last failure is the longest ago is forgotten.
_NAMES = 1000


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    next: float = 0.0


@dataclass(slots=True)
class Guesses:
    """The failed logins by name. Times are seconds of any clock that only goes forward."""

    _names: dict[str, _Failures] = field(default_factory=dict)

    def wait(self, name: str, *, now: float) -> float | None:
        """Return for how many seconds an attempt at a name has to wait; None: it is refused."""
        known = self._names.get(name.lower())
        if known is None or known.count < FREE:
            return 0.0
        if now - known.last > MEMORY:
            del self._names[name.lower()]
            return 0.0
        begins = max(now, known.next)
        if begins - now > MOST:
            return None
        known.next = begins + PAUSE
        return begins - now

    def failed(self, name: str, *, now: float) -> None:
        """Note a wrong password."""
        known = self._names.pop(name.lower(), None)
        if known is None or now - known.last > MEMORY:
            known = _Failures()
        known.count, known.last = known.count + 1, now
        self._names[name.lower()] = known
        while len(self._names) > _NAMES:
            del self._names[next(iter(self._names))]

    def succeeded(self, name: str) -> None:
        """Forget the wrong passwords of a name: its user has the right one."""
        self._names.pop(name.lower(), None)


P = ParamSpec("P")
T = TypeVar("T")

#: Messages that are listed in one transaction.
_PAGE = 2000


class LoginRefused(Exception):
    """The login was refused; the text says why, in one sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of a mailbox: its number there, its id, which no other message ever has, and its size in bytes."""

    uid: int
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mailbox of a user who has logged in."""

    emulator: Emulator
    tenant: Tenant
    login: Login

    @property
    def name(self) -> str:
        """The userPrincipalName of the user."""
        return self.login.user_principal_name

    async def listing(self) -> list[Listed]:
        """Return all messages, the oldest first."""
        listed: list[Listed] = []
        while True:
            after = listed[-1].uid if listed else 0
            rows = await self._run(mailboxes.entries, self.login.user_id, after_uid=after, limit=_PAGE)
            listed += [Listed(row.uid, row.message_id, row.size) for row in rows]
            if len(rows) < _PAGE:
                return listed

    async def raw(self, message: Listed, *, seen: bool) -> bytes | None:
        """Return a message as it was sent, and mark it if it is `seen` now; None if it is gone."""
        try:
            stored = await self._run(mailboxes.message, self.login.user_id, uid=message.uid)
            if stored.message_id != message.id:
                return None  # a newer one has its number
            if seen and not stored.seen:
                await self._run(mailboxes.mark_seen, self.login.user_id, uid=message.uid)
        except NotFound:
            return None
        return stored.raw

    async def delete(self, messages: Iterable[Listed]) -> None:
        """Delete messages. Those that another program has deleted meanwhile are gone already."""
        for message in messages:
            await self._run(_delete_if_there, self.login.user_id, message=message)

    async def owns(self, address: str) -> bool:
        """Whether this is an address of the user."""
        return await self._run(mailboxes.owner_of, address) == self.login.user_id

    async def knows(self, address: str) -> bool:
        """Whether somebody in the tenant has this address."""
        return await self._run(mailboxes.owner_of, address) is not None

    async def send(self, raw: bytes, *, sender: str, recipients: list[str]) -> Delivery:
        """Deliver a message. Raises Invalid for one that no mailbox takes, NotAllowed for one from somebody else."""
        return await mailboxes.receive(
            self.emulator,
            self.tenant,
            raw=raw,
            recipients=recipients,
            envelope_sender=sender,
            author=self.login.user_id,
        )

    async def _run(self, operation: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)


def _delete_if_there(tx: Transaction, user_id: UserId, *, message: Listed) -> None:
    present = mailboxes.entries(tx, user_id, after_uid=message.uid - 1, limit=1)
    if present and (present[0].uid, present[0].message_id) == (message.uid, message.id):
        mailboxes.delete_message(tx, user_id, uid=message.uid)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The mailboxes of all tenants of an emulator. `guesses`: what was tried lately, on all connections."""

    emulator: Emulator
    guesses: Guesses = field(default_factory=Guesses)

    async def open_by_password(self, given: PlainLogin) -> Mailbox:
        """Return the mailbox of a user who gave name and password. Raises LoginRefused."""
        clock = asyncio.get_running_loop().time
        seconds = self.guesses.wait(given.name, now=clock())
        if seconds is None:
            raise LoginRefused(f"too many wrong passwords were sent for {given.name}: wait a minute, then try again")
        await asyncio.sleep(seconds)
        try:
            tenant = await self._tenant(given.name)
            if tenant is None:
                raise LoginRefused("the name or the password is wrong")
            mailbox = await self._opened(
                tenant, self.emulator.runner.run(tenant, login.by_password, given.name, password=given.password)
            )
        except LoginRefused:
            self.guesses.failed(given.name, now=clock())
            raise
        self.guesses.succeeded(given.name)
        return mailbox

    async def open_by_certificate(self, der: bytes | None, name: str | None) -> Mailbox:
        """Return the mailbox of the user to whom a certificate belongs. `name` None: the certificate names it. Raises
        LoginRefused.
        """
        if der is None:
            raise LoginRefused("EXTERNAL needs TLS and a certificate of the client, and none was shown")
        try:
            certificate = certificate_from(der)
        except Invalid as error:
            raise LoginRefused(error.message.rstrip(".")) from None
        for address in [name] if name is not None else login.addresses(certificate):
            tenant = await self._tenant(address)
            if tenant is not None:
                return await self._opened(
                    tenant, self.emulator.runner.run(tenant, login.by_certificate, certificate, name=address)
                )
        if name is not None:
            raise LoginRefused(f"there is no mailbox {name} here: its domain is of no tenant")
        raise LoginRefused("the certificate has no address of a mailbox here: send the user's name with EXTERNAL")

    async def _tenant(self, address: str) -> Tenant | None:
        _, at, domain = address.rpartition("@")
        if not at or not domain:
            return None
        try:
            tenant = await self.emulator.runner.tenant(domain)
        except NotFound:
            return None
        # The runner knows a tenant by its id and its name, too: these are no domains.
        return tenant if tenant.domain.lower() == domain.lower() else None

    async def _opened(self, tenant: Tenant, attempt: Awaitable[Login | Refusal]) -> Mailbox:
        result = await attempt
        if isinstance(result, Refusal):
            raise LoginRefused(result.text)
        return Mailbox(self.emulator, tenant, result)


#: Octets of a response in base64 (RFC 4616 2: each of the three parts has at most 255 octets).
LONGEST_RESPONSE = 2048


class SaslInvalid(Exception):
    """The client's response does not have the form that its mechanism demands; the text says why."""


@dataclass(frozen=True, slots=True)
class PlainLogin:
    """The name and the password of a user."""

    name: str
    password: str = field(repr=False)


def decoded(response: str) -> bytes:
    """Decode a response; `=` stands for an empty one (RFC 4954 4, RFC 5034 4). Raises SaslInvalid."""
    if response == "=":
        return b""
    if len(response) > LONGEST_RESPONSE:
        raise SaslInvalid(f"the response has more than {LONGEST_RESPONSE} characters")
    try:
        return base64.b64decode(response.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise SaslInvalid("the response is not base64") from None


def plain(response: bytes) -> PlainLogin:
    """Read the response of PLAIN. Raises SaslInvalid, also if it asks to act as somebody else."""
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise SaslInvalid("PLAIN takes three texts with a NUL between them: who to act as, the name, the password")
    acts_as, name, password = map(text, parts)
    if not name:
        raise SaslInvalid("PLAIN needs the name of a user")
    if acts_as not in {"", name}:
        raise SaslInvalid("nobody can act as another user here: leave the first text of PLAIN empty")
    return PlainLogin(name, password)


def external(response: bytes) -> str | None:
    """Return the user whom the response of EXTERNAL names; None: the certificate decides. Raises SaslInvalid."""
    return text(response) or None


def client_certificate(transport: asyncio.BaseTransport | None) -> bytes | None:
    """Return the certificate (DER) of the client of a TLS connection; None without one."""
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    der: bytes | None = None if tls is None else tls.getpeercert(binary_form=True)
    return der


def text(data: bytes) -> str:
    """Return a part of a response as text. Raises SaslInvalid."""
    try:
        decoded_text = data.decode()
    except UnicodeDecodeError:
        raise SaslInvalid("the response is not UTF-8") from None
    if "\0" in decoded_text:
        raise SaslInvalid("the response has a NUL where none is allowed")
    return decoded_text
