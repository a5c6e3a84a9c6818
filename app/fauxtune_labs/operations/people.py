"""Sentences on users and groups."""

from __future__ import annotations

from fauxtune.core.administration import directory
from fauxtune.core.administration.requests import AdminRequest, Json, delete_object
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import INTUNE_SKU
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.runtime.shared_statements import give_way

_MOST_USERS = 500


async def user_exists(scene: Scene, reading: Reading) -> None:
    """Have the user there, able to sign in."""
    user = await scene.user(reading.words["user"])
    await _change(scene, user, changes={"accountEnabled": True})


async def users_exist(scene: Scene, reading: Reading) -> None:
    """Have so many users."""
    wanted = reading.number("count")
    if wanted > _MOST_USERS:
        raise Invalid(f"A state creates {_MOST_USERS} users at most.", target="state")
    names = {user["userPrincipalName"].lower() for user in await scene.listed(directory.USERS)}
    number = 0
    while len(names) < wanted:
        number += 1
        name = scene.principal_name(f"user{number}")
        if name not in names:
            names.add(name)
            await scene.user(name)
            await give_way()


async def user_left(scene: Scene, reading: Reading) -> None:
    """Delete the user."""
    user = await scene.find_user(reading.words["user"])
    if user is not None:
        await scene.send(delete_object(directory.USERS, user["id"]))


async def user_has_licence(scene: Scene, reading: Reading) -> None:
    """Give the user a licence."""
    user = await scene.user(reading.words["user"])
    if not await _is_licensed(scene, user):
        await scene.send(directory.license_user(user["id"]))


async def user_has_no_licence(scene: Scene, reading: Reading) -> None:
    """Take the licence from the user."""
    user = await scene.user(reading.words["user"])
    if await _is_licensed(scene, user):
        await scene.send(directory.unlicense_user(user["id"]))


async def user_is_disabled(scene: Scene, reading: Reading) -> None:
    """Disable the user's account."""
    await _change(scene, await scene.user(reading.words["user"]), changes={"accountEnabled": False})


async def user_has_no_mail(scene: Scene, reading: Reading) -> None:
    """Take the mail address from the user."""
    await _change(scene, await scene.user(reading.words["user"]), changes={"mail": None})


async def user_is_called(scene: Scene, reading: Reading) -> None:
    """Give the user this displayName."""
    await _change(scene, await scene.user(reading.words["user"]), changes={"displayName": reading.words["name"]})


async def group_exists(scene: Scene, reading: Reading) -> None:
    """Have the group there."""
    await scene.group(reading.words["group"])


async def group_is_gone(scene: Scene, reading: Reading) -> None:
    """Delete the group."""
    group = await scene.find_group(reading.words["group"])
    if group is not None:
        await scene.send(delete_object(directory.GROUPS, group["id"]))


async def user_is_member(scene: Scene, reading: Reading) -> None:
    """Have the user in the group."""
    user, group = await scene.user(reading.words["user"]), await scene.group(reading.words["group"])
    if user["id"] not in await _member_ids(scene, group):
        await scene.send(directory.add_member(group["id"], member=user["id"]))


async def user_is_no_member(scene: Scene, reading: Reading) -> None:
    """Have the user outside the group."""
    user, group = await scene.user(reading.words["user"]), await scene.group(reading.words["group"])
    if user["id"] in await _member_ids(scene, group):
        await scene.send(directory.remove_member(group["id"], member=user["id"]))


async def group_is_empty(scene: Scene, reading: Reading) -> None:
    """Remove all members of the group."""
    group = await scene.group(reading.words["group"])
    for member in sorted(await _member_ids(scene, group)):
        await scene.send(directory.remove_member(group["id"], member=member))


async def _member_ids(scene: Scene, group: JsonObject) -> set[str]:
    return {member["id"] for member in await scene.listed(f"{directory.GROUPS}/{group['id']}/members")}


async def _is_licensed(scene: Scene, user: JsonObject) -> bool:
    answer = await scene.get(f"{directory.USERS}/{user['id']}?$select=id,assignedLicenses")
    return any(licence["skuId"] == INTUNE_SKU for licence in answer["assignedLicenses"])


async def _change(scene: Scene, user: JsonObject, *, changes: Json) -> None:
    """Change properties of a user, if they are not so already."""
    present = await scene.get(f"{directory.USERS}/{user['id']}?$select=id,{','.join(changes)}")
    if any(present.get(name) != value for name, value in changes.items()):
        await scene.send(AdminRequest("PATCH", f"{directory.USERS}/{user['id']}", changes))
