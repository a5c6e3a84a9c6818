"""Creating a tenant together with its private keys, which are files: see `keys`. They are made in a thread."""

from __future__ import annotations

import asyncio

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.keys import TenantKeys, are_ready, make_keys, remove_new_keys
from fauxtune.operations.tenants.seed_parts import Seed
from fauxtune.operations.tenants.seeding import SeedPeople, add_some, people_of
from fauxtune.operations.tenants.snapshots import keep_beginning, keep_beginning_of_new
from fauxtune.operations.tenants.tenants import check_free, check_names, create_tenant, new_tenant


async def found_tenant(
    emulator: Emulator,
    seed: Seed,
    *,
    name: str | None = None,
    domain: str | None = None,
    edition: Edition | None = None,
) -> Tenant:
    """Create a tenant from a seed, with a name and a domain of its own and the emulator's edition unless they are
    given.

    Raises Conflict if a name is taken, Invalid if it cannot be a name; then nothing is left behind. The users and
    groups of a large seed are added a few at a time, while other requests are served.
    """
    runner, people = emulator.runner, people_of(seed)
    tenant = new_tenant(
        seed,
        ids=runner.ids,
        now=runner.clock.now(),
        public_http_url=emulator.addresses.public_http_url,
        edition=edition or emulator.edition,
        name=name,
        domain=domain,
    )
    check_names(tenant)
    if not tenant.is_test_tenant:
        await runner.read(check_free, tenant)
    ready = are_ready(emulator, seed)
    keys = make_keys(emulator, seed) if ready else await asyncio.to_thread(make_keys, emulator, seed)
    created = False
    try:
        devices = await runner.run(tenant, _create, seed, keys=keys, people=people)
        created = True
    finally:
        if not created:
            await asyncio.to_thread(remove_new_keys, emulator, keys)
    if people.rest:
        await _add_the_rest(emulator, tenant, people=people)
        await keep_beginning(emulator, tenant)
    emulator.admit_device_authority(devices.public_bytes(Encoding.DER))
    if tenant.is_test_tenant:
        emulator.shared_issued_keys.begin(tenant.id)
    return await runner.tenant(tenant.id)


def _create(tx: Transaction, seed: Seed, *, keys: TenantKeys, people: SeedPeople) -> x509.Certificate:
    """Create the tenant; if nothing is to be added afterwards, keep its beginning at once."""
    devices = create_tenant(tx, seed, keys=keys, people=people)
    tx.holds_tenant = True  # it has made it
    if not people.rest:
        keep_beginning_of_new(tx, files=keys.files())
    return devices


async def _add_the_rest(emulator: Emulator, tenant: Tenant, *, people: SeedPeople) -> None:
    complete = False
    try:
        for steps in people.rest:
            await give_way()
            await emulator.runner.run(tenant, add_some, steps, people=people)
        complete = True
    finally:
        if not complete:
            await dissolve_tenant(emulator, tenant)
