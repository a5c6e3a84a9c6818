"""Creating a tenant together with its private keys, which are files: see `keys`. They are made in a thread."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core import chance
from fauxtune.core.clock import ClockMode, TenantClock, iso, parse_duration
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.model.tenants import Deterministic, Edition, KeyOrigin, Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.runtime.turns import give_way
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.keys import TenantKeys, are_ready, make_keys, remove_new_keys
from fauxtune.operations.tenants.seed_parts import Seed
from fauxtune.operations.tenants.seeding import SeedPeople, add_some, people_of
from fauxtune.operations.tenants.snapshots import keep_beginning, keep_beginning_of_new
from fauxtune.operations.tenants.tenants import check_free, check_names, check_year, create_tenant, new_tenant
from fauxtune.storage.queries import tenants as queries

#: The clocks of deterministic tenants begin within the year from this moment on.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_SECONDS = 365 * 24 * 60 * 60
_LONGEST_TICK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a deterministic tenant begins. `at`: the time of its clock; None: one that the number fixes. `tick`: by how
    much the clock moves with each request of a client or a device. `place`: which tenant of this number it is on its
    server, at least.
    """

    number: int
    at: datetime | None = None
    tick: timedelta = timedelta(0)
    place: int = 1

    @property
    def starts_at(self) -> datetime:
        """The first time of the clock."""
        seconds = chance.Stream(self.number, "clock").below(_SECONDS)
        return self.at or _EARLIEST + timedelta(seconds=seconds)

    @property
    def clock(self) -> TenantClock:
        """The clock, which stands."""
        return TenantClock(ClockMode.FROZEN, frozen_at=self.starts_at)

    def work(self, part: str | int) -> chance.Repeatable:
        """Return the work of a part of the creation."""
        return chance.Repeatable(chance.Stream(self.number, "beginning", part), self.starts_at)


def beginning(number: int, *, at: datetime | None = None, tick: str | None = None) -> Beginning:
    """Return how a deterministic tenant begins. Raises Invalid for a number, a time or a tick that it cannot have."""
    if not 0 <= number <= chance.LARGEST_NUMBER:
        raise Invalid(f"A deterministic tenant has a number from 0 to 2^63-1, not {number}.", target="deterministic")
    moved = timedelta(0) if tick is None else parse_duration(tick)
    if not timedelta(0) <= moved <= _LONGEST_TICK:
        raise Invalid(f"tick is a duration from PT0S to P1D, not '{tick}'.", target="tick")
    result = Beginning(number, at, moved)
    check_year(result.clock, result.starts_at)
    return result


async def found_tenant(
    emulator: Emulator,
    seed: Seed,
    *,
    name: str | None = None,
    domain: str | None = None,
    edition: Edition | None = None,
    deterministic: Beginning | None = None,
) -> Tenant:
    """Create a tenant from a seed, with a name and a domain of its own and the emulator's edition unless they are
    given. `deterministic`: all of its chance comes from a number, and it has keys of its own.

    Raises Conflict if a name is taken, Invalid if it cannot be a name; then nothing is left behind. The users and
    groups of a large seed are added a few at a time, while other requests are served.
    """
    if deterministic is not None:
        return await _found_deterministic(
            emulator, seed, beginning=deterministic, name=name, domain=domain, edition=edition
        )
    return await _found(emulator, seed, tenant=_described(emulator, seed, name=name, domain=domain, edition=edition))


def _described(
    emulator: Emulator, seed: Seed, *, name: str | None, domain: str | None, edition: Edition | None
) -> Tenant:
    runner = emulator.runner
    return new_tenant(
        seed,
        ids=runner.ids,
        now=runner.clock.now(),
        public_http_url=emulator.addresses.public_http_url,
        edition=edition or emulator.edition,
        name=name,
        domain=domain,
    )


async def _found_deterministic(
    emulator: Emulator,
    seed: Seed,
    *,
    beginning: Beginning,
    name: str | None,
    domain: str | None,
    edition: Edition | None,
) -> Tenant:
    """Create a deterministic tenant. Its id and name come from its number; those of the second tenant with this number
    on one server from the number and a 2, and so on.
    """
    if emulator.runner.database.is_shared:
        raise Conflict(
            "A deterministic tenant's requests are served in one order, which several processes do not have: start the "
            "server without --workers and --shared."
        )
    if seed.has_further_parts:
        raise Invalid(
            "A deterministic tenant cannot be made from a seed with devices or other further parts: create it without "
            "them, and add them by `fauxtune state set`.",
            target="seed",
        )
    seed = seed.model_copy(update={"keys": KeyOrigin.OWN})
    for place in count(beginning.place):
        with chance.repeatable(beginning.work(place)):
            tenant = _described(emulator, seed, name=name, domain=domain, edition=edition)
        keys = (tenant.id,) if name is not None else (tenant.id, tenant.name, tenant.domain)
        if await emulator.runner.read(queries.taken_key, keys) is None or tenant.id == seed.id:
            break
    tenant = replace(tenant, clock=beginning.clock, deterministic=Deterministic(beginning.number, beginning.tick))
    with chance.repeatable(beginning.work(tenant.id)):
        result = await _found(emulator, seed, tenant=tenant)
    made_from = {
        "number": beginning.number,
        "place": place,
        "at": iso(beginning.starts_at),
        "tick": beginning.tick.total_seconds(),
        "name": name,
        "domain": domain,
        "edition": result.edition.value,
        "seed": seed.model_dump(mode="json", by_alias=True, exclude_unset=True),
    }
    emulator.orders.keep(result.id, made_from)
    return result


async def _found(emulator: Emulator, seed: Seed, *, tenant: Tenant) -> Tenant:
    runner, people = emulator.runner, people_of(seed)
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
