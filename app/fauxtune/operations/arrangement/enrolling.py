"""Sentences on who may enrol."""

from __future__ import annotations

from fauxtune.core.administration import directory, enrollment
from fauxtune.core.engine.enrollment_restrictions import platform_type
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Platform, variant_of
from fauxtune.core.model.provider_state_words import Reading
from fauxtune.operations.arrangement.scene import Scene


async def user_may_not_enroll(scene: Scene, reading: Reading) -> None:
    """Block the platform of the device for a group with the user."""
    platform, mode, name = reading.device()
    variant = variant_of(Platform(platform), mode)
    blocked = None if variant is None else platform_type(variant)
    if blocked is None:
        raise Invalid(f"No restriction of a platform concerns a {name}.", target="state")
    title = f"May not enrol {blocked}"
    user, group = await scene.user(reading.words["user"]), await scene.group(title)
    members = await scene.listed(f"{directory.GROUPS}/{group['id']}/members")
    if user["id"] not in {each["id"] for each in members}:
        await scene.send(directory.add_member(group["id"], member=user["id"]))
    known = await scene.listed(enrollment.CONFIGURATIONS)
    restriction = next((each for each in known if each["displayName"] == title), None)
    if restriction is None:
        restriction = await scene.send(enrollment.block_platform(title, platform_type=blocked))
        await scene.send(enrollment.assign_restriction(restriction["id"], group=group["id"]))
    scene.values["restrictionId"] = restriction["id"]
