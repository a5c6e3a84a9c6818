"""Builds the emulator: database, keys, token key, runner; then the tenant of a first start.

`assemble` needs a database with the schema; `seed_tenant` fills it. The server and the tests use both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.shared_keys import KeysInTurn, SharedKeys
from fauxtune.core.clock import Clock
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import IdSource
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.answer_cache import AnswerCache
from fauxtune.operations.runtime.emulator import Addresses, Emulator, TrustedProxies
from fauxtune.operations.runtime.permissions import PermissionCheck
from fauxtune.operations.runtime.pki_cache import PkiCache
from fauxtune.operations.runtime.runner import Runner
from fauxtune.operations.runtime.signals import Signals
from fauxtune.operations.runtime.tokens import TokenIssuer
from fauxtune.operations.runtime.wire import Bounds, Wire
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import BUILT_IN, FURTHER, Seed, built_in, parse_seed
from fauxtune.server import StartRefused
from fauxtune.storage.database import Database
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import fault_rules as fault_queries
from fauxtune.surfaces.devices.apple import translate as apple
from fauxtune.surfaces.graph.dispatch import is_served
from fauxtune.surfaces.graph.in_process import send as send_to_graph
from fauxtune.surfaces.identity.keys import signing_key


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of an emulator: clock, randomness, addresses, and the settings of a start."""

    clock: Clock
    ids: IdSource
    addresses: Addresses
    ca_file: str = ""
    control_token: str | None = None
    edition: Edition = Edition.CURRENT
    permissions: Permissions = Permissions.ENFORCE
    trusted_proxies: TrustedProxies = field(default_factory=TrustedProxies)
    wire: Bounds = field(default_factory=Bounds)
    admit_device_authority: Callable[[bytes], None] = lambda _certificate: None
    dismiss_device_authority: Callable[[bytes], None] = lambda _certificate: None


def assemble(database: Database, folder: Path, *, around: Environment, key_source: KeySource) -> Emulator:
    """Return an emulator on this database, with its private keys below `folder`. Blocks while the first key is made."""
    keys, connector_keys = KeyStore(folder / "keys"), KeyStore(folder / "connector")
    token_key = signing_key(keys, key_source)
    runner = Runner(database, around.clock, ids=around.ids, signals=Signals())
    runner.faults.load(database.run_now(fault_queries.all_rules))
    return Emulator(
        runner=runner,
        answer_cache=AnswerCache(database),
        pki_cache=PkiCache(database),
        wire=Wire(runner, around.wire),
        keys=keys,
        connector_keys=connector_keys,
        shared_keys=SharedKeys(keys, key_source),
        shared_connector_keys=SharedKeys(connector_keys, key_source),
        shared_issued_keys=KeysInTurn(key_source),
        key_source=key_source,
        tokens=TokenIssuer(token_key, clock=around.clock, ids=around.ids),
        addresses=around.addresses,
        ca_file=around.ca_file,
        control_token=around.control_token,
        edition=around.edition,
        permissions=PermissionCheck(around.permissions),
        trusted_proxies=around.trusted_proxies,
        packagings=apple.PACKAGINGS,
        admit_device_authority=around.admit_device_authority,
        dismiss_device_authority=around.dismiss_device_authority,
        graph=send_to_graph,
        graph_serves=is_served,
    )


async def seed_tenant(emulator: Emulator, seed: Seed) -> Tenant:
    """Create the tenant of a first start, with the seed's name and domain; `fill_tenant` adds its further parts."""
    return await found_tenant(emulator, seed, name=seed.name, domain=seed.domain)


async def fill_tenant(emulator: Emulator, tenant: Tenant | None, *, seed: Seed | None) -> None:
    """Add the further parts of a seed to its tenant, if there are any, when devices are served. The tenant is deleted
    if that fails.
    """
    if tenant is not None and seed is not None and seed.has_further_parts:
        from fauxtune.operations.arrangement.seeded import fill
        from fauxtune.operations.tenants.seed_contents import FullSeed

        assert isinstance(seed, FullSeed), "seeds of one class have further parts"
        await fill(emulator, tenant, seed=seed)


async def admit_devices(emulator: Emulator) -> None:
    """Accept TLS client certificates of the device authorities of all tenants."""
    for row in await emulator.runner.read(authority_queries.authorities_named, "devices"):
        emulator.admit_device_authority(row.certificate)


def read_seed(word: str) -> Seed | None:
    """Return the seed that `word` names: `contoso`, or a JSON file; None for `none`. Raises StartRefused or Invalid."""
    if word == "none":
        return None
    if word == BUILT_IN["name"]:
        return built_in()
    try:
        document: Any = json.loads(Path(word).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StartRefused(f"--seed must be contoso, none, or a JSON file; there is no file {word}.") from None
    except (OSError, ValueError) as error:
        raise StartRefused(f"The seed file {word} cannot be read: {error}") from None
    if not isinstance(document, dict) or FURTHER.isdisjoint(document):
        return parse_seed(document)
    from fauxtune.operations.tenants.seed_reading import load_seed

    return parse_seed(load_seed(Path(word)))
