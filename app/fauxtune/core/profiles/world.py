"""What a family sees: one profile, and the device, user and authorities that it is applied to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Claim, Item
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Source


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as stored, and the assignment that brings it to the device at hand. `references` are the profiles that
    it refers to, by navigation. One that does not apply to devices of this kind gives them nothing.
    """

    id: ProfileId
    kind: str
    version: int
    document: dict[str, Any]
    assignment: str = ""
    references: Mapping[str, ProfileId] = field(default_factory=dict)
    applies: bool = True

    @property
    def claim(self) -> Claim:
        """This profile's claim on whatever it wants."""
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
class World:
    """The device, its user, and what they can be given. `variables` are the values for names (see `variables`);
    `names` what the profiles are called that others refer to, whether or not they reach the device. `variant` and
    `os_version` are None where they are not known.
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
    """How profiles of one family behave.

    `check(document)` raises Invalid for a document that can never work. `items(profile, world)` is what the profile
    gives this device; what cannot be given as things are is an item with a problem. `nothing(profile, whether the
    device has a user)` says, in words, why a profile that gives no item is an error; None: then it is simply compliant.
    `source` is that of the items; None: such profiles are kept and assigned like others, but give nothing; their status
    on a device of their platform is "not applicable".
    """

    name: str
    check: Callable[[dict[str, Any]], None]
    items: Callable[[Profile, World], tuple[Item, ...]]
    nothing: Callable[[Profile, bool], str] | None = None
    source: Source | None = None
