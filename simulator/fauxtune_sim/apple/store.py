"""What is stored on an Apple device: its profiles, the claims of their payloads on items of the keychain and on mail
accounts, and FileVault's personal recovery key on a Mac.

Of profiles only the facts for ProfileList are stored, with a digest of each payload, by which an unchanged payload is
recognised when its profile is installed again. An item exists as long as a payload of a profile holds it: two profiles
with the same certificate share one item, which is removed with the last of them.

Apple: payload com.apple.security.FDERecoveryKeyEscrow (the key is sealed for the certificate that it names),
SecurityInfo (FDE_PersonalRecoveryKeyCMS), RotateFileVaultKey.
"""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from cryptography import x509

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.cms.envelope import encrypt
from fauxtune_sim.keys.keystore import KeyEntry, KeyStore
from fauxtune_sim.mail.accounts import MailAccount

_GROUPS, _LENGTH, _LETTERS = 6, 4, string.ascii_uppercase + string.digits
IDENTITY, CERTIFICATE, ACCOUNT = "identity", "certificate", "account"


@dataclass(slots=True)
class FileVault:
    """The recovery key; the certificate (base64 of DER) for which it is escrowed, with the profile that named it; the
    sealed key (base64), which stays as it is until the key changes.
    """

    key: str = field(default="", repr=False)
    certificate: str = ""
    profile: str = ""
    sealed: str = ""

    def document(self) -> dict[str, Any]:
        """The state as JSON."""
        return asdict(self)

    def escrow(self, certificate: bytes, *, profile: str) -> None:
        """Escrow the key for this certificate from now on."""
        self.certificate, self.profile, self.sealed = base64.b64encode(certificate).decode(), profile, ""

    def forget(self, profile: str) -> None:
        """End the escrow if this profile, which is removed, has named the certificate."""
        if self.profile == profile:
            self.certificate = self.profile = self.sealed = ""

    def sealed_key(self) -> bytes | None:
        """The key for the service; None where no profile has asked for it."""
        if not self.certificate:
            return None
        if not self.key:
            self.key = _new_key()
        if not self.sealed:
            self.sealed = base64.b64encode(_seal(self.key, base64.b64decode(self.certificate))).decode()
        return base64.b64decode(self.sealed)

    def rotate(self, present: object, *, certificate: bytes) -> bytes:
        """Replace the key; return the new one, sealed for this certificate. Raises Fault for a wrong present key."""
        if not self.key or present != self.key:
            raise Fault(Code.WRONG_TOKEN, "FileVaultUnlock does not unlock this Mac")
        new = _new_key()
        sealed = _seal(new, certificate)
        self.key, self.sealed = new, ""
        return sealed


def _new_key() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))


def _seal(key: str, certificate: bytes) -> bytes:
    try:
        return encrypt(key.encode(), [x509.load_der_x509_certificate(certificate)])
    except ValueError as broken:
        raise Fault(Code.CERTIFICATE_MALFORMED, f"the key cannot be sealed: {broken}") from broken


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
        return frozenset(
            claim.name for claim in self.claims if claim.kind == "certificate" and claim.profile in managed
        )

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


class Keychain:
    """The key store and the accounts of a device, with the claims of payloads on their items."""

    def __init__(self, keys: KeyStore, store: ProfileStore, *, accounts: dict[str, MailAccount]) -> None:
        self._keys = keys
        self._store = store
        self._accounts = accounts

    def hold_identity(self, profile: str, payload: str, *, entry: KeyEntry) -> str:
        """Let a payload hold an identity, which is installed if it is new. Returns its alias."""
        present = next((key for key in self._keys.entries.values() if key.certificate == entry.certificate), None)
        if present is None:
            alias = entry.alias if entry.alias not in self._keys.entries else f"{entry.alias}#{entry.sha1[:8]}"
            self._keys.install(replace(entry, alias=alias))
        else:
            alias = present.alias
            if present.profile_id is None and entry.profile_id is not None:
                # This payload is the first that names the source of the identity.
                self._keys.install(replace(present, source=entry.source, profile_id=entry.profile_id))
        self._claim(Claim(profile, payload, IDENTITY, alias))
        return alias

    def hold_certificate(self, profile: str, payload: str, *, der: bytes) -> str:
        """Let a payload hold a certificate without a key. Returns its SHA-256."""
        sha256 = self._keys.trust(der)
        self._claim(Claim(profile, payload, CERTIFICATE, sha256))
        return sha256

    def hold_account(self, profile: str, payload: str, *, account: MailAccount) -> None:
        """Let a payload hold a mail account, in place of one that it holds already."""
        self._claim(Claim(profile, payload, ACCOUNT, account.id))
        self._accounts[account.id] = account

    def release(self, profile: str, payload: str | None = None) -> list[str]:
        """End the claims of a profile, or of one of its payloads. Returns the names of the removed items."""
        ended = [claim for claim in self._store.claims if claim.profile == profile and payload in {None, claim.payload}]
        self._store.claims = [claim for claim in self._store.claims if claim not in ended]
        return self._remove_unclaimed(ended)

    def identity_of(self, profile: str, payload: str) -> KeyEntry | None:
        """The identity that a payload holds, or None."""
        claim = next((claim for claim in self._claims_of(profile, payload) if claim.kind == IDENTITY), None)
        return None if claim is None else self._keys.entries.get(claim.name)

    def accounts_of(self, profile: str) -> frozenset[str]:
        """The ids of the accounts that a profile set up."""
        return frozenset(
            claim.name for claim in self._store.claims if (claim.profile, claim.kind) == (profile, ACCOUNT)
        )

    def _claims_of(self, profile: str, payload: str) -> list[Claim]:
        return [claim for claim in self._store.claims if (claim.profile, claim.payload) == (profile, payload)]

    def _claim(self, claim: Claim) -> None:
        """Record the claim of a payload in place of its former one: a payload holds one item."""
        ended = [other for other in self._claims_of(claim.profile, claim.payload) if other != claim]
        others = [other for other in self._store.claims if other not in ended and other != claim]
        self._store.claims = [*others, claim]
        self._remove_unclaimed(ended)

    def _remove_unclaimed(self, ended: list[Claim]) -> list[str]:
        """Remove the items of ended claims that no other payload holds. Returns their names."""
        claimed = {(claim.kind, claim.name) for claim in self._store.claims}
        unclaimed = [item for item in dict.fromkeys((claim.kind, claim.name) for claim in ended) if item not in claimed]
        for kind, name in unclaimed:
            if kind == IDENTITY:
                self._keys.remove(name)
            elif kind == CERTIFICATE:
                self._keys.distrust(name)
            else:
                self._accounts.pop(name, None)
        return [name for _, name in unclaimed]
