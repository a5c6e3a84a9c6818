"""Sentences on profiles."""

from __future__ import annotations

from fauxtune.core.administration import assignments
from fauxtune.core.administration.choices import ProfileFamily, Purpose, family_and_platform
from fauxtune.core.administration.profiles import PROFILES
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.tenants import tenants

#: Accounts refer to certificates, and certificates to roots: what refers is deleted first.
_ORDER = (
    ProfileFamily.EMAIL,
    ProfileFamily.IMPORTED,
    ProfileFamily.SCEP,
    ProfileFamily.PKCS,
    ProfileFamily.ROOT,
)


async def root_is_assigned(scene: Scene, reading: Reading) -> None:
    """Assign the tenant's root."""
    await assigning.assign_roots(scene, await scene.target(reading.words["group"]))


async def signing_is_assigned(scene: Scene, reading: Reading) -> None:
    """Assign a PKCS profile for signing."""
    target = await scene.target(reading.words["group"])
    await assigning.assign_pkcs(scene, target, name=assigning.SIGNING, template="SmimeSigning")


async def imported_is_assigned(scene: Scene, reading: Reading) -> None:
    """Assign a profile for imported encryption certificates."""
    target = await scene.target(reading.words["group"])
    await assigning.assign_imported(scene, target, name=assigning.ENCRYPTION, purpose=Purpose.ENCRYPTION)


async def mail_is_assigned(scene: Scene, reading: Reading) -> None:
    """Assign a mail account."""
    await assigning.assign_mail(scene, await scene.target(reading.words["group"]))


async def nothing_is_assigned(scene: Scene, reading: Reading) -> None:
    """Take all profiles away from the group."""
    target = await scene.target(reading.words["group"])
    for profile in await assigning.all_profiles(scene):
        if assignments.is_assigned(profile["assignments"], target):
            request = assignments.unassign(profile["id"], present=profile["assignments"], targets=[target])
            await scene.send(request)


async def there_are_no_profiles(scene: Scene, reading: Reading) -> None:
    """Delete all profiles."""
    for profile in sorted(await assigning.all_profiles(scene), key=_rank):
        await scene.send(delete_object(PROFILES, profile["id"]))


async def roots_are_not_required(scene: Scene, reading: Reading) -> None:
    """Let PKCS certificates be delivered without their root."""
    if scene.tenant.setting("requireTrustedRoot"):
        await scene.run(tenants.change_settings, {"requireTrustedRoot": False})


def _rank(profile: JsonObject) -> int:
    chosen = family_and_platform(profile["@odata.type"])
    return 0 if chosen is None else _ORDER.index(chosen[0])
