"""Creating a tenant from a seed with all of its parts; where a late part fails, nothing is left behind.

The profiles of a seed are short forms, which become requests as the commands send them, for each platform.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

from fauxtune.core.administration import assignments, profiles
from fauxtune.core.administration.assignments import Target, excluding
from fauxtune.core.administration.choices import ProfileFamily, base_name, family_and_platform, platforms_of
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.clock import from_iso
from fauxtune.core.model.tenants import Edition, Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.arrangement import assigning, devices
from fauxtune.operations.arrangement.assigning import connector_key, import_file
from fauxtune.operations.arrangement.connectors import add_connector
from fauxtune.operations.arrangement.scene import Scene, scene_of
from fauxtune.operations.arrangement.times import set_clock
from fauxtune.operations.connectors import keys, registry
from fauxtune.operations.runtime.device_host import NewDevice
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants import faults, tenants
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.deletion import dissolve_tenant
from fauxtune.operations.tenants.seed_further_parts import FullSeed, SeedConnector, SeedDevice, SeedProfile
from fauxtune.operations.tenants.seed_parts import Seed
from fauxtune.operations.tenants.seeding import principal_name
from fauxtune.operations.tenants.snapshots import keep_beginning
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries

#: The name of the application in the audit log.
_CLIENT = "seed"
#: Certificates refer to roots, and accounts to certificates: what is referred to is created first.
_ORDER = (ProfileFamily.ROOT, ProfileFamily.PKCS, ProfileFamily.SCEP, ProfileFamily.IMPORTED, None, ProfileFamily.EMAIL)


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


async def fill(emulator: Emulator, tenant: Tenant, *, seed: Seed) -> None:
    """Add the further parts to a new tenant, which is deleted if one of them fails."""
    assert isinstance(seed, FullSeed), "seeds of one class have further parts"
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


async def add_profiles(scene: Scene, seed: FullSeed) -> None:
    """Create the profiles, and assign them."""
    for profile in sorted(seed.profiles, key=lambda seed_profile: _ORDER.index(seed_profile.kind)):
        targets = await _targets(scene, profile.assign, exclude=profile.exclude)
        for request in await _requests(scene, profile):
            created = await scene.send(request)
            if targets:
                await scene.send(assignments.assign(created["id"], present=[], targets=targets))
    for assignment in seed.assignments:
        targets = await _targets(scene, assignment.assign, exclude=assignment.exclude)
        for known in await assigning.all_profiles(scene):
            if _is_named(known, assignment.profile):
                await scene.send(assignments.assign(known["id"], present=known["assignments"], targets=targets))


async def _targets(scene: Scene, names: Iterable[str], *, exclude: Iterable[str]) -> list[Target]:
    included = [await scene.target(name) for name in names]
    return included + [excluding((await scene.group(name))["id"]) for name in exclude]


async def _requests(scene: Scene, profile: SeedProfile) -> list[AdminRequest]:
    if profile.kind is None or profile.name is None:
        return [AdminRequest("POST", profiles.PROFILES, profile.graph)]
    platforms = platforms_of(profile.kind) if profile.platforms == "all" else profile.platforms
    match profile.kind:
        case ProfileFamily.ROOT:
            root = await scene.read(authority_queries.authority, scene.tenant.id, name="root")
            assert root is not None, "a tenant has a root"
            return profiles.create_root(profile.name, platforms=platforms, certificate=root.certificate)
        case ProfileFamily.PKCS:
            return profiles.create_pkcs(
                profile.name,
                platforms=platforms,
                issuer=Issuer(scene.tenant.ca_host, scene.tenant.ca_name),
                template=profile.template,
                roots=_roots(await assigning.all_profiles(scene)),
            )
        case ProfileFamily.SCEP:
            return profiles.create_scep(
                profile.name,
                platforms=platforms,
                urls=[profile.scep_server or scene.tenant.scep_server],
                roots=_roots(await assigning.all_profiles(scene)),
            )
        case ProfileFamily.IMPORTED:
            return profiles.create_imported(profile.name, platforms=platforms, purpose=profile.purpose)
        case ProfileFamily.EMAIL:
            known = await assigning.all_profiles(scene)
            account = MailAccount(
                profile.mail_server or "",
                profile.account_name,
                signing=assigning.named(known, profile.signing or ""),
                encryption=assigning.named(known, profile.encryption or ""),
                application=profile.application,
            )
            return profiles.create_email(profile.name, platforms=platforms, account=account)


def _roots(known: Iterable[JsonObject]) -> dict[ProfilePlatform, str]:
    """Return the ids of the first trusted root for each platform."""
    ids: dict[ProfilePlatform, str] = {}
    for profile in known:
        chosen = family_and_platform(profile["@odata.type"])
        if chosen is not None and chosen[0] is ProfileFamily.ROOT:
            ids.setdefault(chosen[1], profile["id"])
    return ids


def _is_named(profile: JsonObject, name: str) -> bool:
    chosen = family_and_platform(profile["@odata.type"])
    names = [profile["displayName"]]
    if chosen is not None:
        names.append(base_name(profile["displayName"], chosen[1]))
    return name.lower() in (each.lower() for each in names)
