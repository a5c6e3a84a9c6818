"""What an administrator does: create profiles for all platforms, assign them, import a PFX file for a user."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fauxtune.core.administration import assignments, imported, profiles
from fauxtune.core.administration.assignments import Target
from fauxtune.core.administration.choices import (
    INTENDED,
    ProfileFamily,
    Purpose,
    base_name,
    family_and_platform,
    platforms_of,
)
from fauxtune.core.administration.imported import ConnectorKey
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.runtime.turns import give_way
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import connectors as connector_queries

#: The names of the profiles, to which each adds its platform.
ROOT, SIGNING, SCEP, ENCRYPTION, MAIL = "Trusted root", "Signing", "SCEP", "Encryption", "Mail"


async def assign_roots(scene: Scene, target: Target) -> dict[ProfilePlatform, str]:
    """Assign the tenant's root. Return the ids of its profiles."""
    root = await scene.read(authority_queries.authority, scene.tenant.id, name="root")
    assert root is not None, "a tenant has a root"
    requests = profiles.create_root(ROOT, platforms=platforms_of(ProfileFamily.ROOT), certificate=root.certificate)
    return await ensure(scene, requests, target=target)


async def assign_pkcs(scene: Scene, target: Target, *, name: str, template: str) -> None:
    """Assign a PKCS profile with this template, with the roots that it needs."""
    roots = await assign_roots(scene, target)
    requests = profiles.create_pkcs(
        name,
        platforms=platforms_of(ProfileFamily.PKCS),
        issuer=Issuer(scene.tenant.ca_host, scene.tenant.ca_name),
        template=template,
        roots=roots,
    )
    await ensure(scene, requests, target=target)


async def assign_scep(scene: Scene, target: Target) -> dict[ProfilePlatform, str]:
    """Assign a SCEP profile for the tenant's own SCEP server, with the roots that it needs. Return their ids."""
    requests = profiles.create_scep(
        SCEP,
        platforms=platforms_of(ProfileFamily.SCEP),
        urls=[scene.tenant.scep_server],
        roots=await assign_roots(scene, target),
    )
    return await ensure(scene, requests, target=target)


async def assign_imported(scene: Scene, target: Target, *, name: str, purpose: Purpose) -> None:
    """Assign a profile for imported certificates of this purpose."""
    platforms = platforms_of(ProfileFamily.IMPORTED)
    await ensure(scene, profiles.create_imported(name, platforms=platforms, purpose=purpose), target=target)


async def assign_mail(scene: Scene, target: Target) -> None:
    """Assign a mail account; it refers to the profiles for signing and encryption, where there are such."""
    known = await all_profiles(scene)
    account = MailAccount(
        f"mail.{scene.tenant.domain}", "Work", signing=named(known, SIGNING), encryption=named(known, ENCRYPTION)
    )
    platforms = platforms_of(ProfileFamily.EMAIL)
    await ensure(scene, profiles.create_email(MAIL, platforms=platforms, account=account), target=target)


async def all_profiles(scene: Scene) -> list[JsonObject]:
    """Return the tenant's profiles with their assignments."""
    return await scene.listed(f"{profiles.PROFILES}?$expand=assignments")


async def ensure(scene: Scene, requests: Sequence[AdminRequest], *, target: Target) -> dict[ProfilePlatform, str]:
    """Create those of the profiles that are missing, by their names, and assign all of them. Return their ids."""
    known = {each["displayName"]: each for each in await all_profiles(scene)}
    ids: dict[ProfilePlatform, str] = {}
    for request in requests:
        assert request.body is not None, "a profile has a body"
        profile = known.get(request.body["displayName"]) or await scene.send(request)
        present = profile.get("assignments") or []
        if not assignments.is_assigned(present, target):
            await scene.send(assignments.assign(profile["id"], present=present, targets=[target]))
        chosen = family_and_platform(request.body["@odata.type"])
        if chosen is not None:
            ids[chosen[1]] = profile["id"]
        await give_way()
    scene.values["profileId"] = next(iter(ids.values()))
    return ids


def named(known: Iterable[JsonObject], name: str) -> dict[ProfilePlatform, str]:
    """Return the ids of the profiles of this name, by platform."""
    ids: dict[ProfilePlatform, str] = {}
    for profile in known:
        chosen = family_and_platform(profile["@odata.type"])
        if chosen is not None and base_name(profile["displayName"], chosen[1]) == name:
            ids[chosen[1]] = profile["id"]
    return ids


async def connector_key(scene: Scene, *, key_name: str | None = None) -> ConnectorKey:
    """Return the newest connector's key for imports, or the one of this name. Raises Invalid if it has no such key."""
    rows = await scene.read(connector_queries.connector_key_rows, scene.tenant.id)
    for row in rows:
        key = load_der_public_key(row.public_key)
        if isinstance(key, RSAPublicKey) and key_name in (None, row.key_name):
            return ConnectorKey(row.provider, row.key_name, public_key=key)
    what = "key" if key_name is None else f"key '{key_name}'"
    raise Invalid(f"No connector has a {what} with which the passwords of imported certificates are encrypted.")


async def import_file(
    scene: Scene, data: bytes, *, password: str, user: str, purpose: Purpose, key: ConnectorKey
) -> JsonObject:
    """Import a PFX file for a user. Raises Invalid and its kinds for a file that cannot be imported."""
    # A file from elsewhere may take a while to open.
    certificate = await asyncio.to_thread(imported.certificate_of, data, password=password)
    record = imported.record(
        data,
        certificate=certificate,
        password=password,
        connector_key=key,
        user_principal_name=scene.principal_name(user),
        purpose=INTENDED[purpose],
    )
    return await scene.send(imported.import_pfx(record))
