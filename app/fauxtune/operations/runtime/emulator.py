"""The emulator: everything that belongs to the application object, and the forms of what is put into it.

No module keeps state of its own. What this room may not import is described here as an interface: receivers of
notifications, the other processes, the client through which what-if and the console send requests to Graph (the real
ones come from `server.bootstrap`), and how platforms package secrets.

The service never sees a password of a PFX file. So a platform gives bytes with placeholders (`Packaging`), the
connector fills them and seals the whole (CMS EnvelopedData) to the device's identity: `{{pfx:0}}` is the first file in
base64, `{{password:0}}` its password. Android and Windows take the bare password; Apple an array of payloads, as an
encrypted profile has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Protocol

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.passwords import Passwords
from fauxtune.connector.shared_keys import KeysInTurn, SharedKeys
from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import Invalid, NotEmulated
from fauxtune.core.model.addresses import host_of
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.access_tokens import TokenIssuer
from fauxtune.operations.runtime.contents import Contents
from fauxtune.operations.runtime.device_host import DeviceHost, HostedSnapshots, NoDeviceHost
from fauxtune.operations.runtime.faults import Faults
from fauxtune.operations.runtime.guesses import Guesses
from fauxtune.operations.runtime.in_order import Orders
from fauxtune.operations.runtime.kept_answers import AnswerCache, PkiCache
from fauxtune.operations.runtime.permission_check import PermissionCheck
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.turns import Turns, Workers
from fauxtune.operations.runtime.wire import Wire


class Webhooks(Protocol):
    """Calls receivers of notifications. `server/webhooks.py` does; when one is called, and called again, is decided in
    `operations/directory/subscriptions.py`.
    """

    def check(self, url: str, *, name: str) -> None:
        """Raise Invalid, with the property's name as target, for an address that may not be called."""
        ...

    async def validate(self, url: str, *, token: str) -> None:
        """Raise Invalid unless the receiver answers with the token, as plain text, in time."""
        ...

    async def send(self, url: str, content: bytes) -> str | None:
        """Send JSON. Returns None if the receiver took it, else why not."""
        ...

    async def fetch(self, url: str) -> bytes:
        """Return what is at an address. Raises Invalid if it may not be called, or gives nothing."""
        ...


class NoWebhooks:
    """A server that calls nobody."""

    def check(self, url: str, *, name: str) -> None:
        """Refuse every address."""
        raise NotEmulated(f"This server calls no receivers of notifications: {name} '{url}' is of no use.")

    async def validate(self, url: str, *, token: str) -> None:
        """Refuse every address."""
        self.check(url, name="notificationUrl")

    async def send(self, url: str, content: bytes) -> str | None:
        """Send nothing."""
        return "this server calls no receivers"

    async def fetch(self, url: str) -> bytes:
        """Refuse every address."""
        raise Invalid(f"This server calls nobody: {url}.")


