"""What an administrator can choose for a profile, and whom it is assigned to. And profiles in words: assignments, and
status on a device.

Whom a profile is assigned to are boxes of a form: all users, all devices, groups, and groups that are left out. A box
stands for one target of Graph's assign, which replaces all of them. So a form says which boxes it showed ticked, and
only what somebody ticked or cleared is changed: what another window assigned meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.assignments import Target, excluding, to_all_devices, to_all_users, to_group
from fauxtune.core.administration.choices import KINDS, ProfileFamily, base_name
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.profiles.kind_words import words_of
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune.storage.rows.configuration import AssignmentRow
from fauxtune_console.session import Typed

#: The two S/MIME certificates of an account: the word of the field, and the navigation of those kinds that have it.
REFERENCES = {"signing": "smimeSigningCertificate", "encryption": "smimeEncryptionCertificate"}
#: A form offers so many groups to tick; of more, names are typed.
MOST_GROUPS = 30
#: Groups that are typed by name in one field: a statement has so many at most.
_MOST_NAMED = 200
_USERS, _DEVICES, _GROUP, _LEFT_OUT = "users", "devices", "group:", "not:"
_EVERYBODY = {_USERS: (to_all_users(), "all users"), _DEVICES: (to_all_devices(), "all devices")}


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen. `templates`: in words, by name; `certificates` and `roots`: for each platform the profiles
    that bring certificates, and roots, name by id; `authorities`: the certificates of the tenant's CA, DER, by role.
    """

    tenant: Tenant
    templates: Mapping[str, str]
    certificates: Mapping[ProfilePlatform, Mapping[str, str]]
    roots: Mapping[ProfilePlatform, Mapping[str, str]]
    authorities: Mapping[str, bytes]

    @property
    def root_names(self) -> Sequence[str]:
        """The names of root profiles, without their platforms."""
        named = {base_name(name, platform) for platform, profiles in self.roots.items() for name in profiles.values()}
        return sorted(named, key=str.casefold)

    def root_profiles(self, name: str) -> Mapping[ProfilePlatform, str]:
        """Return the ids of the root profiles of this name, by platform; none for an empty name."""
        return {
            platform: profile_id
            for platform, profiles in self.roots.items()
            for profile_id, title in profiles.items()
            if name and base_name(title, platform) == name
        }

    def referring(self, field: str) -> Sequence[ProfilePlatform]:
        """Return the platforms whose e-mail kind can refer to a certificate, for a field of `REFERENCES`."""
        kinds = KINDS[ProfileFamily.EMAIL].items()
        return [platform for platform, kind in kinds if entity(kind).navigation(REFERENCES[field]) is not None]


def choices(connection: Connection, tenant: Tenant) -> Choices:
    """Read what can be chosen."""
    documents = authority_queries.template_documents(connection, tenant.id, authority_name="issuing")
    authorities = {row.role: row for row in authority_queries.authorities_of(connection, tenant.id)}
    return Choices(
        tenant=tenant,
        templates={name: _template(name, str(document["displayName"])) for name, document in documents.items()},
        certificates=_named(
            connection, tenant, families=(ProfileFamily.PKCS, ProfileFamily.SCEP, ProfileFamily.IMPORTED)
        ),
        roots=_named(connection, tenant, families=(ProfileFamily.ROOT,)),
        authorities={role: authorities[role].certificate for role in ("root", "issuing")},
    )


def _template(name: str, title: str) -> str:
    return name if title == name else f"{title} ({name})"


def _named(
    connection: Connection, tenant: Tenant, *, families: Collection[ProfileFamily]
) -> dict[ProfilePlatform, dict[str, str]]:
    platforms = {kind: platform for family in families for platform, kind in KINDS[family].items()}
    offered: dict[ProfilePlatform, dict[str, str]] = {}
    for row in queries.profiles_of_kinds(connection, tenant.id, kinds=platforms):
        offered.setdefault(platforms[row.kind], {})[row.id] = str(row.document["displayName"])
    return offered


