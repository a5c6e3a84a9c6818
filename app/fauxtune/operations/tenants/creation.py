"""Creating a tenant together with its private keys, which are files: see `keys`. They are made in a thread."""

from __future__ import annotations

import asyncio
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.keys import TenantKeys, are_ready, make_keys, remove_new_keys
from fauxtune.operations.tenants.seeding import SeedPeople, add_some, people_of
from fauxtune.operations.tenants.seeds import Seed
from fauxtune.operations.tenants.snapshots import keep_beginning, keep_beginning_of_new
from fauxtune.operations.tenants.tenants import create_tenant, new_tenant
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import tenants as queries

#: A name is a part of URLs, and of the domain that is made from it.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
#: The words for "any tenant" in the paths of Entra ID, and the first segments of all surfaces' paths: a tenant of
#: that name could not be reached at `/{tenant}/oauth2/v2.0/token`. A test compares it with the application's routes.
RESERVED = frozenset({"common", "consumers", "organizations"}) | {
    "api",
    "beta",
    "connector",
    "docs",
    "enrollmentserver",
    "livez",
    "managementserver",
    "mdm",
    "pki",
    "push",
    "readyz",
}


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
    _check_names(tenant)
    if not tenant.is_test_tenant:
        await runner.read(_check_free, tenant)
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
    return await runner.tenant(tenant.id)


def _create(tx: Transaction, seed: Seed, *, keys: TenantKeys, people: SeedPeople) -> x509.Certificate:
    """Create the tenant; if nothing is to be added afterwards, keep its beginning at once."""
    devices = create_tenant(tx, seed, keys=keys, people=people)
    if not people.rest:
        keep_beginning_of_new(tx, files=keys.files())
    return devices


async def _add_the_rest(emulator: Emulator, tenant: Tenant, *, people: SeedPeople) -> None:
    complete = False
    try:
        for steps in people.rest:
            await asyncio.sleep(0)
            await emulator.runner.run(tenant, add_some, steps, people=people)
        complete = True
    finally:
        if not complete:
            await dissolve_tenant(emulator, tenant)


def _check_names(tenant: Tenant) -> None:
    if not _NAME.fullmatch(tenant.name) or tenant.name.lower() in RESERVED:
        raise Invalid(
            "A tenant's name has 1 to 63 letters, digits and hyphens, does not begin or end with a hyphen, and is not "
            f"{', '.join(sorted(RESERVED))}; '{tenant.name}' cannot be a name.",
            target="name",
        )
    if not _DOMAIN.fullmatch(tenant.domain):
        raise Invalid(f"A tenant's domain looks like contoso.example; '{tenant.domain}' does not.", target="domain")


def _check_free(connection: Connection, tenant: Tenant) -> None:
    # create_tenant checks again, in its own transaction; this saves making keys for nothing.
    taken = queries.taken_key(connection, (tenant.name, tenant.domain))
    if taken is not None:
        raise Conflict(f"There is a tenant '{taken}' already.", target="name" if taken == tenant.name else "domain")
