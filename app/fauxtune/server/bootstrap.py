"""Builds the emulator: database, keys, token key, runner; then the tenant of a first start.

`assemble` needs a database with the schema; `seed_tenant` fills it. The server and the tests use both.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.connector.keypool import KeysOfWork, KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.shared_keys import KeysInTurn, SharedKeys
from fauxtune.core.clock import Clock
from fauxtune.core.errors import NotFound
from fauxtune.core.model.classrooms import password_from
from fauxtune.core.model.ids import IdSource, TenantId
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.extensions import attribute
from fauxtune.operations.runtime.access_tokens import TokenIssuer
from fauxtune.operations.runtime.contents import Contents
from fauxtune.operations.runtime.device_host import HostedSnapshots, StoredSnapshots
from fauxtune.operations.runtime.emulator import (
    Addresses,
    Emulator,
    GraphClient,
    Packaging,
    Packagings,
    ProposedRequest,
    TrustedProxies,
)
from fauxtune.operations.runtime.in_order import Orders
from fauxtune.operations.runtime.kept_answers import AnswerCache, PkiCache
from fauxtune.operations.runtime.permission_check import PermissionCheck
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.signing_keys import KEY_NAME, prepare_signing_key, signing_key
from fauxtune.operations.runtime.turns import Turns
from fauxtune.operations.runtime.wire import Bounds, Wire
from fauxtune.server import StartRefused
from fauxtune.server.webhooks import Receivers
from fauxtune.settings import Settings
from fauxtune.storage.contents import ContentStore
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.process_lock import NamedLocks
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import fault_rules as fault_queries
from fauxtune.storage.queries import logs
from fauxtune.storage.queries import tenants as tenant_queries
from fauxtune.storage.rows.tenants import FaultRuleRow
from fauxtune.surfaces.late import Late

if TYPE_CHECKING:
    from fauxtune.operations.tenants.seed_parts import Seed

#: What reads the seed of the first tenant: only a start without one needs it.
SeedReader: TypeAlias = "Callable[[], Seed]"
#: The name of the seed that every start has unless told otherwise.
BUILT_IN = "contoso"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of an emulator: clock, randomness, addresses, and the settings of a start."""

    clock: Clock
    ids: IdSource
    addresses: Addresses
    server_id: str = ""
    arc_tokens: Path | None = None
    ca_file: str = ""
    control_token: str | None = None
    edition: Edition = Edition.CURRENT
    labs: Path | None = None
    permissions: Permissions = Permissions.ENFORCE
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)
    wire: Bounds = field(default_factory=Bounds)
    notification_hosts: frozenset[str] = frozenset({"localhost"})
    admit_device_authority: Callable[[bytes], None] = lambda _certificate: None
    dismiss_device_authority: Callable[[bytes], None] = lambda _certificate: None


