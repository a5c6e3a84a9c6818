"""Creating a tenant from a seed with all of its parts; where a late part fails, nothing is left behind."""

from __future__ import annotations

import asyncio
import base64

from fauxtune.core.clock import from_iso
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.operations.arrangement import devices
from fauxtune.operations.arrangement.connectors import add_connector
from fauxtune.operations.arrangement.importing import connector_key, import_file
from fauxtune.operations.arrangement.scene import Scene, scene_of
from fauxtune.operations.arrangement.seed_profiles import add_profiles
from fauxtune.operations.arrangement.times import set_clock
from fauxtune.operations.connectors import keys, registry
from fauxtune.operations.runtime.device_host import NewDevice
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import faults, tenants
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.seed_contents import FullSeed, SeedConnector, SeedDevice
from fauxtune.operations.tenants.seeding import principal_name
from fauxtune.operations.tenants.snapshots import keep_beginning
from fauxtune.storage.queries import connectors as connector_queries

#: The name of the application in the audit log.
_CLIENT = "seed"


async def found_full_tenant(
    emulator: Emulator,
    seed: FullSeed,
    *,
    name: str | None = None,
    domain: str | None = None,
    edition: Edition | None = None,
) -> Tenant:
    """Create a tenant from a seed with further parts: see `found_tenant`. Its devices have settled afterwards."""
    tenant = await found_tenant(emulator, seed, name=name, domain=domain, edition=edition)
    await fill(emulator, tenant, seed=seed)
    return await emulator.runner.tenant(tenant.id)


async def fill(emulator: Emulator, tenant: Tenant, *, seed: FullSeed) -> None:
    """Add the further parts to a new tenant, which is deleted if one of them fails."""
    done = False
    try:
        await _fill(scene_of(emulator, tenant, client=_CLIENT), seed)
        await keep_beginning(emulator, tenant)
        done = True
    finally:
        if not done:
            await dissolve_tenant(emulator, tenant)


async def _fill(scene: Scene, seed: FullSeed) -> None:
    if seed.settings:
        scene.tenant = await scene.run(tenants.change_settings, seed.settings)
    if seed.clock is not None:
        now = None if seed.clock.now is None else from_iso(seed.clock.now)
        await set_clock(scene, now, mode=seed.clock.mode)
    for connector in seed.connectors:
        await _add_connector(scene, connector)
    await add_profiles(scene, seed)
    await _import_files(scene, seed)
    if seed.devices:
        await asyncio.gather(*(_enroll(scene, device, seed=seed) for device in seed.devices))
        await devices.settle(scene)
    if seed.faults:
        new = [
            faults.NewFault(
                {"match": fault.match, "when": fault.when, "effect": fault.effect}, fault.name, fault.enabled
            )
            for fault in seed.faults
        ]
        await scene.run(faults.add_faults, new=new)


async def _add_connector(scene: Scene, connector: SeedConnector) -> None:
    rows = await scene.read(connector_queries.connector_rows, scene.tenant.id)
    row = next((connector_row for connector_row in rows if connector_row.name.lower() == connector.name.lower()), None)
    roles: list[str] | None = None if connector.roles is None else [*connector.roles]
    if row is None:
        row = await add_connector(scene, connector.name, role="pkcs", roles=roles)
    for key in connector.keys:
        await keys.create_key(
            scene.emulator,
            scene.tenant,
            connector_id=row.id,
            provider=key.provider_name,
            key_name=key.key_name,
            length=key.key_length,
        )
    await scene.run(registry.change_connector, row.id, state=connector.state, mode=connector.mode, roles=roles)


async def _import_files(scene: Scene, seed: FullSeed) -> None:
    for seed_import in seed.imports:
        await import_file(
            scene,
            base64.b64decode(seed_import.pfx or ""),
            password=seed_import.password,
            user=_user(scene, seed_import.user, seed=seed),
            purpose=seed_import.purpose,
            key=await connector_key(scene, key_name=seed_import.key_name),
        )


async def _enroll(scene: Scene, device: SeedDevice, *, seed: FullSeed) -> None:
    new = NewDevice(token="", platform=device.platform, mode=device.mode, name=device.name, facts=device.facts)
    hosted = await devices.enroll(scene, user=_user(scene, device.user, seed=seed), device=new)
    host, tenant_id = scene.emulator.device_host, scene.tenant.id
    for item in device.refuses:
        await host.refuse(tenant_id, hosted.name, item=item)
    if not device.online:
        await host.take_offline(tenant_id, hosted.name)


def _user(scene: Scene, name: str, *, seed: FullSeed) -> str:
    return principal_name(name, seed.domain, domain=scene.tenant.domain)
