"""The profiles of a seed: short forms become requests as the commands send them, for each platform."""

from __future__ import annotations

from collections.abc import Iterable

from fauxtune.core.administration import assignments, profiles
from fauxtune.core.administration.assignments import Target, excluding
from fauxtune.core.administration.choices import ProfileFamily, base_name, family_and_platform, platforms_of
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.tenants.seed_contents import FullSeed, SeedProfile
from fauxtune.storage.queries import authorities as authority_queries

#: Certificates refer to roots, and accounts to certificates: what is referred to is created first.
_ORDER = (ProfileFamily.ROOT, ProfileFamily.PKCS, ProfileFamily.SCEP, ProfileFamily.IMPORTED, None, ProfileFamily.EMAIL)


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