def assemble(database: Database, folder: Path, *, around: Environment, key_source: KeySource) -> Emulator:
    """Return an emulator on this database, with its private keys below `folder`. Blocks while the first key is made."""
    keys, connector_keys = KeyStore(folder / "keys"), KeyStore(folder / "connector")
    prepare_signing_key(keys, key_source)
    key_source = KeysOfWork(key_source)
    runner = Runner(database, around.clock, ids=around.ids, signals=Signals())
    graph: Late[GraphClient] = Late(partial(attribute, "fauxtune.surfaces.graph.in_process:send"))
    rules, tracked, subscribed, deterministic = database.run_now(_remembered)
    runner.faults.load(rules)
    runner.tracking.load(tracked, subscribed=subscribed)
    contents = Contents(ContentStore(folder / "contents", shared=database.is_shared), around.ids)
    if database.is_shared:
        contents.store.secret(around.ids.token)  # now, while no other process starts
    tokens = TokenIssuer(partial(signing_key, keys), clock=around.clock, ids=around.ids)
    runner.hearers.append(tokens.forget_applications_of)
    return Emulator(
        runner=runner,
        answer_cache=AnswerCache(database),
        pki_cache=PkiCache(database),
        wire=Wire(runner, around.wire),
        contents=contents,
        keys=keys,
        connector_keys=connector_keys,
        shared_keys=SharedKeys(keys, key_source),
        shared_connector_keys=SharedKeys(connector_keys, key_source),
        shared_issued_keys=KeysInTurn(key_source),
        key_source=key_source,
        tokens=tokens,
        addresses=around.addresses,
        server_id=around.server_id,
        arc_tokens=around.arc_tokens,
        ca_file=around.ca_file,
        control_token=around.control_token,
        edition=around.edition,
        labs=around.labs,
        permissions=PermissionCheck(around.permissions),
        turns=Turns(NamedLocks(database) if database.is_shared else None),
        orders=Orders(set(deterministic)),
        session_secret=_secret_of(keys, "sessions of the console") if database.is_shared else None,
        trusted_proxies=around.trusted_proxies,
        packagings=LatePackagings(),
        hosted_snapshots=StoredSnapshots(folder / "device-snapshots") if database.is_shared else HostedSnapshots(),
        webhooks=Receivers(
            around.notification_hosts,
            own_ports=lambda: _ports_of(around.addresses),
            ca_file=around.ca_file,
        ),
        admit_device_authority=around.admit_device_authority,
        dismiss_device_authority=around.dismiss_device_authority,
        graph=_graph_client(graph),
        load_graph=graph.get,
        graph_serves=lambda path, method: bool(attribute("fauxtune.surfaces.graph.dispatch:is_served")(path, method)),
    )


def _remembered(connection: Connection) -> tuple[list[FaultRuleRow], list[TenantId], list[TenantId], list[TenantId]]:
    """Return what is in memory from the start: all rules of faults, the tenants whose changes are tracked, those with
    subscriptions, and the deterministic ones.
    """
    return (
        fault_queries.all_rules(connection),
        logs.tracked_tenants(connection),
        logs.subscribed_tenants(connection),
        tenant_queries.deterministic_tenants(connection),
    )


def _secret_of(keys: KeyStore, purpose: str) -> bytes:
    """Return a secret for a purpose that all processes with these keys have, in this start and the next."""
    key = keys.load(KEY_NAME).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return hashlib.sha256(purpose.encode() + b"\n" + key).digest()


def _ports_of(addresses: Addresses) -> frozenset[int]:
    """Return the ports on which the server itself listens."""
    urls = (addresses.https, addresses.http, addresses.public_url or "", *(url for _, url in addresses.mail))
    return frozenset(port for url in urls if (port := urlsplit(url).port) is not None)


def _graph_client(client: Late[GraphClient]) -> GraphClient:
    """Return a client of Graph that is imported when it is first used."""

    async def send(emulator: Emulator, tenant: Tenant, *, request: ProposedRequest) -> JsonObject | None:
        present = client.present or await client.get()
        return await present(emulator, tenant, request=request)

    return send


class LatePackagings(Mapping[Platform, Packaging]):
    """What the platforms of Apple hand out, imported when the first of their devices checks in."""

    _PLATFORMS = (Platform.IOS, Platform.IPADOS, Platform.MACOS)

    def __getitem__(self, platform: Platform) -> Packaging:
        if platform not in self._PLATFORMS:
            raise KeyError(platform)
        packagings: Packagings = attribute("fauxtune.surfaces.devices.apple.translate:PACKAGINGS")
        return packagings[platform]

    def __iter__(self) -> Iterator[Platform]:
        return iter(self._PLATFORMS)

    def __len__(self) -> int:
        return len(self._PLATFORMS)


async def seed_tenant(emulator: Emulator, seed: Seed, *, number: int | None = None) -> Tenant:
    """Create the tenant of a first start, with the seed's name and domain; `fill_tenant` adds its further parts.
    `number`: that of a deterministic one.
    """
    from fauxtune.operations.tenants import creation  # here: later starts create none

    deterministic = None if number is None else creation.Beginning(number)
    return await creation.found_tenant(emulator, seed, name=seed.name, domain=seed.domain, deterministic=deterministic)


