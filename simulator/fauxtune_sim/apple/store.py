"""The profiles that are installed on an Apple device, and the claims of their payloads on items of the keychain.

Only the facts for ProfileList are stored, with a digest of each payload, by which an unchanged payload is recognised
when its profile is installed again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from fauxtune_sim.apple.file_vault import FileVault


@dataclass(frozen=True, slots=True)
class InstalledPayload:
    """One payload of an installed profile; `settings`: what it sets on the device, by key."""

    type: str
    version: int
    identifier: str
    uuid: str
    display_name: str | None = None
    digest: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """An installed profile. `managed`: it was installed by MDM. `signers` are base64 of DER."""

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
    payloads: tuple[InstalledPayload, ...] = ()

    def payload(self, uuid: str) -> InstalledPayload | None:
        """The payload with this UUID, or None."""
        return next((payload for payload in self.payloads if payload.uuid == uuid), None)


@dataclass(frozen=True, slots=True)
class Claim:
    """A payload's claim on an item. `kind`: `identity` (an alias), `certificate` (a SHA-256) or `account` (an id)."""

    profile: str
    payload: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ManagedApp:
    """An app that management installed. `flags`: ManagementFlags."""

    identifier: str
    flags: int = 0


@dataclass(slots=True)
class ProfileStore:
    """The installed profiles of an Apple device by their identifiers, the claims of their payloads, FileVault, and the
    managed apps by their identifiers.
    """

    profiles: dict[str, InstalledProfile] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    file_vault: FileVault = field(default_factory=FileVault)
    apps: dict[str, ManagedApp] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The state as JSON."""
        return {
            "profiles": [asdict(profile) for profile in self.profiles.values()],
            "claims": [asdict(claim) for claim in self.claims],
            "fileVault": self.file_vault.document(),
            "apps": [asdict(app) for app in self.apps.values()],
        }

    def settings(self) -> dict[str, Any]:
        """What the installed profiles set, by type of payload and key. Of two profiles the last one counts.

        Differs from a device: that combines restrictions, so that the stricter one counts.
        """
        return {
            f"{payload.type}/{key}": value
            for profile in self.profiles.values()
            for payload in profile.payloads
            for key, value in payload.settings.items()
        }

    def given_certificates(self) -> frozenset[str]:
        """The SHA-256 of the certificates without a key that profiles of MDM hold: without those of the profile with
        which the device was enrolled.
        """
        managed = {profile.identifier for profile in self.profiles.values() if profile.managed}
        return frozenset(each.name for each in self.claims if each.kind == "certificate" and each.profile in managed)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        store = cls()
        for row in document["profiles"]:
            payloads = tuple(InstalledPayload(**payload) for payload in row["payloads"])
            profile = InstalledProfile(**(row | {"payloads": payloads, "signers": tuple(row["signers"])}))
            store.profiles[profile.identifier] = profile
        store.file_vault = FileVault(**document.get("fileVault", {}))
        store.apps = {row["identifier"]: ManagedApp(**row) for row in document.get("apps", ())}
        store.claims = [Claim(**claim) for claim in document["claims"]]
        return store