class Others(Protocol):
    """The other processes that share the database, as far as they can be asked (`server.neighbours`). A topic names
    what answers at the other process.
    """

    async def ask_all(self, topic: str, content: bytes) -> list[bytes]:
        """Ask every other process, and return what they answer; those that do not answer soon are left out."""
        ...

    async def ask_leader(self, topic: str, content: bytes, *, seconds: float) -> bytes:
        """Ask the process that leads, which is another one. Raises Unavailable if none leads for a while, if it ends
        before it has answered, or does not answer within so many seconds.
        """
        ...


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of the emulator, without a slash at the end. `public_http_url` goes into certificates. Only requests for
    these `names` (as in `hosts`) are answered; None: for every name. `mail`: the kinds and URLs of what mail programs
    connect to.
    """

    https: str
    http: str
    public_http_url: str
    public_url: str | None = None
    names: frozenset[str] | None = None
    mail: tuple[tuple[str, str], ...] = ()

    def hosts(self) -> frozenset[str]:
        """Return the names of these addresses, as in `hosts`."""
        addresses = (self.https, self.http, self.public_http_url, self.public_url or "")
        return frozenset(map(host_of, addresses)) - {""}

    def hosts_with(self, origin: str) -> frozenset[str]:
        """Return the names of these addresses and of the origin that a request was sent to."""
        return self.hosts() | {host_of(origin)}


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies that end TLS in front of the server, and the header in which they pass a device's certificate on.

    Their X-Forwarded headers are believed too. From everybody else all of these headers are ignored.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    header: str = "Client-Cert"


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """A request that the emulator itself sends. `url` may be absolute, of any host; `body`: JSON; `client`: the name of
    the application in the audit log; `user`: whom it acts for. Approval policies hold it up if it `needs_approval`.
    """

    method: str
    url: str
    body: Any = None
    client: str = "what-if"
    user: UserId | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    needs_approval: bool = False


#: Sends one request, and returns Graph's answer.
Send = Callable[[ProposedRequest], Awaitable[JsonObject | None]]
#: Several requests in a row, of which a later one may contain what an earlier one was answered, such as an id.
Task = Callable[[Send], Coroutine[Any, Any, None]]


class GraphClient(Protocol):
    """Sends requests to Graph as an administrator who may do everything. Raises GraphRefused if Graph answers with an
    error.
    """

    async def __call__(self, emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
        """Send one request, and return Graph's answer; the emulator's operations carry it out."""
        ...


async def graph_not_served(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
    """Refuse: this emulator serves no Graph."""
    raise NotEmulated("This emulator serves no Graph.")


async def nothing_to_load() -> None:
    """Return: the client of Graph is there already."""


class Packaging(Protocol):
    """A platform's packaging. `plain_switch`: the tenant's setting that has profiles sent in clear, if there is one."""

    plain_switch: str | None

    def identity(self, row: LedgerRow, *, profiles: Callable[[], Sequence[Mapping[str, Any]]]) -> Wrapping:
        """Return the packaging of one certificate with its key, which is file 0. `profiles()`: the documents of those
        that want it, which are read only then.
        """
        ...

    def account(self, row: LedgerRow, account: Account, *, os_version: str | None) -> Wrapping:
        """Return the packaging of an account and the certificates that it names, where accounts carry them: file N
        belongs to the Nth of `account.certificates`, by the names of their navigations in order. `os_version`: None if
        unknown.
        """
        ...


class _Bare:
    """Only the password of the first file."""

    plain_switch: str | None = None

    def identity(self, row: LedgerRow, *, profiles: Callable[[], Sequence[Mapping[str, Any]]]) -> Wrapping:
        return BARE

    def account(self, row: LedgerRow, account: Account, *, os_version: str | None) -> Wrapping:
        return BARE


BARE_PACKAGING: Packaging = _Bare()

#: What platforms hand out; those that are not named take the bare password.
Packagings = Mapping[Platform, Packaging]


@dataclass(slots=True)
class Emulator:
    """One emulator. `shared_...`: keys of test tenants. `admit_device_authority` makes the TLS listener accept a new
    tenant's devices, `dismiss_device_authority` forgets a deleted one's; `edition` is that of new tenants, unless
    they name another.
    """

    runner: Runner
    keys: KeyStore
    connector_keys: KeyStore
    shared_keys: SharedKeys
    shared_connector_keys: SharedKeys
    shared_issued_keys: KeysInTurn
    key_source: KeySource
    tokens: TokenIssuer
    addresses: Addresses
    ca_file: str
    answer_cache: AnswerCache
    pki_cache: PkiCache
    wire: Wire
    contents: Contents
    # The id by which this server is told apart from others; empty where no server is started.
    server_id: str = ""
    # The folder of the challenges of Azure Arc; None where no server is started.
    arc_tokens: Path | None = None
    control_token: str | None = None
    # The key of the console's sessions, where several processes serve them. None: each has its own.
    session_secret: bytes | None = None
    # Of processes that share a database one does what happens only by time. It may change while the server runs.
    leads: bool = True
    # The other processes that share the database; None where this process has it for itself.
    others: Others | None = None
    edition: Edition = Edition.CURRENT
    # A folder with labs beside those of the package.
    labs: Path | None = None
    permissions: PermissionCheck = field(default_factory=PermissionCheck)
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)
    turns: Turns = field(default_factory=Turns)
    # The deterministic tenants.
    orders: Orders = field(default_factory=Orders)
    # The connector's threads: few, so that their computing never crowds out the event loop or the database's threads.
    workers: Workers = field(default_factory=lambda: Workers(2))
    # For files that were never opened before: an attacker can make files that take seconds each. With one thread
    # for each tenant, the files of one do not keep another waiting. `patience`: seconds, see `handwork`.
    openers: Workers = field(default_factory=lambda: Workers(2, share=1))
    patience: float = 5.0
    # The passwords of imported files that the connector inside the server has decrypted.
    passwords: Passwords = field(default_factory=Passwords, repr=False)
    # For people who read the wire: a body that a stranger sent can take a second to decode.
    readers: Workers = field(default_factory=lambda: Workers(1))
    packagings: Packagings = field(default_factory=dict)
    admit_device_authority: Callable[[bytes], None] = field(default=lambda _certificate: None)
    dismiss_device_authority: Callable[[bytes], None] = field(default=lambda _certificate: None)
    graph: GraphClient = graph_not_served
    # Graph is imported when it is first used; this waits for it.
    load_graph: Callable[[], Awaitable[object]] = nothing_to_load
    device_host: DeviceHost = field(default_factory=NoDeviceHost)
    webhooks: Webhooks = field(default_factory=NoWebhooks)
    guesses: Guesses = field(default_factory=Guesses)
    hosted_snapshots: HostedSnapshots = field(default_factory=HostedSnapshots)
    # Whether Graph has a route for a path without a version, with this method if one is given.
    graph_serves: Callable[[str, str | None], bool] = field(default=lambda _path, _method: True)

    def dry_run(self, runner: Runner) -> Emulator:
        """Return this emulator with another runner, caches of that runner's database, and no check of permissions."""
        return replace(
            self,
            runner=runner,
            answer_cache=AnswerCache(runner.database),
            pki_cache=PkiCache(runner.database),
            permissions=PermissionCheck(Permissions.OFF),
            contents=replace(self.contents, changes=False),
        )

    def for_administrator(self) -> Emulator:
        """Return this emulator with no check of permissions: for requests that it sends for an administrator."""
        return replace(self, permissions=PermissionCheck(Permissions.OFF))

    def source_of_issued(self, tenant: Tenant) -> KeySource:
        """Return where the keys of the tenant's certificates come from: test tenants share theirs."""
        return self.shared_issued_keys.of(tenant.id) if tenant.is_test_tenant else self.key_source

    def forget(self) -> None:
        """Drop what was read of the database: another process may have written to it."""
        self.runner.forget_all()
        self.tokens.forget_applications()

    @property
    def signals(self) -> Signals:
        """The signals between requests."""
        return self.runner.signals

    @property
    def faults(self) -> Faults:
        """The fault rules of all tenants."""
        return self.runner.faults