async def fill_tenant(emulator: Emulator, tenant: Tenant | None, *, seed: SeedReader | None) -> None:
    """Add the further parts of a seed to its tenant, if there are any, when devices are served. The tenant is deleted
    if that fails.
    """
    if tenant is None or seed is None:
        return
    contents = seed()
    if contents.has_further_parts:
        from fauxtune.operations.arrangement.seeded import fill

        await fill(emulator, tenant, seed=contents)


async def remove_left(emulator: Emulator) -> None:
    """Remove what tenants that do not exist have outside the database, if this process leads: it was ended while it
    deleted them.
    """
    if not emulator.leads:
        return
    holders = (emulator.contents.store, emulator.device_host, emulator.hosted_snapshots)
    kept = await asyncio.to_thread(lambda: {tenant for holder in holders for tenant in holder.kept()})
    # Read last: whoever has files was in the database before.
    present = {tenant.id for tenant in await emulator.runner.read(tenant_queries.all_tenants)} if kept else set()
    for left in sorted(kept - present):
        from fauxtune.operations.tenants.deletion import forget_outside  # here: hardly any start has to

        log.warning("The files and simulated devices of tenant %s are removed: there is no such tenant.", left)
        await forget_outside(emulator, TenantId(left))


async def read_again(emulator: Emulator) -> None:
    """Read again what is remembered: another process may have changed it, unnoticed."""
    runner = emulator.runner
    emulator.forget()
    emulator.faults.load(await runner.read(fault_queries.all_rules))
    runner.tracking.load(
        await runner.read(logs.tracked_tenants),
        subscribed=await runner.read(logs.subscribed_tenants),
    )
    await admit_devices(emulator)


async def admit_devices(emulator: Emulator) -> None:
    """Accept TLS client certificates of the device authorities of all tenants."""
    for row in await emulator.runner.read(authority_queries.authorities_named, "devices"):
        emulator.admit_device_authority(row.certificate)


def chosen_seed(settings: Settings) -> SeedReader | None:
    """Return what makes the seed that the settings name; None for `none`. A file is read at once: raises as
    `read_seed`.
    """
    if settings.seed == "none":
        return None
    if settings.seed == BUILT_IN:
        return partial(read_seed, BUILT_IN, own_secret=needs_own_secrets(settings, seed=None))
    seed = read_seed(settings.seed)
    return lambda: seed


def needs_own_secrets(settings: Settings, *, seed: SeedReader | None) -> bool:
    """Whether the published secret and password are not good: where a control token is needed, others are in the
    network, unless the settings or a seed of one's own ask for them.
    """
    if settings.control_token is None or settings.published_secrets:
        return False
    return seed is None or settings.seed == BUILT_IN or not seed().asks_for_published


async def use_own_secrets(emulator: Emulator) -> None:
    """Let people have a password of this server, and the first tenant's application another secret than the published
    one, which an earlier start without a control token has given it.
    """
    from fauxtune.operations.tenants.seeds import built_in
    from fauxtune.operations.tenants.tenants import replace_published_secret

    runner, seed = emulator.runner, built_in()
    runner.people_password = password_from(_secret_of(emulator.keys, "the password of people").hex())
    with contextlib.suppress(NotFound):  # another seed was chosen, or the tenant was deleted
        tenant = await runner.tenant(str(seed.id))
        await runner.run(tenant, replace_published_secret, str(seed.applications[0].client_id))


def read_seed(word: str, *, own_secret: bool = False) -> Seed:
    """Return the seed that `word` names: `contoso`, with the published secret or one of its own, or a JSON file. Raises
    StartRefused or Invalid.
    """
    from fauxtune.operations.tenants import seeds  # here: later starts need no seed

    if word == BUILT_IN:
        return seeds.built_in_with_own_secret() if own_secret else seeds.built_in()
    try:
        document: Any = json.loads(Path(word).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StartRefused(f"--seed must be contoso, none, or a JSON file; there is no file {word}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StartRefused(f"The seed file {word} cannot be read: {error}") from None
    if not isinstance(document, dict) or seeds.FURTHER.isdisjoint(document):
        return seeds.parse_seed(document)
    from fauxtune.operations.tenants.seed_reading import load_seed

    return seeds.parse_seed(load_seed(Path(word)))
