"""What holds in a tenant whatever happens there, and the check that it does.

The check knows nothing of what a test did. It reads what people and programs wrote (profiles, assignments, groups,
imported certificates, mail) from Graph and the control surface, looks at the simulated devices themselves, and compares
the two. What may stay on a device is in the removal table (`core.engine.removal`), whom an assignment means in
`core.engine.planning.targeting`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.core.administration import emulation
from fauxtune.core.administration.directory import USERS
from fauxtune.core.administration.profiles import PROFILES
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.engine.removal.lookup import look_up
from fauxtune.core.model.ids import AssignmentId, GroupId, ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, EnrollmentState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.catalog import Kind, kind
from fauxtune.testing.devices import Device, Devices
from fauxtune.testing.history import Journal
from fauxtune.testing.parts import Calls, Waiting
from fauxtune_sim.mail.reading import read_mail

Json = dict[str, Any]


class Promise(StrEnum):
    """A promise, in words."""

    OWN_CERTIFICATES = "each device has one certificate of its own for each PKCS profile that reaches it"
    SAME_IMPORTED = "all devices of a user have the same imported certificates, with their whole history"
    NOTHING_LEFT = "nothing of ours is on a device after wipe, retire, delete and unenrolment"
    NEVER_REVOKED = "imported certificates are never revoked at the authority"
    MAIL = "mail is readable exactly where a key is"


class BrokenPromise(AssertionError):
    """A promise that does not hold. The text has the promise, and what is seen instead."""

    def __init__(self, promise: Promise, text: str) -> None:
        super().__init__(f"{promise}: {text}")
        self.promise = promise


class Promises:
    """The promises of a tenant: `tenant.promises.check()`.

    It remembers from check to check what was imported for whom, and who had no licence: check after each step.
    """

    def __init__(self, calls: Calls, *, devices: Devices, settle: Callable[[], list[Waiting]]) -> None:
        """Use `tenant.promises`."""
        self._calls = calls
        self._devices = devices
        self._settle = settle
        self._past = _Past()

    def check(self, *promises: Promise) -> None:
        """Let all devices settle, then check these promises, or all of them. Raises BrokenPromise for the first that
        does not hold.

        A device that is off line, waits for something or refuses deliveries is not judged by what it lacks, nor is
        any for profiles whose assignments have filters.
        """
        waiting = {row.device for row in self._settle()}
        view = _View.of(self._calls, self._devices, waiting=waiting)
        self._past.learn(view)
        for promise in promises or Promise:
            for text in _CHECKS[promise](view, self._past):
                raise BrokenPromise(promise, text)

    def forget(self) -> None:
        """Forget what was seen: the tenant was reset or restored."""
        self._past = _Past()


@dataclass(frozen=True, slots=True)
class _Profile:
    """A profile, with its assignments and the id of the root that it refers to."""

    id: str
    name: str
    kind: Kind
    assignments: tuple[Assignment, ...]
    has_filter: bool
    root: str | None
    purpose: str | None

    @property
    def source(self) -> Source | None:
        return self.kind.family.source


@dataclass(frozen=True, slots=True)
class _Seen:
    """A device, its enrolment as the server has it, and the profiles that reach it. `judged`: it has settled, and
    refuses nothing, so that it should have what it is given.
    """

    device: Device
    row: Json
    variant: Variant
    user: str | None
    judged: bool
    profiles: tuple[_Profile, ...]

    @property
    def name(self) -> str:
        return f"{self.device.name} ({self.variant})"

    def held(self, source: Source) -> frozenset[str]:
        """The thumbprints of what it has of a source."""
        return frozenset(key.thumbprint for key in self.device.keys if key.source == source)

    def of(self, source: Source) -> list[_Profile]:
        """The profiles of a source that reach it."""
        return [profile for profile in self.profiles if profile.source is source]


@dataclass(frozen=True, slots=True)
class _View:
    """What can be seen of a tenant at one moment. `imports`: user -> thumbprint -> purpose; `filtered`: the sources of
    which a profile has a filter; `register`: thumbprint -> the authority's row.
    """

    calls: Calls
    edition: Edition
    needs_root: bool
    devices: tuple[_Seen, ...]
    users: Mapping[str, Json]
    imports: Mapping[str, Mapping[str, str]]
    filtered: frozenset[Source | None]
    register: Mapping[str, Json]

    @classmethod
    def of(cls, calls: Calls, devices: Devices, *, waiting: set[str]) -> _View:
        """Read it: a request for each collection, and one for each group that has an assignment."""
        read = calls.client.graph_list
        settings = calls.control("GET", "")["settings"]
        users = {row["id"]: row for row in read(USERS, params={"$select": "id,userPrincipalName,assignedLicenses"})}
        ids = {_name(row): key for key, row in users.items()}
        imports: dict[str, dict[str, str]] = defaultdict(dict)
        for row in read("/deviceManagement/userPfxCertificates"):
            user = ids.get(_name(row), _name(row))
            imports[user][row["thumbprint"].lower()] = row["intendedPurpose"]
        expanded = {"$expand": "assignments,rootCertificate"}
        profiles = [known for row in read(PROFILES, params=expanded) if (known := _profile(row)) is not None]
        edition = Edition(settings["edition"]["value"])
        return cls(
            calls,
            edition,
            needs_root=settings["requireTrustedRoot"]["value"],
            devices=_look_at(calls, devices, profiles=profiles, users=users, edition=edition, waiting=waiting),
            users=users,
            imports=imports,
            filtered=frozenset(profile.source for profile in profiles if profile.has_filter),
            register={row["thumbprint"].lower(): row for row in calls.control("GET", "/certificates")["value"]},
        )

    def leaves(self, seen: _Seen, source: Source, *, causes: Iterable[Cause]) -> bool:
        """Whether the removal table leaves something on such a device for one of these causes."""
        return any(not look_up(seen.variant, self.edition, source=source, cause=cause).removed for cause in causes)


@dataclass(slots=True)
class _Past:
    """What earlier checks saw: the users for whom a certificate was imported, by its thumbprint, and those who had no
    licence, on whose devices all stays.
    """

    imported: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unlicensed: set[str | None] = field(default_factory=set)

    def learn(self, view: _View) -> None:
        for user, certificates in view.imports.items():
            for thumbprint in certificates:
                self.imported[thumbprint].add(user)
        self.unlicensed |= {seen.user for seen in view.devices if not _is_licensed(view.users, seen.user)}

    def causes(self, seen: _Seen, *more: Cause) -> tuple[Cause, ...]:
        """Why something may not be wanted any more on a device that is enrolled."""
        lost = (Cause.USER_DELETED, Cause.LICENCE_LOST) if seen.user in self.unlicensed else ()
        return (Cause.PROFILE_DELETED, Cause.UNASSIGNED, Cause.LEFT_GROUP, Cause.USER_CHANGED, *lost, *more)


# ----------------------------------------------------------------------------------------------------- reading a tenant


def _look_at(
    calls: Calls,
    devices: Devices,
    *,
    profiles: Sequence[_Profile],
    users: Mapping[str, Json],
    edition: Edition,
    waiting: set[str],
) -> tuple[_Seen, ...]:
    if not len(devices):
        return ()
    rows = {row["id"]: row for row in calls.control("GET", "/devices")["value"]}
    objects = {row["deviceId"]: row["id"] for row in calls.client.graph_list("/devices", params=_IDS)}
    managed = {
        row["id"]: objects.get(row["azureADDeviceId"])
        for row in calls.client.graph_list("/deviceManagement/managedDevices", params=_MANAGED)
    }
    members = _members(calls, profiles)
    result = []
    for device in devices:
        row = rows.get(device.enrollment_id)
        if row is None:
            continue
        variant, user = Variant(row["variant"]), row["userId"]
        membership = Membership(
            has_user=user is not None,
            user_groups=frozenset(group for group, ids in members.items() if user in ids),
            device_groups=frozenset(
                group for group, ids in members.items() if managed.get(row["managedDeviceId"]) in ids
            ),
        )
        reaching = (
            profile
            for profile in profiles
            if profile.kind.applies(variant, edition=edition) and target(profile.assignments, membership) is not None
        )
        entitled = user is None or _is_licensed(users, user)
        calm = device.name not in waiting and device.enrolled and device.is_online and not device.agent.device.refusals
        judged = calm and entitled and row["state"] == EnrollmentState.ACTIVE
        result.append(
            _Seen(device, row, variant, user=user, judged=judged, profiles=tuple(reaching) if entitled else ())
        )
    return tuple(result)


_IDS, _MANAGED = {"$select": "id,deviceId"}, {"$select": "id,azureADDeviceId"}
_FILTER = "deviceAndAppManagementAssignmentFilterId"


def _members(calls: Calls, profiles: Iterable[_Profile]) -> dict[GroupId, set[str]]:
    groups = {one.group for profile in profiles for one in profile.assignments if one.group is not None}
    read = calls.client.graph_list
    known = {row["id"] for row in read("/groups", params={"$select": "id"})} if groups else set()
    select = {"$select": "id"}
    return {
        group: {row["id"] for row in read(f"/groups/{group}/transitiveMembers", params=select)}
        for group in groups
        if group in known
    }


def _profile(row: Json) -> _Profile | None:
    known = kind(row["@odata.type"])
    if known is None:
        return None
    return _Profile(
        row["id"],
        row["displayName"],
        known,
        assignments=tuple(_assignment(one, profile=row["id"]) for one in row["assignments"]),
        has_filter=any(one["target"].get(_FILTER) for one in row["assignments"]),
        root=(row.get("rootCertificate") or {}).get("id"),
        purpose=row.get("intendedPurpose"),
    )


def _assignment(row: Json, *, profile: str) -> Assignment:
    given = row["target"]
    word = given["@odata.type"].rpartition(".")[2].removesuffix("AssignmentTarget").removesuffix("Group")
    group = given.get("groupId")
    return Assignment(
        AssignmentId(row["id"]),
        ProfileId(profile),
        TargetKind(word),
        group=None if group is None else GroupId(group),
        removes=row["intent"] == "remove",
    )


def _is_licensed(users: Mapping[str, Json], user: str | None) -> bool:
    return user is None or bool(users.get(user, {}).get("assignedLicenses"))


def _name(row: Json) -> str:
    return str(row["userPrincipalName"]).casefold()


# --------------------------------------------------------------------------------------------------------- the promises


def _own_certificates(view: _View, past: _Past) -> Iterator[str]:
    holders: dict[bytes, _Seen] = {}
    for seen in view.devices:
        for key in seen.device.keys:
            if key.source != Source.PKCS:
                continue  # by SCEP devices make keys themselves: here they take them from a ring
            public = key.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            other = holders.setdefault(public, seen)
            if other is not seen:
                yield f"{other.name} and {seen.name} have the same key, of the certificate {key.thumbprint}"
            issued = view.register.get(key.thumbprint)
            if issued is not None and issued["device"] != seen.row["id"]:
                yield f"{seen.name} has the certificate {key.thumbprint}, which was not issued for it"
    for seen in view.devices:
        if seen.judged and Source.PKCS not in view.filtered:
            yield from _too_few_or_many(seen, view, past=past)


def _too_few_or_many(seen: _Seen, view: _View, *, past: _Past) -> Iterator[str]:
    wanted, held = seen.of(Source.PKCS), seen.held(Source.PKCS)
    roots = {root.id for root in seen.of(Source.ROOT)}
    complete = [one for one in wanted if (one.root is None and (roots or not view.needs_root)) or (one.root in roots)]
    # What is issued to a device without a user depends on the names in the subject.
    if len(held) < len(complete) and seen.user is not None:
        names = ", ".join(one.name for one in complete)
        yield f"{seen.name} has {len(held)} PKCS certificates, and gets {len(complete)}: {names}"
    if len(held) > len(wanted) and not view.leaves(seen, Source.PKCS, causes=past.causes(seen)):
        yield f"{seen.name} has {len(held)} PKCS certificates, and only {len(wanted)} profiles give it one"


def _same_imported(view: _View, past: _Past) -> Iterator[str]:
    for seen in view.devices:
        if not seen.judged or Source.IMPORTED in view.filtered or seen.user is None:
            continue
        held = seen.held(Source.IMPORTED)
        foreign = [each for each in held if seen.user not in past.imported.get(each, ())]
        if foreign:
            yield f"{seen.name} has the certificate {min(foreign)}, which was never imported for its user"
        purposes = {profile.purpose for profile in seen.of(Source.IMPORTED)}
        wanted = {each for each, purpose in view.imports.get(seen.user, {}).items() if purpose in purposes}
        if wanted - held:
            yield f"{seen.name} lacks {len(wanted - held)} of {len(wanted)} certificates: {min(wanted - held)}"
        if held - wanted:
            causes = past.causes(seen, Cause.CERTIFICATE_DELETED)
            if not view.leaves(seen, Source.IMPORTED, causes=causes):
                yield f"{seen.name} has the certificate {min(held - wanted)}, which nothing gives it"


def _nothing_left(view: _View, _past: _Past) -> Iterator[str]:
    for seen in view.devices:
        if seen.row["state"] != EnrollmentState.ENDED:
            continue
        device, cause = seen.device, Cause(seen.row["cause"])
        if device.enrolled:
            yield f"{seen.name} is still managed, although its enrolment ended ({cause})"
        there = {Source(key.source): f"the certificate {key.thumbprint}" for key in device.keys}
        there |= {Source.ROOT: "a root"} if device.trusted else {}
        there |= {Source.EMAIL: "a mail account"} if device.mail_accounts else {}
        there |= {Source.SETTING: "a setting"} if device.agent.device.settings else {}
        for source, what in there.items():
            if look_up(seen.variant, view.edition, source=source, cause=cause).removed:
                yield f"{seen.name} has {what} ({source}) after the end of its enrolment ({cause})"


def _never_revoked(view: _View, past: _Past) -> Iterator[str]:
    for thumbprint in past.imported:
        if view.register.get(thumbprint, {}).get("status") == "revoked":
            yield f"the imported certificate {thumbprint} is revoked ({view.register[thumbprint]['reason']})"


#: The most messages that the control surface tells of at once.
_PAGE = 500


def _mail(view: _View, _past: _Past) -> Iterator[str]:
    # Most people have no mail.
    written = {(event.user or "").casefold() for event in Journal(view.calls).events("mailDelivered")}
    for user in [user for user, row in view.users.items() if _name(row) in written]:
        after: int | None = 0
        while after is not None:
            matrix = view.calls.send(emulation.read_matrix(user, after=after, limit=_PAGE))
            for mail in matrix["mail"]:
                readers = {
                    device["device"]
                    for device, cell in zip(matrix["devices"], mail["cells"], strict=True)
                    if cell["canRead"]
                }
                readers |= {reader["device"] for reader in mail["others"]}
                yield from _who_reads(view, user=user, uid=mail["uid"], readers=readers)
            after = matrix["nextAfter"]


def _who_reads(view: _View, *, user: str, uid: int, readers: set[str]) -> Iterator[str]:
    raw = view.calls.send(emulation.raw_message(user, uid=uid))
    for seen in view.devices:
        opens = read_mail(raw, seen.device.agent.device.keystore).decrypted
        # A mail in the clear needs no key.
        if opens is not None and opens is not (seen.row["id"] in readers):
            does, claim = ("opens", "cannot") if opens else ("cannot open", "can")
            whose = _name(view.users[user])
            yield f"{seen.name} {does} message {uid} of {whose}, and the server says that it {claim} read it"


_CHECKS: Mapping[Promise, Callable[[_View, _Past], Iterator[str]]] = {
    Promise.OWN_CERTIFICATES: _own_certificates,
    Promise.SAME_IMPORTED: _same_imported,
    Promise.NOTHING_LEFT: _nothing_left,
    Promise.NEVER_REVOKED: _never_revoked,
    Promise.MAIL: _mail,
}
