"""The profiles that are installed on an Apple device, and which of their payloads holds which item of the keychain.

Of a profile only what ProfileList tells is kept, with a digest of each payload's body, by which an unchanged payload is
recognised when its profile comes again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class HeldPayload:
    """One payload of an installed profile."""

    type: str
    version: int
    identifier: str
    uuid: str
    display_name: str | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class HeldProfile:
    """An installed profile. `managed`: MDM installed it, and it goes with MDM. `signers` are base64 of DER."""

    identifier: str
    uuid: str
    version: int = 1
    display_name: str | None = None
    organization: str | None = None
    description: str | None = None
    removal_disallowed: bool = False
    has_removal_passcode: bool = False
    encrypted: bool = False
    managed: bool = False
    signers: tuple[str, ...] = ()
    payloads: tuple[HeldPayload, ...] = ()

    def payload(self, uuid: str) -> HeldPayload | None:
        """The payload with this UUID, or None."""
        return next((one for one in self.payloads if one.uuid == uuid), None)


@dataclass(frozen=True, slots=True)
class Claim:
    """One payload's hold on an item of the keychain. `kind`: `identity` (an alias) or `certificate` (a SHA-256)."""

    profile: str
    payload: str
    kind: str
    name: str


@dataclass(slots=True)
class ProfileStore:
    """The state of an Apple device."""

    profiles: dict[str, HeldProfile] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "profiles": [asdict(one) for one in self.profiles.values()],
            "claims": [asdict(one) for one in self.claims],
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The reverse of `document`."""
        store = cls()
        for row in document["profiles"]:
            payloads = tuple(HeldPayload(**one) for one in row["payloads"])
            profile = HeldProfile(**(row | {"payloads": payloads, "signers": tuple(row["signers"])}))
            store.profiles[profile.identifier] = profile
        store.claims = [Claim(**one) for one in document["claims"]]
        return store
