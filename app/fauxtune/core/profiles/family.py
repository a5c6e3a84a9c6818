"""What a family of profiles works on: one profile, and its recipient with the device, its user and the authorities; and
the family of profiles that are only stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Claim, Item
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.settings import Wishes
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.model.tenants import Edition


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as stored, and the assignment that brings it to a device. `references` are the profiles that it refers
    to, by navigation. Without `applies` it is not applicable to the device, and gives it nothing. `wishes`: the
    settings of a policy of the catalog, whose document does not say their addresses. `priority`: of an enrolment
    configuration; the lowest number counts, and 0, the default's, last.
    """

    id: ProfileId
    kind: str
    version: int
    document: dict[str, Any]
    assignment: str = ""
    references: Mapping[str, ProfileId] = field(default_factory=dict)
    applies: bool = True
    wishes: Wishes | None = None
    priority: int | None = None

    @property
    def claim(self) -> Claim:
        """This profile's claim on the items that it wants."""
        return Claim(profile=self.id, assignment=self.assignment)


@dataclass(frozen=True, slots=True)
class ImportedCertificate:
    """One imported certificate of the device's user. `fingerprint` is the SHA-256 of its PFX file."""

    thumbprint: str
    purpose: str
    fingerprint: str
    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class AuthorityFacts:
    """A certification authority that the connector can reach, and the names of its templates."""

    host: str
    name: str
    root_sha256: str
    templates: tuple[str, ...]
    kind: Authority = Authority.MICROSOFT


@dataclass(frozen=True, slots=True)
class Recipient:
    """A device and its user, for whom a profile gives items. `variables` are the values for names (see `variables`);
    `names` the display names of profiles that others refer to, whether or not they reach the device. `variant` and
    `os_version` are None if they are not known.
    """

    edition: Edition = Edition.CURRENT
    variant: Variant | None = None
    os_version: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    has_user: bool = False
    imported: tuple[ImportedCertificate, ...] = ()
    authorities: tuple[AuthorityFacts, ...] = ()
    require_trusted_root: bool = True
    names: Mapping[ProfileId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Family:
    """The behaviour of the profiles of one family.

    `check(document)` raises Invalid for a document that can never work. `items(profile, recipient)` are the items that
    the profile gives; one that cannot be given for now has a problem. `explain_empty(profile, has_user)` is the reason
    why a profile that gives no item is in error; None: such a profile is compliant. `source` is that of the items;
    None: profiles of the family are stored and assigned like others, but give nothing, and are "not applicable" on
    devices of their platform.
    """

    name: str
    check: Callable[[dict[str, Any]], None]
    items: Callable[[Profile, Recipient], tuple[Item, ...]]
    explain_empty: Callable[[Profile, bool], str] | None = None
    source: Source | None = None


def _accept(_document: dict[str, Any]) -> None:
    """Accept every setting: nothing here depends on it."""


#: Kinds of profiles without certificates: stored, assigned and reported, but never delivered. Graph: the
#: deviceConfiguration subtypes of v1.0. Differs from Intune: their settings reach no device; the status of such a
#: profile on a device of its own platform is "not applicable".
STORED = Family(name="stored", check=_accept, items=lambda _profile, _recipient: ())


def with_encryption_state(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the properties that the service adds to each custom setting. Graph: omaSetting.

    Differs from Intune: no value is encrypted, and v1.0 shows the two as beta does.
    """
    settings = document.get("omaSettings")
    if not isinstance(settings, list):
        return document
    known = [
        {**setting, "isEncrypted": False, "secretReferenceValueId": None} if isinstance(setting, dict) else setting
        for setting in settings
    ]
    return {**document, "omaSettings": known}
