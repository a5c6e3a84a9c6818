"""Creating profiles for several platforms, with the CA's root where devices do not have it, and assigning them at once.

A device installs a PKCS certificate only when it trusts the CA's root (Intune: "Configure and use PKCS certificates").
So a profile for a platform comes with a root profile: a new one, or the one that the tenant has, which is then assigned
to the same people.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from fauxtune.core.administration.assignments import Target, assign, is_assigned, to_all_devices, to_all_users
from fauxtune.core.administration.choices import KINDS, ProfileFamily, profile_names
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.device_words import PLATFORMS, TITLES, ProfilePlatform
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune_console.profiles.choices import Choices, NamedTarget
from fauxtune_console.profiles.settings import RootSettings, Settings
from fauxtune_console.tasks import Send, Task

EXCLUSION_TARGET = complex_type("exclusionGroupAssignmentTarget")

_FILTER = "deviceAndAppManagementAssignmentFilterId"


@dataclass(frozen=True, slots=True)
class NewProfiles:
    """What an administrator wants: profiles of one family for several platforms, assigned to these targets."""

    family: ProfileFamily
    name: str
    description: str | None
    platforms: tuple[ProfilePlatform, ...]
    settings: Settings
    targets: tuple[NamedTarget, ...]

    @property
    def names(self) -> dict[ProfilePlatform, str]:
        """The name of the profile for each platform."""
        return profile_names(self.name, self.platforms)

    def assignable(self) -> list[Target]:
        """Return the targets as Graph has them."""
        return [target.target for target in self.targets]


@dataclass(frozen=True, slots=True)
class RootPlan:
    """How the devices of one platform get the CA's root: by the profile `profile_id`, or None for a new one, which is
    called `name`. `present`: its assignments; `missing`: the targets that it is not assigned to yet.
    """

    platform: ProfilePlatform
    name: str
    profile_id: str | None
    present: tuple[JsonObject, ...]
    missing: tuple[Target, ...]

    @property
    def is_needed(self) -> bool:
        """Whether anything has to be done."""
        return self.profile_id is None or bool(self.missing)


def root_plans(
    connection: Connection,
    choices: Choices,
    *,
    platforms: Sequence[ProfilePlatform],
    targets: Sequence[NamedTarget],
) -> list[RootPlan]:
    """Return for each platform how the devices of these targets get the root of the tenant's CA."""
    kinds = {KINDS[ProfileFamily.ROOT][platform]: platform for platform in platforms}
    rows = queries.profiles_of_kinds(connection, choices.tenant.id, kinds=kinds)
    own = [row for row in rows if _certificate(row.document) == choices.authorities["root"]]
    assigned = configuration_queries.assignments_by_profile(connection, choices.tenant.id, ids=[row.id for row in own])
    plans: dict[ProfilePlatform, RootPlan] = {}
    for row in own:
        present = tuple(assignment.document for assignment in assigned[row.id])
        missing = tuple(
            target.target for target in targets if not target.leaves_out and not _reaches(present, target.target)
        )
        plan = RootPlan(kinds[row.kind], str(row.document["displayName"]), row.id, present, missing)
        known = plans.get(plan.platform)
        if known is None or len(missing) < len(known.missing):
            plans[plan.platform] = plan
    every = tuple(target.target for target in targets)
    return [plans.get(platform) or _new_root(choices, platform, targets=every) for platform in platforms]


def missing_root(choices: Choices, plans: Sequence[RootPlan]) -> str:
    """Return what to think of while devices do not get the root; "" if they do, or do not need it."""
    needed = [plan for plan in plans if plan.is_needed]
    if not needed or not choices.tenant.setting("requireTrustedRoot"):
        return ""
    platforms = ", ".join(PLATFORMS[plan.platform] for plan in needed)
    return (
        f"Not everybody who gets this also gets the root of {choices.tenant.ca_name} by a profile for {platforms}. "
        "Devices without the root do not install the certificate: assign a trusted root profile to the same people."
    )


@dataclass(frozen=True, slots=True)
class Created:
    """A profile that was created."""

    id: str
    name: str


def creation(new: NewProfiles, *, choices: Choices, roots: Sequence[RootPlan], created: list[Created]) -> Task:
    """Return the task: the roots first, then the profiles, each assigned at once. Those that were created are added to
    `created`.
    """

    async def task(send: Send) -> None:
        root_ids = {plan.platform: await _root(send, plan, choices=choices, created=created) for plan in roots}
        for platform, name in new.names.items():
            profile = await send(request_for(new, platform, root_id=root_ids.get(platform)))
            created.append(Created(profile["id"], name))
            if new.targets:
                await send(assign(profile["id"], present=[], targets=new.assignable()))

    return task


def request_for(new: NewProfiles, platform: ProfilePlatform, *, root_id: str | None = None) -> AdminRequest:
    """Return the request that creates the profile for one platform, which refers to a root where its kind can."""
    refers = root_id is not None and entity(KINDS[new.family][platform]).navigation("rootCertificate") is not None
    (request,) = new.settings.requests(
        new.names[platform],
        platforms=[platform],
        description=new.description,
        roots={platform: str(root_id)} if refers else {},
    )
    return request


async def _root(send: Send, plan: RootPlan, *, choices: Choices, created: list[Created]) -> str:
    """Create the root's profile unless there is one, assign it, and return its id."""
    profile_id = plan.profile_id
    if profile_id is None:
        settings = RootSettings(choices.authorities["root"], "root.cer")
        (request,) = settings.requests(plan.name, platforms=[plan.platform], description=None, roots={})
        profile_id = str((await send(request))["id"])
        created.append(Created(profile_id, plan.name))
    if plan.missing:
        await send(assign(profile_id, present=plan.present, targets=plan.missing))
    return profile_id


def _new_root(choices: Choices, platform: ProfilePlatform, *, targets: Sequence[Target]) -> RootPlan:
    return RootPlan(platform, f"{choices.tenant.ca_name} root ({TITLES[platform]})", None, (), tuple(targets))


def _reaches(present: Sequence[JsonObject], target: Target) -> bool:
    """Whether a profile with these assignments reaches the target already. What all users get, a group gets too, but
    for devices in it that have no user.
    """
    bringing = [
        each
        for each in present
        if each["intent"] == "apply"
        and each["target"].get(_FILTER) is None
        and each["target"]["@odata.type"] != EXCLUSION_TARGET.odata_type
    ]
    if is_assigned(bringing, target):
        return True
    if any(each["target"]["@odata.type"] == EXCLUSION_TARGET.odata_type for each in present):
        return False
    users = is_assigned(bringing, to_all_users()) and target != to_all_devices()
    return users or is_assigned(bringing, to_all_devices())


def _certificate(document: JsonObject) -> bytes | None:
    try:
        return base64.b64decode(str(document.get("trustedRootCertificate") or ""), validate=True)
    except (binascii.Error, ValueError):
        return None