#: data. A status -> its word, and the class of its symbol.
STATUSES: dict[ProfileStatus, tuple[str, str]] = {
    ProfileStatus.COMPLIANT: ("installed", "good"),
    ProfileStatus.PENDING: ("pending", "wait"),
    ProfileStatus.ERROR: ("error", "bad"),
    ProfileStatus.CONFLICT: ("conflict", "bad"),
    ProfileStatus.NOT_APPLICABLE: ("not applicable", "off"),
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment. `words`: such as "All Staff" or "all users"; `leaves_out`: a group that does not get the profile;
    `group_id`: the group that is meant; `filtered`: the filter in words, or "".
    """

    words: str
    leaves_out: bool
    group_id: str | None
    filtered: str


def property_words(name: str) -> str:
    """Return a property's name in words, such as "certificate template name"."""
    words = (word if word.isupper() else word.lower() for word in words_of(name).split())
    return " ".join(words)


def assigned(
    rows: Sequence[AssignmentRow], *, groups: Mapping[str, str], filters: Mapping[str, str] | None = None
) -> list[Assigned]:
    """Return assignments in words: those that bring the profile first. `groups` and `filters`: names by id."""
    listed = [_assigned(row, groups=groups, filters=filters or {}) for row in rows]
    return sorted(listed, key=lambda each: each.leaves_out)


def _assigned(row: AssignmentRow, *, groups: Mapping[str, str], filters: Mapping[str, str]) -> Assigned:
    match row.kind:
        case TargetKind.ALL_USERS:
            words = "all users"
        case TargetKind.ALL_DEVICES:
            words = "all devices"
        case TargetKind.COLLECTION:
            words = "a Configuration Manager collection"
        case _:
            words = groups.get(row.group_id or "", "a group that was deleted")
    filtered = ""
    if row.filter_id is not None:
        how = "does not fit" if row.filter_type == "exclude" else "fits"
        filtered = f"where the filter “{filters.get(row.filter_id, 'that was chosen')}” {how}"
    leaves_out = row.kind is TargetKind.EXCLUSION or row.intent == "remove"
    return Assigned(words, leaves_out, row.group_id, filtered)


def assigned_words(listed: Sequence[Assigned]) -> str:
    """Return assignments as one text: "All Staff; not SMIME Pilot"."""
    return "; ".join(f"not {each.words}" if each.leaves_out else each.words for each in listed)


@dataclass(frozen=True, slots=True)
class NamedTarget:
    """A target of an assignment; `box`: its value in forms; `words`: the group's name, or everybody."""

    box: str
    target: Target
    words: str

    @property
    def leaves_out(self) -> bool:
        """Whether the members of the group do not get the profile."""
        return self.box.startswith(_LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of a form: value and words. `by_name`: there are more groups, which are named in a text field."""

    everybody: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    by_name: bool


def boxes(connection: Connection, tenant_id: TenantId, *, present: Iterable[str] = ()) -> Boxes:
    """Return the boxes of a form; `present`: those that are ticked, which are offered in any case."""
    rows, total = queries.groups_by_name(connection, tenant_id, limit=MOST_GROUPS)
    by_name = total > len(rows)
    listed = {} if by_name else {str(row.id): str(row.document["displayName"]) for row in rows}
    ticked = queries.group_names(connection, tenant_id, ids={group_of(box) for box in present} - {""})
    groups = {**ticked, **listed}
    return Boxes(
        everybody=tuple((box, words.capitalize()) for box, (_target, words) in _EVERYBODY.items()),
        groups=tuple((f"{_GROUP}{group}", name) for group, name in groups.items()),
        left_out=tuple((f"{_LEFT_OUT}{group}", name) for group, name in groups.items()),
        by_name=by_name,
    )


def present_boxes(rows: Sequence[AssignmentRow]) -> list[str]:
    """Return the boxes that stand for these assignments."""
    named = {TargetKind.ALL_USERS: _USERS, TargetKind.ALL_DEVICES: _DEVICES}
    ticked = [named.get(row.kind, "") for row in rows]
    ticked += [f"{_GROUP}{row.group_id}" for row in rows if row.kind is TargetKind.GROUP]
    ticked += [f"{_LEFT_OUT}{row.group_id}" for row in rows if row.kind is TargetKind.EXCLUSION]
    return [box for box in ticked if box]


def read_targets(connection: Connection, tenant_id: TenantId, *, form: Typed) -> list[NamedTarget]:
    """Return the targets of the boxes that are ticked and of the groups that are named, each once. The form's errors
    say what is wrong.
    """
    ticked = form.all("target")
    names = queries.group_names(connection, tenant_id, ids={group_of(box) for box in ticked} - {""})
    targets = [named for box in ticked if (named := named_target(box, names=names)) is not None]
    if len(targets) < len(ticked):
        form.wrong("target", "One of the groups was deleted meanwhile. The others are still ticked.")
    targets += _typed(connection, tenant_id, form=form, field="groups", prefix=_GROUP)
    targets += _typed(connection, tenant_id, form=form, field="left-out", prefix=_LEFT_OUT)
    both = {group_of(target.box) for target in targets if target.leaves_out} & {
        group_of(target.box) for target in targets if not target.leaves_out
    } - {""}
    if both:
        words = next(target.words for target in targets if group_of(target.box) in both)
        form.wrong("target", f"“{words}” cannot both get the profile and be left out. Clear one of the two boxes.")
    return list({target.box: target for target in targets}.values())


def named_target(box: str, *, names: Mapping[str, str]) -> NamedTarget | None:
    """Return the target of a box; `names`: the groups that exist, by id. None for a group that does not."""
    if box in _EVERYBODY:
        return NamedTarget(box, *_EVERYBODY[box])
    group = group_of(box)
    return NamedTarget(box, target_of(box), names[group]) if group in names else None


def target_of(box: str) -> Target:
    """Return the target of a box, whether or not its group exists."""
    if box in _EVERYBODY:
        return _EVERYBODY[box][0]
    group = group_of(box)
    return excluding(group) if box.startswith(_LEFT_OUT) else to_group(group)


def target_words(targets: Sequence[NamedTarget]) -> str:
    """Return targets as the end of a sentence: “All Staff” and all devices, but not “Guests”."""
    included = [_quoted(target) for target in targets if not target.leaves_out]
    left_out = [_quoted(target) for target in targets if target.leaves_out]
    words = _joined(included) or "nobody"
    return f"{words}, but not {_joined(left_out)}" if left_out else words


def _quoted(target: NamedTarget) -> str:
    return target.words if target.box in _EVERYBODY else f"“{target.words}”"


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _typed(connection: Connection, tenant_id: TenantId, *, form: Typed, field: str, prefix: str) -> list[NamedTarget]:
    """Return the targets of the groups that a text field names, one a line."""
    lines = list(dict.fromkeys(line.strip() for line in form.text(field).splitlines() if line.strip()))
    if not lines:
        return []
    if len(lines) > _MOST_NAMED:
        form.wrong(field, f"Name at most {_MOST_NAMED} groups at once.")
        return []
    rows = queries.groups_named(connection, tenant_id, names=lines)
    ids = {str(row.document["displayName"]): str(row.id) for row in rows}
    for line in lines:
        if line not in ids:
            form.wrong(field, f"There is no group named “{line}”. Write each name as the list of groups has it.")
    if len(rows) > len(ids):
        form.wrong(field, "Several groups have one of these names, so it is not clear which is meant.")
    targets = (named_target(f"{prefix}{group}", names={group: name}) for name, group in ids.items())
    return [target for target in targets if target is not None]


def group_of(box: str) -> str:
    """Return the id of the group of a box; "" for everybody."""
    return box.partition(":")[2]
