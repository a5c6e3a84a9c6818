"""What an administrator can choose for a profile; and profiles in words: assignments, and status on a device."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.choices import KINDS, ProfileFamily, base_name
from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.device_words import ProfilePlatform
from fauxtune.core.profiles.kind_words import words_of
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries.insight import groups_and_profiles as queries
from fauxtune.storage.rows.configuration import AssignmentRow

#: The two S/MIME certificates of an account: the word of the field, and the navigation of those kinds that have it.
REFERENCES = {"signing": "smimeSigningCertificate", "encryption": "smimeEncryptionCertificate"}


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
