"""Sentences on users, groups, profiles, and on what goes wrong."""

from __future__ import annotations

from typing import Any

from fauxtune.core.administration import assignments, directory
from fauxtune.core.administration.choices import ProfileFamily, Purpose, family_and_platform
from fauxtune.core.administration.profiles import PROFILES
from fauxtune.core.administration.requests import AdminRequest, Json, delete_object
from fauxtune.core.errors import Invalid
from fauxtune.core.model.tenants import INTUNE_SKU
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.core.model.words.provider_states import ORDINALS
from fauxtune.operations.arrangement import assigning
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.runtime.turns import give_way
from fauxtune.operations.tenants import faults, tenants

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


_GRAPH = {"surface": "graph"}
_FIREWALL = {"kind": "networkBlocked", "hosts": ["manage.microsoft.com", "*.manage.microsoft.com"]}
#: Seconds by which answers are later.
_SLOW = 2


async def graph_throttles(scene: Scene, reading: Reading) -> None:
    """Answer some or all requests to Graph with 429."""
    nth = reading.words.get("nth")
    every = 1 if nth is None else ORDINALS.index(nth.lower()) + 2
    await _have(scene, reading, match=_GRAPH, when={"every": every}, effect={"status": 429, "retryAfter": 1})


async def graph_is_unavailable(scene: Scene, reading: Reading) -> None:
    """Answer all requests to Graph with 503."""
    await _have(scene, reading, match=_GRAPH, effect={"status": 503})


async def graph_answers_slowly(scene: Scene, reading: Reading) -> None:
    """Delay all answers of Graph."""
    await _have(scene, reading, match=_GRAPH, effect={"latency": _SLOW})


async def nobody_can_sign_in(scene: Scene, reading: Reading) -> None:
    """Answer requests for tokens with an error."""
    effect = {"kind": "tokenError", "error": "temporarilyUnavailable"}
    await _have(scene, reading, match={"surface": "identity"}, effect=effect)


async def connectors_are_blocked(scene: Scene, reading: Reading) -> None:
    """Block Intune's hosts for all connectors."""
    await _have(scene, reading, match={"surface": "connector"}, effect=_FIREWALL)


async def devices_are_blocked(scene: Scene, reading: Reading) -> None:
    """Block Intune's hosts for all devices."""
    await _have(scene, reading, match={"surface": "devices"}, effect=_FIREWALL)


async def nothing_fails(scene: Scene, reading: Reading) -> None:
    """Delete all fault rules."""
    if await scene.look(faults.all_faults):
        await scene.run(faults.delete_faults)


async def _have(scene: Scene, reading: Reading, **rule: dict[str, Any]) -> None:
    """Have a rule with this name that is switched on."""
    name = reading.wording[:1].upper() + reading.wording[1:].lower()
    if not any(row.name == name and row.enabled for row in await scene.look(faults.all_faults)):
        (row,) = await scene.run(faults.add_faults, new=[faults.NewFault(rule, name)])
        scene.values["faultId"] = row.id
